//! 発信規制, as the file and the screen have it: what is not said is as before, or as usual.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::fault::{FieldError, range};
use crate::outbound::{OutboundRule, OutboundRules};
use crate::phone;
use crate::time::Millis;

/// The kind of [`OutboundConfig`] in the store, of which there is one.
pub const OUTBOUND: &str = "outbound";
/// The id of the one [`OutboundConfig`].
pub const OUTBOUND_ID: &str = "outbound";

const MINUTES_AT_MOST: u32 = 100_000;
const CALLS_AT_MOST: u32 = 10_000;
const PREFIXES_AT_MOST: usize = 100;

/// `[outbound]`: rules for calls to the outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundConfig {
    /// Whether 110, 118 and 119 may be called, by everybody at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<bool>,
    /// So many calls at once at the most; 0: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_at_once: Option<u32>,
    /// So many minutes of talk a day at the most, of the whole desk; 0: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes_per_day: Option<u32>,
    /// Calls that are going on at that limit are ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_at_limit: Option<bool>,
    /// Whether agents who are logged out may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_logged_out: Option<bool>,
    /// 0990
    #[serde(skip_serializing_if = "Option::is_none")]
    pub premium: Option<bool>,
    /// 0570
    #[serde(skip_serializing_if = "Option::is_none")]
    pub navi_dial: Option<bool>,
    /// 010, +, 00
    #[serde(skip_serializing_if = "Option::is_none")]
    pub international: Option<bool>,
    /// Inmarsat, Iridium and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satellite: Option<bool>,
    /// How numbers must begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_prefixes: Option<Vec<String>>,
    /// How numbers may not begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_prefixes: Option<Vec<String>>,
    /// `08:00-17:30`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
}

/// `outbound` of an agent: what differs for this agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentOutboundConfig {
    /// Whether the agent may call the outside at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// So many minutes of talk a day at the most; 0: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes_per_day: Option<u32>,
    /// Whether the agent may call when logged out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_logged_out: Option<bool>,
    /// 0990
    #[serde(skip_serializing_if = "Option::is_none")]
    pub premium: Option<bool>,
    /// 0570
    #[serde(skip_serializing_if = "Option::is_none")]
    pub navi_dial: Option<bool>,
    /// 010, +, 00
    #[serde(skip_serializing_if = "Option::is_none")]
    pub international: Option<bool>,
    /// Inmarsat, Iridium and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satellite: Option<bool>,
    /// How numbers must begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_prefixes: Option<Vec<String>>,
    /// How numbers may not begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_prefixes: Option<Vec<String>>,
    /// `08:00-17:30`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
}

impl OutboundConfig {
    /// What this says, and what `other` says where this says nothing.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        fn either<T: Clone>(one: &Option<T>, other: &Option<T>) -> Option<T> {
            one.as_ref().or(other.as_ref()).cloned()
        }
        Self {
            emergency: self.emergency.or(other.emergency),
            calls_at_once: self.calls_at_once.or(other.calls_at_once),
            minutes_per_day: self.minutes_per_day.or(other.minutes_per_day),
            cut_at_limit: self.cut_at_limit.or(other.cut_at_limit),
            when_logged_out: self.when_logged_out.or(other.when_logged_out),
            premium: self.premium.or(other.premium),
            navi_dial: self.navi_dial.or(other.navi_dial),
            international: self.international.or(other.international),
            satellite: self.satellite.or(other.satellite),
            allowed_prefixes: either(&self.allowed_prefixes, &other.allowed_prefixes),
            denied_prefixes: either(&self.denied_prefixes, &other.denied_prefixes),
            hours: either(&self.hours, &other.hours),
        }
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let most = |field, value: Option<u32>, most| range(field, value?, 0, most);
        let faults = [
            most("calls_at_once", self.calls_at_once, CALLS_AT_MOST),
            most("minutes_per_day", self.minutes_per_day, MINUTES_AT_MOST),
            prefixes("allowed_prefixes", &self.allowed_prefixes),
            prefixes("denied_prefixes", &self.denied_prefixes),
            hours_fault("hours", &self.hours),
        ];
        faults.into_iter().flatten().collect()
    }

    /// The rules of the desk, without those of single agents.
    pub fn rules(&self) -> OutboundRules {
        let usual = OutboundRules::default();
        let rule = OutboundRule::default();
        OutboundRules {
            emergency: self.emergency.unwrap_or(usual.emergency),
            calls_at_once: self.calls_at_once.unwrap_or(usual.calls_at_once),
            talk_per_day: minutes(self.minutes_per_day).unwrap_or(usual.talk_per_day),
            cut_at_limit: self.cut_at_limit.unwrap_or(usual.cut_at_limit),
            usual: OutboundRule {
                when_logged_out: self.when_logged_out.unwrap_or(rule.when_logged_out),
                premium: self.premium.unwrap_or(rule.premium),
                navi_dial: self.navi_dial.unwrap_or(rule.navi_dial),
                international: self.international.unwrap_or(rule.international),
                satellite: self.satellite.unwrap_or(rule.satellite),
                allowed_prefixes: self.allowed_prefixes.clone().unwrap_or_default(),
                denied_prefixes: self.denied_prefixes.clone().unwrap_or_default(),
                hours: self.hours.as_deref().and_then(read_hours),
                ..rule
            },
            ..usual
        }
    }
}

