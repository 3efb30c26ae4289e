//! `madoguchi observe`: the thin shell around `telephony/observe`.

mod files;
mod folder;
mod hep;
mod metrics;
mod sink;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use madoguchi_core::setup::HepListen;
use madoguchi_core::signal::SignalKind;
use madoguchi_observe::counting::Counting;
use madoguchi_observe::observer::{Observer, Progress};
use madoguchi_observe::rows;
use madoguchi_web::Seal;

use self::metrics::Meter;
use self::sink::Sink;
use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;
use crate::signal_log::SignalBuffer;
use crate::{housekeeping, key, pages, setup};

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
}

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let (config, sink) = if args.print {
        (config.clone(), Sink::Print)
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
    };
    if let Sink::Store(kept) = &observing.sink
        && kept.keeps_messages()
    {
        observing.observer.keep_messages();
    }
    let mut whole = true;
    if !args.files.is_empty() {
        whole = files::read(&mut observing, &args.files).await?;
    }
    if !listen.is_empty() || folder.is_some() {
        let doors = hep::Doors {
            listen,
            key: config.observe.key()?,
            tls: pages::tls(&config.web).await?,
        };
        hep::follow(&mut observing, doors, folder.as_deref()).await?;
    }
    observing.finish().await?;
    if whole { Ok(()) } else { Err(CliError::Partly) }
}

/// The store as the place where calls go, and the settings of file and screens.
async fn open_sink(config: &Config, data_dir: &Path) -> Result<(Config, Sink), CliError> {
    let store = open_store(config, data_dir).await?;
    let kept = setup::StoredSetup::load(&store).await?;
    // Without a key nothing was ever sealed.
    let file = key::path(config.web.key_file.as_deref(), data_dir);
    let seal = if file.exists() {
        let key = key::load(config.web.key_file.as_deref(), data_dir, true)?;
        Some(Seal::new(&key))
    } else {
        None
    };
    let joined = setup::opened_if(config, &kept.screen, seal.as_ref());
    let wants_key = kept.screen.observe.hep_key.is_some();
    if wants_key && joined.observe.key()?.is_none() {
        // Without it, whoever sends would be heard.
        return Err(CliError::Failed(anyhow::anyhow!(
            "画面で保存した HEP の合言葉を読めません。鍵のファイル(web.key_file)を元に戻すか、合言葉を入力し直してください"
        )));
    }
    let counting = Counting::new(joined.observe_rules(), config.node.as_str().into());
    let retention = housekeeping::signal_retention(&store).await;
    let retention = retention.map_err(anyhow::Error::from)?;
    let calendars = joined.calendars()?;
    let sink = Sink::store(
        store,
        calendars,
        counting,
        SignalBuffer::new(retention, SignalKind::Observed),
    );
    Ok((joined, sink))
}

impl Observing {
    fn take(&mut self, mut progress: Progress) {
        match &mut self.sink {
            Sink::Print => {
                for line in progress.closed.iter().flat_map(rows::lines) {
                    print(&format!("{line}\n"));
                }
            }
            Sink::Store(kept) => kept.take(&self.observer, &mut progress),
        }
    }

    /// Brings what is measured up to date.
    fn measure(&mut self) {
        let tally = match &self.sink {
            Sink::Print => None,
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

    /// Stores all that waits to be stored.
    async fn flush(&mut self) -> Result<(), CliError> {
        match &mut self.sink {
            Sink::Store(kept) => kept.flush().await,
            Sink::Print => Ok(()),
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
