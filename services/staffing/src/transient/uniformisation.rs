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
    let event = Event::of(rates);
    let mut left_out = 0.0;
    let mut step = 0.0;
    while step < steps {
        left_out += pass_step(shares, &event, rates.most, secs / steps, &mut occupied);
        step += 1.0;
    }
    (occupied, left_out)
}

/// What one event does to the share of a state: by how much it stays, and what leaves it downwards and upwards.
struct Event {
    stays: Vec<f64>,
    down: Vec<f64>,
    up: f64,
}

impl Event {
    fn of(rates: &Rates) -> Self {
        let up = rates.arrivals / rates.most;
        let down: Vec<f64> = rates.leaving.iter().map(|rate| rate / rates.most).collect();
        let last = down.len().saturating_sub(1);
        let stays = down.iter().enumerate();
        let stays = stays.map(|(at, down)| 1.0 - down - if at == last { 0.0 } else { up });
        Self {
            stays: stays.collect(),
            down,
            up,
        }
    }

    /// One event of the uniformised chain.
    fn happens(&self, before: &[f64], after: &mut [f64]) {
        for ((after, share), stays) in after.iter_mut().zip(before).zip(&self.stays) {
            *after = share * stays;
        }
        for (after, from_below) in after.iter_mut().skip(1).zip(before) {
            *after += from_below * self.up;
        }
        let above = before.iter().zip(&self.down).skip(1);
        for (after, (share, down)) in after.iter_mut().zip(above) {
            *after += share * down;
        }
    }
}

fn pass_step(
    shares: &mut Vec<f64>,
    event: &Event,
    most: f64,
    secs: f64,
    occupied: &mut [f64],
) -> f64 {
    if most <= 0.0 {
        add(occupied, shares, secs);
        return 0.0;
    }
    let mean = most * secs;
    let mut weight = (-mean).exp();
    let mut weights = weight;
    let mut jumped = shares.clone();
    let mut next = vec![0.0; shares.len()];
    let mut after = vec![0.0; shares.len()];
    let mut events = 0.0;
    loop {
        add(&mut after, &jumped, weight);
        // ∫ of the Poisson weight over the step: the chance of more than so many events, by the rate.
        add(occupied, &jumped, (1.0 - weights).max(0.0) / most);
        if 1.0 - weights <= TAIL || (weight < TAIL * TAIL && events > mean) {
            break;
        }
        event.happens(&jumped, &mut next);
        std::mem::swap(&mut jumped, &mut next);
        events += 1.0;
        weight *= mean / events;
        weights += weight;
    }
    *shares = after;
    (1.0 - weights).abs()
}

fn add(sums: &mut [f64], more: &[f64], weight: f64) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more * weight;
    }
}
