//! What was refused, and why: counted in the metrics, and in the log as often as somebody can read
//! it. Never who it was beyond the network address, and nothing they sent.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::{Method, StatusCode};
use madoguchi_core::access::Permission;
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_metrics::metrics;

/// Lines about one reason within [`WITHIN`]; what is more is counted in the next line.
const LINES: u32 = 10;
const WITHIN: Millis = Millis::from_secs(10);
/// The longest path in the log, in bytes.
const PATH_BYTES: usize = 200;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) status: StatusCode,
    /// The name in logs and metrics.
    pub(crate) name: &'static str,
    /// The permission that is missing.
    pub(crate) permission: Option<Permission>,
}

/// Whose request, and for what.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) address: IpAddr,
    pub(crate) method: &'a Method,
    /// Without what follows the question mark, which may hold somebody's number.
    pub(crate) path: &'a str,
}

/// What stands in the log already.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    by_name: Mutex<BTreeMap<&'static str, Counted>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    unlogged: u64,
    lines: u32,
    since: Option<Monotonic>,
}

impl Refusals {
    /// Counts and logs.
    pub(crate) fn note(&self, reason: Reason, refused: &Refused<'_>, now: Monotonic) {
        metrics().http_requests_rejected.add(reason.name);
        let Some(requests) = self.count(reason.name, now) else {
            return;
        };
        let Refused {
            address,
            method,
            path,
        } = refused;
        let end = path.floor_char_boundary(PATH_BYTES);
        let path = path.get(..end).unwrap_or_default();
        let permission = reason.permission.map(Permission::as_str);
        let (status, reason) = (reason.status.as_u16(), reason.name);
        tracing::warn!(status, reason, permission, %address, %method, path, requests, "a request was refused");
    }

    /// Counts one; how many there were since the last line, if it is worth another.
    fn count(&self, name: &'static str, now: Monotonic) -> Option<u64> {
        let mut counts = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counts.entry(name).or_default();
        counted.unlogged += 1;
        if counted.since.is_none_or(|since| now - since >= WITHIN) {
            counted.since = Some(now);
            counted.lines = 0;
        }
        if counted.lines >= LINES {
            return None;
        }
        counted.lines += 1;
        Some(std::mem::take(&mut counted.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_does_not_fill_the_log() {
        let refusals = Refusals::default();
        let at = |ms| Monotonic(ms);
        let lines = (0..500)
            .filter_map(|_| refusals.count("requests", at(0)))
            .count();
        assert_eq!(lines, 10);
        assert_eq!(refusals.count("forged", at(0)), Some(1));
        assert_eq!(refusals.count("requests", at(9_999)), None);
        assert_eq!(refusals.count("requests", at(10_000)), Some(492));
    }
}
