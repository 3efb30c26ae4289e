//! report-cases.md: faults that were seen in the reports of others, each by what must hold.

use chrono::{NaiveDateTime, NaiveTime};
use madoguchi_core::event::{CallEvent, EndCause, EventKind, TransferTarget};
use madoguchi_core::hours::Override;
use madoguchi_core::month::{CheckReason, Goal, Level, LevelFact, LevelItem, Measure, Verdict};
use madoguchi_core::ticket::{Status, System, TicketChange, TicketEvent};
use madoguchi_core::time::{Instant, Millis};
use proptest::prelude::*;

use super::*;
use crate::document::{DocTable, Population, duration};

fn at(text: &str) -> Instant {
    Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
}

/// A call that nobody answers.
fn call(id: &str, at: Instant) -> Vec<CallEvent> {
    let event = |seq, after, kind| CallEvent {
        call: id.into(),
        seq,
        at: at + Millis(after),
        node: "n".into(),
        line: "help".into(),
        kind,
    };
    let reason = madoguchi_core::event::AbandonReason::CallerHangup;
    vec![
        event(
            0,
            0,
            EventKind::Arrived {
                from: "0312345678".into(),
                to: "5000".into(),
                open: true,
            },
        ),
        event(1, 9_000, EventKind::Abandoned { reason }),
    ]
}

fn of_calls(text: &str, calls: Vec<Vec<CallEvent>>) -> MonthReport {
    let made = SampleMonth {
        calls,
        tickets: Vec::new(),
    };
    let month = month(text);
    report(&input(made.data(month, month.end())))
}

/// The sum of the rows of a column, its total apart.
fn sum(table: &DocTable, column: &str) -> i64 {
    let at = table
        .columns
        .iter()
        .position(|known| known.id == column)
        .unwrap();
    let rows = table.rows.iter().filter(|row| !row.total);
    rows.map(|row| match &row.cells[at] {
        DocCell::Figure(figure) => match figure.value {
            Value::Count(count) => count,
            _ => 0,
        },
        _ => 0,
    })
    .sum()
}

#[test]
fn b01_b02_s20_a_month_begins_and_ends_at_midnight_in_tokyo() {
    // 2024-03-31T14:59:59.999Z, 2024-03-31T15:00:00.000Z, 2024-04-30T14:59:59.999Z
    let instants = [
        Instant(1_711_897_199_999),
        Instant(1_711_897_200_000),
        Instant(1_714_489_199_999),
    ];
    let calls = || {
        let calls = ["march", "first", "last"].into_iter().zip(instants);
        calls.map(|(id, at)| call(id, at)).collect::<Vec<_>>()
    };
    let april = of_calls("2024-04", calls());
    assert_eq!(count(&april, "received", "offered", "count"), 2);
    assert_eq!(count(&april, "days", "2024-04-01", "offered"), 1);
    assert_eq!(count(&april, "days", "2024-04-30", "offered"), 1);
    assert_eq!(count(&april, "slots", "slot_00", "mon"), 1);
    assert_eq!(count(&april, "slots", "slot_47", "tue"), 1);
    let march = of_calls("2024-03", calls());
    assert_eq!(count(&march, "received", "offered", "count"), 1);
    assert_eq!(count(&march, "days", "2024-03-31", "offered"), 1);
}

#[test]
fn b04_every_breakdown_adds_up_to_the_one_total() {
    let report = report(&input_of(counts("2024-04", 1_029, 1_023)));
    let table = |id: &str| report.document.table(id).unwrap();
    let offered = count(&report, "received", "offered", "count");
    assert_eq!(sum(table("days"), "offered"), offered);
    assert_eq!(sum(table("slots"), "total"), offered);
    assert_eq!(sum(table("sites"), "offered"), offered);
    let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "special"];
    let by_weekday: i64 = weekdays.iter().map(|id| sum(table("slots"), id)).sum();
    assert_eq!(by_weekday, offered);
    assert_eq!(count(&report, "months", "2024-04", "offered"), offered);
    let received = count(&report, "channels", "total", "count");
    assert_eq!(sum(table("functions"), "count"), received);
    assert_eq!(sum(table("channels"), "count"), received);
    assert_eq!(count(&report, "carried", "tickets", "received"), received);
}

