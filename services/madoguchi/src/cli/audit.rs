//! `madoguchi audit`

use std::path::Path;

use super::data::open_store;
use super::error::CliError;
use super::output::{Format, complain, print};
use crate::config::Config;

#[derive(Debug, clap::Subcommand)]
pub(super) enum AuditCommand {
    /// 書換えや欠落がないか、すべての監査記録を検査します
    Verify {
        /// 出力の形式
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

/// Ends with an error if a record was changed or is missing.
pub(super) async fn run(
    command: &AuditCommand,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let AuditCommand::Verify { format } = command;
    let store = open_store(config, data_dir).await?;
    let verified = store.verify_audit().await;
    store.close().await;
    let verified = verified.map_err(|error| CliError::Failed(error.into()))?;
    let fault = verified.fault.as_ref().map(ToString::to_string);
    let hash = verified.last_hash.to_hex();
    match format {
        Format::Json => print(&format!(
            "{}\n",
            serde_json::json!({
                "sound": verified.sound,
                "last_seq": verified.last_seq,
                "last_hash": hash,
                "fault": fault,
            })
        )),
        Format::Table => print(&format!(
            "正しい記録: {}件\n最後の記録: {} ({hash})\n",
            verified.sound, verified.last_seq
        )),
    }
    match fault {
        None => Ok(()),
        Some(fault) => {
            complain(&format!(
                "{fault}。監査記録の写しと照らし合わせてください。"
            ));
            Err(CliError::Partly)
        }
    }
}
