//! 音声案内: what callers and phones can be told, by name, and what is set of it on screens.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::audit::ChainHash;
use crate::id::LineName;

/// The kind of [`OwnSound`] in the store.
pub const ANNOUNCEMENT: &str = "announcement";

/// The longest text that is spoken, in letters.
pub const TEXT_LETTERS: usize = 300;
/// The most that the synthesiser takes at once, in bytes of UTF-8.
const TEXT_BYTES: usize = 1_000;

/// What is said for what, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnnouncementGroup {
    /// At the beginning and at the end of a call.
    Answering,
    /// While the caller waits: the place in the queue.
    Position,
    /// While the caller waits: how long it takes.
    Wait,
    /// To agents, after a number dialled on their phones.
    Phone,
}

impl AnnouncementGroup {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Answering, Self::Position, Self::Wait, Self::Phone];

    /// The name on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Answering => "電話をかけた人への案内と保留音",
            Self::Position => "順番の案内",
            Self::Wait => "待ち時間の案内",
            Self::Phone => "担当者の電話機への案内",
        }
    }
}

/// One thing that can be said: its name in settings, and what people call it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnnouncementName(&'static Entry);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    group: AnnouncementGroup,
    name: &'static str,
    label: &'static str,
    purpose: &'static str,
}

macro_rules! entries {
    ($($group:ident { $($name:literal $label:literal $purpose:literal)+ })+) => {
        const ENTRIES: &[Entry] = &[$($(Entry {
            group: AnnouncementGroup::$group,
            name: $name,
            label: $label,
            purpose: $purpose,
        },)+)+];
    };
}

const NEXT_POSITION: &str = "保留音の途中で、順番を知らせます。";
const WAIT: &str = "保留音の途中で、待ち時間の目安を知らせます。";

entries! {
    Answering {
        "greeting" "挨拶" "電話がつながったときに、最初に流します。"
        "closed" "受付時間外" "受付時間外の電話に流し、流し終えると切ります。"
        "queue_full" "待ち人数の上限" "待っている人が上限に達しているときに流し、切ります。"
        "no_agent" "担当者なし" "受け付けられる担当者がいないときに流し、切ります。"
        "max_wait" "待ち時間の上限" "待ち時間が上限に達した人に流し、切ります。"
        "closed_while_waiting" "待っている間の受付終了" "待っている間に受付が終わった人に流し、切ります。"
        "music" "保留音" "待っている間と保留の間、繰り返し流します。"
    }
    Position {
        "position_1" "次の順番" "保留音の途中で、次が順番の人に流します。"
        "position_2" "順番(2番目)" ""
        "position_3" "順番(3番目)" ""
        "position_4" "順番(4番目)" ""
        "position_5" "順番(5番目)" ""
        "position_6" "順番(6番目)" ""
        "position_7" "順番(7番目)" ""
        "position_8" "順番(8番目)" ""
        "position_9" "順番(9番目)" ""
        "position_10" "順番(10番目)" ""
        "position_more" "順番(11番目以降)" ""
    }
    Wait {
        "wait_1" "待ち時間(1分)" ""
        "wait_2" "待ち時間(2分)" ""
        "wait_3" "待ち時間(3分)" ""
        "wait_4" "待ち時間(4分)" ""
        "wait_5" "待ち時間(5分)" ""
        "wait_6" "待ち時間(6分)" ""
        "wait_7" "待ち時間(7分)" ""
        "wait_8" "待ち時間(8分)" ""
        "wait_9" "待ち時間(9分)" ""
        "wait_10" "待ち時間(10分)" ""
        "wait_15" "待ち時間(15分)" "保留音の途中で、目安が10分を超え15分以内のときに流します。"
        "wait_20" "待ち時間(20分)" "保留音の途中で、目安が15分を超え20分以内のときに流します。"
        "wait_30" "待ち時間(30分)" "保留音の途中で、目安が20分を超え30分以内のときに流します。"
        "wait_more" "待ち時間(30分以上)" "保留音の途中で、目安が30分を超えるときに流します。"
    }
    Phone {
        "ready" "受付の開始" "担当者が受付可にしたときに流します。"
        "away" "離席" "担当者が離席にしたときに流します。"
        "logged_out" "受付の終了" "担当者が受付を終えたときに流します。"
        "refused" "操作できないとき" "電話機からの操作を受け付けられないときに流します。"
    }
}

/// Name and text of each announcement that comes with the product.
static STANDARD_TEXTS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    include_str!("../../../scripts/voices.txt")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect()
});

