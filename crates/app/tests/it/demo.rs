//! The main job: a dozen concepts to verdicts, twice the same.

use std::fs;

use serde_json::Value;

use super::json;

#[test]
fn the_demo_ends_with_a_verdict_for_every_concept_and_does_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let first = json(dir.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]);
    let rows = first.as_array().unwrap();
    assert!(rows.len() >= 12);
    for row in rows {
        assert_eq!(row["state"], "done", "{row}");
        assert_eq!(row["messages"], 2, "two stages, one attempt each: {row}");
        assert!(!row["why"].as_str().unwrap().is_empty());
        let statistic = row["deflated_sharpe"].as_f64();
        assert_eq!(statistic.is_none(), row["verdict"] == "not_testable", "{row}");
        assert!(statistic.is_none_or(|dsr| (0.0..=1.0).contains(&dsr)));
    }
    let untestable: Vec<&Value> = rows.iter().filter(|row| row["verdict"] == "not_testable").collect();
    assert_eq!(untestable.len(), 1);
    assert!(untestable[0]["why"].as_str().unwrap().starts_with("no testable claim found"));

    // Started again, on another port: everything is there already.
    let again = json(dir.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]);
    assert_eq!(again, first);

    let reports: Vec<_> = fs::read_dir(dir.path().join("demo/reports")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(reports.len(), 3 * rows.len());
    for path in reports.iter().filter(|path| path.extension().is_some_and(|e| e == "html")) {
        let html = fs::read_to_string(path).unwrap();
        assert!(html.contains("</html>") && !html.contains("<script"), "{}", path.display());
    }
    // Asked anew, it is judged anew.
    let fresh = json(dir.path(), &["demo", "--exit", "--fresh", "--listen", "127.0.0.1:0"]);
    assert_ne!(fresh[0]["id"], first[0]["id"]);
}
