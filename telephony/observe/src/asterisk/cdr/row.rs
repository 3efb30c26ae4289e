//! One row of CDR.

use csv::StringRecord;
use madoguchi_core::time::Instant;

use super::super::instant;

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

/// Where a row has what: `cdr-csv` in the order of its documentation, `cdr-custom` in that of its sample settings,
/// which begins with the name of the caller and ends with the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Csv,
    Custom,
}

impl Order {
    fn of(row: &StringRecord) -> Self {
        let is_time = |at: usize| row.get(at).is_some_and(|text| text.contains(':'));
        if is_time(8) && is_time(10) && !is_time(11) {
            Self::Custom
        } else {
            Self::Csv
        }
    }

    /// The place of a column, by its place in the first order; nothing if there is none.
    fn place(self, at: usize) -> Option<usize> {
        match (self, at) {
            (Self::Csv, at) => Some(at),
            (Self::Custom, 1..=3 | 16 | 17) => Some(at),
            (Self::Custom, 5..=15) => Some(at - 1),
            (Self::Custom, _) => None,
        }
    }
}

impl Row {
    /// Reads a row; an error tells the operator why it cannot be taken.
    pub(super) fn read(line: usize, row: &StringRecord) -> Result<Self, String> {
        let order = Order::of(row);
        let place = |at: usize| order.place(at).and_then(|at| row.get(at));
        let field = |at: usize| place(at).unwrap_or_default().trim();
        if row.len() < 15 {
            return Err("項目が足りません".to_owned());
        }
        let time = |at: usize| {
            let text = field(at);
            instant(text).ok_or_else(|| format!("「{text}」は時刻ではありません"))
        };
        let (start, end) = (time(9)?, time(11)?);
        let answer = match field(10) {
            "" => None,
            _ => Some(time(10)?),
        };
        let unique_id = match field(16) {
            "" => format!("{}/{}/{}", field(9), field(1), field(2)),
            id => id.to_owned(),
        };
        let call = match field(19) {
            "" => unique_id.clone(),
            id => id.to_owned(),
        };
        let disposition = field(14).to_owned();
        let phone = field(6).to_owned();
        let is_answered = disposition == "ANSWERED" && !phone.is_empty();
        Ok(Self {
            line,
            call,
            unique_id,
            from: field(1).to_owned(),
            to: field(2).to_owned(),
            channel: field(5).to_owned(),
            phone,
            is_queue: field(7) == "Queue",
            start,
            answer: answer.filter(|_| is_answered),
            end,
            disposition,
        })
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }
}
