//! 発信規制 (call barring): whom agents may call, when, and for how long. A stolen phone must not be
//! able to run up a bill.
//!
//! [`OutboundRules::judge`] is the only judge. It takes a number in the one spelling in which it is
//! also dialled ([`OutboundNumber`]), so that no other spelling gets around it.

mod elsewhere;
mod number;

use std::collections::BTreeMap;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

pub use self::elsewhere::OutboundElsewhere;
pub(crate) use self::elsewhere::OutsideTalks;
pub use self::number::{EMERGENCY, NumberKind, OutboundNumber};
use crate::id::AgentId;
use crate::named;
use crate::time::{Instant, Millis};

named! {
    /// Why a call to the outside was refused by a rule of the desk.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum OutboundRefusal {
        /// The agent may not call the outside.
        Forbidden = "forbidden";
        /// The agent is logged out.
        LoggedOut = "logged_out";
        /// 0990
        Premium = "premium";
        /// 0570
        NaviDial = "navi_dial";
        /// 010, +, 00
        International = "international";
        /// Inmarsat, Iridium and the like.
        Satellite = "satellite";
        /// 110, 118, 119, where they are not to be called from here.
        Emergency = "emergency";
        /// The number does not begin as allowed, or begins as denied.
        Prefix = "prefix";
        /// Outside the hours.
        Hours = "hours";
        /// As many calls as are allowed at once are going on.
        CallsAtOnce = "calls_at_once";
        /// The minutes of the day are used up by the desk.
        MinutesPerDay = "minutes_per_day";
        /// The minutes of the day are used up by the agent.
        AgentMinutesPerDay = "agent_minutes_per_day";
    }
}

/// Whom one agent may call, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundRule {
    /// Whether the outside may be called at all.
    pub enabled: bool,
    /// Whether an agent who is logged out may call.
    pub when_logged_out: bool,
    /// 0990
    pub premium: bool,
    /// 0570
    pub navi_dial: bool,
    /// 010, +, 00
    pub international: bool,
    /// Inmarsat, Iridium and the like.
    pub satellite: bool,
    /// How numbers must begin; empty: in any way.
    pub allowed_prefixes: Vec<String>,
    /// How numbers may not begin; counts before the allowed ones.
    pub denied_prefixes: Vec<String>,
    /// From when until when, in the desk's time; `None` as the end is midnight. Over midnight if the
    /// end comes first.
    pub hours: Option<(NaiveTime, Option<NaiveTime>)>,
    /// How long the agent may talk a day; zero: no limit.
    pub talk_per_day: Millis,
}

impl Default for OutboundRule {
    fn default() -> Self {
        Self {
            enabled: true,
            when_logged_out: false,
            premium: false,
            navi_dial: false,
            international: false,
            satellite: false,
            allowed_prefixes: Vec::new(),
            denied_prefixes: Vec::new(),
            hours: None,
            talk_per_day: Millis::ZERO,
        }
    }
}

/// What holds for calls to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundRules {
    /// Whether 110, 118 and 119 may be called: by everybody at any time, whatever else is set.
    pub emergency: bool,
    /// So many calls at once at the most; 0: no limit.
    pub calls_at_once: u32,
    /// How long the whole desk may talk a day; zero: no limit.
    pub talk_per_day: Millis,
    /// Calls that are going on when the time of the day is used up are ended.
    pub cut_at_limit: bool,
    /// Of agents who have no rule of their own.
    pub usual: OutboundRule,
    /// Of those who have.
    pub of_agents: BTreeMap<AgentId, OutboundRule>,
}

impl Default for OutboundRules {
    fn default() -> Self {
        Self {
            emergency: true,
            calls_at_once: 0,
            talk_per_day: Millis::ZERO,
            cut_at_limit: false,
            usual: OutboundRule::default(),
            of_agents: BTreeMap::new(),
        }
    }
}

/// Who calls, and what has been used of the limits until now.
#[derive(Debug, Clone, Copy)]
pub struct OutboundUse<'a> {
    /// The agent who dials.
    pub agent: &'a AgentId,
    /// The agent is logged in.
    pub logged_in: bool,
    /// Calls to the outside that are going on.
    pub calls: u32,
    /// How long the desk has talked today.
    pub talked: Millis,
    /// How long this agent has.
    pub talked_by_agent: Millis,
}

impl OutboundRules {
    /// The rule of an agent.
    pub fn of(&self, agent: &AgentId) -> &OutboundRule {
        self.of_agents.get(agent).unwrap_or(&self.usual)
    }

