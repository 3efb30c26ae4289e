//! A row of a ledger as a ticket.

use super::dates::read_date_time;
use super::mapping::{Columns, LedgerField};
use super::words::LedgerWords;
use crate::id::PersonId;
use crate::roster::RowFault;
use crate::ticket::sensitive;
use crate::ticket::{Status, TICKET_NOTE_LETTERS, TICKET_SHORT_LETTERS, TicketField, TicketFields};
use crate::time::Instant;

/// What a row says of a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerTicket {
    /// The number that it had there.
    pub number: String,
    /// 受付日時
    pub received_at: Instant,
    /// When it was answered, if that is said.
    pub answered_at: Option<Instant>,
    /// When it was done, if that is said.
    pub done_at: Option<Instant>,
    /// How far it had come.
    pub status: Status,
    /// What the ticket holds.
    pub fields: TicketFields,
    /// What stood beside it.
    pub note: String,
}

impl LedgerTicket {
    /// Where it holds what looks like a 個人番号 or a 基礎年金番号. The number itself is not repeated.
    pub fn sensitive(&self, row: usize, columns: &Columns) -> Vec<RowFault> {
        let fields = &self.fields;
        let texts = [
            (LedgerField::Question, fields.question.as_str()),
            (LedgerField::Answer, fields.answer.as_str()),
            (LedgerField::Note, self.note.as_str()),
        ];
        let found = texts.into_iter().flat_map(|(field, text)| {
            let mut kinds: Vec<_> = sensitive::marks(text).iter().map(|it| it.kind).collect();
            kinds.dedup();
            kinds.into_iter().map(move |kind| (field, kind))
        });
        let fault = |(field, kind): (LedgerField, sensitive::SensitiveKind)| RowFault {
            row,
            column: columns.head(field).to_owned(),
            message: format!(
                "{}のような数字があります（この項目も、そのまま取り込みます）",
                kind.label()
            ),
            whole_row: false,
        };
        found.map(fault).collect()
    }
}

/// A row as it is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenRow {
    /// The matter; `None` if the row is left out.
    pub ticket: Option<LedgerTicket>,
    /// What is wrong with it.
    pub faults: Vec<RowFault>,
}

/// Fields that are taken as they stand, and what they are of a ticket. The rest is read in its own way.
const FIELDS: [(LedgerField, TicketField); 17] = [
    (LedgerField::Question, TicketField::Question),
    (LedgerField::Answer, TicketField::Answer),
    (LedgerField::Division, TicketField::Division),
    (LedgerField::System, TicketField::System),
    (LedgerField::Category, TicketField::Category),
    (LedgerField::Channel, TicketField::Channel),
    (LedgerField::Person, TicketField::Person),
    (LedgerField::Name, TicketField::Name),
    (LedgerField::Site, TicketField::Site),
    (LedgerField::Department, TicketField::Department),
    (LedgerField::Caller, TicketField::Number),
    (LedgerField::Owner, TicketField::Owner),
    (LedgerField::Impact, TicketField::Impact),
    (LedgerField::Urgency, TicketField::Urgency),
    (LedgerField::Incident, TicketField::Incident),
    (LedgerField::Urgent, TicketField::Urgent),
    (LedgerField::WorkMinutes, TicketField::WorkMinutes),
];

struct Reader<'a> {
    row: usize,
    cells: &'a [String],
    columns: &'a Columns,
    faults: Vec<RowFault>,
}

