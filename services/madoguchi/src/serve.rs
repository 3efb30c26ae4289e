//! Starts the whole desk and stops it: the order in which the rooms are opened and closed.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::id::{LineName, NodeName, RunId};
use madoguchi_core::live::DeskSnapshot;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_core::today::LiveFigures;
use madoguchi_endpoint::media::{MediaSettings, Sounds};
use madoguchi_endpoint::settings::Listen;
use madoguchi_endpoint::shell::{Endpoint, EndpointDeps, StartError};
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_store::delivery::Delivery;
use madoguchi_store::journal::{Journal, JournalError, JournalOptions, SyncMode};
use madoguchi_store::{Fault, Store, Transport};
use madoguchi_web::{Faq, Seal, StoredLibrary, operator};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use crate::announcements::{ActiveSounds, recordings};
use crate::clock_watch::ClockWatch;
use crate::config::Config;
use crate::descriptors::{self, Budget};
use crate::installation::{Installation, Remembering};
use crate::listening::{self, Service};
use crate::live::LiveDesk;
use crate::nodes::{self, Lease, Nodes};
use crate::scheduler::Scheduler;
use crate::sealing::Sealing;
use crate::setup::{self, Setup};
use crate::signals::{Signals, Told};
use crate::{
    housekeeping, journaling, key, knowledge, pages, periodic, presence, private_file, recovery,
    store_fault,
};

/// How the desk is started.
#[derive(Debug, Clone)]
pub struct Start {
    /// The settings.
    pub config: Config,
    /// The file that they were read from, to be read again when the operator asks for it.
    pub config_file: Option<PathBuf>,
    /// Where journal and database are.
    pub data_dir: PathBuf,
    /// The desk's clock.
    pub clock: Arc<dyn Clock>,
    /// Pages say that this is a demonstration.
    pub demo: bool,
    /// How often it is looked whether the certificate of the pages was renewed.
    pub certificates_every: Duration,
    /// The articles are searched. What never asks for them is spared the dictionary.
    pub knowledge: bool,
}

impl Start {
    /// By the machine's clock, in earnest.
    pub fn new(config: Config, data_dir: &Path) -> Self {
        Self {
            config,
            config_file: None,
            data_dir: data_dir.to_owned(),
            clock: Arc::new(SystemClock),
            demo: false,
            certificates_every: Duration::from_secs(30),
            knowledge: true,
        }
    }
}

/// How long a stop waits for the last records of what agents asked for by telephone.
const PRESENCE_WITHIN: Duration = Duration::from_secs(5);

/// A running desk.
#[derive(Debug)]
pub struct Running {
    endpoint: Endpoint,
    web: SocketAddr,
    web_task: JoinHandle<()>,
    live: Arc<LiveDesk>,
    store: Store,
    delivery: Delivery,
    writer: std::thread::JoinHandle<()>,
    presence: JoinHandle<()>,
    scheduler: Scheduler,
    watching: JoinHandle<()>,
    nodes: JoinHandle<()>,
    node: NodeName,
    run: RunId,
    certificates: Arc<Notify>,
    config_file: Option<PathBuf>,
    grace: Duration,
}

impl Running {
    /// Where SIP is heard.
    pub fn sip(&self) -> &[Listen] {
        self.endpoint.listening()
    }

    /// Where pages and API are.
    pub fn web(&self) -> SocketAddr {
        self.web
    }

    /// The desk as pages see it.
    pub fn live(&self) -> &LiveDesk {
        &self.live
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads certificates and the settings file again. A file that the desk cannot work with leaves
    /// everything as it is.
    pub async fn reload(&self) {
        self.certificates.notify_one();
        let (Some(path), Some(setup)) = (&self.config_file, self.live.setup.get()) else {
            return;
        };
        let reloaded = match Config::load(Some(path)) {
            Ok(file) => setup.reload(file, &self.live).await,
            Err(error) => Err(error.into()),
        };
        match reloaded {
            Ok(()) => tracing::info!("the settings file was read again"),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the settings file cannot be taken up; the settings before stay in force"
            ),
        }
    }

