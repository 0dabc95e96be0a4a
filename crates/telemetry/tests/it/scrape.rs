//! What a scraper reads.

use std::collections::BTreeSet;
use std::time::Duration;

use assay_telemetry::metrics::BudgetLevels;
use assay_telemetry::{
    ConceptOutcome, Denial, Exposition, GpuEffort, GpuLevels, Metrics, QueueState, Resource, SearchedBy,
    SignatureFault, Stage,
};
use assay_units::{ConceptId, Timestamp};

fn samples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn a_fresh_process_shows_every_series_at_zero() {
    let text = Metrics::new("0.1.0").render(Exposition::Classic);
    for expected in [
        "pipeline_build_info{version=\"0.1.0\"} 1",
        "pipeline_concepts_total{outcome=\"plausible\"} 0",
        "pipeline_concepts_total{outcome=\"failed\"} 0",
        "pipeline_stage_duration_seconds_count{stage=\"validate\"} 0",
        "pipeline_stage_duration_seconds_bucket{le=\"300.0\",stage=\"research\"} 0",
        "pipeline_queue_depth{state=\"pending\"} 0",
        "pipeline_dlq_depth 0",
        "pipeline_deferred_depth{reason=\"cap_reached\"} 0",
        "pipeline_budget_limit{resource=\"qstash_messages\"} 0",
        "pipeline_budget_denied_total{resource=\"web_requests\",reason=\"stopped\"} 0",
        "pipeline_budget_unaccounted_total{resource=\"concepts\"} 0",
        "pipeline_webhook_signature_failures_total{reason=\"body_mismatch\"} 0",
        "pipeline_trials_total 0",
        "pipeline_log_dropped_total 0",
        "pipeline_permuted_markets_total{by=\"both\"} 0",
        "pipeline_gpu_computation_time_seconds_total 0.0",
        "pipeline_gpu_points_again_total 0",
        "pipeline_gpu_batches_halved_total 0",
    ] {
        assert!(samples(&text).contains(&expected), "{expected} is missing from\n{text}");
    }
    assert!(samples(&text).len() < 500);
    assert!(samples(&text).iter().all(|line| line.starts_with("pipeline_")));
    assert!(!text.contains("oldest_pending_timestamp_seconds 0"), "no message waits, so there is no time to show");
    for absent in ["pipeline_gpu_info", "pipeline_gpu_power_watts", "pipeline_gpu_batch_fill_ratio"] {
        assert!(!samples(&text).iter().any(|line| line.starts_with(absent)), "{absent}: no GPU was opened");
    }
}

#[test]
fn what_happens_is_counted() {
    let metrics = Metrics::new("0.1.0");
    let concept = ConceptId::from_random([1, 2, 3, 4, 5, 6]);
    metrics.concept_finished(&concept, ConceptOutcome::Rejected, Duration::from_secs(40));
    metrics.stage_finished(&concept, Stage::Validate, Duration::from_millis(1500));
    metrics.set_queue_depth(QueueState::Active, 3);
    metrics.set_dead_letters(2);
    metrics.set_oldest_pending(Some(Timestamp::from_millis(1_772_402_400_250)));
    metrics.set_deferred(Denial::Stopped, 4);
    metrics.set_budget(Resource::Concepts, BudgetLevels { limit: 50, committed: 7, reserved: 1, orphaned: 0 });
    metrics.budget_denied(Resource::QstashMessages, Denial::CapReached);
    metrics.budget_unaccounted(Resource::WebRequests, 5);
    metrics.signature_failed(SignatureFault::parse("wrong_subject").unwrap());
    metrics.trials_done(10_000);
    metrics.clone().trials_done(1);
    metrics.markets_searched(SearchedBy::Gpu, 40);
    let effort = GpuEffort { computation_time: Duration::from_millis(1_250), batch_fill: 0.97, halved: 1 };
    metrics.gpu_worked("A card (Vulkan, f32)", effort, 55);
    metrics.gpu_worked("Another", effort, 5);
    metrics.set_gpu(GpuLevels { power: Some(61.5), memory: Some(8e9), ..GpuLevels::default() });
    let text = metrics.render(Exposition::Classic);
    for expected in [
        "pipeline_concepts_total{outcome=\"rejected\"} 1",
        "pipeline_concept_duration_seconds_sum 40.0",
        "pipeline_stage_duration_seconds_sum{stage=\"validate\"} 1.5",
        "pipeline_stage_duration_seconds_bucket{le=\"2.5\",stage=\"validate\"} 1",
        "pipeline_queue_depth{state=\"active\"} 3",
        "pipeline_dlq_depth 2",
        "pipeline_oldest_pending_timestamp_seconds 1772402400.25",
        "pipeline_deferred_depth{reason=\"stopped\"} 4",
        "pipeline_budget_limit{resource=\"concepts\"} 50",
        "pipeline_budget_committed{resource=\"concepts\"} 7",
        "pipeline_budget_reserved{resource=\"concepts\"} 1",
        "pipeline_budget_denied_total{resource=\"qstash_messages\",reason=\"cap_reached\"} 1",
        "pipeline_budget_unaccounted_total{resource=\"web_requests\"} 5",
        "pipeline_webhook_signature_failures_total{reason=\"wrong_subject\"} 1",
        "pipeline_trials_total 10001",
        "pipeline_permuted_markets_total{by=\"gpu\"} 40",
        "pipeline_gpu_info{device=\"A card (Vulkan, f32)\"} 1",
        "pipeline_gpu_computation_time_seconds_total 2.5",
        "pipeline_gpu_points_again_total 60",
        "pipeline_gpu_batches_halved_total 2",
        "pipeline_gpu_batch_fill_ratio 0.97",
        "pipeline_gpu_power_watts 61.5",
        "pipeline_gpu_memory_bytes 8000000000.0",
    ] {
        assert!(samples(&text).contains(&expected), "{expected} is missing from\n{text}");
    }
}

#[test]
fn the_classic_text_describes_each_sample_under_its_own_name() {
    let metrics = Metrics::new("0.1.0");
    metrics.stage_finished(&ConceptId::from_random([0; 6]), Stage::Research, Duration::from_secs(1));
    let text = metrics.render(Exposition::Classic);
    let mut described = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            described.insert(name);
        } else if line.starts_with('#') {
            let help = line.strip_prefix("# HELP ").expect("only HELP and TYPE");
            assert!(help.split_once(' ').is_some_and(|(_, said)| said.len() > 5), "{line}");
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix));
            assert!(described.contains(name) || family.is_some_and(|f| described.contains(f)), "{line}");
            assert!(!line.contains(" # "), "an exemplar in classic text: {line}");
        }
    }
    assert_eq!(described.len(), 28);
}

#[test]
fn openmetrics_leads_from_a_bucket_to_its_concept_and_ends_with_eof() {
    let metrics = Metrics::new("0.1.0");
    metrics.stage_finished(&ConceptId::from_random([0xab; 6]), Stage::Research, Duration::from_secs(1));
    let text = metrics.render(Exposition::OpenMetrics);
    assert!(text.contains("# {concept_id=\"c_abababababab\"} 1"), "{text}");
    assert!(text.ends_with("# EOF\n"));
    assert!(text.contains("# TYPE pipeline_concepts counter\n"));
}

#[test]
fn two_scrapes_of_the_same_state_are_the_same_text() {
    for exposition in [Exposition::Classic, Exposition::OpenMetrics] {
        assert_eq!(Metrics::new("1").render(exposition), Metrics::new("1").render(exposition));
        assert!(exposition.content_type().contains("version="));
    }
}