impl AnnouncementName {
    /// All of them, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = Self> {
        ENTRIES.iter().map(Self)
    }

    /// The one of this name.
    pub fn lookup(name: &str) -> Option<Self> {
        Self::all().find(|known| known.as_str() == name)
    }

    /// The name in settings.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// The name on screens.
    pub fn label(self) -> &'static str {
        self.0.label
    }

    /// Together with which others it is shown.
    pub fn group(self) -> AnnouncementGroup {
        self.0.group
    }

    /// When it is played, in a sentence.
    pub fn purpose(self) -> &'static str {
        match (self.0.purpose, self.group()) {
            ("", AnnouncementGroup::Position) => NEXT_POSITION,
            ("", _) => WAIT,
            (purpose, _) => purpose,
        }
    }

    /// The text of the one that comes with the product; `None` for music.
    pub fn standard_text(self) -> Option<&'static str> {
        STANDARD_TEXTS.get(self.as_str()).copied()
    }

    /// Whether each line may have its own.
    pub fn is_for_lines(self) -> bool {
        self.group() != AnnouncementGroup::Phone
    }
}

impl fmt::Debug for AnnouncementName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is said where: for all lines, or for one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnnouncementId {
    /// Which line; `None`: all that have none of their own.
    pub line: Option<LineName>,
    /// Which announcement it is.
    pub name: AnnouncementName,
}

/// What stands for all lines in place of the name of one.
pub const ALL_LINES: &str = "*";

impl AnnouncementId {
    /// The one for all lines.
    pub fn for_all(name: AnnouncementName) -> Self {
        Self { line: None, name }
    }

    /// The one of a line (`*`: for all) by its name, if there can be such a one.
    pub fn lookup(line: &str, name: &str) -> Option<Self> {
        let name = AnnouncementName::lookup(name)?;
        if line == ALL_LINES {
            return Some(Self::for_all(name));
        }
        (name.is_for_lines() && !line.is_empty()).then(|| Self {
            line: Some(LineName::new(line)),
            name,
        })
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (line, name) = text.rsplit_once('/')?;
        Self::lookup(line, name)
    }

    /// The line's name, or what stands for all.
    pub fn line_text(&self) -> &str {
        self.line.as_ref().map_or(ALL_LINES, LineName::as_str)
    }
}

impl fmt::Display for AnnouncementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.line_text(), self.name.as_str())
    }
}

/// A recording of the operator's own that is played in place of the one that comes with the
/// product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnSound {
    /// The hash of the recording (SHA-256, hexadecimal), by which the store has it.
    pub hash: String,
    /// How long it plays, in seconds.
    pub secs: f64,
    /// What was spoken; empty if a file was brought.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The name of the file that was brought; empty if a text was spoken.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}

/// The hash by which a recording is kept: SHA-256 of the file, hexadecimal.
pub fn recording_hash(file: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(file).into();
    ChainHash(digest).to_hex()
}

/// Why a text cannot be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// There is none.
    #[error("読み上げる文章を入力してください。")]
    Empty,
    /// It is too long.
    #[error("文章は{TEXT_LETTERS}文字以内で入力してください。")]
    Long,
}

const SENTENCE_ENDS: [char; 6] = ['。', '、', '！', '？', '!', '?'];

/// A text as it is spoken and kept: one line, without letters that nobody sees.
pub fn spoken_text(text: &str) -> Result<String, TextFault> {
    let mut spoken = String::new();
    for line in text.lines() {
        let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
        let line = line.trim();
        // The end of a line is the end of a sentence.
        if !spoken.is_empty() && !line.is_empty() && !spoken.ends_with(SENTENCE_ENDS) {
            spoken.push('。');
        }
        spoken.push_str(line);
    }
    if spoken.is_empty() {
        return Err(TextFault::Empty);
    }
    if spoken.chars().count() > TEXT_LETTERS || spoken.len() > TEXT_BYTES {
        return Err(TextFault::Long);
    }
    Ok(spoken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_announcement_has_a_text_but_the_music() {
        let without: Vec<_> = AnnouncementName::all()
            .filter(|name| name.standard_text().is_none())
            .collect();
        assert_eq!(without, [AnnouncementName::lookup("music").unwrap()]);
        for name in STANDARD_TEXTS.keys() {
            assert!(AnnouncementName::lookup(name).is_some(), "{name}");
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written_and_impossible_ones_are_refused() {
        for text in ["*/greeting", "*/ready", "総合窓口/music", "a/b/closed"] {
            assert_eq!(AnnouncementId::parse(text).unwrap().to_string(), text);
        }
        for text in ["greeting", "/greeting", "main/ready", "*/hello", "*/"] {
            assert_eq!(AnnouncementId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_spoken_text_is_one_line_and_not_too_long() {
        assert_eq!(
            spoken_text(" お電話ありがとうございます\r\n\r\n お待ちください。\n\u{7}以上 ")
                .unwrap(),
            "お電話ありがとうございます。お待ちください。以上"
        );
        assert_eq!(spoken_text("\n \n"), Err(TextFault::Empty));
        assert_eq!(spoken_text(&"あ".repeat(301)), Err(TextFault::Long));
        assert!(spoken_text(&"あ".repeat(300)).is_ok());
        assert_eq!(spoken_text(&"🙂".repeat(300)), Err(TextFault::Long));
    }
}
