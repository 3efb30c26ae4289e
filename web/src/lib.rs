//! Pages, live updates and JSON API of the desk.
//!
//! Every page works without JavaScript; scripts only keep it fresh. The desk itself is reached
//! through [`Desk`], so that this crate knows neither SIP nor the queue engine.

mod access_report;
mod account;
mod agents;
mod announcements;
mod api;
mod articles;
mod attention;
mod audit;
mod auth;
mod board;
mod body;
mod calendar;
mod call;
mod calls;
mod chart;
mod desk;
mod download;
mod error;
mod guard;
mod host;
mod inquiries;
mod inspect;
mod knowledge;
mod language;
mod latency;
mod library;
mod live;
mod notices;
mod operations;
pub mod operator;
mod portal;
mod query;
mod rates;
mod reach;
mod recognition;
mod refusals;
mod retention;
mod shell;
mod sign_in;
mod text;
mod upload;
mod users;
mod views;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use futures::future::BoxFuture;
use ipnet::IpNet;
use madoguchi_core::access::Role;
use madoguchi_core::account::SessionLimits;
use madoguchi_core::hours::{Calendar, HoursStatus};
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, DeskSnapshot};
use madoguchi_core::portal::Sites;
use madoguchi_core::setup::{DeskSetup, PartFault, PhoneHashes};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_core::today::Today;
use madoguchi_kb::Knowledge;
use madoguchi_store::{NewVersion, Store, StoreError};
use tokio::sync::watch;
use tower_http::set_header::SetResponseHeaderLayer;

pub use self::announcements::{Announcer, Origin, RECORDING_SECS, Recording};
pub use self::auth::access::Need;
use self::auth::access::Public;
use self::auth::admission::{FORM_BYTES, Uploads};
use self::auth::attempts::Attempts;
use self::auth::password::Hasher;
pub use self::auth::routes::Declared;
use self::auth::routes::Routes;
pub use self::auth::seal::Seal;
use self::auth::sessions::Sessions;
pub use self::host::is_own_host;
pub use self::language::{SYNONYM_KIND, WORD_KIND};
pub use self::library::{
    Article, ArticleFilter, ArticleHead, ArticlePage, Library, Overdue, StoredLibrary,
};
use self::live::Broadcaster;
use self::live::watchers::Watchers;
use self::portal::notices::LastNotices;
use self::portal::popular::Popular;
use self::rates::Rates;
pub use self::rates::network;
use self::reach::Reach;
pub use self::recognition::Recognition;
use self::refusals::Refusals;
pub use self::sign_in::oidc::{IdentityProvider, ProviderFault, ProviderSettings};
pub use self::text::DateStyle;

/// The desk at work, as pages need it.
pub trait Desk: Announcer {
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
    /// The reception calendar.
    fn calendar(&self) -> Arc<Calendar>;
    /// The setup in force.
    fn setup(&self) -> Arc<DeskSetup>;
    /// Whether the desk could work if these versions were set; the stamp of all settings that they
    /// were checked with.
    fn check_setup<'a>(
        &'a self,
        versions: &'a [NewVersion],
    ) -> BoxFuture<'a, Result<String, SetupRefusal>>;
    /// What a phone proves itself with, made of its password.
    fn phone_hashes(&self, extension: &str, password: &str) -> PhoneHashes;
    /// Takes up what was set on screens and is in the store; `false` if it cannot be taken up,
    /// which is in the log.
    fn apply_setup(&self) -> BoxFuture<'_, bool>;
    /// Changes the state of an agent; `false` if there is no such agent.
    fn command(&self, agent: AgentId, command: AgentCommand) -> BoxFuture<'_, bool>;
    /// The time by the desk's clock.
    fn now(&self) -> Instant;
    /// The time by the clock that never jumps: limits and idle times go by it.
    fn monotonic(&self) -> Monotonic;
}

