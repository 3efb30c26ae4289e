//! News that comes too late, twice, or about things that nobody knows.

use madoguchi_core::event::EventKind;

use super::*;

impl World {
    /// An input about something that is over, or never was, changes nothing.
    pub(super) fn too_late(&mut self, input: Input) {
        let text = format!("{input:?}");
        self.input(input);
        assert!(
            self.scene.last.is_empty(),
            "{text} made {:?}",
            self.scene.last
        );
    }

    /// Late news of what is over.
    pub(super) fn stale(&mut self, pick: usize, more: u64) {
        let failure = LegFailure::Unreachable;
        match more % 3 {
            0 => {
                let gone = self
                    .old_legs
                    .iter()
                    .filter(|leg| !self.phones.contains_key(leg));
                let Some(leg) = nth(gone, pick).cloned() else {
                    return;
                };
                match more >> 8 & 7 {
                    0 | 1 => self.too_late(Input::LegAnswered { leg }),
                    2 | 3 => self.too_late(Input::LegBridged { leg }),
                    4 => self.too_late(Input::LegFailed { leg, failure }),
                    5 => self.too_late(Input::LegLost { leg }),
                    _ => self.too_late(Input::LegEnded { leg }),
                }
            }
            1 => {
                let running = &self.scene.ledger.timers;
                let gone = self
                    .old_timers
                    .iter()
                    .filter(|timer| !running.contains_key(timer));
                let Some(timer) = nth(gone, pick).copied() else {
                    return;
                };
                self.too_late(Input::Timer { timer });
            }
            _ => {
                let gone = self
                    .old_calls
                    .iter()
                    .filter(|call| !self.callers.contains_key(*call))
                    .filter(|call| !self.fars.contains_key(*call));
                let Some(call) = nth(gone, pick).cloned() else {
                    return;
                };
                let by = Party::Agent;
                match more >> 8 & 15 {
                    0 | 1 => self.too_late(Input::CallerHungUp { call }),
                    2 | 3 => self.too_late(Input::CallerLost { call }),
                    4 => self.too_late(Input::PlaybackEnded { call, playback: 1 }),
                    5 => self.too_late(Input::Held { call, by }),
                    6 => self.too_late(Input::Resumed { call, by }),
                    7 => self.too_late(Input::FarAnswered { call }),
                    8 => self.too_late(Input::FarEnded { call }),
                    9 => self.too_late(Input::FarFailed { call, failure }),
                    10 => self.too_late(Input::TransferOutside {
                        outbound: call.clone(),
                        call,
                        target: outside("0120"),
                    }),
                    11 => self.too_late(Input::TransferToAgent {
                        call,
                        agent: "a1".into(),
                    }),
                    14 => {
                        let consult = call.clone();
                        let goes_on = Output::NotAdopted {
                            consult: consult.clone(),
                        };
                        self.input(Input::HandOver { call, consult });
                        assert_eq!(self.scene.last, [goes_on]);
                    }
                    15 => self.too_late(Input::TransferToLine {
                        call,
                        line: "vip".into(),
                    }),
                    13 if more & 0x10_0000 == 0 => self.too_late(Input::VoiceMeasured {
                        call,
                        leg: Party::Agent,
                        trunk: None,
                        quality: VoiceQuality::default(),
                    }),
                    13 => self.too_late(Input::VoiceEncrypted {
                        call,
                        caller: true,
                        agent: true,
                    }),
                    12 => self.too_late(Input::LegAnswered {
                        leg: LegId { call, n: 999 },
                    }),
                    _ => self.too_late(Input::LegEnded {
                        leg: LegId { call, n: 0 },
                    }),
                }
            }
        }
    }

    /// The same news twice, and names that the engine was never told.
    pub(super) fn repeated(&mut self, pick: usize, more: u64) {
        match more % 6 {
            0 => {
                let Some(call) = nth(self.callers.keys(), pick).cloned() else {
                    return;
                };
                self.too_late(Input::CallArrived {
                    call,
                    line: "vip".into(),
                    from: "".into(),
                    to: "".into(),
                });
            }
            1 => {
                let agent = "stranger".into();
                self.too_late(Input::Agent {
                    agent,
                    command: AgentCommand::Ready,
                });
            }
            2 => {
                let agent = "stranger".into();
                self.too_late(Input::AgentReachable {
                    agent,
                    reachable: true,
                });
            }
            3 => {
                let bridged = self
                    .phones
                    .iter()
                    .filter(|(_, phone)| **phone == Phone::Bridged);
                let Some((leg, _)) = nth(bridged, pick) else {
                    return;
                };
                let leg = leg.clone();
                if more.is_multiple_of(4) {
                    return self.too_late(Input::LegAnswered { leg });
                }
                self.too_late(Input::LegBridged { leg });
            }
            4 => {
                let talking = self.fars.iter().filter(|(_, far)| **far == Far::Talks);
                let Some((call, _)) = nth(talking, pick) else {
                    return;
                };
                let call = call.clone();
                self.too_late(Input::FarAnswered { call });
            }
            _ => {
                let Some(call) = nth(self.callers.keys(), pick).cloned() else {
                    return;
                };
                self.input(Input::TransferToAgent {
                    call,
                    agent: "stranger".into(),
                });
                let refused = |output: &Output| {
                    matches!(
                        output,
                        Output::TransferOver {
                            failure: Some(_),
                            ..
                        }
                    )
                };
                // Who was joined to the talk leaves it first.
                let others = self.scene.last.iter().filter(|output| !refused(output));
                let others: Vec<_> = others.collect();
                let harmless = |output: &&&Output| match output {
                    Output::AgentChanged { .. } | Output::Unjoin { .. } | Output::Bridge { .. } => {
                        true
                    }
                    Output::Emit(event) => event.kind == EventKind::Parted,
                    _ => false,
                };
                assert!(others.iter().all(|output| harmless(&output)), "{others:?}");
            }
        }
    }
}
