//! The data directory and the store, for commands.

use std::path::Path;

use madoguchi_store::Store;

use super::error::CliError;
use crate::config::Config;
use crate::installation::Installation;
use crate::{private_file, store_fault};

/// Opens the store for a command that reads or imports.
pub(super) async fn open_store(config: &Config, data_dir: &Path) -> Result<Store, CliError> {
    let url = config.store_url(data_dir)?;
    if url.starts_with("sqlite:") {
        make_data_dir(data_dir)?;
    }
    let failed = |error| CliError::Failed(anyhow::anyhow!(store_fault::told(&error)));
    let expected = Installation::load(data_dir)?.expected(&url, data_dir);
    let store = Store::prepare(&url, expected).map_err(failed)?;
    store.join().await.map_err(failed)?;
    Ok(store)
}

pub(super) fn make_data_dir(data_dir: &Path) -> Result<(), CliError> {
    private_file::create_dir_all(data_dir)
        .map_err(|error| CliError::of_file(data_dir, "を作成できません", &error))
}
