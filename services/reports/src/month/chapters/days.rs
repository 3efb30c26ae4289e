//! 表2-3: each day of the month.

use chrono::{Datelike, NaiveDate, NaiveTime};
use madoguchi_core::hours::{Calendar, DayHours, HoursReason};
use madoguchi_core::month::{LevelFact, Measure};
use madoguchi_core::time::Millis;

use crate::document::{Chart, ChartKind, DocCell, DocRow, DocTable, Population};
use crate::month::cells::{self, column, date, length, measured, row, text, total};
use crate::month::data::MonthCall;
use crate::month::lengths::LengthSum;
use crate::month::making::Making;

/// The calls of a day.
#[derive(Default, Clone)]
struct Day<'a> {
    offered: Vec<&'a MonthCall>,
    answered: Vec<&'a MonthCall>,
    abandoned: Vec<&'a MonthCall>,
    waiting: usize,
    after_hours: Vec<&'a MonthCall>,
}

pub(super) fn table(making: &mut Making<'_, '_>) -> (DocTable, Chart) {
    let columns = vec![
        column("date", "日付"),
        column("weekday", "曜日"),
        column("hours", "受付時間"),
        measured("offered", "着信", "件"),
        measured("answered", "応答", "件"),
        measured("abandoned", "放棄", "件"),
        measured("answer_rate", "応答率", "％"),
        measured("after_hours", "時間外着信", "件"),
        measured("wait", "平均待ち時間", "分:秒"),
        measured("talk", "平均通話時間", "分:秒"),
        column("note", "備考"),
    ];
    let month = making.month.data.month;
    let days: Vec<NaiveDate> = month.days().collect();
    let mut each = vec![Day::default(); days.len()];
    share_out(making, &mut each);
    let mut rows: Vec<DocRow> = Vec::new();
    for (day, calls) in days.into_iter().zip(&each) {
        let calendar = making.input.rules.calendars.desk();
        let hours = calendar.day_hours(day);
        let mut cells = vec![date(day), text(weekday(day)), text(open_hours(&hours))];
        let mut notes = note(calendar, day, &hours);
        notes.extend(fault(making, day));
        cells.extend(figures(making, &format!("day_{day}"), calls));
        cells.push(text(notes.join("、")));
        rows.push(row(day.to_string(), cells));
    }
    let counted = making.month;
    let whole = Day {
        offered: counted.offered.clone(),
        answered: counted.answered.clone(),
        abandoned: counted.all_abandoned(),
        waiting: counted.waiting.len(),
        after_hours: counted.after_hours.clone(),
    };
    let mut cells = vec![text("計"), DocCell::Empty, DocCell::Empty];
    cells.extend(figures(making, "", &whole));
    cells.push(DocCell::Empty);
    rows.push(total("total", cells));
    let mut table = cells::table("表2-3", "days", "日別の受付件数", columns, rows);
    table.wide = true;
    table.notes = vec![
        "件数は、いずれも着信した日による。".to_owned(),
        "備考の「障害」は、障害を検知した日、発生した日及びサービスが停止していた日に示す。"
            .to_owned(),
    ];
    (table, chart())
}

fn share_out<'a>(making: &Making<'a, '_>, each: &mut [Day<'a>]) {
    let month = making.month;
    let mut of =
        |calls: &[&'a MonthCall],
         list: for<'d> fn(&'d mut Day<'a>) -> &'d mut Vec<&'a MonthCall>| {
            for call in calls {
                let at = call.arrived_at.date().day0() as usize;
                if let Some(day) = each.get_mut(at) {
                    list(day).push(call);
                }
            }
        };
    of(&month.offered, |day| &mut day.offered);
    of(&month.answered, |day| &mut day.answered);
    of(&month.all_abandoned(), |day| &mut day.abandoned);
    of(&month.after_hours, |day| &mut day.after_hours);
    for call in &month.waiting {
        let at = call.arrived_at.date().day0() as usize;
        if let Some(day) = each.get_mut(at) {
            day.waiting += 1;
        }
    }
}

