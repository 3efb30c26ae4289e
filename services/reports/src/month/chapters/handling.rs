//! 第5 対応状況

use madoguchi_core::month::{LevelFact, LevelItem, Measure, Month, NOTICE_WITHIN, Verdict};
use madoguchi_core::ticket::{Escalation, Status, Ticket};
use madoguchi_core::time::Instant;

use crate::document::{Block, Chapter, DocCell, DocTable, Population, Rows};
use crate::month::cells::{self, column, day, figure, measured, row, size, table, text, time};
use crate::month::making::{Making, gist};

/// Rows of a list at the most; the ledger has them all.
const ROWS_AT_MOST: usize = 2_000;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let blocks = vec![
        Block::Table(carried(making)),
        Block::Table(unfinished(making)),
        Block::Table(escalations(making)),
        Block::Table(detections(making)),
    ];
    making.chapter("第5", "handling", "対応状況", blocks)
}

/// 表5-1
fn carried(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("name", "区分"),
        measured("before", "前月末未完了（時点）", "件"),
        measured("received", "当月受付（受付月）", "件"),
        measured("closed", "当月完了（発生月）", "件"),
        measured("reopened", "再開（発生月）", "件"),
        measured("left", "当月末未完了（時点）", "件"),
    ];
    let carried = &making.month.carried;
    let cells = vec![
        text("問合せ"),
        making.tickets("carried_before", Population::Standing, &carried.before),
        making.tickets("carried_received", Population::Received, &carried.received),
        making.tickets("carried_closed", Population::Happened, &carried.closed),
        making.tickets("carried_reopened", Population::Happened, &carried.reopened),
        making.tickets("carried_left", Population::Standing, &carried.left),
    ];
    let rows = vec![row("tickets", cells)];
    let mut table = table("表5-1", "carried", "繰越し", columns, rows);
    table.notes = vec![
        "前月末未完了＋当月受付＋再開－当月完了＝当月末未完了。一致は付録Bで検査する。".to_owned(),
        "当月完了には、ほかの問合せに統合して終えたものを含む。受け付けた月に統合したものは、統合先だけを数える。"
            .to_owned(),
    ];
    table
}

/// 表5-2; of several systems, with the system of each ticket.
pub(in crate::month) fn unfinished(making: &mut Making<'_, '_>) -> DocTable {
    let mut columns = vec![
        column("number", "受付番号"),
        column("received_at", "受付日時"),
        measured("open_days", "経過開所日数", "日"),
        column("gist", "要旨"),
        column("status", "状態"),
        column("owner", "担当"),
        column("due", "完了予定日"),
        column("reason", "遅延理由"),
    ];
    if holds_several(making) {
        columns.insert(1, column("system", "システム"));
    }
    let left = making.month.carried.left.clone();
    let mut open_days = OpenDays::until(making);
    let mut rows = Vec::new();
    for ticket in left.iter().take(ROWS_AT_MOST) {
        let selection = format!("ticket_{}", making.number(ticket));
        let proof = making.proof.tickets(&selection, &[ticket]);
        let days = open_days.since(ticket.received_at);
        let hold = ticket.hold.as_ref();
        let waits_for = ticket.open_escalations().next();
        let reason = match (hold, waits_for) {
            (Some(hold), _) => ticket.fields.without_personal_data(&hold.reason),
            (None, Some(escalation)) => {
                format!("{}の回答を待っている。", escalation.handover.vendor)
            }
            (None, None) => String::new(),
        };
        let due = hold.and_then(|hold| hold.until);
        let due = due.or_else(|| Some(waits_for?.handover.due?.date()));
        let cells = vec![
            text(making.number(ticket)),
            time(Some(ticket.received_at)),
            lone(days, Population::Standing, proof),
            text(gist(ticket)),
            text(status(ticket)),
            text(making.name(ticket.fields.owner.as_ref())),
            day(due),
            text(reason),
        ];
        let cells = with_system(making, ticket, cells);
        rows.push(row(making.number(ticket), cells));
    }
    let mut table = table("表5-2", "unfinished", "未完了の問合せ", columns, rows);
    table.wide = true;
    table.notes = vec!["状態は、基準日時のものである。".to_owned()];
    table.notes.extend(left_out(left.len()));
    table
}

