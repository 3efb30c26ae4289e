//! A queue over a day whose calls and agents change from interval to interval: the Kolmogorov equations
//! of the birth-death process with callers who give up, solved by uniformisation (Jensen 1953). Beside
//! the solution stands a bound of its error.

use serde::Serialize;

use crate::erlang::{AGENTS_AT_MOST, CALLS_AT_MOST, PATIENCE_AT_MOST, QueueFault, SECONDS_AT_MOST};

/// The solution is made again with more states until the bound of its error is below this.
const ERROR: f64 = 1e-9;
/// Callers at the desk at a time, at the most.
const STATES_AT_MOST: usize = 20_000;
/// Events that a step of time holds on average: e^−256 is still a number.
const EVENTS: f64 = 256.0;
/// What is left out of the Poisson weights of a step.
const TAIL: f64 = 1e-14;
/// Agents that [`staff`] adds to a part of the day, at the most.
const ADDED: u32 = 100;

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// How long it lasts, in seconds.
    pub secs: f64,
    /// 着信 that are expected in it.
    pub calls: f64,
    /// Agents at work. Where they become fewer, who is in a talk waits on as the first.
    pub agents: u32,
}

impl Interval {
    fn check(&self) -> Result<(), QueueFault> {
        let secs = (1.0..=SECONDS_AT_MOST).contains(&self.secs);
        let per_hour = self.calls * 3600.0 / self.secs;
        if !secs || !(0.0..=CALLS_AT_MOST).contains(&per_hour) {
            return Err(QueueFault::Calls);
        }
        if self.agents > AGENTS_AT_MOST {
            return Err(QueueFault::Agents);
        }
        Ok(())
    }
}

/// What becomes of the callers of a part of the day. Shares from 0 to 1, times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IntervalResult {
    /// 着信 that are expected.
    pub calls: f64,
    /// Agents at work.
    pub agents: u32,
    /// Of those who arrive, who find all agents busy.
    pub p_wait: f64,
    /// Of those who arrive, who are answered in the end: 応答率.
    pub answer_rate: f64,
    /// Of those who arrive, who are answered within T: サービスレベル.
    pub service_level: f64,
    /// Mean wait of those of them who are answered; `None` if nobody is.
    pub mean_wait_served_secs: Option<f64>,
    /// Mean number of callers who wait.
    pub mean_queue: f64,
    /// Callers who give up during it, whenever they arrived.
    pub abandoned: f64,
}

/// A day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transient {
    /// Its parts, in order.
    pub intervals: Vec<IntervalResult>,
    /// 応答率 of all its calls, from 0 to 1; 1 without calls.
    pub answer_rate: f64,
    /// No share is further than this from the true one for the sake of computing.
    pub error_bound: f64,
}

/// Solves a day that begins with an empty desk. `target_secs` is T of サービスレベル. Shares of who arrives
/// hold if the agents of the interval stay until they are answered.
///
/// # Errors
/// A number is out of bounds or none, or there are more callers than can be reckoned with.
pub fn solve(
    intervals: &[Interval],
    aht_secs: f64,
    patience_secs: f64,
    target_secs: f64,
) -> Result<Transient, QueueFault> {
    Desk::new(aht_secs, patience_secs, target_secs)?.solve(intervals, 0.0)
}

/// The same, with as many agents more in every part of the day as it takes for 応答率 to be at least
/// `answer_rate` there in spite of what earlier parts left over.
///
/// # Errors
/// As for [`solve`].
pub fn staff(
    intervals: &[Interval],
    aht_secs: f64,
    patience_secs: f64,
    target_secs: f64,
    answer_rate: f64,
) -> Result<Transient, QueueFault> {
    Desk::new(aht_secs, patience_secs, target_secs)?.solve(intervals, answer_rate)
}

/// Rates per second, and T.
struct Desk {
    serving: f64,
    giving_up: f64,
    target_secs: f64,
}

/// The rates of one interval, by the number of callers at the desk.
struct Rates {
    arrivals: f64,
    leaving: Vec<f64>,
    /// The largest rate at which anything happens.
    most: f64,
}

