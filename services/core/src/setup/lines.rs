//! 回線: a desk line as the file and the screen have it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::fault::{FieldError, entered_name, seconds};
use crate::phone;
use crate::ticket::choices::System;

/// The kind of [`LineConfig`] in the store; its id is the name.
pub const LINE: &str = "line";

/// The longest name of a line.
pub const LINE_NAME_LETTERS: usize = 40;

/// The most numbers of a line that a screen takes.
const NUMBERS_AT_MOST: usize = 100;

/// `[[line]]`: a number that callers dial, with its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The name. Figures are kept by it, so that it never changes.
    pub name: String,
    /// The numbers, in any common way of writing.
    pub numbers: Vec<String>,
    /// The number shown on outbound calls; the first of `numbers` if none is given.
    pub shown_number: Option<String>,
    /// The name of the trunk for outbound calls; the first trunk if none is given.
    pub trunk: Option<String>,
    /// The name of its reception calendar; the desk's if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// About which system its callers ask, unless they say otherwise.
    #[serde(default, skip_serializing_if = "is_indirect")]
    pub system: System,
    /// A greeting is played before the caller enters the queue.
    #[serde(default = "yes")]
    pub greeting: bool,
    /// How calls are distributed.
    #[serde(default)]
    pub strategy: Strategy,
    /// How long one agent's phone rings before the next is tried.
    #[serde(default = "ring_timeout_s")]
    pub ring_timeout_s: u32,
    /// Consecutive unanswered ringings after which the agent is set 離席; 0 never.
    #[serde(default = "away_after_no_answers")]
    pub away_after_no_answers: u32,
    /// How many callers may wait; 0 for no limit.
    #[serde(default)]
    pub max_waiting: u32,
    /// How long a caller may wait, from arrival; 0 for no limit.
    #[serde(default)]
    pub max_wait_s: u32,
    /// Every so often the music is interrupted; 0 never.
    #[serde(default = "announce_every_s")]
    pub announce_every_s: u32,
    /// What is said then.
    #[serde(default)]
    pub announce: PeriodicAnnouncement,
    /// Callers wait when no agent is logged in.
    #[serde(default = "yes")]
    pub wait_without_agents: bool,
    /// What becomes of callers who still wait at closing time.
    #[serde(default)]
    pub at_closing: AtClosingConfig,
    /// With [`AtClosingConfig::Serve`]: at the most for this long after closing.
    #[serde(default = "closing_limit_s")]
    pub closing_limit_s: u32,
    /// 後処理 after each call; 0 for none.
    #[serde(default = "wrap_up_s")]
    pub wrap_up_s: u32,
    /// Calls of lines with a higher priority are served first.
    #[serde(default)]
    pub priority: i32,
    /// Announcements of the line's own, by name.
    #[serde(default)]
    pub announcements: BTreeMap<String, PathBuf>,
}

fn is_indirect(system: &System) -> bool {
    *system == System::Indirect
}

fn yes() -> bool {
    true
}
fn ring_timeout_s() -> u32 {
    15
}
fn away_after_no_answers() -> u32 {
    3
}
fn announce_every_s() -> u32 {
    30
}
fn closing_limit_s() -> u32 {
    600
}
fn wrap_up_s() -> u32 {
    30
}

/// How calls are distributed to agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The agent who has been ready for the longest time since the last call.
    #[default]
    LongestIdle,
    /// All ready agents at once; the first to pick up gets the call.
    RingAll,
    /// One after another in the order of the configuration.
    RoundRobin,
}

/// What interrupts the music.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodicAnnouncement {
    /// The place in the queue.
    #[default]
    Position,
    /// The estimated wait, from the mean wait of the last answered calls.
    WaitingTime,
}

/// What becomes of callers who still wait at closing time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtClosingConfig {
    /// They are served for a while.
    #[default]
    Serve,
    /// They are told that the desk has closed.
    Tell,
}

