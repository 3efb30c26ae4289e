//! Pages, live updates and JSON API of the desk.
//!
//! Every page works without JavaScript; scripts only keep it fresh. The desk itself is reached
//! through [`Desk`], so that this crate knows neither SIP nor the queue engine.

mod agents;
mod api;
mod board;
mod call;
mod calls;
mod chart;
mod error;
mod guard;
mod live;
mod operations;
mod query;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::routing::{get, post};
use futures::future::BoxFuture;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::HoursStatus;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::live::{AgentCommand, DeskSnapshot};
use madoguchi_core::time::Instant;
use madoguchi_core::today::Today;
use madoguchi_store::Store;
use tokio::sync::watch;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use self::live::Broadcaster;

/// The desk at work, as pages need it.
pub trait Desk: Send + Sync + 'static {
    /// The queue and the agents.
    fn snapshot(&self) -> Arc<DeskSnapshot>;
    /// The figures of the running day.
    fn today(&self) -> Today;
    /// Counts up whenever snapshot, figures or status may have changed.
    fn changes(&self) -> watch::Receiver<u64>;
    /// How the program itself is doing.
    fn status(&self) -> SystemStatus;
    /// Whether the desk is open at an instant.
    fn hours(&self, at: Instant) -> HoursStatus;
    /// Changes the state of an agent; `false` if there is no such agent.
    fn command(&self, agent: AgentId, command: AgentCommand) -> BoxFuture<'_, bool>;
    /// The time by the desk's clock.
    fn now(&self) -> Instant;
}

/// How the program itself is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemStatus {
    /// The database takes what the desk writes.
    pub database_up: bool,
    /// Since when that is so.
    pub database_since: Instant,
    /// Events that wait in the journal for the database.
    pub backlog: u64,
    /// The journal itself cannot be written.
    pub journal_failing: bool,
    /// The calls are simulated.
    pub demo: bool,
}

/// What pages must know of the settings.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Host names besides localhost by which the pages may be opened.
    pub allowed_hosts: Vec<String>,
    /// The target of 応答率 in percent.
    pub answer_rate_target: u32,
    /// Thresholds of figures.
    pub figures: FiguresSettings,
    /// All lines, for filters.
    pub lines: Vec<LineName>,
    /// The names of all agents.
    pub agent_names: BTreeMap<AgentId, String>,
}

/// What every handler reaches.
#[derive(Clone)]
struct Web {
    desk: Arc<dyn Desk>,
    store: Store,
    settings: Arc<WebSettings>,
    live: Broadcaster,
}

/// The largest request body. Forms here are small.
const BODY_BYTES: usize = 64 * 1024;
const REQUEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);

/// All routes. Must be called within a tokio runtime.
pub fn router(desk: Arc<dyn Desk>, store: Store, settings: WebSettings) -> Router {
    let settings = Arc::new(settings);
    let live = Broadcaster::start(desk.clone(), settings.clone());
    let web = Web {
        desk,
        store,
        settings,
        live,
    };
    let pages = Router::new()
        .route("/", get(board::page))
        .route("/calls", get(calls::page))
        .route("/calls/{id}", get(call::page))
        .route("/agents/{id}/state", post(agents::set_state))
        .route("/api/v1/board", get(api::board))
        .route("/api/v1/stats", get(api::stats))
        .route("/api/v1/calls", get(api::calls))
        .route("/api/v1/calls/{id}", get(api::call))
        .route("/api/v1/agents", get(api::agents))
        .route("/api/v1/agents/{id}/state", post(api::set_agent_state))
        .route("/api/v1/hours", get(api::hours))
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIMEOUT,
        ));
    pages
        .route("/board/events", get(live::events))
        .route("/static/style.css", get(style))
        .route("/static/board.js", get(script))
        .fallback(error::not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(web.clone(), guard::guard))
        .layer(fixed_header(
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY,
        ))
        .layer(fixed_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed_header(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed_header(header::X_FRAME_OPTIONS, "DENY"))
        .with_state(web)
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'self'; object-src 'none'";

fn fixed_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn style() -> ([(HeaderName, &'static str); 2], &'static str) {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    (
        [kind, (header::CACHE_CONTROL, "max-age=300")],
        include_str!("../static/style.css"),
    )
}

async fn script() -> ([(HeaderName, &'static str); 2], &'static str) {
    let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    (
        [kind, (header::CACHE_CONTROL, "max-age=300")],
        include_str!("../static/board.js"),
    )
}

#[cfg(test)]
mod tests;
