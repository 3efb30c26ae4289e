//! What must hold between lines, agents, trunks and calendars.

use std::collections::{HashMap, HashSet};

use super::agents::AgentConfig;
use super::calendar::CalendarConfig;
use super::fault::{FieldError, Part, PartFault};
use super::lines::LineConfig;
use super::trunks::TrunkConfig;
use crate::phone;

/// The lines, agents, trunks and calendars of a desk.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// 回線
    pub lines: &'a [LineConfig],
    /// 担当者
    pub agents: &'a [AgentConfig],
    /// 外線
    pub trunks: &'a [TrunkConfig],
    /// 受付カレンダー beside the desk's
    pub calendars: &'a [CalendarConfig],
}

impl Parts<'_> {
    /// Refuses what contradicts itself or cannot be meant; tells the first fault found.
    pub fn check(&self) -> Result<(), PartFault> {
        self.check_each()?;
        self.check_names()?;
        self.check_numbers()?;
        self.check_references()
    }

    fn check_each(&self) -> Result<(), PartFault> {
        let first = |part, name: &str, faults: Vec<FieldError>| {
            let fault = faults.into_iter().next();
            fault.map_or(Ok(()), |fault| Err(PartFault::new(part, name, fault)))
        };
        for line in self.lines {
            first(Part::Line, &line.name, line.faults())?;
        }
        for agent in self.agents {
            first(Part::Agent, &agent.id, agent.faults())?;
        }
        for trunk in self.trunks {
            first(Part::Trunk, &trunk.name, trunk.faults())?;
        }
        for calendar in self.calendars {
            first(Part::Calendar, &calendar.name, calendar.faults())?;
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), PartFault> {
        let lines = self.lines.iter().map(|line| line.name.as_str());
        different(Part::Line, "name", lines)?;
        let agents = self.agents.iter().map(|agent| agent.id.as_str());
        different(Part::Agent, "id", agents)?;
        let trunks = self.trunks.iter().map(|trunk| trunk.name.as_str());
        different(Part::Trunk, "name", trunks)?;
        let calendars = self.calendars.iter().map(|calendar| calendar.name.as_str());
        different(Part::Calendar, "name", calendars)
    }

    /// What is dialled reaches one line or one agent.
    fn check_numbers(&self) -> Result<(), PartFault> {
        let mut taken: HashMap<String, (Part, &str)> = HashMap::new();
        let lines = self.lines.iter().flat_map(|line| {
            let numbers = line.numbers.iter();
            numbers.map(|number| (number, Part::Line, line.name.as_str(), "numbers"))
        });
        let agents = self.agents.iter().map(|agent| {
            let id = agent.id.as_str();
            (&agent.extension, Part::Agent, id, "extension")
        });
        for (number, part, name, field) in lines.chain(agents) {
            let by = taken.insert(phone::normalize(number), (part, name));
            let Some((other, other_name)) = by else {
                continue;
            };
            let message = if (other, other_name) == (part, name) {
                format!("「{number}」が2回書かれています")
            } else {
                format!(
                    "「{number}」は、{}「{other_name}」が使っています",
                    other.label()
                )
            };
            return Err(PartFault::new(part, name, FieldError::new(field, message)));
        }
        Ok(())
    }

    fn check_references(&self) -> Result<(), PartFault> {
        let lines: HashSet<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        for agent in self.agents {
            let unknown = agent
                .lines
                .iter()
                .find(|duty| !lines.contains(duty.line.as_str()));
            if let Some(duty) = unknown {
                let message = format!("「{}」という回線はありません", duty.line);
                let fault = FieldError::new("lines", message);
                return Err(PartFault::new(Part::Agent, &agent.id, fault));
            }
        }
        for line in self.lines {
            if let Some(name) = &line.trunk
                && !self.trunks.iter().any(|trunk| trunk.name == *name)
            {
                let message = format!("「{name}」という外線はありません");
                let fault = FieldError::new("trunk", message);
                return Err(PartFault::new(Part::Line, &line.name, fault));
            }
            if let Some(name) = &line.calendar
                && !self.calendars.iter().any(|one| one.name == *name)
            {
                let message = format!("「{name}」という受付カレンダーはありません");
                let fault = FieldError::new("calendar", message);
                return Err(PartFault::new(Part::Line, &line.name, fault));
            }
        }
        Ok(())
    }
}

fn different<'a>(
    part: Part,
    field: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), PartFault> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let message = format!("同じ名前の{}が2つあります", part.label());
            return Err(PartFault::new(part, name, FieldError::new(field, message)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::agents::Duty;
    use super::*;

    fn line(name: &str, number: &str) -> LineConfig {
        LineConfig::new(name, vec![number.to_owned()])
    }

    fn told(lines: &[LineConfig], agents: &[AgentConfig]) -> String {
        let parts = Parts {
            lines,
            agents,
            trunks: &[],
            calendars: &[],
        };
        parts
            .check()
            .map_or_else(|fault| fault.to_string(), |()| String::new())
    }

    #[test]
    fn names_numbers_and_extensions_are_given_once() {
        let tanaka = AgentConfig::new("tanaka", "田中", "201");
        let suzuki = AgentConfig::new("suzuki", "鈴木", "202");
        let lines = [line("a", "03-1234-5678"), line("b", "5000")];
        assert_eq!(told(&lines, &[tanaka.clone(), suzuki]), "");
        assert_eq!(
            told(&[line("a", "1"), line("a", "2")], &[]),
            "line「a」の設定「name」に誤りがあります: 同じ名前の回線が2つあります"
        );
        assert_eq!(
            told(
                &[line("a", "0312345678"), line("b", "+81 3 1234 5678")],
                &[]
            ),
            "line「b」の設定「numbers」に誤りがあります: \
             「+81 3 1234 5678」は、回線「a」が使っています"
        );
        assert_eq!(
            told(&[line("a", "２０１")], &[tanaka]),
            "agent「tanaka」の設定「extension」に誤りがあります: \
             「201」は、回線「a」が使っています"
        );
    }

    #[test]
    fn what_is_named_is_there() {
        let agent = AgentConfig {
            lines: vec![Duty::first("b")],
            ..AgentConfig::new("tanaka", "田中", "201")
        };
        assert!(told(&[line("a", "1")], &[agent]).contains("「b」という回線はありません"));
        let over = LineConfig {
            trunk: Some("carrier".to_owned()),
            ..line("a", "1")
        };
        assert!(told(&[over], &[]).contains("「carrier」という外線はありません"));
    }
}
