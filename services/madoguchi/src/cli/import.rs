//! `madoguchi import queue-log`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use madoguchi_core::event::CallEvent;
use madoguchi_core::id::{CallId, LineName};
use madoguchi_observe::queue_log::{self, Import};
use madoguchi_store::Store;

use super::data::open_store;
use super::error::CliError;
use super::output::{complain, print};
use crate::config::Config;
use crate::setup;

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
}

/// Events that one transaction takes.
const BATCH: usize = 2_000;

pub(super) async fn run(args: Args, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let bytes = std::fs::read(&args.file).map_err(|error| {
        let file = args.file.display();
        CliError::Failed(anyhow::anyhow!("{file} を読めません: {error}"))
    })?;
    let store = open_store(config, data_dir).await?;
    let calendars = setup::joined(config, &store).await?.calendars()?;
    let line = LineName::new(&args.line);
    let calendar = calendars.of_line(&line);
    let import = queue_log::read(&bytes, &line, args.queue.as_deref(), calendar);
    let stored = store_events(&store, &import).await?;
    store.close().await;
    for skipped in &import.skipped {
        complain(&format!(
            "{}行目を取り込めません: {}",
            skipped.line, skipped.reason
        ));
    }
    let counts = &import.counts;
    print(&format!(
        "行数 {}、呼 {}、新しい記録 {}、取込済みの記録 {}、呼に関わらない行 {}、取り込めなかった行 {}\n",
        counts.lines,
        counts.calls,
        stored.new,
        stored.known,
        counts.not_about_calls,
        import.skipped.len(),
    ));
    if import.skipped.is_empty() {
        Ok(())
    } else {
        Err(CliError::Partly)
    }
}

struct Stored {
    new: usize,
    known: usize,
}

/// Stores the events of each call that the store does not have yet: a call that was imported
/// before, from an earlier part of the log, goes on behind its last event.
async fn store_events(store: &Store, import: &Import) -> Result<Stored, CliError> {
    let mut stored = Stored { new: 0, known: 0 };
    let mut known: HashMap<CallId, Vec<CallEvent>> = HashMap::new();
    for call in import.calls() {
        let events = store.events_of(call).await.map_err(anyhow::Error::from)?;
        if !events.is_empty() {
            known.insert(call.clone(), events);
        }
    }
    let events = queue_log::continued(&import.events, &known);
    for batch in events.chunks(BATCH) {
        stored.new += store.append(batch).await.map_err(anyhow::Error::from)?.new;
    }
    stored.known = import.events.len().saturating_sub(stored.new);
    Ok(stored)
}
