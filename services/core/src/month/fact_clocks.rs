//! Clocks that run in facts: somebody has to be told, called or on the spot within minutes.

use super::facts::{LevelFact, Measure};
use super::judge::{DISPATCH_WITHIN, ESCALATION_WITHIN, NOTICE_WITHIN};
use super::levels::{Level, LevelItem};
use crate::time::Instant;

/// A clock that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactClock {
    /// The item that it belongs to.
    pub item: LevelItem,
    /// The id of the fact.
    pub fact: String,
    /// What it was, in words.
    pub what: String,
    /// When it began.
    pub began: Instant,
    /// When it runs out.
    pub due: Instant,
}

/// The clocks of facts that have not been stopped; those that have run out stay among them.
pub fn fact_clocks(facts: &[LevelFact]) -> Vec<FactClock> {
    let counting = facts.iter().filter(|fact| fact.exempt.is_none());
    let mut clocks: Vec<FactClock> = counting.flat_map(of_fact).collect();
    clocks.sort_by(|one, other| (one.due, &one.fact).cmp(&(other.due, &other.fact)));
    clocks
}

fn of_fact(fact: &LevelFact) -> Vec<FactClock> {
    let clock = |level: Level, within| FactClock {
        item: LevelItem {
            system: fact.system,
            level,
        },
        fact: fact.id.clone(),
        what: fact.what.clone(),
        began: fact.at,
        due: fact.at + within,
    };
    match fact.measure {
        Measure::Detection {
            noticed_at,
            escalation_needed,
            escalated_at,
        } => {
            let notice = noticed_at.is_none();
            let vendor = escalation_needed && escalated_at.is_none();
            let clocks = [
                notice.then(|| clock(Level::FaultNotice, NOTICE_WITHIN)),
                vendor.then(|| clock(Level::FaultEscalation, ESCALATION_WITHIN)),
            ];
            clocks.into_iter().flatten().collect()
        }
        Measure::Dispatch { arrived_at: None } => vec![clock(Level::Dispatch, DISPATCH_WITHIN)],
        Measure::PlannedService { .. }
        | Measure::Outage { .. }
        | Measure::OperatorFault
        | Measure::Dispatch { .. }
        | Measure::Patch { .. } => Vec::new(),
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

    fn fact(id: &str, time: &str, measure: Measure) -> LevelFact {
        LevelFact {
            id: id.to_owned(),
            system: System::Indirect,
            at: at(time),
            what: "ログインできない".to_owned(),
            measure,
            exempt: None,
            proof: String::new(),
            entered_by: None,
        }
    }

    const DETECTION: Measure = Measure::Detection {
        noticed_at: None,
        escalation_needed: true,
        escalated_at: None,
    };

    #[test]
    fn a_fault_has_two_clocks_until_機構_and_the_vendor_know() {
        let open = fact("a", "2024-04-10T10:00:00", DETECTION);
        let clocks = fact_clocks(std::slice::from_ref(&open));
        let due: Vec<_> = clocks.iter().map(|one| (one.item.level, one.due)).collect();
        assert_eq!(
            due,
            [
                (Level::FaultNotice, at("2024-04-10T10:15:00")),
                (Level::FaultEscalation, at("2024-04-10T10:30:00")),
            ]
        );
        let told = Measure::Detection {
            noticed_at: Some(at("2024-04-10T10:05:00")),
            escalation_needed: false,
            escalated_at: None,
        };
        assert!(fact_clocks(&[fact("b", "2024-04-10T10:00:00", told)]).is_empty());
        let exempt = LevelFact {
            exempt: Some(Exemption {
                reason: "夜間".to_owned(),
                proof: "5.6.4".to_owned(),
            }),
            ..open
        };
        assert!(fact_clocks(&[exempt]).is_empty());
    }

    #[test]
    fn the_clock_that_ends_first_comes_first() {
        let dispatch = Measure::Dispatch { arrived_at: None };
        let facts = [
            fact("a", "2024-04-10T10:00:00", DETECTION),
            fact("b", "2024-04-10T09:50:00", dispatch),
        ];
        let order: Vec<_> = fact_clocks(&facts)
            .into_iter()
            .map(|one| (one.fact, one.item.level))
            .collect();
        assert_eq!(
            order,
            [
                ("a".to_owned(), Level::FaultNotice),
                ("b".to_owned(), Level::Dispatch),
                ("a".to_owned(), Level::FaultEscalation),
            ]
        );
    }
}