impl AgentOutboundConfig {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let minutes = self
            .minutes_per_day
            .and_then(|value| range("outbound.minutes_per_day", value, 0, MINUTES_AT_MOST));
        let faults = [
            minutes,
            prefixes("outbound.allowed_prefixes", &self.allowed_prefixes),
            prefixes("outbound.denied_prefixes", &self.denied_prefixes),
            hours_fault("outbound.hours", &self.hours),
        ];
        faults.into_iter().flatten().collect()
    }

    /// The agent's rule: the desk's, where nothing else is said.
    pub fn rule(&self, desk: &OutboundRule) -> OutboundRule {
        let prefixes = |own: &Option<Vec<String>>, desk: &Vec<String>| {
            own.clone().unwrap_or_else(|| desk.clone())
        };
        OutboundRule {
            enabled: self.enabled.unwrap_or(desk.enabled),
            when_logged_out: self.when_logged_out.unwrap_or(desk.when_logged_out),
            premium: self.premium.unwrap_or(desk.premium),
            navi_dial: self.navi_dial.unwrap_or(desk.navi_dial),
            international: self.international.unwrap_or(desk.international),
            satellite: self.satellite.unwrap_or(desk.satellite),
            allowed_prefixes: prefixes(&self.allowed_prefixes, &desk.allowed_prefixes),
            denied_prefixes: prefixes(&self.denied_prefixes, &desk.denied_prefixes),
            hours: self.hours.as_deref().map_or(desk.hours, read_hours),
            talk_per_day: minutes(self.minutes_per_day).unwrap_or(desk.talk_per_day),
        }
    }
}

fn minutes(count: Option<u32>) -> Option<Millis> {
    count.map(|count| Millis::from_secs(i64::from(count) * 60))
}

/// `08:00-17:30`; `24:00` is midnight at the end of the day.
fn read_hours(text: &str) -> Option<(NaiveTime, Option<NaiveTime>)> {
    let (opens, closes) = text.split_once(['-', '〜', '～'])?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let closes = match closes.trim() {
        "24:00" => None,
        closes => Some(time(closes)?),
    };
    Some((time(opens)?, closes))
}

fn hours_fault(field: &str, hours: &Option<String>) -> Option<FieldError> {
    let text = hours.as_deref()?;
    // An empty text lets an agent call at any time where the desk may not.
    (!text.is_empty() && read_hours(text).is_none()).then(|| {
        let message =
            format!("「{text}」を時間帯として読めません。08:00-17:30 のように書いてください");
        FieldError::new(field, message)
    })
}

fn prefixes(field: &str, prefixes: &Option<Vec<String>>) -> Option<FieldError> {
    let all = prefixes.as_ref()?;
    if all.len() > PREFIXES_AT_MOST {
        return Some(FieldError::new(
            field,
            format!("{PREFIXES_AT_MOST}件以内にしてください"),
        ));
    }
    let is_number = |text: &String| {
        let number = phone::normalize(text);
        let digits = number.strip_prefix('+').unwrap_or(&number);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let wrong = all.iter().find(|prefix| !is_number(prefix))?;
    let message = format!("「{wrong}」は番号の始まりではありません。03、+1 のように書いてください");
    Some(FieldError::new(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_is_off_and_emergency_calls_are_possible_until_somebody_says_otherwise() {
        let usual = OutboundConfig::default().rules();
        assert_eq!(usual, OutboundRules::default());
        assert!(usual.emergency && !usual.usual.when_logged_out);
        assert_eq!(
            serde_json::to_string(&OutboundConfig::default()).unwrap(),
            "{}"
        );
    }

    #[test]
    fn the_file_counts_before_the_screen_and_an_agents_own_rule_before_both() {
        let file: OutboundConfig =
            serde_json::from_str(r#"{"international":true,"minutes_per_day":60}"#).unwrap();
        let screen: OutboundConfig = serde_json::from_str(
            r#"{"international":false,"satellite":true,"hours":"08:00-17:30"}"#,
        )
        .unwrap();
        let rules = file.over(&screen).rules();
        assert!(rules.usual.international && rules.usual.satellite);
        assert_eq!(rules.talk_per_day, Millis::from_secs(3_600));
        let own: AgentOutboundConfig =
            serde_json::from_str(r#"{"satellite":false,"hours":"","minutes_per_day":5}"#).unwrap();
        let rule = own.rule(&rules.usual);
        assert!(rule.international && !rule.satellite && rule.hours.is_none());
        assert_eq!(rule.talk_per_day, Millis::from_secs(300));
        assert_eq!(
            AgentOutboundConfig::default().rule(&rules.usual),
            rules.usual
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let wrong = OutboundConfig {
            minutes_per_day: Some(1_000_000),
            allowed_prefixes: Some(vec!["03".to_owned(), "x".to_owned()]),
            hours: Some("8時から".to_owned()),
            ..OutboundConfig::default()
        };
        let fields: Vec<_> = wrong.faults().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["minutes_per_day", "allowed_prefixes", "hours"]);
        for hours in ["08:00-17:30", "22:00～06:00", "08:00 - 24:00"] {
            assert!(read_hours(hours).is_some(), "{hours}");
        }
    }
}
