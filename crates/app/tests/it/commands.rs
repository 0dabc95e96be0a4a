//! Commands as a script uses them.

use std::io::Write;
use std::process::Stdio;

use super::{assay, failed, json, run, stdout};

#[test]
fn a_concept_is_added_known_listed_shown_and_judged() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let added = json(dir, &["concept", "add", "golden cross", "--symbol", "spx", "--note", "50 and 200 days"]);
    assert_eq!(added["outcome"], "queued");
    let id = added["id"].as_str().unwrap();
    let again = json(dir, &["concept", "add", "  Golden   CROSS ", "--symbol", "SPX"]);
    assert_eq!((again["outcome"].as_str(), again["id"].as_str()), (Some("known"), Some(id)));
    assert_eq!(json(dir, &["concept", "list"])[0]["state"], "queued");
    assert!(stdout(dir, &["concept", "list"]).contains(id), "the list has the ids that other commands ask for");

    let page = json(dir, &["run", "golden cross", "--symbol", "SPX"]);
    assert_eq!(page["concept"]["id"], id);
    assert_eq!(page["concept"]["state"], "done");
    assert_eq!(page["strategies"][0]["from"], "catalogue:sma_cross");
    assert_eq!(page["examinations"].as_array().unwrap().len(), 1);
    assert!(page["examinations"][0]["chosen"]["curve"].as_array().unwrap().len() > 100);
    assert!(page["verdict"]["looks"]["raw"].as_u64().unwrap() >= 100);

    let report = stdout(dir, &["concept", "show", id]);
    assert!(report.contains("golden cross") && report.contains("eflated"), "{report}");
    let looks = page["verdict"]["looks"]["raw"].as_u64().unwrap();
    assert_eq!(json(dir, &["concept", "retry", id])["outcome"], "queued");
    let second = json(dir, &["run", "golden cross", "--symbol", "SPX"]);
    assert_eq!(second["concept"]["generation"], 2);
    assert_eq!(second["verdict"]["looks"]["raw"].as_u64().unwrap(), 2 * looks, "earlier looks stay counted");

    let ledger = json(dir, &["trials"]);
    assert_eq!((ledger[0]["symbol"].as_str(), ledger[0]["searches"].as_u64()), (Some("SPX"), Some(2)));
    assert_eq!((ledger[0]["strategies"].as_u64(), ledger[0]["raw"].as_u64()), (Some(1), Some(2 * looks)));
    let searches = json(dir, &["trials", "spx", "--limit", "1"]);
    assert_eq!(searches.as_array().unwrap().len(), 1);
    assert_eq!((searches[0]["concept"].as_str(), searches[0]["raw"].as_u64()), (Some(id), Some(looks)));
    let unknown = run(dir, &["trials", "gold"]);
    let message = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(4));
    assert!(message.contains("gold") && message.contains("SPX"), "{message}");
}

/// What was measured and judged, without ids and times; and who computed it.
fn judged(setting: &str) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let args = ["run", "golden cross", "--symbol", "SPX", "--json"];
    // Another search first, so that looks count too.
    let before =
        assay(dir.path(), &["run", "MACD signal line crossover", "--symbol", "SPX", "--json"]).output().unwrap();
    assert!(before.status.success());
    let output = assay(dir.path(), &args).env("ASSAY_GPU", setting).output().expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut page: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut said = String::new();
    for item in page["examinations"].as_array_mut().unwrap() {
        said += item.as_object_mut().unwrap().remove("computed").expect("it says who computed it").as_str().unwrap();
    }
    page["verdict"].as_object_mut().unwrap().remove("at");
    assert!(page["examinations"][0]["chosen"]["permuted_bests"].as_array().unwrap().len() >= 10);
    (format!("{}\n{}\n{}", page["strategies"], page["examinations"], page["verdict"]), said)
}

#[test]
fn a_device_changes_who_computed_a_verdict_and_nothing_else() {
    let (plain, nobody) = judged("off");
    assert_eq!(nobody, "the processor");
    let (cautious, small) = judged("auto");
    assert!(cautious == plain && small.contains("too few to pay for a GPU"), "{small}");
    let (screened, device) = judged("on");
    assert!(screened == plain, "another verdict by {device}");
    match device.as_str() {
        none if none.contains("no GPU was found") => eprintln!(
            "NOT RUN: a_device_changes_who_computed_a_verdict_and_nothing_else: no Vulkan driver; scripts/lavapipe installs one"
        ),
        some => assert!(some.contains("permuted markets by nominating"), "{some}"),
    }
}

