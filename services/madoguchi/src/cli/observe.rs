//! `madoguchi observe`: the thin shell around `telephony/observe`.

mod files;
mod folder;
mod hep;
mod metrics;
mod name;
mod settings;
mod sink;
mod stop;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_core::setup::HepListen;
use madoguchi_observe::capture::{Micros, Packet};
use madoguchi_observe::observer::{Observer, Progress};
use madoguchi_observe::rows;
use tokio::time::{Interval, MissedTickBehavior};

use self::metrics::Meter;
use self::name::HeldName;
use self::settings::Settings;
use self::sink::Sink;
use self::stop::Stop;
use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;
use crate::pages;

/// How often, while observing goes on, time is let pass, a folder is looked at, and events are stored.
const TICK_SECS: u32 = 1;
/// Ticks after which changed settings are looked for.
const TICKS_BETWEEN_SETTINGS: u32 = 5;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 取得ファイル(pcap、pcapng)。「-」は標準入力です(例: tcpdump -w - … | madoguchi observe -)
    files: Vec<PathBuf>,
    /// 何も保存せず、ダイアログと通話を JSON の行で出力します
    #[arg(long)]
    print: bool,
    /// HEP(バージョン3)を待ち受けるアドレス(udp://…、tcp://…、tls://…)。省略時は設定の observe.hep です
    #[arg(long, value_name = "ADDRESS")]
    hep: Vec<HepListen>,
    /// このフォルダーの取得ファイルを、増えた分だけ読み続けます。省略時は設定ファイルの observe.folder です
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// 動作指標を Prometheus が読むアドレス(例: 127.0.0.1:9464)。省略時は設定ファイルの observe.metrics です
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

/// What understands packets, and where goes what it finds.
pub(super) struct Observing {
    observer: Observer,
    sink: Sink,
    meter: Meter,
    /// Nothing was heard since the last tick.
    is_quiet: bool,
    /// Ticks since changed settings were looked for.
    ticks: u32,
    /// Where HEP was to be received at the start.
    listen: Vec<HepListen>,
}

