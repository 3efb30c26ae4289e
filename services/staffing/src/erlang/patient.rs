//! Erlang C (M/M/N): everybody waits until they are answered.

use super::{Outcome, Performance, Queue, b};

/// Erlang C, for reference: it knows no caller who gives up.
pub fn c(queue: &Queue) -> Outcome {
    let Queue {
        load,
        agents,
        target_secs,
    } = *queue;
    if load.calls_per_hour <= 0.0 {
        return Outcome::Steady(Performance::IDLE);
    }
    if load.is_too_much_for(agents) {
        return Outcome::Insufficient;
    }
    let n = f64::from(agents);
    let offered = load.offered();
    let occupancy = offered / n;
    let blocked = b(offered, agents);
    let p_wait = blocked / (1.0 - occupancy * (1.0 - blocked));
    // By how much agents are faster than calls come, per second.
    let spare = (n - offered) / load.aht_secs;
    let mean_wait = p_wait / spare;
    let service_level = 1.0 - p_wait * (-spare * target_secs).exp();
    let p90 = if p_wait > 0.1 {
        (p_wait / 0.1).ln() / spare
    } else {
        0.0
    };
    Outcome::Steady(Performance {
        p_wait,
        p_abandon: 0.0,
        mean_wait_all_s: mean_wait,
        mean_wait_served_s: mean_wait,
        sl_of_offered: service_level,
        sl_of_answered: service_level,
        sl_excl_short_aband: service_level,
        abandoned_within_target: 0.0,
        occupancy,
        mean_queue: load.calls_per_hour / 3600.0 * mean_wait,
        p90_wait_all_s: p90,
    })
}
