//! The columns of the figures, on the page and in workbooks.

use madoguchi_core::figures::Figures;
use madoguchi_core::time::Millis;
use madoguchi_reports::table::Cell;

use crate::text;

/// A column.
pub(super) struct Figure {
    /// Its head on the page.
    pub(super) label: &'static str,
    /// Its head in a workbook, where values have no unit of their own.
    pub(super) with_unit: &'static str,
    pub(super) value: fn(&Figures) -> Value,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Count(u64),
    /// 99.4
    Percent(Option<String>),
    Duration(Option<Millis>),
}

impl Value {
    /// As the page shows it.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Count(count) => text::number(count),
            Self::Percent(rate) => {
                rate.map_or_else(|| text::NOTHING.to_owned(), |rate| format!("{rate}%"))
            }
            Self::Duration(time) => text::duration(time),
        }
    }

    /// As a workbook has it: numbers as numbers, times in seconds.
    pub(super) fn cell(self) -> Cell {
        match self {
            // Numbers of calls are far below what a float holds exactly.
            Self::Count(count) => Cell::Number(count as f64),
            Self::Percent(rate) => {
                let rate = rate.and_then(|rate| rate.parse().ok());
                rate.map_or(Cell::Empty, Cell::Number)
            }
            Self::Duration(time) => {
                time.map_or(Cell::Empty, |time| Cell::Number(time.0 as f64 / 1_000.0))
            }
        }
    }
}

const fn figure(
    label: &'static str,
    with_unit: &'static str,
    value: fn(&Figures) -> Value,
) -> Figure {
    Figure {
        label,
        with_unit,
        value,
    }
}

/// The columns that `madoguchi stats` has, with the parts of 着信 and the service level.
pub(super) const FIGURES: [Figure; 11] = [
    figure("着信", "着信(件)", |figures| {
        Value::Count(figures.offered)
    }),
    figure("応答", "応答(件)", |figures| {
        Value::Count(figures.answered)
    }),
    figure("放棄", "放棄(件)", |figures| {
        Value::Count(figures.abandoned())
    }),
    figure("応対前", "応対前(件)", |figures| {
        Value::Count(figures.waiting)
    }),
    figure("応答率", "応答率(%)", |figures| {
        Value::Percent(figures.answer_rate())
    }),
    figure(
        "サービスレベル",
        "サービスレベル(%)",
        |figures| Value::Percent(figures.service_level()),
    ),
    figure("時間外", "時間外着信(件)", |figures| {
        Value::Count(figures.after_hours)
    }),
    figure("発信", "発信(件)", |figures| {
        Value::Count(figures.outbound)
    }),
    figure("平均待ち", "平均待ち時間(秒)", |figures| {
        Value::Duration(figures.waits.mean())
    }),
    figure("平均通話", "平均通話時間(秒)", |figures| {
        Value::Duration(figures.talks.mean())
    }),
    figure("平均後処理", "平均後処理時間(秒)", |figures| {
        Value::Duration(figures.wrap_ups.mean())
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_over_nothing_is_a_dash_on_the_page_and_an_empty_cell_in_a_workbook() {
        for value in [Value::Percent(None), Value::Duration(None)] {
            assert_eq!(value.clone().shown(), text::NOTHING);
            assert_eq!(value.cell(), Cell::Empty);
        }
        assert_eq!(Value::Count(1_234).shown(), "1,234");
        let rate = Value::Percent(Some("99.4".to_owned()));
        assert_eq!(rate.clone().shown(), "99.4%");
        assert_eq!(rate.cell(), Cell::Number(99.4));
        let time = Value::Duration(Some(Millis(61_500)));
        assert_eq!(time.cell(), Cell::Number(61.5));
    }
}