impl Reader<'_> {
    fn cell(&self, field: LedgerField) -> &str {
        self.columns.cell(self.cells, field)
    }

    fn fault(&mut self, field: LedgerField, message: impl Into<String>, whole_row: bool) {
        self.faults.push(RowFault {
            row: self.row,
            column: self.columns.head(field).to_owned(),
            message: message.into(),
            whole_row,
        });
    }

    /// An instant that is not later than now.
    fn instant(&mut self, field: LedgerField, whole_row: bool, now: Instant) -> Option<Instant> {
        let written = self.cell(field).to_owned();
        let time = match field {
            LedgerField::ReceivedAt => self.cell(LedgerField::ReceivedTime),
            _ => "",
        };
        if written.is_empty() {
            if whole_row {
                self.fault(field, "日付がありません", true);
            }
            return None;
        }
        match read_date_time(&written, time) {
            Some(at) if at <= now => return Some(at),
            Some(_) => self.fault(
                field,
                format!("「{written}」は、これから先の日時です"),
                whole_row,
            ),
            None => {
                let message = format!("「{}」は日時として読み取れません", beginning(&written));
                self.fault(field, message, whole_row);
            }
        }
        None
    }
}

/// Enough of a text to know it by.
fn beginning(text: &str) -> String {
    const LETTERS: usize = 30;
    let mut beginning: String = text.chars().take(LETTERS).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

impl TakenRow {
    /// Takes a row. What cannot be taken names its column; without a number, a date or a question
    /// nothing is taken.
    pub fn read(
        (row, cells): (usize, &[String]),
        columns: &Columns,
        words: &LedgerWords,
        now: Instant,
    ) -> Self {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Self::default();
        }
        let faults = Vec::new();
        let mut reader = Reader {
            row,
            cells,
            columns,
            faults,
        };
        let ticket = ticket(&mut reader, words, now);
        Self {
            ticket,
            faults: reader.faults,
        }
    }

    /// Leaves out a person whom the directory does not know.
    pub fn without_person(&mut self, row: usize, columns: &Columns) {
        let Some(ticket) = &mut self.ticket else {
            return;
        };
        if let Some(person) = ticket.fields.requester.person.take() {
            self.faults.push(RowFault {
                row,
                column: columns.head(LedgerField::Person).to_owned(),
                message: format!("職員番号「{person}」の人は、職員名簿にいません"),
                whole_row: false,
            });
        }
    }

    /// The person whom the row names.
    pub fn person(&self) -> Option<&PersonId> {
        self.ticket.as_ref()?.fields.requester.person.as_ref()
    }
}

fn ticket(reader: &mut Reader<'_>, words: &LedgerWords, now: Instant) -> Option<LedgerTicket> {
    let number = reader.cell(LedgerField::Number).to_owned();
    if number.is_empty() {
        reader.fault(LedgerField::Number, "番号がありません", true);
        return None;
    }
    if number.chars().count() > TICKET_SHORT_LETTERS {
        let message = format!("番号は{TICKET_SHORT_LETTERS}文字までです");
        reader.fault(LedgerField::Number, message, true);
        return None;
    }
    let received_at = reader.instant(LedgerField::ReceivedAt, true, now)?;
    if reader.cell(LedgerField::Question).is_empty() {
        reader.fault(LedgerField::Question, "質問がありません", true);
        return None;
    }
    let mut fields = TicketFields::default();
    for (from, to) in FIELDS {
        if !take(reader, words, &mut fields, (from, to)) {
            return None;
        }
    }
    tags(reader, &mut fields);
    let mut later = |field| {
        let at = reader.instant(field, false, now)?;
        if at >= received_at {
            return Some(at);
        }
        // A day without a time lies before the time of day at which somebody called.
        if at.date() == received_at.date() {
            return Some(received_at);
        }
        reader.fault(field, "受付より前の日時です", false);
        None
    };
    let answered_at = later(LedgerField::AnsweredAt);
    let done_at = later(LedgerField::DoneAt);
    Some(LedgerTicket {
        status: status(reader, (&fields, answered_at, done_at)),
        note: note(reader),
        number,
        received_at,
        answered_at,
        done_at,
        fields,
    })
}

