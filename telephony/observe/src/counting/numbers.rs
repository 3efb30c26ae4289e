//! Which numbers are lines, extensions and feature codes, and which addresses are trunks.

use std::net::IpAddr;

use ipnet::IpNet;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::phone;
use madoguchi_core::setup::{AgentConfig, LineConfig, ObserveSetting, Pattern, TrunkConfig};

use super::agent_named;
use crate::dialog::Dialog;

/// A line of the desk as it is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub name: LineName,
    /// Its numbers, in any spelling.
    pub numbers: Vec<String>,
    /// Who takes its calls is the agent: there is no queue, or its legs are not seen.
    pub is_direct: bool,
}

/// What numbers and addresses mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The lines; 発信 counts for the first.
    pub lines: Vec<Line>,
    /// Extensions with the agents at them.
    pub agents: Vec<(String, AgentId)>,
    /// Extensions of whom nothing else is known.
    pub extensions: Vec<Pattern>,
    /// Numbers that are no calls.
    pub feature_codes: Vec<Pattern>,
    /// Addresses of carriers: who calls from there is outside, whatever the number looks like.
    pub trunks: Vec<IpNet>,
}

/// Where a leg of a call to a line leads.
#[derive(Debug)]
pub(super) enum LeadsTo {
    /// To the phone of an agent.
    Agent(AgentId),
    /// To somebody whom no setting names.
    Somebody,
    /// To the outside.
    Outside,
    /// On to the line, or to a machine: whoever takes it there is no agent.
    Machine,
}

/// Somebody who answered, and whom no setting names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unnamed {
    /// Their number.
    pub number: String,
    /// It passed the call on, or took it without ringing: nobody's answer.
    pub is_machine: bool,
}

/// What a call is by who calls whom.
#[derive(Debug)]
pub(crate) enum Meaning<'a> {
    Inbound(&'a Line),
    Outbound(AgentId),
    Internal(AgentId),
    FeatureCode,
    Unknown,
}

