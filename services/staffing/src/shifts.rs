//! 勤務計画: which agents begin when, so that every half hour has as many as it needs.

use serde::{Deserialize, Serialize};

/// Agents that a plan is made for, at the most at a time.
const SEARCHED: u32 = 400;
/// Plans that are looked at, at the most.
const STEPS: u32 = 100_000;

/// A shift that people can work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// What it is called: 早番.
    pub name: String,
    /// Its first half hour, from midnight: 16 for 8:00.
    pub from: usize,
    /// The half hour after its last one.
    pub until: usize,
    /// The pause, by its first half hour and the one after its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<(usize, usize)>,
}

impl Shift {
    /// Whether who works it is at the phone in a half hour.
    pub fn covers(&self, half_hour: usize) -> bool {
        let pauses = self
            .pause
            .is_some_and(|(from, until)| (from..until).contains(&half_hour));
        (self.from..self.until).contains(&half_hour) && !pauses
    }
}

/// Who begins when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShiftPlan {
    /// Every shift with how many people work it.
    pub shifts: Vec<ShiftAgents>,
    /// Every half hour with the people it needs and has.
    pub half_hours: Vec<Coverage>,
    /// People in all.
    pub agents: u32,
    /// No plan with fewer people exists. Otherwise this is the best that was found.
    pub is_least: bool,
}

/// A shift and how many people work it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShiftAgents {
    /// The shift.
    pub shift: Shift,
    /// People.
    pub agents: u32,
}

/// People of a half hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Which, from midnight.
    pub half_hour: usize,
    /// So many are needed,
    pub needed: u32,
    /// so many are there.
    pub planned: u32,
}

impl ShiftPlan {
    /// Half hours that no choice of shifts can fill: no shift covers them.
    pub fn uncovered(&self) -> impl Iterator<Item = &Coverage> {
        self.half_hours
            .iter()
            .filter(|coverage| coverage.planned < coverage.needed)
    }
}

/// The plan with the fewest people. `needs` are half hours, each once, with the agents that they need.
pub fn plan(shifts: &[Shift], needs: &[(usize, u32)]) -> ShiftPlan {
    let mut needs = needs.to_vec();
    needs.sort_unstable();
    let coverable: Vec<(usize, u32)> = needs
        .iter()
        .copied()
        .filter(|(half_hour, _)| shifts.iter().any(|shift| shift.covers(*half_hour)))
        .collect();
    let mut search = Search {
        shifts,
        needs: &coverable,
        best: None,
        steps: 0,
    };
    let mut chosen = vec![0; shifts.len()];
    search.greedily(&mut chosen.clone());
    let most = coverable.iter().map(|(_, agents)| *agents).max();
    if most.unwrap_or_default() <= SEARCHED {
        search.deeper(&mut chosen, 0);
    } else {
        search.steps = STEPS;
    }
    let is_least = search.steps < STEPS;
    let best = search.best.unwrap_or_else(|| vec![0; shifts.len()]);
    let half_hours = needs
        .iter()
        .map(|(half_hour, needed)| Coverage {
            half_hour: *half_hour,
            needed: *needed,
            planned: planned(shifts, &best, *half_hour),
        })
        .collect();
    let people = shifts.iter().zip(&best);
    let people = people.map(|(shift, agents)| ShiftAgents {
        shift: shift.clone(),
        agents: *agents,
    });
    ShiftPlan {
        agents: best.iter().sum(),
        shifts: people.collect(),
        half_hours,
        is_least,
    }
}

/// How many people of a choice are there in a half hour.
fn planned(shifts: &[Shift], chosen: &[u32], half_hour: usize) -> u32 {
    let there = shifts.iter().zip(chosen);
    there
        .filter(|(shift, _)| shift.covers(half_hour))
        .map(|(_, agents)| *agents)
        .sum()
}

/// Branch and bound over the first half hour that lacks people.
struct Search<'a> {
    shifts: &'a [Shift],
    needs: &'a [(usize, u32)],
    best: Option<Vec<u32>>,
    steps: u32,
}

