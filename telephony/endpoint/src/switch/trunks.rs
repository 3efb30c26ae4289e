//! Trunks: recognising them, choosing one, registering with them, knowing whether they live.

use std::collections::BTreeMap;

use madoguchi_sip::digest::ClientState;
use madoguchi_sip::transaction::{Flow, Way};
use madoguchi_sip::uri::Uri;

use super::challenges::Challenges;
use super::route::Route;
use crate::settings::Trunk;

/// Names a trunk for as long as the switch knows it. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrunkKey(u64);

/// The hosts of a trunk whose names are to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkHosts {
    pub trunk: TrunkKey,
    /// Where outbound calls go, as a SIP URI.
    pub outbound: Option<String>,
    /// Where we register, as a SIP URI.
    pub registrar: Option<String>,
}

/// The trunks of the settings, and those that leave.
#[derive(Debug, Default)]
pub(super) struct Trunks {
    known: BTreeMap<TrunkKey, TrunkState>,
    /// Those of the settings, in their order.
    listed: Vec<TrunkKey>,
    last_key: u64,
}

/// A trunk and what is known of it now.
#[derive(Debug)]
pub(super) struct TrunkState {
    pub(super) settings: Trunk,
    /// Not in the settings any more, or not as it was: known until its last outbound call and its
    /// registration have ended.
    pub(super) leaving: bool,
    /// Where its outbound host is reached.
    pub(super) route: Route,
    /// Where its registrar is reached.
    pub(super) registrar: Route,
    pub(super) registration: Registration,
    /// The addresses that the carrier gave us when we registered (P-Associated-URI).
    pub(super) associated: Vec<Uri>,
    /// Outbound calls now.
    pub(super) outbound_calls: u32,
    /// The last OPTIONS was answered, or none was sent yet.
    pub(super) alive: bool,
    pub(super) client: ClientState,
}

/// Where the registration with a carrier stands.
#[derive(Debug, Default)]
pub(super) struct Registration {
    pub(super) call_id: String,
    pub(super) from_tag: String,
    pub(super) cseq: u32,
    /// The Contact that we sent last.
    pub(super) contact: Option<Uri>,
    pub(super) registered: bool,
    pub(super) failures: u32,
    /// The shortest interval that the carrier accepts, as far as it said so.
    pub(super) min_secs: u32,
    /// A REGISTER awaits its answer.
    pub(super) in_flight: bool,
    /// The challenges to the REGISTER in progress.
    pub(super) challenges: Challenges,
    /// The REGISTER in progress ends the registration.
    pub(super) ending: bool,
    /// When the next REGISTER is due.
    pub(super) wake_at: Option<u64>,
}

/// What new settings meant for the trunks that were known before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TrunkChanges {
    /// They leave.
    pub(super) left: Vec<TrunkKey>,
    /// They were leaving, and stay after all.
    pub(super) back: Vec<TrunkKey>,
}

impl Trunks {
    pub(super) fn get(&self, key: TrunkKey) -> Option<&TrunkState> {
        self.known.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: TrunkKey) -> Option<&mut TrunkState> {
        self.known.get_mut(&key)
    }