#[test]
fn b05_a_table_that_mixes_populations_names_each() {
    let report = report(&input_of(counts("2024-04", 200, 190)));
    for (_, table) in report.document.tables() {
        let mut populations = std::collections::BTreeSet::new();
        for cell in table.rows.iter().flat_map(|row| &row.cells) {
            if let DocCell::Figure(figure) = cell {
                populations.insert(figure.population);
            }
        }
        populations.retain(|population| {
            matches!(
                population,
                Population::Arrived | Population::Received | Population::Happened
            )
        });
        if populations.len() < 2 || table.id.starts_with("levels") {
            continue;
        }
        let columns = table.columns.iter().map(|column| column.name.as_str());
        let notes = table.notes.iter().map(String::as_str);
        let rows = table.rows.iter().flat_map(|row| &row.cells);
        let texts = rows.filter_map(|cell| match cell {
            DocCell::Text { text } => Some(text.as_str()),
            _ => None,
        });
        let words: String = columns.chain(notes).chain(texts).collect();
        for population in populations {
            let named = words.contains(population.label())
                || (population == Population::Received && words.contains("回答所要時間"))
                || (population == Population::Arrived && words.contains("通話"));
            assert!(named, "{}: {}", table.id, population.label());
        }
    }
    let escalations = figure(&report, "months", "2024-04", "escalations");
    assert_eq!(escalations.population, Population::Happened);
}

/// A month in which a ticket of its last day is done, and goes on on the first of the next.
fn reopened() -> SampleMonth {
    let mut made = made_up(counts("2024-04", 100, 100));
    let history = made
        .tickets
        .iter_mut()
        .find(|history| {
            let done = |event: &TicketEvent| {
                matches!(
                    event.change,
                    TicketChange::StatusChanged {
                        after: Status::Done,
                        ..
                    }
                )
            };
            history.iter().any(done)
        })
        .unwrap();
    let (id, seq) = (
        history[0].ticket.clone(),
        u32::try_from(history.len()).unwrap(),
    );
    let event = |seq, at: &str, change| TicketEvent {
        ticket: id.clone(),
        seq,
        at: self::at(at),
        happened_at: None,
        by: None,
        change,
    };
    let reason = "まだ解決していない".to_owned();
    let again = TicketChange::Reopened { reason };
    let done = TicketChange::StatusChanged {
        before: Status::Reopened,
        after: Status::Done,
    };
    history.extend([
        event(seq, "2024-05-01T09:00:00", again),
        event(seq + 1, "2024-05-02T09:00:00", done),
    ]);
    made
}

#[test]
fn b06_b07_reopening_in_may_leaves_april_alone() {
    let april = month("2024-04");
    let before = report(&input(
        made_up(counts("2024-04", 100, 100)).data(april, april.end()),
    ));
    let after = report(&input(reopened().data(april, april.end())));
    assert_eq!(after.document, before.document);
    assert_eq!(after.months, before.months);
    // In May it is neither received nor answered again; it is opened once and closed once.
    let may = month("2024-05");
    let report = report(&input(reopened().data(may, may.end())));
    let carried = |column| count(&report, "carried", "tickets", column);
    let (before, received) = (carried("before"), carried("received"));
    assert_eq!((before, received), (1, 0), "what April left open");
    assert_eq!(
        (carried("reopened"), carried("closed"), carried("left")),
        (1, 1, 1)
    );
    assert_eq!(text(&report, "durations", "answer", "mean"), "－");
    assert!(report.is_reconciled());
}

#[test]
fn b09_a_rate_over_months_is_that_of_the_sums() {
    let past = input_of(counts("2024-04", 2, 1));
    let past = MonthSummary::of(&past.data, &past.scope, &past.rules);
    let input = MonthInput {
        past: vec![past],
        ..input_of(counts("2024-05", 100, 99))
    };
    let report = report(&input);
    assert_eq!(text(&report, "months", "total", "answer_rate"), "98.0%");
    assert_eq!(text(&report, "indicators", "answer_rate", "year"), "98.0%");
}

