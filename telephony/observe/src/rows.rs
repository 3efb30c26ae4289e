//! What was seen as lines of JSON: one a dialog, one a call. Unix milliseconds; null where unknown.

use serde::Serialize;

use crate::calls::{CallSummary, Certainty, Closed};
use crate::capture::Micros;
use crate::counting::Rules;
use crate::dialog::Dialog;

#[derive(Debug, Serialize)]
struct DialogRow<'a> {
    kind: &'static str,
    call_id: &'a str,
    from: &'a str,
    to: &'a str,
    answered: bool,
    start_ms: Option<i64>,
    answer_ms: Option<i64>,
    end_ms: Option<i64>,
    end_reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct CallRow<'a> {
    kind: &'static str,
    dialogs: &'a [String],
    outcome: &'static str,
    certainty: &'static str,
    from: &'a str,
    to: &'a str,
    start_ms: Option<i64>,
    answer_ms: Option<i64>,
    end_ms: Option<i64>,
    end_reason: Option<String>,
    wait_ms: Option<i64>,
    talk_ms: Option<i64>,
}

fn millis(at: Option<Micros>) -> Option<i64> {
    at.map(Micros::millis)
}

fn between(from: Option<Micros>, until: Option<Micros>) -> Option<i64> {
    Some(until?.millis() - from?.millis())
}

/// The lines of a closed call: its dialogs, then the call.
pub fn lines(closed: &Closed) -> Vec<String> {
    lines_by(&Rules::default(), closed)
}

/// The same by rules that tell what is but a leg of a call (what the call was is 不明), and which numbers are those
/// of queues (what takes a call there is no answer).
pub fn lines_by(rules: &Rules, closed: &Closed) -> Vec<String> {
    let mut lines: Vec<String> = closed.dialogs.iter().map(dialog_line).collect();
    let call = if rules.is_to_queue(&closed.dialogs) {
        CallSummary::to_queue(closed, &|leg| rules.is_nobody(leg))
    } else {
        CallSummary::of(closed)
    };
    let call = call.map(|mut call| {
        if rules.is_lone_leg(&closed.dialogs) {
            call.certainty = Certainty::Unknown;
        }
        call
    });
    lines.extend(call.map(|call| call_line(&call)));
    lines
}

fn dialog_line(dialog: &Dialog) -> String {
    // What was concluded from silence is told of the call: the dialog shows what was seen.
    let end = dialog.end.filter(|end| end.by.is_seen());
    text(&DialogRow {
        kind: "dialog",
        call_id: &dialog.call_id,
        from: &dialog.from,
        to: &dialog.to,
        answered: dialog.is_answered(),
        start_ms: millis(dialog.start),
        answer_ms: millis(dialog.answer),
        end_ms: millis(end.map(|end| end.at)),
        end_reason: end.map(|end| end.by.text()),
    })
}

fn call_line(call: &CallSummary) -> String {
    // An unanswered call waited until its end.
    let end = call.end.map(|end| end.at);
    let waited_until = call.answer.or(end);
    text(&CallRow {
        kind: "call",
        dialogs: &call.dialogs,
        outcome: call.outcome.as_str(),
        certainty: call.certainty.as_str(),
        from: &call.from,
        to: &call.to,
        start_ms: millis(call.start),
        answer_ms: millis(call.answer),
        end_ms: millis(call.end.map(|end| end.at)),
        end_reason: call.end.map(|end| end.by.text()),
        wait_ms: between(call.start, waited_until),
        talk_ms: between(call.answer, end),
    })
}

fn text(row: &impl Serialize) -> String {
    // Strings, numbers and null: there is nothing in a row that JSON cannot hold.
    serde_json::to_string(row).unwrap_or_default()
}
