//! What a version of an article says.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::file::ArticleFile;
use super::line::ID_LETTERS;
use super::manual::{MANUAL_HEADING_LETTERS, MANUAL_TITLE_LETTERS, ManualPlace};
use super::personal::{self, Mark};
use crate::audience::Audience;
use crate::id::{ArticleId, CategoryId};
use crate::time::Instant;

const QUESTION_LETTERS: usize = 200;
/// The longest answer.
pub const ANSWER_LETTERS: usize = 20_000;
const KEYWORDS: usize = 20;
const KEYWORD_LETTERS: usize = 40;
const READING_LETTERS: usize = 200;
/// Articles that stand beside one.
const RELATED: usize = 20;
/// Texts that were confirmed to be harmless.
const HARMLESS: usize = 50;
const HARMLESS_LETTERS: usize = 60;
/// What all fields of a form hold together, with what stands between words.
pub const CONTENT_LETTERS: usize = QUESTION_LETTERS
    + ANSWER_LETTERS
    + KEYWORDS * (KEYWORD_LETTERS + 1)
    + READING_LETTERS
    + RELATED * (ID_LETTERS + 1)
    + HARMLESS * (HARMLESS_LETTERS + 1);

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// The question: the title.
    pub question: String,
    /// The answer, in Markdown.
    pub answer: String,
    /// Its category.
    pub category: CategoryId,
    /// Words that lead to it.
    pub keywords: Vec<String>,
    /// How the question is read, where the dictionary does not know.
    pub reading: Option<String>,
    /// Whom it is meant for.
    pub audience: Audience,
    /// Other articles on the matter.
    pub related: Vec<ArticleId>,
    /// 見直し期日
    pub review_on: Option<NaiveDate>,
    /// 掲載期限: from then on readers do not see it.
    pub expires_at: Option<Instant>,
    /// Texts that look like personal data and are none, as somebody has confirmed.
    pub harmless: Vec<String>,
    /// Pictures and attachments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ArticleFile>,
    /// Where it stands in a manual, if it comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualPlace>,
}

/// 20,000
fn thousands(number: usize) -> String {
    if number < 1_000 {
        number.to_string()
    } else {
        format!("{},{:03}", number / 1_000, number % 1_000)
    }
}

/// What is wrong with a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFault {
    /// The field.
    pub field: &'static str,
    /// What is wrong, for the user.
    pub message: String,
}

impl Content {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<ContentFault> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(ContentFault { field, message });
        let letters = |text: &str| text.chars().count();
        for (field, name, text, most) in [
            ("question", "質問", &self.question, QUESTION_LETTERS),
            ("answer", "回答", &self.answer, ANSWER_LETTERS),
        ] {
            if text.trim().is_empty() {
                fault(field, format!("{name}を入力してください。"));
            } else if letters(text) > most {
                let most = thousands(most);
                fault(field, format!("{name}は{most}文字以内で入力してください。"));
            }
        }
        if self.question.contains(['\n', '\r']) {
            fault("question", "質問は1行で入力してください。".to_owned());
        }
        if self.keywords.len() > KEYWORDS
            || self
                .keywords
                .iter()
                .any(|word| letters(word) > KEYWORD_LETTERS)
        {
            let message = format!(
                "キーワードは{KEYWORDS}個まで、それぞれ{KEYWORD_LETTERS}文字以内で入力してください。"
            );
            fault("keywords", message);
        }
        if self
            .reading
            .as_deref()
            .is_some_and(|text| letters(text) > READING_LETTERS)
        {
            let message = format!("読みは{READING_LETTERS}文字以内で入力してください。");
            fault("reading", message);
        }
        if self.related.len() > RELATED {
            fault(
                "related",
                format!("関連する記事は{RELATED}件までにしてください。"),
            );
        }
        if self
            .manual
            .as_ref()
            .is_some_and(|place| !place.is_bounded())
        {
            let message = format!(
                "資料の名前は{MANUAL_TITLE_LETTERS}文字以内、章と節の名前は{MANUAL_HEADING_LETTERS}文字以内にしてください。"
            );
            fault("manual", message);
        }
        let long = |text: &String| letters(text) > HARMLESS_LETTERS;
        if self.harmless.len() > HARMLESS || self.harmless.iter().any(long) {
            let message = format!(
                "問題がない箇所は{HARMLESS}個まで、それぞれ{HARMLESS_LETTERS}文字以内で入力してください。"
            );
            fault("harmless", message);
        }
        faults
    }

    /// What looks like personal data in question and answer and was not confirmed to be harmless.
    pub fn personal_left(&self) -> Vec<String> {
        let texts = [&self.question, &self.answer];
        let found = texts.into_iter().flat_map(|text| {
            let marks = personal::marks(text);
            marks
                .into_iter()
                .filter_map(|Mark { range, .. }| text.get(range).map(str::to_owned))
        });
        let mut left: Vec<_> = found.filter(|text| !self.harmless.contains(text)).collect();
        left.sort_unstable();
        left.dedup();
        left
    }
}
