//! What the form of an article brings.

use chrono::{NaiveDate, NaiveDateTime};
use madoguchi_core::article::{Content, Version};
use madoguchi_core::audience::Audience;
use madoguchi_core::id::ArticleId;
use madoguchi_core::time::Instant;
use serde::{Deserialize, Serialize};

/// As a browser writes a date and time.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

/// What a version says beside what its form holds stays as it is.
pub(super) fn with_rest_of(content: &mut Content, version: &Version) {
    content.files.clone_from(&version.content.files);
    content.manual.clone_from(&version.content.manual);
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ArticleForm {
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) category: String,
    pub(super) keywords: String,
    pub(super) reading: String,
    pub(super) audience: String,
    pub(super) related: String,
    /// What is looked for to be put beside it.
    pub(super) related_text: String,
    pub(super) review_on: String,
    pub(super) expires_at: String,
    /// One a line.
    pub(super) harmless: String,
    pub(super) revision: i64,
    /// `preview`, `related-search`, `related-add ID`, `related-remove ID`: shown, not saved.
    pub(super) intent: String,
}

impl ArticleForm {
    pub(super) fn of(content: &Content, revision: i64) -> Self {
        let day = content.review_on.map(|day| day.to_string());
        let expires = content.expires_at;
        Self {
            question: content.question.clone(),
            answer: content.answer.clone(),
            category: content.category.to_string(),
            keywords: content.keywords.join("、"),
            reading: content.reading.clone().unwrap_or_default(),
            audience: content.audience.as_str().to_owned(),
            related: content.related.join(" "),
            related_text: String::new(),
            review_on: day.unwrap_or_default(),
            expires_at: expires
                .map(|at| at.in_tokyo().format(LOCAL).to_string())
                .unwrap_or_default(),
            harmless: content.harmless.join("\n"),
            revision,
            intent: String::new(),
        }
    }

    pub(super) fn read(&self) -> (Content, Vec<(&'static str, String)>) {
        let mut faults = Vec::new();
        let review_on = match self.review_on.trim() {
            "" => None,
            text => match text.parse::<NaiveDate>() {
                Ok(day) => Some(day),
                Err(_) => {
                    let message = "日付を、2026-11-24 のように入力してください。";
                    faults.push(("review_on", message.to_owned()));
                    None
                }
            },
        };
        let expires_at = match self.expires_at.trim() {
            "" => None,
            text => match NaiveDateTime::parse_from_str(text, LOCAL) {
                Ok(at) => Some(Instant::from_tokyo(at)),
                Err(_) => {
                    let message = "日付と時刻を、2026-11-24T08:30 のように入力してください。";
                    faults.push(("expires_at", message.to_owned()));
                    None
                }
            },
        };
        let words = |text: &str, between: &[char]| -> Vec<String> {
            let words = text.split(between).map(str::trim);
            let words = words.filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let reading = self.reading.trim();
        let related = words(&self.related, &[' ', '　', '、', ',', '\n']);
        let content = Content {
            question: self.question.trim().to_owned(),
            answer: self.answer.trim().replace("\r\n", "\n"),
            category: self.category.as_str().into(),
            keywords: words(&self.keywords, &['、', ',', '，', '\n']),
            reading: (!reading.is_empty()).then(|| reading.to_owned()),
            audience: if self.audience == Audience::Portal.as_str() {
                Audience::Portal
            } else {
                Audience::Desk
            },
            related: related.into_iter().map(ArticleId::new).collect(),
            review_on,
            expires_at,
            harmless: words(&self.harmless, &['\n']),
            // What the form does not hold: see `with_rest_of`.
            files: Vec::new(),
            manual: None,
        };
        let of_content = content.faults().into_iter();
        faults.extend(of_content.map(|fault| (fault.field, fault.message)));
        (content, faults)
    }

    /// Whether it says nothing else than a version does or, of an article that is not kept yet, nothing.
    pub(super) fn says(&self, version: Option<&Version>) -> bool {
        let (mut content, _) = self.read();
        let Some(version) = version else {
            let said = [&content.question, &content.answer, &self.keywords];
            return said.iter().all(|text| text.trim().is_empty());
        };
        with_rest_of(&mut content, version);
        content == version.content
    }

    /// Whether a button was pressed that only changes what the form shows.
    pub(super) fn is_only_shown(&mut self) -> bool {
        let mut related: Vec<&str> = self.related.split_whitespace().collect();
        if let Some(id) = self.intent.strip_prefix("related-add ") {
            related.push(id);
        } else if let Some(id) = self.intent.strip_prefix("related-remove ") {
            related.retain(|known| *known != id);
        }
        self.related = related.join(" ");
        self.intent == "preview" || self.intent.starts_with("related-")
    }
}
