//! One listener: webhooks, the engine's interface, metrics and health, and the console for everything else.

use assay_console::Console;
use assay_gpu::gauges;
use assay_messages::Engine;
use assay_research::Accepted;
use assay_research::pipeline::{DeliveryError, Pipeline};
use assay_storage::DatabaseError;
use assay_telemetry::{BudgetLevels, Denial, GpuLevels, QueueState, Resource, SignatureFault, exposition_for};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any_service, get, post};
use serde_json::json;

use crate::app::App;

/// Our messages are a few lines.
const WEBHOOK_BYTES_MAX: usize = 64 << 10;

#[derive(Clone)]
struct Shared {
    app: App,
    pipeline: Pipeline,
    engine: Option<Engine>,
}

/// Everything that is answered.
pub fn router(app: &App, pipeline: Pipeline, engine: Option<Engine>, console: Console) -> Router {
    let state = Shared { app: app.clone(), pipeline, engine: engine.clone() };
    let own = Router::new()
        .route("/webhooks/{stage}", post(webhook).layer(DefaultBodyLimit::max(WEBHOOK_BYTES_MAX)))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(state);
    let own = match engine {
        Some(engine) => own.route("/v2/{*call}", any_service(assay_messages::router(engine))),
        None => own,
    };
    own.fallback_service(assay_console::router(console))
}

async fn webhook(State(state): State<Shared>, Path(stage): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let pipeline = state.pipeline.clone();
    let metrics = state.app.metrics.clone();
    let answer = tokio::task::spawn_blocking(move || pipeline.deliver(&stage, &headers, &body)).await;
    match answer {
        Ok(Ok(accepted)) => {
            let outcome = match accepted {
                Accepted::New => "accepted",
                Accepted::Duplicate => "duplicate",
                Accepted::Stale => "stale",
            };
            (StatusCode::OK, axum::Json(json!({ "outcome": outcome }))).into_response()
        }
        Ok(Err(DeliveryError::Forged(fault))) => {
            if let Some(fault) = SignatureFault::parse(fault.code()) {
                metrics.signature_failed(fault);
            }
            tracing::warn!(event = "signature_refused", error_kind = fault.code(), "a delivery was refused: {fault}");
            (StatusCode::UNAUTHORIZED, axum::Json(json!({ "error": fault.to_string(), "reason": fault.code() })))
                .into_response()
        }
        Ok(Err(error @ DeliveryError::Malformed(_))) => {
            // 489 with this header tells the engine that trying again is of no use.
            let never = (HeaderName::from_static("upstash-nonretryable-error"), HeaderValue::from_static("true"));
            let status = StatusCode::from_u16(489).expect("a status of three digits");
            (status, [never], axum::Json(json!({ "error": error.to_string() }))).into_response()
        }
        Ok(Err(error @ DeliveryError::Database(_))) => {
            tracing::error!(event = "delivery_failed", "{error}");
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({ "error": error.to_string() }))).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn metrics(State(state): State<Shared>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let exposition = exposition_for(accept.as_deref());
    let read = tokio::task::spawn_blocking(move || {
        levels(&state)?;
        Ok::<_, DatabaseError>(state.app.metrics.render(exposition))
    });
    match read.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, exposition.content_type())], text).into_response(),
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Gauges are read when somebody asks.
fn levels(state: &Shared) -> Result<(), DatabaseError> {
    let App { metrics, ledger, views, world, gpu, .. } = &state.app;
    let now = world.clock.now();
    for usage in ledger.usages(now)? {
        let Some(resource) = Resource::parse(usage.resource.as_str()) else { continue };
        metrics.set_budget(
            resource,
            BudgetLevels {
                limit: usage.cap,
                committed: usage.settled,
                reserved: usage.reserved,
                orphaned: usage.assumed,
            },
        );
    }
    let deferred = views.states()?.into_iter().find(|(state, _)| state == "deferred").map_or(0, |(_, n)| n);
    metrics.set_deferred(Denial::CapReached, deferred);
    if let Some(engine) = &state.engine
        && let Ok(counts) = engine.counts()
    {
        metrics.set_queue_depth(QueueState::Pending, counts.pending + counts.retrying);
        metrics.set_queue_depth(QueueState::Active, counts.active);
        metrics.set_dead_letters(counts.dead);
        metrics.set_oldest_pending(counts.oldest_pending);
    }
    // Only of the card that works for us; of two of one make the first.
    if let Some(device) = gpu.as_ref().and_then(|gpu| gpu.opened())
        && let Some(card) = gauges().into_iter().find(|card| card.name == device.name)
    {
        metrics.set_gpu(GpuLevels {
            utilization: card.load_percent.map(|percent| f64::from(percent) / 100.0),
            memory_used: card.memory_used.map(|bytes| bytes as f64),
            memory: card.memory_total.map(|bytes| bytes as f64),
            temperature: card.temperature.map(f64::from),
            power: card.power,
        });
    }
    Ok(())
}

/// Ready: the database can be written, so that a delivery could be accepted now.
async fn ready(State(state): State<Shared>) -> Response {
    let database = state.app.database.clone();
    let written = tokio::task::spawn_blocking(move || {
        database.write(|tx| tx.execute("UPDATE research_concepts SET state = state WHERE 0", &[]))
    });
    match written.await {
        Ok(Ok(_)) => (StatusCode::OK, axum::Json(json!({ "ready": true }))).into_response(),
        Ok(Err(error)) => {
            let answer = json!({ "ready": false, "reason": error.to_string() });
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(answer)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
