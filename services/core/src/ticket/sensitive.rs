//! Finds what looks like a 個人番号 or a 基礎年金番号, which no ticket may hold.

use std::ops::Range;

use super::event::TicketChange;
use super::fields::{TicketField, TicketFields};
use crate::article::personal::is_my_number;

/// What a number looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitiveKind {
    /// 個人番号: twelve digits with their check digit.
    MyNumber,
    /// 基礎年金番号: four digits and six.
    PensionNumber,
}

impl SensitiveKind {
    /// The name on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::MyNumber => "個人番号",
            Self::PensionNumber => "基礎年金番号",
        }
    }
}

/// A place in a text that looks like such a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveMark {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What it looks like.
    pub kind: SensitiveKind,
}

/// So many letters may stand between two digits of one number.
const BETWEEN_AT_MOST: usize = 2;
const MY_NUMBER_DIGITS: usize = 12;
const PENSION_NUMBER_GROUPS: (usize, usize) = (4, 6);
const PENSION_NUMBER_DIGITS: usize = 10;
/// So many letters before a number its name is looked for.
const NAME_WITHIN: usize = 16;
const PENSION_NUMBER_NAMES: [&str; 2] = ["年金番号", "年番"];
/// Telephone numbers that are written in four digits and six.
const TELEPHONE: [&str; 5] = ["0120", "0570", "0800", "0990", "0180"];

/// Digits without anything between them.
#[derive(Debug, Clone)]
struct Group {
    digits: String,
    range: Range<usize>,
}

/// What looks like such a number in a text, in order.
pub fn marks(text: &str) -> Vec<SensitiveMark> {
    let mut marks = Vec::new();
    for run in runs(text) {
        let mut first = 0;
        while let Some(rest) = run.get(first..).filter(|rest| !rest.is_empty()) {
            let Some((groups, mark)) = found_in(text, rest) else {
                first += 1;
                continue;
            };
            marks.push(mark);
            first += groups;
        }
    }
    marks
}

/// Something that looks like such a number in what is about to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveText {
    /// What it looks like.
    pub kind: SensitiveKind,
    /// As it was typed.
    pub text: String,
}

/// What looks like such a number in what these changes bring, but for what stood there before.
pub fn in_changes(changes: &[TicketChange]) -> Vec<SensitiveText> {
    changes.iter().flat_map(in_change).collect()
}

/// What looks like such a number in the texts of a ticket.
pub fn in_fields(fields: &TicketFields) -> Vec<SensitiveText> {
    let typed = TicketField::ALL
        .into_iter()
        .filter(|field| is_typed(*field));
    typed
        .flat_map(|field| found_in_text(&fields.text(field)))
        .collect()
}

/// Whether a field holds what somebody wrote in words.
fn is_typed(field: TicketField) -> bool {
    matches!(
        field,
        TicketField::Question | TicketField::Answer | TicketField::Tags | TicketField::Name
    )
}

fn in_change(change: &TicketChange) -> Vec<SensitiveText> {
    match change {
        TicketChange::Created { fields, .. } => in_fields(fields),
        TicketChange::FieldChanged {
            field,
            before,
            after,
        } if is_typed(*field) => {
            let before = found_in_text(before);
            let mut found = found_in_text(after);
            found.retain(|one| !before.contains(one));
            found
        }
        TicketChange::AnalysisEnded { finding: text }
        | TicketChange::EscalationReturned { answer: text, .. }
        | TicketChange::Held { reason: text, .. }
        | TicketChange::Reopened { reason: text }
        | TicketChange::Noted { text } => found_in_text(text),
        TicketChange::Escalated { handover } => found_in_text(&handover.sent),
        _ => Vec::new(),
    }
}

/// What looks like such a number in a text, as it stands there.
pub fn found_in_text(text: &str) -> Vec<SensitiveText> {
    let found = marks(text).into_iter().map(|mark| SensitiveText {
        kind: mark.kind,
        text: text.get(mark.range).unwrap_or_default().to_owned(),
    });
    found.collect()
}

/// A number that the groups begin with, and of how many it is made.
fn found_in(text: &str, groups: &[Group]) -> Option<(usize, SensitiveMark)> {
    let start = groups.first()?.range.start;
    let mut digits = String::new();
    for (n, group) in (1..).zip(groups) {
        digits.push_str(&group.digits);
        let range = start..group.range.end;
        let mark = |kind| Some((n, SensitiveMark { range, kind }));
        if digits.len() == MY_NUMBER_DIGITS && is_my_number(&digits) {
            return mark(SensitiveKind::MyNumber);
        }
        if digits.len() == PENSION_NUMBER_DIGITS && is_pension_number(text, groups, n, start) {
            return mark(SensitiveKind::PensionNumber);
        }
        if digits.len() >= MY_NUMBER_DIGITS {
            break;
        }
    }
    None
}

