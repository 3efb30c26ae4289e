//! The words of a shift plan.

use madoguchi_monthly::{PlannedDay, ShiftPlanMonth};

/// Spans without enough people that are named of a day.
const GAPS: usize = 3;

/// What was reckoned with.
pub(super) fn basis(plan: &ShiftPlanMonth) -> String {
    format!(
        "応答率の目標{}%以上、平均処理時間{:.0}秒、待ち許容時間{:.0}秒で計算しました。",
        plan.target, plan.aht_secs, plan.patience_secs
    )
}

/// 3人; 「－」 where nobody can tell.
pub(super) fn people(count: Option<u32>) -> String {
    count.map_or("－".to_owned(), |count| format!("{count}人"))
}

/// When a half hour begins: 8:30.
pub(super) fn clock(half_hour: usize) -> String {
    format!("{}:{:02}", half_hour / 2, half_hour % 2 * 30)
}

/// Where people are missing whatever shifts are worked.
pub(super) fn gaps(day: &PlannedDay) -> String {
    let Some(plan) = &day.shifts else {
        return String::new();
    };
    let lacking = plan.uncovered();
    let spans = spans(lacking.map(|one| (one.half_hour, one.needed - one.planned)));
    if spans.is_empty() {
        return String::new();
    }
    let told = spans
        .iter()
        .take(GAPS)
        .map(|(from, until, people)| format!("{}～{}に{people}人", clock(*from), clock(*until)));
    let told = told.collect::<Vec<_>>().join("、");
    match spans.len().saturating_sub(GAPS) {
        0 => format!("不足：{told}"),
        more => format!("不足：{told}、ほか{more}か所"),
    }
}

/// Half hours, in order, that lack as many people and follow each other as one: its first half hour, the one
/// after its last, and the people.
fn spans(lacking: impl Iterator<Item = (usize, u32)>) -> Vec<(usize, usize, u32)> {
    let mut spans: Vec<(usize, usize, u32)> = Vec::new();
    for (half_hour, people) in lacking {
        match spans.last_mut() {
            Some((_, until, same)) if *until == half_hour && *same == people => *until += 1,
            _ => spans.push((half_hour, half_hour + 1, people)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_hours_that_lack_as_many_people_are_told_as_one_span() {
        let lacking = [
            (20, 1),
            (21, 1),
            (22, 1),
            (23, 1),
            (24, 2),
            (30, 2),
            (47, 1),
        ];
        let spans = spans(lacking.into_iter());
        assert_eq!(spans, [(20, 24, 1), (24, 25, 2), (30, 31, 2), (47, 48, 1)]);
    }
}
