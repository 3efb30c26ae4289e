//! What goes on in a call, event by event.

use madoguchi_core::event::{
    AbandonReason, CallEvent, EndCause, EventKind, RingOutcome, TransferTarget,
};
use madoguchi_core::id::AgentId;
use madoguchi_core::time::Instant;

use super::super::{Log, extension};
use super::Line;
use crate::counting::{Meaning, Rules};

/// Channels that Asterisk makes for itself: nobody is at their end.
const WITHOUT_ANYBODY: [&str; 10] = [
    "Local/",
    "Announcer/",
    "Bridge/",
    "CBAnn/",
    "CBRec/",
    "Message/",
    "MulticastRTP/",
    "Recorder/",
    "Snoop/",
    "Surrogate/",
];

/// A phone's channel that rings; nothing for the channel if an earlier file told of it.
#[derive(Debug)]
struct Ring {
    channel: Option<String>,
    agent: AgentId,
}

/// A phone's channel of which nobody told that it rang.
#[derive(Debug)]
struct Other {
    channel: String,
    bridge: String,
    agent: Option<AgentId>,
}

#[derive(Debug)]
pub(super) struct Following<'a> {
    log: Log,
    rules: &'a Rules,
    caller: &'a str,
    /// An open 着信; nothing for 発信 and 内線.
    open: Option<bool>,
    ringing: Vec<Ring>,
    /// The bridge in which the caller is.
    caller_in: Option<String>,
    /// Other phones that are in bridges: such as no setting names, and those of another call that came
    /// into this one.
    others: Vec<Other>,
    /// Who talks, as far as it is known.
    talking: Option<AgentId>,
    answered: bool,
    over: bool,
}

impl<'a> Following<'a> {
    pub(super) fn new(log: Log, rules: &'a Rules, caller: &'a str, open: Option<bool>) -> Self {
        Self {
            log,
            rules,
            caller,
            open,
            ringing: Vec::new(),
            caller_in: None,
            others: Vec::new(),
            talking: None,
            answered: false,
            over: false,
        }
    }

    /// Goes on with a call of which an earlier file told; nothing if that did not tell how it began.
    pub(super) fn resume(log: Log, rules: &'a Rules, caller: &'a str) -> Option<Self> {
        let open = match log.events.first()?.kind {
            EventKind::Arrived { open, .. } => Some(open),
            EventKind::Dialled { .. } => None,
            _ => return None,
        };
        let mut following = Self::new(log, rules, caller, open);
        for event in following.log.events.clone() {
            following.remember(event.kind);
        }
        Some(following)
    }

    /// What an earlier file told.
    fn remember(&mut self, kind: EventKind) {
        match kind {
            EventKind::Ringing { agent } => {
                let channel = None;
                self.ringing.push(Ring { channel, agent });
            }
            EventKind::RingEnded { agent, .. } => self.ringing.retain(|ring| ring.agent != agent),
            EventKind::Answered { agent } => {
                self.answered = true;
                self.ringing.clear();
                self.talking = agent.filter(|_| self.open.is_some());
            }
            EventKind::Transferred { to, .. } => {
                self.talking = match to {
                    TransferTarget::Agent { agent } => Some(agent),
                    _ => None,
                };
            }
            EventKind::Abandoned { .. } | EventKind::Ended { .. } => self.over = true,
            _ => {}
        }
    }

    /// Whether it is the channel of a phone that rings. Of what an earlier file told, only whose phone it is is
    /// known.
    fn is_of(&self, ring: &Ring, channel: &str) -> bool {
        match &ring.channel {
            Some(known) => known == channel,
            None => self.rules.agent(extension(channel)).as_ref() == Some(&ring.agent),
        }
    }

    pub(super) fn into_events(self) -> Vec<CallEvent> {
        self.log.events
    }

