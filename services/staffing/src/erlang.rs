//! The steady state of a queue: Erlang B (lines), Erlang C (nobody gives up) and Erlang A (callers give
//! up after a while). Arrivals are Poisson, handling times and patience exponential.

mod abandoning;
mod exact;
mod patient;

use serde::Serialize;

pub use self::abandoning::a;
pub(crate) use self::abandoning::answer_rate;
pub use self::exact::p_wait_exact;
pub use self::patient::c;

/// Agents of a queue, at the most.
pub const AGENTS_AT_MOST: u32 = 5_000;
/// Calls an hour, at the most.
pub const CALLS_AT_MOST: f64 = 1_000_000.0;
/// Mean handling time and target wait in seconds, at the most: a day.
pub const SECONDS_AT_MOST: f64 = 86_400.0;
/// Mean patience in seconds, at the most. Longer ones are the same as for ever.
pub const PATIENCE_AT_MOST: f64 = 1e9;

/// What no queue can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueFault {
    /// The number of calls.
    #[error("1時間当たりの着信件数は、0以上1,000,000以下の数で指定してください")]
    Calls,
    /// The handling time.
    #[error("平均処理時間は、0より大きく86,400以下の秒数で指定してください")]
    Aht,
    /// The patience.
    #[error("平均の待ち許容時間は、0より大きく1,000,000,000以下の秒数で指定してください")]
    Patience,
    /// The agents.
    #[error("担当者の人数は、1以上5,000以下の整数で指定してください")]
    Agents,
    /// The target wait.
    #[error("目標の待ち時間は、0以上86,400以下の秒数で指定してください")]
    Target,
}

/// What comes to a queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    calls_per_hour: f64,
    aht_secs: f64,
}

impl Load {
    /// So many calls an hour of so many seconds each.
    ///
    /// # Errors
    /// A number is out of bounds or none.
    pub fn new(calls_per_hour: f64, aht_secs: f64) -> Result<Self, QueueFault> {
        if !(0.0..=CALLS_AT_MOST).contains(&calls_per_hour) {
            return Err(QueueFault::Calls);
        }
        // What is shorter than a microsecond is no call.
        if !(1e-6..=SECONDS_AT_MOST).contains(&aht_secs) {
            return Err(QueueFault::Aht);
        }
        Ok(Self {
            calls_per_hour,
            aht_secs,
        })
    }

    /// Calls an hour.
    pub fn calls_per_hour(self) -> f64 {
        self.calls_per_hour
    }

    /// Mean handling time in seconds.
    pub fn aht_secs(self) -> f64 {
        self.aht_secs
    }

    /// The load in Erlang: how many agents would be busy if there were always enough.
    pub fn offered(self) -> f64 {
        self.calls_per_hour * self.aht_secs / 3600.0
    }

    /// Whether so many agents cannot work it off: N ≤ A, decided without the division.
    fn is_too_much_for(self, agents: u32) -> bool {
        self.calls_per_hour > 0.0
            && f64::from(agents) * 3600.0 <= self.calls_per_hour * self.aht_secs
    }
}

/// A queue in front of agents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    load: Load,
    agents: u32,
    target_secs: f64,
}

impl Queue {
    /// So many agents for a load; サービスレベル counts who is answered within `target_secs`.
    ///
    /// # Errors
    /// A number is out of bounds or none.
    pub fn new(load: Load, agents: u32, target_secs: f64) -> Result<Self, QueueFault> {
        if !(1..=AGENTS_AT_MOST).contains(&agents) {
            return Err(QueueFault::Agents);
        }
        if !(0.0..=SECONDS_AT_MOST).contains(&target_secs) {
            return Err(QueueFault::Target);
        }
        Ok(Self {
            load,
            agents,
            target_secs,
        })
    }

    /// What comes.
    pub fn load(self) -> Load {
        self.load
    }

    /// N
    pub fn agents(self) -> u32 {
        self.agents
    }

    /// T in seconds.
    pub fn target_secs(self) -> f64 {
        self.target_secs
    }
}

/// What becomes of callers in the long run. Shares from 0 to 1, times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Performance {
    /// Of all, those who find all agents busy.
    pub p_wait: f64,
    /// Of all, those who give up; 応答率 is what is left of 1.
    pub p_abandon: f64,
    /// Mean wait of all callers, of those who give up as well.
    pub mean_wait_all_s: f64,
    /// Mean wait of those who are answered: our 平均待ち時間.
    pub mean_wait_served_s: f64,
    /// Answered within T ÷ all: our サービスレベル.
    pub sl_of_offered: f64,
    /// Answered within T ÷ answered.
    pub sl_of_answered: f64,
    /// Answered within T ÷ those who did not give up within T.
    pub sl_excl_short_aband: f64,
    /// Gave up within T ÷ all.
    pub abandoned_within_target: f64,
    /// Share of their time in which agents handle calls.
    pub occupancy: f64,
    /// Mean number of callers who wait.
    pub mean_queue: f64,
    /// 90% of all callers wait no longer.
    pub p90_wait_all_s: f64,
}

impl Performance {
    /// 応答率, from 0 to 1.
    pub fn answer_rate(&self) -> f64 {
        1.0 - self.p_abandon
    }

    /// Nobody calls: whoever called would be answered at once.
    const IDLE: Self = Self {
        p_wait: 0.0,
        p_abandon: 0.0,
        mean_wait_all_s: 0.0,
        mean_wait_served_s: 0.0,
        sl_of_offered: 1.0,
        sl_of_answered: 1.0,
        sl_excl_short_aband: 1.0,
        abandoned_within_target: 0.0,
        occupancy: 0.0,
        mean_queue: 0.0,
        p90_wait_all_s: 0.0,
    };
}

/// What Erlang C says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The queue comes to rest.
    Steady(Performance),
    /// 不足: N ≤ A. If nobody gave up, the queue would grow for ever; no number describes it.
    Insufficient,
}

/// Erlang B: the share of calls that find all of so many lines busy, at an offered load in Erlang.
pub fn b(offered: f64, lines: u32) -> f64 {
    if offered <= 0.0 {
        return if lines == 0 { 1.0 } else { 0.0 };
    }
    (-ln_inverse_b(offered, lines)).exp()
}

/// The logarithm of 1 ÷ B, by 1/B(n) = 1 + (n/A) · 1/B(n−1): only sums of what is positive.
fn ln_inverse_b(offered: f64, lines: u32) -> f64 {
    /// Beside a larger one, the 1 cannot be seen any more.
    const LARGE: f64 = 1e200;
    let mut inverse = 1.0_f64;
    // What was divided off, as a logarithm.
    let mut scale = 0.0_f64;
    for n in 1..=lines {
        let one = if scale > 0.0 { 0.0 } else { 1.0 };
        inverse = one + inverse * f64::from(n) / offered;
        if inverse > LARGE {
            scale += inverse.ln();
            inverse = 1.0;
        }
    }
    scale + inverse.ln()
}
