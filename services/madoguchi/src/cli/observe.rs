//! `madoguchi observe`: the thin shell around `telephony/observe`.

mod files;
mod folder;
mod hep;
mod sink;

use std::path::{Path, PathBuf};

use madoguchi_observe::counting::Counting;
use madoguchi_observe::observer::{Observer, Progress};
use madoguchi_observe::rows;

use self::sink::Sink;
use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::{Config, HepListen};
use crate::setup;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 取得ファイル(pcap、pcapng)。「-」は標準入力です(例: tcpdump -w - … | madoguchi observe -)
    files: Vec<PathBuf>,
    /// 何も保存せず、ダイアログと通話を JSON の行で出力します
    #[arg(long)]
    print: bool,
    /// HEP(バージョン3)を待ち受けるアドレス(udp://… か tcp://…)。省略時は設定ファイルの observe.hep です
    #[arg(long, value_name = "ADDRESS")]
    hep: Vec<HepListen>,
    /// このフォルダーの取得ファイルを、増えた分だけ読み続けます。省略時は設定ファイルの observe.folder です
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// What understands packets, and where goes what it finds.
pub(super) struct Observing {
    observer: Observer,
    sink: Sink,
}

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let mut listen = args.hep;
    let mut folder = args.folder;
    if args.files.is_empty() {
        if listen.is_empty() {
            listen = config.observe.listen()?;
        }
        folder = folder.or_else(|| config.observe.folder.clone());
        if listen.is_empty() && folder.is_none() {
            return Err(CliError::Usage(
                "取得ファイル、--hep、--folder のどれかを指定してください".to_owned(),
            ));
        }
    }
    let sink = if args.print {
        Sink::Print
    } else {
        let store = open_store(config, data_dir).await?;
        let joined = setup::joined(config, &store).await?;
        let counting = Counting::new(joined.observe_rules()?, config.node.as_str().into());
        Sink::store(store, joined.calendars()?, counting)
    };
    let mut observing = Observing {
        observer: Observer::new(config.observe.join()),
        sink,
    };
    let mut whole = true;
    if !args.files.is_empty() {
        whole = files::read(&mut observing, &args.files).await?;
    }
    if !listen.is_empty() || folder.is_some() {
        let key = config.observe.key()?;
        hep::follow(&mut observing, &listen, key, folder.as_deref()).await?;
    }
    observing.finish().await?;
    if whole { Ok(()) } else { Err(CliError::Partly) }
}

impl Observing {
    fn take(&mut self, progress: &Progress) {
        match &mut self.sink {
            Sink::Print => {
                for line in progress.closed.iter().flat_map(rows::lines) {
                    print(&format!("{line}\n"));
                }
            }
            Sink::Store(kept) => kept.take(&self.observer, progress),
        }
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
        self.take(&progress);
        self.flush().await?;
        let counts = self.observer.counts();
        let agreement = self.observer.agreement();
        complain(&format!(
            "パケット {}、SIPメッセージ {}(別の観測点でも見たもの {}、再送 {}、読めなかったもの {})、\
             読み方の違い {}、断ったダイアログ {}",
            counts.packets,
            counts.messages,
            counts.second_probe,
            counts.repeated,
            counts.unreadable,
            agreement.refused() + agreement.different(),
            self.observer.calls().turned_away(),
        ));
        if let Sink::Store(kept) = self.sink {
            kept.close().await;
        }
        Ok(())
    }
}
