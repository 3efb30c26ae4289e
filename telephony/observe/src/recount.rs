//! What messages that were kept would be counted as by other rules: the same pipeline once more.
//!
//! Voice is not kept, so a call whose BYE was lost stays open here. Nothing is guessed: what no rule
//! names is 不明.

use std::collections::HashMap;
use std::net::SocketAddr;

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::{CallId, NodeName};

use crate::calls::{CallSummary, Closed, JoinSettings};
use crate::capture::Micros;
use crate::counting::{CountedAs, Counting, IsOpen, Rules, Unnamed};
use crate::observer::{Observer, Progress};

/// A message that was kept.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// When it was seen.
    pub at: Micros,
    /// Between whom: from, to.
    pub ends: (SocketAddr, SocketAddr),
    /// How often it was sent again.
    pub repeated: u32,
    /// Its text.
    pub text: &'a str,
}

/// A call as it would be counted.
#[derive(Debug, Clone)]
pub struct Counted {
    /// As what.
    pub kind: CountedAs,
    /// What its events tell, if it is counted.
    pub record: Option<CallRecord>,
    /// What was seen of it.
    pub seen: CallSummary,
    /// Between whom its first INVITE went: from, to.
    pub hop: (SocketAddr, SocketAddr),
    /// Its caller is at a carrier's address.
    pub is_from_trunk: bool,
    /// It is a leg to the phone of an agent, whose caller was not seen.
    pub is_lone_leg: bool,
    /// Who answered it though no setting names them.
    pub unnamed: Vec<Unnamed>,
}

/// Counts once more. `messages` are in the order in which they were seen; calls come out in that of their
/// beginnings.
pub fn recount<'a>(
    messages: impl IntoIterator<Item = Message<'a>>,
    join: JoinSettings,
    rules: &Rules,
    is_open: IsOpen<'_>,
) -> Vec<Counted> {
    let mut recounting = Recounting {
        counting: Counting::new(rules.clone(), NodeName::new("recount")),
        observer: Observer::new(join),
        rules,
        is_open,
        events: HashMap::new(),
        counted: Vec::new(),
    };
    for message in messages {
        let text = message.text.as_bytes();
        let progress = recounting.observer.told(message.at, message.ends, text);
        recounting.take(&progress);
    }
    let progress = recounting.observer.finish();
    recounting.take(&progress);
    recounting.counted.sort_by_key(|(start, _)| *start);
    let counted = recounting.counted.into_iter();
    counted.map(|(_, counted)| counted).collect()
}

struct Recounting<'a> {
    counting: Counting,
    observer: Observer,
    rules: &'a Rules,
    is_open: IsOpen<'a>,
    /// The events of calls that are not over.
    events: HashMap<CallId, Vec<CallEvent>>,
    counted: Vec<(Option<Micros>, Counted)>,
}

impl Recounting<'_> {
    fn take(&mut self, progress: &Progress) {
        for step in &progress.steps {
            let events = self
                .counting
                .step(self.observer.calls(), step, self.is_open);
            self.keep(events);
        }
        for closed in &progress.closed {
            self.close(closed);
        }
    }

    fn keep(&mut self, events: Vec<CallEvent>) {
        for event in events {
            let of_call = self.events.entry(event.call.clone()).or_default();
            of_call.push(event);
        }
    }

    fn close(&mut self, closed: &Closed) {
        let Some(seen) = CallSummary::of(closed) else {
            return;
        };
        let kind = self.counting.counted_as(closed);
        let call = self.counting.call(closed.key).cloned();
        let events = self.counting.close(closed);
        self.keep(events);
        let events = call.and_then(|call| self.events.remove(&call));
        // What is seen ends here; the call does not.
        let record = events.and_then(|mut events| {
            events.retain(|event| !event.is_set_afterwards());
            CallRecord::fold(&events)
        });
        let caller = closed.dialogs.first();
        let hop = caller.map_or_else(unknown_hop, |caller| caller.hop);
        let counted = Counted {
            kind,
            record,
            hop,
            is_from_trunk: self.rules.is_trunk(hop.0.ip()),
            is_lone_leg: self.rules.is_lone_leg(&closed.dialogs),
            unnamed: self.rules.unnamed(&closed.dialogs),
            seen,
        };
        self.counted
            .push((caller.and_then(|caller| caller.start), counted));
    }
}

