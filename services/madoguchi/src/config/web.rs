//! `[web]`: pages, API, and who gets in.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use madoguchi_core::access::Role;
use madoguchi_core::account::SessionLimits;
use madoguchi_core::time::Millis;
use madoguchi_web::{DateStyle, IdentityProvider, WebSettings};
use serde::{Deserialize, Serialize};

use super::Config;
use super::error::ConfigError;
use super::oidc::OidcConfig;

/// `[web]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    pub listen: SocketAddr,
    pub allowed_hosts: Vec<String>,
    pub certificate: Option<PathBuf>,
    pub certificate_key: Option<PathBuf>,
    pub trusted_proxies: Vec<IpNet>,
    pub requests_per_second: u32,
    pub connections_at_most: u32,
    pub connections_per_address: u32,
    pub streams_at_most: u32,
    pub streams_per_visitor: u32,
    pub key_file: Option<PathBuf>,
    pub dates: DatesConfig,
    pub session_idle_min: u32,
    pub session_hours: u32,
    pub password_age_days: u32,
    pub second_factor_roles: BTreeSet<Role>,
    pub unused_account_days: u32,
    pub oidc: Option<OidcConfig>,
}

/// How dates are written on screens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatesConfig {
    /// 2026年(令和8年)
    #[default]
    Both,
    /// 2026年
    Western,
    /// 令和8年
    Japanese,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            allowed_hosts: Vec::new(),
            certificate: None,
            certificate_key: None,
            trusted_proxies: Vec::new(),
            requests_per_second: 40,
            connections_at_most: 2_000,
            connections_per_address: 256,
            streams_at_most: 1_000,
            streams_per_visitor: 250,
            key_file: None,
            dates: DatesConfig::Both,
            session_idle_min: 60,
            session_hours: 12,
            password_age_days: 0,
            second_factor_roles: BTreeSet::new(),
            unused_account_days: 60,
            oidc: None,
        }
    }
}

impl WebConfig {
    /// Refuses what would let passwords and sessions be read on the way.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.certificate.is_some() != self.certificate_key.is_some() {
            return Err(ConfigError::value(
                "web.certificate",
                "certificate と certificate_key は、両方を書いてください",
            ));
        }
        let open = !self.listen.ip().is_loopback();
        if open && self.certificate.is_none() && self.trusted_proxies.is_empty() {
            return Err(ConfigError::value(
                "web.listen",
                "ほかの機械から開けるようにするには、certificate と certificate_key を書いて暗号化するか、\
                 手前に置く中継サーバーのアドレスを trusted_proxies に書いてください",
            ));
        }
        if open && self.allowed_hosts.is_empty() {
            return Err(ConfigError::value(
                "web.allowed_hosts",
                "ほかの機械から開くときの名前(またはアドレス)を1つ以上書いてください",
            ));
        }
        if self.connections_per_address == 0
            || self.connections_at_most < self.connections_per_address
        {
            return Err(ConfigError::value(
                "web.connections_per_address",
                "1以上で、connections_at_most 以下の値にしてください",
            ));
        }
        if self.session_idle_min == 0 || self.session_hours == 0 {
            return Err(ConfigError::value(
                "web.session_idle_min",
                "session_idle_min と session_hours は1以上にしてください",
            ));
        }
        self.identity_provider()?;
        Ok(())
    }

    fn identity_provider(&self) -> Result<Option<IdentityProvider>, ConfigError> {
        let provider = |oidc: &OidcConfig| oidc.provider(&self.allowed_hosts);
        self.oidc.as_ref().map(provider).transpose()
    }
}