/// Why something cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum SetupRefusal {
    /// Something is wrong with a line, an agent or a trunk.
    #[error(transparent)]
    Part(#[from] PartFault),
    /// Something else is wrong: a sentence for the user without the stop at its end.
    #[error("{0}")]
    Other(String),
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How the program itself is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemStatus {
    /// The database takes what the desk writes.
    pub database_up: bool,
    /// Since when that is so.
    pub database_since: Instant,
    /// If it is not so: why, and what an operator can do.
    pub database_remedy: Option<&'static str>,
    /// Events that wait in the journal for the database.
    pub backlog: u64,
    /// The journal itself cannot be written.
    pub journal_failing: bool,
    /// The calls are simulated.
    pub demo: bool,
    /// The desk is about to stop and takes no more calls.
    pub stopping: bool,
}

/// What pages must know of the settings.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Host names besides localhost by which the pages may be opened.
    pub allowed_hosts: Vec<String>,
    /// How dates are written.
    pub dates: DateStyle,
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// Passwords must be changed when they are so old; `None`: never.
    pub password_age: Option<Millis>,
    /// Whoever has one of these roles needs a second factor.
    pub second_factor_roles: BTreeSet<Role>,
    /// アカウント棚卸: an account that was not used for so long is marked.
    pub unused_after: Millis,
    /// How many requests a second one network address may send; ten times as many at once.
    pub requests_per_second: u32,
    /// Boards that may be watched at once.
    pub streams_at_most: usize,
    /// Boards that one user, or one network address, may watch at once.
    pub streams_per_visitor: usize,
    /// Proxies whose word about the visitor's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The pages are served over TLS.
    pub encrypted: bool,
    /// Where people may sign in besides here.
    pub provider: Option<IdentityProvider>,
    /// The FAQ portal.
    pub portal: PortalSettings,
}

/// What the FAQ portal must know.
#[derive(Debug, Clone, Default)]
pub struct PortalSettings {
    /// Networks in which staff read without an account.
    pub networks: Vec<IpNet>,
    /// Where staff work.
    pub sites: Sites,
    /// The number to call, as it is shown; empty if it is not shown.
    pub phone: String,
    /// Staff may write to the desk by a form.
    pub inquiry_form: bool,
}

impl WebSettings {
    /// Whether staff at this address read without an account. A proxy is nobody's place: a request
    /// of which it did not tell where it comes from is from anywhere.
    fn is_within_portal(&self, address: IpAddr) -> bool {
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        within(&self.portal.networks) && !within(&self.trusted_proxies)
    }
}

impl std::fmt::Debug for Faq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faq")
            .field("library", &self.library.is_some())
            .field("knowledge", &self.knowledge)
            .finish()
    }
}

/// What every handler reaches.
#[derive(Clone)]
struct Web {
    desk: Arc<dyn Desk>,
    store: Store,
    settings: Arc<WebSettings>,
    live: Broadcaster,
    watchers: Arc<Watchers>,
    reach: Arc<Reach>,
    sessions: Arc<Sessions>,
    attempts: Arc<Attempts>,
    rates: Arc<Rates>,
    refusals: Arc<Refusals>,
    uploads: Arc<Uploads>,
    hasher: Hasher,
    seal: Seal,
    faq: Faq,
    popular: Arc<Popular>,
    notices: Arc<LastNotices>,
    inquiries: Arc<Rates>,
}

/// The FAQ: its articles, and the search over them.
#[derive(Clone, Default)]
pub struct Faq {
    /// The published articles.
    pub library: Option<Arc<dyn Library>>,
    /// The search; not set while it cannot be had: it is being opened, or its dictionary is missing.
    pub knowledge: Arc<OnceLock<Knowledge>>,
}

impl Faq {
    /// Articles with a search over them.
    pub fn new(library: Arc<dyn Library>, knowledge: Knowledge) -> Self {
        Self {
            library: Some(library),
            knowledge: Arc::new(OnceLock::from(knowledge)),
        }
    }

    /// The search, if it can be had.
    pub(crate) fn knowledge(&self) -> Option<&Knowledge> {
        self.knowledge.get()
    }
}

/// One network address may write so often to the desk at once, and again so often within the hour.
const INQUIRIES_AT_ONCE: u32 = 20;
const INQUIRIES_WITHIN: Millis = Millis::from_secs(3_600);

