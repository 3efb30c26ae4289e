//! A caller who is handed on to the outside, and three who talk: whose voices are connected. What agents ask for on
//! the screen.

use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::{DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_core::phone;
use madoguchi_line::api::{DialTarget, Input, LegFailure, Take, Whom};
use tokio::sync::oneshot;

use super::call::{BridgeOf, Call};
use super::side::{Phase, SideId};
use super::{Now, Switch};

/// Who waits for what came of a request.
pub(super) type Asker = oneshot::Sender<Result<(), HandOnRefusal>>;

/// What a number that a caller is to be handed on to means.
#[derive(Debug)]
pub(super) enum Meant {
    Desk(HandOnTo),
    Outside(DialTarget),
}

impl Switch {
    /// An agent asks for something on the screen.
    pub(super) fn on_desk_request(
        &mut self,
        agent: AgentId,
        request: DeskRequest,
        reply: Asker,
        now: Now,
    ) {
        let input = self.number();
        let request = match request {
            DeskRequest::HandOn(HandOnTo::Number(number)) => {
                match self.meant_by(&agent, &number) {
                    Some(Meant::Desk(to)) => DeskRequest::HandOn(to),
                    Some(Meant::Outside(target)) => {
                        self.askers.insert(input, reply);
                        let outbound = self.new_call(now);
                        return self.tell_engine(Input::HandOnOutside {
                            agent,
                            outbound,
                            target,
                            asked: input,
                        });
                    }
                    None => {
                        // Whoever asked may have gone away.
                        let _gone = reply.send(Err(HandOnRefusal::NoSuchNumber));
                        return;
                    }
                }
            }
            DeskRequest::Consult(to) => {
                let Some(whom) = self.whom_to_ask(&agent, to) else {
                    let _gone = reply.send(Err(HandOnRefusal::NoSuchNumber));
                    return;
                };
                self.askers.insert(input, reply);
                let consult = self.new_call(now);
                return self.tell_engine(Input::Consult {
                    agent,
                    consult,
                    whom,
                    asked: input,
                });
            }
            other => other,
        };
        if request == DeskRequest::HandOn(HandOnTo::Asked) {
            self.keep_whom_is_asked(&agent);
        }
        self.askers.insert(input, reply);
        self.tell_engine(Input::Request {
            agent,
            request,
            asked: input,
        });
    }

    /// Whom an agent is to ask; `None` if nobody is meant.
    fn whom_to_ask(&self, agent: &AgentId, to: HandOnTo) -> Option<Whom> {
        let meant = match to {
            HandOnTo::Number(number) => self.meant_by(agent, &number)?,
            other => Meant::Desk(other),
        };
        match meant {
            Meant::Outside(target) => Some(Whom::Target(target)),
            Meant::Desk(HandOnTo::Agent(agent)) => Some(Whom::Target(DialTarget::Agent { agent })),
            Meant::Desk(HandOnTo::Line(line)) => Some(Whom::Line(line)),
            Meant::Desk(HandOnTo::Park | HandOnTo::Asked | HandOnTo::Number(_)) => None,
        }
    }

    /// Whom the agent asks is about to get the caller: they are kept if the agent's phone hangs up meanwhile.
    fn keep_whom_is_asked(&mut self, agent: &AgentId) {
        let consult = self.engine.asked_by(agent);
        if let Some(call) = consult.and_then(|consult| self.calls.get_mut(&consult)) {
            call.handed_over = true;
        }
    }

    /// What came of a request from the screen.
    pub(super) fn reply(&mut self, asked: u64, refusal: Option<HandOnRefusal>) {
        if let Some(reply) = self.askers.remove(&asked) {
            // Whoever asked may have gone away.
            let _gone = reply.send(refusal.map_or(Ok(()), Err));
        }
    }

    /// Whom an agent means by a number: a colleague, a line, the code for parking, or the outside.
    pub(super) fn meant_by(&self, agent: &AgentId, number: &str) -> Option<Meant> {
        let phone = self.phones.of_agent(agent)?;
        let number = number.trim();
        if let Some(callee) = self.phones.get(number) {
            return Some(Meant::Desk(HandOnTo::Agent(callee.agent.clone())));
        }
        if self.take_by_code(number) == Some(Take::Parked) {
            return Some(Meant::Desk(HandOnTo::Park));
        }
        if let Some(line) = self.line_by_number.get(&phone::normalize(number)) {
            return Some(Meant::Desk(HandOnTo::Line(line.clone())));
        }
        match self.dial_target(phone, number)? {
            DialTarget::Agent { agent } => Some(Meant::Desk(HandOnTo::Agent(agent))),
            outside @ DialTarget::Outside { .. } => Some(Meant::Outside(outside)),
        }
    }

    /// Names a call that nobody outside has begun.
    pub(super) fn new_call(&mut self, now: Now) -> CallId {
        let chance = self.token();
        CallId::of_run(now.wall, &self.run, &chance)
    }

    /// Calls the outside for a caller, whose side takes the place of a phone that dialled.
    pub(super) fn dial_for(&mut self, id: &CallId, caller: &CallId, target: DialTarget, now: Now) {
        let Some(starter) = self.starter(caller) else {
            let (call, failure) = (id.clone(), LegFailure::Unreachable);
            return self.tell_engine(Input::FarFailed { call, failure });
        };
        let line = match &target {
            DialTarget::Outside { line, .. } => Some(line.clone()),
            DialTarget::Agent { .. } => None,
        };
        let entry = Call {
            carries: Some(caller.clone()),
            ..Call::new(id, starter, line, true)
        };
        self.calls.insert(id.clone(), entry);
        self.dial(id, target, now);
    }

    /// The far end of a consultation is there for the caller from now on.
    pub(super) fn carry(&mut self, id: &CallId, caller: &CallId, now: Now) {
        let starter = self.starter(caller);
        let (Some(call), Some(starter)) = (self.calls.get_mut(id), starter) else {
            // One of them is gone, and so is the other.
            let call = id.clone();
            return self.tell_engine(Input::FarEnded { call });
        };
        let phone = std::mem::replace(&mut call.starter, starter);
        call.carries = Some(caller.clone());
        call.handed_over = false;
        let has_dialled = call.beside.take().is_none();
        // Who has picked up since the phone hung up is connected with nobody yet.
        let picked_up = |side: &&SideId| {
            let side = self.sides.get(side);
            side.is_some_and(|side| matches!(side.phase, Phase::Confirmed))
        };
        let far = call
            .bridged
            .or_else(|| call.far.iter().find(picked_up).copied());
        self.voice.forget_bridge(&BridgeOf::Far(id.clone()));
        match far {
            Some(far) => {
                if has_dialled {
                    self.dismiss(phone, now);
                }
                self.connect_far(id, starter, far);
            }
            // What becomes of it is told in the other dialog, if that was asked in it.
            None if has_dialled => self.end_side(phone, now),
            None => {}
        }
    }

    /// Connects the far end of a dialled call with its starter; a caller who is carried hears nobody else.
    pub(super) fn connect_far(&mut self, id: &CallId, starter: SideId, far: SideId) {
        let caller = self.calls.get(id).and_then(|call| call.carries.clone());
        if let Some(caller) = caller {
            // Whoever talked with the caller leaves.
            self.tell_quality(&caller);
            if let Some(call) = self.calls.get_mut(&caller) {
                call.bridged = Some(far);
            }
        }
        self.bridge(id, starter, far, BridgeOf::Far(id.clone()));
    }

    /// Whether a call was dialled for a caller, and no phone of an agent is in it.
    pub(super) fn carries(&self, id: &CallId) -> bool {
        let call = self.calls.get(id);
        call.is_some_and(|call| call.carries.is_some())
    }

    /// The caller, the agent and whom the agent asks hear each other.
    pub(super) fn join(&mut self, id: &CallId, consult: &CallId) {
        let (Some(call), Some(asking)) = (self.calls.get(id), self.calls.get(consult)) else {
            return;
        };
        // The agent has two legs, of which one is held.
        let seats = [
            (Some(call.starter), 0),
            (asking.bridged, 1),
            (Some(asking.starter), 2),
            (call.bridged, 2),
        ];
        let legs = seats.into_iter().filter_map(|(side, seat)| {
            let side = self.sides.get(&side?)?;
            Some((side.media, seat))
        });
        let mut legs: Vec<_> = legs.collect();
        // Or the agent has one, on which they are asked.
        legs.dedup_by_key(|(session, _)| *session);
        self.voice.join(legs);
    }

    /// The parties of a consultation hear each other alone again.
    pub(super) fn unjoin(&mut self, consult: &CallId) {
        let parties = self.calls.get(consult);
        let parties = parties.and_then(|call| Some((call.starter, call.bridged?)));
        let sides = parties.and_then(|(a, b)| Some((self.sides.get(&a)?, self.sides.get(&b)?)));
        if let Some((one, other)) = sides {
            let (one, other) = (one.media, other.media);
            self.voice.bridge_early(one, other);
        }
    }
}
