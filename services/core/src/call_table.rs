//! 通話の表: which columns of a table of calls, as some exchange writes it, hold what.

use serde::{Deserialize, Serialize};

use crate::setup::FieldError;

/// The kind of [`CallTableColumns`] in the store, of which there is one.
pub const CALL_TABLE: &str = "call_table";
/// The id of the one [`CallTableColumns`].
pub const CALL_TABLE_ID: &str = "columns";

/// The longest name of a column.
const NAME_LETTERS: usize = 100;
/// Words for one result.
const WORDS_AT_MOST: usize = 50;

/// The names of columns, as the first row of a table has them; empty where the table has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallTableColumns {
    /// What names a call; without it, its beginning and numbers do.
    pub id: String,
    /// When it began.
    pub start: String,
    /// Who called.
    pub from: String,
    /// The number that was called.
    pub to: String,
    /// When somebody answered.
    pub answer: String,
    /// Or for how many seconds it waited.
    pub wait: String,
    /// When it was over.
    pub end: String,
    /// Or for how many seconds there was talk.
    pub talk: String,
    /// The extension that answered.
    pub extension: String,
    /// What became of it.
    pub result: String,
    /// What stands there if it was answered.
    pub answered_words: Vec<String>,
}

impl CallTableColumns {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let named = [
            ("start", &self.start),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let missing = named.into_iter().filter(|(_, name)| name.is_empty());
        let mut faults: Vec<_> = missing
            .map(|(field, _)| FieldError::missing(field))
            .collect();
        let mut needed = |field, name: &str, message: &str| {
            if name.is_empty() {
                faults.push(FieldError::new(field, message));
            }
        };
        needed(
            "answer",
            &format!("{}{}", self.answer, self.wait),
            "応答した日時か、待ち時間の列を入力してください",
        );
        needed(
            "end",
            &format!("{}{}", self.end, self.talk),
            "終わった日時か、通話時間の列を入力してください",
        );
        if !self.wait.is_empty() && self.answer.is_empty() && self.result.is_empty() {
            let message =
                "待ち時間の列だけでは、応答したかどうか分かりません。結果の列を入力してください";
            faults.push(FieldError::new("result", message));
        }
        if !self.result.is_empty() && self.answered_words.is_empty() {
            let message = "応答を表す言葉を入力してください";
            faults.push(FieldError::new("answered_words", message));
        }
        if self.answered_words.len() > WORDS_AT_MOST {
            let message = format!("{WORDS_AT_MOST}件以内にしてください");
            faults.push(FieldError::new("answered_words", message));
        }
        for (field, name) in self.named() {
            if name.chars().count() > NAME_LETTERS {
                let message = format!("{NAME_LETTERS}文字以内にしてください");
                faults.push(FieldError::new(field, message));
            }
        }
        faults
    }

    /// The columns by what they hold.
    pub fn named(&self) -> [(&'static str, &str); 10] {
        [
            ("id", &self.id),
            ("start", &self.start),
            ("from", &self.from),
            ("to", &self.to),
            ("answer", &self.answer),
            ("wait", &self.wait),
            ("end", &self.end),
            ("talk", &self.talk),
            ("extension", &self.extension),
            ("result", &self.result),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_needs_has_a_column_and_a_result_has_words() {
        let columns = CallTableColumns {
            start: "開始".to_owned(),
            from: "発信".to_owned(),
            to: "着信".to_owned(),
            answer: "応答".to_owned(),
            end: "終了".to_owned(),
            ..CallTableColumns::default()
        };
        assert_eq!(columns.faults(), []);
        let fields = |columns: CallTableColumns| -> Vec<String> {
            let faults = columns.faults().into_iter();
            faults.map(|fault| fault.field).collect()
        };
        let empty = CallTableColumns::default();
        assert_eq!(fields(empty), ["start", "from", "to", "answer", "end"]);
        let result = CallTableColumns {
            result: "結果".to_owned(),
            ..columns.clone()
        };
        assert_eq!(fields(result), ["answered_words"]);
        let wait_alone = CallTableColumns {
            answer: String::new(),
            wait: "待ち".to_owned(),
            ..columns
        };
        assert_eq!(fields(wait_alone), ["result"]);
    }
}
