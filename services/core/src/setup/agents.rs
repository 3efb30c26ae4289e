//! 担当者: an agent with the phone and the lines, as the file and the screen have it.

use serde::{Deserialize, Serialize};

use super::fault::{FieldError, entered_name};
use super::outbound::AgentOutboundConfig;
use crate::outbound::EMERGENCY;
use crate::time::Instant;

/// The kind of [`ScreenAgent`] in the store; its id is the agent's.
pub const AGENT: &str = "agent";

/// The longest id of an agent that a screen takes.
pub const AGENT_ID_LETTERS: usize = 32;
/// The longest name of an agent.
pub const AGENT_NAME_LETTERS: usize = 40;

/// `[[agent]]`: a person who takes calls.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The name in records, which never changes.
    pub id: String,
    /// The name people know.
    pub name: String,
    /// The extension of the phone, and its user name.
    pub extension: String,
    /// The lines whose calls the agent takes. Outbound calls show the number of the first.
    pub lines: Vec<Duty>,
    /// The password of the phone.
    pub password: Option<String>,
    /// The name of an environment variable that holds the password instead.
    pub password_env: Option<String>,
    /// A contact that needs no registration.
    pub contact: Option<String>,
    /// Taken for logged in and 受付可 when nothing else is known of the agent.
    #[serde(default)]
    pub ready_at_start: bool,
    /// What differs for this agent from the rules for calls to the outside.
    #[serde(default, skip_serializing_if = "is_default")]
    pub outbound: AgentOutboundConfig,
    /// What the phone of a [`ScreenAgent`] proves itself with. Never in the file.
    #[serde(skip)]
    pub hashes: Option<PhoneHashes>,
}

fn is_default(rule: &AgentOutboundConfig) -> bool {
    *rule == AgentOutboundConfig::default()
}

/// Without the password.
impl std::fmt::Debug for AgentConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentConfig")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("extension", &self.extension)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// One line that an agent takes calls of, and how soon the agent's turn comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "DutyForm", into = "DutyForm")]
pub struct Duty {
    /// The name of the line.
    pub line: String,
    /// How soon.
    pub level: Level,
}

impl Duty {
    /// The line as one of those who come first.
    pub fn first(line: &str) -> Self {
        Self {
            line: line.to_owned(),
            level: Level::First,
        }
    }
}

/// The name alone stands for [`Level::First`].
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum DutyForm {
    Name(String),
    Levelled(LevelledDuty),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelledDuty {
    line: String,
    #[serde(default)]
    level: Level,
}

impl From<DutyForm> for Duty {
    fn from(form: DutyForm) -> Self {
        match form {
            DutyForm::Name(line) => Self {
                line,
                level: Level::First,
            },
            DutyForm::Levelled(LevelledDuty { line, level }) => Self { line, level },
        }
    }
}

impl From<Duty> for DutyForm {
    fn from(duty: Duty) -> Self {
        match duty.level {
            Level::First => Self::Name(duty.line),
            level => Self::Levelled(LevelledDuty {
                line: duty.line,
                level,
            }),
        }
    }
}

/// How soon an agent's turn comes on a line: those of a higher level are rung only when nobody of
/// a lower one is free.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// 主担当
    #[default]
    First,
    /// 副担当
    Second,
    /// 応援
    Third,
}

/// No level has this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is 1, 2 or 3")]
pub struct NoLevel;

impl Level {
    /// All of them, those who come first first.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// The number, from 1.
    pub fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Second => 2,
            Self::Third => 3,
        }
    }

    /// The name on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::First => "主担当",
            Self::Second => "副担当",
            Self::Third => "応援",
        }
    }
}

impl TryFrom<u8> for Level {
    type Error = NoLevel;

    fn try_from(number: u8) -> Result<Self, NoLevel> {
        let found = Self::ALL.into_iter().find(|level| level.number() == number);
        found.ok_or(NoLevel)
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.number()
    }
}

/// What a phone proves itself with, in place of its password: H(extension:realm:password).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneHashes {
    /// The extension that they were made for; they prove no other.
    pub extension: String,
    /// The realm that they were made for; they prove nothing in another.
    pub realm: String,
    /// By SHA-256, in hexadecimal.
    pub sha256: String,
    /// By MD5, in hexadecimal.
    pub md5: String,
}

impl std::fmt::Debug for PhoneHashes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhoneHashes")
            .field("extension", &self.extension)
            .finish_non_exhaustive()
    }
}