#[test]
fn b10_s07_over_nothing_there_is_no_rate_and_no_miss() {
    let report = report(&input(MonthData::empty(month("2024-04"))));
    assert_eq!(text(&report, "months", "2024-04", "answer_rate"), "－");
    assert_eq!(text(&report, "days", "2024-04-01", "answer_rate"), "－");
    assert_eq!(text(&report, "durations", "wait", "mean"), "－");
    for level in &report.levels {
        let expected = match level.a {
            None => Verdict::Met,
            Some(_) => Verdict::NotApplicable,
        };
        assert_eq!(level.verdict, expected, "{level:?}");
    }
    assert_eq!(report.payment[0].percent, 100);
    assert_eq!(report.months[0].answer_rate, None);
}

#[test]
fn b11_a_transferred_call_is_one_call() {
    let at = at("2024-04-10T10:00:00");
    let mut events = call("c", at);
    events.truncate(1);
    let to = TransferTarget::Agent { agent: "b".into() };
    let kinds = [
        EventKind::Answered {
            agent: Some("a".into()),
        },
        EventKind::Transferred {
            from: Some("a".into()),
            to,
        },
        EventKind::Ended {
            cause: EndCause::Caller,
        },
    ];
    for (seq, kind) in (1..).zip(kinds) {
        events.push(CallEvent {
            seq,
            at: at + Millis(i64::from(seq) * 10_000),
            kind,
            ..events[0].clone()
        });
    }
    let report = of_calls("2024-04", vec![events]);
    assert_eq!(count(&report, "received", "offered", "count"), 1);
    assert_eq!(text(&report, "received", "answered", "share"), "100.0%");
    assert_eq!(text(&report, "durations", "talk", "mean"), "0:20");
}

#[test]
fn b13_s03_months_have_all_their_days_and_lie_in_their_fiscal_year() {
    for (text, days, year) in [
        ("2024-02", 29, 2023),
        ("2025-02", 28, 2024),
        ("2024-04", 30, 2024),
        ("2025-03", 31, 2024),
        ("2025-04", 30, 2025),
    ] {
        let report = report(&input_of(counts(text, 310, 300)));
        let table = report.document.table("days").unwrap();
        assert_eq!(
            table.rows.iter().filter(|row| !row.total).count(),
            days,
            "{text}"
        );
        assert_eq!(sum(table, "offered"), 310, "{text}");
        let months = report.document.table("months").unwrap();
        assert_eq!(months.rows[0].id, format!("{year}-04"));
        assert_eq!(months.rows[11].id, format!("{}-03", year + 1));
    }
}

#[test]
fn s03_faults_of_the_fiscal_year_are_counted_from_april_on() {
    let fault = |id: &str, when: &str| LevelFact {
        id: id.to_owned(),
        system: System::Indirect,
        at: at(when),
        what: "操作の誤り".to_owned(),
        measure: Measure::OperatorFault,
        exempt: None,
        proof: String::new(),
        entered_by: None,
    };
    let facts = vec![
        fault("a", "2024-05-01T09:00:00"),
        fault("b", "2025-01-05T09:00:00"),
        fault("c", "2025-03-31T23:59:59"),
    ];
    let judged = |text| {
        let input = MonthInput {
            facts: facts.clone(),
            ..input_of(counts(text, 50, 50))
        };
        let report = report(&input);
        let level = report.levels.iter().find(|level| level.item == 2).unwrap();
        (level.b, level.verdict)
    };
    assert_eq!(judged("2025-02"), (2, Verdict::Met));
    assert_eq!(judged("2025-03"), (3, Verdict::Missed));
    assert_eq!(judged("2025-04"), (0, Verdict::Met));
}

#[test]
fn b14_too_few_agents_give_no_number() {
    let slot = NeededAgents {
        slot: "9:00～9:30".to_owned(),
        calls: 40.0,
        agents: Some(5),
        one_less_rate: None,
        one_less_wait_ms: None,
    };
    let input = MonthInput {
        outlook: Some(Outlook {
            slots: vec![slot],
            ..Outlook::default()
        }),
        ..input_of(counts("2024-04", 50, 50))
    };
    let report = report(&input);
    for column in ["one_less_rate", "one_less_wait"] {
        let figure = figure(&report, "needed_agents", "slot_9:00～9:30", column);
        assert_eq!(figure.value, Value::None("不足".to_owned()));
    }
}

