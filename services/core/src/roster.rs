//! 職員名簿 as a table that somebody brings: rows under a head become people. What is wrong names its row
//! and column, and everything else is taken.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::id::PersonId;
use crate::normal::normal_text;
use crate::person::{PERSON_NUMBERS, Person, numbers_in};

/// The most letters of a head.
const HEAD_LETTERS: usize = 30;
/// What stands before a number and is none of it.
const BEFORE_NUMBERS: [&str; 5] = ["内線", "外線", "代表", "直通", "TEL"];

/// A column that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Id,
    Name,
    Kana,
    Site,
    Department,
    Mail,
    MainNumber,
    Numbers,
    LeftOn,
}

/// Heads that are known, in one form however they are typed.
const HEADS: [(&str, Column); 30] = [
    ("職員番号", Column::Id),
    ("職員コード", Column::Id),
    ("職員id", Column::Id),
    ("id", Column::Id),
    ("氏名", Column::Name),
    ("名前", Column::Name),
    ("職員氏名", Column::Name),
    ("name", Column::Name),
    ("氏名(カナ)", Column::Kana),
    ("氏名カナ", Column::Kana),
    ("カナ", Column::Kana),
    ("フリガナ", Column::Kana),
    ("ふりがな", Column::Kana),
    ("拠点", Column::Site),
    ("事務所", Column::Site),
    ("勤務地", Column::Site),
    ("部署", Column::Department),
    ("所属", Column::Department),
    ("課", Column::Department),
    ("メール", Column::Mail),
    ("メールアドレス", Column::Mail),
    ("mail", Column::Mail),
    ("主な電話番号", Column::MainNumber),
    ("電話番号(主)", Column::MainNumber),
    ("電話番号", Column::Numbers),
    ("電話", Column::Numbers),
    ("内線", Column::Numbers),
    ("内線番号", Column::Numbers),
    ("退職日", Column::LeftOn),
    ("転出日", Column::LeftOn),
];

/// What a table says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// The people, each once.
    pub people: Vec<Person>,
    /// What is wrong, in the order of the rows.
    pub faults: Vec<RowFault>,
    /// Rows that say of a person what an earlier one says.
    pub repeated: usize,
}

/// Something wrong in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The row, from 1, as spreadsheets count.
    pub row: usize,
    /// The head of the column.
    pub column: String,
    /// What is wrong.
    pub message: String,
    /// The whole row is left out, not this value alone.
    pub whole_row: bool,
}

impl RowFault {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let left_out = if self.whole_row {
            "この行は取り込みません。"
        } else {
            "ほかの項目は取り込みます。"
        };
        format!(
            "{}行目の「{}」：{}。{left_out}",
            self.row, self.column, self.message
        )
    }
}

/// Reads a table, of which the first row that is not blank is the head.
///
/// # Errors
/// Why it is no table of people, as a sentence.
pub fn read(rows: &[Vec<String>]) -> Result<Roster, String> {
    let mut numbered = (1..).zip(rows);
    let head = numbered.find(|(_, row)| !is_blank(row));
    let (_, head) = head.ok_or("ファイルに行がありません。")?;
    let columns = columns(head);
    for (column, name) in [(Column::Id, "職員番号"), (Column::Name, "氏名")] {
        if !columns.iter().any(|(_, _, known)| *known == column) {
            return Err(format!(
                "1行目に「{name}」の列がありません。1行目を列の名前にしてください。"
            ));
        }
    }
    let mut roster = Roster::default();
    let mut seen: BTreeMap<PersonId, (usize, Person)> = BTreeMap::new();
    for (row, cells) in numbered.filter(|(_, row)| !is_blank(row)) {
        let Some(person) = person(row, cells, &columns, &mut roster.faults) else {
            continue;
        };
        match seen.get(&person.id) {
            Some((_, known)) if *known == person => roster.repeated += 1,
            Some((first, _)) => roster.faults.push(RowFault {
                row,
                column: "職員番号".to_owned(),
                message: format!(
                    "「{}」は{first}行目にもあり、内容が違います。{first}行目を取り込みます",
                    person.id
                ),
                whole_row: true,
            }),
            None => {
                seen.insert(person.id.clone(), (row, person.clone()));
                roster.people.push(person);
            }
        }
    }
    Ok(roster)
}

