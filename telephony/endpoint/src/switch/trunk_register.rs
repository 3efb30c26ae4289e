//! Our registrations with carriers: begun, refreshed, and ended when a trunk leaves.

use madoguchi_sip::header::{CSeq, NameAddr};
use madoguchi_sip::message::{HeaderName, Headers, Method, Request, Response};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Scheme, Uri};

use super::challenges::{Challenges, Proof};
use super::lease::granted_secs;
use super::purpose::Purpose;
use super::route::retry_after_secs;
use super::trunk_identity::associated_uris;
use super::trunks::{Registration, TrunkKey, TrunkState};
use super::{Now, Peer, Switch, Wake};

/// Nobody is asked to register more often than for this long.
const LEASE_SECS_AT_LEAST: u32 = 10;

impl Switch {
    /// A trunk's host names were looked up: calls go there from now on.
    pub(super) fn on_resolved(
        &mut self,
        key: TrunkKey,
        mut peers: Vec<Peer>,
        mut registrars: Vec<Peer>,
        now: Now,
    ) {
        if let Some(trunk) = self.trunks.get(key) {
            // Addresses of a family that we do not speak are of no use.
            peers.retain(|peer| self.trunk_flow(trunk, *peer).is_some());
            registrars.retain(|peer| self.trunk_flow(trunk, *peer).is_some());
        }
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        // A name that cannot be looked up now keeps its last addresses.
        trunk.route.set(peers);
        let first = trunk.registrar.is_empty();
        trunk.registrar.set(registrars);
        if first && !trunk.registrar.is_empty() {
            self.register_at(key, now.mono);
        }
    }

    /// Sets the wake-up for the next REGISTER, instead of an earlier one.
    pub(super) fn register_at(&mut self, key: TrunkKey, at: u64) {
        self.cancel_register(key);
        if let Some(trunk) = self.trunks.get_mut(key) {
            trunk.registration.wake_at = Some(at);
            self.wake_at(at, Wake::TrunkRegister(key));
        }
    }

    fn cancel_register(&mut self, key: TrunkKey) {
        let trunk = self.trunks.get_mut(key);
        if let Some(at) = trunk.and_then(|trunk| trunk.registration.wake_at.take()) {
            self.wakes.clear(at, Wake::TrunkRegister(key));
        }
    }

    /// Sends REGISTER to the carrier.
    pub(super) fn register_trunk(&mut self, key: TrunkKey, now: Now) {
        self.change_registration(key, |registration| registration.wake_at = None);
        let Some(trunk) = self.trunks.get(key) else {
            return;
        };
        let Some(aor) = trunk.aor() else { return };
        let ends = |other: &TrunkState| other.registration.ending && other.aor() == Some(aor);
        if trunk.leaving || trunk.registration.in_flight || self.trunks.iter_all().any(ends) {
            // An end that is on its way must not undo what we begin: it wakes us.
            return;
        }
        let wait = trunk.registrar.wait_ms(now.mono);
        if wait > 0 {
            return self.register_at(key, now.mono + wait);
        }
        self.send_register(key, None, now);
    }

