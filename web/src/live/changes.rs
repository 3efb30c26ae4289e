//! What of the board changed: the lines of its HTML that differ from those sent before.

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// Lines that take the place of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Edit<'a>(usize, usize, Vec<&'a str>);

/// What makes `after` of `before`: the first line, how many lines go, and what comes in their place.
/// Positions are those in `before`; whoever applies them begins at the end.
///
/// Positions are counted here: those of operations that `similar` has moved (2.7.0, lines that end like those
/// before them) can be a line off. What would not make `after` is replaced by the whole.
pub(super) fn edits<'a>(before: &str, after: &'a str) -> Vec<Edit<'a>> {
    let old: Vec<_> = before.split('\n').collect();
    let new: Vec<_> = after.split('\n').collect();
    let mut edits = Vec::new();
    let (mut at, mut next) = (0, 0);
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (removed, added) = (operation.old_range().len(), operation.new_range().len());
        if operation.tag() != DiffTag::Equal {
            let added = new.iter().skip(next).take(added).copied();
            edits.push(Edit(at, removed, added.collect()));
        }
        at += removed;
        next += added;
    }
    if apply(&old, &edits) == new {
        return edits;
    }
    vec![Edit(0, old.len(), new)]
}

/// What edits make of lines.
fn apply<'a>(old: &[&'a str], edits: &[Edit<'a>]) -> Vec<&'a str> {
    let mut lines = Vec::new();
    let mut at = 0;
    for Edit(from, removed, added) in edits {
        lines.extend(old.iter().skip(at).take(from.saturating_sub(at)));
        lines.extend(added);
        at = from + removed;
    }
    lines.extend(old.iter().skip(at));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the page's script does it.
    fn applied(before: &str, edits: &[Edit<'_>]) -> String {
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
                assert_eq!(applied(before, &edits), after, "{before:?}: {edits:?}");
                assert_eq!(edits.is_empty(), before == after);
            }
        }
    }

    #[test]
    fn rows_that_end_alike_come_and_go_in_their_place() {
        let board = |callers: &[&str]| {
            let row = |caller: &&str| format!("\n<tr>{caller}\n<td>waits</td>\n<td>help</td></tr>");
            let rows: String = callers.iter().map(row).collect();
            format!("<tbody>{rows}\n</tbody></table>\n\n\n</div>")
        };
        let boards = [
            board(&[]),
            board(&["a"]),
            board(&["a", "b"]),
            board(&["b"]),
            board(&["b", "c", "d"]),
            board(&["c"]),
        ];
        for before in &boards {
            for after in &boards {
                let edits = edits(before, after);
                assert_eq!(&applied(before, &edits), after, "{before}\n{edits:?}");
            }
        }
    }

    #[test]
    fn any_text_is_made_of_any_other() {
        // Few kinds of lines, so that most repeat (Lehmer's generator).
        let mut state = 1_u64;
        let mut below = |most: u64| {
            state = state * 48_271 % 0x7fff_ffff;
            state % most
        };
        let mut text = || {
            let lines = (0..below(12)).map(|_| ["a", "b", "c", ""][below(4) as usize]);
            lines.collect::<Vec<_>>().join("\n")
        };
        let mut whole = 0;
        for _ in 0..20_000 {
            let (before, after) = (text(), text());
            let edits = edits(&before, &after);
            assert_eq!(applied(&before, &edits), after, "{before:?}: {edits:?}");
            let lines = before.split('\n').count();
            whole += usize::from(edits.len() == 1 && edits[0].1 == lines && lines > 3);
        }
        assert!(whole < 2_000, "{whole} were sent as a whole");
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