#[test]
fn s19_times_keep_their_minutes_and_hours() {
    assert_eq!(duration(109_000), "1:49");
    assert_eq!(duration(3_599_000), "59:59");
    assert_eq!(duration(90_000_000), "25:00:00");
}

#[test]
fn a_day_that_is_open_longer_has_rows_of_its_own() {
    let mut input = input_of(counts("2024-04", 40, 40));
    let calls = vec![call("late", at("2024-04-10T19:45:00"))];
    let extra = SampleMonth {
        calls,
        tickets: Vec::new(),
    };
    let mut settings = HoursSettings::default();
    let until = NaiveTime::from_hms_opt(20, 0, 0);
    let day = "2024-04-10".parse().unwrap();
    settings.overrides.insert(day, Override::Until(until));
    input.rules.calendars = Calendars::one(Calendar::new(settings));
    let late = extra.data(month("2024-04"), month("2024-04").end());
    input.data.calls.extend(late.calls);
    input
        .data
        .figures
        .get_mut("help")
        .unwrap()
        .merge(&late.figures["help"]);
    let report = report(&input);
    assert_eq!(count(&report, "slots", "slot_39", "wed"), 1);
    assert_eq!(count(&report, "slots", "total", "total"), 41);
    let days = report.document.table("days").unwrap();
    let note = days.cell("2024-04-10", "note").unwrap();
    assert!(
        matches!(note, DocCell::Text { text } if text == "時間変更"),
        "{note:?}"
    );
    assert!(report.is_reconciled());
}

#[test]
fn a_missed_item_opens_its_改善状況報告_and_costs_by_its_row() {
    let missing = |text| counts(text, 209, 188);
    let past = input_of(missing("2024-04"));
    let past = MonthSummary::of(&past.data, &past.scope, &past.rules);
    let input = MonthInput {
        past: vec![past],
        ..input_of(missing("2024-05"))
    };
    let report = report(&input);
    let rate = report.levels.iter().find(|level| level.item == 7).unwrap();
    assert_eq!(
        (rate.a, rate.b, rate.value.as_deref(), rate.verdict),
        (Some(209), 188, Some("89.95"), Verdict::Missed)
    );
    assert_eq!(
        text(&report, "levels_indirect", "answer_rate", "value"),
        "89.95%"
    );
    assert_eq!(text(&report, "indicators", "answer_rate", "now"), "89.95%");
    let said = serde_json::to_string(&report.document.chapters[0]).unwrap();
    assert!(said.contains("（応答率89.95％）"), "not 90.0％: {said}");
    assert_eq!(report.payment[1].run, 2);
    assert_eq!(report.payment[1].percent, 97);
    let improvements = report.document.table("improvements").unwrap();
    assert_eq!(improvements.rows.len(), 1);
}

#[test]
fn answers_later_than_a_limit_of_ones_own_are_told_apart_from_those_later_than_the_contract() {
    let item = LevelItem {
        system: System::Indirect,
        level: Level::AnswerTime,
    };
    let mut input = input_of(counts("2024-04", 60, 60));
    input.own_goals.insert(item, Goal::WithinMinutes(20));
    let report = report(&input);
    let level = report.levels.iter().find(|level| level.item == 4).unwrap();
    assert_eq!((level.b, level.verdict), (0, Verdict::Met));
    // What went to 機能分析 first was answered after 24 minutes.
    assert_eq!(level.own_verdict, Some(Verdict::Missed));
    assert_eq!(level.own_target.as_deref(), Some("20"));
}

