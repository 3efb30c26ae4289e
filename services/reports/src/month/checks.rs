//! 突合せ: sums that must agree. The left side comes from the lists of calls and tickets of which the tables
//! are made, the right side from somewhere else: the sums of the store, or the tables themselves.

use madoguchi_core::figures::Figures;
use madoguchi_core::month::Month;

use super::cells::{number, size};
use super::counted::CountedMonth;
use super::input::MonthInput;
use super::months::Months;
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
    checks.extend(sums_of_tables(month, months, tables));
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
    let parts = month.answered.len() + month.all_abandoned().len() + month.waiting.len();
    let mut checks = vec![check(
        "offered_parts",
        "着信＝応答＋放棄＋応対前",
        ("着信の通話", size(month.offered.len())),
        ("応答、放棄、応対前の通話の計", size(parts)),
    )];
    let Some(sums) = sums_of_lines(input) else {
        return checks;
    };
    for (id, what, own, summed) in [
        ("offered", "着信", month.offered.len(), sums.offered),
        ("answered", "応答", month.answered.len(), sums.answered),
        (
            "abandoned",
            "放棄",
            month.all_abandoned().len(),
            sums.abandoned(),
        ),
        (
            "after_hours",
            "時間外着信",
            month.after_hours.len(),
            sums.after_hours,
        ),
        ("outbound", "発信", month.outbound.len(), sums.outbound),
    ] {
        let what = format!("{what}：通話の一覧と回線別集計");
        let (left, right) = (("通話の一覧", size(own)), ("回線別集計", number(summed)));
        checks.push(check(&format!("lines_{id}"), &what, left, right));
    }
    checks
}

/// The sums of the lines that count here; `None` where a line serves 業務区分 of several books, of whose
/// calls the ticket decides.
fn sums_of_lines(input: &MonthInput) -> Option<Figures> {
    let mut sums = Figures::default();
    for (line, figures) in &input.data.figures {
        let of_line = input.rules.divisions.of_line(line);
        let mut taken = of_line
            .iter()
            .map(|id| input.scope.takes_division(Some(*id)));
        let first = taken.next().unwrap_or(true);
        if taken.any(|other| other != first) {
            return None;
        }
        if first {
            sums.merge(figures);
        }
    }
    Some(sums)
}

/// 応答 = 登録済 + 対象外 + 未登録, with 未登録 0.
fn registrations(month: &CountedMonth<'_>) -> Check {
    let without: usize = month.no_ticket.values().map(Vec::len).sum();
    check(
        "registered",
        "応答＝登録済＋対象外（未登録0件）",
        ("応答の通話", size(month.answered.len())),
        (
            "登録済と対象外の通話の計",
            size(month.registered.len() + without),
        ),
    )
}

/// Half hours = days = month, and the months = the fiscal year.
fn sums_of_tables(
    month: &CountedMonth<'_>,
    months: &Months<'_>,
    tables: &Tables<'_>,
) -> Vec<Check> {
    let offered = size(month.offered.len());
    let year = month.data.month.fiscal_year();
    let known = months.of_fiscal_year(year);
    let over_year: u64 = known.map(|known| known.summary.offered).sum();
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
        check(
            "year",
            "月別の計＝年度累計の着信",
            ("表2-2の着信の計", published_apart(tables.months, "offered")),
            ("各月の着信の計", number(over_year)),
        ),
    ]
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