#[test]
fn a_script_of_ones_own_is_tested_as_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let pine = "//@version=6\nstrategy(\"Mine\")\nn = input.int(5, minval=2, maxval=8)\nif ta.rsi(close, n) < 25\n    strategy.entry(\"L\", strategy.long)\nif close > ta.sma(close, 5)\n    strategy.close(\"L\")\n";
    std::fs::write(dir.path().join("mine.pine"), pine).unwrap();
    let check = json(dir.path(), &["strategy", "check", "mine.pine"]);
    assert_eq!((check["ok"].as_bool(), check["grid"].as_u64()), (Some(true), Some(7)));
    let page = json(dir.path(), &["run", "my idea", "--pine", "mine.pine", "--symbol", "NDQ"]);
    assert_eq!(page["strategies"].as_array().unwrap().len(), 1);
    assert_eq!(page["strategies"][0]["origin"], "given");
    assert_eq!(page["examinations"][0]["grid"], 7);
}

#[test]
fn prices_are_imported_listed_and_tested_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = String::from("Date,Open,High,Low,Close,Volume\n");
    for day in 0..700i64 {
        let at = assay_units::Timestamp::from_seconds(1_400_000_000 + day * 86_400);
        let (year, month, date, ..) = at.civil();
        let close = 100.0 + 10.0 * (day as f64 / 9.0).sin() + day as f64 * 0.02;
        csv +=
            &format!("{year}-{month:02}-{date:02},{close:.2},{:.2},{:.2},{close:.2},1000\n", close + 1.0, close - 1.0);
    }
    let mut child = assay(dir.path(), &["data", "import", "-", "--symbol", "WAVE", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(csv.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let set: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (set["symbol"].as_str(), set["rows"].as_u64(), set["interval"].as_str()),
        (Some("WAVE"), Some(700), Some("1d"))
    );
    let list = json(dir.path(), &["data", "list"]);
    let symbols: Vec<&str> = list.as_array().unwrap().iter().map(|s| s["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["SPX", "NDQ", "WTI", "WAVE"]);
    let page = json(dir.path(), &["run", "Bollinger band mean reversion", "--symbol", "wave"]);
    assert!(page["examinations"].as_array().unwrap().iter().all(|e| e["symbol"] == "WAVE" && e["bars"] == 700));
}

#[test]
fn the_library_answers_with_quotes_and_the_catalogue_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let hits = json(dir.path(), &["search", "oversold bounce"]);
    assert!(hits[0]["origin"].as_str().unwrap().starts_with("catalogue:"), "{hits}");
    assert!(!hits[0]["quote"].as_str().unwrap().is_empty());
    assert!(json(dir.path(), &["strategy", "list"]).as_array().unwrap().len() >= 24);
}

#[test]
fn budget_and_switches_are_durable() {
    let dir = tempfile::tempdir().unwrap();
    let resource = |name: &str| {
        let all = json(dir.path(), &["budget"]);
        all["resources"].as_array().unwrap().iter().find(|r| r["resource"] == name).unwrap().clone()
    };
    assert_eq!(resource("qstash_messages")["cap"], 450);
    assert_eq!(resource("concepts")["left"], 50);
    stdout(dir.path(), &["concept", "add", "golden cross"]);
    assert_eq!(resource("concepts")["left"], 49);
    stdout(dir.path(), &["stop", "crawler"]);
    assert!(resource("web_requests")["stopped_since"].is_string());
    stdout(dir.path(), &["resume", "crawler"]);
    assert!(resource("web_requests")["stopped_since"].is_null());
}

#[test]
fn the_configuration_says_where_each_value_came_from() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("assay.toml"), "max_concepts_per_day = 7\nqstash_daily_limit = 100\n").unwrap();
    std::fs::write(dir.path().join(".env"), "QSTASH_DAILY_LIMIT=90\nR2_STORAGE_ALERT_GB=5\n").unwrap();
    let output = assay(dir.path(), &["config", "show", "--json"]).env("R2_STORAGE_ALERT_GB", "4").output().unwrap();
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |key: &str| {
        let found = all.as_array().unwrap().iter().find(|k| k["key"] == key).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("MAX_CONCEPTS_PER_DAY"), ("7".into(), "assay.toml:1".into()));
    assert_eq!(of("QSTASH_DAILY_LIMIT"), ("90".into(), ".env:1".into()));
    assert_eq!(of("R2_STORAGE_ALERT_GB"), ("4".into(), "environment".into()));
    assert_eq!(of("ASSAY_LISTEN"), ("127.0.0.1:8000".into(), "default".into()));
}

#[test]
fn help_has_examples_and_exit_codes_and_shells_get_completions() {
    let dir = tempfile::tempdir().unwrap();
    let help = stdout(dir.path(), &["--help"]);
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(dir.path(), &["completions", shell]).contains("assay"));
    }
    assert_eq!(run(dir.path(), &["nonsense"]).status.code(), Some(2));
}