fn is_blank(row: &[String]) -> bool {
    row.iter().all(|cell| cell.trim().is_empty())
}

/// The known columns: where they stand, and their heads as they are written.
fn columns(head: &[String]) -> Vec<(usize, String, Column)> {
    let columns = head.iter().enumerate().filter_map(|(at, head)| {
        let normal = normal_text(head.trim_start_matches('\u{feff}'), HEAD_LETTERS);
        let known = HEADS.iter().find(|(known, _)| *known == normal)?;
        Some((at, head.trim().to_owned(), known.1))
    });
    columns.collect()
}

/// The person of a row; `None` if the row is left out.
fn person(
    row: usize,
    cells: &[String],
    columns: &[(usize, String, Column)],
    faults: &mut Vec<RowFault>,
) -> Option<Person> {
    let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
    let mut person = Person {
        id: PersonId::new(""),
        name: String::new(),
        kana: String::new(),
        site: String::new(),
        department: String::new(),
        mail: String::new(),
        numbers: Vec::new(),
        left_on: None,
    };
    let mut fault = |column: &str, message: String, whole_row: bool| {
        faults.push(RowFault {
            row,
            column: column.to_owned(),
            message,
            whole_row,
        });
    };
    let mut others = Vec::new();
    for (at, head, column) in columns {
        let text = cell(*at);
        match column {
            Column::Id => person.id = PersonId::new(text),
            Column::Name => text.clone_into(&mut person.name),
            Column::Kana => text.clone_into(&mut person.kana),
            Column::Site => text.clone_into(&mut person.site),
            Column::Department => text.clone_into(&mut person.department),
            Column::Mail => text.clone_into(&mut person.mail),
            Column::MainNumber => {
                let main = numbers(text);
                if main.len() > 1 {
                    let message = format!(
                        "主な電話番号が{}つあります。先に書かれた{}を主な電話番号とし、残りも取り込みます",
                        main.len(),
                        main.first().map_or("", String::as_str)
                    );
                    fault(head, message, false);
                }
                let mut first: Vec<_> = main.into_iter().map(|number| (head, number)).collect();
                first.append(&mut others);
                others = first;
            }
            Column::Numbers => {
                others.extend(numbers(text).into_iter().map(|number| (head, number)));
            }
            Column::LeftOn => match date(text) {
                Ok(day) => person.left_on = day,
                Err(()) => fault(head, format!("「{text}」は日付ではありません"), false),
            },
        }
    }
    for (head, number) in others {
        if person.numbers.contains(&number) {
            continue;
        }
        if person.numbers.len() >= PERSON_NUMBERS {
            fault(head, format!("電話番号は{PERSON_NUMBERS}個までです"), false);
            break;
        }
        let alone = Person {
            numbers: vec![number.clone()],
            ..person.clone()
        };
        let is_wrong = |fault: &crate::setup::FieldError| fault.field == "numbers";
        if alone.faults().iter().any(is_wrong) {
            fault(
                head,
                format!("「{number}」は電話番号として読み取れません"),
                false,
            );
        } else {
            person.numbers.push(number);
        }
    }
    let head = |wanted: &[Column]| {
        let found = columns
            .iter()
            .find(|(_, _, column)| wanted.contains(column));
        found.map_or(String::new(), |(_, head, _)| head.clone())
    };
    let mut is_taken = true;
    for found in person.faults() {
        let (column, whole_row) = match found.field.as_str() {
            "id" => (Column::Id, true),
            "name" => (Column::Name, true),
            "kana" => (Column::Kana, false),
            "site" => (Column::Site, false),
            "department" => (Column::Department, false),
            _ => (Column::Mail, false),
        };
        fault(&head(&[column]), found.message, whole_row);
        is_taken &= !whole_row;
        match column {
            Column::Kana => person.kana.clear(),
            Column::Site => person.site.clear(),
            Column::Department => person.department.clear(),
            Column::Mail => person.mail.clear(),
            _ => {}
        }
    }
    is_taken.then_some(person)
}

