//! What must hold between settings before anything starts.

use std::ops::RangeInclusive;

use madoguchi_core::setup::{PartFault, Parts, VoiceEncryption};
use madoguchi_endpoint::dscp::DSCP_AT_MOST;

use super::{Config, ConfigError};
use crate::descriptors::{self, Budget};

/// Shorter ones would take a node for gone that was held up for a moment.
const NODE_LEASE_S: RangeInclusive<u32> = 5..=300;

impl Config {
    /// Refuses settings that contradict each other or cannot be meant.
    pub fn check(&self) -> Result<(), ConfigError> {
        let parts = Parts {
            lines: &self.lines,
            agents: &self.agents,
            trunks: &self.trunks,
            calendars: &self.calendars,
        };
        parts.check()?;
        self.check_targets()?;
        self.check_outbound()?;
        self.check_ranges()?;
        // Whatever has a form of its own is read once, so that errors come at the start.
        self.calendar()?;
        self.endpoint_settings([0; 32])?;
        self.line_settings()?;
        self.check_observe()?;
        Ok(())
    }

    /// What can be read but is doubtful, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let parts = Parts {
            lines: &self.lines,
            agents: &self.agents,
            trunks: &self.trunks,
            calendars: &self.calendars,
        };
        let warnings = parts.warnings().into_iter();
        let sentence = |warning: PartFault| {
            format!(
                "設定「{}「{}」の {}」を確かめてください: {}",
                warning.part.key(),
                warning.name,
                warning.fault.field,
                warning.fault.message
            )
        };
        warnings.map(sentence).chain(self.readable_keys()).collect()
    }

    /// Voice that is encrypted with keys that may be read on the way.
    pub fn readable_keys(&self) -> Option<String> {
        let asks = |encryption| encryption != VoiceEncryption::Off;
        let trunks = || self.trunks.iter().any(|trunk| asks(trunk.srtp));
        let told = self.media.srtp_keys_in_clear && (asks(self.media.phones_srtp) || trunks());
        told.then(|| {
            "設定 media.srtp_keys_in_clear が true なので、音声の暗号化の鍵を、暗号化しない信号でも送ります。\
             信号を読める人は、音声も聞けます"
                .to_owned()
        })
    }

    /// What this machine does not give the settings, in sentences.
    pub fn shortages(&self) -> Vec<String> {
        let budget = Budget::of(self, descriptors::hard_limit());
        budget.fault().into_iter().collect()
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        if self.media.first_port >= self.media.last_port || self.media.first_port < 1024 {
            return Err(ConfigError::value(
                "media.first_port",
                "1024以上で、last_port より小さい値にしてください",
            ));
        }
        if self.sip.tcp_connections == 0 {
            return Err(ConfigError::value(
                "sip.tcp_connections",
                "1以上の数を指定してください",
            ));
        }
        for (key, dscp) in [("sip.dscp", self.sip.dscp), ("media.dscp", self.media.dscp)] {
            if dscp > DSCP_AT_MOST {
                let message = format!("0以上{DSCP_AT_MOST}以下の値にしてください");
                return Err(ConfigError::value(key, message));
            }
        }
        if self.sip.min_expires_s > self.sip.max_expires_s || self.sip.max_expires_s == 0 {
            return Err(ConfigError::value(
                "sip.min_expires_s",
                "max_expires_s 以下の値にしてください",
            ));
        }
        if self.sip.session_expires_s > 0 && self.sip.session_expires_s < self.sip.min_se_s {
            return Err(ConfigError::value(
                "sip.session_expires_s",
                "min_se_s 以上か、0(使わない)にしてください",
            ));
        }
        if self.node.trim().is_empty() {
            return Err(ConfigError::value("node", "この機械の名前を書いてください"));
        }
        if !NODE_LEASE_S.contains(&self.node_lease_s) {
            return Err(ConfigError::value(
                "node_lease_s",
                "5以上、300以下の値にしてください",
            ));
        }
        self.web.check()?;
        self.portal.settings()?;
        self.attachments.scanner()?;
        Ok(())
    }

    fn check_outbound(&self) -> Result<(), ConfigError> {
        let fault = self.outbound.faults().into_iter().next();
        fault.map_or(Ok(()), |fault| {
            let key = format!("outbound.{}", fault.field);
            Err(ConfigError::value(key, fault.message))
        })
    }

    fn check_targets(&self) -> Result<(), ConfigError> {
        let fault = self.figures.faults().into_iter().next();
        fault.map_or(Ok(()), |fault| {
            let key = format!("figures.{}", fault.field);
            Err(ConfigError::value(key, fault.message))
        })
    }
}