    pub(super) fn take(&mut self, line: &Line, is_caller: bool) {
        if self.over {
            return;
        }
        match (line.kind.as_str(), is_caller) {
            ("CHAN_START", false) if self.open.is_some() => self.ring(line),
            ("BRIDGE_ENTER", true) => {
                self.caller_in = Some(bridge(line));
                self.meet_another(line.at);
            }
            ("BRIDGE_ENTER", false) => self.enter(line),
            ("BRIDGE_EXIT", true) => self.caller_in = None,
            ("BRIDGE_START", _) => self.bridged(line, is_caller),
            ("BRIDGE_EXIT", false) => self.forget(line),
            ("BLINDTRANSFER", _) if self.answered => self.blind_transfer(line),
            ("HANGUP", true) => self.end(line),
            ("HANGUP", false) => self.leg_ended(line),
            // The call went on as part of another one.
            ("LINKEDID_END", _) => self.end(line),
            _ => {}
        }
    }

    fn ring(&mut self, line: &Line) {
        let Some(agent) = self.rules.agent(extension(&line.channel)) else {
            return;
        };
        // A Local channel stands for the same phone.
        let rings = self.ringing.iter().any(|ring| ring.agent == agent);
        let talks = self.talking.as_ref() == Some(&agent);
        self.ringing.push(Ring {
            channel: Some(line.channel.clone()),
            agent: agent.clone(),
        });
        if !rings && !talks {
            self.log.push(line.at, EventKind::Ringing { agent });
        }
    }

    fn enter(&mut self, line: &Line) {
        if self.open.is_none() {
            // The far end of a call that an agent dialled: who dialled stands in its first event.
            if !std::mem::replace(&mut self.answered, true) {
                let agent = self.log.dialler();
                self.log.push(line.at, EventKind::Answered { agent });
            }
            return;
        }
        let rings = self.ringing.iter();
        let mut rings = rings.filter(|ring| self.is_of(ring, &line.channel));
        if let Some(agent) = rings.next().map(|ring| ring.agent.clone()) {
            self.answer(line.at, agent);
            return;
        }
        let has_somebody = !WITHOUT_ANYBODY
            .iter()
            .any(|made| line.channel.starts_with(made));
        if has_somebody {
            self.others.push(Other {
                channel: line.channel.clone(),
                bridge: bridge(line),
                agent: self.rules.agent(extension(&line.channel)),
            });
            self.meet_another(line.at);
        }
    }

    /// Two channels hear each other, as Asterisk up to 11 tells it: the line is that of one, and names the other.
    fn bridged(&mut self, line: &Line, is_caller: bool) {
        if self.open.is_none() {
            self.enter(line);
            return;
        }
        let (phone, other) = if is_caller {
            (line.bridge_peer.as_str(), self.caller)
        } else {
            (line.channel.as_str(), line.bridge_peer.as_str())
        };
        let rings = self.ringing.iter();
        let mut rings = rings.filter(|ring| self.is_of(ring, phone));
        let agent = rings.next().map(|ring| ring.agent.clone());
        match agent.or_else(|| self.rules.agent(extension(phone))) {
            Some(agent) => self.answer(line.at, agent),
            None if other == self.caller && !phone.is_empty() => self.answer_unnamed(line.at),
            None => {}
        }
    }

    fn forget(&mut self, line: &Line) {
        self.others.retain(|other| other.channel != line.channel);
    }

    fn answer(&mut self, at: Instant, agent: AgentId) {
        self.ringing.retain(|ring| ring.agent != agent);
        if self.talking.as_ref() == Some(&agent) {
            return;
        }
        self.withdraw(at);
        self.talking = Some(agent.clone());
        if std::mem::replace(&mut self.answered, true) {
            let to = TransferTarget::Agent { agent };
            self.log.push(at, EventKind::Transferred { from: None, to });
        } else {
            let agent = Some(agent);
            self.log.push(at, EventKind::Answered { agent });
        }
    }

