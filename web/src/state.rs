//! What handlers need: the settings of the pages and everything that requests share.
//!
//! Nothing that this file names knows it in turn: what needs [`Web`] stands above it.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use madoguchi_core::access::Permission;
use madoguchi_core::audit::Action;
use madoguchi_core::time::Millis;
use madoguchi_kb::Knowledge;
use madoguchi_store::{Store, StoreError};

use crate::api_operation::ApiOperation;
use crate::auth::attempts::Attempts;
use crate::auth::password::Hasher;
use crate::auth::sessions::Sessions;
use crate::auth::uploads::Uploads;
use crate::desk::Desk;
use crate::kit::field::FieldInfo;
use crate::library::Library;
use crate::live::Broadcaster;
use crate::live::watchers::Watchers;
use crate::live_month::LiveMonth;
use crate::menu::MenuEntry;
use crate::rates::Rates;
use crate::reach::Reach;
use crate::refusals::Refusals;
use crate::remembered::{LastDue, LastNotices, Popular};
use crate::running_month::LastRunning;
use crate::seen::SeenData;
use crate::settings::WebSettings;
use crate::tickets::offered::LastOffered;
use crate::unsent::forms::UnsentForms;
use crate::work::CountedWork;
use madoguchi_accounts::Seal;

impl std::fmt::Debug for Faq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faq")
            .field("library", &self.library.is_some())
            .field("knowledge", &self.knowledge)
            .finish()
    }
}

/// How the fields of a kind of record are called in the audit log.
pub(crate) type AuditFields = fn(&Web) -> (Action, Vec<FieldInfo>);

/// Describes an operation of the API.
pub(crate) type Describe = fn(&Web) -> ApiOperation;

/// A route that the document of the API tells of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiRoute {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// What a token must allow.
    pub(crate) scope: Option<Permission>,
    pub(crate) describe: Describe,
}

/// What the parts of the pages bring, and pages of others show.
pub(crate) struct FeatureTables {
    /// The entries of the menu.
    pub(crate) menu: Vec<MenuEntry>,
    /// How the fields of records are called in the audit log.
    pub(crate) audit: Vec<AuditFields>,
    /// The lists that have saved views.
    pub(crate) views: Vec<&'static str>,
    /// What the document of the API tells of.
    pub(crate) api: Vec<ApiRoute>,
    /// The paths of all that is only read.
    pub(crate) pages: Vec<&'static str>,
    /// What pages say about what was done.
    pub(crate) messages: Vec<(&'static str, &'static str)>,
    /// What they say about what could not be done.
    pub(crate) failures: Vec<(&'static str, &'static str)>,
}

/// What every handler reaches.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) store: Store,
    pub(crate) settings: Arc<WebSettings>,
    pub(crate) live: Broadcaster,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) reach: Arc<Reach>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) hasher: Hasher,
    pub(crate) seal: Seal,
    pub(crate) faq: Faq,
    pub(crate) features: Arc<FeatureTables>,
    pub(crate) popular: Arc<Popular>,
    pub(crate) notices: Arc<LastNotices>,
    /// What is close to its limit.
    pub(crate) due: Arc<LastDue>,
    pub(crate) inquiries: Arc<Rates>,
    pub(crate) work: Arc<CountedWork>,
    /// A month's books as they were last made.
    pub(crate) month: Arc<LiveMonth>,
    /// The running month as it was last counted.
    pub(crate) running: Arc<LastRunning>,
    pub(crate) unsent: Arc<UnsentForms>,
    /// Whose data who has been shown.
    pub(crate) seen: Arc<SeenData>,
    /// What forms of tickets offer.
    pub(crate) offered: Arc<LastOffered>,
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

/// What the board shows beside the desk.
#[derive(Clone, Default)]
pub(crate) struct BoardPanels {
    pub(crate) notices: Arc<LastNotices>,
    pub(crate) due: Arc<LastDue>,
    pub(crate) running: Arc<LastRunning>,
}

/// One network address may write so often to the desk at once, and again so often within the hour.
const INQUIRIES_AT_ONCE: u32 = 20;
const INQUIRIES_WITHIN: Millis = Millis::from_secs(3_600);

impl Web {
    /// `key` seals what must be kept secret and readable. Must be called within a tokio runtime.
    pub(crate) fn new(
        desk: Arc<dyn Desk>,
        store: Store,
        settings: Arc<WebSettings>,
        (live, shown): (Broadcaster, BoardPanels),
        key: &[u8; 32],
        faq: Faq,
        features: FeatureTables,
    ) -> Self {
        let sessions: Arc<Sessions> = Arc::default();
        sessions.follow(store.clone());
        Self {
            live,
            watchers: Arc::new(Watchers::new(
                settings.streams_at_most,
                settings.streams_per_visitor,
            )),
            rates: Arc::new(Rates::per_second(settings.requests_per_second)),
            desk,
            store,
            settings,
            sessions,
            reach: Arc::default(),
            attempts: Arc::default(),
            refusals: Arc::default(),
            uploads: Arc::default(),
            hasher: Hasher::new(),
            seal: Seal::new(key),
            faq,
            features: Arc::new(features),
            popular: Arc::default(),
            notices: shown.notices,
            due: shown.due,
            running: shown.running,
            unsent: Arc::default(),
            seen: Arc::default(),
            offered: Arc::default(),
            inquiries: Arc::new(Rates::new(INQUIRIES_AT_ONCE, INQUIRIES_WITHIN)),
            work: Arc::default(),
            month: Arc::default(),
        }
    }
    /// Asks the database, if it answers.
    ///
    /// # Errors
    /// [`StoreError::Away`] at once while it does not.
    pub(crate) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.reach.ask(&self.store, question).await
    }
}
