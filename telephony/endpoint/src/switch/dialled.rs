//! Calls that agents dial: outside through a trunk, or to a colleague's extension.

use madoguchi_core::id::CallId;
use madoguchi_core::live::AgentCommand;
use madoguchi_core::outbound::OutboundNumber;
use madoguchi_core::setup::with_dial_prefix;
use madoguchi_line::api::{DialTarget, Input, LegFailure};
use madoguchi_sip::message::{HeaderName, Request, Response};
use madoguchi_sip::sdp;
use madoguchi_sip::transaction::{Flow, ServerTx};
use madoguchi_sip::uri::Uri;

use super::bodies::answer_in;
use super::interface::DialledState;
use super::invite_id::InviteId;
use super::offers::NotOpened;
use super::outgoing::{NewSide, Target};
use super::sender::Sender;
use super::side::{Owner, Phase, SideId};
use super::trunks::TrunkKey;
use super::{Now, Switch, Wake};
use crate::media::Confirmation;
use crate::settings::Phone;

impl Switch {
    /// What a number dialled by an agent means; `None` if nobody has it.
    pub(super) fn dial_target(&self, phone: &Phone, dialled: &str) -> Option<DialTarget> {
        if let Some(callee) = self.phones.get(dialled) {
            return Some(DialTarget::Agent {
                agent: callee.agent.clone(),
            });
        }
        let number = OutboundNumber::parse(dialled)?;
        if self.line_by_number.contains_key(number.number()) {
            return None;
        }
        let line = match &phone.line {
            Some(name) => self.settings.lines.iter().find(|line| line.line == *name),
            None => self.settings.lines.first(),
        }?;
        let shown = line
            .shown
            .clone()
            .or_else(|| line.numbers.first().cloned())?;
        Some(DialTarget::Outside {
            number: number.dialled(),
            shown,
            line: line.line.clone(),
        })
    }

    /// Calls the far end.
    pub(super) fn dial(&mut self, call: &CallId, target: DialTarget, now: Now) {
        let far = match target {
            DialTarget::Outside {
                number,
                shown,
                line,
            } => self.dial_outside(call, &number, &shown, line.as_str(), now),
            DialTarget::Agent { agent } => {
                let from = self.shown_of_starter(call);
                let codec = self.starter_codec(call);
                let owner = Owner::Far(call.clone());
                self.contacts_of(&agent)
                    .into_iter()
                    .filter_map(|target| {
                        let (owner, from) = (owner.clone(), from.clone());
                        self.call_out(
                            NewSide {
                                owner,
                                target,
                                from,
                                codec,
                                trunk: None,
                            },
                            now,
                        )
                    })
                    .collect()
            }
        };
        let timeout = u64::try_from(self.settings.dial_timeout.0).unwrap_or(0);
        for side in &far {
            self.wake_at(now.mono + timeout, Wake::DialTimeout(*side));
        }
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        entry.far = far;
        if entry.far.is_empty() {
            let failure = LegFailure::Unreachable;
            self.tell_engine(Input::FarFailed {
                call: call.clone(),
                failure,
            });
        }
    }

    fn dial_outside(
        &mut self,
        call: &CallId,
        number: &str,
        shown: &str,
        line: &str,
        now: Now,
    ) -> Vec<SideId> {
        let Some((trunk, peer)) = self.outbound_trunk(line, now) else {
            tracing::error!(
                line,
                "no trunk for an outbound call is known, alive and free"
            );
            return Vec::new();
        };
        let state = self.trunks.get(trunk);
        let Some(flow) = state.and_then(|state| self.trunk_flow(state, peer)) else {
            return Vec::new();
        };
        let Some(mut uri) = self.outbound_uri(trunk, number) else {
            return Vec::new();
        };
        let subaddress = self.calls.get(call);
        let subaddress = subaddress.and_then(|call| call.subaddress.as_deref());
        if let (Some(user), Some(subaddress)) = (&mut uri.user, subaddress) {
            user.push_str(";isub=");
            user.push_str(subaddress);
        }
        let new = NewSide {
            owner: Owner::Far(call.clone()),
            target: Target {
                uri,
                flow,
                route: Vec::new(),
                phone: None,
            },
            from: shown.into(),
            codec: self.starter_codec(call),
            trunk: Some((trunk, peer)),
        };
        self.call_out(new, now).into_iter().collect()
    }

    /// The trunk for outbound calls of a line: the one it names, or the first with room.
    fn outbound_trunk(&self, line: &str, now: Now) -> Option<(TrunkKey, super::Peer)> {
        let wanted = self
            .settings
            .lines
            .iter()
            .find(|other| other.line.as_str() == line);
        let wanted = wanted.and_then(|line| line.trunk.as_deref());
        self.trunks.iter().find_map(|(key, trunk)| {
            let named = wanted.is_none_or(|name| trunk.settings.name == name);
            let usable = named && trunk.settings.outbound.is_some() && trunk.has_room();
            let peer = trunk.route.best(now.mono).filter(|_| usable);
            peer.map(|peer| (key, peer))
        })
    }

    fn outbound_uri(&self, trunk: TrunkKey, number: &str) -> Option<Uri> {
        let settings = &self.trunks.get(trunk)?.settings;
        let mut uri: Uri = settings.outbound.as_deref()?.parse().ok()?;
        uri.user = Some(with_dial_prefix(&settings.dial_prefix, number));
        Some(uri)
    }