/// Takes one field; `false` if the row is left out for it.
fn take(
    reader: &mut Reader<'_>,
    words: &LedgerWords,
    fields: &mut TicketFields,
    (from, to): (LedgerField, TicketField),
) -> bool {
    let written = reader.cell(from).to_owned();
    if written.is_empty() {
        return true;
    }
    let Some(text) = words.text(from, &written) else {
        let message = format!("「{}」は、この窓口にありません", beginning(&written));
        reader.fault(from, message, false);
        return true;
    };
    let whole_row = matches!(to, TicketField::Question | TicketField::Answer);
    match fields.set(to, &text) {
        Ok(()) => true,
        Err(fault) => {
            reader.fault(from, fault.message, whole_row);
            !whole_row
        }
    }
}

/// Tags stand in one cell, with signs between.
fn tags(reader: &mut Reader<'_>, fields: &mut TicketFields) {
    let written = reader.cell(LedgerField::Tags).to_owned();
    let words: Vec<_> = written
        .split(['、', ',', '，', ';', '；', '\n'])
        .map(str::trim)
        .collect();
    if let Err(fault) = fields.set(TicketField::Tags, &words.join("\n")) {
        reader.fault(LedgerField::Tags, fault.message, false);
    }
}

/// How far the matter had come: as it is said, otherwise as far as the dates and the answer tell.
fn status(
    reader: &mut Reader<'_>,
    (fields, answered_at, done_at): (&TicketFields, Option<Instant>, Option<Instant>),
) -> Status {
    let told = match (done_at, answered_at) {
        (Some(_), _) => Status::Done,
        (None, Some(_)) => Status::Answered,
        (None, None) if !fields.answer.is_empty() => Status::Answered,
        (None, None) => Status::Received,
    };
    let written = reader.cell(LedgerField::Status).to_owned();
    if written.is_empty() {
        return told;
    }
    match LedgerWords::status(&written) {
        // To whom it was handed on is not told.
        Some(Status::Escalated) => {
            let message = "エスカレーション先が分からないため、「対応中」として取り込みます";
            reader.fault(LedgerField::Status, message, false);
            Status::InProgress
        }
        Some(Status::Reopened) => Status::InProgress,
        Some(status) => status,
        None => {
            let message = format!(
                "「{}」は、この窓口にない状態です。「{}」として取り込みます",
                beginning(&written),
                told.label()
            );
            reader.fault(LedgerField::Status, message, false);
            told
        }
    }
}

