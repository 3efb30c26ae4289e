//! The running desk as pages and API see it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use futures::future::BoxFuture;
use madoguchi_core::call::CallRecord;
use madoguchi_core::clock::Clock;
use madoguchi_core::event::CallEvent;
use madoguchi_core::hours::HoursStatus;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, DeskSnapshot, HandOnRefusal};
use madoguchi_core::schedule::JobView;
use madoguchi_core::setup::{Calendars, DeskSetup, PhoneHashes};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_core::today::{LiveFigures, Today};
use madoguchi_endpoint::shell::Endpoint;
use madoguchi_metrics::metrics;
use madoguchi_store::delivery::DeliveryStatus;
use madoguchi_store::{Fault, NewVersion, StoreHealth};
use madoguchi_web::{Desk, SetupRefusal, SystemStatus};
use tokio::sync::watch;

use crate::announcements::{ActiveSounds, Announcements};
use crate::nodes::others::Others;
use crate::scheduler::Jobs;
use crate::setup::{self, ChangedDesk, Setup};
use crate::store_fault;

/// The desk at work.
#[derive(Debug)]
pub struct LiveDesk {
    pub(crate) clock: Arc<dyn Clock>,
    calendars: RwLock<Arc<Calendars>>,
    in_force: RwLock<Arc<DeskSetup>>,
    pub(crate) demo: bool,
    /// The calls of this run.
    figures: Mutex<LiveFigures>,
    /// All other calls of the day.
    others: Mutex<Others>,
    pub(crate) snapshots: watch::Receiver<Arc<DeskSnapshot>>,
    pub(crate) delivery: watch::Receiver<DeliveryStatus>,
    pub(crate) endpoint: OnceLock<Endpoint>,
    pub(crate) setup: OnceLock<Arc<Setup>>,
    pub(crate) jobs: OnceLock<Jobs>,
    pub(crate) announcements: Announcements,
    changes: watch::Sender<u64>,
    journal_failing: Mutex<Option<String>>,
    store: watch::Receiver<StoreHealth>,
    stopping: AtomicBool,
}

impl LiveDesk {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        (calendars, in_force): (Calendars, DeskSetup),
        demo: bool,
        figures: LiveFigures,
        snapshots: watch::Receiver<Arc<DeskSnapshot>>,
        delivery: watch::Receiver<DeliveryStatus>,
        store: watch::Receiver<StoreHealth>,
    ) -> Self {
        let others = Others::new(figures.settings(), clock.now());
        Self {
            clock,
            calendars: RwLock::new(Arc::new(calendars)),
            in_force: RwLock::new(Arc::new(in_force)),
            demo,
            others: Mutex::new(others),
            figures: Mutex::new(figures),
            snapshots,
            delivery,
            endpoint: OnceLock::new(),
            setup: OnceLock::new(),
            jobs: OnceLock::new(),
            announcements: Announcements::default(),
            changes: watch::Sender::new(0),
            journal_failing: Mutex::new(None),
            store,
            stopping: AtomicBool::new(false),
        }
    }

    /// The reception calendars are others from now on.
    fn set_calendars(&self, calendars: Calendars) {
        *self
            .calendars
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(calendars);
        self.note_change();
    }

    /// The setup is another from now on. Figures follow its thresholds.
    fn set_setup(&self, setup: DeskSetup) {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.set_thresholds(setup.targets.figures());
        drop(figures);
        self.others()
            .elsewhere
            .set_thresholds(setup.targets.figures());
        let in_force = self.in_force.write();
        *in_force.unwrap_or_else(PoisonError::into_inner) = Arc::new(setup);
        self.note_change();
    }

    pub(crate) fn database_up(&self) -> bool {
        self.delivery.borrow().database_up && self.store.borrow().is_up()
    }

    /// Takes events that have just happened; they may not be written yet.
    pub(crate) fn apply(&self, events: &[CallEvent]) {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            figures.apply(event);
        }
        drop(figures);
        self.note_change();
    }

    /// What the store tells of other calls.
    pub(crate) fn others(&self) -> MutexGuard<'_, Others> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something on the board may look different.
    pub(crate) fn note_change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// From now on the desk is about to stop.
    pub(crate) fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.note_change();
    }

    pub(crate) fn set_journal_failing(&self, why: Option<String>) {
        *self
            .journal_failing
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = why;
        self.note_change();
    }

    pub(crate) fn journal_failing(&self) -> bool {
        self.journal_failing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }
}

