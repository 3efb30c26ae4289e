//! OPTIONS to phones and trunks: who still lives?

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers, Method, Request};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Host, Scheme, Uri};

use super::outgoing::Target;
use super::purpose::Purpose;
use super::trunks::TrunkKey;
use super::{Now, Peer, Switch, Wake};

impl Switch {
    /// Sets the wake-up for the next probes, if any are wanted.
    pub(super) fn start_keep_alive(&mut self, now: Now) {
        let every = u64::try_from(self.settings.keep_alive.0).unwrap_or(0);
        if every > 0 {
            self.wake_at(now.mono + every, Wake::KeepAlive);
        }
    }

    /// Probes every registered contact and every trunk. Contacts from the settings are trusted.
    pub(super) fn keep_alive(&mut self, now: Now) {
        self.probe_contacts(now);
        let trunks: Vec<_> = self.trunks.iter().map(|(key, _)| key).collect();
        for trunk in trunks {
            for (target, peer) in self.trunk_probe_targets(trunk) {
                self.probe(target, Purpose::ProbeTrunk { trunk, peer }, now);
            }
        }
        self.start_keep_alive(now);
    }

    /// Probes every registered contact.
    pub(super) fn probe_contacts(&mut self, now: Now) {
        let contacts: Vec<_> = self
            .bindings
            .registered()
            .map(|(extension, binding)| {
                let target = Target {
                    uri: binding.contact.clone(),
                    flow: binding.flow,
                    route: binding.path.clone(),
                    phone: None,
                };
                (Box::from(extension), target)
            })
            .collect();
        for (extension, target) in contacts {
            let contact = target.uri.clone();
            let purpose = Purpose::ProbeContact { extension, contact };
            self.probe(target, purpose, now);
        }
    }

    /// All addresses of a trunk.
    fn trunk_probe_targets(&self, key: TrunkKey) -> Vec<(Target, Peer)> {
        let Some(trunk) = self.trunks.get(key) else {
            return Vec::new();
        };
        let uri = trunk.settings.outbound.as_deref();
        let Some(uri) = uri.and_then(|uri| uri.parse::<Uri>().ok()) else {
            return Vec::new();
        };
        let peers = trunk.route.peers().iter();
        peers
            .filter_map(|peer| {
                let target = Target {
                    uri: uri.clone(),
                    flow: self.trunk_flow(trunk, *peer)?,
                    route: Vec::new(),
                    phone: None,
                };
                Some((target, *peer))
            })
            .collect()
    }

    fn probe(&mut self, target: Target, purpose: Purpose, now: Now) {
        let Target {
            uri, flow, route, ..
        } = target;
        let mut request = self.request_outside_dialog(Method::Options, uri, flow);
        for proxy in route {
            request.headers.push(HeaderName::Route, proxy);
        }
        if let Some(tx) = self.send_request(flow, request, now) {
            self.purposes.insert(tx, purpose);
        }
    }

    fn request_outside_dialog(&mut self, method: Method, uri: Uri, flow: Flow) -> Request {
        let local = self.local(flow);
        let (tag, call_id) = (self.token(), self.token());
        let mut headers = Headers::default();
        let from = Uri::sip(Some("desk"), Host::from(local.ip()), None);
        headers.push(HeaderName::From, NameAddr::with_tag(from, &tag).to_string());
        headers.push(HeaderName::To, format!("<{}>", uri.without_params()));
        headers.push(HeaderName::CallId, format!("{call_id}@{}", local.ip()));
        headers.push(HeaderName::CSeq, format!("1 {method}"));
        headers.push(
            HeaderName::Contact,
            self.contact(flow, uri.scheme == Scheme::Sips),
        );
        headers.push(HeaderName::MaxForwards, "70");
        Request {
            method,
            uri,
            headers,
            body: Vec::new(),
        }
    }

    pub(super) fn contact_probed(&mut self, extension: &str, contact: &Uri, answered: bool) {
        let before = self.bindings.reachable(extension);
        self.bindings.set_silent(extension, contact, !answered);
        let after = self.bindings.reachable(extension);
        if before != after {
            tracing::info!(%extension, reachable = after, "a phone went away or came back");
            self.tell_reachable(extension);
        }
    }

    pub(super) fn trunk_probed(&mut self, key: TrunkKey, peer: Peer, answered: bool, now: Now) {
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        if answered {
            trunk.route.answers(peer);
        } else {
            trunk.route.silent(peer, now.mono);
        }
        let alive = answered || !trunk.route.is_silent(now.mono);
        if trunk.alive != alive {
            trunk.alive = alive;
            let name = &trunk.settings.name;
            if alive {
                tracing::info!(trunk = %name, "the trunk answers again");
            } else {
                tracing::warn!(trunk = %name, "the trunk does not answer");
            }
        }
    }
}
