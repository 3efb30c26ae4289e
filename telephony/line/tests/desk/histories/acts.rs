//! What callers, agents, phones and timers do.

use super::*;

impl World {
    pub(super) fn arrive(&mut self, more: u64) {
        self.calls += 1;
        let call = CallId::new(format!("call-{}", self.calls));
        self.callers.insert(call.clone(), None);
        self.old_calls.push(call.clone());
        let line = if more.is_multiple_of(4) {
            "vip"
        } else {
            "desk"
        };
        self.input(Input::CallArrived {
            call,
            line: line.into(),
            from: "".into(),
            to: "5000".into(),
        });
    }

    pub(super) fn caller_goes(&mut self, pick: usize, more: u64) {
        let Some(call) = nth(self.callers.keys(), pick).cloned() else {
            return;
        };
        self.callers.remove(&call);
        self.input(if more.is_multiple_of(3) {
            Input::CallerLost { call }
        } else {
            Input::CallerHungUp { call }
        });
    }

    pub(super) fn playback_ends(&mut self, pick: usize, more: u64) {
        let playing = self
            .callers
            .iter()
            .filter_map(|(call, playback)| Some((call, (*playback)?)));
        let Some((call, playback)) = nth(playing, pick) else {
            return;
        };
        let call = call.clone();
        if more.is_multiple_of(8) {
            return self.too_late(Input::PlaybackEnded {
                call,
                playback: playback + 1,
            });
        }
        self.callers.insert(call.clone(), None);
        self.input(Input::PlaybackEnded { call, playback });
    }

    pub(super) fn phone_acts(&mut self, pick: usize, more: u64) {
        let Some((leg, phone)) = nth(self.phones.iter(), pick) else {
            return;
        };
        let (leg, phone) = (leg.clone(), *phone);
        match (phone, more % 8) {
            (Phone::Rings, 0..=4) => {
                self.phones.insert(leg.clone(), Phone::PickedUp);
                self.input(Input::LegAnswered { leg });
            }
            (Phone::Rings, n) => {
                self.phones.remove(&leg);
                let failure = match n {
                    5 => LegFailure::Declined,
                    6 => LegFailure::Unreachable,
                    _ => LegFailure::NoAnswer,
                };
                self.input(Input::LegFailed { leg, failure });
            }
            (Phone::PickedUp, 0..=5) => {
                self.phones.insert(leg.clone(), Phone::Bridged);
                self.input(Input::LegBridged { leg });
            }
            (_, n) => {
                self.phones.remove(&leg);
                let lost = n.is_multiple_of(2);
                self.input(if lost {
                    Input::LegLost { leg }
                } else {
                    Input::LegEnded { leg }
                });
            }
        }
    }

    pub(super) fn in_talk(&mut self, pick: usize, more: u64) {
        let Some(call) = nth(self.callers.keys(), pick).cloned() else {
            return;
        };
        let by = if more.is_multiple_of(2) {
            Party::Caller
        } else {
            Party::Agent
        };
        let other = AGENTS[(more >> 8) as usize % AGENTS.len()].into();
        match more >> 1 & 7 {
            0 if more & 0x10_0000 == 0 => self.input(Input::VoiceEncrypted {
                call,
                caller: more & 0x20_0000 == 0,
                agent: more & 0x40_0000 == 0,
            }),
            0 => self.input(Input::VoiceMeasured {
                call,
                leg: by,
                trunk: None,
                quality: VoiceQuality::default(),
            }),
            1 => self.input(Input::Held { call, by }),
            2 | 3 => self.input(Input::Resumed { call, by }),
            4 if more & 0x10_0000 == 0 => self.input(Input::Park { call }),
            4 | 5 => self.input(Input::TransferToAgent { call, agent: other }),
            6 => {
                let line = if more >> 16 & 1 == 0 { "vip" } else { "desk" }.into();
                self.input(Input::TransferToLine { call, line });
            }
            _ => {
                let outbound = self.new_call();
                self.input(Input::TransferOutside {
                    call,
                    outbound,
                    target: outside("0120"),
                });
            }
        }
    }

    /// A call that the engine may begin for a caller.
    fn new_call(&mut self) -> CallId {
        self.calls += 1;
        let call = CallId::new(format!("call-{}", self.calls));
        self.old_calls.push(call.clone());
        call
    }

    /// An agent asks for something on the screen.
    pub(super) fn request(&mut self, pick: usize, more: u64) {
        let agent: AgentId = AGENTS[pick % AGENTS.len()].into();
        let other = AGENTS[(more >> 8) as usize % AGENTS.len()].into();
        let request = match more % 8 {
            0 | 1 => DeskRequest::Join,
            2 => DeskRequest::EndConsult,
            3 => DeskRequest::HandOn(HandOnTo::Asked),
            4 => DeskRequest::HandOn(HandOnTo::Agent(other)),
            5 => DeskRequest::HandOn(HandOnTo::Park),
            _ => match nth(self.callers.keys(), (more >> 16) as usize).cloned() {
                Some(call) => DeskRequest::Take(call),
                None => return,
            },
        };
        let asked = more;
        self.input(Input::Request {
            agent,
            request,
            asked,
        });
        self.is_replied_to(asked);
    }