    /// Takes no more calls, tells those who wait, lets talks end (for a while), hangs up the rest,
    /// writes everything down, and stops.
    pub async fn stop(mut self) {
        tracing::info!("stopping; calls may end in the meantime");
        self.live.set_stopping();
        self.endpoint.stop(self.grace).await;
        self.web_task.abort();
        self.scheduler.stop().await;
        drop(self.endpoint);
        if tokio::task::spawn_blocking(move || self.writer.join())
            .await
            .is_err()
        {
            tracing::error!("the journal ended by itself");
        }
        let left = self.delivery.finish().await;
        if left > 0 {
            tracing::warn!(
                events = left,
                "the database is away; the journal keeps the rest"
            );
        }
        // Ends by itself once it has written what is left; a database that is away is not waited for.
        if tokio::time::timeout(PRESENCE_WITHIN, &mut self.presence)
            .await
            .is_err()
        {
            self.presence.abort();
            tracing::warn!("what agents last asked for by telephone is not recorded");
        }
        self.nodes.abort();
        nodes::leave(&self.store, &self.node, &self.run).await;
        self.watching.abort();
        self.store.close().await;
        tracing::info!("stopped");
    }
}

/// Starts the desk.
pub async fn start(start: Start) -> anyhow::Result<Running> {
    let Start {
        config,
        config_file,
        data_dir,
        clock,
        demo,
        certificates_every,
        knowledge: searched,
    } = start;
    madoguchi_metrics::metrics().build_info.set(
        env!("CARGO_PKG_VERSION"),
        option_env!("MADOGUCHI_COMMIT").unwrap_or("unknown"),
    );
    let budget = Budget::of(&config, descriptors::raise_limit());
    budget.log();
    if let Some(fault) = budget.fault() {
        tracing::warn!(fault, "too few file descriptors");
    }
    private_file::create_dir_all(&data_dir)
        .with_context(|| format!("データディレクトリ {} を作成できません", data_dir.display()))?;
    match private_file::tighten(&data_dir) {
        Ok(0) => {}
        Ok(files) => tracing::warn!(
            files,
            "files that others could read are for the program alone now"
        ),
        Err(error) => {
            tracing::warn!(%error, "the files of the data directory cannot be kept from others")
        }
    }
    let web = bind_web(config.web.listen, demo).await?;
    let installation = Installation::load(&data_dir)?;
    let url = config.store_url(&data_dir)?;
    let store = Store::prepare(&url, installation.expected(&url, &data_dir))
        .map_err(|error| anyhow::anyhow!(store_fault::told(&error)))?;
    if Transport::of(&url) == Some(Transport::Plain) {
        tracing::warn!(
            "what goes to the database on another machine is not surely encrypted: set sslmode=verify-full"
        );
    }
    let joined = join(&store, clock.now()).await?;
    let watching = store.clone().keep_watch(config.node.clone(), clock.clone());
    let watching = tokio::spawn(watching);
    let sync = if config.journal.sync {
        SyncMode::Always
    } else {
        SyncMode::Never
    };
    let options = JournalOptions {
        sync,
        ..JournalOptions::default()
    };
    let (journal, reader, found) =
        Journal::open(&data_dir.join("journal"), options).map_err(unusable_journal)?;
    if !found.damaged.is_empty() || !found.cut.is_empty() {
        tracing::warn!(damaged = ?found.damaged, cut = ?found.cut, "parts of the journal are damaged");
    }
    let delivery = Delivery::start(reader, store.clone(), clock.clone());
    // The past is whole only if the database has it; otherwise it is taken up later.
    let whole = joined && recovery::delivered(delivery.status()).await;
    let node = NodeName::new(&config.node);
    let run = RunId::new(format!("{:016x}", rand::random::<u64>()));
    let lease_length = Millis::from_secs(i64::from(config.node_lease_s));
    let lease = Lease::new(node.clone(), run.clone(), lease_length, &data_dir);
    let key_mark = match &installation.key_mark {
        None if joined => store.lookup_installation("key").await?,
        known => known.clone(),
    };
    let key = key::load(
        config.web.key_file.as_deref(),
        &data_dir,
        key_mark.is_some(),
    )?;
    let file = config;
    let kept = if joined {
        setup::Kept::load_and_save(&store, &data_dir).await?
    } else {
        setup::Kept::saved(&data_dir)?
    };
    let seal = Seal::new(&key);
    let mut config = setup::opened(&file, &kept.screen, &seal);
    let recordings = recordings::folder(&data_dir);
    recordings::join(&mut config, &kept.announcements, &store, &recordings).await?;
    setup::check_joined(&config)?;
    let figures = LiveFigures::new(config.figures_settings(), clock.now());
    let in_store = nodes::kept_presences(&store).await;
    let presences = found.presences.into_iter().chain(in_store);
    let restored = presence::restored(presences, &config, clock.now());
    let (snapshots, snapshot) = watch::channel(Arc::new(DeskSnapshot::default()));
    let (to_journal, batches) = mpsc::unbounded_channel();
    let (dialled, dialled_states) = mpsc::unbounded_channel();
    let calendar = config.calendar()?;
    let live = Arc::new(LiveDesk::new(
        clock.clone(),
        (calendar.clone(), setup::desk_setup(&file, &kept)),
        demo,
        figures,
        snapshot,
        delivery.status(),
        store.health(),
    ));
    let mut nodes = Nodes::new(store.clone(), live.clone(), lease, found.undelivered);
    if joined {
        nodes.join(whole).await?;
    }
    let engine_settings = EngineSettings {
        node: node.clone(),
        lines: config.line_settings()?,
        agents: config.agent_settings(),
        calendar,
        outbound: config.outbound_rules(),
    };
    let mut engine = Engine::new(engine_settings, clock.moment());
    for (agent, talked) in nodes.minutes_before().await {
        engine.restore_outbound(&agent, talked);
    }
    let sounds = sounds(&config)?;
    live.announcements.speak_with(config.voice.clone());
    live.announcements
        .put(ActiveSounds::new(&config, sounds.clone(), &recordings));
    let around = EndpointDeps {
        clock,
        journal: to_journal,
        snapshots,
        dialled,
        restored,
        registrations: Some(data_dir.join("registrations.json")),
        run: run.clone(),
    };
    let nonce_secret = rand::random();
    let endpoint = Endpoint::start(
        config.endpoint_settings(nonce_secret)?,
        media_settings(&config, &sounds),
        sounds,
        engine,
        around,
    )
    .await
    .map_err(|error| cannot_start(error, demo))?;
    let setup = Arc::new(Setup::new(
        file,
        store.clone(),
        endpoint.clone(),
        nonce_secret,
        seal,
        kept.stamp,
        data_dir.clone(),
    ));
    // Set once, here.
    let _first = live.endpoint.set(endpoint.clone());
    let _first = live.setup.set(setup.clone());
    let writer = journaling::start(journal, batches, endpoint.clone(), live.clone())?;
    let presence = tokio::spawn(presence::keep(store.clone(), dialled_states));
    let nodes = tokio::spawn(nodes.follow());
    watch_for_changes(&live);
    let web_addr = web.local_addr()?;
    let web_settings = config.web_settings()?;
    let faq = Faq {
        library: Some(Arc::new(StoredLibrary::new(
            store.clone(),
            live.clock.clone(),
        ))),
        ..Faq::default()
    };
    let (clock, limits) = (live.clock.clone(), web_settings.sessions);
    let mut work = vec![
        periodic::job(
            periodic::SETTINGS,
            setup::Following {
                setup,
                live: live.clone(),
            },
        ),
        periodic::job(
            periodic::CLOCK,
            ClockWatch::new(clock.clone(), data_dir.clone()),
        ),
        periodic::job(
            periodic::SESSIONS,
            housekeeping::Sessions {
                store: store.clone(),
                clock: clock.clone(),
                limits,
            },
        ),
        periodic::job(
            periodic::RETENTION,
            housekeeping::Retention::new(store.clone(), clock.clone()),
        ),
        periodic::job(
            periodic::AUDIT_END,
            housekeeping::AuditEnd {
                store: store.clone(),
            },
        ),
        periodic::job(
            periodic::SEALING,
            Sealing {
                store: store.clone(),
                seal: Seal::new(&key),
            },
        ),
        periodic::job(
            periodic::INSTALLATION,
            Remembering {
                installation,
                store: store.clone(),
                key,
                data_dir: data_dir.clone(),
            },
        ),
    ];
    if searched {
        let following = knowledge::Following {
            config: config.knowledge.clone(),
            data_dir,
            store: store.clone(),
            clock: clock.clone(),
            shown: faq.knowledge.clone(),
            opened: None,
        };
        work.push(periodic::job(periodic::KNOWLEDGE, following));
    }
    let scheduler = Scheduler::start(work, clock);
    // Set once, here.
    let _first = live.jobs.set(scheduler.jobs());
    let router = madoguchi_web::router(live.clone(), store.clone(), web_settings, &key, faq);
    let certificates = Arc::new(Notify::new());
    let renewal = pages::Renewal {
        every: certificates_every,
        asked: certificates.clone(),
    };
    let web_task = pages::serve(web, &config.web, &budget, router, renewal).await?;
    let grace = Duration::from_secs(u64::from(config.sip.stop_grace_s));
    Ok(Running {
        endpoint,
        web: web_addr,
        web_task,
        live,
        store,
        delivery,
        writer,
        presence,
        scheduler,
        watching,
        nodes,
        node,
        run,
        certificates,
        config_file,
        grace,
    })
}

