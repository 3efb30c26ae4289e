//! Two people change one ticket: what they changed apart is joined, what both changed is shown to who
//! comes second, and nobody overwrites unseen.

use std::collections::BTreeSet;

use super::event::TicketChange;
use super::fields::{TicketField, TicketFields, lines};

/// A field that both changed, each in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The field that differs.
    pub field: TicketField,
    /// What both began with.
    pub before: String,
    /// What I made of it.
    pub mine: String,
    /// What somebody else made of it, and saved first.
    pub theirs: String,
}

/// What comes of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The fields as they would be, with theirs where both changed one.
    pub fields: TicketFields,
    /// What both changed; nothing may be saved before somebody has chosen.
    pub conflicts: Vec<Conflict>,
}

/// Joins my edit with what others saved in the meantime.
pub fn merge(before: &TicketFields, mine: &TicketFields, theirs: &TicketFields) -> Merged {
    let mut fields = theirs.clone();
    let mut conflicts = Vec::new();
    for field in TicketField::ALL {
        let texts = [before, mine, theirs].map(|fields| fields.text(field));
        let [before, mine, theirs] = texts;
        if mine == before || mine == theirs {
            continue;
        }
        let joined = match field {
            _ if theirs == before => Some(mine.clone()),
            field if field.is_set() => Some(joined_sets(&before, &mine, &theirs)),
            _ => None,
        };
        if joined.is_none_or(|text| fields.set(field, &text).is_err()) {
            conflicts.push(Conflict {
                field,
                before,
                mine,
                theirs,
            });
        }
    }
    Merged { fields, conflicts }
}

/// The changes that lead from one state of the fields to another.
pub fn changes(from: &TicketFields, to: &TicketFields) -> Vec<TicketChange> {
    let all = TicketField::ALL.into_iter();
    let changed = all.filter_map(|field| {
        let (before, after) = (from.text(field), to.text(field));
        (before != after).then_some(TicketChange::FieldChanged {
            field,
            before,
            after,
        })
    });
    changed.collect()
}

/// Words that either added are in, words that either took away are out.
fn joined_sets(before: &str, mine: &str, theirs: &str) -> String {
    let [before, mine, theirs] = [before, mine, theirs].map(lines);
    let kept = before
        .iter()
        .filter(|word| mine.contains(*word) && theirs.contains(*word));
    let added = mine
        .iter()
        .chain(&theirs)
        .filter(|word| !before.contains(*word));
    let joined: BTreeSet<&str> = kept.chain(added).map(String::as_str).collect();
    joined.into_iter().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(changes: &[(TicketField, &str)]) -> TicketFields {
        let mut fields = TicketFields::default();
        for (field, text) in changes {
            fields.set(*field, text).unwrap();
        }
        fields
    }

    #[test]
    fn what_two_people_changed_apart_is_joined() {
        let before = fields(&[(TicketField::Question, "差戻しされた")]);
        let mine = fields(&[
            (TicketField::Question, "差戻しされた"),
            (TicketField::Answer, "出し直してください"),
            (TicketField::Tags, "旅費"),
        ]);
        let theirs = fields(&[
            (TicketField::Question, "旅費が差戻しされた"),
            (TicketField::Tags, "急ぎ"),
        ]);
        let merged = merge(&before, &mine, &theirs);
        assert!(merged.conflicts.is_empty());
        let expected = fields(&[
            (TicketField::Question, "旅費が差戻しされた"),
            (TicketField::Answer, "出し直してください"),
            (TicketField::Tags, "急ぎ\n旅費"),
        ]);
        assert_eq!(merged.fields, expected);
        let changed = changes(&theirs, &merged.fields);
        assert_eq!(changed.len(), 2, "{changed:?}");
    }

    #[test]
    fn one_field_that_both_changed_shows_three_texts_and_overwrites_nothing() {
        let before = fields(&[(TicketField::Answer, "一")]);
        let mine = fields(&[(TicketField::Answer, "二")]);
        let theirs = fields(&[(TicketField::Answer, "三")]);
        let merged = merge(&before, &mine, &theirs);
        let conflict = Conflict {
            field: TicketField::Answer,
            before: "一".to_owned(),
            mine: "二".to_owned(),
            theirs: "三".to_owned(),
        };
        assert_eq!(merged.conflicts, [conflict]);
        assert_eq!(merged.fields.answer, "三");
        assert!(merge(&before, &mine, &mine).conflicts.is_empty());
    }

    #[test]
    fn tags_that_one_took_away_are_gone() {
        let before = fields(&[(TicketField::Tags, "一\n二")]);
        let mine = fields(&[(TicketField::Tags, "二\n三")]);
        let theirs = fields(&[(TicketField::Tags, "一\n二\n四")]);
        let merged = merge(&before, &mine, &theirs);
        assert_eq!(merged.fields.text(TicketField::Tags), "三\n二\n四");
    }
}
