//! How well voice came through (RFC 3550).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{CallEvent, EventKind, Party};
use crate::id::{AgentId, CallId};

/// What was measured of one leg of a call, from the beginning of the leg until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct VoiceQuality {
    /// Packets that came from the leg.
    pub packets_received: u64,
    /// Packets of the leg that never came (RFC 3550 A.3).
    pub packets_lost: u64,
    /// The highest jitter with which they came (RFC 3550 A.8), in milliseconds.
    pub jitter_ms: u64,
    /// For how long nothing came from the leg while the other side spoke, in milliseconds; pauses below two seconds
    /// do not count.
    pub silent_ms: u64,
    /// Packets that went to the leg.
    pub packets_sent: u64,
    /// How many of them the leg says that it never heard (RTCP); nothing if it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub far_packets_lost: Option<u64>,
    /// The jitter that the leg tells last, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub far_jitter_ms: Option<u64>,
    /// The longest way there and back that was measured, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<u64>,
}

impl VoiceQuality {
    /// The share of what should have come that was lost, in tenths of a percent; nothing where nothing should have.
    pub fn lost_permille(&self) -> Option<u64> {
        permille(
            self.packets_lost,
            self.packets_received.saturating_add(self.packets_lost),
        )
    }

    /// The share of what was sent that the leg did not hear, in tenths of a percent; nothing if it does not tell.
    pub fn far_lost_permille(&self) -> Option<u64> {
        permille(self.far_packets_lost?, self.packets_sent)
    }
}

/// Rounded half up; never above a thousand.
pub fn permille(part: u64, whole: u64) -> Option<u64> {
    let scaled = part.min(whole).saturating_mul(2_000).saturating_add(whole);
    scaled.checked_div(whole.saturating_mul(2))
}

/// What a leg goes over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoiceDevice {
    /// A trunk, by its name.
    Trunk(String),
    /// The phone of an agent.
    Phone(AgentId),
}

/// How well voice came over one device on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceQuality {
    /// Legs with voice.
    pub legs: u64,
    /// Packets that came, of all legs.
    pub packets_received: u64,
    /// Packets that never came, of all legs.
    pub packets_lost: u64,
    /// The highest share that was lost in one leg, in tenths of a percent, and its call.
    pub worst: Option<(u64, CallId)>,
    /// The highest jitter of a leg, in milliseconds.
    pub jitter_ms: u64,
    /// The longest way there and back, in milliseconds, if any was measured.
    pub round_trip_ms: Option<u64>,
    /// Packets that went to legs that told how many they did not hear, and those.
    pub told_of: (u64, u64),
    /// Legs from which nothing came for a while though the other side spoke.
    pub silent_legs: u64,
}

impl DeviceQuality {
    /// The share of what should have come that was lost, in tenths of a percent.
    pub fn lost_permille(&self) -> Option<u64> {
        let whole = self.packets_received.saturating_add(self.packets_lost);
        permille(self.packets_lost, whole)
    }

    /// The share of what was sent that the far ends did not hear, in tenths of a percent; nothing if none told.
    pub fn far_lost_permille(&self) -> Option<u64> {
        let (sent, lost) = self.told_of;
        permille(lost, sent)
    }

    fn add(&mut self, call: &CallId, quality: &VoiceQuality) {
        self.legs += 1;
        self.packets_received += quality.packets_received;
        self.packets_lost += quality.packets_lost;
        let lost = quality.lost_permille().filter(|lost| *lost > 0);
        if let Some(lost) = lost
            && self.worst.as_ref().is_none_or(|(most, _)| lost > *most)
        {
            self.worst = Some((lost, call.clone()));
        }
        self.jitter_ms = self.jitter_ms.max(quality.jitter_ms);
        self.round_trip_ms = self.round_trip_ms.max(quality.round_trip_ms);
        if let Some(lost) = quality.far_packets_lost {
            self.told_of.0 += quality.packets_sent;
            self.told_of.1 += lost;
        }
        self.silent_legs += u64::from(quality.silent_ms > 0);
    }
}

/// The quality of each day and device, by events of the kind [`EventKind::VoiceMeasured`] in the order in which they
/// happened: of a leg the last one holds. Legs without a device (an observed far end) are left out.
pub fn by_device(events: &[CallEvent]) -> BTreeMap<(NaiveDate, VoiceDevice), DeviceQuality> {
    let mut legs = BTreeMap::new();
    for event in events {
        let EventKind::VoiceMeasured {
            leg,
            trunk,
            agent,
            quality,
        } = &event.kind
        else {
            continue;
        };
        let device = match (trunk, agent) {
            (Some(trunk), _) => VoiceDevice::Trunk(trunk.clone()),
            (None, Some(agent)) => VoiceDevice::Phone(agent.clone()),
            (None, None) => continue,
        };
        let is_agent = matches!(leg, Party::Agent);
        legs.insert((&event.call, is_agent, device), (event.at.date(), quality));
    }
    let mut found: BTreeMap<_, DeviceQuality> = BTreeMap::new();
    for ((call, _, device), (day, quality)) in legs {
        found.entry((day, device)).or_default().add(call, quality);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    fn measured(call: &str, seq: u32, leg: Party, lost: u64) -> CallEvent {
        let (trunk, agent) = match leg {
            Party::Caller => (Some("isp".to_owned()), None),
            Party::Agent => (None, Some("sato".into())),
        };
        CallEvent {
            call: call.into(),
            seq,
            at: Instant(1_795_478_400_000),
            node: "n".into(),
            line: "desk".into(),
            kind: EventKind::VoiceMeasured {
                leg,
                trunk,
                agent,
                quality: VoiceQuality {
                    packets_received: 1_000 - lost,
                    packets_lost: lost,
                    jitter_ms: lost,
                    ..VoiceQuality::default()
                },
            },
        }
    }

    #[test]
    fn a_day_of_a_device_adds_its_legs_and_of_a_leg_the_last_measure_counts() {
        let events = [
            measured("one", 5, Party::Caller, 500),
            measured("one", 8, Party::Caller, 20),
            measured("two", 5, Party::Caller, 60),
            measured("two", 6, Party::Agent, 0),
        ];
        let found = by_device(&events);
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let trunk = &found[&(day, VoiceDevice::Trunk("isp".to_owned()))];
        assert_eq!((trunk.legs, trunk.packets_lost), (2, 80));
        assert_eq!(trunk.lost_permille(), Some(40));
        assert_eq!(trunk.worst, Some((60, "two".into())));
        assert_eq!(trunk.far_lost_permille(), None);
        let phone = &found[&(day, VoiceDevice::Phone("sato".into()))];
        assert_eq!((phone.legs, phone.worst.clone()), (1, None));
    }

    #[test]
    fn shares_are_rounded_and_of_nothing_there_are_none() {
        let quality = VoiceQuality {
            packets_received: 999,
            packets_lost: 1,
            packets_sent: 2_000,
            ..VoiceQuality::default()
        };
        assert_eq!(quality.lost_permille(), Some(1));
        assert_eq!(quality.far_lost_permille(), None);
        let told = VoiceQuality {
            far_packets_lost: Some(9),
            ..quality
        };
        assert_eq!(told.far_lost_permille(), Some(5), "4.5 is 5");
        assert_eq!(VoiceQuality::default().lost_permille(), None);
        assert_eq!(permille(5, 3), Some(1_000));
    }
}