    /// An agent hands a caller on to the outside, on the screen.
    pub(super) fn hand_on_outside(&mut self, pick: usize, more: u64) {
        let agent: AgentId = AGENTS[pick % AGENTS.len()].into();
        let number = ["0312345678", "0990500123", "not a number"][more as usize % 3];
        let (outbound, asked) = (self.new_call(), more);
        self.input(Input::HandOnOutside {
            agent,
            outbound,
            target: outside(number),
            asked,
        });
        self.is_replied_to(asked);
    }

    /// An agent asks somebody on the screen.
    pub(super) fn consult(&mut self, pick: usize, more: u64) {
        let agent: AgentId = AGENTS[pick % AGENTS.len()].into();
        let other = AGENTS[(more >> 8) as usize % AGENTS.len()].into();
        let whom = match more % 6 {
            0..=2 => Whom::Target(DialTarget::Agent { agent: other }),
            3 => Whom::Line("vip".into()),
            4 => Whom::Target(outside("0990500123")),
            _ => Whom::Target(outside("0312345678")),
        };
        let (consult, asked) = (self.new_call(), more);
        self.input(Input::Consult {
            agent,
            consult,
            whom,
            asked,
        });
        self.is_replied_to(asked);
    }

    fn is_replied_to(&self, number: u64) {
        let replies = self.scene.last.iter();
        let replies = replies
            .filter(|output| matches!(output, Output::Reply { asked, .. } if *asked == number));
        assert_eq!(replies.count(), 1, "one answer for each request");
    }

    pub(super) fn dial(&mut self, pick: usize, more: u64) {
        self.calls += 1;
        let call = CallId::new(format!("call-{}", self.calls));
        let agent: AgentId = AGENTS[pick % AGENTS.len()].into();
        let target = if more.is_multiple_of(2) {
            DialTarget::Outside {
                number: "0120".into(),
                shown: "5000".into(),
                line: "desk".into(),
            }
        } else {
            DialTarget::Agent {
                agent: AGENTS[(more >> 8) as usize % AGENTS.len()].into(),
            }
        };
        self.callers.insert(call.clone(), None);
        self.old_calls.push(call.clone());
        self.input(Input::AgentDialled {
            call,
            agent,
            target,
        });
    }

    /// Gives a caller to somebody who was asked; mostly the right one.
    pub(super) fn hand_over(&mut self, pick: usize, more: u64) {
        let Some(consult) = nth(self.fars.keys(), pick).cloned() else {
            return;
        };
        let books = &self.scene.ledger;
        let first = books.talks_beside(&consult);
        let any = nth(self.callers.keys(), pick).cloned();
        let call = if more.is_multiple_of(8) { any } else { first };
        if let Some(call) = call {
            self.input(Input::HandOver { call, consult });
        }
    }

    pub(super) fn pick_up(&mut self, pick: usize, more: u64) {
        let any = nth(self.callers.keys(), pick >> 3).cloned();
        let take = match any {
            Some(call) if more.is_multiple_of(2) => Take::Call(call),
            _ if more.is_multiple_of(3) => Take::Parked,
            _ => Take::MostUrgent,
        };
        self.calls += 1;
        let asked = u64::from(self.calls);
        let agent: AgentId = AGENTS[pick % AGENTS.len()].into();
        self.input(Input::PickUp { agent, take, asked });
    }

    pub(super) fn far_acts(&mut self, pick: usize, more: u64) {
        let Some((call, far)) = nth(self.fars.iter(), pick) else {
            return;
        };
        let (call, far) = (call.clone(), *far);
        match (far, more % 4) {
            (Far::Rings, 0..=2) => {
                self.fars.insert(call.clone(), Far::Talks);
                self.far_is_heard(&call);
                self.input(Input::FarAnswered { call });
            }
            (Far::Rings, _) => {
                self.fars.remove(&call);
                let failure = LegFailure::Declined;
                self.input(Input::FarFailed { call, failure });
            }
            (Far::Talks, _) => {
                self.fars.remove(&call);
                self.input(Input::FarEnded { call });
            }
        }
    }

    pub(super) fn command(&mut self, pick: usize, more: u64) {
        let agent: AgentId = AGENTS[pick % AGENTS.len()].into();
        let command = match more % 8 {
            0..=3 => AgentCommand::Ready,
            4 => AgentCommand::LogOut,
            5 => AgentCommand::Away {
                reason: "休憩".into(),
            },
            _ => AgentCommand::EndWrapUp,
        };
        self.input(Input::Agent { agent, command });
    }

    pub(super) fn reach(&mut self, pick: usize, more: u64) {
        let agent = AGENTS[pick % AGENTS.len()].into();
        self.input(Input::AgentReachable {
            agent,
            reachable: !more.is_multiple_of(3),
        });
    }

    /// One of those that are due, not always the first.
    pub(super) fn timer_runs_out(&mut self, pick: usize) {
        let now = self.scene.now;
        let due = self
            .scene
            .ledger
            .timers
            .iter()
            .filter(|(_, due)| **due <= now);
        if let Some((timer, _)) = nth(due, pick) {
            let timer = *timer;
            self.input(Input::Timer { timer });
        }
    }
}