impl LineConfig {
    /// A line with the defaults of the file.
    pub fn new(name: &str, numbers: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            numbers,
            shown_number: None,
            trunk: None,
            calendar: None,
            system: System::default(),
            greeting: true,
            strategy: Strategy::default(),
            ring_timeout_s: ring_timeout_s(),
            away_after_no_answers: away_after_no_answers(),
            max_waiting: 0,
            max_wait_s: 0,
            announce_every_s: announce_every_s(),
            announce: PeriodicAnnouncement::default(),
            wait_without_agents: true,
            at_closing: AtClosingConfig::default(),
            closing_limit_s: closing_limit_s(),
            wrap_up_s: wrap_up_s(),
            priority: 0,
            announcements: BTreeMap::new(),
        }
    }

    /// What is wrong with the line by itself.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.name.is_empty() {
            faults.push(FieldError::new("name", "空の値があります"));
        }
        if self.name == "internal" {
            let message = "「internal」は内線の集計に使う名前です。ほかの名前にしてください";
            faults.push(FieldError::new("name", message));
        }
        if self.numbers.is_empty() {
            faults.push(FieldError::new(
                "numbers",
                "電話番号を1つ以上書いてください",
            ));
        }
        if self
            .numbers
            .iter()
            .any(|number| phone::normalize(number).is_empty())
        {
            faults.push(FieldError::new("numbers", "空の値があります"));
        }
        faults.extend(seconds("ring_timeout_s", self.ring_timeout_s, 1));
        faults.extend(seconds("max_wait_s", self.max_wait_s, 0));
        faults.extend(seconds("announce_every_s", self.announce_every_s, 0));
        faults.extend(seconds("closing_limit_s", self.closing_limit_s, 0));
        faults.extend(seconds("wrap_up_s", self.wrap_up_s, 0));
        faults
    }

    /// What a screen does not take, beside [`Self::faults`]. Files may say more, for the desks that
    /// are there.
    pub fn entered_faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        faults.extend(entered_name("name", &self.name, LINE_NAME_LETTERS));
        if self.numbers.len() > NUMBERS_AT_MOST {
            let message = format!("{NUMBERS_AT_MOST}個までにしてください");
            faults.push(FieldError::new("numbers", message));
        }
        let wrong = self.numbers.iter().find(|number| !is_dialled(number));
        faults.extend(wrong.map(|number| not_dialled("numbers", number)));
        let shown = self.shown_number.iter().find(|number| !is_dialled(number));
        faults.extend(shown.map(|number| not_dialled("shown_number", number)));
        faults
    }
}

/// Whether the text is a number that a telephone can dial.
fn is_dialled(number: &str) -> bool {
    let number = phone::normalize(number);
    let digits = number.strip_prefix('+').unwrap_or(&number);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn not_dialled(field: &str, number: &str) -> FieldError {
    let message = format!(
        "「{number}」は電話番号ではありません。03-1234-5678 のように、20桁以内の数字で入力してください"
    );
    FieldError::new(field, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(faults: &[FieldError]) -> Vec<&str> {
        faults.iter().map(|fault| fault.field.as_str()).collect()
    }

    #[test]
    fn a_line_with_its_defaults_is_what_the_least_text_says() {
        let read: LineConfig = serde_json::from_str(r#"{"name":"a","numbers":["1"]}"#).unwrap();
        assert_eq!(read, LineConfig::new("a", vec!["1".to_owned()]));
        assert_eq!(read.faults(), []);
        assert_eq!(read.entered_faults(), []);
        let kept = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<LineConfig>(&kept).unwrap(), read);
    }

    #[test]
    fn every_fault_of_a_line_is_told_at_its_field() {
        let line = LineConfig {
            ring_timeout_s: 0,
            wrap_up_s: 86_401,
            ..LineConfig::new("internal", Vec::new())
        };
        let found = line.faults();
        assert_eq!(
            fields(&found),
            ["name", "numbers", "ring_timeout_s", "wrap_up_s"]
        );
        assert_eq!(found[2].message, "1以上の値にしてください");
        assert_eq!(found[3].message, "86400以下の値にしてください");
    }

    #[test]
    fn a_screen_takes_numbers_that_can_be_dialled() {
        let entered = |number: &str| {
            let line = LineConfig::new("総合窓口", vec![number.to_owned()]);
            line.entered_faults().is_empty()
        };
        for number in ["03-1234-5678", "+81 3 1234 5678", "５０００", "1"] {
            assert!(entered(number), "{number}");
        }
        for number in ["総合", "sip:5000", "123456789012345678901", "+"] {
            assert!(!entered(number), "{number}");
        }
        let unseen = LineConfig::new("総合\u{7}", vec!["1".to_owned()]);
        assert_eq!(fields(&unseen.entered_faults()), ["name"]);
    }
}
