//! The setup in force, as pages need it: what the file names and what was made on screens, without
//! secrets.

use std::collections::BTreeMap;

use super::agents::AgentConfig;
use super::calendar::{CalendarConfig, put_days};
use super::categories::Categories;
use super::lines::LineConfig;
use super::observe::ObserveSetting;
use super::outbound::OutboundConfig;
use super::screen::ScreenSetup;
use super::targets::{TargetConfig, Targets};
use super::trunks::TrunkConfig;
use crate::id::{AgentId, LineName};

/// What was configured, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured<T> {
    /// The line, agent, trunk or calendar.
    pub config: T,
    /// The operator's file names it, so that screens only show it.
    pub by_file: bool,
}

/// What the operator's file names.
#[derive(Debug, Clone, Default)]
pub struct FileSetup {
    /// The lines that the file names.
    pub lines: Vec<LineConfig>,
    /// The agents that the file names.
    pub agents: Vec<AgentConfig>,
    /// The trunks that the file names.
    pub trunks: Vec<TrunkConfig>,
    /// Reception calendars beside the desk's.
    pub calendars: Vec<CalendarConfig>,
    /// Targets and thresholds.
    pub targets: TargetConfig,
    /// Rules for calls to the outside.
    pub outbound: OutboundConfig,
    /// What is observed of a PBX.
    pub observe: ObserveSetting,
    /// Numbers of the desk that set an agent's state.
    pub feature_codes: Vec<String>,
    /// The realm in which phones prove themselves.
    pub realm: String,
}

/// The setup in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeskSetup {
    /// Lines: those of the file, then those of screens by name.
    pub lines: Vec<Configured<LineConfig>>,
    /// Agents: those of the file, then those of screens by id.
    pub agents: Vec<Configured<AgentConfig>>,
    /// Trunks: those of the file, then those of screens by name.
    pub trunks: Vec<Configured<TrunkConfig>>,
    /// Reception calendars beside the desk's: those of the file, then those of screens by name; with
    /// the days that screens have set.
    pub calendars: Vec<Configured<CalendarConfig>>,
    /// The names of agents who were removed; records still name them.
    pub former_agents: BTreeMap<AgentId, String>,
    /// The names of lines that were removed; records still name them.
    pub former_lines: Vec<String>,
    /// Which targets and thresholds the file names.
    pub file_targets: TargetConfig,
    /// Targets and thresholds.
    pub targets: Targets,
    /// Which rules for calls to the outside the file names.
    pub file_outbound: OutboundConfig,
    /// Rules for calls to the outside.
    pub outbound: OutboundConfig,
    /// Which of what is observed of a PBX the file names.
    pub file_observe: ObserveSetting,
    /// What is observed of a PBX.
    pub observe: ObserveSetting,
    /// Numbers of the desk that set an agent's state.
    pub feature_codes: Vec<String>,
    /// Categories of 問合せ.
    pub categories: Categories,
    /// The realm in which phones prove themselves.
    pub realm: String,
}

impl DeskSetup {
    /// What the file names and what was made on screens, together.
    pub fn join(file: &FileSetup, screen: &ScreenSetup) -> Self {
        let agents = screen.agents.values().map(|kept| kept.agent.clone());
        let trunks = screen.trunks.values().map(|kept| kept.trunk.clone());
        let mut calendars = made(&file.calendars, screen.calendars.values().cloned());
        put_days(
            calendars.iter_mut().map(|calendar| &mut calendar.config),
            screen,
        );
        Self {
            calendars,
            lines: made(&file.lines, screen.lines.values().cloned()),
            agents: made(&file.agents, agents)
                .into_iter()
                .map(|made| Configured {
                    config: made.config.without_secrets(),
                    ..made
                })
                .collect(),
            trunks: made(&file.trunks, trunks)
                .into_iter()
                .map(|made| Configured {
                    config: made.config.without_secrets(),
                    ..made
                })
                .collect(),
            former_agents: BTreeMap::new(),
            former_lines: Vec::new(),
            file_targets: file.targets,
            targets: file.targets.over(screen.targets).targets(),
            file_outbound: file.outbound.clone(),
            outbound: file.outbound.over(&screen.outbound),
            file_observe: file.observe.clone(),
            observe: file.observe.over(&screen.observe.observe),
            feature_codes: file.feature_codes.clone(),
            categories: screen.categories.clone(),
            realm: file.realm.clone(),
        }
    }

