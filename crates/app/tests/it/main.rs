//! The real binary, on real sockets and a real directory.

mod commands;
mod demo;
mod killed;
mod refusals;
mod served;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The binary with a clean environment: nothing of the developer's own configuration reaches a test.
fn assay(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(args).env_clear().env("ASSAY_DIR", dir).current_dir(dir).stdin(Stdio::null());
    // What is tested here is the program, not the verdict: few permutations keep it short.
    command.env("ASSAY_PERMUTATIONS_MAX", "20");
    command
}

/// Runs to the end.
fn run(dir: &Path, args: &[&str]) -> Output {
    assay(dir, args).output().expect("the binary starts")
}

/// Standard output of a run that must succeed.
fn stdout(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The same as JSON.
fn json(dir: &Path, args: &[&str]) -> serde_json::Value {
    let mut all = args.to_vec();
    all.push("--json");
    serde_json::from_str(&stdout(dir, &all)).expect("JSON")
}

/// Exit code and standard error of a run that must fail.
fn failed(dir: &Path, args: &[&str]) -> (i32, String) {
    let output = run(dir, args);
    assert!(!output.status.success(), "{args:?} succeeded");
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).expect("UTF-8"))
}

/// A running `assay serve`; killed when dropped.
struct Served {
    child: Child,
    address: String,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        // A test that failed must not leave it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(dir: &Path, settings: &[(&str, &str)]) -> Served {
        let mut command = assay(dir, &["serve", "--listen", "127.0.0.1:0"]);
        command.envs(settings.iter().copied()).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped"));
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).expect("UTF-8") > 0, "it ended: {seen}");
            seen.push_str(&line);
            if let Some((_, rest)) = line.split_once("console at http://")
                && !line.starts_with('{')
            {
                break rest.split_whitespace().next().expect("an address").to_owned();
            }
        };
        // Somebody must read on, or the program would block on a full pipe.
        let log = std::thread::spawn(move || {
            let _ = lines.read_to_string(&mut seen);
            seen
        });
        Served { child, address, log: Some(log) }
    }

    /// All of its log, once it has ended.
    fn said(&mut self) -> String {
        self.log.take().expect("it ends once").join().expect("the log is read")
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> (u16, String) {
        self.request(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        ))
    }

    fn request(&self, text: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream.write_all(text.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
        (status, answer)
    }

    /// Ends it as a service manager does, and gives its log.
    fn terminate(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        let code = self.child.wait().expect("it ends").code();
        (code, self.said())
    }

    fn kill(mut self) -> String {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        self.said()
    }
}
