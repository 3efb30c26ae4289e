//! A shift plan as workbooks: a row a day, and the days by half hours.

use std::collections::BTreeSet;

use madoguchi_core::time::{Instant, Millis};
use madoguchi_monthly::{PlannedDay, PlannedHalfHour, ShiftPlanMonth};
use madoguchi_reports::table::{Cell, Column, Form, Table};

use super::words::{basis, clock, gaps};
use crate::text;

/// The sheets of the workbook. The printed one has days across half hours, the one for machines a row for each
/// half hour of each day.
pub(super) fn tables(plan: &ShiftPlanMonth, form: Form, now: Instant) -> Vec<Table> {
    let mut tables = vec![days(plan, form, now)];
    match form {
        Form::Print => tables.extend([
            grid(plan, now, ("時間帯別の予測着信", "件"), |one| {
                Cell::Number(tenths(one.expected))
            }),
            grid(plan, now, ("時間帯別に必要な人数", "人"), |one| {
                number(one.agents)
            }),
        ]),
        Form::Data => tables.push(half_hours(plan, now)),
    }
    tables
}

fn column(name: impl Into<String>, width: u16) -> Column {
    Column {
        name: name.into().into(),
        width,
    }
}

fn number(count: Option<u32>) -> Cell {
    count.map_or(Cell::Empty, |one| Cell::Number(one.into()))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A row a day, with a column for each shift.
fn days(plan: &ShiftPlanMonth, form: Form, now: Instant) -> Table {
    let mut columns = vec![
        column("日付", 18),
        column("曜日", 6),
        column("予測着信(件)", 14),
        column("同時に必要な人数(人)", 20),
    ];
    let shifts = plan.shifts.iter();
    columns.extend(shifts.map(|shift| match form {
        Form::Print => column(format!("{}({})(人)", shift.name, shift.hours), 24),
        Form::Data => column(format!("{}(人)", shift.name), 12),
    }));
    columns.extend([
        column("勤務する人数(人)", 16),
        column("休暇などを見込んだ人数(人)", 26),
        column("備考", 40),
    ]);
    let rows = plan.days.iter().map(|day| {
        let people = |at: usize| {
            let one = day.shifts.as_ref().and_then(|plan| plan.shifts.get(at));
            number(one.map(|one| one.agents))
        };
        let mut cells = vec![
            Cell::Date(day.date),
            Cell::from(text::weekday(day.date)),
            Cell::Number(tenths(day.expected)),
            number(day.agents),
        ];
        cells.extend((0..plan.shifts.len()).map(people));
        cells.extend([
            number(day.shifts.as_ref().map(|plan| plan.agents)),
            number(day.heads),
            match gaps(day) {
                none if none.is_empty() => Cell::Empty,
                gaps => Cell::Text(gaps),
            },
        ]);
        cells
    });
    Table {
        title: format!("勤務計画({})　{}", plan.month.name(), basis(plan)),
        sheet: "勤務計画".to_owned(),
        made_at: now,
        rows: rows.collect(),
        columns,
    }
}

/// A row a day, with a column for each half hour in which the desk is open on any of them.
fn grid(
    plan: &ShiftPlanMonth,
    now: Instant,
    (what, unit): (&str, &str),
    value: impl Fn(&PlannedHalfHour) -> Cell,
) -> Table {
    let half_hours = plan.days.iter().flat_map(|day| &day.half_hours);
    let open: BTreeSet<usize> = half_hours.map(|one| one.half_hour).collect();
    let mut columns = vec![column("日付", 12), column("曜日", 6)];
    columns.extend(open.iter().map(|half_hour| column(clock(*half_hour), 7)));
    let rows = plan.days.iter().map(|day| {
        let of = |half_hour: &usize| {
            let mut half_hours = day.half_hours.iter();
            let found = half_hours.find(|one| one.half_hour == *half_hour);
            found.map_or(Cell::Empty, &value)
        };
        let mut cells = vec![Cell::Date(day.date), Cell::from(text::weekday(day.date))];
        cells.extend(open.iter().map(of));
        cells
    });
    Table {
        title: format!(
            "{what}({})　単位：{unit}。列の時刻から30分間",
            plan.month.name()
        ),
        sheet: what.to_owned(),
        made_at: now,
        rows: rows.collect(),
        columns,
    }
}

/// A row for each half hour of each day.
fn half_hours(plan: &ShiftPlanMonth, now: Instant) -> Table {
    let mut columns = vec![
        column("日付", 12),
        column("30分間の始まり", 20),
        column("予測着信(件)", 14),
        column("必要な人数(人)", 16),
    ];
    let with_shifts = !plan.shifts.is_empty();
    columns.extend(with_shifts.then(|| column("勤務する人数(人)", 16)));
    let rows = plan.days.iter().flat_map(|day| {
        day.half_hours.iter().map(move |one| {
            let mut cells = vec![
                Cell::Date(day.date),
                Cell::Instant(begins(day, one)),
                Cell::Number((one.expected * 1_000.0).round() / 1_000.0),
                number(one.agents),
            ];
            cells.extend(with_shifts.then(|| number(day.working(one.half_hour))));
            cells
        })
    });
    Table {
        title: format!("時間帯別の予測と人数({})", plan.month.name()),
        sheet: "時間帯別".to_owned(),
        made_at: now,
        rows: rows.collect(),
        columns,
    }
}

fn begins(day: &PlannedDay, one: &PlannedHalfHour) -> Instant {
    let half_hours = i64::try_from(one.half_hour).unwrap_or_default();
    Instant::start_of(day.date) + Millis::from_secs(half_hours * 1_800)
}

#[cfg(test)]
mod tests {
    use madoguchi_core::month::WorkShift;

    use super::*;

    fn day(date: &str, half_hours: std::ops::Range<usize>) -> PlannedDay {
        let half_hours = half_hours.map(|half_hour| PlannedHalfHour {
            half_hour,
            expected: half_hour as f64 / 8.0,
            agents: Some(2),
        });
        PlannedDay {
            date: date.parse().unwrap(),
            expected: 40.0,
            half_hours: half_hours.collect(),
            agents: Some(2),
            shifts: None,
            heads: None,
        }
    }

    fn plan() -> ShiftPlanMonth {
        ShiftPlanMonth {
            month: "2026-12".parse().unwrap(),
            days: vec![day("2026-12-01", 16..18), day("2026-12-02", 17..19)],
            shifts: Vec::new(),
            aht_secs: 480.0,
            patience_secs: 120.0,
            target: "95".to_owned(),
        }
    }

    fn names(table: &Table) -> Vec<&str> {
        table.columns.iter().map(|column| &*column.name).collect()
    }

    #[test]
    fn the_printed_workbook_has_the_days_across_all_half_hours_of_the_month() {
        let tables = tables(&plan(), Form::Print, Instant(0));
        let [_, calls, people] = tables.as_slice() else {
            panic!("{tables:?}");
        };
        for grid in [calls, people] {
            assert_eq!(names(grid), ["日付", "曜日", "8:00", "8:30", "9:00"]);
        }
        let number = Cell::Number;
        let row = |table: &Table, at: usize| table.rows[at][2..].to_vec();
        assert_eq!(row(calls, 0), [number(2.0), number(2.1), Cell::Empty]);
        assert_eq!(row(calls, 1), [Cell::Empty, number(2.1), number(2.3)]);
        assert_eq!(row(people, 1), [Cell::Empty, number(2.0), number(2.0)]);
    }

    #[test]
    fn the_workbook_for_machines_has_a_row_for_each_half_hour() {
        let tables = tables(&plan(), Form::Data, Instant(0));
        let [_, long] = tables.as_slice() else {
            panic!("{tables:?}");
        };
        assert_eq!(
            names(long),
            ["日付", "30分間の始まり", "予測着信(件)", "必要な人数(人)"]
        );
        assert_eq!(long.rows.len(), 4);
        let begins = Instant::from_tokyo("2026-12-02T08:30:00".parse().unwrap());
        assert_eq!(
            long.rows[2],
            [
                Cell::Date("2026-12-02".parse().unwrap()),
                Cell::Instant(begins),
                Cell::Number(2.125),
                Cell::Number(2.0),
            ]
        );
        let with_shifts = ShiftPlanMonth {
            shifts: vec!["早番 8:00-16:30".parse::<WorkShift>().unwrap()],
            ..plan()
        };
        let tables = super::tables(&with_shifts, Form::Data, Instant(0));
        assert_eq!(names(&tables[1]).last(), Some(&"勤務する人数(人)"));
    }
}