    /// Whether `number` may be called at this moment. An emergency call is subject to no other rule.
    pub fn judge(
        &self,
        number: &OutboundNumber,
        used: OutboundUse<'_>,
        at: Instant,
    ) -> Result<(), OutboundRefusal> {
        let refuse = |wrong: bool, why| if wrong { Err(why) } else { Ok(()) };
        if number.kind() == NumberKind::Emergency {
            return refuse(!self.emergency, OutboundRefusal::Emergency);
        }
        let rule = self.of(used.agent);
        refuse(!rule.enabled, OutboundRefusal::Forbidden)?;
        let logged_out = !used.logged_in && !rule.when_logged_out;
        refuse(logged_out, OutboundRefusal::LoggedOut)?;
        rule.judge_number(number)?;
        refuse(!rule.is_open(at), OutboundRefusal::Hours)?;
        let busy = self.calls_at_once > 0 && used.calls >= self.calls_at_once;
        refuse(busy, OutboundRefusal::CallsAtOnce)?;
        let over = |talked: Millis, most: Millis| most > Millis::ZERO && talked >= most;
        let desk = over(used.talked, self.talk_per_day);
        refuse(desk, OutboundRefusal::MinutesPerDay)?;
        let agent = over(used.talked_by_agent, rule.talk_per_day);
        refuse(agent, OutboundRefusal::AgentMinutesPerDay)
    }
}

impl OutboundRule {
    fn judge_number(&self, number: &OutboundNumber) -> Result<(), OutboundRefusal> {
        for kind in number.kinds() {
            let (allowed, refusal) = match kind {
                NumberKind::Premium => (self.premium, OutboundRefusal::Premium),
                NumberKind::NaviDial => (self.navi_dial, OutboundRefusal::NaviDial),
                NumberKind::International => (self.international, OutboundRefusal::International),
                NumberKind::Satellite => (self.satellite, OutboundRefusal::Satellite),
                NumberKind::Emergency | NumberKind::Other => (true, OutboundRefusal::Prefix),
            };
            if !allowed {
                return Err(refusal);
            }
        }
        let allowed = &self.allowed_prefixes;
        let is_allowed = allowed.is_empty() || number.begins_with_any(allowed);
        let mut denied = self.denied_prefixes.iter();
        if !is_allowed || denied.any(|prefix| number.may_begin_with(prefix)) {
            return Err(OutboundRefusal::Prefix);
        }
        Ok(())
    }

