//! The month as it runs.

use madoguchi_core::month::{Level, LevelItem};
use madoguchi_core::ticket::System;

use super::*;

fn of(counts: &RunningCounts, level: Level) -> (u64, u64) {
    let item = LevelItem {
        system: System::Indirect,
        level,
    };
    let judged = counts.judged.iter().find(|one| one.item == item).unwrap();
    (judged.counted.a, judged.counted.b)
}

#[test]
fn the_running_month_counts_as_the_book_does() {
    let input = input_of(counts("2024-04", 1_029, 1_023));
    assert_eq!(running(&input).judged, report(&input).judged);
}

#[test]
fn what_cost_an_item_adds_up_to_it() {
    let input = input_of(counts("2024-04", 1_029, 1_003));
    let counts = running(&input);
    let (ended, answered) = of(&counts, Level::AnswerRate);
    let lost: u64 = counts.hours.iter().map(|hour| hour.abandoned).sum();
    assert_eq!((ended, lost), (1_029, ended - answered));
    let most: Vec<u64> = counts.hours.iter().map(|hour| hour.abandoned).collect();
    assert!(most.is_sorted_by(|one, next| one >= next), "{most:?}");
    let (_, unanswered) = of(&counts, Level::FirstAnswerRate);
    assert_eq!(counts.unanswered.len() as u64, unanswered);
    assert!(counts.unanswered.iter().all(|loss| loss.ticket.is_some()));
    let (_, unsolved) = of(&counts, Level::ResolutionRate);
    assert_eq!(counts.unsolved.len() as u64, unsolved);
    let open = counts.solutions.iter().filter(|(_, ended)| !ended);
    assert_eq!(open.count() as u64, unsolved);
    assert_eq!(
        counts.solutions.len() as u64,
        answered - counts.unregistered
    );
}

#[test]
fn what_was_handed_on_before_an_answer_is_decided_and_what_waits_is_not() {
    let input = input_of(counts("2024-04", 400, 400));
    let counts = running(&input);
    let decided = counts.unanswered.iter().filter(|loss| loss.decided).count();
    let waiting = counts.answers.iter().filter(|(_, ended)| !ended).count();
    assert_eq!(decided + waiting, counts.unanswered.len());
    assert!(decided > 0, "a sample month hands some on");
}
