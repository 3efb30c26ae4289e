//! `[web.oidc]`: the site's identity provider (OpenID Connect).

use std::path::PathBuf;

use madoguchi_web::{IdentityProvider, ProviderSettings};
use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::secret::secret;

/// `[web.oidc]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub client_secret_env: Option<String>,
    pub redirect_url: String,
    #[serde(default = "subject_claim")]
    pub subject_claim: String,
    pub ca_file: Option<PathBuf>,
}

fn subject_claim() -> String {
    "sub".to_owned()
}

impl OidcConfig {
    /// The identity provider, which leads back to one of the desk's own hosts. It is not asked yet,
    /// for the desk must start without it.
    pub(super) fn provider(&self, own_hosts: &[String]) -> Result<IdentityProvider, ConfigError> {
        let key = "web.oidc.client_secret";
        let client_secret = secret(&self.client_secret, &self.client_secret_env)
            .map_err(|message| ConfigError::value(key, message))?;
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| {
                let message = format!("{} を読めません: {error}", path.display());
                ConfigError::value("web.oidc.ca_file", message)
            })
        };
        let settings = ProviderSettings {
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: client_secret.unwrap_or_default(),
            redirect_url: self.redirect_url.clone(),
            subject_claim: self.subject_claim.clone(),
            authorities: self.ca_file.as_ref().map(read).transpose()?,
        };
        let provider = IdentityProvider::new(settings).map_err(|fault| {
            ConfigError::value(format!("web.oidc.{}", fault.setting), fault.message)
        })?;
        let host = provider.own_host();
        if !madoguchi_web::is_own_host(host, own_hosts) {
            let message = format!("「{host}」を web.allowed_hosts にも書いてください");
            return Err(ConfigError::value("web.oidc.redirect_url", message));
        }
        Ok(provider)
    }
}