/// All routes with what each needs.
fn routes() -> Routes {
    let pages = Routes::new()
        .get("/", sign_in::home)
        .get("/board", board::page)
        .get("/calls", calls::page)
        .get("/calls/{id}", call::page)
        .post("/agents/{id}/state", agents::set_state)
        .get("/api/v1/board", api::board)
        .get("/api/v1/stats", api::stats)
        .get("/api/v1/calls", api::calls)
        .get("/api/v1/calls/{id}", api::call)
        .get("/api/v1/agents", api::agents)
        .post("/api/v1/agents/{id}/state", api::set_agent_state)
        .get("/api/v1/hours", api::hours)
        .get("/healthz", operations::healthz)
        .get("/readyz", operations::readyz)
        .get("/metrics", operations::metrics)
        .and(sign_in::routes())
        .and(account::routes())
        .and(users::routes())
        .and(audit::routes())
        .and(views::routes())
        .and(calendar::routes())
        .and(retention::routes())
        .and(desk::routes())
        .and(announcements::routes())
        .and(portal::routes())
        .and(knowledge::routes())
        .and(notices::routes())
        .and(inquiries::routes())
        .and(articles::routes())
        .and(attention::routes())
        .and(language::routes())
        .and(access_report::routes());
    pages
        .stream("/board/events", live::events)
        .get("/static/style.css", style)
        .get("/static/board.js", board_script)
        .get("/static/shell.js", shell_script)
        .get("/static/portal.css", portal_style)
        .get("/static/search.js", search_script)
        .get("/static/history.js", history_script)
        .get("/static/knowledge.js", knowledge_script)
        .get("/static/article.js", article_script)
        .get("/static/icon.svg", icon)
}

/// All routes and what they need, as a table.
pub fn declared() -> Vec<Declared> {
    routes().finish().1
}

/// The pages. `key` seals what must be kept secret and readable; it is kept outside the database.
/// Must be called within a tokio runtime.
pub fn router(
    desk: Arc<dyn Desk>,
    store: Store,
    settings: WebSettings,
    key: &[u8; 32],
    faq: Faq,
) -> Router {
    let settings = Arc::new(settings);
    let live = Broadcaster::start(desk.clone(), settings.clone());
    let rate = settings.requests_per_second;
    let watchers = Watchers::new(settings.streams_at_most, settings.streams_per_visitor);
    let sessions: Arc<Sessions> = Arc::default();
    sessions.follow(store.clone());
    let web = Web {
        desk,
        store,
        settings,
        live,
        watchers: Arc::new(watchers),
        reach: Arc::default(),
        sessions,
        attempts: Arc::default(),
        refusals: Arc::default(),
        uploads: Arc::default(),
        rates: Arc::new(Rates::per_second(rate)),
        hasher: Hasher::new(),
        seal: Seal::new(key),
        faq,
        popular: Arc::default(),
        notices: Arc::default(),
        inquiries: Arc::new(Rates::new(INQUIRIES_AT_ONCE, INQUIRIES_WITHIN)),
    };
    let router = routes()
        .finish()
        .0
        .fallback(error::not_found)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn_with_state(web.clone(), guard::guard))
        .layer(fixed_header(
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY,
        ))
        .layer(fixed_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed_header(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed_header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed_header(
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ))
        .layer(fixed_header(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(middleware::from_fn(latency::measure))
        .layer(fixed_header(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        // Pages show personal data; only what never changes may be kept (see `asset`).
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    router.with_state(web)
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

fn fixed_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

type Asset = ([(HeaderName, &'static str); 2], &'static str);

fn asset(kind: &'static str, text: &'static str) -> Asset {
    let kind = (header::CONTENT_TYPE, kind);
    ([kind, (header::CACHE_CONTROL, "max-age=300")], text)
}

async fn style(_: Public) -> Asset {
    asset(
        "text/css; charset=utf-8",
        include_str!("../static/style.css"),
    )
}

async fn board_script(_: Public) -> Asset {
    let text = include_str!("../static/board.js");
    asset("text/javascript; charset=utf-8", text)
}

async fn icon(_: Public) -> Asset {
    asset("image/svg+xml", include_str!("../static/icon.svg"))
}

async fn shell_script(_: Public) -> Asset {
    let text = include_str!("../static/shell.js");
    asset("text/javascript; charset=utf-8", text)
}

async fn portal_style(_: Public) -> Asset {
    let text = include_str!("../static/portal.css");
    asset("text/css; charset=utf-8", text)
}

async fn search_script(_: Public) -> Asset {
    let text = include_str!("../static/search.js");
    asset("text/javascript; charset=utf-8", text)
}

async fn history_script(_: Public) -> Asset {
    let text = include_str!("../static/history.js");
    asset("text/javascript; charset=utf-8", text)
}

async fn knowledge_script(_: Public) -> Asset {
    let text = include_str!("../static/knowledge.js");
    asset("text/javascript; charset=utf-8", text)
}

async fn article_script(_: Public) -> Asset {
    let text = include_str!("../static/article.js");
    asset("text/javascript; charset=utf-8", text)
}

#[cfg(test)]
mod tests;
