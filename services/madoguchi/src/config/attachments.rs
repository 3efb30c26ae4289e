//! `[attachments]`: what is done with files that people attach.

use madoguchi_web::Scanner;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;

/// `[attachments]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttachmentsConfig {
    /// Where clamd listens; empty if files are not looked through for viruses.
    pub clamd: String,
}

impl AttachmentsConfig {
    /// Where files are looked through for viruses.
    pub(crate) fn scanner(&self) -> Result<Option<Scanner>, ConfigError> {
        if self.clamd.is_empty() {
            return Ok(None);
        }
        let scanner = self.clamd.parse();
        scanner
            .map(Some)
            .map_err(|fault: madoguchi_web::ScannerFault| {
                ConfigError::value("attachments.clamd", fault.to_string())
            })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;

    #[test]
    fn where_clamd_listens_is_checked_at_the_start() {
        let said = |clamd: &str| {
            let text = format!("[attachments]\nclamd = \"{clamd}\"\n");
            let config = Config::parse(&text, Path::new("desk.toml")).unwrap();
            let checked = config.check();
            checked.map_or_else(|error| error.to_string(), |()| String::new())
        };
        for good in ["", "unix:/run/clamav/clamd.ctl", "127.0.0.1:3310"] {
            assert_eq!(said(good), "");
        }
        let said = said("clamd.ctl");
        assert!(
            said.starts_with("設定「attachments.clamd」に誤りがあります: "),
            "{said}"
        );
    }
}
