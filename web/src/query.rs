//! What pages and API are asked for: periods and filters, read with clear errors.

use chrono::{Days, NaiveDate};
use madoguchi_core::setup::DeskSetup;
use madoguchi_core::time::Instant;
use serde::Deserialize;

use crate::error::WebError;

/// The query of a page that a form may lead to.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct DoneQuery {
    pub(crate) done: String,
}

/// The period of days in a query.
pub(crate) struct Period {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

impl Period {
    /// Both days included; today where nothing is said.
    pub(crate) fn read(from: &str, to: &str, today: NaiveDate) -> Result<Self, WebError> {
        let from = if from.is_empty() {
            today
        } else {
            read_date(from)?
        };
        let to = if to.is_empty() {
            from.max(today)
        } else {
            read_date(to)?
        };
        if from > to {
            return Err(WebError::BadRequest(
                "期間の最初の日は、最後の日以前にしてください。".into(),
            ));
        }
        Ok(Self { from, to })
    }

    /// Refuses a longer one.
    pub(crate) fn at_most(self, days: i64) -> Result<Self, WebError> {
        if (self.to - self.from).num_days() < days {
            return Ok(self);
        }
        Err(WebError::BadRequest(format!(
            "期間は、{days}日以内で指定してください。"
        )))
    }

    pub(crate) fn start(&self) -> Instant {
        Instant::start_of(self.from)
    }

    pub(crate) fn end(&self) -> Instant {
        Instant::start_of(self.to.checked_add_days(Days::new(1)).unwrap_or(self.to))
    }
}

fn read_date(text: &str) -> Result<NaiveDate, WebError> {
    let wrong = || {
        WebError::BadRequest(format!(
            "「{text}」は日付ではありません。2026-11-24 のように指定してください。"
        ))
    };
    let date: NaiveDate = text.parse().map_err(|_| wrong())?;
    // Far from any call, and near the end of what can be computed.
    (2000..=9000)
        .contains(&chrono::Datelike::year(&date))
        .then_some(date)
        .ok_or_else(wrong)
}

/// Lines to choose from: records still name those that were removed.
pub(crate) fn line_choices(setup: &DeskSetup) -> impl Iterator<Item = (&str, &str)> {
    let lines = setup.lines.iter().map(|line| line.config.name.as_str());
    let lines = lines.chain(setup.former_lines.iter().map(String::as_str));
    lines.map(|line| (line, line))
}

/// Agents to choose from, with those that were removed.
pub(crate) fn agent_choices(setup: &DeskSetup) -> impl Iterator<Item = (&str, &str)> {
    let agents = setup.agents.iter();
    let agents = agents.map(|agent| (agent.config.id.as_str(), agent.config.name.as_str()));
    let former = setup.former_agents.iter();
    agents.chain(former.map(|(id, name)| (id.as_str(), name.as_str())))
}

/// The number of a page, from 1; the first where nothing is said.
pub(crate) fn page_number(text: &str) -> Result<u32, WebError> {
    if text.is_empty() {
        return Ok(1);
    }
    let page = text
        .parse()
        .ok()
        .filter(|page| (1..=1_000_000).contains(page));
    page.ok_or_else(|| WebError::BadRequest("ページの番号を確認してください。".into()))
}

/// An entry of a list to choose from.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) chosen: bool,
}

impl Choice {
    /// A list of values and labels, of which one is chosen.
    pub(crate) fn list<'a>(
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
        chosen: &str,
    ) -> Vec<Self> {
        let choice = |(value, label): (&str, &str)| Self {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: value == chosen,
        };
        choices.into_iter().map(choice).collect()
    }
}

/// Percent-encodes a value for a query.
pub(crate) fn escape(value: impl AsRef<str>) -> String {
    value
        .as_ref()
        .bytes()
        .fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
            text
        })
}