/// Runs the desk until the operator stops it.
pub async fn run(how: Start) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let running = tokio::select! {
        running = start(how) => running?,
        () = signals.stop() => return Ok(()),
    };
    for listen in running.sip() {
        tracing::info!(transport = ?listen.transport, address = %listen.addr, "SIP is heard");
    }
    tracing::info!(address = %running.web(), "pages are served");
    let (store, clock) = (running.store().clone(), running.live().clock.clone());
    let first = tokio::spawn(async move {
        if store
            .health()
            .wait_for(|health| health.is_up())
            .await
            .is_err()
        {
            return;
        }
        match operator::ensure_administrator(&store, clock.now()).await {
            Ok(Some(password)) => tell_first_password(&password),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "whether somebody can sign in is not known"),
        }
    });
    while signals.next().await == Told::Reload {
        running.reload().await;
    }
    first.abort();
    stop(running, signals).await;
    Ok(())
}

/// Whether the database could be joined. If not, the desk starts without it: calls are taken, and
/// the journal keeps them.
///
/// # Errors
/// A newer program has changed it: this one is the wrong one.
async fn join(store: &Store, now: Instant) -> anyhow::Result<bool> {
    let Err(error) = store.join().await else {
        store.note_joined(now);
        return Ok(true);
    };
    let fault = error.fault().unwrap_or(Fault::Other);
    let told = store_fault::told(&error);
    anyhow::ensure!(fault != Fault::Newer, told);
    store.note_fault(fault, now);
    tracing::error!(
        cause = fault.as_str(),
        remedy = told,
        "the desk starts without its database; calls are taken and kept in the journal"
    );
    Ok(false)
}

