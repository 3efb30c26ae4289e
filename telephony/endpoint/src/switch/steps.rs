//! Carrying out what the engine puts out: in order, and nothing before the journal has confirmed
//! the events that precede it.

use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::id::AgentId;
use madoguchi_line::api::{Input, Output};
use madoguchi_metrics::metrics;
use madoguchi_sip::message::Response;
use madoguchi_sip::transaction::ServerTx;

use super::agenda::Step;
use super::interface::SwitchOutput;
use super::side::SideId;
use super::{Now, Switch};
use crate::media::Confirmation;

impl Switch {
    /// Feeds the engine and carries out what it puts out, until there is nothing left to do or
    /// the journal must confirm first.
    pub(super) fn settle(&mut self, now: Now) {
        self.drain_transactions(now);
        loop {
            self.feed_engine(now);
            if !self.carry_out(now) && !self.pending.has_inputs() {
                return;
            }
        }
    }

    /// Puts all waiting inputs into the engine; its events go to the journal at once.
    pub(super) fn feed_engine(&mut self, now: Now) {
        let mut outputs = Vec::new();
        while let Some(input) = self.pending.next_input() {
            outputs.extend(self.engine.handle(input, now));
        }
        self.queue_outputs(outputs);
        self.pending.inputs_are_told();
    }

    /// Whoever waits is to follow a calendar clock that was set though nothing else happens.
    pub(super) fn follow_clock(&mut self, now: Now) {
        if let Some(by) = self.clock.observe(now.into()) {
            tracing::warn!(by_ms = by.0, "the clock of the machine was set");
            self.dirty = true;
            let outputs = self.engine.follow_clock(now.into());
            self.queue_outputs(outputs);
        }
    }

    /// What the engine put out: events go to the journal, the rest waits until they are on disk.
    pub(super) fn queue_outputs(&mut self, outputs: Vec<Output>) {
        let (mut events, mut presences) = (Vec::new(), Vec::new());
        let mut steps = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::Emit(event) => {
                    tell_barred(&event);
                    events.push(event);
                }
                Output::Presence(presence) => presences.push(presence),
                Output::AgentChanged { .. } => self.dirty = true,
                other => steps.push(Step::Do(other)),
            }
        }
        if !events.is_empty() || !presences.is_empty() {
            let batch = self.pending.batch();
            self.outputs.push_back(SwitchOutput::Journal {
                batch,
                events,
                presences,
            });
            self.dirty = true;
        }
        self.pending.queue(steps);
    }

    /// Carries out steps until one must wait; tells whether anything was done.
    fn carry_out(&mut self, now: Now) -> bool {
        let mut done = false;
        while let Some(step) = self.pending.next_step() {
            match step {
                // Passed over by what waits.
                Step::OnDisk(_) => {}
                Step::Do(output) => self.perform(output, now),
                Step::Respond(tx, response) => self.transactions.respond(tx, &response, now.mono),
                Step::Reply(reply) => {
                    // Whoever asked may have gone away; the state is set all the same.
                    let _gone = reply.send(true);
                }
                Step::Confirm(side, confirmation) => self.confirm_feature(side, confirmation, now),
            }
            done = true;
        }
        done
    }

    /// Answers a request after the events that it causes are on disk.
    pub(super) fn respond_after(&mut self, tx: ServerTx, response: Response) {
        self.pending.after_inputs(Step::Respond(tx, response));
    }

    fn perform(&mut self, output: Output, now: Now) {
        let _in_call = self.span_of_output(&output).entered();
        match output {
            // Taken out in feed_engine.
            Output::Emit(_) | Output::Presence(_) | Output::AgentChanged { .. } => {}
            Output::OutboundStopped { agent } => {
                self.outbound_limits_changed();
                let agent = agent.as_ref().map(AgentId::as_str);
                tracing::error!(
                    agent,
                    "the minutes of today for calls to the outside are used up"
                );
            }
            Output::OutboundResumed => self.outbound_limits_changed(),
            Output::Accept { call } => self.accept(&call, now),
            Output::Play {
                call,
                announcement,
                playback,
            } => {
                self.play(&call, announcement, playback);
            }
            Output::PlayMusic { call } => self.play_music(&call),
            Output::Ring { leg, agent } => self.ring(leg, &agent, now),
            Output::EndLeg { leg } => self.end_leg(&leg, now),
            Output::Bridge { leg } => self.bridge_leg(leg),
            Output::TransferOver { leg, failure } => self.transfer_over(&leg, failure, now),
            Output::PickUp { asked, leg } => self.give_to_phone(SideId(asked), leg, now),
            Output::Adopt { leg, consult } => self.adopt(leg, &consult, now),
            Output::DialFor {
                call,
                caller,
                target,
            } => self.dial_for(&call, &caller, target, now),
            Output::DialBeside { call, leg, target } => self.dial_beside(&call, leg, target, now),
            Output::KeepBeside { leg, call } => self.keep_beside(&leg, &call, now),
            Output::Carry { call, caller } => self.carry(&call, &caller, now),
            Output::Join { call, consult } => self.join(&call, &consult),
            Output::Unjoin { consult } => self.unjoin(&consult),
            Output::Reply { asked, refusal } => self.reply(asked, refusal),
            Output::NotAdopted { consult } => self.keep_consultation(&consult, now),
            Output::MoveToLine { call, line } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.line = Some(line);
                }
            }
            Output::Dial { call, target } => self.dial(&call, target, now),
            Output::EndFar { call } => self.end_far(&call, now),
            Output::HangUp { call, cause } => self.hang_up(&call, cause, now),
            Output::SetTimer { timer, after } => {
                let after = u64::try_from(after.0).unwrap_or(0);
                let at = now.mono.saturating_add(after);
                self.wakes.set_engine(timer, at);
            }
            Output::ClearTimer { timer } => {
                self.wakes.clear_engine(timer);
            }
        }
    }

    /// The board and the metrics tell whether somebody is stopped.
    fn outbound_limits_changed(&mut self) {
        self.dirty = true;
        let outbound = self.engine.snapshot().outbound;
        let stopped = outbound.stopped || !outbound.stopped_agents.is_empty();
        metrics().outbound_stopped.set(u64::from(stopped));
    }

    /// Confirms an agent's state when it is on disk.
    pub(super) fn confirm_after(&mut self, side: SideId, confirmation: Confirmation) {
        self.pending.after_inputs(Step::Confirm(side, confirmation));
    }

    pub(super) fn tell_engine(&mut self, input: Input) {
        self.pending.tell(input);
    }
}

/// Who would run up a bill is told to the operator, without the number (docs/logging.md).
fn tell_barred(event: &CallEvent) {
    if let EventKind::Barred { reason } = &event.kind {
        metrics().outbound_barred.add(reason.as_str());
        tracing::warn!(
            call.id = %event.call,
            line = %event.line,
            reason = reason.as_str(),
            "a call to the outside was refused by a rule"
        );
    }
}
