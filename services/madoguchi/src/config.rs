//! The one TOML file: what may stand in it, with the defaults, and what it means for each room.
//!
//! `config/madoguchi.sample.toml` explains every setting to the operator.

mod attachments;
mod check;
mod error;
mod exposure;
mod knowledge;
mod meaning;
mod observe;
mod oidc;
mod portal;
mod reload;
mod secret;
mod tls;
mod voice;
mod web;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
pub use madoguchi_core::setup::{
    AgentConfig, AtClosingConfig, CalendarConfig, LineConfig, OutboundConfig, TargetConfig,
    TrunkConfig, VoiceEncryption,
};
use madoguchi_endpoint::media::EXPEDITED_FORWARDING;
use serde::{Deserialize, Serialize};

pub use self::attachments::AttachmentsConfig;
pub use self::error::ConfigError;
pub use self::knowledge::KnowledgeConfig;
pub use self::observe::ObserveConfig;
pub use self::oidc::OidcConfig;
pub use self::portal::PortalConfig;
pub use self::voice::VoiceConfig;
pub use self::web::WebConfig;

/// All settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The name of this machine in events.
    pub node: String,
    /// A node that has shown no sign of life for so long is taken for gone.
    pub node_lease_s: u32,
    /// Where events and figures are kept.
    pub store: StoreConfig,
    /// The journal in front of the store.
    pub journal: JournalConfig,
    /// Signalling.
    pub sip: SipConfig,
    /// Voice.
    pub media: MediaConfig,
    /// 受付時間
    pub reception: ReceptionConfig,
    /// Targets, and thresholds of figures.
    pub figures: TargetConfig,
    /// Whom agents may call outside.
    pub outbound: OutboundConfig,
    /// Pages and API.
    pub web: WebConfig,
    /// The FAQ portal.
    pub portal: PortalConfig,
    /// Files that people attach.
    pub attachments: AttachmentsConfig,
    pub log: LogConfig,
    /// Numbers that set an agent's state.
    pub feature_codes: FeatureCodesConfig,
    /// Announcements of the operator's own for all lines, by name.
    pub announcements: BTreeMap<String, PathBuf>,
    /// The program that speaks texts.
    pub voice: VoiceConfig,
    /// What the search reads.
    pub knowledge: KnowledgeConfig,
    /// Calls of a PBX that is already there.
    pub observe: ObserveConfig,
    /// Reception calendars of lines and 業務区分.
    #[serde(rename = "calendar")]
    pub calendars: Vec<CalendarConfig>,
    /// Lines.
    #[serde(rename = "line")]
    pub lines: Vec<LineConfig>,
    /// Agents.
    #[serde(rename = "agent")]
    pub agents: Vec<AgentConfig>,
    /// Trunks.
    #[serde(rename = "trunk")]
    pub trunks: Vec<TrunkConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: "node1".to_owned(),
            node_lease_s: 10,
            store: StoreConfig::default(),
            journal: JournalConfig::default(),
            sip: SipConfig::default(),
            media: MediaConfig::default(),
            reception: ReceptionConfig::default(),
            figures: TargetConfig::default(),
            outbound: OutboundConfig::default(),
            web: WebConfig::default(),
            portal: PortalConfig::default(),
            attachments: AttachmentsConfig::default(),
            log: LogConfig::default(),
            feature_codes: FeatureCodesConfig::default(),
            announcements: BTreeMap::new(),
            voice: VoiceConfig::default(),
            knowledge: KnowledgeConfig::default(),
            observe: ObserveConfig::default(),
            calendars: Vec::new(),
            lines: Vec::new(),
            agents: Vec::new(),
            trunks: Vec::new(),
        }
    }
}

/// `[store]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// `postgres://…`, `sqlite://…`; empty for a SQLite file in the data directory.
    pub url: String,
    /// The name of an environment variable that holds the URL instead (it may hold a password).
    pub url_env: Option<String>,
}

/// `[journal]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Whether each batch is forced to the disk; without it a power failure may lose the last
    /// seconds, a crash of the program never.
    pub sync: bool,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { sync: true }
    }
}

