//! A network in virtual time: it loses, repeats, delays and so reorders what goes over it, by chance that is seeded.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The same message is lost so often at the most: who repeats it gets through.
const LOST_AT_MOST: u8 = 2;

/// Who gets a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// The desk, from this peer.
    Desk(usize),
    Peer(usize),
}

/// How bad it is, in percent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) lost: u32,
    pub(crate) twice: u32,
    pub(crate) slow: u32,
}

/// What is on its way.
pub(crate) struct Network {
    weather: Weather,
    chance: StdRng,
    sent: u64,
    on_the_way: BTreeMap<(u64, u64), (End, Vec<u8>)>,
    lost: HashMap<u64, u8>,
    /// Peers that nothing reaches until then, nor comes from.
    cut_off: BTreeMap<usize, u64>,
}

impl End {
    /// The peer at one end of the way.
    fn peer(self) -> usize {
        match self {
            Self::Desk(peer) | Self::Peer(peer) => peer,
        }
    }
}

impl Network {
    pub(crate) fn new(seed: u64, weather: Weather) -> Self {
        Self {
            weather,
            chance: StdRng::seed_from_u64(seed),
            sent: 0,
            on_the_way: BTreeMap::new(),
            lost: HashMap::new(),
            cut_off: BTreeMap::new(),
        }
    }

    /// Nothing reaches a peer until then, nor comes from it.
    pub(crate) fn cut_off(&mut self, peer: usize, until: u64) {
        self.cut_off.insert(peer, until);
        self.on_the_way.retain(|_, (end, _)| end.peer() != peer);
    }

    pub(crate) fn send(&mut self, to: End, bytes: Vec<u8>, now: u64) {
        if self
            .cut_off
            .get(&to.peer())
            .is_some_and(|until| now < *until)
        {
            return;
        }
        let mut hasher = DefaultHasher::new();
        (to, &bytes).hash(&mut hasher);
        let lost = self.lost.entry(hasher.finish()).or_default();
        let happens = |chance: &mut StdRng, percent| chance.random_range(0..100) < percent;
        if happens(&mut self.chance, self.weather.lost) && *lost < LOST_AT_MOST {
            *lost += 1;
            return;
        }
        let copies = 1 + u32::from(happens(&mut self.chance, self.weather.twice));
        for _ in 0..copies {
            let slow = happens(&mut self.chance, self.weather.slow);
            let takes = self.chance.random_range(1..if slow { 700 } else { 20 });
            self.sent += 1;
            self.on_the_way
                .insert((now + takes, self.sent), (to, bytes.clone()));
        }
    }

    /// When the next message comes.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.on_the_way.keys().next().map(|(at, _)| *at)
    }

    /// A message that has come by now.
    pub(crate) fn take(&mut self, now: u64) -> Option<(End, Vec<u8>)> {
        if self.next_at()? > now {
            return None;
        }
        self.on_the_way.pop_first().map(|(_, message)| message)
    }
}