/// The numbers in a cell, without the words that may stand before them.
fn numbers(cell: &str) -> Vec<String> {
    let mut cell = cell.to_owned();
    for word in BEFORE_NUMBERS {
        cell = cell.replace(word, "").replace(&word.to_lowercase(), "");
    }
    numbers_in(cell.trim().trim_start_matches([':', '：']))
}

fn date(text: &str) -> Result<Option<NaiveDate>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    let plain = normal_text(text, HEAD_LETTERS);
    let plain = plain.split(' ').next().unwrap_or_default();
    if let Ok(days @ 20_000..=80_000) = plain.parse::<u64>() {
        // As spreadsheets count days.
        let first = NaiveDate::from_ymd_opt(1899, 12, 30).ok_or(())?;
        return Ok(first.checked_add_days(Days::new(days)));
    }
    let plain = plain.replace(['年', '月', '/', '.'], "-").replace('日', "");
    let mut parts = plain.split('-').map(str::parse::<u32>);
    let mut next = || parts.next().and_then(Result::ok);
    let (year, month, day) = (next(), next(), next());
    let year = year.and_then(|year| i32::try_from(year).ok());
    let day = NaiveDate::from_ymd_opt(
        year.filter(|year| (1900..=9000).contains(year)).ok_or(())?,
        month.ok_or(())?,
        day.ok_or(())?,
    );
    day.map(Some).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lines: &[&str]) -> Vec<Vec<String>> {
        let rows = lines.iter().map(|line| line.split('|').map(str::to_owned));
        rows.map(Iterator::collect).collect()
    }

    fn told(roster: &Roster) -> Vec<(usize, &str, bool)> {
        let faults = roster.faults.iter();
        faults
            .map(|fault| (fault.row, fault.column.as_str(), fault.whole_row))
            .collect()
    }

    #[test]
    fn rows_become_people_and_each_fault_names_its_row_and_column() {
        let rows = table(&[
            "職員番号|氏名|拠点|電話番号|内線|退職日|備考",
            "1001|髙﨑 花子|中央年金事務所|０３－１２３４－５６７８／1234|内線5678||x",
            "|名なし|||||",
            "1002|年金 太郎||+81 3-1111-2222|||",
            "1003|退職 次郎|||| 2026年3月31日|",
            "1004|番号 四郎||電話なし||明日|",
        ]);
        let roster = read(&rows).unwrap();
        let ids: Vec<_> = roster.people.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["1001", "1002", "1003", "1004"]);
        assert_eq!(roster.people[0].numbers, ["0312345678", "1234", "5678"]);
        assert_eq!(roster.people[1].numbers, ["0311112222"]);
        let left = roster.people[2].left_on.unwrap();
        assert_eq!(left.to_string(), "2026-03-31");
        assert_eq!(
            told(&roster),
            [
                (3, "職員番号", true),
                (6, "退職日", false),
                (6, "電話番号", false)
            ]
        );
        assert_eq!(
            roster.faults[0].sentence(),
            "3行目の「職員番号」：職員番号を入力してください。この行は取り込みません。"
        );
    }

    #[test]
    fn a_person_with_two_main_numbers_keeps_both_and_is_told() {
        let rows = table(&[
            "職員番号|氏名|電話番号|主な電話番号",
            "1|甲|1111|03-1234-5678、06-1234-5678",
        ]);
        let roster = read(&rows).unwrap();
        assert_eq!(
            roster.people[0].numbers,
            ["0312345678", "0612345678", "1111"]
        );
        assert_eq!(told(&roster), [(2, "主な電話番号", false)]);
    }

    #[test]
    fn a_person_who_stands_there_twice_is_taken_once() {
        let rows = table(&["職員番号|氏名", "1|甲", "1|甲", "1|乙", "2|丙"]);
        let roster = read(&rows).unwrap();
        assert_eq!((roster.people.len(), roster.repeated), (2, 1));
        assert_eq!(told(&roster), [(4, "職員番号", true)]);
        assert_eq!(roster.people[0].name, "甲");
    }

    #[test]
    fn what_is_no_table_of_people_is_told_as_such() {
        for rows in [&[][..], &["氏名", "甲"], &["職員番号", "1"]] {
            assert!(read(&table(rows)).is_err());
        }
    }
}