    fn send_register(&mut self, key: TrunkKey, proof: Option<Proof>, now: Now) {
        let Some((uri, flow)) = self.registrar_target(key, now) else {
            return;
        };
        let (call_id, tag) = (self.token(), self.token());
        let contact = self.contact(flow, uri.scheme == Scheme::Sips);
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        let Some(wanted) = &trunk.settings.register else {
            return;
        };
        let registration = &mut trunk.registration;
        if proof.is_none() {
            registration.challenges = Challenges::default();
        }
        if registration.call_id.is_empty() {
            registration.call_id = call_id;
            registration.from_tag = tag;
        }
        let Ok(aor) = wanted.aor.parse::<Uri>() else {
            return;
        };
        registration.cseq += 1;
        registration.contact = contact.parse::<NameAddr>().ok().map(|sent| sent.uri);
        let expires = if registration.ending {
            0
        } else {
            wanted.expires_secs.max(registration.min_secs)
        };
        let mut headers = Headers::default();
        let from = NameAddr::with_tag(aor, &registration.from_tag);
        headers.push(HeaderName::From, from.to_string());
        headers.push(HeaderName::To, format!("<{}>", wanted.aor));
        headers.push(HeaderName::CallId, registration.call_id.as_str());
        let cseq = CSeq {
            seq: registration.cseq,
            method: Method::Register,
        };
        headers.push(HeaderName::CSeq, cseq.to_string());
        headers.push(HeaderName::Contact, contact);
        headers.push(HeaderName::Expires, expires.to_string());
        headers.push(HeaderName::MaxForwards, "70");
        if let Some(proof) = proof {
            proof.put_into(&mut headers);
        }
        let request = Request {
            method: Method::Register,
            uri,
            headers,
            body: Vec::new(),
        };
        if let Some(tx) = self.send_request(flow, request, now) {
            self.purposes.insert(tx, Purpose::Register(key));
            self.change_registration(key, |registration| registration.in_flight = true);
        }
    }

    fn registrar_target(&self, key: TrunkKey, now: Now) -> Option<(Uri, Flow)> {
        let trunk = self.trunks.get(key)?;
        let uri = trunk.settings.register.as_ref()?.registrar.parse().ok()?;
        let peer = trunk.registrar.best(now.mono)?;
        Some((uri, self.trunk_flow(trunk, peer)?))
    }

    pub(super) fn on_trunk_registered(&mut self, key: TrunkKey, response: &Response, now: Now) {
        self.change_registration(key, |registration| registration.in_flight = false);
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        match response.status {
            401 | 407 if trunk.registration.ending == trunk.leaving => {
                self.answer_registrar(key, response, now);
            }
            status if trunk.registration.ending => {
                tracing::info!(
                    trunk = %trunk.settings.name,
                    status,
                    "the registration with the carrier has ended"
                );
                self.registration_ended(key, now);
            }
            200..=299 => {
                let ours = trunk.registration.contact.as_ref();
                let granted = ours.and_then(|ours| granted_secs(response, ours));
                let granted = granted.unwrap_or_else(|| {
                    let wanted = trunk.settings.register.as_ref();
                    wanted.map_or(300, |wanted| wanted.expires_secs)
                });
                if !trunk.registration.registered {
                    tracing::info!(trunk = %trunk.settings.name, "registered with the carrier");
                }
                trunk.registration.registered = true;
                trunk.associated = associated_uris(&response.headers);
                trunk.registration.failures = 0;
                // At 80% of the lease, so that there is time to try again.
                let again = u64::from(granted.max(LEASE_SECS_AT_LEAST)) * 800;
                self.register_at(key, now.mono + again);
                self.end_registration(key, now);
            }
            423 => {
                let min = response.headers.get(&HeaderName::MinExpires);
                let min = min.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
                let wanted = trunk.settings.register.as_ref();
                let wanted = wanted.map_or(0, |wanted| wanted.expires_secs);
                if min > wanted.max(trunk.registration.min_secs) && !trunk.leaving {
                    trunk.registration.min_secs = min;
                    return self.send_register(key, None, now);
                }
                self.trunk_registration_failed(key, "interval too brief", now);
            }
            status => {
                self.registrar_unavailable(key, response, now);
                self.trunk_registration_failed(key, &format!("status {status}"), now);
            }
        }
    }

    fn answer_registrar(&mut self, key: TrunkKey, response: &Response, now: Now) {
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        let registrar = trunk.settings.register.as_ref();
        let uri = registrar.map(|wanted| wanted.registrar.clone());
        let uri = uri.unwrap_or_default();
        let mut challenges = std::mem::take(&mut trunk.registration.challenges);
        let proof = self.proof(key, &mut challenges, response, &Method::Register, &uri);
        self.change_registration(key, |registration| registration.challenges = challenges);
        match proof {
            Some(proof) => self.send_register(key, Some(proof), now),
            None => {
                self.registrar_unavailable(key, response, now);
                self.trunk_registration_failed(key, "our proof is not believed", now);
            }
        }
    }

