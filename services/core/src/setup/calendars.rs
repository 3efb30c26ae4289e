//! Whose calendar holds: the desk's, unless a line or a 業務区分 has chosen another.

use std::collections::BTreeMap;

use super::calendar::CalendarConfig;
use super::lines::LineConfig;
use crate::hours::Calendar;
use crate::id::LineName;

/// All reception calendars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendars {
    desk: Calendar,
    named: BTreeMap<String, Calendar>,
    of_lines: BTreeMap<LineName, String>,
}

impl Calendars {
    /// A desk at which one calendar holds for all.
    pub fn one(desk: Calendar) -> Self {
        Self::new(desk, [], [])
    }

    /// The desk's calendar, the others, and the lines that choose among them.
    pub fn new<'a>(
        desk: Calendar,
        others: impl IntoIterator<Item = &'a CalendarConfig>,
        lines: impl IntoIterator<Item = &'a LineConfig>,
    ) -> Self {
        let others = others.into_iter().map(|other| {
            let settings = other.settings(desk.settings());
            (other.name.clone(), Calendar::new(settings))
        });
        let named = others.collect();
        let chosen = lines.into_iter().filter_map(|line| {
            let calendar = line.calendar.clone()?;
            Some((LineName::new(&line.name), calendar))
        });
        Self {
            named,
            of_lines: chosen.collect(),
            desk,
        }
    }

    /// The desk's.
    pub fn desk(&self) -> &Calendar {
        &self.desk
    }

    /// The one of this name; the desk's if none is meant or there is none of this name.
    pub fn named(&self, name: Option<&str>) -> &Calendar {
        name.and_then(|name| self.named.get(name))
            .unwrap_or(&self.desk)
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// The one that decides whether a line takes calls.
    pub fn of_line(&self, line: &LineName) -> &Calendar {
        self.named(self.of_lines.get(line).map(String::as_str))
    }

    /// The lines that have chosen another than the desk's, with its name.
    pub fn lines_of_their_own(&self) -> impl Iterator<Item = (&LineName, &str)> {
        let chosen = self.of_lines.iter();
        chosen
            .filter(|(_, name)| self.has(name))
            .map(|(line, name)| (line, name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::HoursSettings;
    use crate::time::Instant;

    #[test]
    fn a_line_follows_the_calendar_that_it_has_chosen_and_all_others_the_desks() {
        let early = CalendarConfig {
            hours: Some("7:00-9:00".parse().unwrap()),
            ..CalendarConfig::new("早朝")
        };
        let line = |name: &str, calendar: Option<&str>| LineConfig {
            calendar: calendar.map(str::to_owned),
            ..LineConfig::new(name, vec!["1".to_owned()])
        };
        let lines = [
            line("a", Some("早朝")),
            line("b", None),
            line("c", Some("?")),
        ];
        let desk = Calendar::new(HoursSettings::default());
        let calendars = Calendars::new(desk, [&early], &lines);
        let at = |text: &str| Instant::from_tokyo(text.parse().unwrap());
        let open = |line: &str, text| calendars.of_line(&line.into()).status(at(text)).open;
        for (time, a, others) in [
            ("2026-11-24T07:30:00", true, false),
            ("2026-11-24T10:00:00", false, true),
        ] {
            assert_eq!(open("a", time), a, "{time}");
            for line in ["b", "c", "unknown"] {
                assert_eq!(open(line, time), others, "{line} {time}");
            }
        }
        let own: Vec<_> = calendars.lines_of_their_own().collect();
        assert_eq!(own, [(&"a".into(), "早朝")]);
    }
}
