//! From where the parties of dialogs speak.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::mem::{Discriminant, discriminant};
use std::net::{IpAddr, SocketAddr};

use madoguchi_sip::transaction::{Flow, Way};

/// How many dialogs there are with each address, and on each flow.
#[derive(Debug, Default)]
pub(super) struct DialogAddresses {
    addresses: HashMap<IpAddr, usize>,
    flows: HashMap<(SocketAddr, Discriminant<Way>), usize>,
}

impl DialogAddresses {
    pub(super) fn add(&mut self, flow: Flow) {
        *self.addresses.entry(flow.remote.ip()).or_default() += 1;
        *self.flows.entry(place(flow)).or_default() += 1;
    }

    pub(super) fn remove(&mut self, flow: Flow) {
        count_down(&mut self.addresses, flow.remote.ip());
        count_down(&mut self.flows, place(flow));
    }

    pub(super) fn count(&self, ip: IpAddr) -> usize {
        self.addresses.get(&ip).copied().unwrap_or(0)
    }

    pub(super) fn is_on(&self, flow: Flow) -> bool {
        self.flows.contains_key(&place(flow))
    }
}

fn place(flow: Flow) -> (SocketAddr, Discriminant<Way>) {
    (flow.remote, discriminant(&flow.way))
}

fn count_down<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}
