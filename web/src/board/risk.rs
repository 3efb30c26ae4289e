//! The part of the board that tells which items of the running month are in danger.

use madoguchi_core::month::{Goal, Level};
use madoguchi_core::time::Instant;
use madoguchi_monthly::{ItemRisk, RunningItem, RunningMonth, Standing};

use crate::auth::token;
use crate::text;

/// Items that are named; more are counted.
const SHOWN: usize = 3;
/// Letters of the mark that tells one state from another.
const MARK_LETTERS: usize = 16;

/// What of the running month is in danger.
pub(super) struct RiskStrip {
    /// Another one where figures differ; empty if nobody has counted.
    pub(super) mark: String,
    /// What is said if nothing is in danger.
    pub(super) nothing: &'static str,
    pub(super) items: Vec<RiskLine>,
    pub(super) more: usize,
}

/// An item in danger.
pub(super) struct RiskLine {
    pub(super) class: &'static str,
    pub(super) standing: &'static str,
    pub(super) words: String,
    /// What is most urgent stands first.
    urgency: u8,
}

impl RiskStrip {
    /// As it is now; `month` is what was counted last.
    pub(super) fn of(month: Option<&RunningMonth>, now: Instant) -> Self {
        let Some(month) = month else {
            return Self {
                mark: String::new(),
                nothing: "集計しています",
                items: Vec::new(),
                more: 0,
            };
        };
        let items = month.items.iter();
        let mut lines: Vec<RiskLine> = items.filter_map(|item| line(month, item, now)).collect();
        lines.sort_by_key(|line| line.urgency);
        let more = lines.len().saturating_sub(SHOWN);
        let mark = mark(month, &lines);
        lines.truncate(SHOWN);
        Self {
            mark,
            nothing: if lines.is_empty() {
                "注意が必要な項目はありません"
            } else {
                ""
            },
            items: lines,
            more,
        }
    }
}

/// Tells one state of the month from another.
fn mark(month: &RunningMonth, lines: &[RiskLine]) -> String {
    let items = month.items.iter().map(|item| {
        let counted = &item.judged.counted;
        format!("{} {} {}\n", counted.a, counted.b, item.open)
    });
    let clocks = month.clocks.iter().map(|one| format!("{}\n", one.id));
    let lines = lines.iter().map(|line| line.standing.to_owned());
    let all: String = items.chain(clocks).chain(lines).collect();
    let mut mark = token::hash(&format!("{} {all}", month.month));
    mark.truncate(MARK_LETTERS);
    mark
}

/// An item, if it is in danger by its own goal or that of the contract.
fn line(month: &RunningMonth, item: &RunningItem, now: Instant) -> Option<RiskLine> {
    let judged = &item.judged;
    let name = match judged.item.level {
        // The system is told where both have the item.
        Level::OperatorFaults
        | Level::AnswerRate
        | Level::FirstAnswerRate
        | Level::ResolutionRate => judged.item.level.label().to_owned(),
        level => format!("{}({})", level.label(), judged.item.system.label()),
    };
    let standing = month.standing(item, now);
    if standing >= Standing::Watch {
        let is_lost_for_good = matches!(item.risk, ItemRisk::Zero { .. });
        let (class, urgency) = match standing {
            Standing::Alarm => ("late", 0),
            Standing::Lost => ("late", 1),
            _ => ("near", 2),
        };
        return Some(RiskLine {
            class,
            standing: match standing {
                Standing::Lost if is_lost_for_good => "未達成",
                standing => standing.label(),
            },
            words: words(month, item, &name, now),
            urgency,
        });
    }
    let (goal, own) = (judged.own?.0, item.own?);
    (own.standing >= Standing::Alarm).then(|| RiskLine {
        class: "near",
        standing: "自社目標に注意",
        words: format!("{name} {}%(目標{})", value(item), goal.text()),
        urgency: 3,
    })
}

fn value(item: &RunningItem) -> &str {
    item.judged.value.as_deref().unwrap_or("－")
}

fn words(month: &RunningMonth, item: &RunningItem, name: &str, now: Instant) -> String {
    let judged = &item.judged;
    match item.risk {
        ItemRisk::Odds(_) if matches!(judged.item.goal(), Goal::CountAtMost(_)) => {
            format!("{name} {}件", judged.counted.b)
        }
        ItemRisk::Odds(_) | ItemRisk::Time(_) => {
            format!("{name} {}%(目標{})", value(item), judged.item.goal_text())
        }
        ItemRisk::Zero { missed, .. } => {
            let mut own = month.running_clocks(now);
            match own.find(|one| one.item == judged.item) {
                Some(clock) => format!("{name} {}まで", text::time(clock.due)),
                None => format!("{name} 超過{missed}件"),
            }
        }
    }
}
