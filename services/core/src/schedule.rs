//! Periodic work: what is due at a moment, and what came of it. When to look, and what the work
//! does, is the business of whoever keeps the schedule.

use crate::clock::Moment;
use crate::time::{Instant, Millis, Monotonic};

/// A piece of work and how often it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Its name in logs and metrics.
    pub name: &'static str,
    /// Its name on screens.
    pub label: &'static str,
    /// So long after its last end.
    pub every: Millis,
    /// So long after a failure; longer after each further one, up to [`Self::every`] if that is
    /// longer.
    pub again: Millis,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is to be done again.
    Done,
    /// It is done for good.
    Finished,
    /// It failed, for this reason, and is tried again.
    Failed(String),
}

/// What a run changed about how the work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthChange {
    /// It does as before.
    Same,
    /// It fails from now on.
    Failing,
    /// It had failed and is well again.
    Recovered,
}

/// A piece of work as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobView {
    /// What it is.
    pub plan: Plan,
    /// When it was last begun.
    pub last_run: Option<Instant>,
    /// When it last failed, and why; also if it is well again.
    pub last_fault: Option<(Instant, String)>,
    /// Its last run failed.
    pub failing: bool,
    /// It is being done.
    pub running: bool,
    /// When it is due; `None` while it is being done, and if it is done for good.
    pub next: Option<Instant>,
}

/// Letters of a reason that are kept.
const REASON_LETTERS: usize = 300;
/// The tenth part of a pause is left to chance, so that several nodes do not stay in step.
const CHANCE: i64 = 10;
/// A pause is doubled so often at the most.
const DOUBLED: u32 = 10;

/// All periodic work.
#[derive(Debug)]
pub struct Schedule {
    jobs: Vec<Job>,
}

#[derive(Debug)]
struct Job {
    plan: Plan,
    running: bool,
    next: Option<Monotonic>,
    /// In a row.
    failures: u32,
    last_run: Option<Instant>,
    last_fault: Option<(Instant, String)>,
}

impl Schedule {
    /// All of it is due at once.
    pub fn new(plans: impl IntoIterator<Item = Plan>, now: Monotonic) -> Self {
        let jobs = plans.into_iter().map(|plan| Job {
            plan,
            running: false,
            next: Some(now),
            failures: 0,
            last_run: None,
            last_fault: None,
        });
        Self {
            jobs: jobs.collect(),
        }
    }

    /// What is due, by its place among the plans. What is being done is not.
    pub fn due(&self, now: Monotonic) -> Vec<usize> {
        let jobs = self.jobs.iter().enumerate();
        let due = jobs.filter(|(_, job)| job.next.is_some_and(|next| next <= now));
        due.map(|(place, _)| place).collect()
    }

    /// When something is due next.
    pub fn next(&self) -> Option<Monotonic> {
        self.jobs.iter().filter_map(|job| job.next).min()
    }

    /// A piece of work is begun.
    pub fn begin(&mut self, place: usize, now: Moment) {
        if let Some(job) = self.jobs.get_mut(place) {
            job.running = true;
            job.next = None;
            job.last_run = Some(now.wall);
        }
    }

    /// A piece of work has ended. `chance` is drawn anew for each end.
    pub fn end(
        &mut self,
        place: usize,
        outcome: Outcome,
        now: Moment,
        chance: u16,
    ) -> HealthChange {
        let Some(job) = self.jobs.get_mut(place) else {
            return HealthChange::Same;
        };
        let failed_before = job.failures > 0;
        job.running = false;
        job.next = None;
        if let Outcome::Failed(why) = outcome {
            let why = why.chars().take(REASON_LETTERS).collect();
            job.last_fault = Some((now.wall, why));
            job.failures = job.failures.saturating_add(1);
            let pause = pause_after(job.plan, job.failures);
            job.next = Some(now.monotonic + with_chance(pause, chance));
            return if failed_before {
                HealthChange::Same
            } else {
                HealthChange::Failing
            };
        }
        job.failures = 0;
        if outcome == Outcome::Done {
            job.next = Some(now.monotonic + with_chance(job.plan.every, chance));
        }
        if failed_before {
            HealthChange::Recovered
        } else {
            HealthChange::Same
        }
    }

    /// All of it, in the order of the plans.
    pub fn view(&self, now: Moment) -> Vec<JobView> {
        let at = |next: Monotonic| now.wall + Millis((next - now.monotonic).0.max(0));
        let view = |job: &Job| JobView {
            plan: job.plan,
            last_run: job.last_run,
            last_fault: job.last_fault.clone(),
            failing: job.failures > 0,
            running: job.running,
            next: job.next.map(at),
        };
        self.jobs.iter().map(view).collect()
    }

    /// The plan at a place.
    pub fn plan(&self, place: usize) -> Option<Plan> {
        self.jobs.get(place).map(|job| job.plan)
    }
}

