//! 突合せ: sums that must agree. One side comes from the lists of calls and tickets of which the tables are made,
//! the other from somewhere else: the sums of the store, its counts, or the tables themselves.

mod lines;

use madoguchi_core::month::Month;

use self::lines::{Sides, counts_here, serves_both};
use super::cells::{number, size};
use super::counted::CountedMonth;
use super::input::MonthInput;
use super::months::{KnownMonth, Months};
use super::result::Check;
use crate::document::{DocCell, DocTable, Value};

/// The tables whose cells are added up.
pub(super) struct Tables<'t> {
    pub(super) days: &'t DocTable,
    pub(super) slots: &'t DocTable,
    pub(super) months: &'t DocTable,
}

pub(super) fn checks(
    input: &MonthInput,
    month: &CountedMonth<'_>,
    months: &Months<'_>,
    tables: &Tables<'_>,
) -> Vec<Check> {
    let mut checks = calls(input, month);
    checks.push(registrations(month));
    checks.extend(sums_of_tables(input, month, months, tables));
    checks.extend(ledger(input, month));
    checks.extend(carried(input, month, months));
    for check in &mut checks {
        let sums = check.sums();
        let mut written = input.written.reasons.iter();
        let written = written.find(|one| one.check == check.id && one.sums == sums);
        if let Some(written) = written.filter(|_| !check.agrees()) {
            check.reason = Some(written.reason.clone());
            check.explained_by = Some(written.author.clone());
        }
    }
    checks
}

fn check(id: &str, what: &str, left: (&str, i64), right: (&str, i64)) -> Check {
    Check {
        id: id.to_owned(),
        what: what.to_owned(),
        left_is: left.0.to_owned(),
        left: left.1,
        right_is: right.0.to_owned(),
        right: right.1,
        reason: None,
        explained_by: None,
    }
}

/// 着信 = 応答 + 放棄 + 応対前, and each of them as the store sums it up.
fn calls(input: &MonthInput, month: &CountedMonth<'_>) -> Vec<Check> {
    let Sides { lists, sums, of } = Sides::of(input, month);
    let parts = lists.answered + lists.abandoned + lists.waiting;
    let mut checks = vec![check(
        "offered_parts",
        &format!("着信＝応答＋放棄＋応対前{of}"),
        ("回線別集計の着信", number(sums.offered)),
        ("応答、放棄、応対前の通話の計", size(parts)),
    )];
    for (id, what, own, summed) in [
        ("offered", "着信", lists.offered, sums.offered),
        ("answered", "応答", lists.answered, sums.answered),
        ("abandoned", "放棄", lists.abandoned, sums.abandoned()),
        (
            "after_hours",
            "時間外着信",
            lists.after_hours,
            sums.after_hours,
        ),
        ("outbound", "発信", lists.outbound, sums.outbound),
    ] {
        let what = format!("{what}：通話の一覧と回線別集計{of}");
        let (left, right) = (("通話の一覧", size(own)), ("回線別集計", number(summed)));
        checks.push(check(&format!("lines_{id}"), &what, left, right));
    }
    checks
}

/// 応答 = 登録済 + 対象外, as nothing is left unregistered.
fn registrations(month: &CountedMonth<'_>) -> Check {
    let without: usize = month.no_ticket.values().map(Vec::len).sum();
    check(
        "registered",
        "応答＝登録済＋対象外（未登録の通話がないこと）",
        ("応答の通話", size(month.answered.len())),
        (
            "登録済と対象外の通話の計",
            size(month.registered.len() + without),
        ),
    )
}

/// Half hours = days = month, and the months = the fiscal year.
fn sums_of_tables(
    input: &MonthInput,
    month: &CountedMonth<'_>,
    months: &Months<'_>,
    tables: &Tables<'_>,
) -> Vec<Check> {
    let offered = size(month.offered.len());
    vec![
        check(
            "days",
            "日別の計＝当月の着信",
            ("表2-3の着信の計", column_sum(tables.days, "offered")),
            ("着信の通話", offered),
        ),
        check(
            "slots",
            "曜日・時間帯の計＝当月の着信",
            ("表2-4の着信の計", column_sum(tables.slots, "total")),
            ("着信の通話", offered),
        ),
        year(input, months, tables.months),
    ]
}