/// `[sip]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SipConfig {
    pub listen: Vec<String>,
    pub certificate: Option<PathBuf>,
    pub certificate_key: Option<PathBuf>,
    pub dscp: u8,
    pub public_address: Option<IpAddr>,
    pub realm: String,
    pub digest_algorithms: Vec<String>,
    pub max_expires_s: u32,
    pub min_expires_s: u32,
    pub session_expires_s: u32,
    pub min_se_s: u32,
    pub keep_alive_s: u32,
    pub dial_timeout_s: u32,
    pub unknown_requests_per_minute: u32,
    pub tcp_connections: u32,
    pub stop_grace_s: u32,
}

/// How signalling of telephones is marked (RFC 4594 4.2).
const CLASS_SELECTOR_5: u8 = 40;

impl Default for SipConfig {
    fn default() -> Self {
        let listen = [
            "udp://0.0.0.0:5060",
            "tcp://0.0.0.0:5060",
            "udp://[::]:5060",
            "tcp://[::]:5060",
        ];
        Self {
            listen: listen.map(str::to_owned).to_vec(),
            certificate: None,
            certificate_key: None,
            dscp: CLASS_SELECTOR_5,
            public_address: None,
            realm: "madoguchi".to_owned(),
            digest_algorithms: vec!["SHA-256".to_owned(), "MD5".to_owned()],
            max_expires_s: 120,
            min_expires_s: 30,
            session_expires_s: 1800,
            min_se_s: 90,
            keep_alive_s: 30,
            dial_timeout_s: 60,
            unknown_requests_per_minute: 60,
            tcp_connections: 2_000,
            stop_grace_s: 30,
        }
    }
}

/// `[media]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MediaConfig {
    pub first_port: u16,
    pub last_port: u16,
    pub dscp: u8,
    pub rtp_timeout_s: u32,
    pub phones_symmetric_rtp: bool,
    pub phones_srtp: VoiceEncryption,
    pub srtp_keys_in_clear: bool,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            first_port: 20_000,
            last_port: 29_999,
            dscp: EXPEDITED_FORWARDING,
            rtp_timeout_s: 60,
            phones_symmetric_rtp: false,
            phones_srtp: VoiceEncryption::Optional,
            srtp_keys_in_clear: false,
        }
    }
}

/// `[reception]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceptionConfig {
    pub opens: String,
    pub closes: String,
    pub second_saturday: bool,
    pub every_day: bool,
    pub special_days: Vec<NaiveDate>,
    pub holidays_file: Option<PathBuf>,
    #[serde(rename = "override")]
    pub overrides: Vec<OverrideConfig>,
}

impl Default for ReceptionConfig {
    fn default() -> Self {
        Self {
            opens: "08:00".to_owned(),
            closes: "17:30".to_owned(),
            second_saturday: true,
            every_day: false,
            special_days: Vec::new(),
            holidays_file: None,
            overrides: Vec::new(),
        }
    }
}

/// `[[reception.override]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideConfig {
    pub date: NaiveDate,
    #[serde(default)]
    pub closed: bool,
    pub opens: Option<String>,
    pub closes: Option<String>,
}

/// `[log]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    pub level: String,
    pub json: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            json: false,
        }
    }
}

/// `[feature_codes]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureCodesConfig {
    pub ready: String,
    pub away: String,
    pub log_out: String,
    pub pick_up: String,
    pub park: String,
}

impl Default for FeatureCodesConfig {
    fn default() -> Self {
        Self {
            ready: "*1".to_owned(),
            away: "*2".to_owned(),
            log_out: "*3".to_owned(),
            pick_up: "*8".to_owned(),
            park: "*7".to_owned(),
        }
    }
}

impl Config {
    /// Reads and checks a file; without one, the defaults.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let config = Self::parse(&text, path)?;
        config.check()?;
        Ok(config)
    }

    /// Reads the text of a file; `path` is for the error message.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            ConfigError::Parse {
                path: path.to_owned(),
                line,
                message: in_japanese(error.message()),
            }
        })
    }
}

/// The commonest messages of the parser in the reader's language.
fn in_japanese(message: &str) -> String {
    let message = message.replace('\n', " ");
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("unknown field") {
        format!(
            "「{}」という項目はありません。綴りを確認してください",
            quoted(&message)
        )
    } else if message.starts_with("data did not match any variant") {
        "値の書き方が正しくありません。設定の見本を確認してください".to_owned()
    } else if message.starts_with("missing field") {
        format!("必須の項目「{}」がありません", quoted(&message))
    } else {
        message
    }
}
