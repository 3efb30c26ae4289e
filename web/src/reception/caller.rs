//! Who calls: what the directory says of a number, and how sure that is.

use madoguchi_core::caller::NoNumberReason;
use madoguchi_core::id::PersonId;
use madoguchi_core::person::Person;
use madoguchi_core::phone;
use madoguchi_store::StoreError;

use super::form::ReceptionForm;
use super::subject::Subject;
use crate::state::Web;

/// Of people with one number, so many are offered.
const PEOPLE_AT_MOST: u32 = 20;

/// How sure it is who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// The agent has said so.
    Chosen,
    /// One person has this as their main number.
    Certain,
    /// One person has it among their numbers.
    Guessed,
    /// Several have it.
    Several(usize),
    /// Nobody has it.
    Unknown,
    /// There is no number.
    NoNumber(NoNumberReason),
    /// Nobody calls, or the directory cannot be asked.
    Nobody,
}

impl Certainty {
    /// A word beside the name.
    pub(super) fn label(self) -> String {
        match self {
            Self::Chosen => "選択済み".to_owned(),
            Self::Certain => "確定".to_owned(),
            Self::Guessed => "推定".to_owned(),
            Self::Several(count) => format!("候補{count}名"),
            Self::Unknown => "名簿にない番号".to_owned(),
            Self::NoNumber(reason) => reason.label().to_owned(),
            Self::Nobody => String::new(),
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Chosen | Self::Certain => "certain",
            _ => "guessed",
        }
    }

    /// What there is to be known of it.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Guessed => "代表番号ではないため、本人とは限りません。名前を確かめてください。",
            Self::Several(_) => "同じ番号の人が複数います。名前を聞いて選んでください。",
            Self::Unknown => "名簿に登録されていない番号です。名前を聞いて入力してください。",
            Self::NoNumber(NoNumberReason::Withheld) => {
                "非通知のため、番号が分かりません。折返しの番号を聞いてください。"
            }
            Self::NoNumber(NoNumberReason::Payphone) => {
                "公衆電話からの電話のため、折り返せません。折返しの番号を聞いてください。"
            }
            Self::NoNumber(NoNumberReason::Unavailable) => {
                "番号を通知できない所からの電話(表示圏外)です。折返しの番号を聞いてください。"
            }
            Self::NoNumber(NoNumberReason::ServiceInteraction) => {
                "ほかのサービスと競合したため、番号が通知されていません。折返しの番号を聞いてください。"
            }
            Self::Chosen | Self::Certain | Self::Nobody => "",
        }
    }
}

/// Who calls.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The number, or why there is none.
    pub(super) shown: String,
    pub(super) number: String,
    pub(super) certainty: Certainty,
    /// Whoever has the number.
    pub(super) people: Vec<Person>,
    /// Who it is.
    pub(super) person: Option<Person>,
}

impl Caller {
    /// Who calls, or asks: whom the form names, or what the directory says of the number.
    pub(super) async fn of(
        web: &Web,
        subject: &Subject,
        form: &ReceptionForm,
    ) -> Result<Self, StoreError> {
        let call = subject.call.as_ref();
        let number = match call {
            Some(call) => call.number().to_owned(),
            None => form.number.clone(),
        };
        let people = match number.is_empty() {
            true => Vec::new(),
            false => {
                web.ask(web.store.people_of_number(&number, PEOPLE_AT_MOST))
                    .await?
            }
        };
        let chosen = match form.person.as_str() {
            "" => None,
            id => {
                let id = PersonId::new(id);
                match people.iter().find(|person| person.id == id) {
                    Some(person) => Some(person.clone()),
                    None => web.ask(web.store.lookup_person(&id)).await?,
                }
            }
        };
        let no_number = call.and_then(|call| call.no_number());
        Ok(Self::judged(
            call.map_or_else(|| number.clone(), |call| call.shown()),
            number,
            no_number,
            people,
            chosen,
        ))
    }

