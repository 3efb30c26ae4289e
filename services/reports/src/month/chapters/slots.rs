//! 表2-4: weekdays by half hours.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Timelike};
use madoguchi_core::hours::HoursReason;

use crate::document::{Chart, ChartKind, DocCell, DocTable, Population};
use crate::month::cells::{self, column, measured, row, size, text, total};
use crate::month::data::MonthCall;
use crate::month::making::Making;

/// 8:00 to 17:30 in half hours, counted from midnight.
const USUAL: std::ops::Range<u32> = 16..35;
/// 月 to 土, 日 where it is needed, 特定日.
const COLUMNS: [(&str, &str); 8] = [
    ("mon", "月"),
    ("tue", "火"),
    ("wed", "水"),
    ("thu", "木"),
    ("fri", "金"),
    ("sat", "土"),
    ("sun", "日"),
    ("special", "特定日"),
];
const SUNDAY: usize = 6;
const SPECIAL: usize = 7;

pub(super) fn table(making: &mut Making<'_, '_>) -> (DocTable, Chart) {
    let cells_of = share_out(making);
    let own = making.month.data.month;
    let calendar = making.input.rules.calendars.desk();
    let open = own
        .days()
        .filter(|day| calendar.day_hours(*day).hours.is_some());
    let open_days = size(open.count());
    let shown: Vec<usize> = (0..COLUMNS.len())
        .filter(|at| *at != SUNDAY || cells_of.keys().any(|(_, column)| *column == SUNDAY))
        .collect();
    let mut columns = vec![column("slot", "時間帯")];
    for at in &shown {
        if let Some((id, name)) = COLUMNS.get(*at) {
            columns.push(measured(id, name, "件"));
        }
    }
    columns.push(measured("total", "計", "件"));
    columns.push(measured("each_day", "1開所日平均", "件"));
    let slots: BTreeSet<u32> = cells_of
        .keys()
        .map(|(slot, _)| *slot)
        .chain(USUAL)
        .collect();
    let mut rows = Vec::new();
    for slot in slots {
        let mut cells = vec![text(slot_name(slot))];
        let mut whole = Vec::new();
        for at in &shown {
            let calls = cells_of.get(&(slot, *at)).cloned().unwrap_or_default();
            let id = COLUMNS.get(*at).map_or("", |column| column.0);
            cells.push(making.calls(&format!("slot_{slot:02}_{id}"), &calls));
            whole.extend(calls);
        }
        whole.sort_by_key(|call| (call.arrived_at, &call.id));
        cells.extend(sums(making, &format!("slot_{slot:02}"), &whole, open_days));
        rows.push(row(format!("slot_{slot:02}"), cells));
    }
    let mut cells = vec![text("計")];
    for at in &shown {
        let of_column = cells_of.iter().filter(|((_, column), _)| column == at);
        let mut calls: Vec<&MonthCall> = of_column.flat_map(|(_, calls)| calls).copied().collect();
        calls.sort_by_key(|call| (call.arrived_at, &call.id));
        let id = COLUMNS.get(*at).map_or("", |column| column.0);
        cells.push(making.calls(&format!("weekday_{id}"), &calls));
    }
    let all = making.month.offered.clone();
    cells.extend(sums(making, "offered", &all, open_days));
    rows.push(total("total", cells));
    let mut table = cells::table("表2-4", "slots", "曜日・時間帯別の着信件数", columns, rows);
    table.wide = true;
    table.notes = vec![
        "件数は、着信した日時による。通常の受付時間（8:00～17:30）より前又は後の行は、受付時間を変更した日の分である。"
            .to_owned(),
        format!("1開所日平均は、計を当月の開所日数（{open_days}日）で割ったものである。"),
    ];
    (table, chart(&shown))
}

fn sums<'a>(
    making: &mut Making<'a, '_>,
    name: &str,
    calls: &[&'a MonthCall],
    open_days: i64,
) -> [DocCell; 2] {
    let rows = making.proof.calls(name, calls);
    [
        making.calls(name, calls),
        cells::mean(size(calls.len()), open_days, Population::Arrived, rows),
    ]
}

/// The calls of each half hour and column.
fn share_out<'a>(making: &Making<'a, '_>) -> BTreeMap<(u32, usize), Vec<&'a MonthCall>> {
    let calendar = making.input.rules.calendars.desk();
    let own = making.month.data.month;
    let special: BTreeSet<_> = own
        .days()
        .filter(|day| calendar.day_hours(*day).reason == HoursReason::SpecialDay)
        .collect();
    let mut cells: BTreeMap<(u32, usize), Vec<_>> = BTreeMap::new();
    for call in &making.month.offered {
        let local = call.arrived_at.in_tokyo();
        let day = local.date_naive();
        let column = if special.contains(&day) {
            SPECIAL
        } else {
            day.weekday().num_days_from_monday() as usize
        };
        let slot = local.hour() * 2 + local.minute() / 30;
        cells.entry((slot, column)).or_default().push(*call);
    }
    cells
}

/// 8:00～8:30
fn slot_name(slot: u32) -> String {
    let clock = |slot: u32| format!("{}:{:02}", slot / 2, slot % 2 * 30);
    format!("{}～{}", clock(slot), clock(slot + 1))
}

fn chart(shown: &[usize]) -> Chart {
    let series = shown.iter().filter_map(|at| COLUMNS.get(*at));
    Chart {
        number: "図2-3".to_owned(),
        id: "slots_chart".to_owned(),
        title: "曜日・時間帯別の着信件数（濃淡図）".to_owned(),
        alt: "曜日と時間帯の組ごとに着信件数を濃淡と数値で示す図。数値は表2-4のとおり。".to_owned(),
        kind: ChartKind::HeatMap,
        table: "slots".to_owned(),
        labels: "slot".to_owned(),
        series: series.map(|(id, _)| (*id).to_owned()).collect(),
    }
}
