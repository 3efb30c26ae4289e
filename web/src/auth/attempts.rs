//! Failed attempts to sign in by address, and by names that no account has: in memory, for they
//! must cost nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use madoguchi_core::account::{AddressFailures, Attempt, wait_after};
use madoguchi_core::time::Instant;

/// More are not remembered at once; then the oldest are forgotten.
const ENTRIES_AT_MOST: usize = 10_000;

/// Failed attempts.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    by_address: Mutex<HashMap<IpAddr, AddressFailures>>,
    by_unknown_login: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Attempts {
    /// Whether an attempt from this address is taken.
    pub(crate) fn of_address(&self, address: IpAddr, now: Instant) -> Attempt {
        let entries = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let failures = entries.get(&address).copied().unwrap_or_default();
        failures.attempt(now)
    }

    /// One more failure from this address.
    pub(crate) fn note_address(&self, address: IpAddr, now: Instant) {
        let mut entries = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_AT_MOST {
            entries.retain(|_, failures| !failures.is_over(now));
        }
        if entries.len() >= ENTRIES_AT_MOST {
            entries.clear();
        }
        let failures = entries.entry(address).or_default();
        *failures = failures.failed(now);
    }

    /// Whether an attempt by a name that no account has is taken: as if it had one.
    pub(crate) fn of_unknown_login(&self, login: &str, now: Instant) -> Attempt {
        let entries = self
            .by_unknown_login
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match entries
            .get(login)
            .map(|(count, at)| *at + wait_after(*count))
        {
            Some(free_at) if free_at > now => Attempt::Wait(free_at),
            _ => Attempt::Allowed,
        }
    }

    /// One more failure by a name that no account has.
    pub(crate) fn note_unknown_login(&self, login: &str, now: Instant) {
        let mut entries = self
            .by_unknown_login
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_AT_MOST {
            entries.clear();
        }
        let entry = entries.entry(login.to_owned()).or_insert((0, now));
        *entry = (entry.0 + 1, now);
    }
}
