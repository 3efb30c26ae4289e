//! The calls of a month as lists, beside the sums of the store by line.

use madoguchi_core::call::Direction;
use madoguchi_core::figures::Figures;
use madoguchi_core::id::LineName;

use crate::month::counted::CountedMonth;
use crate::month::data::MonthData;
use crate::month::input::MonthInput;

/// Of which calls both sides tell if some line serves 業務区分 in and out of the book.
const EVERYTHING: &str =
    "（全業務区分。報告の内外の業務区分を兼ねる回線があり、報告の通話だけの回線別集計はない）";

/// Both sides of what is compared by line.
pub(super) struct Sides {
    pub(super) lists: Counts,
    pub(super) sums: Figures,
    /// Which calls these are, if they are not those of the book.
    pub(super) of: &'static str,
}

/// How long lists of calls are.
pub(super) struct Counts {
    pub(super) offered: usize,
    pub(super) answered: usize,
    pub(super) abandoned: usize,
    pub(super) waiting: usize,
    pub(super) after_hours: usize,
    pub(super) outbound: usize,
}

impl Sides {
    /// Those of the book. Where a line serves 業務区分 in and out of it the ticket decides of each call, so that the
    /// line has no sum for the book: then all calls of the desk are compared.
    pub(super) fn of(input: &MonthInput, month: &CountedMonth<'_>) -> Self {
        let whole = serves_both(input);
        let mut sums = Figures::default();
        for (line, figures) in &input.data.figures {
            if whole || counts_here(input, line) == Some(true) {
                sums.merge(figures);
            }
        }
        Self {
            lists: match whole {
                true => Counts::of_desk(&input.data),
                false => Counts::of_book(month),
            },
            sums,
            of: if whole { EVERYTHING } else { "" },
        }
    }
}

impl Counts {
    fn of_book(month: &CountedMonth<'_>) -> Self {
        Self {
            offered: month.offered.len(),
            answered: month.answered.len(),
            abandoned: month.all_abandoned().len(),
            waiting: month.waiting.len(),
            after_hours: month.after_hours.len(),
            outbound: month.outbound.len(),
        }
    }

    fn of_desk(data: &MonthData) -> Self {
        let arrived = |direction| {
            data.calls
                .iter()
                .filter(move |call| call.direction == direction)
        };
        let offered = || arrived(Direction::Inbound);
        let answered = offered().filter(|call| call.answered).count();
        let waiting = offered()
            .filter(|call| !call.answered && !call.ended)
            .count();
        Self {
            offered: offered().count(),
            answered,
            abandoned: offered().count() - answered - waiting,
            waiting,
            after_hours: arrived(Direction::AfterHours).count(),
            outbound: arrived(Direction::Outbound)
                .filter(|call| !call.barred)
                .count(),
        }
    }
}

/// Whether some line serves 業務区分 in and out of the book.
pub(super) fn serves_both(input: &MonthInput) -> bool {
    let mut lines = input.data.figures.keys();
    lines.any(|line| counts_here(input, line).is_none())
}

/// Whether the calls of a line count in the book; `None`: of some of them the ticket decides.
pub(super) fn counts_here(input: &MonthInput, line: &LineName) -> Option<bool> {
    let of_line = input.rules.divisions.of_line(line);
    let mut taken = of_line
        .iter()
        .map(|id| input.scope.takes_division(Some(*id)));
    let first = taken.next().unwrap_or(true);
    taken.all(|other| other == first).then_some(first)
}
