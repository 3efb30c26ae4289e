//! What of the board changed: the lines of its HTML that differ from those sent before.

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines that take the place of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Edit<'a>(usize, usize, Vec<&'a str>);

/// What makes `after` of `before`: the first line, how many lines go, and what comes in their place.
/// Positions are those in `before`; whoever applies them begins at the end.
pub(super) fn edits<'a>(before: &str, after: &'a str) -> Vec<Edit<'a>> {
    let old: Vec<_> = before.split('\n').collect();
    let new: Vec<_> = after.split('\n').collect();
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    let lines = |from: usize, length: usize| new.iter().skip(from).take(length).copied().collect();
    let edit = |operation| match operation {
        DiffOp::Equal { .. } => None,
        DiffOp::Delete {
            old_index, old_len, ..
        } => Some(Edit(old_index, old_len, Vec::new())),
        DiffOp::Insert {
            old_index,
            new_index,
            new_len,
        } => Some(Edit(old_index, 0, lines(new_index, new_len))),
        DiffOp::Replace {
            old_index,
            old_len,
            new_index,
            new_len,
        } => Some(Edit(old_index, old_len, lines(new_index, new_len))),
    };
    operations.into_iter().filter_map(edit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the page's script does it.
    fn apply(before: &str, edits: &[Edit<'_>]) -> String {
        let mut lines: Vec<_> = before.split('\n').collect();
        for Edit(at, removed, added) in edits.iter().rev() {
            lines.splice(*at..*at + *removed, added.iter().copied());
        }
        lines.join("\n")
    }

    #[test]
    fn the_edits_make_the_new_text_of_the_old() {
        let texts = [
            "",
            "a",
            "a\nb\nc\nd",
            "a\nB\nc\nd",
            "b\nc\nd",
            "a\nb\nc\nd\ne\nf",
            "d\nc\nb\na",
            "a\n\n\nd",
            "x\na\ny\nc\nz",
        ];
        for before in texts {
            for after in texts {
                let edits = edits(before, after);
                assert_eq!(apply(before, &edits), after, "{before:?}: {edits:?}");
                assert_eq!(edits.is_empty(), before == after);
            }
        }
    }

    #[test]
    fn what_stays_is_not_sent() {
        let lines: Vec<_> = (0..2_000).map(|line| format!("<li>{line}</li>")).collect();
        let mut later = lines.clone();
        later[7] = "<li>seven</li>".to_owned();
        later.remove(1_500);
        let (before, after) = (lines.join("\n"), later.join("\n"));
        let sent = serde_json::to_string(&edits(&before, &after)).unwrap();
        assert_eq!(sent, r#"[[7,1,["<li>seven</li>"]],[1500,1,[]]]"#);
    }
}
