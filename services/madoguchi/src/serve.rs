//! Starts the whole desk: the order in which the rooms are opened.

mod opening;
mod running;
mod work;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::id::{NodeName, RunId};
use madoguchi_core::live::DeskSnapshot;
use madoguchi_core::time::Millis;
use madoguchi_core::today::LiveFigures;
use madoguchi_endpoint::shell::{Endpoint, EndpointDeps};
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_store::delivery::Delivery;
use madoguchi_web::{Faq, Seal, StoredLibrary, WebSettings, operator};
use tokio::sync::{Notify, mpsc, watch};

use self::opening::{bind_web, cannot_start, join, open_data_dir, open_journal, prepare_store};
pub use self::running::Running;
use self::work::Periodic;
use crate::announcements::{ActiveSounds, recordings};
use crate::config::Config;
use crate::descriptors::{self, Budget};
use crate::installation::Installation;
use crate::live::LiveDesk;
use crate::nodes::{self, Lease, Nodes};
use crate::scheduler::Scheduler;
use crate::setup::{self, Setup};
use crate::signal_log::own;
use crate::signals::{OperatorSignal, Signals};
use crate::{journaling, key, pages, presence, recovery, sounds};

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
    /// This program, which reads foreign files in a process of its own.
    pub program: Option<PathBuf>,
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
            program: None,
            knowledge: true,
        }
    }
}

/// This program, even if another has come to its place since it was started.
pub(crate) fn own_program() -> Option<PathBuf> {
    let program = PathBuf::from("/proc/self/exe");
    program.exists().then_some(program)
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
        program,
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
    open_data_dir(&data_dir)?;
    let web = bind_web(config.web.listen, demo).await?;
    let installation = Installation::load(&data_dir)?;
    let store = prepare_store(&config, &installation, &data_dir)?;
    let joined = join(&store, clock.now()).await?;
    let watching = store.clone().keep_watch(config.node.clone(), clock.clone());
    let watching = tokio::spawn(watching);
    let (journal, reader, found) = open_journal(&config, &data_dir)?;
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
        setup::StoredSetup::load_and_save(&store, &data_dir).await?
    } else {
        setup::StoredSetup::saved(&data_dir)?
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
    let calendars = config.calendars()?;
    let calendar = calendars.desk().clone();
    let live = Arc::new(LiveDesk::new(
        clock.clone(),
        (calendars, setup::desk_setup(&file, &kept)),
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
    let elsewhere = live.others().take_outbound(clock.now());
    if let Some(used) = elsewhere {
        engine.set_outbound_elsewhere(used, clock.moment());
    }
    let sounds = sounds::load(&config)?;
    live.announcements.speak_with(config.voice.clone());
    live.announcements
        .put(ActiveSounds::new(&config, sounds.clone(), &recordings));
    let (to_signals, signals) = mpsc::channel(own::WAITING_AT_MOST);
    let signals = tokio::spawn(own::keep(store.clone(), clock.clone(), signals));
    let deps = EndpointDeps {
        clock,
        journal: to_journal,
        snapshots,
        dialled,
        restored,
        signals: Some(to_signals),
        registrations: Some(data_dir.join("registrations.json")),
        run: run.clone(),
    };
    let nonce_secret = rand::random();
    let endpoint = Endpoint::start(
        config.endpoint_settings(nonce_secret)?,
        sounds::media_settings(&config, &sounds, &budget),
        sounds,
        engine,
        deps,
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
    let web_settings = WebSettings {
        manual_reader: program,
        ..config.web_settings()?
    };
    let faq = Faq {
        library: Some(Arc::new(StoredLibrary::new(
            store.clone(),
            live.clock.clone(),
        ))),
        ..Faq::default()
    };
    let (clock, limits) = (live.clock.clone(), web_settings.sessions);
    let search = searched.then(|| faq.knowledge.clone());
    let work = Periodic {
        setup,
        live: live.clone(),
        store: store.clone(),
        limits,
        seal: Seal::new(&key),
        installation,
        key,
        data_dir,
        knowledge: config.knowledge.clone(),
        search,
        sites: web_settings.portal.sites.clone(),
    };
    let scheduler = Scheduler::start(work.jobs(), clock);
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
        signals,
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
    while signals.next().await == OperatorSignal::Reload {
        running.reload().await;
    }
    first.abort();
    stop(running, signals).await;
    Ok(())
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
