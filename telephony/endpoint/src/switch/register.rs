//! The registrar: REGISTER from agents' phones (RFC 3261 10.3).

use madoguchi_line::api::Input;
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Request, Response};
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;

use super::registration::{Intervals, Registration, RegistrationError};
use super::sender::Sender;
use super::{Now, Switch, Wake};
use crate::settings::Phone;

/// How often lapsed registrations are looked for.
const SWEEP_MS: u64 = 1_000;
/// The option tag of RFC 5626.
const OUTBOUND: &str = "outbound";
/// A phone is reached through so many proxies at the most.
const PROXIES_AT_MOST: usize = 5;
/// The longest entry of a Path.
const PATH_BYTES_AT_MOST: usize = 512;

impl Switch {
    pub(super) fn on_register(&mut self, flow: Flow, request: &Request, now: Now) {
        let Some(sender) = self.identify(flow, request, now) else {
            return;
        };
        let Some(tx) = self.begin(flow, request, now) else {
            return;
        };
        let phone = match sender {
            Sender::Phone(extension) => self.phones.get(&extension).cloned(),
            Sender::Trunk(_) => None,
        };
        let Some(phone) = phone else {
            return self.answer(tx, request.respond(403, None), now);
        };
        if request.to().and_then(|to| to.uri.user).as_deref() != Some(&*phone.extension) {
            // A phone may register itself only.
            return self.answer(tx, request.respond(403, None), now);
        }
        let intervals = Intervals {
            min_secs: self.settings.min_expires_secs,
            max_secs: self.settings.max_expires_secs,
        };
        let outbound = keeps_connections_apart(request);
        let registered = read_registration(request, flow, outbound).and_then(|wish| {
            self.bindings
                .register(&phone.extension, wish, intervals, now.mono)
        });
        let response = match registered {
            Ok(()) => self.registered(request, &phone.extension, outbound, now),
            Err(RegistrationError::Malformed) => request.respond(400, None),
            Err(RegistrationError::OutOfOrder) => request.respond(500, Some("Out Of Order")),
            Err(RegistrationError::IntervalTooBrief) => {
                let mut response = request.respond(423, None);
                response
                    .headers
                    .push(HeaderName::MinExpires, intervals.min_secs.to_string());
                response
            }
        };
        self.answer(tx, response, now);
        self.tell_reachable(&phone.extension);
    }

    /// 200 with all contacts of the phone (10.3 step 8), and what was done of RFC 5626 and RFC 3327.
    fn registered(&self, request: &Request, extension: &str, outbound: bool, now: Now) -> Response {
        let mut response = request.respond(200, None);
        let headers = &mut response.headers;
        for binding in self.bindings.of(extension) {
            let Some(at) = binding.expires_at else {
                continue;
            };
            let mut contact = format!("<{}>", binding.contact);
            if let Some(device) = &binding.device {
                contact.push_str(&format!(";+sip.instance={}", device.instance));
                if let Some(reg_id) = device.reg_id {
                    contact.push_str(&format!(";reg-id={reg_id}"));
                }
            }
            let secs = at.saturating_sub(now.mono).div_ceil(1000);
            contact.push_str(&format!(";expires={secs}"));
            headers.push(HeaderName::Contact, contact);
        }
        for path in request.headers.list(&HeaderName::Path) {
            headers.push(HeaderName::Path, path);
        }
        if outbound {
            headers.push(HeaderName::Require, OUTBOUND);
        }
        headers.push(HeaderName::Supported, "path, outbound");
        response
    }

    /// The connection with a peer is gone: nobody can be reached through it any more.
    pub(super) fn on_stream_closed(&mut self, flow: Flow) {
        for extension in self.bindings.end_flow(flow) {
            tracing::info!(%extension, "the connection of a phone was closed; its registration ends");
            self.tell_reachable(&extension);
        }
    }

    pub(super) fn expire_registrations(&mut self, now: Now) {
        for extension in self.bindings.expire(now.mono) {
            tracing::info!(%extension, "the registration of a phone has lapsed");
            self.tell_reachable(&extension);
        }
        self.nonces.forget_old(now.mono);
        self.wake_at(now.mono + SWEEP_MS, Wake::Registrations);
    }