#[test]
fn scripts_are_laid_out_in_place_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let script = "//@version=6\nstrategy( \"Mine\" ) // mine\nif close>open\n    strategy.entry(\"L\",strategy.long)\n";
    std::fs::write(dir.path().join("mine.pine"), script).unwrap();
    let check = run(dir.path(), &["strategy", "fmt", "--check", "mine.pine"]);
    assert_eq!((check.status.code(), String::from_utf8_lossy(&check.stdout).trim()), (Some(2), "mine.pine"));
    let shown = stdout(dir.path(), &["strategy", "fmt", "mine.pine"]);
    assert!(shown.contains("if close > open\n    strategy.entry(\"L\", strategy.long)\n"), "{shown}");
    assert!(shown.contains("// mine"), "comments stay: {shown}");
    assert_eq!(std::fs::read_to_string(dir.path().join("mine.pine")).unwrap(), script, "printing changes no file");

    // One script that cannot be read: none is written.
    std::fs::write(dir.path().join("broken.pine"), "x = (\n").unwrap();
    let refused = run(dir.path(), &["strategy", "fmt", "--write", "mine.pine", "broken.pine"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("broken.pine:"));
    assert_eq!(std::fs::read_to_string(dir.path().join("mine.pine")).unwrap(), script);

    assert_eq!(json(dir.path(), &["strategy", "fmt", "--write", "mine.pine"])["changed"][0], "mine.pine");
    assert_eq!(std::fs::read_to_string(dir.path().join("mine.pine")).unwrap(), shown);
    assert!(run(dir.path(), &["strategy", "fmt", "--check", "mine.pine"]).status.success());
}

/// Shorts, a stop and a target: state that feeds back into the orders.
const BRACKET: &str = "//@version=6
strategy(\"Bracket\", pyramiding=0)
n = input.int(10, minval=5, maxval=15, step=5)
k = input.float(2, minval=1, maxval=3, step=1)
a = ta.atr(14)
if ta.crossover(close, ta.sma(close, n))
    strategy.entry(\"L\", strategy.long)
if ta.crossunder(close, ta.sma(close, n))
    strategy.entry(\"S\", strategy.short)
strategy.exit(\"XL\", \"L\", stop=strategy.position_avg_price - k * a, limit=strategy.position_avg_price + 2 * k * a)
strategy.exit(\"XS\", \"S\", stop=strategy.position_avg_price + k * a, limit=strategy.position_avg_price - 2 * k * a)
";

#[test]
fn strategies_of_every_path_are_explained_and_judged() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("bracket.pine"), BRACKET).unwrap();
    let explained = json(dir, &["strategy", "explain", "bracket.pine"]);
    assert_eq!((explained["path"].as_str(), explained["grid"].as_u64()), (Some("steps"), Some(9)));
    assert!(explained["because"].as_str().unwrap().contains(':'), "{}", explained["because"]);
    assert!(explained["warm_up"].as_array().unwrap().iter().any(|n| n["text"].as_str().unwrap().contains("atr")));
    let page = json(dir, &["run", "brackets", "--pine", "bracket.pine", "--symbol", "SPX"]);
    let item = &page["examinations"][0];
    assert_eq!((item["grid"].as_u64(), item["own"]["raw"].as_u64()), (Some(9), Some(9)), "{item}");
    assert!(item["chosen"]["trades_total"].as_u64().unwrap() > 100);
    assert!(item["computed"].as_str().unwrap().contains("hang on the position"), "{}", item["computed"]);

    // The same with an array: no data flow any more, and the same trades.
    let array =
        BRACKET.replace("a = ta.atr(14)", "var seen = array.new<float>(0)\nseen.push(ta.atr(14))\na = seen.last()");
    std::fs::write(dir.join("array.pine"), &array).unwrap();
    assert_eq!(json(dir, &["strategy", "check", "array.pine"])["path"], "script");

    let ahead = "//@version=6\nstrategy(\"Prophet\")\nh = request.security(syminfo.tickerid, \"W\", close, lookahead=barmerge.lookahead_on)\nif h > close\n    strategy.entry(\"L\", strategy.long)\nif h < close\n    strategy.close(\"L\")\n";
    std::fs::write(dir.join("ahead.pine"), ahead).unwrap();
    let (code, message) = failed(dir, &["strategy", "check", "ahead.pine"]);
    assert!(code == 2 && message.contains("ahead.pine:3:") && message.contains("lookahead_on"), "{message}");
    let page = json(dir, &["run", "a prophet", "--pine", "ahead.pine", "--symbol", "SPX"]);
    assert_eq!(page["examinations"][0]["verdict"], "not_testable");
    assert!(page["verdict"]["summary"].as_str().unwrap().contains("line 3"), "{}", page["verdict"]["summary"]);
}
