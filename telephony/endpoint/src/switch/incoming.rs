//! Requests from outside that belong to no dialog: who may do what with them.

use madoguchi_core::id::CallId;
use madoguchi_core::phone;
use madoguchi_line::api::{DialTarget, Input};
use madoguchi_sip::body::ACCEPT;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::bodies::keep_session_description;
use super::calls::Call;
use super::identity::Sender;
use super::offers::NotOpened;
use super::side::{Owner, SideId};
use super::trunks::TrunkKey;
use super::{Now, Switch};

/// What the endpoint understands; told in Allow.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, PRACK, REGISTER";

/// The extensions that the endpoint knows; told in Supported.
pub(super) const SUPPORTED: &str = "timer, 100rel";

/// The same INVITE, whatever way it came (8.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct InviteId {
    call_id: Box<str>,
    from_tag: Box<str>,
    seq: u32,
}

impl InviteId {
    fn of(invite: &Request) -> Option<Self> {
        Some(Self {
            call_id: invite.call_id()?.into(),
            from_tag: invite.from()?.tag().unwrap_or_default().into(),
            seq: invite.cseq()?.seq,
        })
    }
}

impl Switch {
    /// A new request.
    pub(super) fn on_request(&mut self, tx: ServerTx, flow: Flow, request: Request, now: Now) {
        if request.to().is_some_and(|to| to.tag().is_some()) {
            return self.on_request_in_dialog(tx, flow, request, now);
        }
        match &request.method {
            Method::Invite => self.on_invite(tx, flow, request, now),
            Method::Register => self.on_register(tx, flow, &request, now),
            Method::Options => self.on_options(tx, flow, &request, now),
            Method::Bye | Method::Update | Method::Info | Method::Notify | Method::Prack => {
                self.answer(tx, request.respond(481, None), now);
            }
            Method::Other(_) => self.answer_allow(tx, &request, 501, now),
            _ => self.answer_allow(tx, &request, 405, now),
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

    pub(super) fn answer_allow(&mut self, tx: ServerTx, request: &Request, status: u16, now: Now) {
        let mut response = request.respond(status, None);
        response.headers.push(HeaderName::Allow, ALLOW);
        self.answer(tx, response, now);
    }

    fn on_options(&mut self, tx: ServerTx, flow: Flow, request: &Request, now: Now) {
        let known = self.trunks.of_source(flow).is_some() || self.bindings.knows_source(flow);
        if !known && !self.may_answer(flow, now) {
            return;
        }
        if let Some(refusal) = unsupported_extension(request) {
            return self.answer(tx, refusal, now);
        }
        let mut response = request.respond(200, None);
        response.headers.push(HeaderName::Allow, ALLOW);
        response.headers.push(HeaderName::Accept, ACCEPT);
        response.headers.push(HeaderName::Supported, SUPPORTED);
        self.answer(tx, response, now);
    }

    fn may_answer(&mut self, flow: Flow, now: Now) -> bool {
        let before = self.guard.ignores(flow.remote.ip(), now.mono);
        self.count_unknown(flow, now);
        !before && !self.guard.ignores(flow.remote.ip(), now.mono)
    }

    fn on_invite(&mut self, tx: ServerTx, flow: Flow, mut invite: Request, now: Now) {
        let Some(id) = InviteId::of(&invite) else {
            return self.answer(tx, invite.respond(400, None), now);
        };
        if self.invites.contains(&id) {
            return self.answer(tx, invite.respond(482, Some("Loop Detected")), now);
        }
        let Some(sender) = self.identify(tx, flow, &invite, now) else {
            return;
        };
        if let Some(refusal) = unsupported_extension(&invite) {
            return self.answer(tx, refusal, now);
        }
        if let Err(refusal) = keep_session_description(&mut invite) {
            return self.answer(tx, *refusal, now);
        }
        self.answer(tx, invite.respond(100, None), now);
        match sender {
            Sender::Trunk(trunk) => self.on_trunk_invite(tx, flow, invite, id, trunk, now),
            Sender::Phone(phone) => self.on_phone_invite(tx, flow, invite, id, &phone, now),
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
        let dialled = invite.uri.user.clone().unwrap_or_default();
        let Some(line) = self
            .line_by_number
            .get(&phone::normalize(&dialled))
            .cloned()
        else {
            let name = self
                .trunks
                .get(trunk)
                .map(|trunk| trunk.settings.name.as_str());
            tracing::warn!(trunk = name, "call to a number that is no line's");
            return self.answer(tx, invite.respond(404, None), now);
        };
        let from = caller_number(&invite);
        let call = self.new_call_id(now);
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
                    to: dialled,
                });
                return self.respond_after(tx, *response);
            }
        };
        self.calls
            .insert(call.clone(), Call::new(starter, Some(line.clone()), false));
        self.tell_engine(Input::CallArrived {
            call,
            line,
            from,
            to: dialled,
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
        let dialled = invite.uri.user.clone().unwrap_or_default();
        if let Some(command) = self.feature_command(&dialled) {
            return self.on_feature_code(tx, flow, invite, id, &phone, command, now);
        }
        let Some(target) = self.dial_target(&phone, &dialled) else {
            return self.answer(tx, invite.respond(404, None), now);
        };
        let call = self.new_call_id(now);
        let owner = Owner::Starter(call.clone());
        let shown = phone.extension.clone();
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
        self.calls
            .insert(call.clone(), Call::new(starter, line, true));
        self.tell_engine(Input::AgentDialled {
            call,
            agent: phone.agent,
            target,
        });
    }

    /// A name for a call that sorts by its arrival.
    fn new_call_id(&mut self, now: Now) -> CallId {
        let chance = self.token();
        CallId::of_run(now.wall, &self.run, &chance)
    }

    pub(super) fn side_number(&mut self) -> SideId {
        SideId(self.number())
    }
}

impl Call {
    fn new(starter: SideId, line: Option<madoguchi_core::id::LineName>, dialled: bool) -> Self {
        Self {
            starter,
            line,
            dialled,
            far: Vec::new(),
            bridged: None,
            refusal: None,
        }
    }
}

/// The caller's number: P-Asserted-Identity of the carrier before From (RFC 3325); empty when the
/// caller withholds it.
fn caller_number(invite: &Request) -> String {
    let asserted = invite
        .headers
        .list(&HeaderName::PAssertedIdentity)
        .find_map(|text| text.parse::<madoguchi_sip::header::NameAddr>().ok());
    let Some(address) = asserted.or_else(|| invite.from()) else {
        return String::new();
    };
    let user = address.uri.user.unwrap_or_default();
    if user.eq_ignore_ascii_case("anonymous") {
        String::new()
    } else {
        user
    }
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
