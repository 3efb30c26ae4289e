//! What pages and API are asked for: periods and filters, read with clear errors.

use chrono::{Days, NaiveDate};
use madoguchi_core::call::Direction;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::time::Instant;
use madoguchi_store::{CallFilter, CallOrder, OutcomeFilter};
use serde::Deserialize;

use crate::error::WebError;

/// The query of a page that a form may lead to.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct DoneQuery {
    pub(crate) done: String,
}

/// Calls on one page.
pub(crate) const PAGE_SIZE: u32 = 50;

/// The query of the list of calls. Everything is optional; empty fields of a form count as left
/// out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CallQuery {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) hour: String,
    pub(crate) line: String,
    pub(crate) agent: String,
    pub(crate) kind: String,
    pub(crate) number: String,
    pub(crate) sort: String,
    pub(crate) page: String,
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

/// What `kind` may be, with its name on the page, in the order of the list.
pub(crate) const KINDS: [(&str, &str); 13] = [
    ("", "すべて"),
    ("offered", "着信"),
    ("answered", "応答"),
    ("abandoned", "放棄"),
    ("caller_hangup", "放棄(発信者が切断)"),
    ("max_wait", "放棄(待ち時間の上限)"),
    ("queue_full", "放棄(待ち人数の上限)"),
    ("no_agent", "放棄(担当者なし)"),
    ("desk_closed_while_waiting", "放棄(受付終了)"),
    ("system_error", "放棄(システム障害)"),
    ("waiting", "応対前"),
    ("after_hours", "時間外着信"),
    ("outbound", "発信"),
];

impl CallQuery {
    pub(crate) fn page_number(&self) -> Result<u32, WebError> {
        page_number(&self.page)
    }

    fn order(&self) -> CallOrder {
        match self.sort.as_str() {
            "oldest" => CallOrder::Oldest,
            "wait" => CallOrder::LongestWait,
            "talk" => CallOrder::LongestTalk,
            _ => CallOrder::Newest,
        }
    }

    /// The head of a column: the order that it leads to, and the one that is in force.
    pub(crate) fn head(
        &self,
        label: &'static str,
        orders: &[(&'static str, &'static str)],
    ) -> Head {
        Head::new(label, orders, &self.sort, |sort| {
            let other = Self {
                sort: sort.to_owned(),
                ..self.clone()
            };
            other.link(1)
        })
    }

    /// The filter for the store.
    pub(crate) fn filter(&self, period: &Period) -> Result<CallFilter, WebError> {
        let (direction, outcome) = read_kind(&self.kind)?;
        let named = |text: &String| (!text.is_empty()).then(|| text.clone());
        let (mut from, mut until) = (period.start(), period.end());
        if !self.hour.is_empty() {
            let hour: i64 = self
                .hour
                .parse()
                .ok()
                .filter(|hour| (0..24).contains(hour) && period.from == period.to)
                .ok_or_else(|| {
                    WebError::BadRequest(
                        "時間帯は、1日の期間に対して0から23までで指定してください。".into(),
                    )
                })?;
            from = from + madoguchi_core::time::Millis::from_secs(hour * 3_600);
            until = from + madoguchi_core::time::Millis::from_secs(3_600);
        }
        Ok(CallFilter {
            from: Some(from),
            until: Some(until),
            line: named(&self.line).map(LineName::new),
            agent: named(&self.agent).map(AgentId::new),
            direction,
            outcome,
            number: named(&self.number),
            order: self.order(),
            offset: (self.page_number()? - 1) * PAGE_SIZE,
            limit: PAGE_SIZE,
            ..CallFilter::default()
        })
    }

    /// The same query on another page, as a link has it.
    pub(crate) fn link(&self, page: u32) -> String {
        let fields = [
            ("from", &self.from),
            ("to", &self.to),
            ("hour", &self.hour),
            ("line", &self.line),
            ("agent", &self.agent),
            ("kind", &self.kind),
            ("number", &self.number),
            ("sort", &self.sort),
        ];
        let mut link = format!("/calls?page={page}");
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            link.push_str(&format!("&{name}={}", escape(value)));
        }
        link
    }
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

/// The head of a column by which a list can be put in order.
pub(crate) struct Head {
    pub(crate) label: &'static str,
    pub(crate) link: String,
    /// The order in force, for `aria-sort`; empty if it is by another column.
    pub(crate) order: &'static str,
}

impl Head {
    /// `orders`: names in addresses with what they are (`ascending`, `descending`). Choosing the
    /// column leads from one to the next.
    pub(crate) fn new(
        label: &'static str,
        orders: &[(&'static str, &'static str)],
        now: &str,
        link: impl Fn(&str) -> String,
    ) -> Self {
        let at = orders.iter().position(|(name, _)| *name == now);
        let next = at.map_or(0, |at| (at + 1) % orders.len().max(1));
        let name = orders.get(next).map_or("", |(name, _)| *name);
        let order = at
            .and_then(|at| orders.get(at))
            .map_or("", |(_, order)| *order);
        Self {
            label,
            link: link(name),
            order,
        }
    }
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

fn read_kind(kind: &str) -> Result<(Option<Direction>, Option<OutcomeFilter>), WebError> {
    let inbound = Some(Direction::Inbound);
    Ok(match kind {
        "" => (None, None),
        "offered" => (inbound, None),
        "answered" => (inbound, Some(OutcomeFilter::Answered)),
        "abandoned" => (inbound, Some(OutcomeFilter::Abandoned(None))),
        "waiting" => (inbound, Some(OutcomeFilter::Waiting)),
        "after_hours" => (Some(Direction::AfterHours), None),
        "outbound" => (Some(Direction::Outbound), None),
        reason => {
            let reason = AbandonReason::ALL
                .into_iter()
                .find(|known| known.as_str() == reason);
            let reason = reason
                .ok_or_else(|| WebError::BadRequest("区分の指定を確認してください。".into()))?;
            (inbound, Some(OutcomeFilter::Abandoned(Some(reason))))
        }
    })
}

/// Percent-encodes a value for a query.
pub(crate) fn escape(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}
