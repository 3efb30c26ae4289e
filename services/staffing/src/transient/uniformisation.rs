//! Uniformisation: the process jumps at one rate, whatever its state, and some jumps lead nowhere; how many
//! there are in a step of time is Poisson.

/// Events that a step of time holds on average: e^−256 is still a number.
const EVENTS: f64 = 256.0;
/// What is left out of the Poisson weights of a step.
const TAIL: f64 = 1e-14;

/// The rates of one interval, by the number of callers at the desk.
pub(super) struct Rates {
    pub(super) arrivals: f64,
    pub(super) leaving: Vec<f64>,
    /// The largest rate at which anything happens.
    pub(super) most: f64,
}

/// Takes the shares of the states over an interval. Gives how long each state lasted on average, and what
/// was left out.
pub(super) fn pass(shares: &mut Vec<f64>, rates: &Rates, secs: f64) -> (Vec<f64>, f64) {
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
