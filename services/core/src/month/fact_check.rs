//! What is wrong with a fact that a person enters.

use super::entry::{ENTRY_LETTERS, ENTRY_LINE_LETTERS, missing, too_long};
use super::facts::{LevelFact, Measure};
use super::period::Month;
use crate::setup::FieldError;
use crate::time::Instant;

impl LevelFact {
    /// What is wrong with it. `now` is when it is entered: what has not happened yet is no fact.
    pub fn faults(&self, now: Instant) -> Vec<FieldError> {
        let mut faults = missing(&[("what", &self.what)]);
        faults.extend(too_long(&[
            ("what", &self.what, ENTRY_LETTERS),
            ("proof", &self.proof, ENTRY_LINE_LETTERS),
        ]));
        let is_planned = matches!(self.measure, Measure::PlannedService { .. });
        if self.at > now && !is_planned {
            faults.push(FieldError::new("at", "まだ来ていない日時です"));
        }
        faults.extend(self.time_faults(now));
        if let Some(exempt) = &self.exempt {
            for (field, text) in [
                ("exempt_reason", &exempt.reason),
                ("exempt_proof", &exempt.proof),
            ] {
                if text.trim().is_empty() {
                    let message = "免責とするときは、理由と根拠の両方を入力してください";
                    faults.push(FieldError::new(field, message));
                }
            }
            faults.extend(too_long(&[
                ("exempt_reason", &exempt.reason, ENTRY_LETTERS),
                ("exempt_proof", &exempt.proof, ENTRY_LINE_LETTERS),
            ]));
        }
        faults
    }

    fn time_faults(&self, now: Instant) -> Vec<FieldError> {
        match self.measure {
            Measure::OperatorFault => Vec::new(),
            Measure::PlannedService { until } | Measure::Outage { until } => {
                let end = Month::at(self.at).end();
                let message = if until <= self.at {
                    "始まりより後の日時を入力してください"
                } else if until > end {
                    "月をまたぐときは、月ごとに分けて記入してください"
                } else {
                    return Vec::new();
                };
                vec![FieldError::new("until", message)]
            }
            Measure::Detection {
                noticed_at,
                escalated_at,
                ..
            } => self.later(
                now,
                &[("noticed_at", noticed_at), ("escalated_at", escalated_at)],
            ),
            Measure::Dispatch { arrived_at } => self.later(now, &[("arrived_at", arrived_at)]),
            Measure::Patch {
                staging_applied_at,
                production_applied_at,
                ..
            } => self.later(
                now,
                &[
                    ("staging_applied_at", staging_applied_at),
                    ("production_applied_at", production_applied_at),
                ],
            ),
        }
    }

    /// What came after the fact began came after it, and not after now.
    fn later(&self, now: Instant, times: &[(&str, Option<Instant>)]) -> Vec<FieldError> {
        let wrong = times.iter().filter_map(|(field, at)| {
            let at = (*at)?;
            let message = if at < self.at {
                "発生・検知・公開より前の日時です"
            } else if at > now {
                "まだ来ていない日時です"
            } else {
                return None;
            };
            Some(FieldError::new(*field, message))
        });
        wrong.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::month::Exemption;
    use crate::ticket::System;

    fn at(text: &str) -> Instant {
        Instant::from_tokyo(text.parse().unwrap())
    }

    fn fact(measure: Measure) -> LevelFact {
        LevelFact {
            id: "f".to_owned(),
            system: System::Indirect,
            at: at("2024-04-10T10:00:00"),
            what: "ログインできない".to_owned(),
            measure,
            exempt: None,
            proof: "障害報告書 第3号".to_owned(),
            entered_by: None,
        }
    }

    fn wrong(fact: &LevelFact) -> Vec<String> {
        let faults = fact.faults(at("2024-05-01T09:00:00"));
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_time_that_belongs_to_two_months_is_entered_in_two_parts() {
        let outage = |until: &str| fact(Measure::Outage { until: at(until) });
        assert!(wrong(&outage("2024-05-01T00:00:00")).is_empty());
        assert_eq!(wrong(&outage("2024-05-01T00:00:01")), ["until"]);
        assert_eq!(wrong(&outage("2024-04-10T10:00:00")), ["until"]);
    }

    #[test]
    fn what_follows_a_detection_comes_after_it_and_not_in_the_future() {
        let detection = |noticed: &str| {
            fact(Measure::Detection {
                noticed_at: Some(at(noticed)),
                escalation_needed: true,
                escalated_at: None,
            })
        };
        assert!(wrong(&detection("2024-04-10T10:00:00")).is_empty());
        assert_eq!(wrong(&detection("2024-04-10T09:59:59")), ["noticed_at"]);
        assert_eq!(wrong(&detection("2024-05-01T09:00:01")), ["noticed_at"]);
    }

    #[test]
    fn 免責_needs_a_reason_and_its_proof() {
        let exempt = LevelFact {
            exempt: Some(Exemption {
                reason: "停電".to_owned(),
                proof: " ".to_owned(),
            }),
            ..fact(Measure::OperatorFault)
        };
        assert_eq!(wrong(&exempt), ["exempt_proof"]);
    }

    #[test]
    fn a_fact_says_what_happened_and_has_happened() {
        let silent = LevelFact {
            what: String::new(),
            at: at("2024-06-01T00:00:00"),
            ..fact(Measure::OperatorFault)
        };
        assert_eq!(wrong(&silent), ["what", "at"]);
    }
}
