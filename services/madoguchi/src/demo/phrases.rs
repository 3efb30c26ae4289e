//! The 定型文 of the sample desk.

use madoguchi_core::audit::Action;
use madoguchi_core::phrase::{PHRASE, Phrase};
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};

use super::settings::keep_setting;

const PHRASES: [(&str, &str, &str); 3] = [
    (
        "hajime",
        "はじめのあいさつ",
        "お電話ありがとうございます。ヘルプデスクの{担当者}です。",
    ),
    (
        "orikaeshi",
        "折り返しの連絡",
        "{氏名}様、確認して折り返し連絡します。受付番号は{受付番号}です。",
    ),
    (
        "owari",
        "おわりのあいさつ",
        "{氏名}様、ほかに分からないことがありましたら、いつでも連絡してください。",
    ),
];

/// Writes them, if there is none yet.
pub(super) async fn add(store: &Store, now: Instant) -> Result<(), StoreError> {
    for (code, title, text) in PHRASES {
        let phrase = Phrase {
            code: code.to_owned(),
            title: title.to_owned(),
            text: text.to_owned(),
        };
        let record = (PHRASE, code, Action::PhraseChange);
        keep_setting(store, record, title, &phrase, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_phrases_are_such_as_a_screen_takes() {
        for (code, title, text) in PHRASES {
            let phrase = Phrase {
                code: code.to_owned(),
                title: title.to_owned(),
                text: text.to_owned(),
            };
            assert!(phrase.faults().is_empty(), "{code}");
        }
    }
}