    /// What can be told without the directory.
    pub(super) fn by_number(subject: &Subject, form: &ReceptionForm) -> Self {
        let call = subject.call.as_ref();
        let number = call.map_or(form.number.as_str(), |call| call.number());
        let shown = call.map_or_else(|| number.to_owned(), |call| call.shown());
        let certainty = match call.and_then(|call| call.no_number()) {
            Some(reason) => Certainty::NoNumber(reason),
            None => Certainty::Nobody,
        };
        Self {
            shown,
            number: number.to_owned(),
            certainty,
            people: Vec::new(),
            person: None,
        }
    }

    fn judged(
        shown: String,
        number: String,
        no_number: Option<NoNumberReason>,
        people: Vec<Person>,
        chosen: Option<Person>,
    ) -> Self {
        let (certainty, found) = judge(&number, no_number, &people);
        let (certainty, person) = match chosen {
            // Who is certain need not be chosen.
            Some(chosen) if found.map(|found| &found.id) == Some(&chosen.id) => match certainty {
                Certainty::Certain => (certainty, Some(chosen)),
                _ => (Certainty::Chosen, Some(chosen)),
            },
            Some(chosen) => (Certainty::Chosen, Some(chosen)),
            None => (certainty, found.cloned()),
        };
        Self {
            shown,
            number,
            certainty,
            people,
            person,
        }
    }

    /// Whom a form is filled in with at once: nobody who is only guessed.
    pub(super) fn sure_person(&self) -> Option<&Person> {
        let sure = matches!(self.certainty, Certainty::Certain | Certainty::Chosen);
        self.person.as_ref().filter(|_| sure)
    }
}

/// What the directory says of a number.
fn judge<'a>(
    number: &str,
    no_number: Option<NoNumberReason>,
    people: &'a [Person],
) -> (Certainty, Option<&'a Person>) {
    if let Some(reason) = no_number {
        return (Certainty::NoNumber(reason), None);
    }
    let number = phone::normalize(number);
    if number.is_empty() {
        return (Certainty::Nobody, None);
    }
    let is_main = |person: &&Person| person.numbers.first() == Some(&number);
    let mut main = people.iter().filter(is_main);
    match (people, main.next(), main.next()) {
        ([], ..) => (Certainty::Unknown, None),
        (_, Some(one), None) => (Certainty::Certain, Some(one)),
        ([one], ..) => (Certainty::Guessed, Some(one)),
        (several, ..) => (Certainty::Several(several.len()), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, numbers: &[&str]) -> Person {
        Person {
            id: id.into(),
            name: id.to_owned(),
            kana: String::new(),
            site: String::new(),
            department: String::new(),
            mail: String::new(),
            numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
            left_on: None,
        }
    }

    #[test]
    fn one_person_with_that_main_number_is_certain_and_all_else_is_guessed() {
        let (main, second) = (
            person("a", &["0312345678"]),
            person("b", &["1234", "0312345678"]),
        );
        let judged = |people: &[Person]| judge("03-1234-5678", None, people).0;
        assert_eq!(judged(&[]), Certainty::Unknown);
        assert_eq!(judged(std::slice::from_ref(&main)), Certainty::Certain);
        assert_eq!(judged(&[main.clone(), second.clone()]), Certainty::Certain);
        assert_eq!(judged(std::slice::from_ref(&second)), Certainty::Guessed);
        assert_eq!(judged(&[second.clone(), second]), Certainty::Several(2));
        assert_eq!(judged(&[main.clone(), main]), Certainty::Several(2));
        assert_eq!(judge("", None, &[]).0, Certainty::Nobody);
    }

    #[test]
    fn a_missing_number_says_why() {
        for reason in NoNumberReason::ALL {
            let certainty = judge("", Some(reason), &[]).0;
            assert_eq!(certainty.label(), reason.label());
            assert!(!certainty.sentence().is_empty());
        }
    }

    #[test]
    fn whom_the_agent_chose_is_who_calls() {
        let people = vec![person("a", &["1"]), person("b", &["1"])];
        let chosen = people.last().cloned();
        let caller = Caller::judged("1".to_owned(), "1".to_owned(), None, people, chosen);
        assert_eq!(caller.certainty, Certainty::Chosen);
        assert_eq!(caller.sure_person().unwrap().id, "b".into());
    }
}
