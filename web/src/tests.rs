//! The routes as a browser meets them, over a real store.

use std::collections::BTreeSet;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::NaiveDateTime;
use futures::future::BoxFuture;
use madoguchi_core::access::Role;
use madoguchi_core::account::SessionLimits;
use madoguchi_core::call::CallRecord;
use madoguchi_core::event::{AbandonReason, CallEvent, EndCause, EventKind};
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::{Calendar, HoursSettings, HoursStatus};
use madoguchi_core::id::{AgentId, UserId};
use madoguchi_core::live::{
    AgentCommand, AgentState, AgentView, DeskRequest, DeskSnapshot, HandOnRefusal, WaitingCall,
};
use madoguchi_core::schedule::{JobView, Plan};
use madoguchi_core::setup::{
    AgentConfig, Calendars, DeskSetup, Duty, FileSetup, LineConfig, PartFault, Parts, PhoneHashes,
    ScreenSetup, TrunkConfig, TrunkSourceConfig,
};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_core::today::{LiveFigures, Today};
use madoguchi_store::NewVersion;
use tokio::sync::watch;
use tower::ServiceExt;

mod announcements;
mod api;
mod articles;
mod attachments;
mod away;
mod bad_files;
mod board;
mod calendar;
mod door;
mod guesses;
mod ledger;
mod lists;
mod monthly;
mod monthly_books;
mod monthly_freezing;
mod monthly_incidents;
mod pages;
mod people;
mod phrases;
mod portal;
mod reception;
mod running;
mod setup;
mod sign_in;
mod signals;
mod step_up;
mod tickets;
mod unsent;
mod users;
mod walls;
mod whole_pages;

use super::*;

/// A desk whose queue and agents are what the test says.
struct TestDesk {
    snapshot: Mutex<Arc<DeskSnapshot>>,
    figures: Mutex<LiveFigures>,
    changes: watch::Sender<u64>,
    time: Mutex<Instant>,
    /// The database is away.
    away: Mutex<bool>,
    /// By how much the clock on the wall was set beyond what has passed.
    ahead: Mutex<Millis>,
    commands: Mutex<Vec<(AgentId, AgentCommand)>>,
    requests: Mutex<Vec<(AgentId, DeskRequest)>>,
    /// What the desk says to what agents ask for.
    refuses: Mutex<Option<HandOnRefusal>>,
    store: Store,
    /// What the operator's file names.
    file: Mutex<FileSetup>,
    setup: Mutex<Arc<DeskSetup>>,
    /// Whether settings can be taken up.
    takes_up: Mutex<bool>,
    sounds: announcements::TestSounds,
}

/// The file of the test: a line, an agent and a trunk.
fn file() -> FileSetup {
    FileSetup {
        lines: vec![LineConfig::new("help", vec!["5000".to_owned()])],
        agents: vec![AgentConfig {
            lines: vec![Duty::first("help")],
            ..AgentConfig::new("tanaka", "田中 恵", "201")
        }],
        trunks: vec![TrunkConfig {
            outbound: Some("sip:carrier.example".to_owned()),
            ..TrunkConfig::new("carrier")
        }],
        realm: "desk".to_owned(),
        ..FileSetup::default()
    }
}

impl TestDesk {
    async fn screen(&self) -> ScreenSetup {
        let mut screen = ScreenSetup::default();
        for kind in ScreenSetup::KINDS {
            for setting in self.store.list_settings(kind).await.unwrap() {
                let data = setting.data.as_deref();
                screen.put(kind, &setting.id, data).unwrap();
            }
        }
        screen
    }

    fn check(&self, screen: &ScreenSetup) -> Result<(), PartFault> {
        let file = self.file.lock().unwrap();
        let lines = file.lines.iter().chain(screen.lines.values());
        let agents = screen.agents.values().map(|kept| &kept.agent);
        let agents = file.agents.iter().chain(agents);
        let trunks = screen.trunks.values().map(|kept| &kept.trunk);
        let trunks = file.trunks.iter().chain(trunks);
        let calendars = file.calendars.iter().chain(screen.calendars.values());
        let parts = Parts {
            calendars: &calendars.cloned().collect::<Vec<_>>(),
            lines: &lines.cloned().collect::<Vec<_>>(),
            agents: &agents.cloned().collect::<Vec<_>>(),
            trunks: &trunks.cloned().collect::<Vec<_>>(),
        };
        parts.check()
    }
}

