//! Which hours, calls and tickets cost an item what.

use madoguchi_core::month::{Level, LevelItem};
use madoguchi_core::ticket::System;
use madoguchi_reports::month::CallLoss;

use super::rows::{Rows, minutes};
use crate::query::escape;
use crate::text;

/// Rows of each table.
const SHOWN: usize = 10;

/// What cost an item something.
pub(super) struct CostTable {
    /// An English name, for anchors.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What is said if there is nothing.
    pub(super) nothing: &'static str,
    pub(super) rows: Vec<CostRow>,
    /// Where all of them are, if there are more than the table shows.
    pub(super) all: Option<(String, String)>,
}

/// Something that cost something.
pub(super) struct CostRow {
    pub(super) at: String,
    pub(super) link: String,
    /// How much, or in which state it is.
    pub(super) cost: String,
    /// The ticket, with where it is.
    pub(super) ticket: String,
    pub(super) ticket_link: String,
}

impl Rows<'_> {
    pub(super) fn costs(&self) -> Vec<CostTable> {
        let counts = &self.month.counts;
        let proof = |level| {
            let system = System::Indirect;
            self.proof(LevelItem { system, level }, "b")
        };
        let all = |link: String, count: usize| {
            (count > SHOWN).then(|| (link, format!("すべて見る({count}件)")))
        };
        let hours = counts.hours.len();
        vec![
            CostTable {
                id: "hours",
                title: "電話応答率：放棄の多い時間帯",
                nothing: "放棄はありません。",
                rows: self.hours(),
                all: (hours > SHOWN && self.sees_calls).then(|| {
                    let words = format!("放棄した通話をすべて見る({hours}の時間帯)");
                    (self.abandoned(), words)
                }),
            },
            CostTable {
                id: "unanswered",
                title: "一次回答率：一次未回答の通話",
                nothing: "一次未回答の通話はありません。",
                rows: self.unanswered(),
                all: all(proof(Level::FirstAnswerRate), counts.unanswered.len()),
            },
            CostTable {
                id: "unsolved",
                title: "問題解決率：完了していない通話",
                nothing: "完了していない通話はありません。",
                rows: self.unsolved(),
                all: all(proof(Level::ResolutionRate), counts.unsolved.len()),
            },
            CostTable {
                id: "late",
                title: "回答所要時間：期限を超えた問合せ",
                nothing: "期限を超えた問合せはありません。",
                rows: self.late(),
                all: all(proof(Level::AnswerTime), self.late_count()),
            },
        ]
    }

    /// The calls of the month that were given up.
    fn abandoned(&self) -> String {
        let (from, to) = (self.month.month.first(), self.now.date());
        format!("/calls?from={from}&to={to}&kind=abandoned")
    }

    fn hours(&self) -> Vec<CostRow> {
        let hours = self.month.counts.hours.iter().take(SHOWN);
        let rows = hours.map(|hour| {
            let (date, at) = (hour.date, hour.hour);
            let link = format!("/calls?from={date}&to={date}&hour={at}&kind=abandoned");
            CostRow {
                at: format!(
                    "{}({}) {at}時台",
                    self.web.settings.dates.date(date),
                    text::weekday(date)
                ),
                link: if self.sees_calls { link } else { String::new() },
                cost: format!("放棄{}件(着信{}件)", hour.abandoned, hour.offered),
                ticket: String::new(),
                ticket_link: String::new(),
            }
        });
        rows.collect()
    }

    fn unanswered(&self) -> Vec<CostRow> {
        let losses = self.month.counts.unanswered.iter().take(SHOWN);
        let rows = losses.map(|loss| {
            let cost = match loss.decided {
                true => "回答の前に機能分析・エスカレーション",
                false => "まだ回答していない",
            };
            self.call(loss, cost)
        });
        rows.collect()
    }

    fn unsolved(&self) -> Vec<CostRow> {
        let losses = self.month.counts.unsolved.iter().take(SHOWN);
        let rows = losses.map(|loss| {
            let lasted = self.now.date() - loss.arrived_at.date();
            let cost = match lasted.num_days() {
                0 => "今日から".to_owned(),
                days => format!("{days}日前から"),
            };
            self.call(loss, &cost)
        });
        rows.collect()
    }

    fn call(&self, loss: &CallLoss, cost: &str) -> CostRow {
        let link = format!("/calls/{}", escape(loss.call.as_str()));
        let number = loss.ticket.as_ref().map(|(_, number)| number.clone());
        let ticket_link = number.as_ref().filter(|_| self.sees_tickets);
        CostRow {
            at: self.web.settings.dates.minute(loss.arrived_at),
            link: if self.sees_calls { link } else { String::new() },
            cost: cost.to_owned(),
            ticket_link: ticket_link.map_or(String::new(), |one| format!("/tickets/{one}")),
            ticket: number.unwrap_or_default(),
        }
    }

    /// Tickets that were answered too late, or not at all in time.
    fn late(&self) -> Vec<CostRow> {
        let items = self.month.items.iter();
        let late = items.filter(|item| item.judged.item.level == Level::AnswerTime);
        let misses = late.flat_map(|item| &item.judged.counted.misses);
        let rows = misses.take(SHOWN).map(|miss| CostRow {
            at: self.web.settings.dates.minute(miss.at),
            link: String::new(),
            cost: match miss.over {
                Some(over) => format!("{}超過", minutes(over)),
                None => String::new(),
            },
            ticket: miss.what.clone(),
            ticket_link: match self.sees_tickets {
                true => format!("/tickets/{}", miss.what),
                false => String::new(),
            },
        });
        rows.collect()
    }

    fn late_count(&self) -> usize {
        let items = self.month.items.iter();
        let late = items.filter(|item| item.judged.item.level == Level::AnswerTime);
        late.map(|item| item.judged.counted.misses.len()).sum()
    }
}
