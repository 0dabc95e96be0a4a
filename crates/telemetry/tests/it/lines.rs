//! What stands in the log.

use std::io::{Error, Write};
use std::sync::{Arc, Mutex};

use assay_telemetry::log::{LogError, LogSettings, subscriber};
use assay_telemetry::{Exposition, Metrics};
use assay_units::Timestamp;

/// A sink that keeps what was written, or refuses everything.
#[derive(Clone, Default)]
struct Sink {
    text: Arc<Mutex<Vec<u8>>>,
    broken: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        if self.broken {
            return Err(Error::other("the disk is full"));
        }
        self.text.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn settings(json: bool) -> LogSettings {
    LogSettings {
        service: "assay",
        json,
        level: "info".to_owned(),
        redact: vec!["canary\"token".to_owned(), "sig_canary_2".to_owned()],
        now: Arc::new(|| Timestamp::from_millis(1_772_402_400_250)),
        metrics: Metrics::new("0.1.0"),
    }
}

fn logged(settings: LogSettings, events: impl FnOnce()) -> String {
    let sink = Sink::default();
    let subscriber = subscriber(settings, Box::new(sink.clone())).unwrap();
    tracing::subscriber::with_default(subscriber, events);
    let text = sink.text.lock().unwrap().clone();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_line_holds_the_fields_of_the_event_and_of_the_spans_around_it() {
    let text = logged(settings(true), || {
        let outer = tracing::info_span!("concept", concept_id = "c_000102abcdff", stage = "research");
        let _outer = outer.enter();
        let inner = tracing::info_span!("attempt", attempt = 2, stage = "validate", message_id = tracing::field::Empty);
        inner.record("message_id", "msg_7");
        let _inner = inner.enter();
        tracing::warn!(
            event = "sweep_failed",
            duration_ms = 12u128,
            error_kind = "grid_too_large",
            size = 9,
            "too {}",
            "big"
        );
    });
    assert_eq!(
        text,
        "{\"ts\":\"2026-03-01T22:00:00.250Z\",\"level\":\"warn\",\"service\":\"assay\",\"event\":\"sweep_failed\",\
         \"concept_id\":\"c_000102abcdff\",\"message_id\":\"msg_7\",\"attempt\":2,\"stage\":\"validate\",\
         \"duration_ms\":12,\"error_kind\":\"grid_too_large\",\"msg\":\"too big size=9\"}\n"
    );
}

#[test]
fn absent_fields_are_left_out_and_the_level_is_kept() {
    let text = logged(settings(true), || {
        tracing::debug!("not shown at info");
        tracing::info!("started");
    });
    let expected =
        "{\"ts\":\"2026-03-01T22:00:00.250Z\",\"level\":\"info\",\"service\":\"assay\",\"msg\":\"started\"}\n";
    assert_eq!(text, expected);
}

#[test]
fn plain_text_is_one_line_an_event_whatever_a_page_says() {
    let text = logged(settings(false), || {
        tracing::info!(event = "fetched", concept_id = "c_1", attempt = 1, "title: \u{1b}[31mred\nnext");
    });
    assert_eq!(text, "2026-03-01T22:00:00.250Z info  fetched title:  [31mred next concept_id=c_1 attempt=1\n");
}

#[test]
fn no_canary_gets_into_any_field_of_any_format() {
    let secret = "canary\"token";
    for json in [true, false] {
        let text = logged(settings(json), || {
            let span = tracing::error_span!("s", message_id = secret, token = secret);
            let _span = span.enter();
            tracing::error!(
                event = secret,
                concept_id = %secret,
                stage = ?secret,
                error_kind = secret,
                header = ?vec![("authorization", format!("Bearer {secret}"))],
                url = "http://x/?k=canary%22token&s=sig_canary_2",
                "failed: {secret} {secret:?}"
            );
        });
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("[secret]"));
    }
}

#[test]
fn a_message_is_cut_at_its_bound() {
    let text = logged(settings(true), || tracing::info!("{}", "é".repeat(100_000)));
    assert!(text.len() < 9_000, "{} bytes", text.len());
}

#[test]
fn a_line_that_cannot_be_written_is_counted_and_stops_nothing() {
    let settings = settings(true);
    let metrics = settings.metrics.clone();
    let subscriber = subscriber(settings, Box::new(Sink { broken: true, ..Sink::default() })).unwrap();
    tracing::subscriber::with_default(subscriber, || tracing::info!("lost"));
    assert!(metrics.render(Exposition::Classic).contains("pipeline_log_dropped_total 1\n"));
}

#[test]
fn a_level_that_is_none_is_named() {
    let bad = LogSettings { level: "info,assay=loud".to_owned(), ..settings(true) };
    let Err(error @ LogError::Level { .. }) = subscriber(bad, Box::new(Sink::default())).map(|_| ()) else {
        panic!("accepted")
    };
    assert!(error.to_string().contains("\"info,assay=loud\""));
}
