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

/// A phone's channel that rings.
#[derive(Debug)]
struct Ring {
    channel: String,
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
            channel: line.channel.clone(),
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
        let mut rings = rings.filter(|ring| ring.channel == line.channel);
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
            Some(None) if !self.answered => {
                self.withdraw(at);
                self.answered = true;
                self.log.push(at, EventKind::Answered { agent: None });
            }
            Some(None) | None => {}
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
        self.ringing.retain(|ring| ring.channel != line.channel);
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
