//! Guesses at passwords and codes, in memory, for they must cost nothing. Each is reserved before it
//! is looked at; names that no account has are treated like the others.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use madoguchi_core::account::{AddressGuesses, Guesses};
use madoguchi_core::time::{Millis, Monotonic};

use crate::rates::network;

/// More are not remembered at once; then those of long ago are forgotten.
const ENTRIES_AT_MOST: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// At what is guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An account by its name, whether there is one or not.
    Login(String),
    /// An account from a device of its owner's: what strangers do does not matter to it.
    OwnDevice(String),
}

/// Guesses by what they are at, and by where they come from.
#[derive(Debug)]
pub(crate) struct Attempts(Mutex<Entries>);

#[derive(Debug)]
struct Entries {
    by_target: LruCache<Target, Guesses>,
    by_address: LruCache<IpAddr, AddressGuesses>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(Entries {
            by_target: LruCache::new(ENTRIES_AT_MOST),
            by_address: LruCache::new(ENTRIES_AT_MOST),
        }))
    }
}

/// A guess under way. What is broken off counts as a failure: nobody has seen that it was none.
#[derive(Debug)]
pub(crate) struct Reserved {
    attempts: Arc<Attempts>,
    target: Target,
    address: Option<IpAddr>,
    at: Monotonic,
    settled: bool,
    /// So many others at the same target are under way.
    pub(crate) others: u32,
}

impl Attempts {
    /// Reserves a guess; from an own device the address does not matter.
    ///
    /// # Errors
    /// How long to wait first.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        target: Target,
        address: IpAddr,
        now: Monotonic,
    ) -> Result<Reserved, Millis> {
        let mut entries = self.lock();
        let address = match target {
            Target::Login(_) => Some(network(address)),
            Target::OwnDevice(_) => None,
        };
        if let Some(address) = address {
            entry(&mut entries.by_address, &address).reserve(now)?;
        }
        let reserved = entry(&mut entries.by_target, &target).reserve(now);
        if let (Err(_), Some(address)) = (reserved, address) {
            entry(&mut entries.by_address, &address).withdraw();
        }
        drop(entries);
        Ok(Reserved {
            others: reserved?,
            attempts: self.clone(),
            target,
            address,
            at: now,
            settled: false,
        })
    }

    /// An administrator has released the account of this name.
    pub(crate) fn forget(&self, login: &str) {
        let target = Target::Login(login.to_owned());
        self.lock().by_target.pop(&target);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    /// It was wrong.
    pub(crate) fn fail(mut self, now: Monotonic) {
        self.settle(|target| target.fail(now), |address| address.fail(now));
    }

    /// It was right, and all that is asked for: failures before are forgotten.
    pub(crate) fn succeed(mut self) {
        self.settle(Guesses::succeed, AddressGuesses::withdraw);
    }

    /// It was right, and more is asked for; or it could not be looked at.
    pub(crate) fn withdraw(mut self) {
        self.settle(Guesses::withdraw, AddressGuesses::withdraw);
    }

    fn settle(
        &mut self,
        target: impl FnOnce(&mut Guesses),
        address: impl FnOnce(&mut AddressGuesses),
    ) {
        self.settled = true;
        let mut entries = self.attempts.lock();
        target(entry(&mut entries.by_target, &self.target));
        if let Some(of) = &self.address {
            address(entry(&mut entries.by_address, of));
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.settled {
            let at = self.at;
            self.settle(|target| target.fail(at), |address| address.fail(at));
        }
    }
}

fn entry<'a, K: Hash + Eq + Clone, V: Default>(
    cache: &'a mut LruCache<K, V>,
    key: &K,
) -> &'a mut V {
    cache.get_or_insert_mut_ref(key, V::default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn login(name: &str) -> Target {
        Target::Login(name.to_owned())
    }

    #[test]
    fn one_customer_over_ipv6_is_one_address() {
        let attempts = Arc::new(Attempts::default());
        let taken = (0..300).filter(|n| {
            let address = address(&format!("2001:db8::{n:x}"));
            let guess = attempts.reserve(login(&format!("user{n}")), address, Monotonic(0));
            guess.map(|guess| guess.fail(Monotonic(0))).is_ok()
        });
        assert_eq!(taken.count(), 20);
        let elsewhere = address("2001:db8:0:1::1");
        let guess = attempts.reserve(login("user"), elsewhere, Monotonic(0));
        assert!(guess.is_ok());
    }

    #[test]
    fn what_is_broken_off_counts() {
        let attempts = Arc::new(Attempts::default());
        let guess = || attempts.reserve(login("sato"), address("192.0.2.1"), Monotonic(0));
        for _ in 0..3 {
            drop(guess().unwrap());
        }
        assert!(guess().is_err());
        attempts.forget("sato");
        assert!(guess().is_ok());
    }

    #[test]
    fn an_own_device_waits_for_no_stranger() {
        let attempts = Arc::new(Attempts::default());
        let here = address("192.0.2.1");
        let mut strangers = Vec::new();
        for n in 0..40 {
            let guess = attempts.reserve(login(&format!("user{}", n / 2)), here, Monotonic(0));
            strangers.extend(guess);
        }
        assert_eq!(strangers.len(), 20);
        assert!(attempts.reserve(login("sato"), here, Monotonic(0)).is_err());
        let own = Target::OwnDevice("secret".to_owned());
        let guesses =
            (0..300).filter_map(|_| attempts.reserve(own.clone(), here, Monotonic(0)).ok());
        assert_eq!(
            guesses.collect::<Vec<_>>().len(),
            3,
            "it has limits of its own"
        );
    }
}
