//! `madoguchi backup` and `madoguchi restore`

use std::path::{Path, PathBuf};

use madoguchi_core::clock::{Clock as _, SystemClock};

use super::data::open_store;
use super::error::CliError;
use super::output::print;
use crate::backup::{self, Manifest, Source};
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// バックアップ先のディレクトリ。空か、まだないもの
    dir: PathBuf,
    /// 鍵(web.key)を含めません。別に保管するときに使います
    #[arg(long)]
    without_key: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// バックアップのディレクトリ
    dir: PathBuf,
}

/// While the desk runs, too.
pub(super) async fn take(
    args: &BackupArgs,
    config: &Config,
    config_file: Option<&Path>,
    data_dir: &Path,
) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let source = Source {
        config,
        config_file,
        data_dir,
        with_key: !args.without_key,
    };
    let taken = backup::take(&source, &store, &args.dir, SystemClock.now()).await;
    store.close().await;
    print(&format!(
        "バックアップを作りました: {}({})\n",
        args.dir.display(),
        shown(&taken?)
    ));
    if !args.without_key {
        print("鍵(web.key)が含まれています。ほかの人が読めない場所に保管してください。\n");
    }
    Ok(())
}

pub(super) async fn restore(
    args: &RestoreArgs,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let manifest = backup::restore(config, data_dir, &args.dir).await?;
    let store = open_store(config, data_dir).await?;
    store.close().await;
    print(&format!(
        "{} のバックアップを復元しました({})。窓口を開始してください。\n",
        manifest.made_at,
        shown(&manifest)
    ));
    Ok(())
}

fn shown(manifest: &Manifest) -> String {
    let bytes: u64 = manifest.files.values().map(|file| file.bytes).sum();
    format!(
        "{}個のファイル、{}KB",
        manifest.files.len(),
        bytes.div_ceil(1_024)
    )
}