impl Rules {
    /// By the desk's own lines, agents, trunks and codes, with what the setting adds to them.
    pub fn new<'a>(
        lines: impl IntoIterator<Item = &'a LineConfig>,
        agents: impl IntoIterator<Item = &'a AgentConfig>,
        trunks: impl IntoIterator<Item = &'a TrunkConfig>,
        own_codes: &[String],
        setting: &ObserveSetting,
    ) -> Self {
        let more: Vec<(&str, &str)> = setting.numbers_of_lines().collect();
        let direct = setting.direct_lines.as_deref().unwrap_or_default();
        let lines = lines.into_iter().map(|line| {
            let more = more.iter().filter(|(_, name)| *name == line.name);
            let more = more.map(|(number, _)| (*number).to_owned());
            Line {
                name: LineName::new(&line.name),
                numbers: line.numbers.iter().cloned().chain(more).collect(),
                is_direct: direct.contains(&line.name),
            }
        });
        let agents = agents.into_iter();
        let agents = agents.map(|agent| (agent.extension.clone(), AgentId::new(&agent.id)));
        let trunks = trunks.into_iter().flat_map(|trunk| &trunk.sources);
        let trunks = trunks.map(|source| source.net);
        Self {
            lines: lines.collect(),
            agents: agents.collect(),
            extensions: patterns(setting.extensions.as_deref().unwrap_or_default()),
            feature_codes: own_codes
                .iter()
                .filter_map(|code| code.parse().ok())
                .chain(patterns(
                    setting.feature_codes.as_deref().unwrap_or_default(),
                ))
                .collect(),
            trunks: trunks.chain(setting.trunk_networks()).collect(),
        }
    }

    pub(super) fn meaning(&self, caller: &Dialog) -> Meaning<'_> {
        let (from_address, to_address) = (caller.hop.0.ip(), caller.hop.1.ip());
        let agent = self.agent(&caller.from);
        let is_from_trunk = self.is_trunk(from_address);
        let agent = agent.filter(|_| !is_from_trunk);
        let to_trunk = self.is_trunk(to_address);
        // A phone is rung for a call to the line that To still tells of.
        if !is_from_trunk && self.line(&caller.called).is_none() && self.rings_agent(caller) {
            return self.meaning_of(agent, &[&caller.called], to_trunk);
        }
        self.meaning_of(agent, &[&caller.called, &caller.to], to_trunk)
    }

    /// Whether it is a leg to an agent's phone whose caller was not seen: no call of which more is known.
    pub fn is_lone_leg(&self, dialogs: &[Dialog]) -> bool {
        let Some((caller, others)) = dialogs.split_first() else {
            return false;
        };
        let is_within = !self.is_trunk(caller.hop.0.ip());
        let is_unknown = matches!(self.meaning(caller), Meaning::Unknown);
        others.is_empty() && is_within && is_unknown && self.rung(caller).is_some()
    }

    /// Where a leg leads. Queues and recorders answer, too: their numbers are those of lines and codes.
    pub(super) fn leads_to(&self, leg: &Dialog) -> LeadsTo {
        if self.is_trunk(leg.hop.1.ip()) {
            return LeadsTo::Outside;
        }
        if leg.picks_up {
            let agent = self.agent(&leg.from);
            return agent.map_or(LeadsTo::Somebody, LeadsTo::Agent);
        }
        if let Some(agent) = self.rung(leg) {
            return LeadsTo::Agent(agent);
        }
        let called = phone::normalize(&ends(leg).1);
        let is_code = self.feature_codes.iter().any(|code| code.matches(&called));
        if is_code || self.line(&called).is_some() {
            LeadsTo::Machine
        } else {
            LeadsTo::Somebody
        }
    }

    /// Whether the caller's own dialog leads to a queue: whoever takes the call there is no agent.
    pub fn is_to_queue(&self, dialogs: &[Dialog]) -> bool {
        let caller = dialogs.first().filter(|caller| !caller.was_up);
        let meaning = caller.map(|caller| self.meaning(caller));
        matches!(meaning, Some(Meaning::Inbound(line)) if !line.is_direct)
    }

    /// Whether whoever takes a leg is no agent: a queue, a recorder, a mailbox.
    pub fn is_nobody(&self, leg: &Dialog) -> bool {
        match self.leads_to(leg) {
            LeadsTo::Agent(_) | LeadsTo::Outside => false,
            LeadsTo::Somebody => is_machine(leg),
            LeadsTo::Machine => true,
        }
    }

    /// Who has answered a call to a line though no setting names them, by their numbers.
    pub(crate) fn unnamed(&self, dialogs: &[Dialog]) -> Vec<Unnamed> {
        let Some((caller, legs)) = dialogs.split_first() else {
            return Vec::new();
        };
        if !matches!(self.meaning(caller), Meaning::Inbound(_)) {
            return Vec::new();
        }
        let answered = legs
            .iter()
            .filter(|leg| !leg.goes_on && leg.taken().is_some());
        let unnamed = answered.filter(|leg| matches!(self.leads_to(leg), LeadsTo::Somebody));
        unnamed
            .map(|leg| Unnamed {
                number: if leg.picks_up {
                    ends(leg).0
                } else {
                    ends(leg).1
                },
                is_machine: leg.passed_on || is_machine(leg),
            })
            .collect()
    }

    /// Whether the Request-URI is an agent's.
    fn rings_agent(&self, leg: &Dialog) -> bool {
        let named = [Some(leg.called.as_str()), leg.registered.as_deref()];
        let mut named = named.into_iter().flatten();
        named.any(|number| self.agent(number).is_some())
    }

    /// What a call from one number to another is, if nothing is known of addresses.
    pub(crate) fn meaning_of_numbers(&self, from: &str, to: &str) -> Meaning<'_> {
        self.meaning_of(self.agent(from), &[to], false)
    }

    /// What a call is that goes to the first of these numbers that is not empty.
    fn meaning_of(&self, agent: Option<AgentId>, called: &[&str], to_trunk: bool) -> Meaning<'_> {
        let mut lines = called.iter().filter_map(|number| self.line(number));
        if let Some(line) = lines.next() {
            return Meaning::Inbound(line);
        }
        let Some(agent) = agent else {
            return Meaning::Unknown;
        };
        let first = called.iter().find(|number| !number.is_empty());
        let to = phone::normalize(first.copied().unwrap_or_default());
        if self.feature_codes.iter().any(|code| code.matches(&to)) {
            return Meaning::FeatureCode;
        }
        if self.agent(&to).is_some() && !to_trunk {
            Meaning::Internal(agent)
        } else {
            Meaning::Outbound(agent)
        }
    }

    /// The agent at an extension; nobody if it is no extension.
    pub(crate) fn agent(&self, extension: &str) -> Option<AgentId> {
        let named = self.agents.iter().find(|(known, _)| known == extension);
        named.map(|(_, agent)| agent.clone()).or_else(|| {
            let mut patterns = self.extensions.iter();
            let known = patterns.any(|pattern| pattern.matches(extension));
            known.then(|| agent_named(extension))
        })
    }

    /// The agent whom a leg rings.
    pub(super) fn rung(&self, leg: &Dialog) -> Option<AgentId> {
        if self.is_trunk(leg.hop.1.ip()) {
            return None;
        }
        let registered = leg.registered.as_deref();
        let named = [Some(leg.called.as_str()), registered, Some(leg.to.as_str())];
        named
            .into_iter()
            .flatten()
            .find_map(|number| self.agent(number))
    }

    pub(crate) fn outbound_line(&self) -> LineName {
        let first = self.lines.first();
        first.map_or_else(LineName::internal, |line| line.name.clone())
    }

    fn line(&self, number: &str) -> Option<&Line> {
        let wanted = phone::normalize(number);
        let is_it = |known: &String| !wanted.is_empty() && phone::normalize(known) == wanted;
        self.lines
            .iter()
            .find(|line| line.numbers.iter().any(is_it))
    }

    /// Whether an address is a carrier's.
    pub fn is_trunk(&self, address: IpAddr) -> bool {
        self.trunks.iter().any(|trunk| trunk.contains(&address))
    }
}

/// Whether what took a call is no phone: phones ring, or have registered.
pub(super) fn is_machine(leg: &Dialog) -> bool {
    leg.ring.is_none() && leg.registered.is_none() && !leg.picks_up
}

/// Those of the texts that are patterns; what is none was told where it was set.
fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Who calls and whom, as events name them.
pub(super) fn ends(caller: &Dialog) -> (String, String) {
    let from = caller.asserted.as_ref().unwrap_or(&caller.from);
    let to = if caller.called.is_empty() {
        &caller.to
    } else {
        &caller.called
    };
    (phone::normalize(from), phone::normalize(to))
}