    /// Those of the settings, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TrunkKey, &TrunkState)> {
        self.listed
            .iter()
            .filter_map(|key| Some((*key, self.known.get(key)?)))
    }

    /// Those that leave, too.
    pub(super) fn iter_all(&self) -> impl Iterator<Item = &TrunkState> {
        self.known.values()
    }

    /// How many are known only until their last call and their registration have ended.
    pub(super) fn count_leaving(&self) -> usize {
        self.known.len() - self.listed.len()
    }

    /// The first trunk that requests from `flow` come from, by its certificate or its address.
    pub(super) fn of_source(&self, flow: Flow) -> Option<TrunkKey> {
        let mut trunks = self.iter();
        let found = trunks.find(|(_, trunk)| trunk.matches_source(flow));
        found.map(|(key, _)| key)
    }

    /// Whether a trunk proves itself as this user.
    pub(super) fn has_user(&self, user: &str) -> bool {
        let is_user = |trunk: &TrunkState| {
            let auth = trunk.settings.inbound_auth.as_ref();
            auth.is_some_and(|auth| auth.user == user)
        };
        self.iter().any(|(_, trunk)| is_user(trunk))
    }

    pub(super) fn hosts(&self) -> Vec<TrunkHosts> {
        let hosts = |(trunk, state): (TrunkKey, &TrunkState)| {
            let registrar = state.settings.register.as_ref();
            TrunkHosts {
                trunk,
                outbound: state.settings.outbound.clone(),
                registrar: registrar.map(|register| register.registrar.clone()),
            }
        };
        self.iter().map(hosts).collect()
    }

    /// Takes up new settings. A trunk is the same as before if its name, its hosts and what it
    /// proves itself with are; otherwise a new one takes its place.
    pub(super) fn reconfigure(&mut self, settings: Vec<Trunk>) -> TrunkChanges {
        let before = std::mem::take(&mut self.listed);
        let mut changes = TrunkChanges::default();
        for settings in settings {
            let key = match self.lookup(&settings) {
                Some(key) => key,
                None => self.add(settings.clone()),
            };
            self.listed.push(key);
            if let Some(trunk) = self.known.get_mut(&key) {
                if std::mem::take(&mut trunk.leaving) {
                    changes.back.push(key);
                }
                trunk.settings = settings;
            }
        }
        for key in before {
            if self.listed.contains(&key) {
                continue;
            }
            if let Some(trunk) = self.known.get_mut(&key) {
                trunk.leaving = true;
                changes.left.push(key);
            }
        }
        changes
    }

    /// The trunk that these settings are of, if it is known and not taken yet.
    fn lookup(&self, settings: &Trunk) -> Option<TrunkKey> {
        let same = |(key, trunk): &(&TrunkKey, &TrunkState)| {
            trunk.settings.is_same_as(settings) && !self.listed.contains(key)
        };
        self.known.iter().find(same).map(|(key, _)| *key)
    }

    fn add(&mut self, settings: Trunk) -> TrunkKey {
        self.last_key += 1;
        let key = TrunkKey(self.last_key);
        self.known.insert(key, TrunkState::new(settings));
        key
    }

    pub(super) fn outbound_call_ended(&mut self, key: TrunkKey) {
        if let Some(trunk) = self.get_mut(key) {
            trunk.outbound_calls = trunk.outbound_calls.saturating_sub(1);
        }
        self.forget_if_done(key);
    }

    /// Forgets a trunk that leaves, and has neither calls nor a registration any more.
    pub(super) fn forget_if_done(&mut self, key: TrunkKey) {
        let done = |trunk: &TrunkState| {
            let registration = &trunk.registration;
            let is_over = !registration.registered && !registration.in_flight;
            trunk.leaving && trunk.outbound_calls == 0 && is_over
        };
        if self.get(key).is_some_and(done) {
            self.known.remove(&key);
        }
    }
}

impl TrunkState {
    fn new(settings: Trunk) -> Self {
        Self {
            settings,
            leaving: false,
            route: Route::default(),
            registrar: Route::default(),
            registration: Registration::default(),
            associated: Vec::new(),
            outbound_calls: 0,
            alive: true,
            client: ClientState::default(),
        }
    }

    /// Whether requests from `flow` come from this trunk, by its certificate or its address.
    fn matches_source(&self, flow: Flow) -> bool {
        if let Way::Tls {
            proven: Some(proof),
        } = flow.way
        {
            return proof == self.settings.proof();
        }
        if self.settings.tls.must_prove {
            return false;
        }
        let (ip, port) = (flow.remote.ip().to_canonical(), flow.remote.port());
        self.settings.sources.iter().any(|source| {
            source.net.contains(&ip) && source.port.is_none_or(|wanted| wanted == port)
        })
    }

    /// Whether one more outbound call fits.
    pub(super) fn has_room(&self) -> bool {
        self.settings.max_outbound == 0 || self.outbound_calls < self.settings.max_outbound
    }

    /// The address of record that it registers.
    pub(super) fn aor(&self) -> Option<&str> {
        let register = self.settings.register.as_ref()?;
        Some(&register.aor)
    }
}

impl Trunk {
    /// Whether these are settings of the same trunk, so that what is known of it still holds.
    fn is_same_as(&self, other: &Self) -> bool {
        let registers = |trunk: &Self| {
            let register = trunk.register.as_ref();
            register.map(|register| (register.aor.clone(), register.registrar.clone()))
        };
        self.name == other.name
            && self.outbound == other.outbound
            && self.credentials == other.credentials
            && registers(self) == registers(other)
            && self.tls == other.tls
    }
}

impl Registration {
    /// How long to wait after so many failures in a row: 5 s doubling up to 5 min.
    pub(super) fn back_off_ms(&self) -> u64 {
        5_000u64
            .saturating_mul(1 << self.failures.min(6))
            .min(300_000)
    }
}