impl Desk {
    fn new(aht_secs: f64, patience_secs: f64, target_secs: f64) -> Result<Self, QueueFault> {
        if !(1e-3..=SECONDS_AT_MOST).contains(&aht_secs) {
            return Err(QueueFault::Aht);
        }
        if !(1e-3..=PATIENCE_AT_MOST).contains(&patience_secs) {
            return Err(QueueFault::Patience);
        }
        if !(0.0..=SECONDS_AT_MOST).contains(&target_secs) {
            return Err(QueueFault::Target);
        }
        Ok(Self {
            serving: 1.0 / aht_secs,
            giving_up: 1.0 / patience_secs,
            target_secs,
        })
    }

    fn solve(&self, intervals: &[Interval], answer_rate: f64) -> Result<Transient, QueueFault> {
        intervals.iter().try_for_each(Interval::check)?;
        let agents = intervals.iter().map(|interval| interval.agents).max();
        let mut states = agents.unwrap_or_default() as usize + 40;
        loop {
            let solved = self.with_states(intervals, states, answer_rate);
            if solved.error_bound <= ERROR {
                return Ok(solved);
            }
            if states == STATES_AT_MOST {
                return Err(QueueFault::Calls);
            }
            states = (states * 2).min(STATES_AT_MOST);
        }
    }

    fn with_states(&self, intervals: &[Interval], states: usize, answer_rate: f64) -> Transient {
        // No callers at the beginning.
        let mut shares = vec![0.0; states + 1];
        if let Some(none) = shares.first_mut() {
            *none = 1.0;
        }
        let mut results = Vec::with_capacity(intervals.len());
        let mut error_bound = 0.0;
        for interval in intervals {
            let (result, off) = self.advance(&mut shares, *interval, answer_rate);
            error_bound += off;
            results.push(result);
        }
        let calls: f64 = results.iter().map(|result| result.calls).sum();
        let answered = results
            .iter()
            .map(|result| result.calls * result.answer_rate);
        let answered: f64 = answered.sum();
        Transient {
            intervals: results,
            answer_rate: if calls > 0.0 { answered / calls } else { 1.0 },
            error_bound,
        }
    }

    /// Takes the shares of the states over an interval; the second is how far they may be off.
    fn advance(
        &self,
        shares: &mut Vec<f64>,
        mut interval: Interval,
        answer_rate: f64,
    ) -> (IntervalResult, f64) {
        let most = interval.agents.saturating_add(ADDED).min(AGENTS_AT_MOST);
        loop {
            let rates = self.rates(&interval, shares.len().saturating_sub(1));
            let mut after = shares.clone();
            let (occupied, left_out) = pass(&mut after, &rates, interval.secs);
            let result = self.result(&interval, &occupied);
            if result.answer_rate < answer_rate && interval.agents < most {
                interval.agents += 1;
                continue;
            }
            *shares = after;
            // Whoever comes when all states are full is turned away: the true process differs from this
            // one only if that ever happens.
            let turned_away = rates.arrivals * occupied.last().copied().unwrap_or_default();
            return (result, left_out + turned_away);
        }
    }

    fn rates(&self, interval: &Interval, states: usize) -> Rates {
        let agents = interval.agents as usize;
        let leaving: Vec<f64> = (0..=states)
            .map(|callers| {
                let busy = callers.min(agents) as f64;
                let waiting = callers.saturating_sub(agents) as f64;
                busy * self.serving + waiting * self.giving_up
            })
            .collect();
        let arrivals = interval.calls / interval.secs;
        let most = leaving.iter().copied().fold(0.0, f64::max) + arrivals;
        Rates {
            arrivals,
            leaving,
            most,
        }
    }

    /// What those find who arrive: they see the states for as long as these last (PASTA).
    fn result(&self, interval: &Interval, occupied: &[f64]) -> IntervalResult {
        let whole: f64 = occupied.iter().sum();
        let agents = interval.agents as usize;
        let at_once: f64 = occupied.iter().take(agents).sum();
        let mut served = at_once;
        let mut in_time = at_once;
        let (mut waited, mut waiting, mut waiting_share) = (0.0, 0.0, 0.0);
        let ahead = occupied.iter().skip(agents);
        for (share, prospect) in ahead.zip(self.prospects(interval.agents)) {
            served += share * prospect.served;
            in_time += share * prospect.in_time;
            waited += share * prospect.served * prospect.wait_secs;
            waiting += share * prospect.ahead;
            waiting_share += share;
        }
        IntervalResult {
            calls: interval.calls,
            agents: interval.agents,
            p_wait: waiting_share / whole,
            answer_rate: served / whole,
            service_level: in_time / whole,
            mean_wait_served_secs: (served > 0.0).then(|| waited / served),
            mean_queue: waiting / whole,
            abandoned: self.giving_up * waiting * interval.secs / whole,
        }
    }

