//! Runs periodic work when it is due ([`Schedule`]), each piece by itself: one that takes long,
//! fails or panics keeps no other from being done, and is tried again.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use madoguchi_core::clock::{Clock, Moment};
use madoguchi_core::schedule::{HealthChange, JobView, Outcome, Plan, Schedule};
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_metrics::metrics;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long a stop waits for work that is being done.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// At the next time.
    Again,
    /// Never again.
    Finished,
}

/// What is done.
pub(crate) trait Work: Send + 'static {
    /// Does it once.
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>>;
}

/// What is done, and when.
pub(crate) type Job = (Plan, Box<dyn Work>);

/// How all work does.
#[derive(Debug, Clone)]
pub(crate) struct Jobs {
    schedule: Arc<Mutex<Schedule>>,
    clock: Arc<dyn Clock>,
    began: tokio::time::Instant,
}

impl Jobs {
    pub(crate) fn view(&self) -> Vec<JobView> {
        self.lock().view(self.now())
    }

    /// What passes is measured by the clock that pauses are slept by, whatever the desk's says.
    fn now(&self) -> Moment {
        let passed = i64::try_from(self.began.elapsed().as_millis());
        Moment {
            wall: self.clock.now(),
            monotonic: Monotonic(passed.unwrap_or(i64::MAX)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is due.
    async fn until_due(&self) {
        let next = self.lock().next();
        let Some(next) = next else {
            return std::future::pending().await;
        };
        let Millis(ms) = next - self.now().monotonic;
        // A clock of milliseconds has not quite come to the end of one.
        let pause = Duration::from_millis(u64::try_from(ms).map_or(0, |ms| ms + 1));
        tokio::time::sleep(pause).await;
    }

    fn begin(&self, place: usize) {
        let mut schedule = self.lock();
        schedule.begin(place, self.now());
        if let Some(plan) = schedule.plan(place) {
            metrics().job_runs.add(plan.name);
        }
    }

    fn end(&self, place: usize, outcome: Outcome) {
        let why = match &outcome {
            Outcome::Failed(why) => Some(why.clone()),
            Outcome::Done | Outcome::Finished => None,
        };
        let mut schedule = self.lock();
        let turn = schedule.end(place, outcome, self.now(), rand::random());
        let Some(Plan { name, .. }) = schedule.plan(place) else {
            return;
        };
        drop(schedule);
        metrics().job_failing.set(name, u64::from(why.is_some()));
        match (turn, why) {
            (HealthChange::Failing, Some(error)) => {
                tracing::error!(job = name, error, "periodic work fails and is tried again");
            }
            (_, Some(error)) => tracing::debug!(job = name, error, "periodic work still fails"),
            (HealthChange::Recovered, None) => {
                tracing::info!(job = name, "periodic work is well again")
            }
            (_, None) => {}
        }
    }
}

/// The scheduler at work.
#[derive(Debug)]
pub(crate) struct Scheduler {
    jobs: Jobs,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Scheduler {
    pub(crate) fn start(work: Vec<Job>, clock: Arc<dyn Clock>) -> Self {
        let plans = work.iter().map(|(plan, _)| *plan);
        let jobs = Jobs {
            schedule: Arc::new(Mutex::new(Schedule::new(plans, Monotonic(0)))),
            clock,
            began: tokio::time::Instant::now(),
        };
        let (stop, stopped) = watch::channel(false);
        let work = work.into_iter().map(|(_, work)| Some(work)).collect();
        let task = tokio::spawn(run(work, jobs.clone(), stopped));
        Self { jobs, stop, task }
    }

    /// How all work does.
    pub(crate) fn jobs(&self) -> Jobs {
        self.jobs.clone()
    }

    /// Begins nothing more; what is being done may end, for a while.
    pub(crate) async fn stop(self) {
        // Nobody listens if it has ended by itself.
        let _gone = self.stop.send(true);
        if self.task.await.is_err() {
            tracing::error!("the scheduler ended by itself");
        }
    }
}

/// Does what is due until it is stopped.
async fn run(mut work: Vec<Option<Box<dyn Work>>>, jobs: Jobs, mut stopped: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    loop {
        let now = jobs.now().monotonic;
        let due = jobs.lock().due(now);
        for place in due {
            let Some(mut work) = work.get_mut(place).and_then(Option::take) else {
                continue;
            };
            jobs.begin(place);
            running.spawn(async move {
                let outcome = outcome(AssertUnwindSafe(work.run()).catch_unwind().await);
                (place, work, outcome)
            });
        }
        tokio::select! {
            Some(ended) = running.join_next() => {
                // It neither panics nor is cancelled.
                let Ok((place, ended, outcome)) = ended else {
                    continue;
                };
                if outcome != Outcome::Finished && let Some(free) = work.get_mut(place) {
                    *free = Some(ended);
                }
                jobs.end(place, outcome);
            }
            () = jobs.until_due() => {}
            _ = stopped.changed() => break,
        }
    }
    let ends = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(PATIENCE, ends).await.is_err() {
        tracing::info!("periodic work was left where it was");
    }
}

fn outcome(ended: Result<anyhow::Result<Progress>, Box<dyn Any + Send>>) -> Outcome {
    match ended {
        Ok(Ok(Progress::Again)) => Outcome::Done,
        Ok(Ok(Progress::Finished)) => Outcome::Finished,
        Ok(Err(error)) => Outcome::Failed(format!("{error:#}")),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            Outcome::Failed(format!("panicked: {}", said.unwrap_or("no words")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use madoguchi_core::clock::SystemClock;

    use super::*;

    /// Counts its runs, and does what it is told in each.
    struct Counted {
        runs: Arc<AtomicU32>,
        does: fn(u32) -> anyhow::Result<Progress>,
        takes: Duration,
    }

    impl Work for Counted {
        fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
            Box::pin(async move {
                tokio::time::sleep(self.takes).await;
                let run = self.runs.fetch_add(1, Ordering::Relaxed);
                (self.does)(run)
            })
        }
    }

    fn job(
        name: &'static str,
        takes: Duration,
        does: fn(u32) -> anyhow::Result<Progress>,
    ) -> (Arc<AtomicU32>, Job) {
        let runs = Arc::new(AtomicU32::new(0));
        let plan = Plan {
            name,
            label: name,
            every: Millis(1_000),
            again: Millis(100),
        };
        let work = Counted {
            runs: runs.clone(),
            does,
            takes,
        };
        (runs, (plan, Box::new(work)))
    }

    fn fails(_: u32) -> anyhow::Result<Progress> {
        anyhow::bail!("no")
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_fails_panics_or_hangs_keeps_no_other_from_being_done() {
        let hour = Duration::from_secs(3_600);
        let (well, first) = job("well", Duration::ZERO, |_| Ok(Progress::Again));
        let (failing, second) = job("failing", Duration::ZERO, fails);
        let (panicking, third) = job("panicking", Duration::ZERO, |run| match run {
            0 => panic!("the first time"),
            _ => Ok(Progress::Again),
        });
        let (hanging, fourth) = job("hanging", hour, |_| Ok(Progress::Again));
        let (once, fifth) = job("once", Duration::ZERO, |_| Ok(Progress::Finished));
        let work = vec![first, second, third, fourth, fifth];
        let scheduler = Scheduler::start(work, Arc::new(SystemClock));
        tokio::time::sleep(Duration::from_secs(60)).await;
        let runs = |runs: &AtomicU32| runs.load(Ordering::Relaxed);
        assert!((50..=60).contains(&runs(&well)), "{}", runs(&well));
        assert!(runs(&failing) > 50, "{}", runs(&failing));
        assert!(runs(&panicking) > 50, "{}", runs(&panicking));
        assert_eq!((runs(&hanging), runs(&once)), (0, 1));
        let view = scheduler.jobs().view();
        let told = |name| view.iter().find(|job| job.plan.name == name).unwrap();
        assert_eq!(told("failing").last_fault.as_ref().unwrap().1, "no");
        assert!(told("failing").failing && !told("panicking").failing);
        let panic = &told("panicking").last_fault.as_ref().unwrap().1;
        assert_eq!(panic, "panicked: the first time");
        assert!(told("hanging").running && told("once").next.is_none());
        let text = metrics().text();
        assert!(
            text.contains("madoguchi_job_failing{job=\"failing\"} 1"),
            "{text}"
        );
        // What hangs is not waited for.
        let stopping = tokio::time::Instant::now();
        scheduler.stop().await;
        let waited = stopping.elapsed();
        assert!(waited >= PATIENCE && waited < PATIENCE * 2, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_lets_work_end_and_begins_no_more() {
        let (runs, work) = job("short", Duration::from_secs(1), |_| Ok(Progress::Again));
        let scheduler = Scheduler::start(vec![work], Arc::new(SystemClock));
        tokio::time::sleep(Duration::from_millis(500)).await;
        scheduler.stop().await;
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }
}
