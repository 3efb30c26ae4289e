//! What must hold, while things go on and at the end.

use std::collections::BTreeMap;

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_endpoint::switch::SwitchInput;

use super::peer::{About, Dialog, DialogId, Peer};
use super::world::World;
use crate::virtual_media::Hears;

/// For so long somebody may hear nothing, or be left alone with a dialog: what is lost is sent again meanwhile.
const MOMENT: u64 = 8_000;

impl World {
    /// Who talks with the desk hears something, and the desk knows of it.
    pub(crate) fn look(&mut self) {
        let mut wrong = BTreeMap::new();
        for (at, peer) in self.peers.iter().enumerate() {
            for (id, dialog) in &peer.dialogs {
                // Who was off may pick up what was given up meanwhile; without an ACK that ends by itself.
                let counts = dialog.is_acknowledged() || !peer.has_died;
                if dialog.is_up() && counts && self.is_left_alone(dialog) {
                    wrong.insert((at, *id), self.now.mono);
                }
            }
        }
        let before = std::mem::take(&mut self.wrong_since);
        for (key, now) in wrong {
            let since = before.get(&key).copied().unwrap_or(now);
            if now - since >= MOMENT {
                self.fail(key);
            }
            self.wrong_since.insert(key, since);
        }
    }

    fn is_left_alone(&self, dialog: &Dialog) -> bool {
        let Some(leg) = dialog.desk_hears.and_then(|addr| self.media.leg_at(addr)) else {
            return true;
        };
        // An agent whose caller waits for a colleague hears nothing for a while.
        if dialog.about != About::Caller {
            return false;
        }
        match self.media.hears(leg) {
            Some(Hears::Music | Hears::Announcement | Hears::Several) => false,
            // It is not known yet that nobody is there any more.
            Some(Hears::Leg(other)) if self.dead.contains_key(&other) => false,
            Some(Hears::Leg(other)) => {
                let addr = self.media.addr_of(other);
                let mut all = self.peers.iter().flat_map(|peer| peer.dialogs.values());
                !all.any(|dialog| dialog.is_up() && dialog.desk_hears == addr)
            }
            Some(Hears::Nothing) | None => true,
        }
    }

    fn fail(&self, (at, id): (usize, DialogId)) {
        let dialog = &self.peers[at].dialogs[&id];
        let leg = dialog.desk_hears.and_then(|addr| self.media.leg_at(addr));
        let hears = leg.map(|leg| self.media.hears(leg));
        let (about, call_id) = (dialog.about, &dialog.call_id);
        let story = self.story();
        panic!("peer {at} is left alone in {about:?} {call_id}, hears {hears:?}{story}");
    }

    /// Everything that was said and written, if whoever looks for a fault wants to read it.
    fn story(&self) -> String {
        if std::env::var(super::ONE).is_err() {
            return String::new();
        }
        let mut lines = Vec::new();
        for (at, peer) in self.peers.iter().enumerate() {
            let said = peer.trace.iter();
            lines.extend(said.map(|(when, line)| (*when, format!("peer {at} {line}"))));
        }
        for event in &self.log {
            let when = u64::try_from(event.at.0 - self.began.0).unwrap();
            lines.push((when, format!("{:?} of {}", event.kind, event.call)));
        }
        lines.sort();
        let lines = lines.into_iter();
        lines.fold(String::new(), |story, (when, line)| {
            format!("{story}\n{when:>7} {line}")
        })
    }

    /// Everybody hangs up, and nobody takes a call any more.
    pub(crate) fn finish(&mut self) {
        for peer in &mut self.peers {
            peer.closes = true;
        }
        if self.stops {
            self.stop();
        }
        for _ in 0..60 {
            for at in 0..self.peers.len() {
                for id in self.peers[at].those(|_| true) {
                    self.at_peer(at, |peer, now| peer.hang_up(id, now));
                }
            }
            self.pass(5_000);
            let all_gone = self.peers.iter().all(|peer| peer.dialogs.is_empty());
            if all_gone && self.switch.calls_in_progress() == 0 {
                break;
            }
        }
        // Until the last transaction is forgotten, and 後処理 is over.
        self.pass(240_000);
        self.nothing_is_left();
        self.the_log_is_right();
    }

    /// The desk itself stops: everybody is told.
    fn stop(&mut self) {
        // Who has called already is a caller; who calls now is sent elsewhere.
        self.pass(MOMENT);
        let retry_after_secs = 5;
        self.input(SwitchInput::Drain { retry_after_secs });
        self.pass(2_000);
        self.input(SwitchInput::EndAll);
        self.pass(70_000);
        let is_left = |peer: &Peer| !peer.those(Dialog::is_up).is_empty();
        if !self.switch.is_quiet() || self.peers.iter().any(is_left) {
            let quiet = self.switch.is_quiet();
            let story = self.story();
            panic!("the desk has stopped, quietly: {quiet}, or somebody was not told{story}");
        }
    }

    fn nothing_is_left(&mut self) {
        let dialogs: Vec<_> = self.peers.iter().map(|peer| peer.dialogs.len()).collect();
        let left = (
            self.switch.calls_in_progress(),
            self.media.open_legs(),
            self.switch.remembered(),
            dialogs,
        );
        let nothing = (0, 0, self.at_rest, vec![0; self.peers.len()]);
        if left != nothing {
            let story = self.story();
            panic!("calls, legs, remembered, dialogs: {left:?} are left, not {nothing:?}{story}");
        }
        for agent in &self.board.agents {
            if !agent.state.is_lasting() {
                let story = self.story();
                panic!("{agent:?} is kept by nothing{story}");
            }
        }
        assert!(self.board.waiting.is_empty(), "{:?}", self.board.waiting);
    }

    /// One 着信 for each caller, and every call has an end.
    fn the_log_is_right(&self) {
        let mut calls: BTreeMap<_, Vec<CallEvent>> = BTreeMap::new();
        for event in &self.log {
            calls.entry(&event.call).or_default().push(event.clone());
        }
        let mut arrived = 0;
        for events in calls.values() {
            let record = CallRecord::fold(events).unwrap();
            arrived += usize::from(record.direction == Direction::Inbound);
            let numbers: Vec<_> = events.iter().map(|event| event.seq).collect();
            let in_order: Vec<_> = (0..).take(events.len()).collect();
            if numbers != in_order || record.ended_at.is_none() {
                let story = self.story();
                panic!("{events:?} are no call{story}");
            }
            let answers = events.iter().filter(|event| is_answered(event)).count();
            assert!(answers <= 1, "answered twice: {events:?}");
            for part in &record.parts {
                let from = record.answered_at.unwrap();
                let until = record.talk_ended_at.unwrap();
                assert!(
                    from <= part.from && part.until.unwrap() <= until,
                    "{record:?}"
                );
            }
        }
        if arrived != self.callers {
            let story = self.story();
            panic!(
                "{arrived} calls have arrived of {} callers{story}",
                self.callers
            );
        }
    }
}

fn is_answered(event: &CallEvent) -> bool {
    matches!(event.kind, EventKind::Answered { .. })
}