    /// What awaits a caller who finds 0, 1, 2 … waiting, all agents being busy.
    fn prospects(&self, agents: u32) -> impl Iterator<Item = Prospect> {
        let serving = f64::from(agents) * self.serving;
        let giving_up = self.giving_up;
        let ratio = serving / giving_up;
        let gone_by_target = -(-giving_up * self.target_secs).exp_m1();
        // I(a+1, j+1) at e^(−θT) as a sum of positive terms: e^(−θT(a+1)) Σ (a+1)…(a+i)/i! · (1−e^(−θT))^i.
        let mut ln_term = -self.target_secs * (serving + giving_up);
        let mut beyond_target = 0.0;
        let mut wait_secs = 0.0;
        (0..).map(move |ahead: u32| {
            let ahead = f64::from(ahead);
            if ahead > 0.0 {
                ln_term += ((ratio + ahead) / ahead * gone_by_target).ln();
            }
            beyond_target += ln_term.exp();
            wait_secs += 1.0 / (serving + (ahead + 1.0) * giving_up);
            let served = ratio / (ratio + ahead + 1.0);
            Prospect {
                ahead,
                served,
                in_time: served * (1.0 - beyond_target).max(0.0),
                wait_secs,
            }
        })
    }
}

struct Prospect {
    /// How many wait already.
    ahead: f64,
    /// The caller is answered in the end,
    served: f64,
    /// and within T,
    in_time: f64,
    /// and then after so long on average.
    wait_secs: f64,
}

/// Takes the shares of the states over an interval. Gives how long each state lasted on average, and what
/// was left out.
fn pass(shares: &mut Vec<f64>, rates: &Rates, secs: f64) -> (Vec<f64>, f64) {
    let mut occupied = vec![0.0; shares.len()];
    let steps = (rates.most * secs / EVENTS).ceil().max(1.0);
    let mut left_out = 0.0;
    let mut step = 0.0;
    while step < steps {
        left_out += pass_step(shares, rates, secs / steps, &mut occupied);
        step += 1.0;
    }
    (occupied, left_out)
}

fn pass_step(shares: &mut Vec<f64>, rates: &Rates, secs: f64, occupied: &mut [f64]) -> f64 {
    if rates.most <= 0.0 {
        add(occupied, shares, secs);
        return 0.0;
    }
    let mean = rates.most * secs;
    let mut weight = (-mean).exp();
    let mut weights = weight;
    let mut jumped = shares.clone();
    let mut next = vec![0.0; shares.len()];
    let mut after = vec![0.0; shares.len()];
    let mut events = 0.0;
    loop {
        add(&mut after, &jumped, weight);
        // ∫ of the Poisson weight over the step: the chance of more than so many events, by the rate.
        add(occupied, &jumped, (1.0 - weights).max(0.0) / rates.most);
        if 1.0 - weights <= TAIL || (weight < TAIL * TAIL && events > mean) {
            break;
        }
        jump(&jumped, rates, &mut next);
        std::mem::swap(&mut jumped, &mut next);
        events += 1.0;
        weight *= mean / events;
        weights += weight;
    }
    *shares = after;
    (1.0 - weights).abs()
}

/// One event of the uniformised chain.
fn jump(before: &[f64], rates: &Rates, after: &mut [f64]) {
    let last = before.len().saturating_sub(1);
    let come = rates.arrivals / rates.most;
    let mut from_below = 0.0;
    let above = before
        .iter()
        .zip(&rates.leaving)
        .map(|(share, leaving)| share * leaving / rates.most);
    let from_above = above.clone().skip(1).chain([0.0]);
    let states = before.iter().zip(above).zip(from_above).enumerate();
    for ((at, ((share, leaving), from_above)), after) in states.zip(after) {
        let arriving = if at == last { 0.0 } else { share * come };
        *after = share - arriving - leaving + from_below + from_above;
        from_below = arriving;
    }
}

