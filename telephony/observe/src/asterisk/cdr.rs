//! Asterisk's CDR (`cdr-csv/Master.csv`): `accountcode, src, dst, dcontext, clid, channel, dstchannel,
//! lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags, uniqueid, userfield`.
//!
//! A row does not tell when the agent behind a queue answered; such calls have to come from queue_log or
//! CEL, and the row is told as one that cannot be taken.

use std::collections::HashSet;

use csv::StringRecord;
use madoguchi_core::event::AbandonReason;

use super::{Told, begin, extension, instant, rows, told};
use crate::counting::{IsOpen, Rules};
use crate::queue_log::{Import, Skipped};

/// The name in events and names of calls.
const SOURCE: &str = "cdr";

/// Reads a CDR file into events of calls.
pub fn read(bytes: &[u8], rules: &Rules, is_open: IsOpen<'_>) -> Import {
    let mut import = Import::default();
    let mut counted = Import::default();
    let mut seen = HashSet::new();
    for (number, row) in rows(bytes, &mut counted) {
        if !seen.insert(row.get(16).unwrap_or_default().to_owned()) && row.get(16).is_some() {
            import.counts.repeated += 1;
            continue;
        }
        match take(&row, rules, is_open) {
            Ok(Some(events)) => {
                import.counts.calls += 1;
                import.events.extend(events);
            }
            Ok(None) => import.counts.not_about_calls += 1,
            Err(reason) => import.skipped.push(Skipped {
                line: number,
                reason,
            }),
        }
    }
    import.counts.lines = counted.counts.lines;
    import.skipped.extend(counted.skipped);
    import
}

fn take(
    row: &StringRecord,
    rules: &Rules,
    is_open: IsOpen<'_>,
) -> Result<Option<Vec<madoguchi_core::event::CallEvent>>, String> {
    let field = |at: usize| row.get(at).unwrap_or_default().trim();
    if row.len() < 15 {
        return Err("項目が足りません".to_owned());
    }
    let time = |at: usize| {
        let text = field(at);
        instant(text).ok_or_else(|| format!("「{text}」は時刻ではありません"))
    };
    let (start, end) = (time(9)?, time(11)?);
    let answer = if field(10).is_empty() {
        None
    } else {
        Some(time(10)?)
    };
    let answered = field(14) == "ANSWERED" && !field(6).is_empty();
    let id = match field(16) {
        "" => format!("{}/{}/{}", field(9), field(1), field(2)),
        id => id.to_owned(),
    };
    let ends = (field(1), field(2));
    let Some(beginning) = begin((SOURCE, &id), ends, start, rules, is_open) else {
        return Ok(None);
    };
    if field(7) == "Queue" && answered {
        return Err(
            "キューの通話は、担当者が応答した時刻が CDR では分かりません。queue_log か CEL を取り込んでください"
                .to_owned(),
        );
    }
    let row = Told {
        answer: answer.filter(|_| answered),
        agent: rules.agent(extension(field(6))),
        end,
        abandoned: reason(field(14)),
    };
    Ok(Some(told(beginning, row)))
}

/// Why a call to a line was not answered.
fn reason(disposition: &str) -> AbandonReason {
    match disposition {
        "BUSY" => AbandonReason::QueueFull,
        "FAILED" | "CONGESTION" => AbandonReason::SystemError,
        // The caller, or whoever waited for nobody.
        _ => AbandonReason::CallerHangup,
    }
}
