//! Our registrations with carriers, and answers to their challenges.

use madoguchi_sip::digest;
use madoguchi_sip::header::{CSeq, NameAddr};
use madoguchi_sip::message::{HeaderName, Headers, Method, Request, Response};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;

use super::outgoing::Purpose;
use super::side::{Phase, SideId};
use super::{Now, Peer, Switch, Wake};

impl Switch {
    /// A trunk's host names were looked up: calls go there from now on.
    pub(super) fn on_resolved(
        &mut self,
        at: usize,
        peer: Option<Peer>,
        registrar: Option<Peer>,
        now: Now,
    ) {
        let Some(trunk) = self.trunks.get_mut(at) else {
            return;
        };
        // A name that cannot be looked up now keeps its last address.
        trunk.peer = peer.or(trunk.peer);
        let first = trunk.registrar.is_none();
        trunk.registrar = registrar.or(trunk.registrar);
        if first && trunk.registrar.is_some() {
            self.wake_at(now.mono, Wake::TrunkRegister(at));
        }
    }

    /// Sends REGISTER to the carrier.
    pub(super) fn register_trunk(&mut self, at: usize, now: Now) {
        let Some(trunk) = self.trunks.get_mut(at) else {
            return;
        };
        trunk.registration.challenged = false;
        self.send_register(at, None, now);
    }

