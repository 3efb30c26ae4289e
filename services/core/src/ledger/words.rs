//! What the words of a ledger stand for at this desk.

use std::collections::BTreeMap;

use super::mapping::LedgerField;
use crate::id::{CategoryId, DivisionId, UserId};
use crate::normal::normal_text;
use crate::service::Divisions;
use crate::setup::Categories;
use crate::ticket::{Channel, Impact, Status, System, Urgency};

/// The most letters of a word.
const LETTERS: usize = 200;
/// What may stand between the two levels of a category.
const BETWEEN: [char; 7] = ['▸', '>', '/', '→', '・', '－', '\\'];
/// What says yes, and what says no.
const YES: [&str; 11] = [
    "あり", "有", "有り", "○", "〇", "◯", "●", "はい", "yes", "true", "1",
];
const NO: [&str; 9] = ["なし", "無", "無し", "×", "いいえ", "no", "false", "0", "-"];

const CHANNELS: &[(&str, Channel)] = &[
    ("tel", Channel::Phone),
    ("入電", Channel::Phone),
    ("web", Channel::Portal),
    ("フォーム", Channel::Portal),
    ("e-mail", Channel::Mail),
    ("eメール", Channel::Mail),
    ("来訪", Channel::Visit),
    ("窓口", Channel::Visit),
];
const SYSTEMS: &[(&str, System)] = &[
    ("間接業務システム", System::Indirect),
    ("間接業務", System::Indirect),
    ("業務処理要領確認システム", System::Macs),
];
const STATUSES: &[(&str, Status)] = &[
    ("未対応", Status::Received),
    ("未着手", Status::Received),
    ("新規", Status::Received),
    ("対応待ち", Status::Received),
    ("open", Status::Received),
    ("処理中", Status::InProgress),
    ("調査中", Status::InProgress),
    ("確認中", Status::InProgress),
    ("継続", Status::InProgress),
    ("再開", Status::InProgress),
    ("回答済み", Status::Answered),
    ("対応済", Status::Done),
    ("対応済み", Status::Done),
    ("対応完了", Status::Done),
    ("完了済", Status::Done),
    ("済", Status::Done),
    ("終了", Status::Done),
    ("解決", Status::Done),
    ("解決済", Status::Done),
    ("解決済み", Status::Done),
    ("クローズ", Status::Done),
    ("close", Status::Done),
    ("closed", Status::Done),
];

/// What is known here: categories, kinds of service, those who see to tickets.
#[derive(Debug, Clone, Default)]
pub struct LedgerWords {
    /// By name; nothing where several have it.
    categories: BTreeMap<String, Option<CategoryId>>,
    divisions: BTreeMap<String, DivisionId>,
    users: BTreeMap<String, Option<UserId>>,
}

fn normal(text: &str) -> String {
    normal_text(text, LETTERS)
}

/// A word without blanks and with one sign between two levels.
fn path(text: &str) -> String {
    let between = |letter| {
        if BETWEEN.contains(&letter) {
            '▸'
        } else {
            letter
        }
    };
    normal(text)
        .chars()
        .filter(|it| *it != ' ')
        .map(between)
        .collect()
}

/// Keeps what one alone is called.
fn add<T: PartialEq>(all: &mut BTreeMap<String, Option<T>>, name: String, value: T) {
    match all.get_mut(&name) {
        Some(known) if known.as_ref() != Some(&value) => *known = None,
        Some(_) => {}
        None => {
            all.insert(name, Some(value));
        }
    }
}

impl LedgerWords {
    /// The words of a desk; of each user the id, the name for signing in, and the name.
    pub fn new<'a>(
        categories: &Categories,
        divisions: &Divisions,
        users: impl IntoIterator<Item = (&'a UserId, &'a str, &'a str)>,
    ) -> Self {
        let mut words = Self::default();
        for (id, category) in categories.tree() {
            add(&mut words.categories, path(id.as_str()), id.clone());
            add(&mut words.categories, path(&category.name), id.clone());
            let parent = category.parent.as_ref().and_then(|id| categories.get(id));
            if let Some(parent) = parent {
                let whole = format!("{}▸{}", path(&parent.name), path(&category.name));
                add(&mut words.categories, whole, id.clone());
            }
        }
        for (id, division) in divisions.list() {
            words.divisions.insert(normal(id.as_str()), id.clone());
            words.divisions.insert(normal(&division.name), id.clone());
        }
        for (id, login, name) in users {
            for called in [path(login), path(name)] {
                add(&mut words.users, called, id.clone());
            }
        }
        words
    }

    /// What a word stands for, as the field of a ticket is written; `None` if it is not known.
    pub(super) fn text(&self, field: LedgerField, word: &str) -> Option<String> {
        let word_of = normal(word);
        match field {
            LedgerField::Category => {
                let known = self.categories.get(&path(word)).and_then(Option::as_ref);
                known.map(|id| id.as_str().to_owned())
            }
            LedgerField::Division => {
                let known = self.divisions.get(&word_of);
                known.map(|id| id.as_str().to_owned())
            }
            LedgerField::Owner => {
                let known = self.users.get(&path(word)).and_then(Option::as_ref);
                known.map(|id| id.as_str().to_owned())
            }
            LedgerField::Channel => {
                let own = Channel::ALL.map(|one| (one.label(), one.as_str(), one));
                lookup(&word_of, own, CHANNELS).map(|one| one.as_str().to_owned())
            }
            LedgerField::System => {
                let own = System::ALL.map(|one| (one.label(), one.as_str(), one));
                lookup(&word_of, own, SYSTEMS).map(|one| one.as_str().to_owned())
            }
            LedgerField::Impact => {
                let own = Impact::ALL.map(|one| (one.label(), one.as_str(), one));
                lookup(&word_of, own, &[]).map(|one| one.as_str().to_owned())
            }
            LedgerField::Urgency => {
                let own = Urgency::ALL.map(|one| (one.label(), one.as_str(), one));
                lookup(&word_of, own, &[]).map(|one| one.as_str().to_owned())
            }
            LedgerField::Incident | LedgerField::Urgent => match word_of.as_str() {
                yes if YES.contains(&yes) || yes == normal(field.label()) => Some("yes".to_owned()),
                no if NO.contains(&no) => Some(String::new()),
                _ => None,
            },
            _ => Some(word.to_owned()),
        }
    }

    /// How far a matter has come.
    pub(super) fn status(word: &str) -> Option<Status> {
        let own = Status::ALL.map(|one| (one.label(), one.as_str(), one));
        lookup(&normal(word), own, STATUSES)
    }
}

fn lookup<T: Copy, const N: usize>(
    word: &str,
    own: [(&'static str, &'static str, T); N],
    more: &[(&str, T)],
) -> Option<T> {
    let mut own = own.into_iter();
    let own = own.find(|(label, name, _)| normal(label) == word || *name == word);
    let more = || {
        more.iter()
            .find(|(known, _)| *known == word)
            .map(|(_, it)| *it)
    };
    own.map(|(_, _, value)| value).or_else(more)
}