fn status(ticket: &Ticket) -> &'static str {
    match ticket.status() {
        Status::Done => "月末の後に完了",
        status => status.label(),
    }
}

/// A figure that a single ticket or fact tells.
fn lone(value: i64, population: Population, rows: Rows) -> DocCell {
    figure(
        crate::document::Value::Decimal(value.to_string()),
        population,
        None,
        rows,
    )
}

fn left_out(all: usize) -> Option<String> {
    let more = all.checked_sub(ROWS_AT_MOST).filter(|more| *more > 0)?;
    Some(format!(
        "このほかに{more}件がある。全件は、問合せの一覧から書き出すファイルによる。当月の問合せ管理台帳が載せるのは当月に受け付けた問合せで、その件数には上限がある。"
    ))
}

/// How many open days lie between a day and the end of the month.
struct OpenDays {
    calendar: madoguchi_core::hours::Calendar,
    /// Open days from the first of each day that was asked for until the end.
    known: std::collections::BTreeMap<chrono::NaiveDate, i64>,
    until: chrono::NaiveDate,
}

impl OpenDays {
    /// Longer than any ticket stays open.
    const DAYS_AT_MOST: usize = 3_660;

    fn until(making: &Making<'_, '_>) -> Self {
        Self {
            calendar: making.input.rules.calendars.desk().clone(),
            known: std::collections::BTreeMap::new(),
            until: Month::last(making.month.data.month),
        }
    }

    /// The open days after the day of an instant, up to the last of the month.
    fn since(&mut self, at: Instant) -> i64 {
        let from = at.date();
        let (calendar, until) = (&self.calendar, self.until);
        *self.known.entry(from).or_insert_with(|| {
            let days = from.iter_days().skip(1).take(Self::DAYS_AT_MOST);
            let days = days.take_while(|day| *day <= until);
            size(
                days.filter(|day| calendar.day_hours(*day).hours.is_some())
                    .count(),
            )
        })
    }
}

/// 表5-3; of several systems, with the system of each ticket.
pub(in crate::month) fn escalations(making: &mut Making<'_, '_>) -> DocTable {
    let mut columns = vec![
        column("number", "受付番号"),
        column("vendor", "事業者"),
        column("sent_at", "引渡日時"),
        column("due", "回答期限"),
        column("returned_at", "回答日時"),
        measured("took", "所要時間", "分:秒"),
        column("result", "結果"),
    ];
    if holds_several(making) {
        columns.insert(1, column("system", "システム"));
    }
    let month = making.month.data.month;
    let within = |escalation: &&Escalation| Month::at(escalation.sent_at) == month;
    let all = making.month.data.tickets.iter();
    let mut found: Vec<(&Ticket, &Escalation)> = all
        .filter(|ticket| making.month.scope.takes(ticket))
        .flat_map(|ticket| {
            let sent = ticket.escalations.iter().filter(within);
            sent.map(move |escalation| (ticket, escalation))
        })
        .collect();
    found.sort_by_key(|(ticket, escalation)| (escalation.sent_at, ticket.number, escalation.seq));
    let mut rows = Vec::new();
    for (ticket, escalation) in found.iter().take(ROWS_AT_MOST) {
        let selection = format!("ticket_{}", making.number(ticket));
        let proof = making.proof.tickets(&selection, &[ticket]);
        let took = escalation.returned_at.map(|at| at - escalation.sent_at);
        let took = match took {
            Some(took) => cells::length(Some(took), Population::Happened, proof),
            None => cells::lacking("回答がまだない", Population::Happened, proof),
        };
        let result = match escalation.returned_at {
            None => "回答待ち".to_owned(),
            Some(_) => answer(ticket, escalation),
        };
        let cells = vec![
            text(making.number(ticket)),
            text(&escalation.handover.vendor),
            time(Some(escalation.sent_at)),
            time(escalation.handover.due),
            time(escalation.returned_at),
            took,
            text(result),
        ];
        let cells = with_system(making, ticket, cells);
        let id = format!("{}_{}", making.number(ticket), escalation.seq);
        rows.push(row(id, cells));
    }
    let mut table = table(
        "表5-3",
        "escalations",
        "エスカレーション（発生月）",
        columns,
        rows,
    );
    table.wide = true;
    table.notes = vec![
        "当月に引き渡したものの全てを載せる。エスカレーション数は、問合せごとに初めて引き渡した月に1回だけ数える。"
            .to_owned(),
    ];
    table.notes.extend(left_out(found.len()));
    table
}