    fn send_register(&mut self, at: usize, authorization: Option<Authorization>, now: Now) {
        let Some((uri, flow)) = self.registrar_target(at) else {
            return;
        };
        let (call_id, tag) = (self.token(), self.token());
        let contact = self.contact(flow);
        let Some(trunk) = self.trunks.get_mut(at) else {
            return;
        };
        let Some(wanted) = &trunk.settings.register else {
            return;
        };
        let registration = &mut trunk.registration;
        if registration.call_id.is_empty() {
            registration.call_id = call_id;
            registration.from_tag = tag;
        }
        registration.cseq += 1;
        let Ok(aor) = wanted.aor.parse::<Uri>() else {
            return;
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
        headers.push(HeaderName::Expires, wanted.expires_secs.to_string());
        headers.push(HeaderName::MaxForwards, "70");
        if let Some(Authorization { name, value }) = authorization {
            headers.push(name, value);
        }
        let request = Request {
            method: Method::Register,
            uri,
            headers,
            body: Vec::new(),
        };
        if let Some(tx) = self.send_request(flow, request, now) {
            self.purposes.insert(tx, Purpose::Register(at));
        }
    }

    fn registrar_target(&self, at: usize) -> Option<(Uri, Flow)> {
        let trunk = self.trunks.get(at)?;
        let uri = trunk.settings.register.as_ref()?.registrar.parse().ok()?;
        Some((uri, self.flow_to(trunk.registrar?)?))
    }

    pub(super) fn on_trunk_registered(&mut self, at: usize, response: &Response, now: Now) {
        let Some(trunk) = self.trunks.get_mut(at) else {
            return;
        };
        match response.status {
            200..=299 => {
                let granted = granted_secs(response).unwrap_or_else(|| {
                    trunk
                        .settings
                        .register
                        .as_ref()
                        .map_or(300, |wanted| wanted.expires_secs)
                });
                if !trunk.registration.registered {
                    tracing::info!(trunk = %trunk.settings.name, "registered with the carrier");
                }
                trunk.registration.registered = true;
                trunk.registration.failures = 0;
                let again = u64::from(granted.max(10)) * 800;
                self.wake_at(now.mono + again, Wake::TrunkRegister(at));
            }
            401 | 407 if !trunk.registration.challenged => {
                trunk.registration.challenged = true;
                let registrar = trunk
                    .settings
                    .register
                    .as_ref()
                    .map(|wanted| &wanted.registrar);
                let uri = registrar.cloned().unwrap_or_default();
                match self.authorization(at, response, "REGISTER", &uri) {
                    Some(authorization) => self.send_register(at, Some(authorization), now),
                    None => self.trunk_registration_failed(at, "challenge not understood", now),
                }
            }
            423 => {
                let min = response.headers.get(&HeaderName::MinExpires);
                let min = min.and_then(|text| text.trim().parse().ok());
                if let (Some(min), Some(wanted)) = (min, trunk.settings.register.as_mut())
                    && min > wanted.expires_secs
                {
                    wanted.expires_secs = min;
                    return self.send_register(at, None, now);
                }
                self.trunk_registration_failed(at, "interval too brief", now);
            }
            status => self.trunk_registration_failed(at, &format!("status {status}"), now),
        }
    }

    pub(super) fn trunk_registration_failed(&mut self, at: usize, why: &str, now: Now) {
        let Some(trunk) = self.trunks.get_mut(at) else {
            return;
        };
        tracing::warn!(trunk = %trunk.settings.name, why, "no registration with the carrier");
        trunk.registration.registered = false;
        trunk.registration.failures += 1;
        let again = trunk.registration.back_off_ms();
        self.wake_at(now.mono + again, Wake::TrunkRegister(at));
    }

    /// Sends the INVITE again with an answer to the carrier's challenge, once.
    pub(super) fn answer_challenge(&mut self, id: SideId, response: &Response, now: Now) -> bool {
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let Phase::Calling { invite, .. } = &side.phase else {
            return false;
        };
        let Some(trunk) = side.trunk.filter(|_| !side.authenticated) else {
            return false;
        };
        side.authenticated = true;
        let uri = invite.uri.to_string();
        match self.authorization(trunk, response, "INVITE", &uri) {
            Some(Authorization { name, value }) => {
                self.repeat_invite(id, now, |invite| invite.headers.set(name, value))
            }
            None => false,
        }
    }

    /// Sends the INVITE of a side again as a new transaction (8.1.3.5).
    pub(super) fn repeat_invite(
        &mut self,
        id: SideId,
        now: Now,
        change: impl FnOnce(&mut Request),
    ) -> bool {
        let Some(side) = self.sides.get(&id) else {
            return false;
        };
        if side.owner == super::side::Owner::Nobody {
            return false;
        }
        let Phase::Calling { invite, .. } = &side.phase else {
            return false;
        };
        let (mut invite, flow) = (invite.clone(), side.dialog.flow);
        let seq = side.dialog.last_seq() + 1;
        change(&mut invite);
        invite.headers.set(
            HeaderName::CSeq,
            CSeq {
                seq,
                method: Method::Invite,
            }
            .to_string(),
        );
        invite.headers.remove(&HeaderName::Via);
        self.put_via(flow, &mut invite);
        let Some(tx) = self.transactions.request(flow, &invite, now.mono) else {
            return false;
        };
        self.purposes.insert(tx, Purpose::Invite(id));
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        side.dialog.set_last_seq(seq);
        side.phase = Phase::Calling { tx, invite };
        true
    }

    fn authorization(
        &mut self,
        at: usize,
        response: &Response,
        method: &str,
        uri: &str,
    ) -> Option<Authorization> {
        let proxy = response.status == 407;
        let (challenge, name) = if proxy {
            (
                HeaderName::ProxyAuthenticate,
                HeaderName::ProxyAuthorization,
            )
        } else {
            (HeaderName::WwwAuthenticate, HeaderName::Authorization)
        };
        let challenges: Vec<&str> = response.headers.get_all(&challenge).collect();
        let cnonce = self.token();
        let trunk = self.trunks.get_mut(at)?;
        let credentials = trunk.settings.credentials.as_ref()?;
        let (user, password) = (&credentials.user, &credentials.password);
        let value = digest::answer(
            &challenges,
            &mut trunk.client,
            digest::Proof {
                method,
                uri,
                user,
                password,
                cnonce: &cnonce,
            },
        )?;
        Some(Authorization { name, value })
    }
}

struct Authorization {
    name: HeaderName,
    value: String,
}

/// The interval that the registrar granted for our contact, or for all (10.2.4).
fn granted_secs(response: &Response) -> Option<u32> {
    let of_contact = response
        .headers
        .list(&HeaderName::Contact)
        .filter_map(|text| text.parse::<NameAddr>().ok())
        .filter_map(|contact| contact.params.get("expires")?.parse().ok())
        .min();
    of_contact.or_else(|| {
        response
            .headers
            .get(&HeaderName::Expires)?
            .trim()
            .parse()
            .ok()
    })
}
