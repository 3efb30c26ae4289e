//! Erlang A (M/M/N+M): who waits gives up after an exponential time (Palm 1957; Garnett, Mandelbaum and
//! Reiman 2002).
//!
//! All figures are integrals over the virtual wait V, which is how long a caller would have to wait who
//! never gave up (Baccelli and Hebuterne 1981). For t > 0 its density is
//! λ π(N−1) exp( λ/θ · (1 − e^(−θt)) − Nμt ), which has one peak and no series to cut off, however large
//! the desk and however long the patience.

use super::{Load, PATIENCE_AT_MOST, Performance, Queue, QueueFault, ln_inverse_b};
use crate::quadrature::integrate;

/// The density is left out where it is below e^−50 of its peak.
const NOTHING: f64 = -50.0;
/// Steps towards the 90th percentile, at the most.
const STEPS: usize = 200;

/// Erlang A for a mean patience in seconds.
///
/// # Errors
/// The patience is out of bounds or no number.
pub fn a(queue: &Queue, patience_secs: f64) -> Result<Performance, QueueFault> {
    let wait = VirtualWait::new(queue.load, queue.agents, patience_secs)?;
    Ok(match wait {
        Some(wait) => wait.performance(queue),
        None => Performance::IDLE,
    })
}

/// 応答率 of so many agents, from 0 to 1, without all the rest.
pub(crate) fn answer_rate(load: Load, agents: u32, patience_secs: f64) -> Result<f64, QueueFault> {
    if agents == 0 {
        return Ok(0.0);
    }
    let wait = VirtualWait::new(load, agents, patience_secs)?;
    Ok(wait.map_or(1.0, |wait| wait.p_served()))
}

/// The virtual wait: 0, or of a density λ ÷ (ε + λJ) · e^f(t).
struct VirtualWait {
    agents: f64,
    offered: f64,
    /// Calls a second.
    arrivals: f64,
    /// Callers who give up a second, of each who waits.
    giving_up: f64,
    /// min(λ, Nμ) ÷ θ
    bend: f64,
    /// Nμ − λ, if positive.
    slope: f64,
    /// Where the density is largest. All other places are told from here, for a narrow peak may stand at
    /// a very long wait.
    peak: f64,
    /// Where it begins to matter, not above zero,
    from: f64,
    /// and where it ends to.
    until: f64,
    p_wait: f64,
    p_no_wait: f64,
    /// Integrals of e^h times 1, the share that is still there, the share that has given up, and the
    /// time of those still there; h is f less its peak.
    sums: Sums,
}

#[derive(Clone, Copy)]
struct Sums {
    all: f64,
    staying: f64,
    gone: f64,
    staying_time: f64,
}

impl VirtualWait {
    /// `None` if nobody calls.
    fn new(load: Load, agents: u32, patience_secs: f64) -> Result<Option<Self>, QueueFault> {
        if !(1e-6..=PATIENCE_AT_MOST).contains(&patience_secs) {
            return Err(QueueFault::Patience);
        }
        if load.calls_per_hour <= 0.0 {
            return Ok(None);
        }
        let n = f64::from(agents);
        let arrivals = load.calls_per_hour / 3600.0;
        let served = n / load.aht_secs;
        let giving_up = 1.0 / patience_secs;
        // λ/Nμ − 1, and where the density turns.
        let excess = (load.offered() - n) / n;
        let peak = if excess > 0.0 {
            excess.ln_1p() / giving_up
        } else {
            0.0
        };
        let mut wait = Self {
            agents: n,
            offered: load.offered(),
            arrivals,
            giving_up,
            bend: arrivals.min(served) / giving_up,
            slope: (served - arrivals).max(0.0),
            peak,
            from: 0.0,
            until: 0.0,
            p_wait: 0.0,
            p_no_wait: 1.0,
            sums: Sums {
                all: 0.0,
                staying: 0.0,
                gone: 0.0,
                staying_time: 0.0,
            },
        };
        wait.find_ends(1.0 / served);
        wait.sums = wait.sums_between(wait.from, wait.until);
        // f at its peak.
        let height = if excess > 0.0 {
            served / giving_up * (excess - excess.ln_1p())
        } else {
            0.0
        };
        let ln_weight = arrivals.ln() + height + wait.sums.all.ln();
        let odds = (ln_inverse_b(wait.offered, agents - 1) - ln_weight).exp();
        wait.p_wait = 1.0 / (1.0 + odds);
        wait.p_no_wait = 1.0 / (1.0 + 1.0 / odds);
        Ok(Some(wait))
    }

    /// f so long after its peak, less its value there; never above zero.
    fn exponent(&self, after: f64) -> f64 {
        -self.bend * bent(self.giving_up * after) - self.slope * after
    }

