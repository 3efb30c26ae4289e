//! One row of CDR.

use csv::StringRecord;
use madoguchi_core::time::Instant;

use super::super::names::Names;
use crate::instants::{instant, is_digits, seconds};

/// A row that was understood.
#[derive(Debug)]
pub(super) struct Row {
    /// Its number in the file, from 1.
    pub(super) line: usize,
    /// What the rows of one call have in common.
    pub(super) call: String,
    pub(super) unique_id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) channel: String,
    /// The channel that was called.
    pub(super) phone: String,
    pub(super) is_queue: bool,
    pub(super) start: Instant,
    /// When the phone answered, if it did.
    pub(super) answer: Option<Instant>,
    pub(super) end: Instant,
    pub(super) disposition: String,
}

/// Where a row has what: as its file's first row says, or as `cdr-csv` or the sample settings of `cdr-custom` write it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order<'a> {
    Named(&'a Names),
    Csv,
    /// Begins with the name of the caller, and has the account further behind.
    Custom,
}

/// All columns of `cdr-csv`. Its settings may leave out `uniqueid`, `userfield`, and the three behind them.
const CSV: [&str; 21] = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
    "peeraccount",
    "linkedid",
    "sequence",
];

/// The columns of `cdr-custom`.
const CUSTOM: [&str; 19] = [
    "clid",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "accountcode",
    "uniqueid",
    "userfield",
    "sequence",
];

impl<'a> Order<'a> {
    /// Of a row whose file has no names.
    fn of(row: &StringRecord) -> Self {
        let is_time = |at: usize| row.get(at).is_some_and(|text| instant(text).is_some());
        if is_time(8) && is_time(10) && !is_time(11) {
            Self::Custom
        } else {
            Self::Csv
        }
    }

    /// Of a row whose file may have names.
    pub(super) fn by(names: Option<&'a Names>, row: &StringRecord) -> Self {
        names.map_or_else(|| Self::of(row), Self::Named)
    }

    /// Where a row has what goes by this name.
    fn place(self, name: &str, row: &StringRecord) -> Option<usize> {
        let in_order = |names: &[&str]| names.iter().position(|known| *known == name);
        match self {
            Self::Named(names) => names.place(name),
            Self::Custom => in_order(&CUSTOM),
            Self::Csv => {
                let place = in_order(&CSV)?;
                // Both `uniqueid` and `userfield` stand before the newer columns, or one of them, or neither.
                let left_out = match row.len() {
                    19.. => CSV.len().saturating_sub(row.len()),
                    _ => 0,
                };
                let is_one_of_both = left_out == 1 || row.len() == 17;
                match place {
                    16 if left_out == 2 => None,
                    16 if is_one_of_both && !row.get(16).is_some_and(is_unique_id) => None,
                    18.. => place.checked_sub(left_out),
                    _ => Some(place),
                }
            }
        }
    }
}

impl Row {
    /// Reads a row; an error tells the operator why it cannot be taken.
    pub(super) fn read(line: usize, row: &StringRecord, order: Order<'_>) -> Result<Self, String> {
        let field = |name: &str| {
            let place = order.place(name, row);
            place.and_then(|at| row.get(at)).unwrap_or_default().trim()
        };
        if field("start").is_empty() || field("disposition").is_empty() {
            return Err("項目が足りません".to_owned());
        }
        let time = |name: &str| {
            let text = field(name);
            instant(text).ok_or_else(|| format!("「{text}」は時刻ではありません"))
        };
        let start = time("start")?;
        let end = match (field("end"), seconds(field("duration"))) {
            ("", Some(lasted)) => start + lasted,
            _ => time("end")?,
        };
        let disposition = field("disposition").to_owned();
        let phone = field("dstchannel").to_owned();
        let is_answered = disposition == "ANSWERED" && !phone.is_empty();
        let answer = match field("answer") {
            _ if !is_answered => None,
            // Databases have the length of the talk instead.
            "" if order.place("answer", row).is_none() => {
                seconds(field("billsec")).map(|talk| (end - talk).max(start))
            }
            "" => None,
            _ => Some(time("answer")?),
        };
        let (from, to) = (field("src").to_owned(), field("dst").to_owned());
        let linked_id = field("linkedid").to_owned();
        let unique_id = match (field("uniqueid"), linked_id.as_str()) {
            ("", "") => format!("{}/{from}/{to}", field("start")),
            ("", id) | (id, _) => id.to_owned(),
        };
        Ok(Self {
            line,
            call: if linked_id.is_empty() {
                unique_id.clone()
            } else {
                linked_id
            },
            unique_id,
            from,
            to,
            channel: field("channel").to_owned(),
            phone,
            is_queue: field("lastapp") == "Queue",
            start,
            answer,
            end,
            disposition,
        })
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }
}

/// Whether it names a channel: `1795478400.12`, `asterisk-1795478400.12`.
fn is_unique_id(text: &str) -> bool {
    let parts = text.trim().rsplit_once('.');
    parts.is_some_and(|(secs, number)| {
        let ends_with_digit = secs.ends_with(|letter: char| letter.is_ascii_digit());
        ends_with_digit && !number.is_empty() && is_digits(number)
    })
}