fn now() -> Instant {
    Instant::from_tokyo("2026-11-24T10:00:00".parse::<NaiveDateTime>().unwrap())
}

impl Desk for TestDesk {
    fn snapshot(&self) -> Arc<DeskSnapshot> {
        self.snapshot.lock().unwrap().clone()
    }
    fn today(&self) -> Today {
        self.figures.lock().unwrap().view(now())
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
    fn status(&self) -> SystemStatus {
        SystemStatus {
            database_up: !*self.away.lock().unwrap(),
            database_since: now(),
            database_remedy: None,
            backlog: 0,
            journal_failing: false,
            demo: false,
            stopping: false,
        }
    }
    fn hours(&self, at: Instant) -> HoursStatus {
        self.calendars().desk().status(at)
    }
    fn calendars(&self) -> Arc<Calendars> {
        let setup = self.setup();
        Arc::new(Calendars::new(
            Calendar::new(HoursSettings::default()),
            setup.calendars.iter().map(|calendar| &calendar.config),
            setup.lines.iter().map(|line| &line.config),
        ))
    }
    fn setup(&self) -> Arc<DeskSetup> {
        self.setup.lock().unwrap().clone()
    }
    fn check_setup<'a>(
        &'a self,
        versions: &'a [NewVersion],
    ) -> BoxFuture<'a, Result<String, SetupRefusal>> {
        Box::pin(async move {
            let stamp = self.store.settings_stamp().await?;
            let mut screen = self.screen().await;
            for new in versions {
                screen.put(new.kind, &new.id, new.data.as_deref()).unwrap();
            }
            self.check(&screen)?;
            Ok(stamp)
        })
    }
    fn phone_hashes(&self, extension: &str, password: &str) -> PhoneHashes {
        PhoneHashes {
            extension: extension.to_owned(),
            realm: self.setup().realm.clone(),
            sha256: auth::token::hash(&format!("{extension}:{password}")),
            md5: "md5".to_owned(),
        }
    }
    fn apply_setup(&self) -> BoxFuture<'_, bool> {
        Box::pin(async {
            let screen = self.screen().await;
            let takes_up = *self.takes_up.lock().unwrap();
            if takes_up {
                let setup = DeskSetup::join(&self.file.lock().unwrap(), &screen);
                *self.setup.lock().unwrap() = Arc::new(setup);
            }
            takes_up
        })
    }
    fn call_of(&self, agent: &AgentId) -> Option<CallRecord> {
        let snapshot = self.snapshot();
        let view = snapshot.agents.iter().find(|view| view.agent == *agent)?;
        let figures = self.figures.lock().unwrap();
        figures.open_call(view.call.as_ref()?).cloned()
    }
    fn command(&self, agent: AgentId, command: AgentCommand) -> BoxFuture<'_, bool> {
        let known = agent.as_str() == "tanaka";
        self.commands.lock().unwrap().push((agent, command));
        Box::pin(async move { known })
    }
    fn request(
        &self,
        agent: AgentId,
        request: DeskRequest,
    ) -> BoxFuture<'_, Result<(), HandOnRefusal>> {
        self.requests.lock().unwrap().push((agent, request));
        let refusal = *self.refuses.lock().unwrap();
        Box::pin(async move { refusal.map_or(Ok(()), Err) })
    }
    fn jobs(&self) -> Vec<JobView> {
        let plan = |name, label| Plan {
            name,
            label,
            every: Millis(3_600_000),
            again: Millis(60_000),
        };
        let well = JobView {
            plan: plan("sessions", "終わったログインの整理"),
            last_run: Some(now()),
            last_fault: None,
            failing: false,
            running: false,
            next: Some(now() + Millis(3_600_000)),
        };
        let failing = JobView {
            plan: plan("retention", "保存期間を過ぎた記録の削除"),
            last_fault: Some((now(), NASTY.to_owned())),
            failing: true,
            ..well.clone()
        };
        vec![well, failing]
    }
    fn now(&self) -> Instant {
        *self.time.lock().unwrap() + *self.ahead.lock().unwrap()
    }
    fn monotonic(&self) -> Monotonic {
        Monotonic(self.time.lock().unwrap().0)
    }
}

struct House {
    desk: Arc<TestDesk>,
    router: Router,
    store: Store,
    settings: WebSettings,
    faq: Faq,
    /// Somebody with all roles but the auditor's.
    boss: Client,
    _folder: tempfile::TempDir,
}