fn add(sums: &mut [f64], more: &[f64], weight: f64) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erlang::{Load, Queue, a};

    fn interval(calls: f64, agents: u32) -> Interval {
        Interval {
            secs: 1800.0,
            calls,
            agents,
        }
    }

    #[test]
    fn what_stays_the_same_comes_to_the_steady_state() {
        for (calls_per_hour, aht, patience, agents) in [
            (15.0, 480.0, 120.0, 4),
            (15.0, 480.0, 60.0, 2),
            (20.0, 480.0, 300.0, 3),
            (60.0, 180.0, 90.0, 4),
            (720.0, 240.0, 120.0, 45),
        ] {
            let day = vec![interval(calls_per_hour / 2.0, agents); 20];
            let day = solve(&day, aht, patience, 20.0).unwrap();
            assert!(day.error_bound < 1e-9, "{}", day.error_bound);
            let queue =
                Load::new(calls_per_hour, aht).and_then(|load| Queue::new(load, agents, 20.0));
            let steady = a(&queue.unwrap(), patience).unwrap();
            let last = day.intervals[19];
            for (found, wanted) in [
                (last.p_wait, steady.p_wait),
                (last.answer_rate, steady.answer_rate()),
                (last.service_level, steady.sl_of_offered),
                (last.mean_queue, steady.mean_queue),
                (
                    last.mean_wait_served_secs.unwrap(),
                    steady.mean_wait_served_s,
                ),
                (last.abandoned / last.calls, steady.p_abandon),
            ] {
                assert!(
                    (found - wanted).abs() < 1e-8 * wanted.max(1.0),
                    "{found} {wanted}"
                );
            }
            // The desk is empty in the morning.
            assert!(day.intervals[0].p_wait < last.p_wait);
        }
    }

    #[test]
    fn a_jump_of_calls_reaches_into_the_next_half_hour() {
        let day = [
            interval(2.0, 3),
            interval(20.0, 3),
            interval(2.0, 3),
            interval(2.0, 3),
        ];
        let day = solve(&day, 480.0, 120.0, 20.0).unwrap();
        let rates: Vec<f64> = day.intervals.iter().map(|part| part.answer_rate).collect();
        assert!(
            rates[1] < 0.6 && rates[2] < rates[0] && rates[2] < rates[3],
            "{rates:?}"
        );
    }

    #[test]
    fn agents_are_added_until_every_half_hour_reaches_the_target() {
        let day = [interval(2.0, 1), interval(20.0, 1), interval(2.0, 1)];
        let staffed = staff(&day, 480.0, 120.0, 20.0, 0.9).unwrap();
        let fewer = |agents: u32| agents.saturating_sub(1);
        for (at, part) in staffed.intervals.iter().enumerate() {
            assert!(part.answer_rate >= 0.9, "{part:?}");
            // One agent less in this half hour would be too few.
            let agents = staffed.intervals.iter().map(|part| part.agents);
            let mut day: Vec<Interval> = day
                .iter()
                .zip(agents)
                .map(|(part, agents)| interval(part.calls, agents))
                .collect();
            day[at].agents = fewer(day[at].agents);
            let with_fewer = solve(&day, 480.0, 120.0, 20.0).unwrap();
            assert!(with_fewer.intervals[at].answer_rate < 0.9);
        }
    }

    #[test]
    fn nobody_at_the_desk_answers_nobody_and_no_calls_are_no_trouble() {
        let day = [interval(5.0, 0), interval(0.0, 2)];
        let day = solve(&day, 480.0, 120.0, 20.0).unwrap();
        assert_eq!(day.intervals[0].answer_rate, 0.0);
        assert_eq!(day.intervals[0].mean_wait_served_secs, None);
        let nothing = solve(&[interval(0.0, 0)], 480.0, 120.0, 20.0).unwrap();
        assert!((nothing.answer_rate - 1.0).abs() < 1e-12 && nothing.error_bound < 1e-12);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert!(solve(&[interval(f64::NAN, 2)], 480.0, 120.0, 20.0).is_err());
        assert!(solve(&[interval(1.0, 2)], 0.0, 120.0, 20.0).is_err());
        assert!(solve(&[interval(1.0, 2)], 480.0, f64::INFINITY, 20.0).is_err());
        assert!(solve(&[interval(1.0, 5_001)], 480.0, 120.0, 20.0).is_err());
    }
}
