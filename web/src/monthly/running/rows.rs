//! The tables of 月の途中.

use madoguchi_core::access::Permission;
use madoguchi_core::month::{Formula, Level, LevelItem};
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_monthly::{ItemRisk, OpenClock, RateRisk, RunningItem, RunningMonth, Standing};

use crate::auth::visitor::Visitor;
use crate::monthly::figure::figure_place;
use crate::monthly::paths::month_path;
use crate::query::escape;
use crate::state::Web;
use crate::text;

/// Clocks that are shown.
const CLOCKS: usize = 20;

/// A clock that runs.
pub(super) struct ClockRow {
    pub(super) item: String,
    pub(super) what: String,
    pub(super) link: String,
    pub(super) due: String,
    /// Within what time, of a ticket.
    pub(super) limit: String,
    pub(super) left: String,
    pub(super) urgent: bool,
}

/// An item.
pub(super) struct ItemRow {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) goal: String,
    pub(super) own_goal: String,
    /// The limits that it is judged by, if one of them is another than its goal.
    pub(super) limits: String,
    pub(super) a: String,
    pub(super) b: String,
    /// Where what B counts is.
    pub(super) b_link: String,
    /// What of B can still be saved.
    pub(super) open: String,
    pub(super) value: String,
    pub(super) bearable: String,
    pub(super) odds: String,
    pub(super) own_bearable: String,
    pub(super) own_odds: String,
    pub(super) class: &'static str,
    pub(super) standing: &'static str,
}

/// Makes the tables for a visitor.
pub(super) struct Rows<'a> {
    pub(super) web: &'a Web,
    pub(super) month: &'a RunningMonth,
    pub(super) now: Instant,
    pub(super) sees_calls: bool,
    pub(super) sees_tickets: bool,
    writes: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(web: &'a Web, visitor: &Visitor, month: &'a RunningMonth) -> Self {
        let may = |permission| visitor.permissions.contains(permission);
        Self {
            web,
            month,
            now: web.desk.now().max(month.at),
            sees_calls: may(Permission::ViewCalls),
            sees_tickets: may(Permission::HandleTickets),
            writes: may(Permission::ManageReports),
        }
    }

    /// What is about to fall, or has: a sentence each.
    pub(super) fn alarms(&self) -> Vec<String> {
        let items = self.month.items.iter();
        let alarms = items.filter_map(|item| {
            let standing = self.month.standing(item, self.now);
            let name = name(item.judged.item);
            match (standing, item.risk) {
                (Standing::Alarm, ItemRisk::Zero { .. }) => {
                    Some(format!("{name}：期限が迫っているものがあります。"))
                }
                (Standing::Alarm, ItemRisk::Odds(risk)) => Some(format!(
                    "{name}：このままでは、目標に達しない確率が{}です。あと{}件までです。",
                    percent(risk.probability),
                    risk.bearable.max(0)
                )),
                (Standing::Lost, ItemRisk::Zero { missed, .. }) => Some(format!(
                    "{name}：{}件が期限を超え、今月は未達成です。",
                    missed.max(1)
                )),
                (Standing::Lost, _) => Some(format!("{name}：今月の目標に達しない見込みです。")),
                _ => None,
            }
        });
        alarms.collect()
    }

    pub(super) fn clocks(&self) -> (Vec<ClockRow>, usize) {
        let running: Vec<&OpenClock> = self.month.running_clocks(self.now).collect();
        let rows = running.iter().take(CLOCKS).map(|clock| self.clock(clock));
        (rows.collect(), running.len().saturating_sub(CLOCKS))
    }

    fn clock(&self, clock: &OpenClock) -> ClockRow {
        let fact = || {
            format!(
                "{}/facts/{}",
                month_path(self.month.month),
                escape(&clock.id)
            )
        };
        let (what, link) = match &clock.ticket {
            Some(number) => (
                format!("問合せ {number}"),
                self.sees_tickets.then(|| format!("/tickets/{number}")),
            ),
            None => (clock.what.clone(), self.writes.then(fact)),
        };
        ClockRow {
            item: name(clock.item),
            what,
            link: link.unwrap_or_default(),
            due: self.moment(clock.due),
            limit: clock
                .limit
                .map_or(String::new(), |limit| format!("{}以内", minutes(limit))),
            left: left(clock.due - self.now),
            urgent: clock.alarm_from <= self.now,
        }
    }

    /// A time of today, or with its day.
    fn moment(&self, at: Instant) -> String {
        if at.date() == self.now.date() {
            text::time(at)
        } else {
            self.web.settings.dates.minute(at)
        }
    }

    pub(super) fn systems(&self) -> Vec<(&'static str, Vec<ItemRow>)> {
        let systems = System::ALL.into_iter().map(|system| {
            let items = self.month.items.iter();
            let of_system = items.filter(|item| item.judged.item.system == system);
            let name = match system {
                System::Indirect => "間接業務システム",
                System::Macs => "MACS",
            };
            (name, of_system.map(|item| self.item(item)).collect())
        });
        systems.collect()
    }

    fn item(&self, item: &RunningItem) -> ItemRow {
        let judged = &item.judged;
        let is_count = judged.item.formula() == Formula::Count;
        let number = |value: u64| match judged.item.level {
            Level::Availability => {
                text::duration(Some(Millis(i64::try_from(value).unwrap_or(i64::MAX))))
            }
            _ => text::number(value),
        };
        let (bearable, odds) = match item.risk {
            ItemRisk::Odds(risk) => told(risk),
            ItemRisk::Time(risk) => (time_left(risk.bearable), String::new()),
            ItemRisk::Zero { .. } => ("0件".to_owned(), String::new()),
        };
        let (own_bearable, own_odds) = item.own.map(told).unwrap_or_default();
        let standing = self.month.standing(item, self.now);
        let nothing = standing == Standing::NotApplicable;
        ItemRow {
            number: judged.item.number(),
            name: judged.item.level.label(),
            goal: judged.item.goal_text().to_owned(),
            own_goal: judged.own.map_or(String::new(), |(goal, _)| goal.text()),
            limits: self.limits(judged.item),
            a: if is_count {
                String::new()
            } else {
                number(judged.counted.a)
            },
            b: number(judged.counted.b),
            b_link: self.proof(judged.item, "b"),
            open: match item.open {
                0 => String::new(),
                open => format!("うち未完了{open}件"),
            },
            value: match &judged.value {
                None => "－".to_owned(),
                Some(value) if is_count => format!("{value}件"),
                Some(value) => format!("{value}%"),
            },
            bearable: if nothing { String::new() } else { bearable },
            odds: if nothing { String::new() } else { odds },
            own_bearable,
            own_odds,
            class: match standing {
                Standing::Alarm | Standing::Lost => "late",
                Standing::Watch => "near",
                Standing::Safe | Standing::NotApplicable => "",
            },
            standing: match (standing, item.risk) {
                (Standing::Lost, ItemRisk::Zero { .. }) => "未達成",
                _ => standing.label(),
            },
        }
    }

    /// ヘルプデスク30分以内、問合せ対応2時間以内: of the item that the limits of 業務区分 decide, if one of them is
    /// another than the goal says.
    fn limits(&self, item: LevelItem) -> String {
        if item.level != Level::AnswerTime {
            return String::new();
        }
        let limits = self.month.limits.iter();
        let of_system = limits.filter(|one| one.system == item.system);
        let each: Vec<(&str, String)> = of_system
            .map(|one| (&*one.division, format!("{}以内", minutes(one.limit))))
            .collect();
        if each.iter().all(|(_, limit)| limit == item.goal_text()) {
            return String::new();
        }
        let told = each
            .iter()
            .map(|(division, limit)| format!("{division}{limit}"));
        told.collect::<Vec<_>>().join("、")
    }

    /// Where the calls and tickets of a figure are.
    pub(super) fn proof(&self, item: LevelItem, column: &str) -> String {
        let table = match item.system {
            System::Indirect => "levels_indirect",
            System::Macs => "levels_macs",
        };
        let cell = format!("{table}/{}/{column}", item.level.as_str());
        figure_place(self.month.month, "", 0, &cell)
    }
}