fn ticks() -> Interval {
    let mut ticks = tokio::time::interval(Duration::from_secs(u64::from(TICK_SECS)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let mut stop = Stop::listen()?;
    let (config, sink) = if args.print {
        let rules = Box::new(config.observe_rules());
        (config.clone(), Sink::Print(rules))
    } else {
        open_sink(config, data_dir).await?
    };
    let mut listen = args.hep;
    let mut folder = args.folder;
    if args.files.is_empty() {
        if listen.is_empty() {
            listen = config.observe.listen();
        }
        folder = folder.or_else(|| config.observe.folder.clone());
        if listen.is_empty() && folder.is_none() {
            return Err(CliError::Usage(
                "取得ファイル、--hep、--folder のどれかを指定してください".to_owned(),
            ));
        }
    }
    if let Some(address) = args.metrics.or(config.observe.metrics) {
        metrics::serve(address).await?;
    }
    let mut observing = Observing {
        observer: Observer::new(config.observe.join()),
        sink,
        meter: Meter::default(),
        is_quiet: true,
        ticks: 0,
        listen: config.observe.listen(),
    };
    if let Sink::Store(kept) = &observing.sink
        && kept.keeps_messages()
    {
        observing.observer.keep_messages();
    }
    let mut whole = true;
    if !args.files.is_empty() {
        whole = files::read(&mut observing, &args.files, &mut stop).await?;
    }
    if !stop.is_asked() && (!listen.is_empty() || folder.is_some()) {
        let doors = hep::Doors {
            listen,
            key: config.observe.key()?,
            tls: pages::tls(&config.web).await?,
        };
        hep::follow(&mut observing, doors, folder.as_deref(), &mut stop).await?;
    }
    observing.finish().await?;
    if whole { Ok(()) } else { Err(CliError::Partly) }
}

/// The store as the place where calls go, and the settings of file and screens.
async fn open_sink(config: &Config, data_dir: &Path) -> Result<(Config, Sink), CliError> {
    let store = open_store(config, data_dir).await?;
    let (settings, in_force) = Settings::load(config, data_dir, &store).await?;
    let name = HeldName::take(&store, config, data_dir).await?;
    let sink = Sink::store(store, name, settings, &in_force);
    Ok((in_force.config, sink))
}

impl Observing {
    /// Takes a packet of a capture.
    fn packet(&mut self, packet: &Packet<'_>) {
        let progress = self.observer.packet(packet);
        self.hear(progress);
    }

    /// Takes what came of something that was heard just now.
    fn hear(&mut self, progress: Progress) {
        self.is_quiet = false;
        self.take(progress);
    }

    /// At a tick: if nothing was heard since the last one, time goes on by the clock.
    fn pass_time(&mut self) {
        if std::mem::replace(&mut self.is_quiet, true) {
            let tick = Micros::from_secs(i64::from(TICK_SECS));
            let progress = self.observer.advance(self.observer.now().after(tick));
            self.take(progress);
        }
    }

    /// At a tick, now and then: the settings, if any were changed. They are in force from now on.
    async fn take_up_settings(&mut self) -> Option<Config> {
        self.ticks += 1;
        if self.ticks < TICKS_BETWEEN_SETTINGS {
            return None;
        }
        self.ticks = 0;
        let Sink::Store(kept) = &mut self.sink else {
            return None;
        };
        let changed = kept.take_up_settings().await?;
        if kept.keeps_messages() {
            self.observer.keep_messages();
        }
        self.observer.set_joining(changed.config.observe.join());
        let listen = changed.config.observe.listen();
        if listen != self.listen {
            tracing::warn!(
                "where HEP is received has changed; that needs a new start of the observation"
            );
            self.listen = listen;
        }
        Some(changed.config)
    }

    fn take(&mut self, mut progress: Progress) {
        match &mut self.sink {
            Sink::Print(rules) => {
                let closed = progress.closed.iter();
                for line in closed.flat_map(|closed| rows::lines_by(rules, closed)) {
                    print(&format!("{line}\n"));
                }
            }
            Sink::Store(kept) => kept.take(&self.observer, &mut progress),
        }
    }

    /// Brings what is measured up to date.
    fn measure(&mut self) {
        let tally = match &self.sink {
            Sink::Print(_) => None,
            Sink::Store(kept) => Some(kept.tally()),
        };
        self.meter.update(&mut self.observer, tally);
    }

    /// Stores what waits to be stored, if it is much.
    async fn keep_up(&mut self) -> Result<(), CliError> {
        match &mut self.sink {
            Sink::Store(kept) if kept.is_much() => kept.flush().await,
            _ => Ok(()),
        }
    }

    /// Stores what waits to be stored, if it is much; a store that is away is waited for.
    async fn keep_up_or_wait(&mut self) {
        if let Sink::Store(kept) = &mut self.sink
            && kept.is_much()
        {
            kept.flush_or_wait().await;
        }
    }

    /// Stores all that waits to be stored; a store that is away is waited for.
    async fn flush_or_wait(&mut self) {
        if let Sink::Store(kept) = &mut self.sink {
            kept.flush_or_wait().await;
        }
    }

    /// Stores all that waits to be stored.
    async fn flush(&mut self) -> Result<(), CliError> {
        match &mut self.sink {
            Sink::Store(kept) => kept.flush().await,
            Sink::Print(_) => Ok(()),
        }
    }

    async fn finish(mut self) -> Result<(), CliError> {
        let progress = self.observer.finish();
        self.take(progress);
        self.flush().await?;
        self.measure();
        let counts = self.observer.counts();
        let agreement = self.observer.agreement();
        complain(&format!(
            "パケット {}、SIPメッセージ {}(別の観測点でも見たもの {}、再送 {}、読めなかったもの {})、\
             読み方の違い {}({:.3}%)、断ったダイアログ {}",
            counts.packets,
            counts.messages,
            counts.second_probe,
            counts.repeated,
            counts.unreadable,
            agreement.refused() + agreement.different(),
            agreement.share() * 100.0,
            self.observer.calls().turned_away(),
        ));
        if let Sink::Store(kept) = self.sink {
            kept.close().await;
        }
        Ok(())
    }
}