/// A browser: its cookies, and the token of the forms it sees.
#[derive(Debug, Clone, Default)]
struct Client {
    cookie: String,
    csrf: String,
}

const PASSWORD: &str = "ume-sakura-ajisai-kiku";

const NASTY: &str = "<script>alert(1)</script>";

fn event(call: &str, seq: u32, secs: i64, kind: EventKind) -> CallEvent {
    CallEvent {
        call: call.into(),
        seq,
        at: Instant(now().0 - 3_600_000 + secs * 1000),
        node: "n".into(),
        line: "help".into(),
        kind,
    }
}

async fn house() -> House {
    house_with(Faq::default(), PortalSettings::default()).await
}

async fn house_with(faq: Faq, portal: PortalSettings) -> House {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.sqlite").display());
    let store = Store::open(&url).await.unwrap();
    let arrived = |from: &str| EventKind::Arrived {
        from: from.into(),
        to: "5000".into(),
        open: true,
    };
    let events = [
        event("c1", 0, 0, arrived("0312345678")),
        event(
            "c1",
            1,
            5,
            EventKind::Answered {
                agent: Some("tanaka".into()),
            },
        ),
        event(
            "c1",
            2,
            65,
            EventKind::Ended {
                cause: EndCause::Caller,
            },
        ),
        event(
            "c1",
            3,
            70,
            EventKind::WrapUpEnded {
                agent: "tanaka".into(),
            },
        ),
        event("c2", 0, 10, arrived(NASTY)),
        event(
            "c2",
            1,
            20,
            EventKind::Abandoned {
                reason: AbandonReason::CallerHangup,
            },
        ),
    ];
    store.append(&events).await.unwrap();
    let settings = WebSettings {
        allowed_hosts: vec!["desk.example".into()],
        dates: DateStyle::Both,
        sessions: SessionLimits {
            idle: Millis::from_secs(3_600),
            absolute: Millis::from_secs(12 * 3_600),
        },
        password_age: None,
        second_factor_roles: BTreeSet::from([Role::Reporter]),
        unused_after: Millis::from_secs(60 * 86_400),
        requests_per_second: 100,
        streams_at_most: 100,
        streams_per_visitor: 50,
        trusted_proxies: Vec::new(),
        encrypted: false,
        provider: None,
        manual_reader: None,
        scanner: None,
        portal,
    };
    let mut figures = LiveFigures::new(FiguresSettings::default(), now());
    for event in &events {
        figures.apply(event);
    }
    let agents = (0..40).map(|n| AgentView {
        agent: if n == 0 {
            "tanaka".into()
        } else {
            AgentId::new(format!("a{n}"))
        },
        name: format!("担当者{n}{NASTY}"),
        extension: (200 + n).to_string(),
        state: AgentState::Away {
            reason: NASTY.into(),
        },
        since: now(),
        call: None,
        next: None,
        reachable: true,
    });
    let snapshot = DeskSnapshot {
        outbound: Default::default(),
        waiting: vec![WaitingCall {
            call: "c3".into(),
            line: "help".into(),
            from: NASTY.into(),
            arrived_at: Instant(now().0 - 30_000),
            ringing: None,
        }],
        agents: agents.collect(),
        ..DeskSnapshot::default()
    };
    let desk = Arc::new(TestDesk {
        snapshot: Mutex::new(Arc::new(snapshot)),
        figures: Mutex::new(figures),
        changes: watch::Sender::new(0),
        time: Mutex::new(now()),
        ahead: Mutex::default(),
        away: Mutex::default(),
        commands: Mutex::default(),
        requests: Mutex::default(),
        refuses: Mutex::default(),
        store: store.clone(),
        setup: Mutex::new(Arc::new(DeskSetup::join(&file(), &ScreenSetup::default()))),
        file: Mutex::new(file()),
        takes_up: Mutex::new(true),
        sounds: Default::default(),
    });
    let router = router(
        desk.clone(),
        store.clone(),
        settings.clone(),
        &[7; 32],
        faq.clone(),
    );
    let mut house = House {
        desk,
        router,
        store,
        settings,
        faq,
        boss: Client::default(),
        _folder: folder,
    };
    let roles = Role::ALL.into_iter();
    let roles: Vec<_> = roles
        .filter(|role| !matches!(role, Role::Auditor | Role::Reporter))
        .collect();
    house.boss = house.user("boss", &roles).await;
    house
}

