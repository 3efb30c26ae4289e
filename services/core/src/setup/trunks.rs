//! 外線: a trunk to a carrier or another exchange, as the file and the screen have it.

use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::dialled::DialledSource;
use super::fault::{FieldError, entered_name, seconds};
use super::outbound_identity::{
    DIAL_PREFIX_DIGITS, IdentityHeader, OutboundPrivacy, is_dial_prefix,
};
use crate::named;
use crate::time::Instant;

named! {
    /// Whether voice is encrypted (SRTP, RFC 3711) with keys in the signalling (SDES, RFC 4568).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    pub enum VoiceEncryption {
        /// It is not.
        #[default]
        Off = "off";
        /// If both can.
        Optional = "optional";
        /// There is no call without.
        Required = "required";
    }
}

/// The kind of [`ScreenTrunk`] in the store; its id is the name.
pub const TRUNK: &str = "trunk";

/// The longest name of a trunk.
pub const TRUNK_NAME_LETTERS: usize = 40;

/// `[[trunk]]`: the way to a carrier or another exchange.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkConfig {
    /// Its name.
    pub name: String,
    /// The addresses by which it is recognised.
    #[serde(default)]
    pub sources: Vec<TrunkSourceConfig>,
    /// The user name by which it is recognised instead of (or beside) its address.
    pub inbound_user: Option<String>,
    /// The password of that user.
    pub inbound_password: Option<String>,
    /// The name of an environment variable that holds it instead.
    pub inbound_password_env: Option<String>,
    /// Where outbound calls go, as a SIP URI.
    pub outbound: Option<String>,
    /// The user name for the carrier's challenges.
    pub user: Option<String>,
    /// The password for them.
    pub password: Option<String>,
    /// The name of an environment variable that holds it instead.
    pub password_env: Option<String>,
    /// Register there, so that the carrier finds us.
    pub register: Option<RegisterConfig>,
    /// The most simultaneous outbound calls; 0 for no limit.
    #[serde(default)]
    pub max_outbound: u32,
    /// Where its requests name the number that was dialled; the first that does counts.
    #[serde(default = "dialled_from")]
    pub dialled_from: Vec<DialledSource>,
    /// Its P-Asserted-Identity is believed.
    #[serde(default = "trust_asserted_identity")]
    pub trust_asserted_identity: bool,
    /// The user in From of outbound calls, if it is not the number shown.
    pub from_user: Option<String>,
    /// The domain in From of outbound calls.
    pub from_domain: Option<String>,
    /// Where the number shown stands beside From.
    #[serde(default)]
    pub identity_header: IdentityHeader,
    /// What Privacy says on outbound calls.
    #[serde(default)]
    pub privacy: OutboundPrivacy,
    /// What is dialled before a number.
    #[serde(default)]
    pub dial_prefix: String,
    /// The port of ours from which requests go out.
    pub source_port: Option<u16>,
    /// Its voice may come from another address than it names, as long as it is that of its
    /// signalling.
    #[serde(default)]
    pub symmetric_rtp: bool,
    /// Whether voice is encrypted between it and us.
    #[serde(default)]
    pub srtp: VoiceEncryption,
    /// How it proves by a certificate who it is, and we to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TrunkTlsConfig>,
}

/// `tls` of a trunk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrunkTlsConfig {
    /// The PEM file of whoever vouches for its certificate.
    pub ca: Option<PathBuf>,
    /// The domain that its certificate must be for (RFC 5922); the hosts of its URIs if none is given.
    pub domain: Option<String>,
    /// The certificate that we show it, as a PEM file.
    pub certificate: Option<PathBuf>,
    /// The private key of that.
    pub certificate_key: Option<PathBuf>,
    /// Only whoever proves by a certificate to be the trunk is taken for it.
    pub require_certificate: bool,
}

/// Without the passwords.
impl std::fmt::Debug for TrunkConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrunkConfig")
            .field("name", &self.name)
            .field("sources", &self.sources)
            .field("outbound", &self.outbound)
            .finish_non_exhaustive()
    }
}

/// One of `sources` of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkSourceConfig {
    /// The network.
    pub net: IpNet,
    /// The port; any if none is given.
    pub port: Option<u16>,
}

/// `register` of a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterConfig {
    /// The address of record, as a SIP URI.
    pub aor: String,
    /// The registrar, as a SIP URI.
    pub registrar: String,
    /// The interval asked for, in seconds.
    #[serde(default = "register_expires_s")]
    pub expires_s: u32,
}

/// The interval that is asked for if nothing is said.
pub fn register_expires_s() -> u32 {
    300
}

fn dialled_from() -> Vec<DialledSource> {
    DialledSource::DEFAULT.to_vec()
}

fn trust_asserted_identity() -> bool {
    true
}

/// A trunk that was made on a screen, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenTrunk {
    /// The trunk, without its passwords.
    pub trunk: TrunkConfig,
    /// The password for the carrier's challenges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Sealed>,
    /// The password by which it is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_password: Option<Sealed>,
}

/// A secret that only the key opens, which is not in the database.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The secret, encrypted, as text.
    pub sealed: String,
    /// When it was set.
    pub at: Instant,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl ScreenTrunk {
    /// The trunk with its passwords, as far as `open` opens them.
    pub fn joined(&self, open: impl Fn(&str) -> Option<String>) -> TrunkConfig {
        let opened = |secret: &Option<Sealed>| {
            let secret = secret.as_ref()?;
            open(&secret.sealed)
        };
        TrunkConfig {
            password: opened(&self.password),
            inbound_password: opened(&self.inbound_password),
            ..self.trunk.clone().without_secrets()
        }
    }
}

