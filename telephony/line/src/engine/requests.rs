//! What agents ask for of calls: from the screen, with an answer, and from the phone.

use madoguchi_core::clock::Moment;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::{DeskRequest, HandOnRefusal, HandOnTo};

use super::Engine;
use super::agents::Activity;
use super::call::Stage;
use super::keys::AgentKey;
use crate::api::{DialTarget, Input, Output};

/// What a request comes to at once.
pub(super) type Asked = Result<(), HandOnRefusal>;

impl Engine {
    /// A phone hands its caller on; it is told with [`Output::TransferOver`].
    pub(super) fn phone_hands_on(&mut self, input: Input, now: Moment) {
        let _told_to_the_phone = match input {
            Input::TransferOutside {
                call,
                outbound,
                target,
            } => self.transfer_outside(&call, outbound, target, now),
            Input::TransferToAgent { call, agent } => self.transfer_to_agent(&call, &agent, now),
            Input::HandOver { call, consult } => self.hand_over(&call, &consult, now),
            Input::TransferToLine { call, line } => self.transfer_to_line(&call, &line, now),
            Input::Park { call } => self.park(&call, now),
            _ => Ok(()),
        };
    }

    /// An agent asks for something from the screen.
    pub(super) fn on_request(
        &mut self,
        agent: &AgentId,
        request: &DeskRequest,
        asked: u64,
        now: Moment,
    ) {
        let done = match request {
            DeskRequest::HandOn(to) => self.hand_on(agent, to, now),
            DeskRequest::Join => self.join(agent, now),
            DeskRequest::EndConsult => self.end_consult(agent, now),
            DeskRequest::Take(call) => self.take_call(agent, call, now),
            // Whom that means is read outside: `Input::Consult`.
            DeskRequest::Consult(_) => Err(HandOnRefusal::NoSuchNumber),
        };
        self.reply(asked, done);
    }

    /// An agent hands on the caller with whom they talk to a number outside.
    pub(super) fn hand_on_outside(
        &mut self,
        agent: &AgentId,
        outbound: CallId,
        target: DialTarget,
        asked: u64,
        now: Moment,
    ) {
        let done = match self.talk_of(agent) {
            Some((_, call)) => self.transfer_outside(&call, outbound, target, now),
            None => Err(HandOnRefusal::NoTalk),
        };
        self.reply(asked, done);
    }

    pub(super) fn reply(&mut self, asked: u64, done: Asked) {
        let refusal = done.err();
        self.out(Output::Reply { asked, refusal });
    }

    /// Hands on the caller with whom an agent talks.
    fn hand_on(&mut self, agent: &AgentId, to: &HandOnTo, now: Moment) -> Asked {
        let Some((key, call)) = self.talk_of(agent) else {
            if *to == HandOnTo::Asked {
                self.keep_asking(agent);
            }
            return Err(HandOnRefusal::NoTalk);
        };
        match to {
            HandOnTo::Agent(to) if to == agent => Err(HandOnRefusal::Busy),
            HandOnTo::Agent(to) if self.asks(key, to) => self.hand_on(agent, &HandOnTo::Asked, now),
            HandOnTo::Agent(to) => self.transfer_to_agent(&call, to, now),
            HandOnTo::Line(line) => self.transfer_to_line(&call, line, now),
            HandOnTo::Park => self.park(&call, now),
            HandOnTo::Asked => {
                let consult = self.consult_of(key).ok_or(HandOnRefusal::NobodyAsked)?;
                self.hand_over(&call, &consult, now)
            }
            HandOnTo::Number(_) => Err(HandOnRefusal::NoSuchNumber),
        }
    }

    /// Whether an agent asks this colleague.
    fn asks(&self, key: AgentKey, colleague: &AgentId) -> bool {
        let consult = self.consult_of(key);
        let callee = consult.and_then(|consult| self.callee_of(&consult));
        callee.is_some() && callee == self.agents.key(colleague)
    }

    /// The colleague who is called in a dialled call.
    pub(super) fn callee_of(&self, call: &CallId) -> Option<AgentKey> {
        match &self.calls.get(call)?.stage {
            Stage::Dialled(dialled) => dialled.callee,
            _ => None,
        }
    }

    /// There is no caller to be handed over: the agent goes on asking whom they ask.
    fn keep_asking(&mut self, agent: &AgentId) {
        if let Some(consult) = self.asked_by(agent) {
            self.out(Output::NotAdopted { consult });
        }
    }

    /// The call in which an agent talks.
    pub(super) fn talk_of(&self, agent: &AgentId) -> Option<(AgentKey, CallId)> {
        let key = self.agents.key(agent)?;
        match &self.agents.get(key)?.activity {
            Activity::Talking { call } => Some((key, call.clone())),
            _ => None,
        }
    }
}