/// What the store keeps of [`PhoneHashes`]: whoever has them has the phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StoredHashes {
    /// Only the key opens them, which is not in the database.
    Sealed(SealedHashes),
    /// As earlier versions kept them; sealed when the desk starts.
    Plain(PhoneHashes),
}

/// The sealed form of [`PhoneHashes`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedHashes {
    extension: String,
    realm: String,
    /// Both hashes with a blank between them, encrypted, as text.
    sealed: String,
}

impl std::fmt::Debug for StoredHashes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredHashes")
            .field("extension", &self.extension())
            .finish_non_exhaustive()
    }
}

impl StoredHashes {
    /// The hashes sealed by `seal`; `None` if it fails.
    pub fn seal(hashes: &PhoneHashes, seal: impl FnOnce(&str) -> Option<String>) -> Option<Self> {
        Some(Self::Sealed(SealedHashes {
            extension: hashes.extension.clone(),
            realm: hashes.realm.clone(),
            sealed: seal(&format!("{} {}", hashes.sha256, hashes.md5))?,
        }))
    }

    /// The hashes, if `open` opens them.
    pub fn open(&self, open: impl FnOnce(&str) -> Option<String>) -> Option<PhoneHashes> {
        let kept = match self {
            Self::Plain(hashes) => return Some(hashes.clone()),
            Self::Sealed(kept) => kept,
        };
        let opened = open(&kept.sealed)?;
        let (sha256, md5) = opened.split_once(' ')?;
        Some(PhoneHashes {
            extension: kept.extension.clone(),
            realm: kept.realm.clone(),
            sha256: sha256.to_owned(),
            md5: md5.to_owned(),
        })
    }

    /// The extension that they were made for.
    pub fn extension(&self) -> &str {
        match self {
            Self::Sealed(kept) => &kept.extension,
            Self::Plain(hashes) => &hashes.extension,
        }
    }

    /// The realm that they were made for.
    pub fn realm(&self) -> &str {
        match self {
            Self::Sealed(kept) => &kept.realm,
            Self::Plain(hashes) => &hashes.realm,
        }
    }
}

/// An agent who was made on a screen, as the store has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenAgent {
    /// The agent, without a password.
    pub agent: AgentConfig,
    /// What the phone proves itself with.
    pub hashes: StoredHashes,
    /// When its password was made.
    pub password_at: Instant,
}

impl ScreenAgent {
    /// The agent with what the phone proves itself with; nothing proves it if `open` does not open
    /// that.
    pub fn joined(&self, open: impl FnOnce(&str) -> Option<String>) -> AgentConfig {
        let nothing = || PhoneHashes {
            extension: self.hashes.extension().to_owned(),
            realm: String::new(),
            sha256: String::new(),
            md5: String::new(),
        };
        AgentConfig {
            password: None,
            password_env: None,
            hashes: Some(self.hashes.open(open).unwrap_or_else(nothing)),
            ..self.agent.clone()
        }
    }

    /// The same agent with hashes sealed; `None` if they are, or `seal` fails.
    pub fn sealed(&self, seal: impl FnOnce(&str) -> Option<String>) -> Option<Self> {
        let StoredHashes::Plain(hashes) = &self.hashes else {
            return None;
        };
        Some(Self {
            hashes: StoredHashes::seal(hashes, seal)?,
            ..self.clone()
        })
    }

    /// Whether the password still holds for the extension, in this realm.
    pub fn password_holds(&self, realm: &str) -> bool {
        self.hashes.extension() == self.agent.extension && self.hashes.realm() == realm
    }
}

