//! `[portal]`: the FAQ portal, who reads it without an account, and where staff work.

use ipnet::IpNet;
use madoguchi_core::portal::{Site, Sites};
use madoguchi_web::PortalSettings;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;

/// The longest number that is shown.
const PHONE_LETTERS: usize = 40;

/// `[portal]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PortalConfig {
    pub networks: Vec<IpNet>,
    pub phone: String,
    pub inquiry_form: bool,
    #[serde(rename = "site")]
    pub sites: Vec<Site>,
}

impl PortalConfig {
    /// What the pages must know, if it can be meant.
    pub(super) fn settings(&self) -> Result<PortalSettings, ConfigError> {
        let sites = Sites::new(&self.sites);
        let sites = sites.map_err(|fault| ConfigError::value("portal.site", fault.to_string()))?;
        let everywhere = self.networks.iter().any(|net| net.prefix_len() == 0);
        if everywhere {
            return Err(ConfigError::value(
                "portal.networks",
                "すべてのアドレスを含む網は書けません。職員の網だけを書いてください",
            ));
        }
        if self.phone.chars().count() > PHONE_LETTERS {
            let message = format!("{PHONE_LETTERS}文字以内で書いてください");
            return Err(ConfigError::value("portal.phone", message));
        }
        Ok(PortalSettings {
            networks: self.networks.clone(),
            sites,
            phone: self.phone.trim().to_owned(),
            inquiry_form: self.inquiry_form,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    /// What is said about these settings; empty if nothing is wrong.
    fn said(portal: &str) -> String {
        let text = format!("[portal]\n{portal}");
        let config = Config::parse(&text, Path::new("desk.toml")).unwrap();
        let checked = config.check();
        checked.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn the_portal_is_not_opened_to_the_whole_world_by_a_slip() {
        assert_eq!(said("networks = [\"10.0.0.0/8\", \"fd00::/8\"]"), "");
        for everywhere in ["0.0.0.0/0", "::/0"] {
            let said = said(&format!("networks = [\"{everywhere}\"]"));
            assert!(said.starts_with("設定「portal.networks」"), "{said}");
        }
    }

    #[test]
    fn sites_that_cannot_be_told_apart_are_told_by_name() {
        let twice = "[[portal.site]]\nname = \"本部\"\n[[portal.site]]\nname = \"本部\"\n";
        assert!(said(twice).contains("拠点「本部」が2回書かれています"));
        let site = "[[portal.site]]\nname = \"本部\"\nnumbers = [\"03\"]\n";
        assert_eq!(said(site), "");
    }
}
