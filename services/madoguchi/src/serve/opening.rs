//! The single steps of a start.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use madoguchi_core::time::Instant;
use madoguchi_endpoint::shell::StartError;
use madoguchi_store::journal::{
    Journal, JournalError, JournalOptions, JournalReader, Recovery, SyncMode,
};
use madoguchi_store::{Fault, Store, Transport};
use tokio::net::TcpListener;

use crate::config::Config;
use crate::installation::Installation;
use crate::listening::{self, Service};
use crate::{private_file, store_fault};

/// Makes the data directory, and keeps it from others.
pub(super) fn open_data_dir(data_dir: &Path) -> anyhow::Result<()> {
    private_file::create_dir_all(data_dir)
        .with_context(|| format!("データディレクトリ {} を作成できません", data_dir.display()))?;
    match private_file::tighten(data_dir) {
        Ok(0) => {}
        Ok(files) => tracing::warn!(
            files,
            "files that others could read are for the program alone now"
        ),
        Err(error) => {
            tracing::warn!(%error, "the files of the data directory cannot be kept from others")
        }
    }
    Ok(())
}

/// The store, which is not asked anything yet.
pub(super) fn prepare_store(
    config: &Config,
    installation: &Installation,
    data_dir: &Path,
) -> anyhow::Result<Store> {
    let url = config.store_url(data_dir)?;
    let store = Store::prepare(&url, installation.expected(&url, data_dir))
        .map_err(|error| anyhow::anyhow!(store_fault::told(&error)))?;
    if Transport::of(&url) == Some(Transport::Plain) {
        tracing::warn!(
            "what goes to the database on another machine is not surely encrypted: set sslmode=verify-full"
        );
    }
    Ok(store)
}

/// Whether the database could be joined. If not, the desk starts without it: calls are taken, and
/// the journal keeps them.
///
/// # Errors
/// A newer program has changed it: this one is the wrong one.
pub(super) async fn join(store: &Store, now: Instant) -> anyhow::Result<bool> {
    let joining = store.clone();
    // On a thread of the runtime: those that it starts for the database give way to calls as well.
    let joined = tokio::spawn(async move { joining.join().await }).await?;
    let Err(error) = joined else {
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

/// The journal, its reader, and what was found in it.
pub(super) fn open_journal(
    config: &Config,
    data_dir: &Path,
) -> anyhow::Result<(Journal, JournalReader, Recovery)> {
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
    Ok((journal, reader, found))
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

pub(super) async fn bind_web(addr: SocketAddr, demo: bool) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(addr).await;
    bound.map_err(|error| anyhow::anyhow!(listening::fault(Service::Pages, addr, &error, demo)))
}

/// Says what keeps calls from being taken.
pub(super) fn cannot_start(error: StartError, demo: bool) -> anyhow::Error {
    if let StartError::Listen { addr, source, .. } = &error {
        return anyhow::anyhow!(listening::fault(Service::Sip, *addr, source, demo));
    }
    error.into()
}
