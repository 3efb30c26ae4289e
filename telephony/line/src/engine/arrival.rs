//! From the arrival of a call to the queue, and all the ways of turning it away.

use madoguchi_core::caller::{CalledNumber, Caller};
use madoguchi_core::clock::Moment;
use madoguchi_core::event::{AbandonReason, EndCause, EventKind};
use madoguchi_core::id::{CallId, LineName};
use madoguchi_core::time::{Instant, Millis};

use super::Engine;
use super::call::{Call, Stage};
use super::keys::LineKey;
use super::timers::TimerOf;
use crate::api::{Announcement, HangUpCause, Output};
use crate::settings::PeriodicAnnouncement;

/// A last announcement that does not tell its end is taken to have ended after this time.
const FAREWELL_AT_MOST: Millis = Millis::from_secs(90);

/// Places in the queue beyond this one are not told apart, so that a crowd costs no more to
/// announce than a queue.
const FARTHEST_PLACE: usize = 100;

impl Engine {
    pub(super) fn call_arrived(
        &mut self,
        call: CallId,
        line: &LineName,
        from: Caller,
        to: CalledNumber,
        now: Moment,
    ) {
        if self.calls.contains_key(&call) {
            return;
        }
        let Some(key) = self.lines.lookup(line) else {
            return self.out(Output::HangUp {
                call,
                cause: HangUpCause::NotFound,
            });
        };
        let hours = self.calendar_of(key).status(now.wall);
        let mut entry = Call::new(Some(key), line.clone(), from.clone(), now);
        self.arrivals += 1;
        entry.order = self.arrivals;
        let order = entry.order;
        self.open_call(call.clone(), entry);
        self.emit(
            &call,
            EventKind::Arrived {
                from,
                to,
                open: hours.open,
            },
            now,
        );
        self.out(Output::Accept { call: call.clone() });
        self.emit(&call, EventKind::Accepted, now);
        if !hours.open {
            return self.say_farewell(&call, Announcement::Closed, true);
        }
        if let Some((reason, announcement)) = self.no_room(key) {
            return self.turn_away(&call, reason, announcement, now);
        }
        if let Some(line) = self.line_mut(key) {
            line.waiting.insert(order, call.clone());
        }
        self.start_waiting_timers(&call, key, hours.closes_at, now);
        if self.line(key).is_some_and(|line| line.settings.greeting) {
            self.set_stage(&call, Stage::Greeting);
            self.play(&call, Announcement::Greeting);
        } else {
            self.enter_queue(&call, now);
        }
    }

    pub(super) fn no_room(&self, key: LineKey) -> Option<(AbandonReason, Announcement)> {
        let line = self.line(key)?;
        let most = line.settings.max_waiting as usize;
        if most > 0 && line.waiting.len() >= most {
            return Some((AbandonReason::QueueFull, Announcement::QueueFull));
        }
        let nobody = !line.settings.wait_without_agents && !self.agents.any_logged_in(key);
        nobody.then_some((AbandonReason::NoAgent, Announcement::NoAgent))
    }

    fn start_waiting_timers(
        &mut self,
        call: &CallId,
        key: LineKey,
        closes_at: Option<Instant>,
        now: Moment,
    ) {
        let Some(line) = self.line(key) else { return };
        let max_wait = line.settings.max_wait;
        if max_wait > Millis::ZERO {
            let timer = self.set_timer(TimerOf::MaxWait(call.clone()), max_wait);
            self.change_timers(call, |timers| timers.max_wait = Some(timer));
        }
        if let Some(entry) = self.calls.get_mut(call) {
            entry.closes_at = closes_at;
        }
        self.start_closing_timer(call, now);
    }

    /// The caller enters the queue: music, announcements, and the search for an agent.
    fn enter_queue(&mut self, call: &CallId, now: Moment) {
        self.emit(call, EventKind::Queued, now);
        self.out(Output::PlayMusic { call: call.clone() });
        self.start_announcements(call);
        self.wait_in_queue(call, now);
    }

    /// The caller waits (again) for an agent, at the place that the arrival gives.
    pub(super) fn wait_in_queue(&mut self, call: &CallId, now: Moment) {
        self.set_stage(call, Stage::Queued);
        self.unpark(call);
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let (Some(key), order) = (entry.line, entry.order) else {
            return;
        };
        if let Some(line) = self.line_mut(key) {
            line.ringing_all.stop(order);
            line.parked.remove(&order);
            line.queue.insert(order, call.clone());
        }
        self.limit_second_wait(call, key);
        self.serve_line(key, now);
    }

    /// Who was answered, and waits again, waits no longer than the line lets anybody wait.
    fn limit_second_wait(&mut self, call: &CallId, key: LineKey) {
        let waits_again =
            |entry: &Call| entry.left_alone.is_some() && entry.timers.max_wait.is_none();
        let max_wait = self.line(key).map(|line| line.settings.max_wait);
        let max_wait = max_wait.filter(|most| *most > Millis::ZERO);
        if let Some(max_wait) = max_wait
            && self.calls.get(call).is_some_and(waits_again)
        {
            let timer = self.set_timer(TimerOf::MaxWait(call.clone()), max_wait);
            self.change_timers(call, |timers| timers.max_wait = Some(timer));
        }
    }

