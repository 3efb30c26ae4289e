//! A month counted for the books that hold all systems and all 業務区分.

use crate::document::Drill;
use crate::month::counted::CountedMonth;
use crate::month::input::MonthInput;
use crate::month::levels;
use crate::month::making::Making;
use crate::month::months::Months;
use crate::month::proof::Proof;
use crate::month::rules::Scope;
use crate::month::summary::MonthSummary;

/// Makes something of the whole month, with the proof of its figures, whose names begin with `prefix`.
pub(super) fn with_everything<T>(
    input: &MonthInput,
    prefix: &'static str,
    make: impl FnOnce(&mut Making<'_, '_>) -> T,
) -> (T, Drill) {
    let scope = Scope::everything();
    let month = CountedMonth::of(&input.data, &scope, &input.rules);
    let summary = MonthSummary::from_counted(&month, &input.rules.categories);
    let months = Months::of(input, summary);
    let judged = levels::judged(input, &month);
    let mut making = Making {
        input,
        month: &month,
        months: &months,
        judged: &judged,
        payments: &[],
        outlook: None,
        proof: Proof::of_book(prefix),
    };
    let made = make(&mut making);
    let drill = making.proof.drill(input);
    (made, drill)
}
