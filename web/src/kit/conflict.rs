//! What the page of a record says where it was changed after its form was opened: who did so, when, and
//! what; nothing is overwritten unseen.

use madoguchi_store::Setting;

use super::field::Field;
use super::fields::{self, Facts};
use super::form::{Input, Values};
use super::record::{Context, Record};
use super::versioned::Versioned;
use crate::auth::visitor::Visitor;

/// What was to be done with a record, as somebody saw it.
pub(crate) struct Attempt<'a> {
    /// The version that was seen.
    pub(crate) seen: i64,
    /// What was typed; `None` where nothing is.
    pub(crate) values: Option<&'a Values>,
}

/// What the page says of it.
pub(crate) struct Conflict {
    /// Who was faster, and when.
    pub(crate) what: String,
    /// How to go on.
    pub(crate) how: String,
    /// What the facts are.
    pub(crate) title: &'static str,
    /// What was changed meanwhile; of a record that was removed, what was typed.
    pub(crate) facts: Facts,
}

impl Conflict {
    /// What has come in the way of an attempt; `None` if the record is as it was seen.
    pub(crate) fn of<T: Record>(
        context: &Context<'_>,
        visitor: &Visitor,
        kept: &Versioned<T>,
        attempt: &Attempt<'_>,
    ) -> Option<Self> {
        let newer = |one: &&Setting| one.version > attempt.seen;
        let newer: Vec<_> = kept.history.iter().filter(newer).collect();
        let newest = newer.first()?;
        let at = context.web.settings.dates.minute(newest.at);
        let by = people(&newer, visitor);
        let (label, fields) = (T::SCREEN.label, T::fields(context));
        let (how, title, facts) = match &kept.record {
            None => {
                let facts = attempt.values.zip(kept.last()).map(|(values, mut typed)| {
                    fields::read(&fields, values, &mut typed, false);
                    fields::facts(&fields, &typed)
                });
                let how = "まだ保存していません。下の履歴から以前の内容に戻してから、もう一度変更してください。";
                (how.to_owned(), "入力した内容", facts.unwrap_or_default())
            }
            Some(now) => {
                let before = kept.in_version(attempt.seen);
                let facts = fields::differences(&fields, before.as_ref(), now);
                (how_to_go_on(&fields, attempt), "先に変更された項目", facts)
            }
        };
        let done = match (&kept.record, by.as_str()) {
            (Some(_), "") => "別の画面で先に変更されています".to_owned(),
            (Some(_), by) => format!("{by}が先に変更しました"),
            (None, "") => format!("別の画面で先に{}されています", T::SCREEN.remove),
            (None, by) => format!("{by}が先に{}しました", T::SCREEN.remove),
        };
        Some(Self {
            what: format!("この{label}は、{done}({at})。"),
            how,
            title,
            facts,
        })
    }
}

/// Those who were faster, by login; empty if it was the visitor alone, in another window.
fn people(newer: &[&Setting], visitor: &Visitor) -> String {
    let mut logins: Vec<&str> = Vec::new();
    for one in newer {
        let by = one.by.as_str();
        if by != visitor.user.login && !logins.contains(&by) {
            logins.push(by);
        }
    }
    logins.join("、")
}

fn how_to_go_on<T: Record>(fields: &[Field<'_, T>], attempt: &Attempt<'_>) -> String {
    let Some(values) = attempt.values else {
        return "まだ何も行っていません。今の内容を確認してから、もう一度操作してください。"
            .to_owned();
    };
    let has_secret = fields
        .iter()
        .any(|field| field.info.input == Input::Secret && !values.get(&field.info.name).is_empty());
    let secrets = if has_secret {
        "パスワードは、もう一度入力してください。"
    } else {
        ""
    };
    format!(
        "まだ保存していません。入力した内容は、下に残っています。{secrets}もう一度保存すると、この画面の内容に置き換えます。今の内容から入力し直すときは、画面を開き直してください。"
    )
}
