//! Bad input, in the words that a person gets, and nothing half-written.

use assay_storage::{Database, Migration, Schema};

use super::{Served, assay, failed, json, run};

#[test]
fn concepts_that_are_none_are_refused_and_nothing_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let long = "x".repeat(10_000);
    for (text, wanted) in [
        ("", "the concept is empty"),
        ("   ", "the concept is empty"),
        (long.as_str(), "the concept has 10000 characters, at most 300"),
        ("a\u{7}b", "control character U+0007 at character 2"),
        ("?!", "holds no word"),
    ] {
        let (code, said) = failed(dir.path(), &["concept", "add", text]);
        assert_eq!(code, 2);
        assert!(said.contains(wanted), "{said}");
    }
    let (code, said) = failed(dir.path(), &["concept", "add", "golden cross", "--symbol", "NOPE"]);
    assert!(code == 4 && said.contains("no prices for the symbol NOPE; there are SPX, NDQ, WTI"), "{said}");
    let (code, said) = failed(dir.path(), &["concept", "add", "golden cross", "--url", "not a page"]);
    assert!(code == 2 && said.contains("no address of a page"), "{said}");
    assert_eq!(json(dir.path(), &["concept", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn price_files_that_cannot_be_used_are_refused_with_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    for (csv, wanted) in [
        ("", "empty"),
        ("date,open,high,low,close\n2020-01-01,1,2,0.5,1\n2020-01-02,1,2,0.5,abc\n2020-01-03,1,2,0.5,1\n", "line 3"),
        ("date,close\n2020-01-02,1\n2020-01-01,2\n2020-01-05,3\n2020-01-03,4\n", "sort the file by time"),
    ] {
        std::fs::write(dir.path().join("prices.csv"), csv).unwrap();
        let (code, said) = failed(dir.path(), &["data", "import", "prices.csv", "--symbol", "X"]);
        assert!(code == 2 && said.contains(wanted) && said.contains("prices.csv"), "{said}");
    }
    assert_eq!(json(dir.path(), &["data", "list"]).as_array().unwrap().len(), 3);
    std::fs::write(dir.path().join("ok.csv"), "date,close\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n").unwrap();
    let (code, said) = failed(dir.path(), &["data", "import", "ok.csv", "--symbol", "SPX"]);
    assert!(code == 2 && said.contains("bundled"), "{said}");
}

#[test]
fn scripts_that_cannot_be_tested_are_refused_with_place_and_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let orders =
        "if close > open\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close(\"L\")\n";
    for (line, wanted) in [
        ("x = (1 + 2", "bad.pine:3:5: this bracket is never closed"),
        (
            "x = ta.nosuch(close)\nif x > 1\n    strategy.entry(\"L\", strategy.long)",
            "bad.pine:3:5: the function `ta.nosuch` is not known",
        ),
        (
            "strategy.risk.max_drawdown(10, strategy.cash)",
            "bad.pine:3:1: `strategy.risk.max_drawdown` is not supported",
        ),
        ("f(x) => f(x)\ny = f(close)", "a function may not call itself"),
    ] {
        std::fs::write(dir.path().join("bad.pine"), format!("//@version=6\nstrategy(\"B\")\n{line}\n{orders}"))
            .unwrap();
        let (code, said) = failed(dir.path(), &["strategy", "check", "bad.pine"]);
        assert!(code == 2 && said.contains(wanted), "{said}");
    }
    let huge = "a = input.int(5, minval=1, maxval=1000)\nb = input.int(5, minval=1, maxval=1000)\nc = input.int(5, minval=1, maxval=1000)\nif close > a + b + c\n    strategy.entry(\"L\", strategy.long)\nif close < a\n    strategy.close(\"L\")\n";
    std::fs::write(dir.path().join("huge.pine"), format!("//@version=6\nstrategy(\"H\")\n{huge}")).unwrap();
    let (code, said) = failed(dir.path(), &["strategy", "check", "huge.pine"]);
    assert!(code == 2 && said.contains("1000000000 parameter sets") && said.contains("narrow minval"), "{said}");
    let page = json(dir.path(), &["run", "huge grid", "--pine", "huge.pine", "--symbol", "SPX"]);
    assert_eq!(page["concept"]["verdict"], "not_testable");
    assert!(page["verdict"]["summary"].as_str().unwrap().contains("1000000000 parameter sets"), "{}", page["verdict"]);
    let endless = "//@version=6\nstrategy(\"E\")\nvar i = 0\nwhile true\n    i += 1\nif i > 5\n    strategy.entry(\"L\", strategy.long)\n";
    std::fs::write(dir.path().join("endless.pine"), endless).unwrap();
    let page = json(dir.path(), &["run", "endless", "--pine", "endless.pine", "--symbol", "SPX"]);
    assert!(page["verdict"]["summary"].as_str().unwrap().contains("line 4: loops"), "{}", page["verdict"]);
}

#[test]
fn misspelt_settings_are_refused_with_the_nearest_name() {
    let dir = tempfile::tempdir().unwrap();
    let output = assay(dir.path(), &["config", "check"]).env("MAX_CONCEPT_PER_DAY", "5").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said.contains("environment: unknown key MAX_CONCEPT_PER_DAY; did you mean MAX_CONCEPTS_PER_DAY?"),
        "{said}"
    );
    std::fs::write(dir.path().join("assay.toml"), "\nqstash_daily_limits = 3\n").unwrap();
    let (code, said) = failed(dir.path(), &["config", "check"]);
    assert!(code == 3 && said.contains("assay.toml:2") && said.contains("did you mean qstash_daily_limit?"), "{said}");
    std::fs::write(dir.path().join("assay.toml"), "qstash_daily_limit = \"many\"\n").unwrap();
    let (code, said) = failed(dir.path(), &["config", "check"]);
    assert!(code == 3 && said.contains("must be a whole number"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named_with_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = failed(dir.path(), &["serve", "--listen", &address]);
    assert!(code == 5 && said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn a_second_instance_on_one_directory_is_refused_and_names_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let first = Served::start(dir.path(), &[]);
    let (code, said) = failed(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let pid = first.child.id();
    assert!(code == 5 && said.contains("another assay") && said.contains(&pid.to_string()), "{said}");
    // Commands that only read and write rows may go on beside it.
    assert!(run(dir.path(), &["concept", "list"]).status.success());
    first.kill();
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "not a directory").unwrap();
    let (code, said) = failed(dir.path(), &["concept", "list", "--dir", "file/inside"]);
    assert!(code == 5 && said.contains("file/inside") && said.contains("cannot be written"), "{said}");
    // /proc takes no directories, not even from root.
    let (code, said) = failed(dir.path(), &["concept", "list", "--dir", "/proc/assay"]);
    assert!(code == 5 && said.contains("/proc/assay"), "{said}");
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(dir.path(), &["concept", "list"]).status.success());
    const OURS: &[Migration] = assay_research::SCHEMA.migrations;
    const NEXT: u32 = OURS.len() as u32 + 1;
    let next = Migration { version: NEXT, sql: "CREATE TABLE research_later (x INTEGER)" };
    let later: Vec<Migration> = OURS.iter().copied().chain([next]).collect();
    Database::open(dir.path(), &[Schema { part: "research", migrations: later.leak() }]).unwrap();
    let (code, said) = failed(dir.path(), &["concept", "list"]);
    assert!(code == 5 && said.contains(&format!("version {NEXT}")) && said.contains("newer"), "{said}");
}

#[test]
fn a_disk_that_fills_up_is_said_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(dir.path(), &["concept", "add", "golden cross"]).status.success());
    // A limit on file sizes is the nearest thing to a full disk that needs no privileges.
    let binary = env!("CARGO_BIN_EXE_assay");
    let script = format!(
        "ulimit -f 8; exec {binary} concept add 'RSI mean reversion' --note \"$(head -c 3900 /dev/zero | tr '\\0' 'x')\""
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("trap '' XFSZ; {script}")])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("ASSAY_DIR", dir.path())
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("error:"), "{said}");
    let list = json(dir.path(), &["concept", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["text"], "golden cross");
}
