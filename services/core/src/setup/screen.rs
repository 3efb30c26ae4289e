//! All that was set on screens, put together from what the store keeps.

use std::collections::BTreeMap;

use super::agents::{AGENT, ScreenAgent};
use super::calendar::{CALENDAR, CalendarConfig};
use super::categories::{CATEGORY, Categories, Category};
use super::day::{CALENDAR_DAY, CalendarDay};
use super::lines::{LINE, LineConfig};
use super::observe::{OBSERVE, ScreenObserve};
use super::outbound::{OUTBOUND, OutboundConfig};
use super::targets::{TARGETS, TargetConfig};
use super::trunks::{ScreenTrunk, TRUNK};

/// What was set on screens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScreenSetup {
    /// Days of the reception calendars.
    pub days: BTreeMap<String, CalendarDay>,
    /// Reception calendars beside the desk's, by name.
    pub calendars: BTreeMap<String, CalendarConfig>,
    /// Lines by name.
    pub lines: BTreeMap<String, LineConfig>,
    /// Agents by id.
    pub agents: BTreeMap<String, ScreenAgent>,
    /// Trunks by name.
    pub trunks: BTreeMap<String, ScreenTrunk>,
    /// Targets and thresholds.
    pub targets: TargetConfig,
    /// Rules for calls to the outside.
    pub outbound: OutboundConfig,
    /// What is observed of a PBX.
    pub observe: ScreenObserve,
    /// The categories of articles and tickets.
    pub categories: Categories,
}

impl ScreenSetup {
    /// The kinds of things that it is put together from.
    pub const KINDS: [&str; 9] = [
        CALENDAR_DAY,
        CALENDAR,
        LINE,
        AGENT,
        TRUNK,
        TARGETS,
        CATEGORY,
        OUTBOUND,
        OBSERVE,
    ];

    /// Takes up the newest version of a thing: JSON, or `None` if it was removed. Other kinds are
    /// left to others.
    pub fn put(
        &mut self,
        kind: &str,
        id: &str,
        data: Option<&str>,
    ) -> Result<(), serde_json::Error> {
        match kind {
            CALENDAR_DAY => set(&mut self.days, id, data),
            CALENDAR => set(&mut self.calendars, id, data),
            LINE => set(&mut self.lines, id, data),
            AGENT => set(&mut self.agents, id, data),
            TRUNK => set(&mut self.trunks, id, data),
            TARGETS => {
                self.targets =
                    data.map_or_else(|| Ok(TargetConfig::default()), serde_json::from_str)?;
                Ok(())
            }
            OUTBOUND => {
                self.outbound =
                    data.map_or_else(|| Ok(OutboundConfig::default()), serde_json::from_str)?;
                Ok(())
            }
            OBSERVE => {
                self.observe =
                    data.map_or_else(|| Ok(ScreenObserve::default()), serde_json::from_str)?;
                Ok(())
            }
            CATEGORY => {
                if let Some(data) = data {
                    let category: Category = serde_json::from_str(data)?;
                    self.categories.set(id.into(), category);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn set<T: serde::de::DeserializeOwned>(
    things: &mut BTreeMap<String, T>,
    id: &str,
    data: Option<&str>,
) -> Result<(), serde_json::Error> {
    match data {
        Some(data) => {
            things.insert(id.to_owned(), serde_json::from_str(data)?);
        }
        None => {
            things.remove(id);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_and_go() {
        let mut screen = ScreenSetup::default();
        let line = r#"{"name":"a","numbers":["1"]}"#;
        screen.put(LINE, "a", Some(line)).unwrap();
        screen
            .put(TARGETS, "targets", Some(r#"{"service_level_s":30}"#))
            .unwrap();
        screen
            .put(CATEGORY, "f01", Some(r#"{"name":"人事","order":5}"#))
            .unwrap();
        screen.put("announcement", "x", Some("no JSON")).unwrap();
        assert_eq!(screen.lines["a"].numbers, ["1"]);
        assert_eq!(screen.targets.targets().service_level_s, 30);
        assert_eq!(screen.categories.get(&"f01".into()).unwrap().name, "人事");
        screen.put(LINE, "a", None).unwrap();
        screen.put(TARGETS, "targets", None).unwrap();
        assert!(screen.lines.is_empty());
        assert_eq!(screen.targets, TargetConfig::default());
        assert!(screen.put(LINE, "b", Some("{}")).is_err());
    }
}
