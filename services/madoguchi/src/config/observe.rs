//! `[observe]`: calls of a PBX that is already there.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::counting::{Line, Pattern, Rules};
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, secret};

/// `[observe]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObserveConfig {
    /// Where HEP is received.
    pub hep: Vec<String>,
    /// The key that probes must send; any if there is none.
    pub hep_key: Option<String>,
    /// The name of an environment variable that holds it instead.
    pub hep_key_env: Option<String>,
    /// A folder whose captures are read as they grow.
    pub folder: Option<PathBuf>,
    /// Header fields that join the legs of a call.
    pub correlation_headers: Vec<String>,
    /// Extensions beside those of agents.
    pub extensions: Vec<String>,
    /// Numbers that are no calls, beside those of `[feature_codes]`.
    pub feature_codes: Vec<String>,
    /// Lines whose calls are answered by whoever takes them: there is no queue.
    pub direct_lines: Vec<String>,
}

impl Default for ObserveConfig {
    fn default() -> Self {
        Self {
            hep: Vec::new(),
            hep_key: None,
            hep_key_env: None,
            folder: None,
            correlation_headers: JoinSettings::default().correlation_headers,
            extensions: Vec::new(),
            feature_codes: Vec::new(),
            direct_lines: Vec::new(),
        }
    }
}

/// A way by which HEP comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HepListen {
    /// Datagrams.
    Udp(SocketAddr),
    /// Streams.
    Tcp(SocketAddr),
}

impl std::str::FromStr for HepListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "「{text}」は udp://アドレス:ポート か tcp://アドレス:ポート の形で書いてください"
            )
        };
        let (scheme, address) = text.split_once("://").ok_or_else(wrong)?;
        let address = address.parse().map_err(|_| wrong())?;
        match scheme {
            "udp" => Ok(Self::Udp(address)),
            "tcp" => Ok(Self::Tcp(address)),
            _ => Err(wrong()),
        }
    }
}

impl ObserveConfig {
    /// Where HEP is received.
    pub fn listen(&self) -> Result<Vec<HepListen>, ConfigError> {
        let read = |text: &String| text.parse::<HepListen>();
        let all: Result<Vec<_>, _> = self.hep.iter().map(read).collect();
        all.map_err(|message| ConfigError::value("observe.hep", message))
    }

    /// The key that probes must send.
    pub fn key(&self) -> Result<Option<String>, ConfigError> {
        secret::secret(&self.hep_key, &self.hep_key_env)
            .map_err(|message| ConfigError::value("observe.hep_key_env", message))
    }

    /// How legs are joined.
    pub fn join(&self) -> JoinSettings {
        JoinSettings {
            correlation_headers: self.correlation_headers.clone(),
        }
    }
}

impl Config {
    /// What observed numbers and addresses mean: lines, agents, trunks and codes of the desk.
    pub fn observe_rules(&self) -> Result<Rules, ConfigError> {
        let observe = &self.observe;
        let patterns = |key: &str, texts: &[String]| -> Result<Vec<Pattern>, ConfigError> {
            let read = texts.iter().map(|text| text.parse::<Pattern>());
            let all: Result<Vec<_>, _> = read.collect();
            all.map_err(|error| ConfigError::value(key, error.to_string()))
        };
        let codes = &self.feature_codes;
        let own = [&codes.ready, &codes.away, &codes.log_out];
        let own = own.into_iter().filter(|code| !code.is_empty());
        let mut feature_codes: Vec<String> = own.cloned().collect();
        feature_codes.extend(observe.feature_codes.iter().cloned());
        let lines = self.lines.iter().map(|line| Line {
            name: LineName::new(&line.name),
            numbers: line.numbers.clone(),
            is_direct: observe.direct_lines.contains(&line.name),
        });
        let agents = self.agents.iter();
        let trunks = self.trunks.iter().flat_map(|trunk| &trunk.sources);
        Ok(Rules {
            lines: lines.collect(),
            agents: agents
                .map(|agent| (agent.extension.clone(), AgentId::new(&agent.id)))
                .collect(),
            extensions: patterns("observe.extensions", &observe.extensions)?,
            feature_codes: patterns("observe.feature_codes", &feature_codes)?,
            trunks: trunks.map(|source| source.net).collect::<Vec<IpNet>>(),
        })
    }
}