fn name(item: LevelItem) -> String {
    let system = match item.system {
        System::Indirect => "間接業務システム",
        System::Macs => "MACS",
    };
    format!("{system} 項番{} {}", item.number(), item.level.label())
}

/// How many more it can bear, and how likely it is to be missed.
fn told(risk: RateRisk) -> (String, String) {
    let bearable = match risk.bearable {
        less if less < 0 => format!("{}件超過", less.unsigned_abs()),
        more => format!("あと{more}件"),
    };
    (bearable, percent(risk.probability))
}

/// A probability in whole percents; what is neither sure nor impossible never looks so.
fn percent(probability: f64) -> String {
    let percents = probability * 100.0;
    if percents > 0.0 && percents < 1.0 {
        "1%未満".to_owned()
    } else if percents > 99.0 && percents < 100.0 {
        "99%超".to_owned()
    } else {
        format!("{percents:.0}%")
    }
}

fn time_left(bearable: Millis) -> String {
    let text = minutes(Millis(bearable.0.abs()));
    if bearable.0 < 0 {
        format!("{text}超過")
    } else {
        format!("あと{text}")
    }
}

/// 1時間5分, 2時間, 12分; below a minute, seconds.
pub(super) fn minutes(time: Millis) -> String {
    let secs = time.0.max(0) / 1_000;
    match (secs / 3_600, secs / 60 % 60, secs) {
        (0, 0, secs) => format!("{secs}秒"),
        (0, minutes, _) => format!("{minutes}分"),
        (hours, 0, _) => format!("{hours}時間"),
        (hours, minutes, _) => format!("{hours}時間{minutes}分"),
    }
}

/// What is left of a clock.
fn left(time: Millis) -> String {
    format!("残り{}", minutes(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_never_looks_sure_that_is_not() {
        for (probability, told) in [
            (0.0, "0%"),
            (0.004, "1%未満"),
            (0.013, "1%"),
            (0.5, "50%"),
            (0.996, "99%超"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(probability), told);
        }
    }

    #[test]
    fn times_are_told_in_minutes() {
        assert_eq!(left(Millis::from_secs(45)), "残り45秒");
        assert_eq!(left(Millis::from_secs(754)), "残り12分");
        assert_eq!(time_left(Millis::from_secs(3_900)), "あと1時間5分");
        assert_eq!(time_left(Millis::from_secs(-120)), "2分超過");
        assert_eq!(minutes(Millis::from_secs(7_200)), "2時間");
    }
}