/// Whether the book holds several systems, so that each row tells its own.
fn holds_several(making: &Making<'_, '_>) -> bool {
    making.month.scope.system.is_none()
}

/// The row with the system of its ticket behind its number, where the book holds several.
fn with_system(making: &Making<'_, '_>, ticket: &Ticket, mut cells: Vec<DocCell>) -> Vec<DocCell> {
    if holds_several(making) {
        cells.insert(1, text(ticket.fields.system.label()));
    }
    cells
}

fn answer(ticket: &Ticket, escalation: &Escalation) -> String {
    let answer = ticket.fields.without_personal_data(&escalation.answer);
    let line = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(60).collect();
    if line.is_empty() {
        "回答あり".to_owned()
    } else {
        line
    }
}

/// 表5-4
pub(in crate::month) fn detections(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("number", "番号"),
        column("system", "システム"),
        column("what", "事象"),
        column("detected_at", "検知日時"),
        column("noticed_at", "通知日時"),
        measured("notice", "通知所要", "分"),
        column("escalated_at", "呼出日時"),
        measured("escalation", "呼出所要", "分"),
        column("verdict", "判定"),
        column("exempt", "免責・除外の根拠"),
    ];
    let month = making.month.data.month;
    let mut found: Vec<&LevelFact> = making
        .input
        .facts
        .iter()
        .filter(|fact| {
            let own = making.month.scope.system;
            matches!(fact.measure, Measure::Detection { .. })
                && Month::at(fact.at) == month
                && own.is_none_or(|system| system == fact.system)
        })
        .collect();
    found.sort_by_key(|fact| (fact.at, fact.id.clone()));
    let mut rows = Vec::new();
    for (n, fact) in (1..).zip(found) {
        let n: usize = n;
        let Measure::Detection {
            noticed_at,
            escalated_at,
            ..
        } = fact.measure
        else {
            continue;
        };
        let mut minutes = |at: Option<Instant>| {
            let proof = making
                .proof
                .facts(&format!("fact_{}", fact.id), vec![fact.id.clone()]);
            match at {
                Some(at) => {
                    let tenths = ((at - fact.at).0.max(0) + 3_000) / 6_000;
                    let minutes = format!("{}.{}", tenths / 10, tenths % 10);
                    let value = crate::document::Value::Decimal(minutes);
                    figure(value, Population::Stated, None, proof)
                }
                None => cells::lacking("記入されていない", Population::Stated, proof),
            }
        };
        let (notice, escalation) = (minutes(noticed_at), minutes(escalated_at));
        let exempt = fact
            .exempt
            .as_ref()
            .map(|exempt| format!("{}（{}）", exempt.reason, exempt.proof));
        rows.push(row(
            format!("detection_{n}"),
            vec![
                text(n.to_string()),
                text(fact.system.label()),
                text(&fact.what),
                time(Some(fact.at)),
                time(noticed_at),
                notice,
                time(escalated_at),
                escalation,
                text(verdict(making, fact)),
                text(exempt.unwrap_or_default()),
            ],
        ));
    }
    let mut table = table("表5-4", "detections", "障害の検知と通知", columns, rows);
    table.wide = true;
    table.notes = vec![format!(
        "通知は検知後{}分以内、呼出しは検知後30分以内とする。",
        NOTICE_WITHIN.0 / 60_000
    )];
    table
}

/// Whether a detection missed one of the two limits.
fn verdict(making: &Making<'_, '_>, fact: &LevelFact) -> &'static str {
    if fact.exempt.is_some() {
        return "除外";
    }
    let items = fact.measure.levels().iter();
    let mut items = items.map(|level| LevelItem {
        system: fact.system,
        level: *level,
    });
    let missed = items.any(|item| {
        let judged = making.judged.iter().find(|one| one.item == item);
        judged.is_some_and(|one| one.counted.misses.iter().any(|miss| miss.id == fact.id))
    });
    if missed {
        Verdict::Missed.label()
    } else {
        Verdict::Met.label()
    }
}
