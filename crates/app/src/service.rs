//! What runs and listens: the message engine, the pipeline, the console, all on one address, until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use assay_backtest::screening::Screener;
use assay_budget::Unbilled;
use assay_console::Console;
use assay_corpus::fetch::{DELAY_DEFAULT, Fetcher, Settings as FetchSettings};
use assay_messages::{Client, Destinations, Engine, EngineSettings, Verifier};
use assay_research::pipeline::{Parts, Pipeline, Settings, ValidateSettings};
use assay_storage::InstanceLock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::app::App;
use crate::error::{AppError, Exit};
use crate::{secrets, server};

/// Longest wait between two looks at what is due, when nobody wakes the pipeline: other processes may have written.
const TURN_EVERY: Duration = Duration::from_millis(500);
/// Wait after a failed turn.
const TURN_FAILED: Duration = Duration::from_secs(2);
/// How far clocks of engine and webhook may differ.
const LEEWAY: Duration = Duration::from_secs(30);
/// How long sweeps and requests may take to stop.
const STOP_MAX: Duration = Duration::from_secs(5);

/// A running service.
pub struct Service {
    /// Where it listens.
    pub address: SocketAddr,
    /// The pipeline, for progress.
    pub pipeline: Pipeline,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _lock: InstanceLock,
}

impl Service {
    /// Takes the data directory and the address, recovers what an earlier run left, and begins.
    pub async fn start(app: &App) -> Result<Service, AppError> {
        let lock = InstanceLock::take(&app.config.dir)?;
        let (listener, address) = listen(app.config.listen).await?;
        let own = format!("127.0.0.1:{}", address.port());
        let (client, verifier, engine, webhooks) = messages(app, &own)?;
        let now = app.world.clock.now();
        if let Some(engine) = &engine {
            engine.take_over(now)?;
            move_messages(app, engine, &webhooks)?;
        }
        let fetcher = match &app.config.contact {
            None => None,
            Some(contact) => Some(Fetcher::new(
                std::sync::Arc::new(app.door.clone()),
                app.database.clone(),
                app.world.clock.clone(),
                FetchSettings { contact: contact.clone(), delay: DELAY_DEFAULT, also: vec![] },
            )?),
        };
        let built_in = engine.is_some();
        let pipeline = Pipeline::new(Parts {
            database: app.database.clone(),
            ledger: app.ledger.clone(),
            door: app.door.clone(),
            client,
            verifier,
            prices: app.prices.clone(),
            corpus: app.corpus.clone(),
            fetcher,
            world: app.world.clone(),
            metrics: app.metrics.clone(),
            settings: Settings {
                webhooks,
                documents: app.config.documents.clone(),
                validate: ValidateSettings {
                    costs: app.config.costs,
                    threads: match app.config.threads {
                        0 => std::thread::available_parallelism().map_or(1, usize::from),
                        n => n,
                    },
                    grid_max: app.config.grid_max,
                    permutations_max: app.config.permutations_max,
                    screener: app.gpu.clone().map(|gpu| gpu as std::sync::Arc<dyn Screener>),
                },
                unbilled: if built_in { Unbilled::Loopback } else { Unbilled::EngineRead },
                settle_every: Duration::from_secs(if built_in { 1 } else { 60 }),
            },
        })?;
        let (stop, stopped) = watch::channel(false);
        let console = Console {
            views: app.views.clone(),
            ledger: app.ledger.clone(),
            engine: engine.clone(),
            pipeline: Some(pipeline.clone()),
            prices: app.prices.clone(),
            corpus: app.corpus.clone(),
            database: app.database.clone(),
            world: app.world.clone(),
            listen: address.to_string(),
            allowed_hosts: allowed_hosts(app, address),
        };
        let router = server::router(app, pipeline.clone(), engine.clone(), console);
        let mut tasks = vec![
            tokio::spawn(serve(listener, router, stopped.clone())),
            tokio::spawn(turns(pipeline.clone(), stopped.clone())),
        ];
        if let Some(engine) = engine {
            tasks.push(tokio::spawn(engine.run(stopped)));
        }
        tracing::info!(event = "started", "console at http://{address}");
        Ok(Service { address, pipeline, stop, tasks, _lock: lock })
    }

    /// Stops in order: no new work, running sweeps end at their next batch and stay open, then the sockets.
    pub async fn stop(self) {
        self.pipeline.stop();
        let patience = async {
            while !self.pipeline.is_idle() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(STOP_MAX, patience).await;
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = tokio::time::timeout(STOP_MAX, task).await;
        }
    }
}

async fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let failed = |e: std::io::Error| {
        let error = AppError::text(Exit::Unavailable, format!("{wanted}: cannot be listened on: {e}"));
        match e.kind() {
            std::io::ErrorKind::AddrInUse => error
                .hint("another program uses the port: choose a free one with --listen 127.0.0.1:8001 or ASSAY_LISTEN"),
            _ => error.hint("choose another address with --listen or ASSAY_LISTEN"),
        }
    };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The engine and how to speak to it: ours on this very address, or Upstash.
fn messages(app: &App, own: &str) -> Result<(Client, Verifier, Option<Engine>, Url), AppError> {
    if let Some(upstash) = &app.config.qstash {
        let client = Client::new(upstash.url.clone(), upstash.token.clone());
        let verifier = Verifier::new(upstash.current_signing_key.clone(), upstash.next_signing_key.clone(), LEEWAY);
        let webhooks = upstash.public_url.join("webhooks/").expect("a checked address takes a path");
        return Ok((client, verifier, None, webhooks));
    }
    let secrets = secrets::load(&app.config.dir, app.world.entropy.as_ref())?;
    let base = Url::parse(&format!("http://{own}")).expect("an address of ours");
    let client = Client::new(base.clone(), secrets.token.clone());
    let verifier = Verifier::new(secrets.keys.current.clone(), secrets.keys.next.clone(), LEEWAY);
    let settings = EngineSettings {
        // It delivers to ourselves only: nobody can make it knock on other doors.
        destinations: Destinations::Only(vec![own.to_owned()]),
        ..EngineSettings::local(secrets.token)
    };
    let engine = Engine::new(app.database.clone(), app.world.clone(), secrets.keys, settings);
    let webhooks = base.join("webhooks/").expect("an address of ours");
    Ok((client, verifier, Some(engine), webhooks))
}

/// An earlier run may have listened elsewhere: what it left in the engine must find us here.
fn move_messages(app: &App, engine: &Engine, webhooks: &Url) -> Result<(), AppError> {
    let path = app.config.dir.join("webhooks.url");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    if before == webhooks.as_str() {
        return Ok(());
    }
    if !before.is_empty() {
        engine.rehome(&before, webhooks.as_str())?;
    }
    // Written last: a crash before this line moves the messages again, which changes nothing.
    Ok(std::fs::write(&path, webhooks.as_str())?)
}

/// Names under which a browser may ask for us: anything else is somebody's rebound DNS name.
fn allowed_hosts(app: &App, address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let mut hosts =
        vec![address.to_string(), format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
    if let Some(url) = app.config.qstash.as_ref().map(|upstash| &upstash.public_url)
        && let Some(host) = url.host_str()
    {
        hosts.push(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
    }
    hosts
}

async fn serve(listener: TcpListener, router: axum::Router, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(event = "server_failed", "{error}");
    }
}

async fn turns(pipeline: Pipeline, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match pipeline.turn().await {
            Ok(()) => TURN_EVERY,
            Err(error) => {
                tracing::error!(event = "turn_failed", "{error}");
                TURN_FAILED
            }
        };
        tokio::select! {
            () = pipeline.woken() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