    /// The far end rings: the dialling phone is told, with the far end's voice if it has one.
    pub(super) fn on_progress(&mut self, id: SideId, response: &Response, now: Now) {
        let Some(Owner::Far(call)) = self.sides.get(&id).map(|side| side.owner.clone()) else {
            return;
        };
        let Some(starter) = self.starter(&call).filter(|_| !self.carries(&call)) else {
            return;
        };
        if self.is_beside(&call) {
            return self.on_progress_beside(id, starter, response);
        }
        let answer = answer_in(response);
        let early = !answer.is_empty() && self.take_first_answer(id, answer).is_ok();
        let body = if early {
            self.early_answer(starter)
        } else {
            None
        };
        let Some(side) = self.sides.get(&starter) else {
            return;
        };
        let Phase::Incoming { invite, .. } = &side.phase else {
            return;
        };
        let mut progress = invite.respond(if body.is_some() { 183 } else { 180 }, None);
        progress.set_to_tag(&side.dialog.local_tag);
        progress.headers.push(
            HeaderName::Contact,
            self.contact(side.dialog.flow, side.dialog.sips),
        );
        if let Some(body) = body {
            progress
                .headers
                .push(HeaderName::ContentType, "application/sdp");
            progress.body = body;
            let (one, other) = (side.media, self.sides.get(&id).map(|side| side.media));
            if let Some(other) = other {
                self.voice.bridge_early(one, other);
            }
        }
        self.send_progress(starter, progress, now);
    }

    /// The answer to the dialling phone's offer, before its call is answered.
    fn early_answer(&mut self, starter: SideId) -> Option<Vec<u8>> {
        let side = self.sides.get_mut(&starter)?;
        if side.negotiated.is_none() {
            let Phase::Incoming { invite, .. } = &side.phase else {
                return None;
            };
            let (negotiated, text) = sdp::answer(&invite.body, &side.local_sdp()).ok()?;
            side.negotiated = Some(negotiated);
            side.description = text;
        }
        let description = side.description.clone();
        self.apply_media(starter);
        Some(description)
    }

    /// The far end picked up: the dialling phone is answered and both are connected.
    pub(super) fn far_picked_up(&mut self, call: &CallId, id: SideId, now: Now) {
        let Some(entry) = self.calls.get_mut(call) else {
            return self.end_side(id, now);
        };
        let others: Vec<_> = entry
            .far
            .iter()
            .copied()
            .filter(|other| *other != id)
            .collect();
        entry.far = vec![id];
        let starter = entry.starter;
        for other in others {
            self.end_side(other, now);
        }
        if !self.carries(call) && !self.is_beside(call) {
            self.answer_invite(starter, now);
        }
        self.connect_far(call, starter, id);
    }

    pub(super) fn far_refused(&mut self, call: &CallId, id: SideId, failure: LegFailure) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        entry.far.retain(|other| *other != id);
        if entry.far.is_empty() {
            self.tell_engine(Input::FarFailed {
                call: call.clone(),
                failure,
            });
        }
    }

    pub(super) fn end_far(&mut self, call: &CallId, now: Now) {
        let far = self
            .calls
            .get_mut(call)
            .map(|call| std::mem::take(&mut call.far));
        for side in far.unwrap_or_default() {
            self.end_side(side, now);
        }
    }

    /// The far end rang for too long.
    pub(super) fn on_dial_timeout(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get(&id).filter(|side| side.phase.is_calling()) else {
            return;
        };
        if let Owner::Far(call) = side.owner.clone() {
            self.end_side(id, now);
            self.far_refused(&call, id, LegFailure::NoAnswer);
        }
    }

    /// The state that a feature code asks for.
    pub(super) fn feature_command(&self, dialled: &str) -> Option<AgentCommand> {
        let codes = &self.settings.feature_codes;
        match dialled {
            code if code == codes.ready => Some(AgentCommand::Ready),
            code if code == codes.away => Some(AgentCommand::Away {
                reason: "電話機で設定".to_owned(),
            }),
            code if code == codes.log_out => Some(AgentCommand::LogOut),
            _ => None,
        }
    }

    /// Sets the agent's state, says so when it is on disk, and hangs up.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of one INVITE, taken apart by its reader"
    )]
    pub(super) fn on_feature_code(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        invite: Request,
        id: InviteId,
        phone: &Phone,
        command: AgentCommand,
        now: Now,
    ) {
        let confirmation = match &command {
            AgentCommand::Ready | AgentCommand::EndWrapUp => Confirmation::Ready,
            AgentCommand::Away { .. } => Confirmation::Away,
            AgentCommand::LogOut => Confirmation::LoggedOut,
        };
        let shown = phone.extension.as_str().into();
        let sender = Sender::Phone(phone.extension.clone());
        let owner = Owner::Feature;
        let opened = self.open_incoming(tx, flow, invite, id, owner, &sender, shown, now);
        let side = match opened {
            Ok(side) => side,
            Err(NotOpened::Refused) => return,
            Err(NotOpened::NoMeans(response)) => return self.answer(tx, *response, now),
        };
        self.dialled.push(DialledState {
            at: now.wall,
            agent: phone.agent.clone(),
            extension: phone.extension.clone(),
            address: flow.remote.ip(),
            command: command.clone(),
        });
        self.tell_engine(Input::Agent {
            agent: phone.agent.clone(),
            command,
        });
        self.confirm_after(side, confirmation);
    }

    pub(super) fn confirm_feature(&mut self, side: SideId, confirmation: Confirmation, now: Now) {
        self.answer_invite(side, now);
        if let Some(side) = self.sides.get(&side) {
            let said = self.sounds.confirmation(confirmation);
            self.voice.say(side.media, said, 0);
        }
    }
}
