//! What callers hear: nobody is ever left in silence.

use super::*;

/// What a caller hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hears {
    /// Music, or an announcement.
    Playing,
    /// Whoever is at this attempt.
    Agent(LegId),
    /// The far end of this call, to whom they were handed on.
    Outside(CallId),
    /// An agent, and the far end of this call.
    Three(CallId),
    Nothing,
}

impl World {
    /// Follows what the engine wants callers to hear.
    pub(super) fn listen(&mut self, output: &Output) {
        let (call, hears) = match output {
            Output::Play { call, .. } | Output::PlayMusic { call } => (call, Hears::Playing),
            Output::Bridge { leg } => (&leg.call, Hears::Agent(leg.clone())),
            Output::Carry { call, caller } if self.fars.get(call) == Some(&Far::Talks) => {
                (caller, Hears::Outside(call.clone()))
            }
            Output::Join { call, consult } => (call, Hears::Three(consult.clone())),
            Output::Unjoin { consult } => {
                let with = Hears::Three(consult.clone());
                for hears in self.hears.values_mut() {
                    if *hears == with {
                        *hears = Hears::Nothing;
                    }
                }
                return;
            }
            _ => return,
        };
        self.hears.insert(call.clone(), hears);
    }

    /// The far end of a call for a caller has picked up: both hear each other before the engine is told.
    pub(super) fn far_is_heard(&mut self, outbound: &CallId) {
        if let Some(caller) = self.carried.get(outbound) {
            let hears = Hears::Outside(outbound.clone());
            self.hears.insert(caller.clone(), hears);
        }
    }

    pub(super) fn nobody_is_left_in_silence(&mut self) {
        let books = &self.scene.ledger.books;
        let there = |call: &CallId| books.get(call).is_some_and(|book| book.has_caller());
        self.hears.retain(|call, _| there(call));
        for (call, hears) in &self.hears {
            let is_heard = match hears {
                Hears::Playing => true,
                Hears::Agent(leg) => self.scene.ledger.legs.contains_key(leg),
                Hears::Outside(far) | Hears::Three(far) => self.fars.get(far) == Some(&Far::Talks),
                Hears::Nothing => false,
            };
            assert!(is_heard, "{call} is left in silence: {hears:?}");
        }
    }
}