impl AgentConfig {
    /// An agent without lines and without a password.
    pub fn new(id: &str, name: &str, extension: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            extension: extension.to_owned(),
            lines: Vec::new(),
            password: None,
            password_env: None,
            contact: None,
            ready_at_start: false,
            outbound: AgentOutboundConfig::default(),
            hashes: None,
        }
    }

    /// The same agent without anything that must be kept secret.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        Self {
            password: None,
            hashes: None,
            ..self
        }
    }

    /// What is wrong with the agent by themselves.
    pub fn faults(&self) -> Vec<FieldError> {
        let empty = |field, value: &str| {
            value
                .is_empty()
                .then(|| FieldError::new(field, "空の値があります"))
        };
        let mut faults = Vec::new();
        faults.extend(empty("id", &self.id));
        faults.extend(empty("extension", &self.extension));
        let mut seen: Vec<&str> = Vec::new();
        for duty in &self.lines {
            if seen.contains(&duty.line.as_str()) {
                let message = format!("「{}」が2回書かれています", duty.line);
                faults.push(FieldError::new("lines", message));
            }
            seen.push(&duty.line);
        }
        faults.extend(self.outbound.faults());
        faults
    }

    /// What a screen does not take, beside [`Self::faults`].
    pub fn entered_faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let letters =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        let length = 1..=AGENT_ID_LETTERS;
        if !length.contains(&self.id.len())
            || !self.id.bytes().all(letters)
            || !self
                .id
                .starts_with(|first: char| first.is_ascii_alphanumeric())
        {
            let message = format!(
                "半角の英小文字、数字、「.」「-」「_」で、{AGENT_ID_LETTERS}文字以内で入力してください。\
                 最初の文字は英小文字か数字です"
            );
            faults.push(FieldError::new("id", message));
        }
        faults.extend(entered_name("name", &self.name, AGENT_NAME_LETTERS));
        let digits = self.extension.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(2..=8).contains(&self.extension.len()) {
            let message = "半角の数字で、2桁から8桁で入力してください";
            faults.push(FieldError::new("extension", message));
        } else if EMERGENCY.contains(&self.extension.as_str()) {
            let message = "緊急通報の番号は、内線番号にできません";
            faults.push(FieldError::new("extension", message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_by_its_name_or_with_a_level() {
        let text = r#"["a",{"line":"b","level":2},{"line":"c"}]"#;
        let duties: Vec<Duty> = serde_json::from_str(text).unwrap();
        let levels: Vec<_> = duties.iter().map(|duty| duty.level.number()).collect();
        assert_eq!(levels, [1, 2, 1]);
        assert_eq!(
            serde_json::to_string(&duties).unwrap(),
            r#"["a",{"line":"b","level":2},"c"]"#
        );
        for wrong in [r#"[{"line":"b","level":4}]"#, r#"[{"name":"b"}]"#, "[1]"] {
            assert!(serde_json::from_str::<Vec<Duty>>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_screen_takes_plain_ids_and_extensions_that_can_be_dialled() {
        let entered = |id, extension| AgentConfig::new(id, "田中", extension).entered_faults();
        assert_eq!(entered("tanaka.m", "201"), []);
        for (id, extension, field) in [
            ("Tanaka", "201", "id"),
            (".tanaka", "201", "id"),
            ("", "201", "id"),
            ("tanaka", "2", "extension"),
            ("tanaka", "*1", "extension"),
            ("tanaka", "119", "extension"),
        ] {
            let faults = entered(id, extension);
            assert_eq!(faults.len(), 1, "{id} {extension}");
            assert_eq!(faults[0].field, field);
        }
    }

    #[test]
    fn a_password_holds_for_its_extension_in_its_realm_and_is_not_shown() {
        let hashes = PhoneHashes {
            extension: "201".to_owned(),
            realm: "desk".to_owned(),
            sha256: "abc".to_owned(),
            md5: "def".to_owned(),
        };
        let agent = ScreenAgent {
            agent: AgentConfig::new("tanaka", "田中", "201"),
            hashes: StoredHashes::Plain(hashes.clone()),
            password_at: Instant(0),
        };
        assert!(agent.password_holds("desk") && !agent.password_holds("other"));
        assert!(!format!("{agent:?}").contains("abc"));
        let kept = serde_json::to_string(&agent).unwrap();
        assert_eq!(serde_json::from_str::<ScreenAgent>(&kept).unwrap(), agent);
        assert_eq!(agent.joined(|_| None).without_secrets(), agent.agent);
        // Sealed, it says the same to who has the key, and to nobody else.
        let turned = |text: &str| Some(text.chars().rev().collect::<String>());
        let sealed = agent.sealed(turned).unwrap();
        let kept = serde_json::to_string(&sealed).unwrap();
        assert!(!kept.contains("abc") && !kept.contains("def"), "{kept}");
        let again: ScreenAgent = serde_json::from_str(&kept).unwrap();
        assert!(again == sealed && again.password_holds("desk"));
        assert_eq!(again.joined(turned).hashes, Some(hashes));
        let without_key = again.joined(|_| None).hashes.unwrap();
        assert!(without_key.sha256.is_empty() && without_key.realm.is_empty());
        assert_eq!(again.sealed(turned), None, "once");
    }

    #[test]
    fn a_line_taken_twice_is_a_fault() {
        let agent = AgentConfig {
            lines: vec![Duty::first("a"), Duty::first("a")],
            ..AgentConfig::new("tanaka", "田中", "201")
        };
        assert_eq!(agent.faults()[0].message, "「a」が2回書かれています");
    }
}