impl House {
    /// The same desk, behind proxies that encrypt.
    fn behind_proxies(&mut self) {
        let settings = WebSettings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..self.settings.clone()
        };
        let (desk, store) = (self.desk.clone(), self.store.clone());
        self.router = router(desk, store, settings, &[7; 32], self.faq.clone());
    }

    /// Adds a user and signs them in.
    async fn user(&self, login: &str, roles: &[Role]) -> Client {
        self.add_user(login, roles).await;
        let (status, client) = self.sign_in(login, PASSWORD).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        client
    }

    async fn add_user(&self, login: &str, roles: &[Role]) -> UserId {
        let account = operator::NewAccount {
            login,
            name: "見本",
            roles,
            agent: None,
            password: PASSWORD,
            must_change: false,
        };
        operator::add_account(&self.store, &account, now())
            .await
            .unwrap()
    }

    /// Signs in as a browser does: opens the form, sends it, keeps the cookies.
    async fn sign_in(&self, login: &str, password: &str) -> (StatusCode, Client) {
        let mut client = Client::default();
        self.open(&mut client, "/sign-in").await;
        let body = format!("login={login}&password={}", crate::query::escape(password));
        let (status, _, _) = self.submit(&mut client, "/sign-in", &body).await;
        if status == StatusCode::SEE_OTHER {
            self.open(&mut client, "/account").await;
        }
        (status, client)
    }

    /// Gives the password once more.
    async fn prove(&self, client: &mut Client) {
        self.open(client, "/account/confirm").await;
        let body = format!("password={PASSWORD}");
        let (status, ..) = self.submit(client, "/account/confirm", &body).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }

    /// Opens a page; remembers cookies and the token of its form.
    async fn open(&self, client: &mut Client, path: &str) -> (StatusCode, String) {
        let (status, _, html) = self.open_from(client, path).await;
        (status, html)
    }

    /// Opens a page; gives where it leads to as well.
    async fn open_from(&self, client: &mut Client, path: &str) -> (StatusCode, String, String) {
        let request = Request::get(path)
            .header("host", "localhost:8080")
            .header("cookie", &client.cookie);
        self.pass(client, request.body(Body::empty()).unwrap())
            .await
    }

    /// Sends a form with its token; gives status, where it leads to, and the page.
    async fn submit(
        &self,
        client: &mut Client,
        path: &str,
        body: &str,
    ) -> (StatusCode, String, String) {
        let body = format!("{body}&_csrf={}", client.csrf);
        let request = Request::post(path)
            .header("host", "localhost:8080")
            .header("cookie", &client.cookie)
            .header("origin", "http://localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded");
        self.pass(client, request.body(Body::from(body)).unwrap())
            .await
    }

    async fn pass(
        &self,
        client: &mut Client,
        request: Request<Body>,
    ) -> (StatusCode, String, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            client.keep(cookie.to_str().unwrap());
        }
        let place = response.headers().get("location");
        let place = place.map_or("", |place| place.to_str().unwrap()).to_owned();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        let html = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((_, rest)) = html.split_once("name=\"_csrf\" value=\"") {
            client.csrf = rest.split('"').next().unwrap().to_owned();
        }
        (status, place, html)
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header("host", "localhost:8080")
            .header("cookie", &self.boss.cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends something to be changed, as the page's script does.
    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> StatusCode {
        let mut request = Request::post(path)
            .header("host", "localhost:8080")
            .header("cookie", &self.boss.cookie)
            .header("x-csrf-token", &self.boss.csrf);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
            .0
    }

    fn set_time(&self, at: Instant) {
        *self.desk.time.lock().unwrap() = at;
    }

    /// Sets the clock on the wall, as an operator does, without any time passing.
    fn set_wall(&self, at: Instant) {
        let passed = *self.desk.time.lock().unwrap();
        *self.desk.ahead.lock().unwrap() = at - passed;
    }

    /// Lets time pass.
    fn let_pass(&self, time: Millis) {
        let mut now = self.desk.time.lock().unwrap();
        *now = *now + time;
    }
}

impl Client {
    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap();
        let name = pair.split('=').next().unwrap();
        let mut kept: Vec<&str> = self
            .cookie
            .split("; ")
            .filter(|kept| !kept.is_empty() && kept.split('=').next() != Some(name))
            .collect();
        if !cookie.contains("Max-Age=0") {
            kept.push(pair);
        }
        self.cookie = kept.join("; ");
    }
}