impl Config {
    /// What the pages must know.
    pub fn web_settings(&self) -> Result<WebSettings, ConfigError> {
        let web = &self.web;
        let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let days = |days: u32| Millis::from_secs(i64::from(days) * 86_400);
        Ok(WebSettings {
            allowed_hosts: web.allowed_hosts.clone(),
            dates: match web.dates {
                DatesConfig::Both => DateStyle::Both,
                DatesConfig::Western => DateStyle::Western,
                DatesConfig::Japanese => DateStyle::Japanese,
            },
            sessions: SessionLimits {
                idle: Millis::from_secs(i64::from(web.session_idle_min) * 60),
                absolute: Millis::from_secs(i64::from(web.session_hours) * 3_600),
            },
            password_age: (web.password_age_days > 0).then(|| days(web.password_age_days)),
            second_factor_roles: web.second_factor_roles.clone(),
            unused_after: days(web.unused_account_days),
            requests_per_second: web.requests_per_second.max(1),
            streams_at_most: count(web.streams_at_most),
            streams_per_visitor: count(web.streams_per_visitor),
            trusted_proxies: web.trusted_proxies.clone(),
            encrypted: web.certificate.is_some(),
            provider: web.identity_provider()?,
            manual_reader: None,
            scanner: self.attachments.scanner()?,
            portal: self.portal.settings()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What is said about these settings; empty if nothing is wrong.
    fn said(web: &str) -> String {
        let text = format!("[web]\n{web}");
        let config = Config::parse(&text, Path::new("desk.toml")).unwrap();
        let checked = config.check();
        checked.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn nobody_opens_the_desk_from_elsewhere_without_encryption() {
        let open = "listen = \"0.0.0.0:8443\"\nallowed_hosts = [\"desk.example.jp\"]\n";
        assert!(said(open).starts_with("設定「web.listen」に誤りがあります"));
        let certificate = "certificate = \"desk.crt\"\n";
        let key = "certificate_key = \"desk.key\"\n";
        assert_eq!(said(&format!("{open}{certificate}{key}")), "");
        assert_eq!(
            said(&format!("{open}trusted_proxies = [\"10.0.0.1/32\"]")),
            ""
        );
        // One without the other encrypts nothing.
        for half in [certificate, key] {
            let said = said(&format!("{open}{half}"));
            assert!(said.starts_with("設定「web.certificate」"), "{said}");
        }
        assert_eq!(said("listen = \"127.0.0.1:8080\""), "");
        assert_eq!(said("listen = \"[::1]:8080\""), "");
    }

    const PROVIDER: &str = "[web.oidc]\nname = \"職員認証基盤\"\n\
        issuer = \"https://idp.example.jp\"\nclient_id = \"madoguchi\"\n\
        client_secret = \"s\"\nca_file = \"CA\"\n\
        redirect_url = \"https://desk.example.jp/sign-in/oidc/callback\"\n";

    #[test]
    fn what_is_wrong_with_the_identity_provider_is_said_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "no certificate").unwrap();
        let hosts = "allowed_hosts = [\"desk.example.jp\"]\n";
        let provider = PROVIDER.replace("CA", &ca.display().to_string());
        let wrong = |from: &str, to: &str| {
            assert!(provider.contains(from));
            said(&format!("{hosts}{}", provider.replace(from, to)))
        };
        for (from, to, setting) in [
            ("https://idp.example.jp", "idp.example.jp", "issuer"),
            ("https://desk", "http://desk", "redirect_url"),
            ("/sign-in/oidc/callback", "/", "redirect_url"),
            ("client_secret = \"s\"", "", "client_secret"),
            ("client_secret", "client_secret_env", "client_secret"),
            ("ca.pem", "none.pem", "ca_file"),
            ("ca.pem", "ca.pem", "ca_file"),
        ] {
            let said = wrong(from, to);
            let begins = format!("設定「web.oidc.{setting}」に誤りがあります: ");
            assert!(said.starts_with(&begins) && !said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn the_name_by_which_browsers_come_back_must_be_one_of_ours() {
        let local = PROVIDER
            .replace("https://idp.example.jp", "http://127.0.0.1:4000")
            .replace("ca_file = \"CA\"\n", "");
        let said_of = |hosts: &str| said(&format!("allowed_hosts = [{hosts}]\n{local}"));
        assert_eq!(said_of("\"desk.example.jp\""), "");
        let said = said_of("\"other.example.jp\"");
        assert!(said.contains("allowed_hosts"), "{said}");
    }
}
