//! 別紙6, item by item.

use chrono::NaiveDateTime;

use super::*;
use crate::month::{Exemption, OwnTarget, TenthsOfPercent};
use crate::ticket::System;

fn at(text: &str) -> Instant {
    Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn item(level: Level) -> LevelItem {
    LevelItem {
        system: System::Indirect,
        level,
    }
}

fn fact(id: &str, when: &str, measure: Measure) -> LevelFact {
    LevelFact {
        id: id.to_owned(),
        system: System::Indirect,
        at: at(when),
        what: format!("出来事{id}"),
        measure,
        exempt: None,
        proof: "障害報告書".to_owned(),
        entered_by: None,
    }
}

fn exempt(fact: LevelFact) -> LevelFact {
    LevelFact {
        exempt: Some(Exemption {
            reason: "電源供給の障害".to_owned(),
            proof: "事業者の報告書".to_owned(),
        }),
        ..fact
    }
}

const NOW: &str = "2024-05-10T00:00:00";

fn judged(level: Level, facts: &[LevelFact]) -> Judged {
    judged_in("2024-04", level, facts)
}

fn judged_in(text: &str, level: Level, facts: &[LevelFact]) -> Judged {
    let counted = count_facts(item(level), month(text), facts, at(NOW));
    judge([(item(level), counted)], |_| None).remove(0)
}

fn detection(noticed: Option<&str>, needed: bool, escalated: Option<&str>) -> Measure {
    Measure::Detection {
        noticed_at: noticed.map(at),
        escalation_needed: needed,
        escalated_at: escalated.map(at),
    }
}

fn ratio(judged: &Judged) -> (u64, u64, Option<&str>, Verdict) {
    let Judged {
        counted,
        value,
        verdict,
        ..
    } = judged;
    (counted.a, counted.b, value.as_deref(), *verdict)
}

#[test]
fn 別紙6_項番7_188_of_209_misses_though_it_rounds_to_90() {
    let counted = |b| Counted {
        a: 209,
        b,
        ..Counted::default()
    };
    let judged = |b| judge([(item(Level::AnswerRate), counted(b))], |_| None).remove(0);
    assert_eq!(
        ratio(&judged(188)),
        (209, 188, Some("89.95"), Verdict::Missed)
    );
    assert_eq!(ratio(&judged(189)), (209, 189, Some("90.4"), Verdict::Met));
}

#[test]
fn nothing_to_judge_is_no_miss() {
    for level in [
        Level::Availability,
        Level::FaultNotice,
        Level::FaultEscalation,
        Level::Dispatch,
        Level::Patches,
        Level::AnswerRate,
        Level::FirstAnswerRate,
        Level::AnswerTime,
    ] {
        let judged = judged(level, &[]);
        assert_eq!(
            ratio(&judged),
            (0, 0, None, Verdict::NotApplicable),
            "{level:?}"
        );
    }
    let faults = judged(Level::OperatorFaults, &[]);
    assert_eq!(ratio(&faults), (0, 0, Some("0"), Verdict::Met));
}

#[test]
fn 別紙6_項番1_counts_planned_time_and_the_time_that_the_service_stood_in_it() {
    let planned = |id: &str, from: &str, until: &str| {
        let until = at(until);
        fact(id, from, Measure::PlannedService { until })
    };
    let outage = |id: &str, from: &str, until: &str| {
        let until = at(until);
        fact(id, from, Measure::Outage { until })
    };
    let facts = [
        planned("p1", "2024-04-01T07:00:00", "2024-04-01T23:00:00"),
        planned("p2", "2024-04-02T07:00:00", "2024-04-02T23:00:00"),
        // Told twice, and half of it outside of the planned time.
        outage("o1", "2024-04-01T22:59:00", "2024-04-01T23:59:00"),
        outage("o2", "2024-04-01T22:59:30", "2024-04-01T23:10:00"),
        exempt(outage("o3", "2024-04-02T10:00:00", "2024-04-02T20:00:00")),
    ];
    let judged = judged(Level::Availability, &facts);
    let hours = 32 * 3_600_000;
    assert_eq!(
        ratio(&judged),
        (hours, 60_000, Some("99.948"), Verdict::Missed)
    );
    assert_eq!(judged.counted.misses.len(), 2);
    assert_eq!(judged.counted.left_out[0].proof, "事業者の報告書");
}

#[test]
fn an_outage_over_the_end_of_a_month_counts_in_both() {
    let all = |month: Month| {
        let until = month.end();
        LevelFact {
            at: month.start(),
            ..fact(
                "p",
                "2024-04-01T00:00:00",
                Measure::PlannedService { until },
            )
        }
    };
    let until = at("2024-05-01T02:00:00");
    let outage = fact("o", "2024-04-30T23:00:00", Measure::Outage { until });
    let facts = [all(month("2024-04")), all(month("2024-05")), outage];
    let stood = |text| judged_in(text, Level::Availability, &facts).counted.b / 3_600_000;
    assert_eq!((stood("2024-04"), stood("2024-05")), (1, 2));
    assert_eq!(stood("2024-06"), 0);
}

#[test]
fn 別紙6_項番2_counts_the_fiscal_year_and_begins_anew_in_april() {
    let facts: Vec<_> = [
        "2024-04-05T09:00:00",
        "2024-12-01T09:00:00",
        "2025-03-31T23:59:59",
    ]
    .iter()
    .enumerate()
    .map(|(n, when)| fact(&n.to_string(), when, Measure::OperatorFault))
    .collect();
    let judge = |text| {
        let judged = judged_in(text, Level::OperatorFaults, &facts);
        (judged.counted.b, judged.verdict)
    };
    assert_eq!(judge("2024-11"), (1, Verdict::Met));
    assert_eq!(judge("2024-12"), (2, Verdict::Met));
    assert_eq!(judge("2025-03"), (3, Verdict::Missed));
    assert_eq!(judge("2025-04"), (0, Verdict::Met));
}

#[test]
fn 別紙6_項番3_has_two_rates_that_are_judged_each() {
    let late_call = detection(
        Some("2024-04-10T10:15:00"),
        true,
        Some("2024-04-10T10:30:00.001"),
    );
    let in_time = detection(Some("2024-04-11T10:10:00"), false, None);
    let facts = [
        fact("a", "2024-04-10T10:00:00", late_call),
        fact("b", "2024-04-11T10:00:00", in_time),
    ];
    let notice = judged(Level::FaultNotice, &facts);
    assert_eq!(ratio(&notice), (2, 0, Some("100.0"), Verdict::Met));
    let escalation = judged(Level::FaultEscalation, &facts);
    assert_eq!(ratio(&escalation), (2, 1, Some("50.0"), Verdict::Missed));
    assert_eq!(escalation.counted.misses[0].over, Some(Millis(1)));
}

#[test]
fn what_was_never_told_to_anybody_is_late_by_now() {
    let facts = [
        fact("a", "2024-04-10T10:00:00", detection(None, true, None)),
        fact(
            "b",
            "2024-04-10T10:00:00",
            Measure::Dispatch { arrived_at: None },
        ),
    ];
    for level in [Level::FaultNotice, Level::FaultEscalation, Level::Dispatch] {
        assert_eq!(judged(level, &facts).verdict, Verdict::Missed, "{level:?}");
    }
    // How late is told up to the end of the month, whenever the book is made.
    let over = |now: &str, facts: &[LevelFact]| {
        let counted = count_facts(item(Level::Dispatch), month("2024-04"), facts, at(now));
        counted.misses[0].over
    };
    let until_end = Some(Millis(((20 * 24 + 14) * 60 - 30) * 60_000));
    assert_eq!(over("2024-05-01T00:00:00", &facts), until_end);
    assert_eq!(over("2024-09-01T00:00:00", &facts), until_end);
    assert_eq!(over("2024-04-10T10:31:00", &facts), Some(Millis(60_000)));
    let at_night = fact(
        "c",
        "2024-04-30T23:50:00",
        Measure::Dispatch { arrived_at: None },
    );
    assert_eq!(over("2024-05-01T09:00:00", &[at_night]), Some(Millis(0)));
    let now = at("2024-04-10T10:15:00");
    let counted = count_facts(item(Level::FaultNotice), month("2024-04"), &facts, now);
    assert_eq!((counted.a, counted.b), (1, 0));
}

#[test]
fn 免責_is_left_out_of_both_and_listed() {
    let late = fact("a", "2024-04-10T10:00:00", detection(None, false, None));
    let judged = judged(Level::FaultNotice, &[exempt(late)]);
    assert_eq!(ratio(&judged), (0, 0, None, Verdict::NotApplicable));
    let left_out = &judged.counted.left_out[0];
    assert_eq!(
        (left_out.reason.as_str(), left_out.proof.as_str()),
        ("電源供給の障害", "事業者の報告書")
    );
}

#[test]
fn 別紙6_項番6_adds_what_is_late_in_either_place() {
    let patch = |staging: &str, production: Option<&str>, caused_by_us| Measure::Patch {
        staging_applied_at: Some(at(staging)),
        production_applied_at: production.map(at),
        caused_by_us,
    };
    let published = "2024-01-31T10:00:00";
    let in_time = patch("2024-04-30T09:59:59", Some("2024-04-30T09:59:59"), true);
    let late = patch("2024-04-30T10:00:00", None, true);
    let others_fault = patch("2024-12-01T00:00:00", None, false);
    let facts = [
        fact("a", published, in_time),
        fact("b", published, late),
        fact("c", published, others_fault),
    ];
    let judged = judged_in("2024-04", Level::Patches, &facts);
    assert_eq!(judged.counted.c_and_d, Some((1, 1)));
    assert_eq!(ratio(&judged), (3, 2, Some("66.7"), Verdict::Missed));
}

#[test]
fn a_patch_counts_once_in_the_month_in_which_its_three_months_are_over() {
    let patch = |id: &str, published: &str, applied: Option<&str>| {
        let measure = Measure::Patch {
            staging_applied_at: applied.map(at),
            production_applied_at: applied.map(at),
            caused_by_us: true,
        };
        fact(id, published, measure)
    };
    let facts = [
        patch("open", "2024-01-10T10:00:00", None),
        patch("early", "2024-01-31T23:59:59", Some("2024-02-01T10:00:00")),
        patch("next", "2024-02-01T00:00:00", None),
    ];
    let counted = |text: &str, now: &str| {
        let counted = count_facts(item(Level::Patches), month(text), &facts, at(now));
        (counted.a, counted.b)
    };
    assert_eq!(counted("2024-01", NOW), (0, 0), "nothing is late yet");
    assert_eq!(counted("2024-04", NOW), (2, 2));
    assert_eq!(counted("2024-05", NOW), (1, 2), "in both places");
    // Whenever the book of April is made, it says the same.
    for now in [
        "2024-05-01T00:00:00",
        "2024-08-01T00:00:00",
        "2025-04-01T00:00:00",
    ] {
        assert_eq!(counted("2024-04", now), (2, 2), "{now}");
        assert_eq!(counted("2024-01", now), (0, 0), "{now}");
    }
    // While the month runs, what is not over yet is no delay.
    assert_eq!(counted("2024-04", "2024-04-10T09:59:59"), (2, 0));
}

#[test]
fn a_higher_goal_of_ones_own_stands_beside() {
    let counted = Counted {
        a: 100,
        b: 93,
        ..Counted::default()
    };
    let own = |_| Some(Goal::AtLeast(95_000));
    let judged = judge([(item(Level::AnswerRate), counted)], own).remove(0);
    assert_eq!(judged.verdict, Verdict::Met);
    assert_eq!(judged.own, Some((Goal::AtLeast(95_000), Verdict::Missed)));
}

#[test]
fn a_shorter_limit_of_ones_own_is_judged_by_what_exceeded_it() {
    let judged = |own_b| {
        let counted = Counted {
            a: 40,
            own_b,
            ..Counted::default()
        };
        let own = |_| Some(Goal::from(OwnTarget::WithinMinutes(20)));
        judge([(item(Level::AnswerTime), counted)], own).remove(0)
    };
    let goal = Goal::WithinMinutes(20);
    assert_eq!(judged(0).own, Some((goal, Verdict::Met)));
    assert_eq!(judged(3).own, Some((goal, Verdict::Missed)));
    assert_eq!(judged(3).verdict, Verdict::Met, "by the contract");
    assert_eq!(judged(3).value.as_deref(), Some("100.0"));
    let none = judge([(item(Level::AnswerTime), Counted::default())], |_| {
        Some(goal)
    })
    .remove(0);
    assert_eq!(none.own, Some((goal, Verdict::NotApplicable)));
    let tenths = OwnTarget::AtLeast(TenthsOfPercent(955));
    assert_eq!(Goal::from(tenths), Goal::AtLeast(95_500));
}