fn unknown_hop() -> (SocketAddr, SocketAddr) {
    let nobody = SocketAddr::from(([0, 0, 0, 0], 0));
    (nobody, nobody)
}

#[cfg(test)]
mod tests {
    use madoguchi_core::setup::{AgentConfig, LineConfig, ObserveSetting};

    use super::*;

    const TRUNK: &str = "198.51.100.1:5060";
    const PBX: &str = "192.0.2.1:5060";

    fn message(start: &str, cseq: &str, call_id: &str, from: &str, to: &str, tag: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{call_id}{cseq}\r\n\
             From: <sip:{from}@a>;tag=a\r\nTo: <sip:{to}@b>{tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
        )
    }

    fn traffic() -> Vec<(i64, bool, String)> {
        let invite = |call_id: &str, to: &str| {
            let start = format!("INVITE sip:{to}@b SIP/2.0");
            message(&start, "1 INVITE", call_id, "0312345678", to, "")
        };
        vec![
            (1, true, invite("one", "0399990000")),
            (
                3,
                true,
                message(
                    "CANCEL sip:0399990000@b SIP/2.0",
                    "1 CANCEL",
                    "one",
                    "0312345678",
                    "0399990000",
                    "",
                ),
            ),
            (
                3,
                false,
                message(
                    "SIP/2.0 487 Terminated",
                    "1 INVITE",
                    "one",
                    "0312345678",
                    "0399990000",
                    ";tag=b",
                ),
            ),
            (10, true, invite("two", "0399990001")),
        ]
    }

    fn counted(setting: &ObserveSetting) -> Vec<Counted> {
        let line = LineConfig::new("総合", vec!["0399990000".to_owned()]);
        let agents: [AgentConfig; 0] = [];
        let rules = Rules::new([&line], &agents, [], &[], setting);
        let traffic = traffic();
        let (trunk, pbx) = (TRUNK.parse().unwrap(), PBX.parse().unwrap());
        let messages = traffic.iter().map(|(secs, is_from_trunk, text)| Message {
            at: Micros::from_secs(*secs),
            ends: if *is_from_trunk {
                (trunk, pbx)
            } else {
                (pbx, trunk)
            },
            repeated: 0,
            text,
        });
        recount(messages, JoinSettings::default(), &rules, &|_, _| true)
    }

    #[test]
    fn a_number_that_no_setting_names_is_unknown_until_one_does() {
        let kinds = |setting: &ObserveSetting| -> Vec<CountedAs> {
            counted(setting).into_iter().map(|one| one.kind).collect()
        };
        let line = CountedAs::Inbound("総合".into());
        assert_eq!(
            kinds(&ObserveSetting::default()),
            [line.clone(), CountedAs::Unknown]
        );
        let more = ObserveSetting {
            line_numbers: Some(vec!["03-9999-0001 総合".to_owned()]),
            trunk_addresses: Some(vec!["198.51.100.0/24".to_owned()]),
            ..ObserveSetting::default()
        };
        assert_eq!(kinds(&more), [line.clone(), line]);
        assert!(counted(&more).iter().all(|one| one.is_from_trunk));
    }

    #[test]
    fn what_is_still_going_on_has_no_end() {
        let setting = ObserveSetting {
            line_numbers: Some(vec!["0399990001 総合".to_owned()]),
            ..ObserveSetting::default()
        };
        let counted = counted(&setting);
        let ended: Vec<bool> = counted
            .iter()
            .filter_map(|one| Some(one.record.as_ref()?.ended_at.is_some()))
            .collect();
        assert_eq!(ended, [true, false]);
    }
}