impl TrunkConfig {
    /// A trunk that nothing is known of but its name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sources: Vec::new(),
            inbound_user: None,
            inbound_password: None,
            inbound_password_env: None,
            outbound: None,
            user: None,
            password: None,
            password_env: None,
            register: None,
            max_outbound: 0,
            dialled_from: dialled_from(),
            trust_asserted_identity: trust_asserted_identity(),
            from_user: None,
            from_domain: None,
            identity_header: IdentityHeader::default(),
            privacy: OutboundPrivacy::default(),
            dial_prefix: String::new(),
            source_port: None,
            symmetric_rtp: false,
            srtp: VoiceEncryption::default(),
            tls: None,
        }
    }

    /// The same trunk without anything that must be kept secret.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        Self {
            inbound_password: None,
            password: None,
            ..self
        }
    }

    /// What is wrong with the trunk by itself.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.name.is_empty() {
            faults.push(FieldError::new("name", "空の値があります"));
        }
        let proven = self.tls.as_ref().is_some_and(|tls| tls.require_certificate);
        let found = !self.sources.is_empty() || self.inbound_user.is_some() || proven;
        if !found && self.outbound.is_none() {
            let message = "sources、inbound_user、outbound のどれかを書いてください";
            faults.push(FieldError::new("sources", message));
        }
        if self
            .sources
            .iter()
            .any(|source| source.net.prefix_len() == 0)
        {
            let message = "すべてのアドレスを外線と認めることになります。範囲を狭くしてください";
            faults.push(FieldError::new("sources", message));
        }
        faults.extend(self.tls_faults());
        if self.dialled_from.is_empty() {
            faults.push(FieldError::new("dialled_from", "1つ以上書いてください"));
        }
        if !is_dial_prefix(&self.dial_prefix) {
            let message = format!("数字、*、# の{DIAL_PREFIX_DIGITS}桁以内にしてください");
            faults.push(FieldError::new("dial_prefix", message));
        }
        if let Some(register) = &self.register {
            faults.extend(seconds("register.expires_s", register.expires_s, 1));
        }
        faults
    }

    /// Settings of TLS that contradict each other.
    fn tls_faults(&self) -> Vec<FieldError> {
        let Some(tls) = &self.tls else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        if tls.certificate.is_some() != tls.certificate_key.is_some() {
            let message = "tls.certificate と tls.certificate_key は、両方を書いてください";
            faults.push(FieldError::new("tls", message));
        }
        let named = tls.domain.is_some() || self.outbound.is_some() || self.register.is_some();
        if tls.require_certificate && !named {
            let message = "相手の証明書がだれのものかを確かめられません。tls.domain に相手のドメイン名を書いてください";
            faults.push(FieldError::new("tls", message));
        }
        if tls.require_certificate && !self.sources.is_empty() {
            let message =
                "証明書で確かめる外線では sources は使われません。どちらかを外してください";
            faults.push(FieldError::new("tls", message));
        }
        faults
    }

    /// What a screen does not take, beside [`Self::faults`].
    pub fn entered_faults(&self) -> Vec<FieldError> {
        Vec::from_iter(entered_name("name", &self.name, TRUNK_NAME_LETTERS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(text: &str) -> Option<Sealed> {
        Some(Sealed {
            sealed: text.to_owned(),
            at: Instant(5),
        })
    }

    #[test]
    fn a_trunk_can_be_reached_somehow_and_not_from_everywhere() {
        let mut trunk = TrunkConfig::new("carrier");
        assert_eq!(trunk.faults()[0].field, "sources");
        let source = |net: &str| TrunkSourceConfig {
            net: net.parse().unwrap(),
            port: None,
        };
        trunk.sources = vec![source("0.0.0.0/0")];
        assert_eq!(trunk.faults().len(), 1);
        trunk.sources = vec![source("198.51.100.0/28")];
        assert_eq!(trunk.faults(), []);
        assert_eq!(trunk.entered_faults(), []);
    }

    #[test]
    fn settings_of_tls_that_contradict_each_other_are_named() {
        let mut trunk = TrunkConfig::new("carrier");
        let proven = TrunkTlsConfig {
            domain: Some("carrier.example".to_owned()),
            require_certificate: true,
            ..TrunkTlsConfig::default()
        };
        trunk.tls = Some(proven.clone());
        assert_eq!(
            trunk.faults(),
            [],
            "a certificate is a way to be recognised"
        );
        trunk.tls = Some(TrunkTlsConfig {
            domain: None,
            ..proven.clone()
        });
        assert_eq!(trunk.faults().len(), 1, "whose certificate?");
        trunk.tls = Some(TrunkTlsConfig {
            certificate: Some("a.crt".into()),
            ..proven
        });
        assert_eq!(trunk.faults().len(), 1, "no key");
    }

    #[test]
    fn passwords_are_opened_when_a_trunk_is_joined_and_never_shown() {
        let kept = ScreenTrunk {
            trunk: TrunkConfig::new("carrier"),
            password: sealed("x"),
            inbound_password: sealed("unreadable"),
        };
        let open = |text: &str| (text == "x").then(|| "secret".to_owned());
        let joined = kept.joined(open);
        assert_eq!(joined.password.as_deref(), Some("secret"));
        assert_eq!(joined.inbound_password, None);
        assert!(!format!("{joined:?}").contains("secret"));
        assert!(!format!("{kept:?}").contains("unreadable"));
        assert_eq!(joined.without_secrets(), kept.trunk);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<ScreenTrunk>(&text).unwrap(), kept);
    }
}
