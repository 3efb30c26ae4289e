//! `madoguchi doctor`

use std::path::Path;

use super::error::CliError;
use super::output::{Format, print};
use crate::config::Config;
use crate::doctor::{self, Health};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 出力の形式
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Ends with an error if something is bad.
pub(super) async fn run(
    args: &Args,
    config: &Config,
    config_file: Option<&Path>,
    data_dir: &Path,
) -> Result<(), CliError> {
    let findings = doctor::examine(config, config_file, data_dir).await;
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&findings);
            print(&format!("{}\n", text.map_err(anyhow::Error::from)?));
        }
        Format::Table => {
            for finding in &findings {
                let mark = match finding.health {
                    Health::Good => "良好",
                    Health::Attention => "注意",
                    Health::Bad => "異常",
                };
                print(&format!(
                    "[{mark}] {}: {}\n",
                    finding.subject, finding.found
                ));
                if !finding.remedy.is_empty() {
                    print(&format!("       → {}\n", finding.remedy));
                }
            }
        }
    }
    if findings.iter().any(|finding| finding.health == Health::Bad) {
        return Err(CliError::Partly);
    }
    Ok(())
}