/// How long to wait after so many failures in a row.
fn pause_after(plan: Plan, failures: u32) -> Millis {
    let doubled = failures.saturating_sub(1).min(DOUBLED);
    let pause = plan.again.0.saturating_mul(1 << doubled);
    Millis(pause.min(plan.every.0.max(plan.again.0)))
}

fn with_chance(pause: Millis, chance: u16) -> Millis {
    let most = pause.0 / CHANCE;
    let more = most.saturating_mul(i64::from(chance)) / i64::from(u16::MAX);
    Millis(pause.0.saturating_add(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURLY: Plan = Plan {
        name: "hourly",
        label: "毎時",
        every: Millis(3_600_000),
        again: Millis(60_000),
    };
    const QUICK: Plan = Plan {
        name: "quick",
        label: "すぐ",
        every: Millis(300),
        again: Millis(5_000),
    };

    fn at(ms: i64) -> Moment {
        Moment {
            wall: Instant(1_000_000 + ms),
            monotonic: Monotonic(ms),
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed("no".to_owned())
    }

    #[test]
    fn all_is_due_at_once_and_again_after_its_pause() {
        let mut schedule = Schedule::new([HOURLY, QUICK], Monotonic(0));
        assert_eq!(schedule.due(Monotonic(0)), [0, 1]);
        schedule.begin(0, at(0));
        schedule.begin(1, at(0));
        assert_eq!(
            (schedule.due(Monotonic(9)), schedule.next()),
            (vec![], None)
        );
        schedule.end(1, Outcome::Done, at(10), 0);
        assert_eq!(schedule.next(), Some(Monotonic(310)));
        assert!(schedule.due(Monotonic(309)).is_empty());
        assert_eq!(schedule.due(Monotonic(310)), [1]);
        schedule.end(0, Outcome::Done, at(20), 0);
        assert_eq!(schedule.due(Monotonic(3_600_020)), [0, 1]);
    }

    #[test]
    fn chance_adds_up_to_a_tenth_of_the_pause() {
        for (chance, next) in [(0, 3_600_000), (u16::MAX, 3_960_000)] {
            let mut schedule = Schedule::new([HOURLY], Monotonic(0));
            schedule.end(0, Outcome::Done, at(0), chance);
            assert_eq!(schedule.next(), Some(Monotonic(next)));
        }
    }

    #[test]
    fn failures_in_a_row_are_tried_again_later_and_later_but_not_later_than_usual() {
        let pauses = |plan: Plan| {
            let mut schedule = Schedule::new([plan], Monotonic(0));
            let ends = (0..9).map(|_| {
                schedule.end(0, failed(), at(0), 0);
                schedule.next().unwrap().0 / 1_000
            });
            ends.collect::<Vec<_>>()
        };
        assert_eq!(
            pauses(HOURLY),
            [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]
        );
        assert_eq!(pauses(QUICK), [5; 9]);
        let endless = Plan {
            again: Millis(i64::MAX),
            ..HOURLY
        };
        assert_eq!(pause_after(endless, u32::MAX), Millis(i64::MAX));
    }

    #[test]
    fn a_failure_is_told_once_and_so_is_its_end() {
        let mut schedule = Schedule::new([QUICK], Monotonic(0));
        let mut turn = |outcome, ms| schedule.end(0, outcome, at(ms), 0);
        assert_eq!(turn(Outcome::Done, 1), HealthChange::Same);
        assert_eq!(turn(failed(), 2), HealthChange::Failing);
        assert_eq!(turn(failed(), 3), HealthChange::Same);
        assert_eq!(turn(Outcome::Done, 4), HealthChange::Recovered);
        assert_eq!(turn(Outcome::Done, 5), HealthChange::Same);
        let view = &schedule.view(at(105))[0];
        assert_eq!(view.last_fault, Some((Instant(1_000_003), "no".to_owned())));
        assert!(!view.failing && !view.running);
        assert_eq!(view.next, Some(Instant(1_000_305)));
    }

    #[test]
    fn what_is_done_for_good_is_never_due_again() {
        let mut schedule = Schedule::new([QUICK], Monotonic(0));
        schedule.begin(0, at(7));
        schedule.end(0, Outcome::Finished, at(8), 0);
        assert_eq!(
            (schedule.next(), schedule.due(Monotonic(i64::MAX))),
            (None, vec![])
        );
        let view = &schedule.view(at(9))[0];
        assert_eq!((view.last_run, view.next), (Some(Instant(1_000_007)), None));
    }

    #[test]
    fn a_long_reason_is_cut() {
        let mut schedule = Schedule::new([QUICK], Monotonic(0));
        schedule.end(0, Outcome::Failed("長".repeat(9_000)), at(0), 0);
        let (_, why) = schedule.view(at(0))[0].last_fault.clone().unwrap();
        assert_eq!(why.chars().count(), REASON_LETTERS);
    }
}