fn figures<'a>(making: &mut Making<'a, '_>, prefix: &str, calls: &Day<'a>) -> Vec<DocCell> {
    let name = |part: &str| match prefix {
        "" => part.to_owned(),
        prefix => format!("{prefix}_{part}"),
    };
    let ended = calls.offered.len() - calls.waiting;
    let (answered, talks) = (name("answered"), name("talks"));
    let talking: Vec<_> = calls.answered.iter().copied().filter(counts_talk).collect();
    let waits = calls.answered.iter().filter_map(|call| call.wait).collect();
    let talk = talking.iter().filter_map(|call| call.talk).collect();
    vec![
        making.calls(&name("offered"), &calls.offered),
        making.calls(&answered, &calls.answered),
        making.calls(&name("abandoned"), &calls.abandoned),
        making.share_of(&answered, &calls.answered, ended),
        making.calls(&name("after_hours"), &calls.after_hours),
        {
            let rows = making.proof.calls(&answered, &calls.answered);
            with_parts(waits, rows)
        },
        {
            let rows = making.proof.calls(&talks, &talking);
            with_parts(talk, rows)
        },
    ]
}

/// Whether the talk of a call counts: it has ended, and not by a crash.
pub(super) fn counts_talk(call: &&MonthCall) -> bool {
    call.talk.is_some() && !call.recovered
}

/// The mean, with the sum and the number of which it was made.
pub(super) fn with_parts(all: LengthSum, rows: crate::document::Rows) -> DocCell {
    let parts = crate::document::Parts {
        a: cells::number(all.count()),
        b: all.sum().0,
    };
    let DocCell::Figure(figure) = length(all.mean(), Population::Arrived, rows) else {
        return DocCell::Empty;
    };
    DocCell::Figure(crate::document::Figure {
        parts: Some(parts),
        ..figure
    })
}

/// 月 to 日.
pub(super) fn weekday(day: NaiveDate) -> &'static str {
    const NAMES: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
    let at = day.weekday().num_days_from_monday() as usize;
    NAMES.get(at).copied().unwrap_or_default()
}

fn open_hours(hours: &DayHours) -> String {
    let Some((opens, closes)) = hours.hours else {
        return "閉所".to_owned();
    };
    let clock = |time: NaiveTime| {
        let text = time.format("%-H:%M");
        text.to_string()
    };
    let closes = closes.map_or("24:00".to_owned(), clock);
    format!("{}～{closes}", clock(opens))
}

/// 第2土曜日, 特定日, 時間変更, and the name of a holiday.
fn note(calendar: &Calendar, day: NaiveDate, hours: &DayHours) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let usual = calendar.usual_hours(day);
    match hours.reason {
        HoursReason::SecondSaturday => notes.push("第2土曜日".to_owned()),
        HoursReason::SpecialDay => notes.push("特定日".to_owned()),
        HoursReason::OverrideOpen if usual.hours.is_none() => {
            notes.push("臨時の受付日".to_owned());
        }
        HoursReason::OverrideClosed => notes.push("臨時の閉所日".to_owned()),
        HoursReason::YearEnd => notes.push("年末年始".to_owned()),
        _ => {}
    }
    notes.extend(hours.holiday.clone());
    if hours.hours.is_some() && usual.hours.is_some() && usual.hours != hours.hours {
        notes.push("時間変更".to_owned());
    }
    notes
}

/// 障害 of a day, of the systems that the book tells of: one that was found or happened on it, or that kept a
/// service down for a part of it.
fn fault(making: &Making<'_, '_>, day: NaiveDate) -> Option<String> {
    let own = making.month.scope.system;
    let facts = making.input.facts.iter();
    let mut facts = facts.filter(|fact| own.is_none_or(|system| system == fact.system));
    let touches = |fact: &LevelFact| match fact.measure {
        Measure::Detection { .. } | Measure::OperatorFault => fact.at.date() == day,
        Measure::Outage { until } => {
            let last = until - Millis(1);
            fact.at.date() <= day && day <= last.date()
        }
        Measure::PlannedService { .. } | Measure::Dispatch { .. } | Measure::Patch { .. } => false,
    };
    facts.any(touches).then(|| "障害".to_owned())
}

fn chart() -> Chart {
    Chart {
        number: "図2-2".to_owned(),
        id: "days_chart".to_owned(),
        title: "日別の着信件数".to_owned(),
        alt: "当月の各日の着信件数を示す棒グラフ。数値は表2-3のとおり。".to_owned(),
        kind: ChartKind::Bars,
        table: "days".to_owned(),
        labels: "date".to_owned(),
        series: vec!["offered".to_owned()],
    }
}
