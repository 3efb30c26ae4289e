//! The calls that a log tells of, built up line by line.

use std::collections::HashMap;

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::{AgentId, CallId, NodeName};
use madoguchi_core::time::Instant;

use super::call::{Bounds, Call, Story};
use super::line::{Kind, Line};
use super::{Import, NODE, Target, WAIT_AT_MOST};
use crate::counting::Rules;

#[derive(Debug)]
pub(super) struct Calls<'a> {
    into: Target<'a>,
    /// The latest instant that the log tells of, or now.
    latest: Instant,
    order: Vec<String>,
    by_unique_id: HashMap<String, Call>,
    /// Calls of which the log has no beginning.
    unbegun: Vec<CallId>,
    /// When Asterisk was last started, if it was.
    started_at: Option<Instant>,
}

impl<'a> Calls<'a> {
    pub(super) fn new(into: Target<'a>) -> Self {
        Self {
            into,
            latest: into.now.unwrap_or(Instant(0)),
            order: Vec::new(),
            by_unique_id: HashMap::new(),
            unbegun: Vec::new(),
            started_at: None,
        }
    }

    /// Takes a line; an error tells the operator why it says nothing that can be used.
    pub(super) fn take(&mut self, line: &Line<'_>) -> Result<(), String> {
        self.latest = self.latest.max(line.at);
        if line.kind == Kind::Started {
            self.started_at = self.started_at.max(Some(line.at));
            self.by_unique_id.values_mut().for_each(Call::restart);
            return Ok(());
        }
        let agent = agent(line.agent, self.into.rules);
        if let Some(call) = self.by_unique_id.get_mut(line.unique_id) {
            return call.take(line, agent);
        }
        if let Some(call) = Call::begin(line, self.into.calendar) {
            self.insert(line.unique_id, call);
            return Ok(());
        }
        let id = self.id(line.unique_id);
        let known = self.into.known.get(&id).map_or(&[][..], Vec::as_slice);
        let Some(mut call) = Call::resume(known, line.at) else {
            self.unbegun.push(id);
            return Err("この呼がキューに入った記録(ENTERQUEUE)がありません".to_owned());
        };
        let taken = call.take(line, agent);
        self.insert(line.unique_id, call);
        taken
    }

    fn insert(&mut self, unique_id: &str, call: Call) {
        self.by_unique_id.insert(unique_id.to_owned(), call);
        self.order.push(unique_id.to_owned());
    }

    /// The same log gives the same names, so that importing it again changes nothing.
    fn id(&self, unique_id: &str) -> CallId {
        CallId::new(format!("{NODE}/{}/{unique_id}", self.into.line))
    }

    /// Puts all events into an import, call by call in the order of arrival in the log.
    pub(super) fn finish(mut self, import: &mut Import) {
        import.counts.calls = self.order.len();
        let bounds = Bounds {
            latest: self.latest,
            wait_at_most: self.into.wait_at_most.unwrap_or(WAIT_AT_MOST),
            is_followed: self.into.is_followed,
        };
        self.end_left_open(bounds, import);
        for unique_id in std::mem::take(&mut self.order) {
            let Some(call) = self.by_unique_id.remove(&unique_id) else {
                continue;
            };
            let story = call.finish(bounds);
            import.due = import.due.into_iter().chain(story.due).min();
            self.tell(&unique_id, story, &mut import.events);
        }
        import.unbegun = self.unbegun;
    }

    /// Ends what earlier logs have left open and this one does not tell of, if nobody can be there any more.
    fn end_left_open(&self, bounds: Bounds, import: &mut Import) {
        let prefix = self.id("");
        let mut left: Vec<(&str, &[CallEvent])> = Vec::new();
        for (id, events) in self.into.known {
            let unique_id = id.as_str().strip_prefix(prefix.as_str());
            left.extend(
                unique_id
                    .filter(|unique_id| !self.by_unique_id.contains_key(*unique_id))
                    .map(|unique_id| (unique_id, events.as_slice())),
            );
        }
        left.sort_by_key(|(unique_id, _)| *unique_id);
        for (unique_id, events) in left {
            let open = Call::resume(events, Instant(i64::MAX)).filter(Call::is_open);
            let Some(mut call) = open else { continue };
            if self.started_at.is_some_and(|at| call.is_over_at(at)) {
                call.restart();
            }
            let story = call.finish(bounds);
            import.due = import.due.into_iter().chain(story.due).min();
            if story.is_cut_off {
                self.tell(unique_id, story, &mut import.events);
            }
        }
    }

    fn tell(&self, unique_id: &str, story: Story, events: &mut Vec<CallEvent>) {
        let (call, node) = (self.id(unique_id), NodeName::new(NODE));
        let begun = events.len();
        for (seq, (at, kind)) in (0_u32..).zip(story.kinds) {
            events.push(CallEvent {
                call: call.clone(),
                seq,
                at,
                node: node.clone(),
                line: self.into.line.clone(),
                kind,
            });
        }
        if story.is_cut_off {
            let record = CallRecord::fold(events.get(begun..).unwrap_or_default());
            events.extend(record.and_then(|record| record.cut_off_event(&node)));
        }
    }
}

/// The agent of a member of a queue (`SIP/201`, `Local/201@from-queue/n`), or who goes by its name;
/// `NONE` and nothing are unknown.
fn agent(text: &str, rules: &Rules) -> Option<AgentId> {
    let text = text.trim();
    let name = text.split_once('/').map_or(text, |(_, name)| name);
    let name = name.split('@').next().unwrap_or(name);
    if name.is_empty() || name == "NONE" {
        return None;
    }
    let extension = name.rsplit_once('-').map_or(name, |(name, _)| name);
    let mut spellings = [name, extension].into_iter();
    let known = spellings.find_map(|spelling| rules.agent(spelling));
    Some(known.unwrap_or_else(|| AgentId::new(name)))
}
