//! The names of sounds, and which one says what.

use madoguchi_line::api::Announcement;

use crate::media::voices::VOICES;

/// What a phone hears after it dialled a feature code. The same for all lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confirmation {
    /// 受付を開始しました
    Ready,
    /// 離席にしました
    Away,
    /// 受付を終えました
    LoggedOut,
    /// 操作できません
    Refused,
}

/// The name of a sound, as settings write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SoundName(pub(super) &'static str);

impl SoundName {
    /// The music of the queue and of hold.
    pub const MUSIC: Self = Self("music");

    /// All names.
    pub fn all() -> impl Iterator<Item = Self> {
        VOICES
            .iter()
            .map(|(name, _)| Self(name))
            .chain([Self::MUSIC])
    }

    /// The name that settings wrote, if there is such a sound.
    pub fn lookup(text: &str) -> Option<Self> {
        Self::all().find(|name| name.0 == text)
    }

    /// The name as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether each line may have its own.
    pub fn is_for_lines(self) -> bool {
        ![
            Confirmation::Ready,
            Confirmation::Away,
            Confirmation::LoggedOut,
            Confirmation::Refused,
        ]
        .map(Self::from)
        .contains(&self)
    }
}

impl From<Confirmation> for SoundName {
    fn from(confirmation: Confirmation) -> Self {
        Self(match confirmation {
            Confirmation::Ready => "ready",
            Confirmation::Away => "away",
            Confirmation::LoggedOut => "logged_out",
            Confirmation::Refused => "refused",
        })
    }
}

impl From<Announcement> for SoundName {
    fn from(announcement: Announcement) -> Self {
        Self(match announcement {
            Announcement::Greeting => "greeting",
            Announcement::Closed => "closed",
            Announcement::Position(position) => position_name(position),
            Announcement::WaitMinutes(minutes) => wait_name(minutes),
            Announcement::QueueFull => "queue_full",
            Announcement::MaxWait => "max_wait",
            Announcement::NoAgent => "no_agent",
            Announcement::ClosedWhileWaiting => "closed_while_waiting",
        })
    }
}

fn position_name(position: u32) -> &'static str {
    match position {
        0 | 1 => "position_1",
        2 => "position_2",
        3 => "position_3",
        4 => "position_4",
        5 => "position_5",
        6 => "position_6",
        7 => "position_7",
        8 => "position_8",
        9 => "position_9",
        10 => "position_10",
        _ => "position_more",
    }
}

/// Never less than the estimate: between the recorded numbers the next greater one is said.
fn wait_name(minutes: u32) -> &'static str {
    match minutes {
        0 | 1 => "wait_1",
        2 => "wait_2",
        3 => "wait_3",
        4 => "wait_4",
        5 => "wait_5",
        6 => "wait_6",
        7 => "wait_7",
        8 => "wait_8",
        9 => "wait_9",
        10 => "wait_10",
        11..=15 => "wait_15",
        16..=20 => "wait_20",
        21..=30 => "wait_30",
        _ => "wait_more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_announced_shorter_than_estimated() {
        let name = |minutes| SoundName::from(Announcement::WaitMinutes(minutes)).as_str();
        assert_eq!(
            [0, 1, 10, 11, 15, 16].map(name),
            [
                "wait_1", "wait_1", "wait_10", "wait_15", "wait_15", "wait_20"
            ]
        );
        assert_eq!(
            [20, 21, 30, 31].map(name),
            ["wait_20", "wait_30", "wait_30", "wait_more"]
        );
    }
}