    fn start_announcements(&mut self, call: &CallId) {
        let key = self.calls.get(call).and_then(|entry| entry.line);
        let Some(line) = key.and_then(|key| self.line(key)) else {
            return;
        };
        let every = line.settings.announce_every;
        if every > Millis::ZERO {
            let timer = self.set_timer(TimerOf::Announcement(call.clone()), every);
            self.change_timers(call, |timers| timers.announcement = Some(timer));
        }
    }

    pub(super) fn announcement_due(&mut self, call: &CallId) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        if !matches!(entry.stage, Stage::Queued | Stage::Ringing) {
            return;
        }
        let order = entry.order;
        let Some(line) = entry.line.and_then(|key| self.line(key)) else {
            return;
        };
        let announcement = match line.settings.announce {
            PeriodicAnnouncement::Position => {
                let before = line.waiting.range(..order).take(FARTHEST_PLACE).count();
                Announcement::Position(u32::try_from(before + 1).unwrap_or(u32::MAX))
            }
            PeriodicAnnouncement::WaitingTime => {
                let sum: i64 = line.last_waits.iter().map(|wait| wait.0).sum();
                let count = i64::try_from(line.last_waits.len()).unwrap_or(1).max(1);
                let minutes = ((sum / count).max(1) + 59_999).div_euclid(60_000);
                Announcement::WaitMinutes(u32::try_from(minutes).unwrap_or(u32::MAX))
            }
        };
        self.play(call, announcement);
    }

    pub(super) fn playback_ended(&mut self, call: &CallId, playback: u32, now: Moment) {
        let Some(entry) = self
            .calls
            .get(call)
            .filter(|entry| entry.playback == playback)
        else {
            return;
        };
        match entry.stage {
            Stage::Greeting => self.enter_queue(call, now),
            Stage::Farewell { .. } => self.farewell_over(call, now),
            Stage::Queued | Stage::Ringing => {
                self.out(Output::PlayMusic { call: call.clone() });
                self.start_announcements(call);
            }
            Stage::Bridging { .. }
            | Stage::Talking(_)
            | Stage::Outside
            | Stage::Dialled(_)
            | Stage::Outward(_)
            | Stage::Over => {}
        }
    }

    pub(super) fn max_wait_due(&mut self, call: &CallId, now: Moment) {
        self.stop_waiting(call, AbandonReason::MaxWait, Announcement::MaxWait, now);
    }

    /// The caller has waited for too long, unless somebody is just picking up.
    pub(super) fn stop_waiting(
        &mut self,
        call: &CallId,
        reason: AbandonReason,
        announcement: Announcement,
        now: Moment,
    ) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        match entry.stage {
            Stage::Greeting | Stage::Queued | Stage::Ringing => {
                self.withdraw_legs(call, now);
                self.turn_away(call, reason, announcement, now);
            }
            Stage::Bridging { .. } => entry.overdue = Some((reason, announcement)),
            Stage::Farewell { .. }
            | Stage::Talking(_)
            | Stage::Outside
            | Stage::Dialled(_)
            | Stage::Outward(_)
            | Stage::Over => {}
        }
    }

    /// The end of a wait: 放棄, or the end of a call that was answered before.
    pub(super) fn end_wait(
        &mut self,
        call: &CallId,
        reason: AbandonReason,
        cause: EndCause,
        now: Moment,
    ) {
        let entry = self.calls.get_mut(call);
        let kind = match entry.and_then(|entry| entry.left_alone.take()) {
            Some(_) => EventKind::Ended { cause },
            None => EventKind::Abandoned { reason },
        };
        self.emit(call, kind, now);
    }

    /// The desk ends a wait: says why, then hangs up.
    pub(super) fn turn_away(
        &mut self,
        call: &CallId,
        reason: AbandonReason,
        announcement: Announcement,
        now: Moment,
    ) {
        self.end_wait(call, reason, EndCause::Desk, now);
        self.say_farewell(call, announcement, false);
    }

    fn say_farewell(&mut self, call: &CallId, announcement: Announcement, after_hours: bool) {
        self.leave_queue(call);
        self.unpark(call);
        let timers = self
            .calls
            .get_mut(call)
            .map(|entry| entry.timers.take_all());
        for timer in timers.into_iter().flatten() {
            self.clear_timer(timer);
        }
        self.set_stage(call, Stage::Farewell { after_hours });
        self.play(call, announcement);
        let timer = self.set_timer(TimerOf::Farewell(call.clone()), FAREWELL_AT_MOST);
        self.change_timers(call, |timers| timers.farewell = Some(timer));
    }

    pub(super) fn farewell_over(&mut self, call: &CallId, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let Stage::Farewell { after_hours } = entry.stage else {
            return;
        };
        if after_hours {
            self.emit(
                call,
                EventKind::Ended {
                    cause: EndCause::Desk,
                },
                now,
            );
        }
        self.out(Output::HangUp {
            call: call.clone(),
            cause: HangUpCause::Normal,
        });
        self.close_call(call, now);
    }

    fn play(&mut self, call: &CallId, announcement: Announcement) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        entry.playback += 1;
        let playback = entry.playback;
        self.out(Output::Play {
            call: call.clone(),
            announcement,
            playback,
        });
    }

    pub(super) fn set_stage(&mut self, call: &CallId, stage: Stage) {
        if let Some(entry) = self.calls.get_mut(call) {
            entry.stage = stage;
        }
    }

    pub(super) fn change_timers(
        &mut self,
        call: &CallId,
        change: impl FnOnce(&mut super::call::CallTimers),
    ) {
        if let Some(entry) = self.calls.get_mut(call) {
            change(&mut entry.timers);
        }
    }
}
