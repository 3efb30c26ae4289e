//! How voice came through, in words.

use madoguchi_core::event::Party;
use madoguchi_core::quality::VoiceQuality;

/// Of one side of a call, in a sentence.
pub(super) fn sentence(leg: Party, quality: &VoiceQuality) -> String {
    let side = match leg {
        Party::Caller => "相手側",
        Party::Agent => "担当者側",
    };
    let mut told = Vec::new();
    match quality.lost_permille() {
        Some(lost) => {
            told.push(format!("届かなかった割合{}", percent(lost)));
            told.push(format!("ゆらぎ{}ミリ秒", quality.jitter_ms));
        }
        None => told.push("届いた音声なし".to_owned()),
    }
    if let Some(lost) = quality.far_lost_permille() {
        told.push(format!("先方に届かなかった割合{}", percent(lost)));
    }
    if let Some(round_trip) = quality.round_trip_ms {
        told.push(format!("往復の遅れ{round_trip}ミリ秒"));
    }
    if quality.silent_ms > 0 {
        told.push(format!("片側の無音{}秒", quality.silent_ms.div_ceil(1_000)));
    }
    format!("{side}の音声の品質: {}。", told.join("、"))
}

/// Tenths of a percent as a reader expects them.
pub(crate) fn percent(permille: u64) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_measured_is_told() {
        let silent = VoiceQuality::default();
        assert_eq!(
            sentence(Party::Agent, &silent),
            "担当者側の音声の品質: 届いた音声なし。"
        );
        let heard = VoiceQuality {
            packets_received: 960,
            packets_lost: 40,
            jitter_ms: 12,
            silent_ms: 2_400,
            packets_sent: 1_000,
            far_packets_lost: Some(3),
            far_jitter_ms: Some(2),
            round_trip_ms: Some(35),
        };
        assert_eq!(
            sentence(Party::Caller, &heard),
            "相手側の音声の品質: 届かなかった割合4.0%、ゆらぎ12ミリ秒、先方に届かなかった割合0.3%、\
             往復の遅れ35ミリ秒、片側の無音3秒。"
        );
    }
}
