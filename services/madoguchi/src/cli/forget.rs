//! `madoguchi forget`: the operator's word that something is lost and may be made anew.

use std::path::Path;

use super::data::open_store;
use super::error::CliError;
use super::output::print;
use crate::config::Config;
use crate::installation::Installation;
use crate::key;

#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub(super) enum ForgetCommand {
    /// 以前のデータベースを復元できないときに、次の開始で新しく作ることを認めます
    Database,
    /// 鍵(web.key)を戻せないときに、次の開始で新しく作ることを認めます
    Key,
}

pub(super) async fn run(
    command: ForgetCommand,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    match command {
        ForgetCommand::Database => {
            Installation::forget_database(data_dir)?;
            print("次の開始で、データベースがないか空のときは、新しく作ります。\n");
        }
        ForgetCommand::Key => {
            let store = open_store(config, data_dir).await?;
            let file = key::path(config.web.key_file.as_deref(), data_dir);
            let forgotten = Installation::forget_key(data_dir, &store, &file).await;
            store.close().await;
            forgotten?;
            print(
                "次の開始で、新しい鍵を作ります。2段階認証と、画面で定めた外線のパスワードを設定し直してください。\n",
            );
        }
    }
    Ok(())
}
