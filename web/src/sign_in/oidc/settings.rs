//! What an operator says about the identity provider, and whether it can be meant.

use openidconnect::url::{Host, Url};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};

use super::http::{Http, Trust};

/// Where the provider sends browsers back to.
pub(crate) const CALLBACK: &str = "/sign-in/oidc/callback";

/// An identity provider as the operator describes it.
#[derive(Clone)]
pub struct ProviderSettings {
    /// What people call it: 「職員認証基盤」.
    pub name: String,
    /// Its address, exactly as it names itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// What proves that it is us.
    pub client_secret: String,
    /// Where it sends browsers back to: our public address with the path `/sign-in/oidc/callback`.
    pub redirect_url: String,
    /// The claim by which users are found (`sub`, `email` …).
    pub subject_claim: String,
    /// The authorities that vouch for it (PEM); without them, those that the system trusts.
    pub authorities: Option<Vec<u8>>,
}

/// What is wrong with a setting of the provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct ProviderFault {
    /// The name of the setting.
    pub setting: &'static str,
    /// What, and what to do.
    pub message: String,
}

/// The settings, read.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) issuer: IssuerUrl,
    pub(super) client_id: ClientId,
    pub(super) client_secret: ClientSecret,
    pub(super) redirect: RedirectUrl,
    pub(super) subject_claim: String,
    pub(super) http: Http,
}

/// The longest name that a button bears.
const NAME_LETTERS: usize = 30;

pub(super) fn read(settings: ProviderSettings) -> Result<Read, ProviderFault> {
    let name = filled("name", &settings.name)?;
    if name.chars().count() > NAME_LETTERS {
        let message = format!("{NAME_LETTERS}文字以内にしてください");
        return Err(fault("name", message));
    }
    let issuer = address("issuer", &settings.issuer)?;
    let redirect = address("redirect_url", &settings.redirect_url)?;
    if redirect.path() != CALLBACK {
        let message = format!(
            "窓口を開くときのアドレスに {CALLBACK} を続けたものにしてください(例: https://desk.example.jp{CALLBACK})"
        );
        return Err(fault("redirect_url", message));
    }
    let client_id = ClientId::new(filled("client_id", &settings.client_id)?);
    let client_secret = ClientSecret::new(filled("client_secret", &settings.client_secret)?);
    let subject_claim = filled("subject_claim", &settings.subject_claim)?;
    let trust = trust(&issuer, settings.authorities.as_deref())?;
    Ok(Read {
        name,
        // As it is written: the provider's own name for itself is compared letter by letter.
        issuer: IssuerUrl::new(settings.issuer).map_err(|_| no_address("issuer"))?,
        client_id,
        client_secret,
        redirect: RedirectUrl::from_url(redirect),
        subject_claim,
        http: Http::new(trust).map_err(|_| no_authorities())?,
    })
}

fn no_authorities() -> ProviderFault {
    fault(
        "ca_file",
        "システムの認証局の証明書を読めません。パッケージ ca-certificates を入れるか、ca_file を書いてください",
    )
}

fn fault(setting: &'static str, message: impl Into<String>) -> ProviderFault {
    ProviderFault {
        setting,
        message: message.into(),
    }
}

fn no_address(setting: &'static str) -> ProviderFault {
    fault(
        setting,
        "https:// で始まるアドレスを書いてください(「?」や「#」は付けません)",
    )
}

fn filled(setting: &'static str, text: &str) -> Result<String, ProviderFault> {
    match text.trim() {
        "" => Err(fault(setting, "値を書いてください")),
        text => Ok(text.to_owned()),
    }
}

/// An address over TLS, or one on this machine.
fn address(setting: &'static str, text: &str) -> Result<Url, ProviderFault> {
    let url = Url::parse(text).map_err(|_| no_address(setting))?;
    let encrypted = url.scheme() == "https" || (url.scheme() == "http" && is_here(&url));
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if encrypted && plain && url.has_host() {
        Ok(url)
    } else {
        Err(no_address(setting))
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn trust(issuer: &Url, authorities: Option<&[u8]>) -> Result<Trust, ProviderFault> {
    if issuer.scheme() == "http" {
        return Ok(Trust::Plain);
    }
    let Some(pem) = authorities else {
        return Ok(Trust::System);
    };
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(authorities) if !authorities.is_empty() => Ok(Trust::Only(authorities)),
        _ => Err(fault(
            "ca_file",
            "認証局の証明書(PEM)がありません。ファイルの内容を確認してください",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            name: "職員認証基盤".to_owned(),
            issuer: "https://idp.example.jp/realms/city".to_owned(),
            client_id: "madoguchi".to_owned(),
            client_secret: "s".to_owned(),
            redirect_url: "https://desk.example.jp/sign-in/oidc/callback".to_owned(),
            subject_claim: "sub".to_owned(),
            authorities: None,
        }
    }

    /// The setting that is refused.
    fn refused(change: impl FnOnce(&mut ProviderSettings)) -> &'static str {
        let mut settings = settings();
        change(&mut settings);
        read(settings).err().map_or("none", |fault| fault.setting)
    }

    #[test]
    fn settings_that_cannot_be_meant_are_named() {
        for wrong in [
            "",
            "idp.example.jp",
            "http://idp.example.jp/",
            "ftp://idp.example.jp/",
            "https://idp.example.jp/?tenant=1",
            "https://user@idp.example.jp/",
        ] {
            assert_eq!(
                refused(|s| s.issuer = wrong.to_owned()),
                "issuer",
                "{wrong}"
            );
        }
        for wrong in [
            "http://desk.example.jp/sign-in/oidc/callback",
            "https://desk.example.jp/",
            "https://desk.example.jp/sign-in/oidc/callback?next=1",
        ] {
            let found = refused(|s| s.redirect_url = wrong.to_owned());
            assert_eq!(found, "redirect_url", "{wrong}");
        }
        assert_eq!(refused(|s| s.name.clear()), "name");
        assert_eq!(refused(|s| s.name = "長".repeat(31)), "name");
        assert_eq!(refused(|s| s.client_id.clear()), "client_id");
        assert_eq!(refused(|s| s.client_secret.clear()), "client_secret");
        assert_eq!(refused(|s| s.subject_claim.clear()), "subject_claim");
        let no_pem = Some(b"no certificate".to_vec());
        assert_eq!(refused(|s| s.authorities = no_pem), "ca_file");
    }

    #[test]
    fn on_this_machine_a_provider_needs_no_tls() {
        for issuer in [
            "http://127.0.0.1:4000",
            "http://[::1]:4000",
            "http://localhost",
        ] {
            let local = "http://localhost:8080/sign-in/oidc/callback".to_owned();
            let found = refused(|s| (s.issuer, s.redirect_url) = (issuer.to_owned(), local));
            assert_eq!(found, "none", "{issuer}");
        }
    }
}