/// The months of 表2-2 = the calls of the fiscal year as the database counts them, with what was published of months
/// that were not measured here. What came to a month after it was 確定 waits for the next edition of that month: it
/// is told, and keeps no later month from being 確定.
fn year(input: &MonthInput, months: &Months<'_>, table: &DocTable) -> Check {
    let known = months.of_fiscal_year(input.data.month.fiscal_year());
    let known: Vec<&KnownMonth<'_>> = known.collect();
    let mut changed = Vec::new();
    let counted = known.iter().map(|known| {
        let counted = calls_of_month(input, known)?;
        let summary = &known.summary;
        if counted != summary.offered && input.frozen.contains(&summary.month) {
            changed.push(format!("{}は{counted}件", summary.month.name()));
            return Some(summary.offered);
        }
        Some(counted)
    });
    let counted = counted.sum::<Option<u64>>();
    let in_all = || -> u64 { known.iter().map(|known| known.summary.offered).sum() };
    let (right_is, right) = match counted {
        Some(counted) if changed.is_empty() => {
            ("通話の記録と公表された件数の計".to_owned(), counted)
        }
        Some(counted) => (
            format!(
                "通話の記録と公表された件数の計（確定の後に変わった月は、確定した版の件数による。今の記録では、{}）",
                changed.join("、")
            ),
            counted,
        ),
        None if serves_both(input) => (
            "各月の集計の計（報告の内外の業務区分を兼ねる回線があるため、通話の記録の件数とは比べられない）"
                .to_owned(),
            in_all(),
        ),
        None => (
            "各月の集計の計（通話の記録は数えていない）".to_owned(),
            in_all(),
        ),
    };
    check(
        "year",
        "月別の計＝年度累計の着信",
        ("表2-2の着信の計", published_apart(table, "offered")),
        (&right_is, number(right)),
    )
}

/// 着信 of a month as the database counts its calls; of a month that was not measured here, as it was published.
fn calls_of_month(input: &MonthInput, known: &KnownMonth<'_>) -> Option<u64> {
    if let (false, Some(published)) = (known.is_measured, known.published) {
        return Some(published.counts.offered);
    }
    let year = input.data.year_calls.as_ref()?;
    let mut sum = 0;
    for (line, calls) in year.get(&known.summary.month).into_iter().flatten() {
        if counts_here(input, line)? {
            sum += calls;
        }
    }
    Some(sum)
}

/// The sum of the counts of a column, total rows apart.
fn column_sum(table: &DocTable, column: &str) -> i64 {
    let Some(at) = table.columns.iter().position(|known| known.id == column) else {
        return 0;
    };
    let rows = table.rows.iter().filter(|row| !row.total);
    rows.filter_map(|row| counted(row.cells.get(at)?)).sum()
}

/// The same without rows that repeat a month as it was published.
fn published_apart(table: &DocTable, column: &str) -> i64 {
    let mut own = table.clone();
    own.rows.retain(|row| !row.id.ends_with("-published"));
    column_sum(&own, column)
}

fn counted(cell: &DocCell) -> Option<i64> {
    match cell {
        DocCell::Figure(figure) => match figure.value {
            Value::Count(count) => Some(count),
            _ => None,
        },
        _ => None,
    }
}

/// The tickets that were received, and the rows of the ledger.
fn ledger(input: &MonthInput, month: &CountedMonth<'_>) -> Option<Check> {
    let data = &input.data;
    let received = |ticket: &&madoguchi_core::ticket::Ticket| {
        let within = data.month.start()..data.month.end();
        within.contains(&ticket.received_at) && ticket.merged_into.is_none()
    };
    let all = month.data.tickets.iter().filter(received).count();
    let rows = data.ledger_rows?;
    Some(check(
        "ledger",
        "当月受付の問合せ＝台帳の行数（全業務区分）",
        ("当月受付の問合せ", size(all)),
        ("台帳の行数", number(rows)),
    ))
}

/// 繰越し, and that this month begins with what the last one left.
fn carried(input: &MonthInput, month: &CountedMonth<'_>, months: &Months<'_>) -> Vec<Check> {
    let carried = &month.carried;
    let moved =
        size(carried.before.len()) + size(carried.received.len()) + size(carried.reopened.len())
            - size(carried.closed.len());
    let mut checks = vec![
        check(
            "carried",
            "前月末未完了＋受付＋再開－完了＝当月末未完了",
            ("左辺の計", moved),
            ("当月末に未完了の問合せ", size(carried.left.len())),
        ),
        check(
            "received",
            "繰越しの当月受付＝受付経路別の計",
            ("繰越しの当月受付", size(carried.received.len())),
            ("受付経路別の計", size(month.received.len())),
        ),
    ];
    let before: Month = input.data.month.previous();
    let known = months.get(before).filter(|known| known.is_measured);
    if let Some(known) = known {
        checks.push(check(
            "carried_over",
            "前月の当月末未完了＝当月の前月末未完了",
            ("前月の当月末未完了", number(known.summary.left)),
            ("当月の前月末未完了", size(carried.before.len())),
        ));
    }
    checks
}
