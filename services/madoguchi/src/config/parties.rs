//! `[[line]]`, `[[agent]]`, `[[trunk]]`: whom calls come from and go to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;
use madoguchi_line::settings::{PeriodicAnnouncement, Strategy};
use serde::{Deserialize, Serialize};

/// `[[line]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "explained in the sample file and in LineSettings"
)]
pub struct LineConfig {
    pub name: String,
    pub numbers: Vec<String>,
    pub shown_number: Option<String>,
    pub trunk: Option<String>,
    #[serde(default = "yes")]
    pub greeting: bool,
    #[serde(default)]
    pub strategy: Strategy,
    #[serde(default = "ring_timeout_s")]
    pub ring_timeout_s: u32,
    #[serde(default = "away_after_no_answers")]
    pub away_after_no_answers: u32,
    #[serde(default)]
    pub max_waiting: u32,
    #[serde(default)]
    pub max_wait_s: u32,
    #[serde(default = "announce_every_s")]
    pub announce_every_s: u32,
    #[serde(default)]
    pub announce: PeriodicAnnouncement,
    #[serde(default = "yes")]
    pub wait_without_agents: bool,
    #[serde(default)]
    pub at_closing: AtClosingConfig,
    #[serde(default = "closing_limit_s")]
    pub closing_limit_s: u32,
    #[serde(default = "wrap_up_s")]
    pub wrap_up_s: u32,
    #[serde(default)]
    pub priority: i32,
    /// Announcements of the line's own, by name.
    #[serde(default)]
    pub announcements: BTreeMap<String, PathBuf>,
}

fn yes() -> bool {
    true
}
fn ring_timeout_s() -> u32 {
    15
}
fn away_after_no_answers() -> u32 {
    3
}
fn announce_every_s() -> u32 {
    30
}
fn closing_limit_s() -> u32 {
    600
}
fn wrap_up_s() -> u32 {
    30
}

/// What becomes of callers who still wait at closing time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "explained in the sample file and in AtClosing")]
pub enum AtClosingConfig {
    #[default]
    Serve,
    Tell,
}

/// `[[agent]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in the sample file")]
pub struct AgentConfig {
    pub id: String,
    pub name: String,
    pub extension: String,
    pub lines: Vec<String>,
    pub password: Option<String>,
    pub password_env: Option<String>,
    /// A contact that needs no registration.
    pub contact: Option<String>,
    /// Taken for logged in and 受付可 when nothing else is known of the agent.
    #[serde(default)]
    pub ready_at_start: bool,
}

/// `[[trunk]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in the sample file and in Trunk")]
pub struct TrunkConfig {
    pub name: String,
    #[serde(default)]
    pub sources: Vec<TrunkSourceConfig>,
    pub inbound_user: Option<String>,
    pub inbound_password: Option<String>,
    pub inbound_password_env: Option<String>,
    pub outbound: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub password_env: Option<String>,
    pub register: Option<RegisterConfig>,
    #[serde(default)]
    pub max_outbound: u32,
}

/// One of `sources` of a trunk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in the sample file")]
pub struct TrunkSourceConfig {
    pub net: IpNet,
    pub port: Option<u16>,
}

/// `register` of a trunk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in the sample file")]
pub struct RegisterConfig {
    pub aor: String,
    pub registrar: String,
    #[serde(default = "register_expires_s")]
    pub expires_s: u32,
}

fn register_expires_s() -> u32 {
    300
}