impl Search<'_> {
    /// The first half hour that lacks people, and the most that any lacks.
    fn lacks(&self, chosen: &[u32]) -> Option<(usize, u32)> {
        let mut first = None;
        let mut most = 0;
        for (half_hour, needed) in self.needs {
            let lack = needed.saturating_sub(planned(self.shifts, chosen, *half_hour));
            if lack > 0 {
                first = first.or(Some(*half_hour));
            }
            most = most.max(lack);
        }
        first.map(|half_hour| (half_hour, most))
    }

    /// Shifts that cover a half hour, those that reach furthest first.
    fn candidates(&self, half_hour: usize) -> Vec<usize> {
        let mut candidates: Vec<(usize, usize)> = self
            .shifts
            .iter()
            .enumerate()
            .filter(|(_, shift)| shift.covers(half_hour))
            .map(|(at, shift)| (shift.until, at))
            .collect();
        candidates.sort_unstable_by(|one, other| other.cmp(one));
        candidates.into_iter().map(|(_, at)| at).collect()
    }

    /// Always the shift that reaches furthest: the fewest people, if no shift has a pause.
    fn greedily(&mut self, chosen: &mut [u32]) {
        while let Some((half_hour, _)) = self.lacks(chosen) {
            let furthest = self.candidates(half_hour).first().copied();
            let Some(agents) = furthest.and_then(|at| chosen.get_mut(at)) else {
                return;
            };
            *agents += 1;
        }
        self.keep(chosen);
    }

    fn keep(&mut self, chosen: &[u32]) {
        let people: u32 = chosen.iter().sum();
        let fewer = |best: &Vec<u32>| people < best.iter().sum();
        if self.best.as_ref().is_none_or(fewer) {
            self.best = Some(chosen.to_vec());
        }
    }

    /// Tries all shifts for the first half hour that lacks people, as long as fewer people than the best
    /// plan has may do.
    fn deeper(&mut self, chosen: &mut Vec<u32>, people: u32) {
        if self.steps >= STEPS {
            return;
        }
        self.steps += 1;
        let Some((half_hour, lacking)) = self.lacks(chosen) else {
            self.keep(chosen);
            return;
        };
        let best: Option<u32> = self.best.as_ref().map(|best| best.iter().sum());
        if best.is_some_and(|best| people + lacking >= best) {
            return;
        }
        for at in self.candidates(half_hour) {
            self.with_one_more(chosen, at, people);
        }
    }

    fn with_one_more(&mut self, chosen: &mut Vec<u32>, at: usize, people: u32) {
        if let Some(agents) = chosen.get_mut(at) {
            *agents += 1;
        }
        self.deeper(chosen, people + 1);
        if let Some(agents) = chosen.get_mut(at) {
            *agents -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(name: &str, from: usize, until: usize, pause: Option<(usize, usize)>) -> Shift {
        Shift {
            name: name.to_owned(),
            from,
            until,
            pause,
        }
    }

    #[test]
    fn every_half_hour_has_the_people_it_needs() {
        let shifts = [
            shift("早番", 16, 33, Some((24, 26))),
            shift("遅番", 18, 35, Some((26, 28))),
            shift("半日", 16, 26, None),
        ];
        let needs: Vec<(usize, u32)> = (16..35)
            .map(|at| (at, if (18..22).contains(&at) { 5 } else { 2 }))
            .collect();
        let plan = plan(&shifts, &needs);
        assert_eq!(plan.uncovered().count(), 0);
        assert!(plan.is_least);
        // Five at a time, two who come early and two who stay late among them.
        assert_eq!(plan.agents, 5);
        let sum: u32 = plan.shifts.iter().map(|shift| shift.agents).sum();
        assert_eq!(sum, plan.agents);
    }

    #[test]
    fn no_plan_with_fewer_people_exists() {
        let shifts = [
            shift("a", 0, 4, Some((1, 2))),
            shift("b", 1, 6, Some((3, 4))),
            shift("c", 2, 6, None),
        ];
        for code in 0..729_u32 {
            let need = |at: u32| code / 3_u32.pow(at) % 3;
            let needs: Vec<(usize, u32)> = (0..6).map(|at| (at as usize, need(at))).collect();
            let found = plan(&shifts, &needs);
            assert!(
                found.is_least && found.uncovered().count() == 0,
                "{needs:?}"
            );
            // All choices of so few people that they could be fewer.
            let enough = |chosen: &[u32]| {
                needs
                    .iter()
                    .all(|(at, needed)| planned(&shifts, chosen, *at) >= *needed)
            };
            let mut least = u32::MAX;
            for a in 0..=4 {
                for b in 0..=4 {
                    for c in 0..=4 {
                        if enough(&[a, b, c]) {
                            least = least.min(a + b + c);
                        }
                    }
                }
            }
            assert_eq!(found.agents, least, "{needs:?}");
        }
    }

    #[test]
    fn half_hours_that_no_shift_covers_are_told() {
        let plan = plan(&[shift("a", 16, 20, None)], &[(18, 2), (30, 1)]);
        let uncovered: Vec<_> = plan
            .uncovered()
            .map(|coverage| coverage.half_hour)
            .collect();
        assert_eq!((plan.agents, uncovered), (2, vec![30]));
    }
}