    /// No answer to a REGISTER came.
    pub(super) fn on_register_timeout(&mut self, key: TrunkKey, now: Now) {
        self.change_registration(key, |registration| registration.in_flight = false);
        if let Some(trunk) = self.trunks.get_mut(key)
            && let Some(peer) = trunk.registrar.best(now.mono)
        {
            trunk.registrar.silent(peer, now.mono);
        }
        self.trunk_registration_failed(key, "no answer", now);
    }

    fn trunk_registration_failed(&mut self, key: TrunkKey, why: &str, now: Now) {
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        if trunk.registration.ending {
            tracing::warn!(trunk = %trunk.settings.name, why, "the registration with the carrier lapses");
            return self.registration_ended(key, now);
        }
        if trunk.leaving {
            return self.end_registration(key, now);
        }
        tracing::warn!(trunk = %trunk.settings.name, why, "no registration with the carrier");
        trunk.registration.registered = false;
        trunk.registration.failures += 1;
        let wait = trunk
            .registration
            .back_off_ms()
            .max(trunk.registrar.wait_ms(now.mono));
        self.register_at(key, now.mono + wait);
    }

    /// A registrar cannot serve us now: another of its addresses may, and none is asked before the
    /// time that it named (RFC 3261 21.5.4).
    fn registrar_unavailable(&mut self, key: TrunkKey, response: &Response, now: Now) {
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        let Some(peer) = trunk.registrar.best(now.mono) else {
            return;
        };
        match retry_after_secs(response) {
            Some(secs) => trunk.registrar.asked_to_wait(peer, secs, now.mono),
            None if response.status >= 500 => trunk.registrar.silent(peer, now.mono),
            None => {}
        }
    }

    /// A trunk leaves: its registration with the carrier is ended, unless another trunk has taken
    /// the same address of record over. A REGISTER on its way is waited for (10.2).
    pub(super) fn end_registration(&mut self, key: TrunkKey, now: Now) {
        let Some(trunk) = self.trunks.get(key) else {
            return;
        };
        if !trunk.leaving || trunk.registration.in_flight {
            return;
        }
        let (aor, registered) = (trunk.aor(), trunk.registration.registered);
        let taken_over = self.trunks.iter().any(|(_, other)| other.aor() == aor);
        self.cancel_register(key);
        if registered && !taken_over {
            self.change_registration(key, |registration| {
                registration.ending = true;
            });
            self.send_register(key, None, now);
        }
        let sent = |trunk: &TrunkState| trunk.registration.in_flight;
        if !self.trunks.get(key).is_some_and(sent) {
            self.registration_ended(key, now);
        }
    }

    /// Nothing of the registration is left; whoever wants the same address of record may begin.
    fn registration_ended(&mut self, key: TrunkKey, now: Now) {
        self.change_registration(key, |registration| {
            registration.registered = false;
            registration.ending = false;
        });
        let aor = self.trunks.get(key).and_then(|trunk| trunk.aor());
        let waits = |trunk: &TrunkState| {
            trunk.aor() == aor && !trunk.registrar.is_empty() && !trunk.registration.registered
        };
        let waiting: Vec<_> = self
            .trunks
            .iter()
            .filter(|(_, trunk)| waits(trunk))
            .map(|(key, _)| key)
            .collect();
        for waiting in waiting {
            self.register_at(waiting, now.mono);
        }
        self.trunks.forget_if_done(key);
    }

    fn change_registration(&mut self, key: TrunkKey, change: impl FnOnce(&mut Registration)) {
        if let Some(trunk) = self.trunks.get_mut(key) {
            change(&mut trunk.registration);
        }
    }
}
