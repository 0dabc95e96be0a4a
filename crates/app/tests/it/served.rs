//! `assay serve` from outside: health, metrics, pages, webhooks that are not the engine's, and no secret anywhere.

use std::time::Duration;

use assay_messages::{Secret, sign};
use assay_units::Timestamp;

use super::{Served, json, stdout};

/// Reads the log of another start: the keys lie beside the database.
fn keys(dir: &std::path::Path) -> Vec<String> {
    std::fs::read_to_string(dir.join("engine.keys")).unwrap().lines().map(str::to_owned).collect()
}

#[expect(clippy::disallowed_methods, reason = "the binary under test reads the machine's clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

#[test]
fn a_concept_added_beside_a_running_service_is_judged_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    // With whatever device there is, so that its metrics are looked at too.
    let served = Served::start(dir.path(), &[("ASSAY_GPU", "on")]);
    assert_eq!(served.get("/healthz").0, 200);
    assert_eq!(served.get("/readyz").0, 200);
    // `run` finds the service at work on the directory and lets it do the job.
    let page = json(dir.path(), &["run", "sell in May", "--symbol", "SPX"]);
    assert_eq!(page["concept"]["state"], "done");
    let id = page["concept"]["id"].as_str().unwrap();
    let (status, html) = served.get("/");
    assert!(status == 200 && html.contains("sell in May"), "{html}");
    let (status, html) = served.get(&format!("/concepts/{id}"));
    assert!(status == 200 && html.contains("<svg") && html.contains("strategy.entry"), "{status}");
    for path in ["/budget", "/messages", "/data", "/strategies", "/search?q=oversold"] {
        assert_eq!(served.get(path).0, 200, "{path}");
    }
    assert_eq!(served.get("/concepts/c_nothing").0, 404);

    let (status, metrics) = served.get("/metrics");
    assert_eq!(status, 200);
    for name in ["pipeline_concepts_total", "pipeline_budget_limit", "pipeline_trials_total", "pipeline_build_info"] {
        assert!(metrics.contains(name), "{name} is missing:\n{metrics}");
    }
    assert_eq!(metrics.matches("pipeline_permuted_markets_total{").count(), 3);
    assert!(metrics.matches("\npipeline_gpu_info{").count() <= 1);
    promtool_accepts(metrics.split_once("\r\n\r\n").expect("a body").1);
    let (code, log) = served.terminate();
    assert_eq!(code, Some(0), "{log}");
}

/// The real promtool, from Debian's package if it is not installed.
fn promtool_accepts(metrics: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/promtool");
    let mut child = std::process::Command::new(script)
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("bash runs");
    // It may end without reading when it cannot be had.
    let _ = std::io::Write::write_all(&mut child.stdin.take().expect("piped"), metrics.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(77) {
        eprintln!("NOT RUN: promtool check metrics (promtool is not installed and Debian's package is not to be had)");
        return;
    }
    assert!(output.status.success() && said.trim().is_empty(), "promtool: {said}\n{metrics}");
}

#[test]
fn webhook_calls_that_are_not_the_engines_are_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    stdout(dir.path(), &["concept", "add", "golden cross", "--symbol", "SPX"]);
    let served = Served::start(dir.path(), &[]);
    let key = Secret::new(format!("sig_{}", keys(dir.path())[1]));
    let url = format!("http://{}/webhooks/research", served.address);
    let body = "{\"concept\":\"c_000000000000\",\"generation\":1,\"stage\":\"research\",\"round\":0}";
    let signed = |key: &Secret, url: &str, body: &str, at: Timestamp| {
        let token = sign(key, url, body.as_bytes(), at, "jti", Duration::from_secs(300));
        format!("Upstash-Signature: {token}\r\nUpstash-Message-Id: msg_1\r\nContent-Type: application/json\r\n")
    };
    let long_ago = Timestamp::from_seconds(now().seconds() - 3_600);
    let other = Secret::new("sig_other");
    for (headers, body, reason) in [
        (String::new(), body, "missing"),
        ("Upstash-Signature: nonsense\r\n".into(), body, "malformed"),
        (signed(&other, &url, body, now()), body, "bad_signature"),
        (signed(&key, &url, body, long_ago), body, "expired"),
        (signed(&key, &url, body, now()), "{\"concept\":\"another\"}", "body_mismatch"),
        (signed(&key, "http://127.0.0.1:1/webhooks/research", body, now()), body, "wrong_subject"),
    ] {
        let (status, answer) = served.post("/webhooks/research", &headers, body);
        assert_eq!(status, 401, "{reason}: {answer}");
        assert!(answer.contains(&format!("\"reason\":\"{reason}\"")), "{reason}: {answer}");
    }
    // Rightly signed, and twice the same: a concept that does not exist changes nothing.
    for _ in 0..2 {
        let (status, answer) = served.post("/webhooks/research", &signed(&key, &url, body, now()), body);
        assert!(status == 200 && answer.contains("stale"), "{answer}");
    }
    let (status, answer) = served.post("/webhooks/research", &signed(&key, &url, "[1]", now()), "[1]");
    assert!(status == 489 && answer.to_lowercase().contains("upstash-nonretryable-error: true"), "{answer}");
    let (_, metrics) = served.get("/metrics");
    assert!(metrics.contains("reason=\"bad_signature\"} 1"), "{metrics}");
    // The engine's own interface wants its token.
    assert_eq!(served.post("/v2/publish/http://127.0.0.1:1/x", "", "x").0, 401);
    served.kill();
}

#[test]
fn no_secret_reaches_a_log_line_a_page_or_a_metric() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::start(dir.path(), &[("ASSAY_LOG", "trace")]);
    stdout(dir.path(), &["run", "golden cross", "--symbol", "SPX"]);
    let secrets = keys(dir.path());
    assert_eq!(secrets.len(), 3);
    let token = &secrets[0];
    let leak = format!("Upstash-Signature: {token}\r\nAuthorization: Bearer {token}x\r\n");
    let mut seen = served.post("/webhooks/research", &leak, "{}").1;
    seen += &served.post("/v2/publish/http://127.0.0.1:1/x", &leak, "x").1;
    for path in ["/", "/budget", "/messages", "/metrics", &format!("/search?q={}", "signature")] {
        seen += &served.get(path).1;
    }
    let (_, log) = served.terminate();
    assert!(log.lines().filter(|line| line.starts_with('{')).count() > 3, "JSON lines were expected: {log}");
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let line: serde_json::Value = serde_json::from_str(line).expect("one schema: JSON");
        assert!(line["ts"].is_string() && line["level"].is_string() && line["msg"].is_string(), "{line}");
    }
    seen += &log;
    for secret in &secrets {
        assert!(!seen.contains(secret.as_str()), "a secret was shown");
    }
}