fn is_pension_number(text: &str, groups: &[Group], n: usize, start: usize) -> bool {
    let lengths: Vec<usize> = groups
        .iter()
        .take(n)
        .map(|group| group.digits.len())
        .collect();
    let (four, six) = PENSION_NUMBER_GROUPS;
    let first = groups.first().map(|group| group.digits.as_str());
    let begins_as_telephone = first.is_some_and(|digits| TELEPHONE.contains(&digits));
    (lengths == [four, six] && !begins_as_telephone) || is_named(text, start)
}

/// Whether the text says that a 基礎年金番号 follows.
fn is_named(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let from = before.char_indices().rev().nth(NAME_WITHIN - 1);
    let near = before
        .get(from.map_or(0, |(at, _)| at)..)
        .unwrap_or_default();
    PENSION_NUMBER_NAMES.iter().any(|name| near.contains(name))
}

/// Groups of digits with nothing but dashes, dots and blanks between them.
fn runs(text: &str) -> Vec<Vec<Group>> {
    let mut runs: Vec<Vec<Group>> = Vec::new();
    let mut run: Vec<Group> = Vec::new();
    let mut between = 0;
    for (at, letter) in text.char_indices() {
        if let Some(digit) = digit(letter) {
            let range = at..at + letter.len_utf8();
            match run.last_mut().filter(|_| between == 0) {
                Some(group) => {
                    group.digits.push(digit);
                    group.range.end = range.end;
                }
                None => run.push(Group {
                    digits: digit.to_string(),
                    range,
                }),
            }
            between = 0;
        } else if is_between(letter) && between < BETWEEN_AT_MOST {
            between += 1;
        } else {
            runs.push(std::mem::take(&mut run));
            between = 0;
        }
    }
    runs.push(run);
    runs.retain(|run| !run.is_empty());
    runs
}

fn digit(letter: char) -> Option<char> {
    match letter {
        '0'..='9' => Some(letter),
        '０'..='９' => char::from_digit(u32::from(letter) - u32::from('０'), 10),
        _ => None,
    }
}

fn is_between(letter: char) -> bool {
    matches!(
        letter,
        '-' | '‐'
            | '‑'
            | '‒'
            | '–'
            | '—'
            | '―'
            | '−'
            | '－'
            | 'ー'
            | 'ｰ'
            | '─'
            | '・'
            | '.'
            | ' '
            | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use SensitiveKind::{MyNumber, PensionNumber};

    use super::*;

    fn found(text: &str) -> Vec<(SensitiveKind, &str)> {
        let marks = marks(text);
        marks
            .into_iter()
            .map(|mark| (mark.kind, &text[mark.range]))
            .collect()
    }

    #[test]
    fn numbers_are_found_in_any_width_and_with_any_dashes() {
        for number in [
            "123456789018",
            "1234-5678-9018",
            "1234 5678 9018",
            "１２３４５６７８９０１８",
            "１２３４－５６７８－９０１８",
            "1234‐5678ー9018",
            "12-3456 789018",
        ] {
            let text = format!("番号は{number}です。");
            assert_eq!(found(&text), [(MyNumber, number)], "{number}");
        }
        for number in [
            "1234-567890",
            "１２３４－５６７８９０",
            "1234 567890",
            "0123―456789",
        ] {
            let text = format!("番号は{number}です。");
            assert_eq!(found(&text), [(PensionNumber, number)], "{number}");
        }
        let text = "基礎年金番号は1234567890、個人番号は１２３４５６７８９０１８";
        let both = [
            (PensionNumber, "1234567890"),
            (MyNumber, "１２３４５６７８９０１８"),
        ];
        assert_eq!(found(text), both);
        assert_eq!(found("2026 123456789018"), [(MyNumber, "123456789018")]);
    }

    #[test]
    fn what_is_none_is_left_alone() {
        for text in [
            "",
            "123456789012",
            "03-1234-5678",
            "0312345678",
            "09012345678",
            "0120-123456",
            "0120-12-3456",
            "受付番号 R8-00123",
            "2026年11月24日 10時30分",
            "金額は1,234,567,890円",
            "伝票番号1234567890",
            "1234--- 567890",
            "R8-001234567890123456789018",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn what_changes_bring_is_looked_at_wherever_it_is_typed() {
        let number = "123456789018";
        let text = || format!("番号は{number}です");
        let brought = |change: TicketChange| in_changes(&[change]).len();
        assert_eq!(brought(TicketChange::Noted { text: text() }), 1);
        assert_eq!(brought(TicketChange::Reopened { reason: text() }), 1);
        assert_eq!(brought(TicketChange::AnalysisEnded { finding: text() }), 1);
        let edited = |field, before: &str| TicketChange::FieldChanged {
            field,
            before: before.to_owned(),
            after: text(),
        };
        assert_eq!(brought(edited(TicketField::Answer, "")), 1);
        assert_eq!(
            brought(edited(TicketField::Answer, number)),
            0,
            "it was there"
        );
        assert_eq!(brought(edited(TicketField::Number, "")), 0);
    }
}