impl ChangedDesk for LiveDesk {
    fn take_up(&self, calendars: Calendars, setup: DeskSetup, sounds: ActiveSounds) {
        self.set_calendars(calendars);
        self.set_setup(setup);
        self.announcements.put(sounds);
    }
}

impl Desk for LiveDesk {
    fn snapshot(&self) -> Arc<DeskSnapshot> {
        let here = self.snapshots.borrow().clone();
        let now = self.clock.now();
        self.others().join(here, now)
    }

    fn today(&self) -> Today {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut today = figures.view(now);
        drop(figures);
        today.merge(&self.others().elsewhere.view(now));
        today
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn status(&self) -> SystemStatus {
        let (delivery, store) = (*self.delivery.borrow(), *self.store.borrow());
        let up = delivery.database_up && store.is_up();
        let now = self.clock.monotonic();
        let age = delivery.waits_since.map_or(Millis::ZERO, |at| now - at);
        let age_s = u64::try_from(age.0 / 1_000).unwrap_or(0);
        metrics().delivery_age_seconds.set(age_s);
        SystemStatus {
            database_up: up,
            database_since: if store.is_up() {
                delivery.since
            } else {
                store.since
            },
            database_remedy: (!up).then(|| {
                let fault = store.fault.unwrap_or(Fault::Unreachable);
                store_fault::remedy(fault)
            }),
            backlog: delivery.backlog,
            journal_failing: self.journal_failing(),
            demo: self.demo,
            stopping: self.stopping.load(Ordering::Relaxed),
        }
    }

    fn hours(&self, at: Instant) -> HoursStatus {
        self.calendars().desk().status(at)
    }

    fn calendars(&self) -> Arc<Calendars> {
        let calendars = self.calendars.read();
        calendars.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn setup(&self) -> Arc<DeskSetup> {
        let in_force = self.in_force.read();
        in_force.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn check_setup<'a>(
        &'a self,
        versions: &'a [NewVersion],
    ) -> BoxFuture<'a, Result<String, SetupRefusal>> {
        Box::pin(async move {
            let Some(setup) = self.setup.get() else {
                let message = "窓口を開始しています。少し待ってから、もう一度保存してください";
                return Err(SetupRefusal::Other(message.to_owned()));
            };
            setup.check(versions).await
        })
    }

    fn phone_hashes(&self, extension: &str, password: &str) -> PhoneHashes {
        let realm = &Desk::setup(self).realm;
        setup::phone_hashes(extension, realm, password)
    }

    fn apply_setup(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let Some(setup) = self.setup.get() else {
                return false;
            };
            let applied = setup.apply(self).await;
            if let Err(error) = &applied {
                tracing::error!(%error, "the settings made on screens cannot be taken up");
            }
            applied.is_ok()
        })
    }

    fn call_of(&self, agent: &AgentId) -> Option<CallRecord> {
        let snapshot = self.snapshot();
        let view = snapshot.agents.iter().find(|view| view.agent == *agent)?;
        let call = view.call.as_ref();
        if call.is_none() && view.state != AgentState::WrapUp {
            return None;
        }
        let figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let here = match call {
            Some(call) => figures.open_call(call).cloned(),
            None => figures.call_before_wrap_up(agent).cloned(),
        };
        drop(figures);
        here.or_else(|| {
            let others = self.others();
            let elsewhere = &others.elsewhere;
            let found = match call {
                Some(call) => elsewhere.open_call(call),
                None => elsewhere.call_before_wrap_up(agent),
            };
            found.cloned()
        })
    }

    fn command(&self, agent: AgentId, command: AgentCommand) -> BoxFuture<'_, bool> {
        let endpoint = self.endpoint.get().cloned();
        Box::pin(async move {
            match endpoint {
                Some(endpoint) => endpoint.command(agent, command).await,
                None => false,
            }
        })
    }

    fn request(
        &self,
        agent: AgentId,
        request: DeskRequest,
    ) -> BoxFuture<'_, Result<(), HandOnRefusal>> {
        let endpoint = self.endpoint.get().cloned();
        Box::pin(async move {
            match endpoint {
                Some(endpoint) => endpoint.request(agent, request).await,
                None => Err(HandOnRefusal::NoTalk),
            }
        })
    }

    fn jobs(&self) -> Vec<JobView> {
        self.jobs.get().map(Jobs::view).unwrap_or_default()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn monotonic(&self) -> Monotonic {
        self.clock.monotonic()
    }
}