    /// Tells the engine whether an agent's phone can be reached.
    pub(super) fn tell_reachable(&mut self, extension: &str) {
        let Some(phone) = self.phones.get(extension) else {
            return;
        };
        let agent = phone.agent.clone();
        let reachable = self.bindings.reachable(extension);
        self.tell_engine(Input::AgentReachable { agent, reachable });
    }

    /// Tells the engine of every agent whether their phone can be reached; of none that can, if
    /// `gone_only`.
    pub(super) fn tell_all_reachable(&mut self, gone_only: bool) {
        for view in self.engine.snapshot().agents {
            let phone = self.phones.of_agent(&view.agent);
            let reachable = phone.is_some_and(|phone| self.bindings.reachable(&phone.extension));
            if reachable && gone_only {
                continue;
            }
            self.tell_engine(Input::AgentReachable {
                agent: view.agent,
                reachable,
            });
        }
    }

    /// The contacts of a phone that need no registration.
    pub(super) fn fixed_contacts(&self, phone: &Phone) -> Vec<(Uri, Flow)> {
        let read = |text: &String| {
            let target = text.parse().ok().and_then(|uri| {
                let peer = super::Peer::of_literal(&uri)?;
                Some((uri, self.flow_to(peer)?))
            });
            if target.is_none() {
                tracing::error!(
                    extension = %phone.extension,
                    "a fixed contact is no SIP address that can be reached"
                );
            }
            target
        };
        phone.fixed_contacts.iter().filter_map(read).collect()
    }
}

/// Whether the phone asks for connections to be told apart by their `reg-id`, and the first proxy, if
/// there is one, keeps them apart (RFC 5626 6).
fn keeps_connections_apart(request: &Request) -> bool {
    let mut supported = request.headers.list(&HeaderName::Supported);
    let asked = supported.any(|tag| tag.eq_ignore_ascii_case(OUTBOUND));
    let reg_id = |text: &str| {
        let contact = text.parse::<NameAddr>();
        contact.is_ok_and(|contact| contact.params.get("reg-id").is_some())
    };
    let named = request.headers.list(&HeaderName::Contact).any(reg_id);
    let direct = request.headers.list(&HeaderName::Via).count() <= 1;
    let first_proxy = request.headers.list(&HeaderName::Path).last();
    let keeps = first_proxy
        .and_then(|text| text.parse::<NameAddr>().ok())
        .is_some_and(|proxy| proxy.uri.params.get("ob").is_some());
    asked && named && (direct || keeps)
}

/// The Path of a request, if it can be used as a Route.
fn read_path(request: &Request) -> Result<Vec<String>, RegistrationError> {
    let path: Vec<&str> = request.headers.list(&HeaderName::Path).collect();
    let usable = |text: &&str| text.len() <= PATH_BYTES_AT_MOST && text.parse::<NameAddr>().is_ok();
    if path.len() > PROXIES_AT_MOST || !path.iter().all(usable) {
        return Err(RegistrationError::Malformed);
    }
    Ok(path.into_iter().map(str::to_owned).collect())
}

fn read_registration(
    request: &Request,
    flow: Flow,
    outbound: bool,
) -> Result<Registration<'_>, RegistrationError> {
    let mut contacts = Vec::new();
    let mut wildcard = false;
    for text in request.headers.list(&HeaderName::Contact) {
        if text.trim() == "*" {
            wildcard = true;
        } else {
            let contact: NameAddr = text.parse().map_err(|_| RegistrationError::Malformed)?;
            contacts.push(contact);
        }
    }
    Ok(Registration {
        path: read_path(request)?,
        outbound,
        contacts,
        wildcard,
        expires_secs: request
            .headers
            .get(&HeaderName::Expires)
            .and_then(|text| text.trim().parse().ok()),
        call_id: request.call_id().unwrap_or_default(),
        cseq: request.cseq().map_or(0, |cseq| cseq.seq),
        flow,
    })
}
