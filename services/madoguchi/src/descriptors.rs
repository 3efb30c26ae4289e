//! File descriptors: how many there are, and who may use how many. Telephones, journal and database
//! have theirs reserved; pages and TCP connections of SIP share what is left, so that no crowd of
//! idle connections stops a call.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Listeners, journal, database, search index, logs, timers, the identity provider.
const FIXED: u64 = 256;
/// Connections of pages beyond this are no desk's.
const WEB_AT_MOST: u64 = 4_096;
/// TCP connections of SIP beyond this are no desk's.
const SIP_AT_MOST: u64 = 4_096;
/// With less nobody could work.
pub const LEAST: u64 = 512;

/// Who may use how many descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// All that the process may open.
    pub limit: u64,
    /// For journal, database, search index and listeners.
    pub fixed: u64,
    /// For voice: a socket for each leg of a call.
    pub rtp_sockets: u64,
    /// For reports on voice (RTCP): a socket more for each leg, as far as voice leaves them.
    pub report_sockets: u64,
    /// Ports that the settings give to voice, of which each wants a socket.
    pub rtp_ports: u64,
    /// For TCP connections of SIP.
    pub sip_connections: u64,
    /// For connections of pages and API.
    pub web_connections: u64,
}

impl Budget {
    /// Divides `limit` descriptors: voice comes first, what is left is shared by SIP and pages.
    pub fn new(limit: u64, rtp_ports: u64) -> Self {
        let rest = limit.saturating_sub(FIXED);
        let rtp_sockets = rtp_ports.min(rest / 2);
        let report_sockets = rtp_ports.min(rest / 2 - rtp_sockets);
        let left = rest - rtp_sockets - report_sockets;
        let sip_connections = (left / 2).min(SIP_AT_MOST);
        Self {
            limit,
            fixed: FIXED.min(limit),
            rtp_sockets,
            report_sockets,
            rtp_ports,
            sip_connections,
            web_connections: (left - sip_connections).min(WEB_AT_MOST),
        }
    }

    /// By the settings.
    pub fn of(config: &Config, limit: u64) -> Self {
        let (first, last) = (config.media.first_port, config.media.last_port);
        let even = (first..=last).filter(|port| port % 2 == 0 && *port != 0);
        Self::new(limit, even.count() as u64)
    }

    /// What is wrong with it, in a sentence for the operator.
    pub fn fault(&self) -> Option<String> {
        let Self {
            limit,
            rtp_sockets,
            rtp_ports,
            ..
        } = self;
        if *limit < LEAST {
            return Some(format!(
                "開けるファイルの数の上限({limit})が小さすぎます。systemd のユニットの LimitNOFILE か ulimit -n を {LEAST} 以上(推奨は 65536)にしてください。"
            ));
        }
        (rtp_sockets < rtp_ports).then(|| {
            format!(
                "開けるファイルの数の上限({limit})のため、音声のポート {rtp_ports} 個のうち {rtp_sockets} 個までしか同時に使えません。systemd のユニットの LimitNOFILE か ulimit -n を大きくしてください(推奨は 65536)。"
            )
        })
    }

    /// Leaves the shares in the log.
    pub fn log(&self) {
        let Self {
            limit,
            fixed,
            rtp_sockets,
            report_sockets,
            sip_connections,
            web_connections,
            ..
        } = self;
        tracing::info!(
            limit,
            fixed,
            rtp_sockets,
            report_sockets,
            sip_connections,
            web_connections,
            "file descriptors are divided"
        );
    }
}

/// The most that this process may open without more rights.
pub fn hard_limit() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// Raises the limit as far as it goes without more rights; gives what it is now.
pub fn raise_limit() -> u64 {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    };
    if before.current != before.maximum
        && let Err(error) = setrlimit(Resource::Nofile, wanted)
    {
        tracing::warn!(%error, "the limit of file descriptors could not be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones_have_theirs_whatever_pages_want() {
        for limit in [512, 1_024, 4_096, 20_000, 65_536, 1_048_576, u64::MAX] {
            let budget = Budget::new(limit, 5_000);
            let Budget {
                fixed,
                rtp_sockets,
                report_sockets,
                sip_connections,
                web_connections,
                ..
            } = budget;
            let shares = [fixed, rtp_sockets, sip_connections, web_connections];
            assert!(
                shares.iter().sum::<u64>() + report_sockets <= limit,
                "{budget:?}"
            );
            assert!(shares.iter().all(|share| *share >= 64), "{budget:?}");
            assert!(rtp_sockets >= web_connections.min(5_000), "{budget:?}");
        }
        let wide = Budget::new(65_536, 5_000);
        assert_eq!((wide.rtp_sockets, wide.fault()), (5_000, None));
        assert_eq!(wide.report_sockets, 5_000);
        assert_eq!(
            Budget::new(1_024, 5_000).report_sockets,
            0,
            "voice comes first"
        );
    }

    #[test]
    fn the_operator_hears_of_too_few() {
        let said = |limit| Budget::new(limit, 5_000).fault().unwrap_or_default();
        assert!(said(256).contains("小さすぎます"));
        assert!(said(1_024).contains("5000 個のうち 384 個まで"));
        assert_eq!(said(20_000), "");
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let raised = raise_limit();
        assert_eq!(raised, hard_limit());
    }
}