fn note(reader: &mut Reader<'_>) -> String {
    let note = reader.cell(LedgerField::Note).to_owned();
    if note.chars().count() > TICKET_NOTE_LETTERS {
        let message = format!("メモは{TICKET_NOTE_LETTERS}文字までです");
        reader.fault(LedgerField::Note, message, false);
        return String::new();
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Mapping;
    use crate::service::Divisions;
    use crate::setup::Categories;

    const HEADS: [&str; 12] = [
        "番号",
        "受付日",
        "受付時刻",
        "質問",
        "回答",
        "回答日",
        "状態",
        "分類",
        "担当者",
        "職員番号",
        "障害",
        "備考",
    ];

    fn read(cells: &[&str]) -> TakenRow {
        let texts = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let user = UserId::new("u1");
        let words = LedgerWords::new(
            &Categories::default(),
            &Divisions::default(),
            [(&user, "sato", "佐藤 花子")],
        );
        let columns = Mapping::default().columns(&texts(&HEADS));
        let now = read_date_time("2026-11-24", "10:00").unwrap();
        TakenRow::read((7, &texts(cells)), &columns, &words, now)
    }

    use crate::id::UserId;

    fn told(row: &TakenRow) -> Vec<String> {
        row.faults.iter().map(RowFault::sentence).collect()
    }

    #[test]
    fn a_row_becomes_a_ticket() {
        let row = read(&[
            "A-12",
            "令和6年4月1日",
            "8:30",
            "差戻しの理由は？\n﨑髙①〜😀",
            "領収書を付ける",
            "2024/4/1",
            "完了",
            "旅費・出張",
            "佐藤花子",
            "1001",
            "○",
            "再発なし",
        ]);
        assert_eq!(told(&row), Vec::<String>::new());
        let ticket = row.ticket.unwrap();
        assert_eq!(ticket.number, "A-12");
        assert_eq!(ticket.status, Status::Done);
        assert_eq!(
            ticket.answered_at,
            Some(ticket.received_at),
            "the day has no time"
        );
        assert_eq!(ticket.fields.category, Some("f09".into()));
        assert_eq!(ticket.fields.owner, Some("u1".into()));
        assert!(ticket.fields.incident && ticket.fields.question.ends_with("﨑髙①〜😀"));
        assert_eq!(ticket.note, "再発なし");
    }

    #[test]
    fn a_number_that_no_ticket_may_hold_is_warned_of_and_not_repeated() {
        let cells = ["1", "2024-04-01", "", "番号は123456789018です", "なし"];
        let rest = ["", "", "", "", "", "", "基礎年金番号 1234-567890"];
        let row = read(&[cells.as_slice(), &rest].concat());
        let columns = Mapping::default().columns(&HEADS.map(str::to_owned));
        let warned = row.ticket.unwrap().sensitive(7, &columns);
        let warned: Vec<_> = warned.iter().map(RowFault::sentence).collect();
        assert_eq!(warned.len(), 2);
        assert!(warned[0].starts_with("7行目の「質問」：個人番号のような数字"));
        assert!(warned[1].starts_with("7行目の「備考」：基礎年金番号のような数字"));
        assert!(
            warned
                .iter()
                .all(|one| !one.contains("567890") && !one.contains("123456"))
        );
    }

    #[test]
    fn what_is_wrong_names_row_and_column_and_the_rest_is_taken() {
        let row = read(&[
            "1",
            "2024-04-01",
            "",
            "質問",
            "",
            "昨日",
            "謎",
            "占い",
            "誰か",
            "",
            "？",
            "",
        ]);
        let ticket = row.ticket.clone().unwrap();
        assert_eq!(
            (ticket.status, ticket.fields.category),
            (Status::Received, None)
        );
        assert_eq!(
            told(&row),
            [
                "7行目の「分類」：「占い」は、この窓口にありません。ほかの項目は取り込みます。",
                "7行目の「担当者」：「誰か」は、この窓口にありません。ほかの項目は取り込みます。",
                "7行目の「障害」：「？」は、この窓口にありません。ほかの項目は取り込みます。",
                "7行目の「回答日」：「昨日」は日時として読み取れません。ほかの項目は取り込みます。",
                "7行目の「状態」：「謎」は、この窓口にない状態です。「受付」として取り込みます。ほかの項目は取り込みます。",
            ]
        );
        for (cells, fault) in [
            (["", "2024-04-01", "", "質問"], "番号がありません"),
            (["1", "2024-02-30", "", "質問"], "日時として読み取れません"),
            (["1", "2027-01-01", "", "質問"], "これから先の日時です"),
            (["1", "2024-04-01", "", " "], "質問がありません"),
        ] {
            let row = read(&cells);
            assert!(row.ticket.is_none());
            let [told] = told(&row).try_into().unwrap();
            assert!(
                told.contains(fault) && told.ends_with("この行は取り込みません。"),
                "{told}"
            );
        }
        assert_eq!(read(&["", " ", ""]), TakenRow::default());
    }

    #[test]
    fn a_question_that_is_too_long_is_a_clear_sentence() {
        let long = "問".repeat(100_001);
        let row = read(&["1", "2024-04-01", "", &long]);
        assert_eq!(
            told(&row),
            [
                "7行目の「質問」：100000文字以内で入力してください(入力された文字数: 100001)。この行は取り込みません。"
            ]
        );
        let longest = read(&["1", "2024-04-01", "", &"問".repeat(100_000)]);
        assert!(longest.ticket.is_some() && longest.faults.is_empty());
    }
}
