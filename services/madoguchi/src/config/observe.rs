//! `[observe]`: calls of a PBX that is already there. What is not named here is set on the screen.

use std::net::SocketAddr;
use std::path::PathBuf;

use madoguchi_core::setup::{HepListen, ObserveSetting, ScreenObserve};
use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::counting::Rules;
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, secret};

/// `[observe]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObserveConfig {
    /// Where HEP is received.
    pub hep: Option<Vec<String>>,
    /// The key that probes must send; any if there is none.
    pub hep_key: Option<String>,
    /// The name of an environment variable that holds it instead.
    pub hep_key_env: Option<String>,
    /// A folder whose captures are read as they grow.
    pub folder: Option<PathBuf>,
    /// Where Prometheus reads what the observer measures of itself.
    pub metrics: Option<SocketAddr>,
    /// Header fields that join the legs of a call.
    pub correlation_headers: Option<Vec<String>>,
    /// Further numbers of lines: the number, a blank, the name of the line.
    pub line_numbers: Option<Vec<String>>,
    /// Extensions beside those of agents.
    pub extensions: Option<Vec<String>>,
    /// Numbers that are no calls, beside those of `[feature_codes]`.
    pub feature_codes: Option<Vec<String>>,
    /// Addresses of carriers beside those of `[[trunk]]`.
    pub trunk_addresses: Option<Vec<String>>,
    /// Lines whose calls are answered by whoever takes them: there is no queue.
    pub direct_lines: Option<Vec<String>>,
}

impl ObserveConfig {
    /// What numbers and addresses mean, as far as it is named.
    pub fn setting(&self) -> ObserveSetting {
        ObserveSetting {
            line_numbers: self.line_numbers.clone(),
            direct_lines: self.direct_lines.clone(),
            extensions: self.extensions.clone(),
            feature_codes: self.feature_codes.clone(),
            trunk_addresses: self.trunk_addresses.clone(),
            correlation_headers: self.correlation_headers.clone(),
            hep: self.hep.clone(),
        }
    }

    /// What is named, and what the screen says of the rest; `open` opens what is sealed.
    #[must_use]
    pub fn over(&self, screen: &ScreenObserve, open: impl Fn(&str) -> Option<String>) -> Self {
        let ObserveSetting {
            line_numbers,
            direct_lines,
            extensions,
            feature_codes,
            trunk_addresses,
            correlation_headers,
            hep,
        } = self.setting().over(&screen.observe);
        let names_key = self.hep_key.is_some() || self.hep_key_env.is_some();
        let sealed = screen.hep_key.as_ref().filter(|_| !names_key);
        Self {
            line_numbers,
            direct_lines,
            extensions,
            feature_codes,
            trunk_addresses,
            correlation_headers,
            hep,
            hep_key: sealed
                .and_then(|key| open(&key.sealed))
                .or_else(|| self.hep_key.clone()),
            ..self.clone()
        }
    }

    /// Where HEP is received.
    pub fn listen(&self) -> Vec<HepListen> {
        self.setting().hep_listen().collect()
    }

    /// The key that probes must send.
    pub fn key(&self) -> Result<Option<String>, ConfigError> {
        secret::secret(&self.hep_key, &self.hep_key_env)
            .map_err(|message| ConfigError::value("observe.hep_key_env", message))
    }

    /// How legs are joined.
    pub fn join(&self) -> JoinSettings {
        JoinSettings {
            correlation_headers: self.setting().joining_headers(),
        }
    }
}

impl Config {
    /// Refuses what cannot be meant in `[observe]` or on its screen.
    pub(super) fn check_observe(&self) -> Result<(), ConfigError> {
        let fault = self.observe.setting().faults(None).into_iter().next();
        fault.map_or(Ok(()), |fault| {
            let key = format!("observe.{}", fault.field);
            Err(ConfigError::value(&key, fault.message))
        })
    }

    /// Numbers of the desk that set an agent's state, or take a call.
    pub fn own_feature_codes(&self) -> Vec<String> {
        let codes = &self.feature_codes;
        let own = [
            &codes.ready,
            &codes.away,
            &codes.log_out,
            &codes.pick_up,
            &codes.park,
        ];
        let own = own.into_iter().filter(|code| !code.is_empty());
        own.cloned().collect()
    }

    /// What observed numbers and addresses mean: lines, agents, trunks and codes of the desk, and what
    /// only the PBX has.
    pub fn observe_rules(&self) -> Rules {
        Rules::new(
            &self.lines,
            &self.agents,
            &self.trunks,
            &self.own_feature_codes(),
            &self.observe.setting(),
        )
    }
}