    /// Whether the caller and another phone hear each other now.
    fn meet_another(&mut self, at: Instant) {
        let mut others = self.others.iter();
        let met = others.find(|other| self.caller_in.as_ref() == Some(&other.bridge));
        match met.map(|other| other.agent.clone()) {
            _ if self.open.is_none() => {}
            Some(Some(agent)) => self.answer(at, agent),
            Some(None) => self.answer_unnamed(at),
            None => {}
        }
    }

    /// Somebody whom no setting names hears the caller.
    fn answer_unnamed(&mut self, at: Instant) {
        if !std::mem::replace(&mut self.answered, true) {
            self.withdraw(at);
            self.log.push(at, EventKind::Answered { agent: None });
        }
    }

    /// To the outside the desk's talk stops; within the desk the next phone tells that it goes on.
    fn blind_transfer(&mut self, line: &Line) {
        let (Some(agent), Some(number)) = (self.talking.clone(), line.extra("extension")) else {
            return;
        };
        let mut extensions = self.rules.agents.iter();
        let own = extensions.find(|(_, known)| *known == agent);
        let own = own.map_or(agent.as_str(), |(extension, _)| extension.as_str());
        if matches!(
            self.rules.meaning_of_numbers(own, &number),
            Meaning::Outbound(_)
        ) {
            self.talking = None;
            let (from, to) = (Some(agent), TransferTarget::Outside { number });
            self.log.push(line.at, EventKind::Transferred { from, to });
        }
    }

    /// The phones that ring yet were rung in vain.
    fn withdraw(&mut self, at: Instant) {
        for agent in self.rung() {
            let outcome = RingOutcome::Withdrawn;
            self.log.push(at, EventKind::RingEnded { agent, outcome });
        }
        self.ringing.clear();
    }

    /// Whose phones ring, each once.
    fn rung(&self) -> Vec<AgentId> {
        let mut agents = Vec::new();
        for ring in &self.ringing {
            let is_told =
                agents.contains(&ring.agent) || self.talking.as_ref() == Some(&ring.agent);
            if !is_told {
                agents.push(ring.agent.clone());
            }
        }
        agents
    }

    fn leg_ended(&mut self, line: &Line) {
        self.forget(line);
        let before = self.rung();
        let ringing = std::mem::take(&mut self.ringing).into_iter();
        let goes_on = |ring: &Ring| !self.is_of(ring, &line.channel);
        let ringing: Vec<Ring> = ringing.filter(goes_on).collect();
        self.ringing = ringing;
        let after = self.rung();
        for agent in before.into_iter().filter(|agent| !after.contains(agent)) {
            let outcome = RingOutcome::NoAnswer;
            self.log
                .push(line.at, EventKind::RingEnded { agent, outcome });
        }
    }

    fn end(&mut self, line: &Line) {
        self.withdraw(line.at);
        self.over = true;
        let source = line.extra("hangupsource").unwrap_or_default();
        let (by_caller, by_somebody) = (source == self.caller, !source.is_empty());
        let kind = match (self.open, self.answered) {
            (Some(true), false) => {
                let reason = if by_caller || !by_somebody {
                    AbandonReason::CallerHangup
                } else {
                    AbandonReason::MaxWait
                };
                EventKind::Abandoned { reason }
            }
            (None, false) => EventKind::Ended {
                cause: EndCause::Refused,
            },
            (of, _) => {
                let cause = match (by_caller, by_somebody) {
                    (true, _) if of.is_none() => EndCause::Agent,
                    (true, _) => EndCause::Caller,
                    (false, true) if of.is_none() => EndCause::Caller,
                    (false, true) => EndCause::Agent,
                    (false, false) => EndCause::Unknown,
                };
                EventKind::Ended { cause }
            }
        };
        self.log.push(line.at, kind);
    }
}

fn bridge(line: &Line) -> String {
    line.extra("bridge_id").unwrap_or_default()
}
