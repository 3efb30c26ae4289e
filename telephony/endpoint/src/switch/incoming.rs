//! Requests from outside that belong to no dialog: who may do what with them.

use madoguchi_core::id::CallId;
use madoguchi_core::phone;
use madoguchi_line::api::{DialTarget, Input, Take};
use madoguchi_sip::body::ACCEPT;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::bodies::keep_session_description;
use super::call::Call;
use super::caller::{caller_of, dialled_number};
use super::capabilities::{ALLOW, SUPPORTED};
use super::invite_id::InviteId;
use super::offers::NotOpened;
use super::sender::Sender;
use super::side::{Owner, SideId};
use super::trunks::TrunkKey;
use super::{Now, Switch};

impl Switch {
    /// A new request. Only what begins something is remembered, once it is known who sends it.
    pub(super) fn on_request(&mut self, flow: Flow, request: Request, now: Now) {
        if request.method == Method::Cancel {
            // There is nothing to cancel.
            let response = request.respond(481, None);
            return self.refuse(flow, &request, response, now);
        }
        if request.to().is_some_and(|to| to.tag().is_some()) {
            return self.on_request_in_dialog(flow, request, now);
        }
        match &request.method {
            Method::Invite => self.on_invite(flow, request, now),
            Method::Register => self.on_register(flow, &request, now),
            Method::Options => self.on_options(flow, &request, now),
            Method::Bye | Method::Update | Method::Info | Method::Notify | Method::Prack => {
                self.refuse(flow, &request, request.respond(481, None), now);
            }
            Method::Other(_) => self.refuse(flow, &request, not_allowed(&request, 501), now),
            _ => self.refuse(flow, &request, not_allowed(&request, 405), now),
        }
    }

    /// Answers with a To tag, as every final answer of ours has one (8.2.6.2).
    pub(super) fn answer(&mut self, tx: ServerTx, mut response: Response, now: Now) {
        if response.status > 100 && response.to_tag().is_none() {
            let tag = self.token();
            response.set_to_tag(&tag);
        }
        self.transactions.respond(tx, &response, now.mono);
    }

    fn on_options(&mut self, flow: Flow, request: &Request, now: Now) {
        let draining = self.refuse_while_draining(request);
        let refusal = draining.or_else(|| self.refuse_unrecorded(request));
        let refusal = refusal.or_else(|| unsupported_extension(request));
        let response = refusal.unwrap_or_else(|| {
            let mut response = request.respond(200, None);
            response.headers.push(HeaderName::Allow, ALLOW);
            response.headers.push(HeaderName::Accept, ACCEPT);
            response.headers.push(HeaderName::Supported, SUPPORTED);
            response
        });
        self.refuse(flow, request, response, now);
    }

    fn on_invite(&mut self, flow: Flow, mut invite: Request, now: Now) {
        let Some(id) = InviteId::of(&invite) else {
            return self.refuse(flow, &invite, invite.respond(400, None), now);
        };
        let Some(sender) = self.identify(flow, &invite, now) else {
            return;
        };
        let refusal = if self.sides.knows_invite(&id) {
            Some(invite.respond(482, Some("Loop Detected")))
        } else {
            let draining = self.refuse_while_draining(&invite);
            let refusal = draining.or_else(|| self.refuse_unrecorded(&invite));
            let refusal = refusal.or_else(|| unsupported_extension(&invite));
            refusal.or_else(|| {
                let refusal = keep_session_description(&mut invite).err();
                refusal.map(|refusal| *refusal)
            })
        };
        if let Some(refusal) = refusal {
            return self.answer_without_state(flow, &invite, refusal);
        }
        let Some(tx) = self.begin(flow, &invite, now) else {
            return;
        };
        match sender {
            // No 100: whoever hears one sends the INVITE no more (17.1.1.2), and were lost if the desk
            // were killed before the call is on disk. The 200 follows as soon as it is.
            Sender::Trunk(trunk) => self.on_trunk_invite(tx, flow, invite, id, trunk, now),
            Sender::Phone(phone) => {
                self.answer(tx, invite.respond(100, None), now);
                self.on_phone_invite(tx, flow, invite, id, &phone, now);
            }
        }
    }