#[test]
fn of_two_業務区分_each_call_counts_in_one_and_both_are_the_whole() {
    let mut months = crate::month::sample::cases::months().into_iter();
    let (_, help) = months.find(|(what, _)| what.starts_with("2つの")).unwrap();
    let only = |without: &str| MonthInput {
        scope: Scope {
            without: [without.into()].into(),
            ..Scope::everything()
        },
        ..help.clone()
    };
    let whole = MonthInput {
        scope: Scope::everything(),
        ..help.clone()
    };
    let one = report(&only(madoguchi_core::service::INQUIRIES));
    let other = report(&only(madoguchi_core::service::HELP_DESK));
    let whole = report(&whole);
    let of = |report: &MonthReport, row: &str| count(report, "received", row, "count");
    assert_eq!((of(&whole, "offered"), of(&whole, "answered")), (90, 84));
    assert_eq!((of(&one, "offered"), of(&other, "offered")), (60, 30));
    for row in ["answered", "abandoned", "after_hours"] {
        assert_eq!(of(&one, row) + of(&other, row), of(&whole, row), "{row}");
    }
    let sums = |of: fn(&MonthSummary) -> u64| {
        let [one, other, whole] = [&one, &other, &whole].map(|report| of(&report.summary));
        assert_eq!(one + other, whole);
        assert!(one > 0 && other > 0);
    };
    sums(|month| month.answered);
    sums(|month| month.first_unanswered);
    // ヘルプデスク受付状況報告 counts the one alone (別紙7 項番23), and all of its sums agree.
    let book = report(&help);
    assert_eq!(of(&book, "offered"), 60);
    assert!(book.is_reconciled(), "{:?}", book.reconciliation);
    let days = &book.document.table("days").unwrap().rows;
    assert_eq!(days.iter().filter(|row| !row.total).count(), 31);
    assert_eq!(count(&book, "days", "2024-12-30", "offered"), 0);
}

#[test]
fn sums_that_do_not_agree_stand_in_the_way_until_somebody_says_why() {
    let mut input = input_of(counts("2024-04", 60, 50));
    input.data.ledger_rows = Some(1);
    assert!(!report(&input).is_reconciled());
    let reason = CheckReason {
        month: month("2024-04"),
        check: "ledger".to_owned(),
        reason: "前の台帳から後で取り込んだ。".to_owned(),
        author: "報告担当".to_owned(),
        sums: "55 2".to_owned(),
    };
    input.written.reasons.push(reason);
    assert!(!report(&input).is_reconciled(), "written for other sums");
    input.written.reasons[0].sums = "55 1".to_owned();
    let report = report(&input);
    assert!(report.is_reconciled());
    let table = report.document.table("reconciliation").unwrap();
    let reason = table.cell("ledger", "reason").unwrap();
    assert!(matches!(reason, DocCell::Text { text } if text.contains("取り込んだ")));
}

#[test]
fn an_unregistered_call_stands_in_the_way() {
    let mut made = made_up(counts("2024-04", 20, 20));
    made.tickets.remove(0);
    let april = month("2024-04");
    let mut data = made.data(april, april.end());
    let before = report(&input(data.clone()));
    assert!(!before.is_reconciled());
    let reason = madoguchi_core::contact::NoTicketReason::WrongNumber;
    for call in &mut data.calls {
        call.no_ticket = Some(reason);
    }
    // A ticket comes first: the reason counts for the one call without.
    assert!(report(&input(data)).is_reconciled());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn calls_and_tickets_in_another_order_give_the_same_book(
        offered in 1_u32..120,
        missed in 0_u32..20,
        turn in 0_usize..200,
    ) {
        let answered = offered.saturating_sub(missed);
        let made = made_up(counts("2024-04", offered, answered));
        let mut other = made.clone();
        let (calls, tickets) = (other.calls.len(), other.tickets.len());
        other.calls.rotate_left(turn % calls.max(1));
        other.tickets.rotate_left(turn % tickets.max(1));
        other.tickets.reverse();
        let april = month("2024-04");
        let json = |made: &SampleMonth| {
            report(&input(made.data(april, april.end()))).json().unwrap()
        };
        prop_assert_eq!(json(&made), json(&other));
        let report = report(&input(made.data(april, april.end())));
        prop_assert!(report.is_reconciled());
        prop_assert_eq!(report.summary.offered, u64::from(offered));
        prop_assert_eq!(report.summary.answered, u64::from(answered));
    }
}
