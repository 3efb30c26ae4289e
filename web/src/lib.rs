//! Pages, live updates and JSON API of the desk.
//!
//! Every page works without JavaScript; scripts only keep it fresh. The desk itself is reached
//! through [`Desk`], so that this crate knows neither SIP nor the queue engine.

mod access_report;
mod account;
mod agents;
mod announcements;
mod announcer;
mod api;
mod api_document;
mod api_operation;
mod articles;
mod assets;
mod audit;
mod auth;
mod board;
mod body;
mod calendar;
mod call;
mod call_figures;
mod call_views;
mod calls;
mod chart;
mod content_gaps;
mod departments;
mod desk;
mod divisions;
mod download;
mod error;
mod error_page;
mod feature;
mod features;
mod graph;
mod guard;
mod host;
mod inspect;
mod jobs;
mod kit;
mod knowledge;
mod language;
mod latency;
pub mod ledger;
mod library;
mod limits;
mod live;
mod live_month;
mod local_time;
mod mask;
mod menu;
mod monthly;
mod notices;
mod one_time;
mod operations;
mod own_call;
mod people;
mod phrases;
mod portal;
mod query;
mod rates;
mod reach;
mod reception;
mod recognition;
mod refusals;
mod remembered;
mod request_span;
mod retention;
mod running_month;
mod scanner;
mod seen;
mod settings;
mod setup;
mod shell;
mod sign_in;
mod signals;
mod state;
mod text;
mod tickets;
mod unsent;
mod upload;
mod users;
mod vendors;
mod views;
mod wait_chart;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
pub use madoguchi_accounts::{Seal, operator};
use madoguchi_store::Store;
use tower_http::set_header::SetResponseHeaderLayer;

pub use self::announcer::{Announcer, Origin, RECORDING_SECS, Recording};
pub use self::articles::READS_MANUALS;
pub use self::auth::access::Need;
pub use self::auth::routes::Declared;
pub use self::desk::{Desk, SetupRefusal, SystemStatus};
pub use self::host::is_own_host;
pub use self::language::{GRADED_QUERY_KIND, SYNONYM_KIND, WORD_KIND};
pub use self::library::store::StoredLibrary;
pub use self::library::{Article, ArticleFilter, ArticleHead, ArticlePage, Library, Overdue};
use self::limits::FormUse;
use self::live::Broadcaster;
pub use self::rates::network;
pub use self::recognition::Recognition;
pub use self::scanner::{ScanFault, Scanner, ScannerFault, Verdict};
pub use self::settings::{PortalSettings, WebSettings};
pub use self::sign_in::oidc::provider::IdentityProvider;
pub use self::sign_in::oidc::settings::{ProviderFault, ProviderSettings};
pub use self::state::Faq;
use self::state::{BoardPanels, Web};
pub use self::text::DateStyle;

/// All routes and what they need, as a table.
pub fn declared() -> Vec<Declared> {
    features::routes().finish().1
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
    let web = web(desk, store, settings, key, faq);
    let router = features::routes()
        .finish()
        .0
        .fallback(error::not_found)
        .layer(DefaultBodyLimit::max(FormUse::Usual.bytes()))
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
        .layer(middleware::from_fn(request_span::serve))
        .layer(fixed_header(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        // Pages show personal data; only what never changes may be kept (`assets`).
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    router.with_state(web)
}

/// What every handler reaches.
fn web(desk: Arc<dyn Desk>, store: Store, settings: WebSettings, key: &[u8; 32], faq: Faq) -> Web {
    let settings = Arc::new(settings);
    let shown = BoardPanels::default();
    let live = {
        let (desk, settings, shown) = (desk.clone(), settings.clone(), shown.clone());
        Broadcaster::start(desk.clone(), move |sees| {
            let viewer = board::BoardAudience::all(sees);
            board::render(&*desk, &settings, &viewer, &shown, String::new())
        })
    };
    Web::new(
        desk,
        store,
        settings,
        (live, shown),
        key,
        faq,
        features::tables(),
    )
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

fn fixed_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

#[cfg(test)]
mod tests;
