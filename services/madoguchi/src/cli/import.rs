//! `madoguchi import queue-log`, `import cdr`, `import cel`: what Asterisk writes of calls; `import calls`:
//! what others write.

pub(super) mod calls;
mod followed;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::{CallId, LineName, NodeName};
use madoguchi_core::setup::Calendars;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_observe::asterisk::{self, CelTarget};
use madoguchi_observe::counting::Rules;
use madoguchi_observe::queue_log::{self, Import, Target};
use madoguchi_store::Store;

use self::followed::Followed;
use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;
use crate::setup;
use crate::signals::{OperatorSignal, Signals};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// queue_log ファイル
    file: PathBuf,
    /// 取り込み先の回線
    #[arg(long, value_name = "NAME")]
    line: String,
    /// このキューの呼だけを取り込みます
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// 増えた分を取り込み続けます。ファイルが切り替わっても続けます
    #[arg(long)]
    follow: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RecordArgs {
    /// ファイル(Asterisk のものは、見本の設定の列の順の CSV)
    file: PathBuf,
}

/// What a file of records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Records {
    Cdr,
    Cel,
}

/// Events that one transaction takes.
const BATCH: usize = 2_000;
/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let joined = setup::joined(config, &store).await?;
    let queue_log = QueueLog::new(&args, &joined)?;
    let mut kept = CallImport::new(store);
    kept.load_open(&NodeName::new(queue_log::NODE)).await?;
    let whole = if args.follow {
        queue_log.follow(&mut kept).await
    } else {
        queue_log.import_all(&mut kept, &read(&args.file)?).await
    };
    kept.store.close().await;
    if whole? {
        Ok(())
    } else {
        Err(CliError::Partly)
    }
}

pub(super) async fn run_records(
    records: Records,
    args: RecordArgs,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let bytes = read(&args.file)?;
    let store = open_store(config, data_dir).await?;
    let joined = setup::joined(config, &store).await?;
    let (rules, calendars) = (joined.observe_rules(), joined.calendars()?);
    let is_open = |line: &LineName, at: Instant| calendars.of_line(line).status(at).open;
    let mut kept = CallImport::new(store);
    if records == Records::Cel {
        kept.load_open(&NodeName::new(asterisk::CEL_NODE)).await?;
    }
    let read = |known: &HashMap<CallId, Vec<CallEvent>>| match records {
        Records::Cdr => asterisk::read_cdr(&bytes, &rules, &is_open),
        Records::Cel => asterisk::read_cel(
            &bytes,
            CelTarget {
                rules: &rules,
                is_open: &is_open,
                now: SystemClock.now(),
                known,
            },
        ),
    };
    let mut import = read(&kept.known);
    if kept.load(&import.unbegun).await? {
        import = read(&kept.known);
    }
    kept.keep(&import).await
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &std::io::Error) -> CliError {
    CliError::of_file(file, "を読めません", error)
}

/// A log and the line that it belongs to.
struct QueueLog<'a> {
    file: &'a Path,
    line: LineName,
    queue: Option<&'a str>,
    calendars: Calendars,
    rules: Rules,
    wait_at_most: Option<Millis>,
}

impl<'a> QueueLog<'a> {
    fn new(args: &'a Args, joined: &Config) -> Result<Self, CliError> {
        let set_up = joined.lines.iter().find(|line| line.name == args.line);
        let secs = set_up.map_or(0, |line| line.max_wait_s);
        Ok(Self {
            file: &args.file,
            line: LineName::new(&args.line),
            queue: args.queue.as_deref(),
            calendars: joined.calendars()?,
            rules: joined.observe_rules(),
            wait_at_most: (secs > 0).then(|| Millis::from_secs(i64::from(secs))),
        })
    }

    /// What a log tells together with what the store knows of calls that began in an earlier one.
    async fn read(
        &self,
        kept: &mut CallImport,
        bytes: &[u8],
        is_followed: bool,
    ) -> Result<Import, CliError> {
        let read = |known: &HashMap<CallId, Vec<CallEvent>>| {
            let target = Target {
                line: &self.line,
                queue: self.queue,
                calendar: self.calendars.of_line(&self.line),
                wait_at_most: self.wait_at_most,
                now: Some(SystemClock.now()),
                is_followed,
                rules: &self.rules,
                known,
            };
            queue_log::read(bytes, target)
        };
        let import = read(&kept.known);
        if kept.load(&import.unbegun).await? {
            return Ok(read(&kept.known));
        }
        Ok(import)
    }

    /// Imports a log of which nothing more is waited for.
    async fn import_all(&self, kept: &mut CallImport, bytes: &[u8]) -> Result<bool, CliError> {
        let import = self.read(kept, bytes, false).await?;
        kept.import(&import).await
    }

    /// Stores what there is of a log that grows; tells when to look again if it does not.
    async fn store(
        &self,
        kept: &mut CallImport,
        bytes: &[u8],
    ) -> Result<Option<Instant>, CliError> {
        let import = self.read(kept, bytes, true).await?;
        kept.store(&import).await?;
        Ok(import.due)
    }

