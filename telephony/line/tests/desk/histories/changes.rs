//! Settings that change while all else goes on.

use std::collections::BTreeMap;

use madoguchi_core::hours::{Calendar, HoursSettings, Override};

use madoguchi_line::settings::Duty;

use super::*;
use crate::scene::duty;

/// A Tuesday like any other, closed, or closing sooner or later; always within the hour.
fn calendar(pick: usize) -> Calendar {
    let until = |minute| {
        let closes = chrono::NaiveTime::from_hms_opt(17, minute, 0);
        Some(Override::Until(closes))
    };
    let today = match pick % 8 {
        0 => Some(Override::Closed),
        1 => until(27),
        2 => until(33),
        _ => None,
    };
    let date = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let overrides: BTreeMap<_, _> = today.map(|today| (date, today)).into_iter().collect();
    Calendar::new(HoursSettings {
        overrides,
        ..HoursSettings::default()
    })
}

/// The lines of an agent that numbers choose.
fn some_lines(more: u64) -> Vec<Duty> {
    let names: &[&str] = match more % 4 {
        0 => &["desk"],
        1 => &["vip:2"],
        2 => &["vip", "desk:3"],
        _ => &[],
    };
    names.iter().map(|name| duty(name)).collect()
}

impl World {
    pub(super) fn settings_change(&mut self, pick: usize, more: u64) {
        let bit = |n: u32| more >> n & 1 == 1;
        let before = self.scene.settings.lines.first();
        let strategy = match pick % 8 {
            0 => Strategy::LongestIdle,
            1 => Strategy::RingAll,
            2 => Strategy::RoundRobin,
            _ => before.map_or(Strategy::LongestIdle, |line| line.strategy),
        };
        let (mut lines, mut agents) = settings(strategy, more);
        if bit(12) && bit(13) {
            lines.remove((more >> 14 & 1) as usize);
        }
        if bit(15) {
            lines
                .iter_mut()
                .for_each(|line| line.priority = 1 - line.priority);
        }
        if bit(16) {
            for (n, agent) in agents.iter_mut().enumerate() {
                agent.lines = some_lines(more >> (17 + 2 * n));
            }
        }
        agents.rotate_left((more >> 25 & 3) as usize);
        let mut gone = more >> 27;
        agents.retain(|_| {
            gone >>= 2;
            gone & 3 != 0
        });
        let was_there: Vec<_> = self.shown_agents();
        self.scene.reconfigure(|settings| {
            settings.lines = lines;
            settings.agents = agents;
            settings.calendar = calendar(pick >> 3);
        });
        self.follow();
        self.nobody_waits_who_is_to_be_told();
        for agent in self.shown_agents() {
            if !was_there.contains(&agent) && bit(37) {
                self.input(Input::AgentReachable {
                    agent: agent.clone(),
                    reachable: true,
                });
                let command = AgentCommand::Ready;
                self.input(Input::Agent { agent, command });
            }
        }
    }

    /// On a line that tells its callers when the desk closes, nobody waits after a change that
    /// closes it, unless somebody is just picking up.
    fn nobody_waits_who_is_to_be_told(&self) {
        let settings = &self.scene.settings;
        if settings.calendar.status(self.scene.wall()).open {
            return;
        }
        for waiting in self.scene.engine.snapshot().waiting {
            let line = settings.lines.iter().find(|line| line.name == waiting.line);
            let tells = line.is_some_and(|line| line.at_closing == AtClosing::Tell);
            let mut phones = self.phones.iter();
            let picked_up =
                phones.any(|(leg, phone)| leg.call == waiting.call && *phone == Phone::PickedUp);
            assert!(!tells || picked_up, "{waiting:?} was not told");
        }
    }

    fn shown_agents(&self) -> Vec<AgentId> {
        let agents = self.scene.engine.snapshot().agents;
        agents.into_iter().map(|view| view.agent).collect()
    }
}
