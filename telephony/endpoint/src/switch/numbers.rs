//! Which line a dialled number belongs to.

use std::collections::HashMap;

use madoguchi_core::id::LineName;
use madoguchi_core::phone;

use crate::settings::LineNumbers;

pub(super) fn line_by_number(lines: &[LineNumbers]) -> HashMap<String, LineName> {
    let numbers = |line: &LineNumbers| {
        let name = line.line.clone();
        let numbers = line.numbers.iter();
        numbers
            .map(|number| (phone::normalize(number), name.clone()))
            .collect::<Vec<_>>()
    };
    lines.iter().flat_map(numbers).collect()
}
