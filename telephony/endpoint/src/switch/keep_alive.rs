//! OPTIONS to phones and trunks: who still lives?

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers, Method, Request};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::{Host, Uri};

use super::outgoing::Purpose;
use super::trunks::TrunkKey;
use super::{Now, Switch, Wake};

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
        let contacts: Vec<_> = self
            .bindings
            .registered()
            .map(|(extension, binding)| {
                (Box::from(extension), binding.contact.clone(), binding.flow)
            })
            .collect();
        for (extension, contact, flow) in contacts {
            let purpose = Purpose::ProbeContact {
                extension,
                contact: contact.clone(),
            };
            self.probe(contact, flow, purpose, now);
        }
        let trunks: Vec<_> = self.trunks.iter().map(|(key, _)| key).collect();
        for key in trunks {
            if let Some((uri, flow)) = self.trunk_probe_target(key) {
                self.probe(uri, flow, Purpose::ProbeTrunk(key), now);
            }
        }
        self.start_keep_alive(now);
    }

    fn trunk_probe_target(&self, key: TrunkKey) -> Option<(Uri, Flow)> {
        let trunk = self.trunks.get(key)?;
        let uri = trunk.settings.outbound.as_deref()?.parse().ok()?;
        Some((uri, self.flow_to(trunk.peer?)?))
    }

    fn probe(&mut self, uri: Uri, flow: Flow, purpose: Purpose, now: Now) {
        let request = self.request_outside_dialog(Method::Options, uri, flow);
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
        headers.push(HeaderName::Contact, self.contact(flow));
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

    pub(super) fn trunk_probed(&mut self, key: TrunkKey, answered: bool) {
        let Some(trunk) = self.trunks.get_mut(key) else {
            return;
        };
        if trunk.alive != answered {
            trunk.alive = answered;
            let name = &trunk.settings.name;
            if answered {
                tracing::info!(trunk = %name, "the trunk answers again");
            } else {
                tracing::warn!(trunk = %name, "the trunk does not answer");
            }
        }
    }
}
