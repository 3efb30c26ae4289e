//! How many watch the board: so many in all, and so many of one address or one user, for each holds
//! a connection as long as it likes.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use madoguchi_core::id::UserId;

use crate::rates::network;

/// Everybody who watches.
#[derive(Debug)]
pub(crate) struct Watchers {
    at_most: usize,
    per_visitor: usize,
    present: Mutex<Present>,
}

#[derive(Debug, Default)]
struct Present {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
    by_user: HashMap<UserId, usize>,
}

/// The slot of one who watches, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct StreamSlot {
    watchers: Arc<Watchers>,
    network: IpAddr,
    user: UserId,
}

impl Watchers {
    pub(crate) fn new(at_most: usize, per_visitor: usize) -> Self {
        Self {
            at_most,
            per_visitor,
            present: Mutex::default(),
        }
    }

    /// A slot for one more, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, user: &UserId) -> Option<StreamSlot> {
        let network = network(address);
        let mut present = self.present();
        let of_network = present.by_network.get(&network).copied();
        let of_user = present.by_user.get(user).copied();
        let own = of_network
            .unwrap_or_default()
            .max(of_user.unwrap_or_default());
        if present.all >= self.at_most || own >= self.per_visitor {
            return None;
        }
        present.all += 1;
        *present.by_network.entry(network).or_default() += 1;
        *present.by_user.entry(user.clone()).or_default() += 1;
        Some(StreamSlot {
            watchers: self.clone(),
            network,
            user: user.clone(),
        })
    }

    fn present(&self) -> std::sync::MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn leave<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    match counts.get_mut(key) {
        Some(count) if *count > 1 => *count -= 1,
        _ => {
            counts.remove(key);
        }
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut present = self.watchers.present();
        present.all = present.all.saturating_sub(1);
        leave(&mut present.by_network, &self.network);
        leave(&mut present.by_user, &self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_or_address_leaves_places_for_others() {
        let watchers = Arc::new(Watchers::new(6, 3));
        let enter = |last: u8, user: &str| {
            watchers.enter(IpAddr::from([192, 0, 2, last]), &UserId::new(user))
        };
        let mut places: Vec<_> = (0..3).filter_map(|last| enter(last, "sato")).collect();
        assert!(enter(9, "sato").is_none(), "one user from many addresses");
        places.extend(["a", "b", "c"].iter().filter_map(|user| enter(7, user)));
        assert!(places.len() == 6 && enter(8, "d").is_none(), "all places");
        places.truncate(5);
        assert!(enter(7, "d").is_some());
        places.clear();
        assert_eq!(watchers.present().all, 0);
        assert!(watchers.present().by_network.is_empty());
    }
}