    /// Imports what comes until the operator stops it; the log may be rotated meanwhile.
    async fn follow(&self, kept: &mut CallImport) -> Result<bool, CliError> {
        let mut signals = Signals::listen().context("signals")?;
        let mut log = Followed::new(self.file);
        let mut tick = tokio::time::interval(LOOK);
        // When a call ends that nobody ended in time.
        let mut due: Option<Instant> = None;
        let mut is_away = false;
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    let grown = log.look().map_err(|error| unreadable(self.file, &error))?;
                    let now = SystemClock.now();
                    if grown || due.is_some_and(|due| due <= now) {
                        let stored = self.store(kept, log.whole_lines()).await;
                        // What was read is kept, and tried again.
                        due = stored.as_ref().map_or(Some(now), |due| *due);
                        tell_of_waiting(stored, &mut is_away);
                    }
                }
                signal = signals.next() => {
                    if signal == OperatorSignal::Stop {
                        return self.import_all(kept, log.whole_lines()).await;
                    }
                }
            }
        }
    }
}

/// Says once that the store is away.
fn tell_of_waiting<T>(stored: Result<T, CliError>, is_away: &mut bool) {
    match stored {
        Ok(_) => *is_away = false,
        Err(error) if !std::mem::replace(is_away, true) => {
            complain(&format!("保存できるようになるまで待ちます: {error}"));
        }
        Err(_) => {}
    }
}

/// The store, and what is known to be in it.
struct CallImport {
    store: Store,
    known: HashMap<CallId, Vec<CallEvent>>,
}

struct ImportCounts {
    new: usize,
    known: usize,
}

impl CallImport {
    fn new(store: Store) -> Self {
        Self {
            store,
            known: HashMap::new(),
        }
    }

    /// Takes calls into the store, and closes it.
    ///
    /// # Errors
    /// [`CliError::Partly`] if something of them was not taken.
    async fn keep(mut self, import: &Import) -> Result<(), CliError> {
        let whole = self.import(import).await;
        self.store.close().await;
        if whole? {
            Ok(())
        } else {
            Err(CliError::Partly)
        }
    }

    /// Stores an import and tells of it; `true` if all of it could be taken.
    async fn import(&mut self, import: &Import) -> Result<bool, CliError> {
        let stored = self.store(import).await?;
        for skipped in &import.skipped {
            complain(&format!(
                "{}行目を取り込めません: {}",
                skipped.line, skipped.reason
            ));
        }
        let counts = &import.counts;
        print(&format!(
            "行数 {}、呼 {}、新しい記録 {}、取込済みの記録 {}、重複した行 {}、呼に関わらない行 {}、取り込めなかった行 {}\n",
            counts.lines,
            counts.calls,
            stored.new,
            stored.known,
            counts.repeated,
            counts.not_about_calls,
            import.skipped.len(),
        ));
        let unknown = |call: &&CallId| self.known.get(*call).is_none_or(Vec::is_empty);
        let unbegun: HashSet<&CallId> = import.unbegun.iter().filter(unknown).collect();
        let unbegun = unbegun.len();
        if unbegun > 0 {
            complain(&format!(
                "始まりの記録がない呼が{unbegun}件あります。前のファイルを先に取り込むと、続きとして数えます"
            ));
        }
        Ok(import.skipped.is_empty())
    }

    /// Learns what the store has of calls; tells whether it has something of one that was not known.
    async fn load<'a>(
        &mut self,
        calls: impl IntoIterator<Item = &'a CallId>,
    ) -> Result<bool, CliError> {
        let mut is_there = false;
        for call in calls {
            if self.known.contains_key(call) {
                continue;
            }
            let events = self.store.events_of(call).await;
            let events = events.map_err(anyhow::Error::from)?;
            is_there |= !events.is_empty();
            self.known.insert(call.clone(), events);
        }
        Ok(is_there)
    }

    /// Learns of the calls that earlier files have left open.
    async fn load_open(&mut self, node: &NodeName) -> Result<(), CliError> {
        let open = self.store.unfinished_calls(node).await;
        for events in open.map_err(anyhow::Error::from)? {
            if let Some(first) = events.first() {
                self.known.insert(first.call.clone(), events);
            }
        }
        Ok(())
    }

    /// Stores the events of each call that the store does not have yet: a call that was imported
    /// before, from an earlier part of the log, goes on behind its last event.
    async fn store(&mut self, import: &Import) -> Result<ImportCounts, CliError> {
        let mut stored = ImportCounts { new: 0, known: 0 };
        self.load(import.calls()).await?;
        let events = queue_log::continued(&import.events, &self.known);
        for batch in events.chunks(BATCH) {
            let appended = self
                .store
                .append(batch)
                .await
                .map_err(anyhow::Error::from)?;
            stored.new += appended.new;
        }
        for event in events {
            self.known
                .entry(event.call.clone())
                .or_default()
                .push(event);
        }
        stored.known = import.events.len().saturating_sub(stored.new);
        Ok(stored)
    }
}
