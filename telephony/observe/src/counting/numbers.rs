//! Which numbers are lines, extensions and feature codes, and which addresses are trunks.

use std::net::IpAddr;

use ipnet::IpNet;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::phone;

use super::agent_named;
use crate::dialog::Dialog;

/// Numbers of one form, as dial plans write them: `X` is any digit, a full stop at the end any rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」は番号の形ではありません。数字、*、#、X(数字1桁)、末尾の .(残り)で書いてください")]
pub struct InvalidPattern(String);

impl std::str::FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let text = text.trim();
        let body = text.strip_suffix('.').unwrap_or(text);
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "*#+-_".contains(letter);
        if text.is_empty() || !body.chars().all(allowed) {
            return Err(InvalidPattern(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Pattern {
    pub(super) fn matches(&self, number: &str) -> bool {
        let (body, open) = match self.0.strip_suffix('.') {
            Some(body) => (body, true),
            None => (self.0.as_str(), false),
        };
        let mut letters = number.chars();
        let fits = body.chars().all(|wanted| {
            let letter = letters.next();
            letter.is_some_and(|letter| match wanted {
                'X' => letter.is_ascii_digit(),
                wanted => letter == wanted,
            })
        });
        let has_rest = letters.next().is_some();
        fits && has_rest == open
    }
}

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
    pub(super) fn meaning(&self, caller: &Dialog) -> Meaning<'_> {
        let (from_address, to_address) = (caller.hop.0.ip(), caller.hop.1.ip());
        let agent = self.agent(&caller.from);
        let agent = agent.filter(|_| !self.is_trunk(from_address));
        let to_trunk = self.is_trunk(to_address);
        self.meaning_of(agent, &[&caller.called, &caller.to], to_trunk)
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

    fn is_trunk(&self, address: IpAddr) -> bool {
        self.trunks.iter().any(|trunk| trunk.contains(&address))
    }
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