    fn is_open(&self, at: Instant) -> bool {
        let Some((opens, closes)) = self.hours else {
            return true;
        };
        let time = at.in_tokyo().time();
        match closes {
            None => opens <= time,
            Some(closes) if closes <= opens => opens <= time || time < closes,
            Some(closes) => opens <= time && time < closes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Instant {
        let text = format!("2026-11-24T{time}");
        Instant::from_tokyo(text.parse().unwrap())
    }

    fn number(text: &str) -> OutboundNumber {
        OutboundNumber::parse(text).unwrap()
    }

    fn used(agent: &AgentId) -> OutboundUse<'_> {
        OutboundUse {
            agent,
            logged_in: true,
            calls: 0,
            talked: Millis::ZERO,
            talked_by_agent: Millis::ZERO,
        }
    }

    fn judge(rules: &OutboundRules, dialled: &str) -> Result<(), OutboundRefusal> {
        let agent = AgentId::new("a");
        rules.judge(&number(dialled), used(&agent), at("10:00:00"))
    }

    #[test]
    fn what_costs_is_off_until_somebody_allows_it() {
        let rules = OutboundRules::default();
        for (dialled, refusal) in [
            ("0990500123", OutboundRefusal::Premium),
            ("0570000123", OutboundRefusal::NaviDial),
            ("01012025550100", OutboundRefusal::International),
            ("+12025550100", OutboundRefusal::International),
            ("0012025550100", OutboundRefusal::International),
            ("010870776000000", OutboundRefusal::Satellite),
            ("+881612345678", OutboundRefusal::Satellite),
        ] {
            assert_eq!(judge(&rules, dialled), Err(refusal), "{dialled}");
        }
        for dialled in [
            "0312345678",
            "09012345678",
            "05012345678",
            "0120123456",
            "117",
        ] {
            assert_eq!(judge(&rules, dialled), Ok(()), "{dialled}");
        }
        let open = OutboundRules {
            usual: OutboundRule {
                premium: true,
                navi_dial: true,
                international: true,
                ..OutboundRule::default()
            },
            ..OutboundRules::default()
        };
        for dialled in ["0990500123", "0570000123", "01012025550100"] {
            assert_eq!(judge(&open, dialled), Ok(()), "{dialled}");
        }
        assert_eq!(
            judge(&open, "010870776000000"),
            Err(OutboundRefusal::Satellite),
            "who may call abroad may not yet call a satellite"
        );
    }

    #[test]
    fn an_emergency_call_is_subject_to_no_other_rule() {
        let nobody = OutboundRule {
            enabled: false,
            allowed_prefixes: vec!["03".to_owned()],
            talk_per_day: Millis(1),
            ..OutboundRule::default()
        };
        let mut rules = OutboundRules {
            calls_at_once: 1,
            talk_per_day: Millis(1),
            usual: nobody,
            ..OutboundRules::default()
        };
        let agent = AgentId::new("a");
        let worst = OutboundUse {
            logged_in: false,
            calls: 9,
            talked: Millis(9),
            talked_by_agent: Millis(9),
            ..used(&agent)
        };
        for dialled in ["110", "118", "119", "184110", "１１９"] {
            assert_eq!(rules.judge(&number(dialled), worst, at("03:00:00")), Ok(()));
        }
        rules.emergency = false;
        let refused = rules.judge(&number("119"), worst, at("03:00:00"));
        assert_eq!(refused, Err(OutboundRefusal::Emergency));
    }

    #[test]
    fn numbers_must_begin_as_allowed_in_whatever_spelling() {
        let mut rules = OutboundRules::default();
        rules.usual.allowed_prefixes = vec!["03".to_owned(), "+1".to_owned()];
        rules.usual.denied_prefixes = vec!["0399".to_owned()];
        rules.usual.international = true;
        for allowed in [
            "0312345678",
            "+81-3-1234-5678",
            "18603 1234 5678",
            "01012025550100",
        ] {
            assert_eq!(judge(&rules, allowed), Ok(()), "{allowed}");
        }
        for refused in [
            "0612345678",
            "0399991111",
            "184-03-9999-1111",
            "+442079460000",
        ] {
            assert_eq!(
                judge(&rules, refused),
                Err(OutboundRefusal::Prefix),
                "{refused}"
            );
        }
    }

    #[test]
    fn hours_are_half_open_and_may_go_over_midnight() {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        let open = |opens: &str, closes: Option<&str>, now: &str| {
            let rule = OutboundRule {
                hours: Some((time(opens), closes.map(time))),
                ..OutboundRule::default()
            };
            rule.is_open(at(now))
        };
        assert!(!open("08:00:00", Some("17:30:00"), "07:59:59"));
        assert!(open("08:00:00", Some("17:30:00"), "08:00:00"));
        assert!(open("08:00:00", Some("17:30:00"), "17:29:59"));
        assert!(!open("08:00:00", Some("17:30:00"), "17:30:00"));
        assert!(open("22:00:00", Some("06:00:00"), "05:59:59"));
        assert!(!open("22:00:00", Some("06:00:00"), "12:00:00"));
        assert!(open("08:00:00", None, "23:59:59"));
    }

    #[test]
    fn limits_hold_for_the_desk_and_for_each_agent() {
        let (a, b) = (AgentId::new("a"), AgentId::new("b"));
        let minutes = |count: i64| Millis::from_secs(count * 60);
        let own = OutboundRule {
            talk_per_day: minutes(10),
            when_logged_out: true,
            ..OutboundRule::default()
        };
        let rules = OutboundRules {
            calls_at_once: 2,
            talk_per_day: minutes(60),
            of_agents: [(a.clone(), own)].into(),
            ..OutboundRules::default()
        };
        let judge = |used| rules.judge(&number("0312345678"), used, at("10:00:00"));
        assert_eq!(
            judge(OutboundUse {
                calls: 1,
                ..used(&b)
            }),
            Ok(())
        );
        assert_eq!(
            judge(OutboundUse {
                calls: 2,
                ..used(&b)
            }),
            Err(OutboundRefusal::CallsAtOnce)
        );
        let talked = OutboundUse {
            talked: minutes(60),
            ..used(&b)
        };
        assert_eq!(judge(talked), Err(OutboundRefusal::MinutesPerDay));
        let by = |agent| OutboundUse {
            talked: minutes(20),
            talked_by_agent: minutes(10),
            ..used(agent)
        };
        assert_eq!(judge(by(&a)), Err(OutboundRefusal::AgentMinutesPerDay));
        assert_eq!(judge(by(&b)), Ok(()), "who has no limit of their own");
        let logged_out = |agent| OutboundUse {
            logged_in: false,
            ..used(agent)
        };
        assert_eq!(judge(logged_out(&b)), Err(OutboundRefusal::LoggedOut));
        assert_eq!(judge(logged_out(&a)), Ok(()));
    }
}