    /// A caller from outside: only desk lines can be reached.
    fn on_trunk_invite(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        invite: Request,
        id: InviteId,
        trunk: TrunkKey,
        now: Now,
    ) {
        let Some(settings) = self.trunks.get(trunk).map(|trunk| &trunk.settings) else {
            return;
        };
        if let Some(replaced) = self.replaced_by(&invite) {
            // Only the desk's own phones take calls so.
            let status = replaced.err().unwrap_or(603);
            return self.answer(tx, invite.respond(status, None), now);
        }
        let line_of = |number: &str| self.line_by_number.get(&phone::normalize(number));
        let is_known = |number: &str| line_of(number).is_some();
        let to = dialled_number(&invite, &settings.dialled_from, is_known);
        let found = to.and_then(|to| Some((line_of(to.number())?.clone(), to)));
        let Some((line, to)) = found else {
            tracing::warn!(trunk = %settings.name, "call to a number that is no line's");
            return self.answer(tx, invite.respond(404, None), now);
        };
        let from = caller_of(&invite, settings.trust_asserted_identity);
        // If the program ends before the caller is answered, the INVITE comes again, and the store
        // knows it.
        let chance = self.token();
        let call = CallId::of_invite(now.wall, &self.run, &chance, &id.mark());
        let owner = Owner::Starter(call.clone());
        let sender = Sender::Trunk(trunk);
        let opened = self.open_incoming(tx, flow, invite, id, owner, &sender, from.clone(), now);
        let starter = match opened {
            Ok(starter) => starter,
            Err(NotOpened::Refused) => return,
            Err(NotOpened::NoMeans(response)) => {
                tracing::error!(call.id = %call, %line, "a caller is refused: no means are left");
                self.tell_engine(Input::CallNotTaken {
                    call,
                    line,
                    from,
                    to,
                });
                return self.respond_after(tx, *response);
            }
        };
        self.calls.insert(
            call.clone(),
            Call::new(&call, starter, Some(line.clone()), false),
        );
        self.tell_engine(Input::CallArrived {
            call,
            line,
            from,
            to,
        });
    }

    /// An agent dials: a feature code, a colleague or a number outside.
    fn on_phone_invite(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        invite: Request,
        id: InviteId,
        extension: &str,
        now: Now,
    ) {
        let Some(phone) = self.phones.get(extension).cloned() else {
            return;
        };
        match self.replaced_by(&invite) {
            Some(Ok(call)) => {
                return self.on_pick_up(tx, flow, invite, id, &phone, Take::Call(call), now);
            }
            Some(Err(status)) => return self.answer(tx, invite.respond(status, None), now),
            None => {}
        }
        let subscriber = invite.uri.subscriber();
        let dialled = subscriber.number;
        if let Some(take) = self.take_by_code(&dialled) {
            return self.on_pick_up(tx, flow, invite, id, &phone, take, now);
        }
        if let Some(command) = self.feature_command(&dialled) {
            return self.on_feature_code(tx, flow, invite, id, &phone, command, now);
        }
        let Some(target) = self.dial_target(&phone, &dialled) else {
            // Without the number, which belongs into no log (docs/logging.md).
            tracing::warn!(agent = %phone.agent, "an agent dialled a number that nobody has");
            return self.answer(tx, invite.respond(404, None), now);
        };
        let chance = self.token();
        let call = CallId::of_run(now.wall, &self.run, &chance);
        let owner = Owner::Starter(call.clone());
        let shown = phone.extension.as_str().into();
        let sender = Sender::Phone(phone.extension);
        let opened = self.open_incoming(tx, flow, invite, id, owner, &sender, shown, now);
        let starter = match opened {
            Ok(starter) => starter,
            Err(NotOpened::Refused) => return,
            Err(NotOpened::NoMeans(response)) => {
                let agent = phone.agent;
                tracing::error!(call.id = %call, %agent, "an agent cannot dial: no means are left");
                self.tell_engine(Input::DialNotTaken {
                    call,
                    agent,
                    target,
                });
                return self.respond_after(tx, *response);
            }
        };
        let line = match &target {
            DialTarget::Outside { line, .. } => Some(line.clone()),
            DialTarget::Agent { .. } => None,
        };
        let subaddress = subscriber.subaddress.filter(|text| is_plain(text));
        let entry = Call {
            subaddress,
            ..Call::new(&call, starter, line, true)
        };
        self.calls.insert(call.clone(), entry);
        self.tell_engine(Input::AgentDialled {
            call,
            agent: phone.agent,
            target,
        });
    }

    pub(super) fn side_number(&mut self) -> SideId {
        SideId(self.number())
    }
}

/// Whether a subaddress can follow a number that was judged, and begins no other parameter there:
/// `rn` would send the call elsewhere.
fn is_plain(subaddress: &str) -> bool {
    subaddress.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A refusal that tells what would be understood.
pub(super) fn not_allowed(request: &Request, status: u16) -> Response {
    let mut response = request.respond(status, None);
    response.headers.push(HeaderName::Allow, ALLOW);
    response
}

/// 420 for an extension that we must but do not understand (8.2.2.3).
pub(super) fn unsupported_extension(request: &Request) -> Option<Response> {
    let unknown: Vec<_> = request
        .headers
        .list(&HeaderName::Require)
        .filter(|tag| {
            let mut known = SUPPORTED.split(", ");
            !known.any(|known| tag.eq_ignore_ascii_case(known))
        })
        .map(str::to_owned)
        .collect();
    (!unknown.is_empty()).then(|| {
        let mut response = request.respond(420, None);
        response
            .headers
            .push(HeaderName::Unsupported, unknown.join(", "));
        response
    })
}