/// The one place where the first password can be read: the terminal of whoever started the desk.
fn tell_first_password(password: &str) {
    let text = format!(
        "\n  最初の管理者のアカウントを作りました。このパスワードは、もう表示されません。\n\n    \
         ログイン名: {}\n    パスワード: {password}\n\n  \
         ログインすると、パスワードの変更を求められます。\n\n",
        operator::ADMINISTRATOR
    );
    // Nobody may be looking; then the operator makes another account (madoguchi account add).
    let _gone = std::io::stdout().write_all(text.as_bytes());
}

/// Stops; whoever asks a second time does not want to wait for calls.
pub(crate) async fn stop(running: Running, mut signals: Signals) {
    let endpoint = running.endpoint.clone();
    let hurry = tokio::spawn(async move {
        signals.stop().await;
        tracing::warn!("stopping at once");
        endpoint.stop(Duration::ZERO).await;
    });
    running.stop().await;
    hurry.abort();
}

/// Says what keeps the journal from being opened.
fn unusable_journal(error: JournalError) -> anyhow::Error {
    if let JournalError::InUse { .. } = error {
        return anyhow::anyhow!(
            "データディレクトリは、動作中のほかの madoguchi が使っています。\
             「--data-dir」で、別のディレクトリを指定してください"
        );
    }
    anyhow::Error::new(error).context("記録ファイル(journal)を開けません")
}

async fn bind_web(addr: SocketAddr, demo: bool) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(addr).await;
    bound.map_err(|error| anyhow::anyhow!(listening::fault(Service::Pages, addr, &error, demo)))
}

/// Says what keeps calls from being taken.
fn cannot_start(error: StartError, demo: bool) -> anyhow::Error {
    if let StartError::Listen { addr, source, .. } = &error {
        return anyhow::anyhow!(listening::fault(Service::Sip, *addr, source, demo));
    }
    error.into()
}

fn media_settings(config: &Config, sounds: &Sounds) -> MediaSettings {
    let has = |v4: bool| {
        config
            .sip
            .listen
            .iter()
            .any(|listen| listen.contains("://[") != v4)
    };
    MediaSettings {
        bind_v4: has(true).then_some(std::net::Ipv4Addr::UNSPECIFIED),
        bind_v6: has(false).then_some(std::net::Ipv6Addr::UNSPECIFIED),
        dscp: config.media.dscp,
        ports: config.media.first_port..=config.media.last_port,
        rtp_timeout: Millis::from_secs(i64::from(config.media.rtp_timeout_s)),
        music: sounds.music(None),
    }
}

pub(crate) fn sounds(config: &Config) -> anyhow::Result<Sounds> {
    let lines = config
        .lines
        .iter()
        .filter(|line| !line.announcements.is_empty())
        .map(|line| (LineName::new(&line.name), line.announcements.clone()))
        .collect();
    Ok(Sounds::load(&config.announcements, &lines)?)
}

/// Whatever the board shows besides events tells that it changed, too.
fn watch_for_changes(live: &Arc<LiveDesk>) {
    let (mut snapshots, mut delivery) = (live.snapshots.clone(), live.delivery.clone());
    let live = live.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                changed = delivery.changed() => if changed.is_err() { return },
            }
            live.note_change();
        }
    });
}
