//! What calls that are not of this run use of the limits of 発信規制: those of other nodes, and of earlier
//! runs. Without it each node would give the desk its minutes anew, and so would a restart.

use std::collections::BTreeMap;

use crate::call::{CallRecord, Direction};
use crate::id::AgentId;
use crate::outbound::{NumberKind, OutboundNumber};
use crate::time::{Instant, Millis};

/// A day in Tokyo, where no clock is put forward.
const DAY: Millis = Millis::from_secs(86_400);

/// What is used elsewhere on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboundElsewhere {
    /// When the day began that is told of.
    pub day: Instant,
    /// How long agents have talked to the outside on this day in calls that are over.
    pub talked_by: BTreeMap<AgentId, Millis>,
    /// Calls that go on: who talks, and since when.
    pub running: Vec<Option<(AgentId, Instant)>>,
}

impl OutboundElsewhere {
    /// How many calls go on.
    pub fn calls(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap_or(u32::MAX)
    }

    /// How long the desk has talked on this day until `now`.
    pub fn talked(&self, now: Instant) -> Millis {
        let over = self.talked_by.values().copied();
        let going_on = self.talking().map(|(_, since)| self.share(since, now));
        over.chain(going_on)
            .fold(Millis::ZERO, |sum, talked| sum + talked)
    }

    /// How long one agent has.
    pub fn talked_by(&self, agent: &AgentId, now: Instant) -> Millis {
        let over = self.talked_by.get(agent).copied().unwrap_or_default();
        let own = self.talking().filter(|(who, _)| *who == agent);
        own.fold(over, |sum, (_, since)| sum + self.share(since, now))
    }

    /// Calls in which both talk: whose, and since when.
    pub fn talking(&self) -> impl Iterator<Item = (&AgentId, Instant)> {
        let talking = self.running.iter().flatten();
        talking.map(|(agent, since)| (agent, *since))
    }

    /// Nobody has talked yet on the day that begins now.
    pub fn turn_day(&mut self, day: Instant) {
        self.day = day;
        self.talked_by.clear();
    }

    fn share(&self, since: Instant, now: Instant) -> Millis {
        (now - since.max(self.day)).max(Millis::ZERO)
    }
}

/// Talks to the outside that are over, as long as they may belong to the running day.
#[derive(Debug, Default)]
pub(crate) struct OutsideTalks {
    talks: Vec<(AgentId, Instant, Instant)>,
}

impl OutsideTalks {
    /// Takes up a call that is over. Emergency calls are subject to no limit.
    pub(crate) fn add(&mut self, call: &CallRecord) {
        let talk = call.answered_at.zip(call.talk_ended_at);
        let (Some(agent), Some((from, until))) = (call.agent(), talk) else {
            return;
        };
        if !is_limited(call) {
            return;
        }
        // The clock may be set over midnight and back.
        self.talks.retain(|talk| until - talk.2 < DAY + DAY);
        self.talks.push((agent.clone(), from, until));
    }

    /// What is used on the day of `now`, together with the calls that go on.
    pub(crate) fn used<'a>(
        &self,
        running: impl Iterator<Item = &'a CallRecord>,
        now: Instant,
    ) -> OutboundElsewhere {
        let day = Instant::start_of(now.date());
        let mut talked_by = BTreeMap::<AgentId, Millis>::new();
        for (agent, from, until) in &self.talks {
            let (from, until) = ((*from).max(day), (*until).min(day + DAY));
            if from < until {
                let sum = talked_by.entry(agent.clone()).or_default();
                *sum = *sum + (until - from);
            }
        }
        let running = running.filter(|call| call.ended_at.is_none() && is_limited(call));
        let talk = |call: &CallRecord| Some((call.agent()?.clone(), call.answered_at?));
        let mut running: Vec<_> = running.map(talk).collect();
        running.sort();
        OutboundElsewhere {
            day,
            talked_by,
            running,
        }
    }
}

fn is_limited(call: &CallRecord) -> bool {
    let number = OutboundNumber::parse(call.to.number());
    let emergency = number.is_some_and(|number| number.kind() == NumberKind::Emergency);
    call.direction == Direction::Outbound && !emergency
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CallEvent, EndCause, EventKind};
    use crate::id::CallId;

    fn minutes(count: i64) -> Millis {
        Millis::from_secs(count * 60)
    }

    fn noon() -> Instant {
        Instant::from_tokyo("2026-11-24T12:00:00".parse().unwrap())
    }

    /// An agent talks to the outside, for so long or still.
    fn talk(at: Instant, to: &str, length: Option<Millis>) -> CallRecord {
        let agent = AgentId::new("a");
        let dialled = EventKind::Dialled {
            agent: agent.clone(),
            from: "5000".to_owned(),
            to: to.to_owned(),
            outside: true,
        };
        let mut kinds = vec![
            (at, dialled),
            (at, EventKind::Answered { agent: Some(agent) }),
        ];
        let cause = EndCause::Agent;
        kinds.extend(length.map(|length| (at + length, EventKind::Ended { cause })));
        let event = |(seq, (at, kind))| CallEvent {
            call: CallId::new(to),
            seq,
            at,
            node: "n".into(),
            line: "desk".into(),
            kind,
        };
        let events: Vec<_> = (0..).zip(kinds).map(event).collect();
        CallRecord::fold(&events).unwrap()
    }

    fn used(calls: &[CallRecord], now: Instant) -> OutboundElsewhere {
        let mut talks = OutsideTalks::default();
        for call in calls.iter().filter(|call| call.ended_at.is_some()) {
            talks.add(call);
        }
        talks.used(calls.iter(), now)
    }

    #[test]
    fn talks_of_this_day_count_and_those_that_call_for_help_do_not() {
        let calls = [
            talk(noon() - minutes(60), "0312345678", Some(minutes(7))),
            talk(noon() - minutes(50), "110", Some(minutes(9))),
            talk(noon() - minutes(24 * 60), "0312345678", Some(minutes(5))),
        ];
        let used = used(&calls, noon());
        assert_eq!(used.talked(noon()), minutes(7));
        assert_eq!(used.talked_by(&"a".into(), noon()), minutes(7));
        assert_eq!(used.talked_by(&"b".into(), noon()), Millis::ZERO);
    }

    #[test]
    fn a_talk_that_goes_on_counts_from_its_answer_or_from_midnight() {
        let since = noon() - minutes(12 * 60 + 10);
        let used = used(&[talk(since, "0312345678", None)], noon());
        assert_eq!(used.calls(), 1);
        assert_eq!(used.talked(noon()), minutes(12 * 60));
    }

    #[test]
    fn of_a_talk_over_midnight_each_day_has_its_part() {
        let midnight = Instant::start_of(noon().date());
        let calls = [talk(
            midnight - minutes(10),
            "0312345678",
            Some(minutes(15)),
        )];
        assert_eq!(used(&calls, noon()).talked(noon()), minutes(5));
        let before = midnight - minutes(1);
        assert_eq!(used(&calls, before).talked(before), minutes(10));
    }
}