    /// The names of all lines.
    pub fn line_names(&self) -> impl Iterator<Item = LineName> {
        self.lines
            .iter()
            .map(|line| LineName::new(&line.config.name))
    }

    /// The name of an agent who is or was here; the id of others.
    pub fn agent_name<'a>(&'a self, id: &'a str) -> &'a str {
        let here = self.agents.iter().find(|agent| agent.config.id == id);
        let here = here.map(|agent| agent.config.name.as_str());
        let former = || self.former_agents.get(id).map(String::as_str);
        here.or_else(former).unwrap_or(id)
    }

    /// The line of this name.
    pub fn line(&self, name: &str) -> Option<&Configured<LineConfig>> {
        self.lines.iter().find(|line| line.config.name == name)
    }

    /// The agent of this id.
    pub fn agent(&self, id: &str) -> Option<&Configured<AgentConfig>> {
        self.agents.iter().find(|agent| agent.config.id == id)
    }

    /// The reception calendar of this name.
    pub fn calendar(&self, name: &str) -> Option<&Configured<CalendarConfig>> {
        self.calendars.iter().find(|one| one.config.name == name)
    }

    /// Agents to whom no call comes, for they take calls of no line.
    pub fn agents_without_line(&self) -> impl Iterator<Item = &AgentConfig> {
        let agents = self.agents.iter().map(|agent| &agent.config);
        agents.filter(|agent| agent.lines.is_empty())
    }

    /// The trunk of this name.
    pub fn trunk(&self, name: &str) -> Option<&Configured<TrunkConfig>> {
        self.trunks.iter().find(|trunk| trunk.config.name == name)
    }
}

fn made<T: Clone>(file: &[T], screen: impl Iterator<Item = T>) -> Vec<Configured<T>> {
    let file = file.iter().cloned().map(|config| Configured {
        config,
        by_file: true,
    });
    let screen = screen.map(|config| Configured {
        config,
        by_file: false,
    });
    file.chain(screen).collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines::LINE;
    use super::*;

    #[test]
    fn file_and_screens_together_tell_no_secret() {
        let mut file = FileSetup {
            agents: vec![AgentConfig {
                password: Some("secret".to_owned()),
                ..AgentConfig::new("tanaka", "田中", "201")
            }],
            trunks: vec![TrunkConfig {
                password: Some("secret".to_owned()),
                ..TrunkConfig::new("carrier")
            }],
            lines: vec![LineConfig::new("z", vec!["1".to_owned()])],
            ..FileSetup::default()
        };
        file.targets.answer_rate_target = Some(92);
        let mut screen = ScreenSetup::default();
        let line = r#"{"name":"a","numbers":["2"]}"#;
        screen.put(LINE, "a", Some(line)).unwrap();
        let mut setup = DeskSetup::join(&file, &screen);
        let names: Vec<_> = setup.line_names().map(|name| name.to_string()).collect();
        assert_eq!(names, ["z", "a"]);
        assert!(setup.line("z").unwrap().by_file && !setup.line("a").unwrap().by_file);
        assert_eq!(setup.agent("tanaka").unwrap().config.password, None);
        assert_eq!(setup.trunk("carrier").unwrap().config.password, None);
        assert_eq!(setup.targets.answer_rate, 92);
        let idle = setup.agents_without_line().map(|agent| agent.id.as_str());
        assert_eq!(idle.collect::<Vec<_>>(), ["tanaka"]);
        setup
            .former_agents
            .insert(AgentId::new("sato"), "佐藤".to_owned());
        let name = |id| setup.agent_name(id);
        assert_eq!(
            (name("tanaka"), name("sato"), name("x")),
            ("田中", "佐藤", "x")
        );
    }
}