    /// Where the density begins and ends to matter.
    fn find_ends(&mut self, step: f64) {
        let mut width = step;
        while self.exponent(width) > NOTHING {
            width *= 2.0;
        }
        self.until = self.crossing(width);
        self.from = if self.exponent(-self.peak) < NOTHING {
            self.crossing(-self.peak)
        } else {
            -self.peak
        };
    }

    /// Between the peak and a place where the density does not matter.
    fn crossing(&self, mut outside: f64) -> f64 {
        let mut inside = 0.0;
        for _ in 0..60 {
            let middle = inside + (outside - inside) / 2.0;
            if self.exponent(middle) > NOTHING {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        outside
    }

    fn sums_between(&self, from: f64, until: f64) -> Sums {
        let functions = |after: f64| {
            let density = self.exponent(after).exp();
            let given_up = -self.giving_up * (self.peak + after);
            let staying = given_up.exp();
            [
                density,
                density * staying,
                density * -given_up.exp_m1(),
                density * staying * (self.peak + after),
            ]
        };
        // Panels begin at the peak, and beyond it where callers have given up.
        let patience = 1.0 / self.giving_up;
        let borders = [0.0, 1.0, 8.0, 64.0].map(|times| times * patience);
        let mut sums = [0.0; 4];
        let mut begins = from;
        for border in borders.into_iter().chain([until]) {
            let ends = border.clamp(begins, until);
            let part = integrate(&functions, begins, ends);
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part;
            }
            begins = ends;
        }
        let [all, staying, gone, staying_time] = sums;
        Sums {
            all,
            staying,
            gone,
            staying_time,
        }
    }

    /// Of those with a virtual wait, shares become shares of all.
    fn share(&self, sum: f64) -> f64 {
        self.p_wait * sum / self.sums.all
    }

    fn p_served(&self) -> f64 {
        self.p_no_wait + self.share(self.sums.staying)
    }

    fn performance(&self, queue: &Queue) -> Performance {
        let p_abandon = self.share(self.sums.gone);
        let p_served = self.p_served();
        let patience = 1.0 / self.giving_up;
        let target = queue.target_secs;
        let border = (target - self.peak).clamp(self.from, self.until);
        let within = self.sums_between(self.from, border);
        let beyond = self.sums_between(border, self.until);
        let in_time = self.p_no_wait + self.share(within.staying);
        let gone_by_target = -(-self.giving_up * target).exp_m1();
        let waiting = self.share(beyond.all) * (-self.giving_up * target).exp();
        let gone_in_time = self.share(within.gone + gone_by_target * beyond.all);
        Performance {
            p_wait: self.p_wait,
            p_abandon,
            mean_wait_all_s: p_abandon * patience,
            mean_wait_served_s: ratio(self.share(self.sums.staying_time), p_served),
            sl_of_offered: in_time,
            sl_of_answered: ratio(in_time, p_served),
            sl_excl_short_aband: ratio(in_time, in_time + waiting),
            abandoned_within_target: gone_in_time,
            occupancy: self.offered * p_served / self.agents,
            mean_queue: self.arrivals * p_abandon * patience,
            p90_wait_all_s: self.percentile(0.1),
        }
    }

    /// The time beyond which only this share of all callers waits: they are neither answered nor gone.
    fn percentile(&self, share: f64) -> f64 {
        if self.p_wait <= share {
            return 0.0;
        }
        let (mut low, mut high) = (-self.peak, self.until);
        let mut at = 0.0_f64.max(self.from);
        for _ in 0..STEPS {
            let beyond = self.sums_between(at.max(self.from), self.until).all;
            let waiting = (self.share(beyond) / share).ln() - self.giving_up * (self.peak + at);
            if waiting > 0.0 {
                low = at;
            } else {
                high = at;
            }
            // Newton's step on the logarithm, which is concave, or the middle where it leads astray.
            let slope = -self.giving_up - self.exponent(at).exp() / beyond;
            let next = at - waiting / slope;
            let next = if low < next && next < high {
                next
            } else {
                low + (high - low) / 2.0
            };
            if (next - at).abs() <= 1e-13 * (self.peak + at) {
                return self.peak + next;
            }
            at = next;
        }
        self.peak + at
    }
}

/// e^(−y) − 1 + y without loss where y is small.
fn bent(y: f64) -> f64 {
    if y.abs() > 0.05 {
        return (-y).exp_m1() + y;
    }
    let (mut term, mut sum) = (y * y / 2.0, 0.0);
    for n in 3..=13 {
        sum += term;
        term *= -y / f64::from(n);
    }
    sum
}

/// 0 over nothing: a desk at which nobody is served serves nobody in time.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
