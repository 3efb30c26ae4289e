//! How values are written on pages (公用文): dates, times, durations, numbers, states.

mod voice_quality;

pub(crate) use voice_quality::percent;

use chrono::{Datelike, NaiveDate, Timelike};
use madoguchi_core::call::{CallRecord, Direction, Outcome};
use madoguchi_core::event::{
    AbandonReason, EndCause, EventKind, Party, RingOutcome, TransferTarget,
};
use madoguchi_core::hours::HoursStatus;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentState, DeskSnapshot, HandOnRefusal};
use madoguchi_core::outbound::OutboundRefusal;
use madoguchi_core::time::{Instant, Millis};

/// What stands for a figure over nothing.
pub(crate) const NOTHING: &str = "－";

/// What stands for a number that the visitor may not see.
pub(crate) const HIDDEN: &str = "(表示する権限がありません)";

/// How dates are written on screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateStyle {
    /// 2026年(令和8年)11月24日
    #[default]
    Both,
    /// 2026年11月24日
    Western,
    /// 令和8年11月24日
    Japanese,
}

impl DateStyle {
    /// A day.
    pub(crate) fn date(self, date: NaiveDate) -> String {
        format!("{}{}月{}日", self.year(date), date.month(), date.day())
    }

    /// A month.
    pub(crate) fn month(self, date: NaiveDate) -> String {
        format!("{}{}月", self.year(date), date.month())
    }

    /// A day and the minute on it.
    pub(crate) fn minute(self, at: Instant) -> String {
        format!("{} {}", self.date(at.date()), time(at))
    }

    fn year(self, date: NaiveDate) -> String {
        let western = format!("{}年", date.year());
        match (self, era_year(date)) {
            (Self::Both, Some(era)) => format!("{western}({era})"),
            (Self::Japanese, Some(era)) => era,
            _ => western,
        }
    }
}

/// 令和8年; `None` before 令和.
fn era_year(date: NaiveDate) -> Option<String> {
    match date.year() {
        2020.. => Some(format!("令和{}年", date.year() - 2018)),
        2019 if date.month() >= 5 => Some("令和元年".to_owned()),
        _ => None,
    }
}

/// One of the seven letters of the week.
pub(crate) fn weekday(date: NaiveDate) -> &'static str {
    ["月", "火", "水", "木", "金", "土", "日"]
        .get(date.weekday().num_days_from_monday() as usize)
        .copied()
        .unwrap_or("")
}

/// 8:30
pub(crate) fn time(at: Instant) -> String {
    let time = at.in_tokyo();
    format!("{}:{:02}", time.hour(), time.minute())
}

/// 8:30:05
pub(crate) fn time_with_seconds(at: Instant) -> String {
    let time = at.in_tokyo();
    format!("{}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// 8:30:05.123
pub(crate) fn time_with_millis(at: Instant) -> String {
    format!("{}.{:03}", time_with_seconds(at), at.0.rem_euclid(1000))
}

/// Whether the desk is open, and until when or from when on.
pub(crate) fn hours(hours: &HoursStatus, now: Instant, dates: DateStyle) -> String {
    let shown = |at: Instant| {
        if at.date() == now.date() {
            time(at)
        } else {
            format!("{} {}", dates.date(at.date()), time(at))
        }
    };
    match (hours.open, hours.closes_at, hours.opens_at) {
        (true, Some(at), _) => format!("受付時間内({}まで)", shown(at)),
        (true, None, _) => "受付時間内".to_owned(),
        (false, _, Some(at)) => format!("受付時間外(次の受付は{}から)", shown(at)),
        (false, _, None) => "受付時間外".to_owned(),
    }
}

/// 分:秒
pub(crate) fn duration(time: Option<Millis>) -> String {
    time.map_or_else(
        || NOTHING.to_owned(),
        |time| {
            let secs = (time.0.max(0) + 500) / 1000;
            format!("{}:{:02}", secs / 60, secs % 60)
        },
    )
}

/// 1,029
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 12KB, 3.4MB
pub(crate) fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes}バイト"),
        KIB..1_048_576 => format!("{}KB", bytes.div_ceil(KIB)),
        _ => format!("{:.1}MB", bytes as f64 / 1_048_576.0),
    }
}

/// 99.4%
pub(crate) fn rate(rate: Option<String>) -> String {
    rate.map_or_else(|| NOTHING.to_owned(), |rate| format!("{rate}%"))
}

/// The beginning of a text, in a line; whether more follows can be seen.
pub(crate) fn beginning(text: &str, letters: usize) -> String {
    let line = text.replace('\n', " ");
    match line.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// What a browser says of itself, in a few words.
pub(crate) fn device(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    // Browsers name the ones they descend from, too: the more particular first.
    let browser = find(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}({system})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "不明な端末".to_owned(),
    }
}

pub(crate) fn agent_state(state: &AgentState) -> &'static str {
    match state {
        AgentState::LoggedOut => "受付終了",
        AgentState::Ready => "受付可",
        AgentState::Ringing => "呼出中",
        AgentState::Talking => "通話中",
        AgentState::WrapUp => "後処理",
        AgentState::Away { .. } => "離席",
    }
}

pub(crate) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "着信",
        Direction::AfterHours => "時間外着信",
        Direction::Outbound => "発信",
        Direction::Internal => "内線",
        Direction::Superseded => "着信(引継ぎ)",
    }
}

pub(crate) fn reason(reason: AbandonReason) -> &'static str {
    match reason {
        AbandonReason::CallerHangup => "発信者が切断",
        AbandonReason::MaxWait => "待ち時間の上限",
        AbandonReason::QueueFull => "待ち人数の上限",
        AbandonReason::NoAgent => "担当者なし",
        AbandonReason::DeskClosedWhileWaiting => "受付終了",
        AbandonReason::SystemError => "システム障害",
    }
}

pub(crate) fn outcome(call: &CallRecord) -> String {
    match (call.direction, call.outcome()) {
        (_, Outcome::Abandoned(why)) => format!("放棄({})", reason(why)),
        (Direction::Inbound, Outcome::Waiting) => "応対前".to_owned(),
        (_, Outcome::Waiting) => "呼出中".to_owned(),
        (_, Outcome::Talking) => "通話中".to_owned(),
        (_, Outcome::Completed) => "応答".to_owned(),
        (Direction::AfterHours, Outcome::Ended) => "時間外の案内".to_owned(),
        (Direction::Superseded, _) if call.call.is_observed() => "別の通話の一部".to_owned(),
        (Direction::Superseded, _) => "次の着信に引継ぎ".to_owned(),
        (_, Outcome::Ended) => "不応答".to_owned(),
    }
}

fn party(party: Party) -> &'static str {
    match party {
        Party::Caller => "相手",
        Party::Agent => "担当者",
    }
}

/// What happened, in a sentence.
pub(crate) fn event(kind: &EventKind, name: impl Fn(&str) -> String) -> String {
    match kind {
        EventKind::Arrived { from, to, open } => {
            let hours = if *open {
                "受付時間内"
            } else {
                "受付時間外"
            };
            format!(
                "{}から{}に着信しました({hours})。",
                from.shown(),
                to.shown()
            )
        }
        EventKind::Accepted => "窓口が自動で応対を始めました。".to_owned(),
        EventKind::Queued => "待ち行列に入りました。".to_owned(),
        EventKind::Ringing { agent } => format!("{}を呼び出しました。", name(agent.as_str())),
        EventKind::RingEnded { agent, outcome } => {
            let name = name(agent.as_str());
            match outcome {
                RingOutcome::NoAnswer => format!("{name}は応答しませんでした。"),
                RingOutcome::Declined => format!("{name}は応答を断りました。"),
                RingOutcome::Unreachable => format!("{name}の電話機につながりませんでした。"),
                RingOutcome::Dropped => format!("{name}は応答の直後に切れました。"),
                RingOutcome::Withdrawn => format!("{name}の呼出しを取りやめました。"),
            }
        }
        EventKind::Answered { agent: Some(agent) } => {
            format!("{}が応答しました。", name(agent.as_str()))
        }
        EventKind::Answered { agent: None } => "応答しました(担当者は不明)。".to_owned(),
        EventKind::Held { by } => format!("{}が保留しました。", party(*by)),
        EventKind::Resumed { by } => format!("{}が保留を解きました。", party(*by)),
        EventKind::Transferred {
            to: TransferTarget::Agent { agent },
            ..
        } => {
            format!("{}に転送しました。", name(agent.as_str()))
        }
        EventKind::Transferred {
            to: TransferTarget::Outside { number },
            ..
        } => {
            format!("外部の{number}に転送しました。")
        }
        EventKind::Transferred {
            to: TransferTarget::Caller { call },
            ..
        } => format!("転送された発信者(通話 {call})と話しています。"),
        EventKind::Joined { with } => {
            format!("相談の相手(通話 {with})が加わり、三者で話し始めました。")
        }
        EventKind::Parted => "三者の通話を終え、二者に戻りました。".to_owned(),
        EventKind::Transferred {
            to: TransferTarget::Desk,
            from,
        } => {
            let from = from.as_ref().map(|from| name(from.as_str()));
            let from = from.as_deref().unwrap_or("担当者");
            format!("{from}が通話を離れました。発信者は、次の担当者を待っています。")
        }
        EventKind::Abandoned { reason: why } => {
            format!("応答のないまま終わりました({})。", reason(*why))
        }
        EventKind::Ended { cause } => match cause {
            EndCause::Caller => "相手が切断しました。".to_owned(),
            EndCause::Agent => "担当者が切断しました。".to_owned(),
            EndCause::Desk => "窓口が切断しました。".to_owned(),
            EndCause::Refused => "相手につながりませんでした。".to_owned(),
            EndCause::Lost => "音声が途絶えたため終了しました。".to_owned(),
            EndCause::SystemError => "システムの停止または障害により終了としました。".to_owned(),
            EndCause::Unknown => "終了しました(理由は不明)。".to_owned(),
        },
        EventKind::Barred { reason } => {
            format!("発信規制により、発信しませんでした({})。", barred(*reason))
        }
        EventKind::Encrypted {
            caller_leg,
            agent_leg,
        } => {
            let told = |encrypted: bool| {
                if encrypted {
                    "暗号化"
                } else {
                    "暗号化なし"
                }
            };
            format!(
                "音声は、相手側が{}、担当者側が{}です。",
                told(*caller_leg),
                told(*agent_leg)
            )
        }
        EventKind::VoiceMeasured { leg, quality, .. } => voice_quality::sentence(*leg, quality),
        EventKind::Superseded { by } if by.is_observed() => {
            format!("別の通話({by})の一部と分かりました。この通話は件数に数えません。")
        }
        EventKind::Superseded { by } => format!(
            "発信者に応答する前にシステムが停止したため、同じ発信者の通話({by})に引き継ぎました。この通話は件数に数えません。"
        ),
        EventKind::WrapUpEnded { agent } => {
            format!("{}の後処理が終わりました。", name(agent.as_str()))
        }
        EventKind::Dialled {
            agent, to, outside, ..
        } => {
            let kind = if *outside { "外線" } else { "内線" };
            format!("{}が{to}に電話をかけました({kind})。", name(agent.as_str()))
        }
    }
}

/// Whether an agent hands a caller on, or asks somebody beside one; empty if neither.
pub(crate) fn doing(snapshot: &DeskSnapshot, agent: &AgentId) -> &'static str {
    let mut hand_ons = snapshot.hand_ons.iter();
    let hand_on = hand_ons.find(|one| one.agent == *agent);
    let mut consults = snapshot.consults.iter();
    match (consults.find(|one| one.agent == *agent), hand_on) {
        (_, Some(hand_on)) if hand_on.failed.is_none() => "転送先を呼び出しています",
        (Some(asked), _) if asked.joined => "三者で通話しています",
        (Some(asked), _) if asked.answered => "相談しています",
        (Some(_), _) => "相談の相手を呼び出しています",
        (None, Some(hand_on)) if hand_on.asks => "相談できず、通話に戻りました",
        (None, Some(_)) => "転送できず、通話に戻りました",
        (None, None) => "",
    }
}

/// What an agent did with a caller, in words of the screen.
pub(crate) const HAND_ON: &str = "転送";
pub(crate) const CONSULT: &str = "相談";

/// Why an agent does not get what they asked for of calls; `act`: [`HAND_ON`] or [`CONSULT`].
pub(crate) fn hand_on_refusal(refusal: HandOnRefusal, act: &str) -> String {
    match refusal {
        HandOnRefusal::NoTalk => format!("いまは、{act}できる通話がありません"),
        HandOnRefusal::NobodyAsked => "相談の相手が、まだ電話に出ていません".to_owned(),
        HandOnRefusal::AsksAlready => "ほかの相談が続いています".to_owned(),
        HandOnRefusal::Held => "電話機の保留を解いてから、もう一度操作してください".to_owned(),
        HandOnRefusal::Busy => format!("{act}先が通話中か、応答を断りました"),
        HandOnRefusal::Unreachable => format!("{act}先につながりませんでした"),
        HandOnRefusal::NoAnswer => format!("{act}先が電話に出ませんでした"),
        HandOnRefusal::NoSuchNumber => "その番号には電話をかけられません".to_owned(),
        HandOnRefusal::TheCaller => "発信者本人の番号です".to_owned(),
        HandOnRefusal::Barred(reason) => {
            format!("発信規制により、{act}できません({})", barred(reason))
        }
        HandOnRefusal::Gone => "その通話は、ほかの担当者が取ったか、終わっています".to_owned(),
        HandOnRefusal::OwnPhone => "自分の電話機が通話中か、接続していません".to_owned(),
    }
}

/// Why a rule of the desk refused a call to the outside.
pub(crate) fn barred(reason: OutboundRefusal) -> &'static str {
    match reason {
        OutboundRefusal::Forbidden => "外への発信を許可していない担当者",
        OutboundRefusal::LoggedOut => "受付を終えている担当者",
        OutboundRefusal::Premium => "0990で始まる番号",
        OutboundRefusal::NaviDial => "0570で始まる番号",
        OutboundRefusal::International => "国際電話",
        OutboundRefusal::Satellite => "衛星電話",
        OutboundRefusal::Emergency => "緊急通報",
        OutboundRefusal::Prefix => "許可していない番号",
        OutboundRefusal::Hours => "発信できる時間の外",
        OutboundRefusal::CallsAtOnce => "同時に発信できる数の上限",
        OutboundRefusal::MinutesPerDay => "窓口の1日の通話時間の上限",
        OutboundRefusal::AgentMinutesPerDay => "担当者の1日の通話時間の上限",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_official_documents_write_them() {
        let at = Instant::from_tokyo("2026-11-24T08:30:05.042".parse().unwrap());
        assert_eq!(DateStyle::Both.date(at.date()), "2026年(令和8年)11月24日");
        assert_eq!(DateStyle::Western.date(at.date()), "2026年11月24日");
        assert_eq!(DateStyle::Japanese.date(at.date()), "令和8年11月24日");
        let first = "2019-05-01".parse().unwrap();
        assert_eq!(DateStyle::Japanese.month(first), "令和元年5月");
        let before = "2019-04-30".parse().unwrap();
        assert_eq!(DateStyle::Japanese.month(before), "2019年4月");
        assert_eq!(time_with_millis(at), "8:30:05.042");
        assert_eq!(number(1_029), "1,029");
        assert_eq!(duration(Some(Millis(61_499))), "1:01");
        assert_eq!(duration(None), "－");
    }

    #[test]
    fn whether_more_of_a_text_follows_can_be_seen() {
        assert_eq!(beginning("年休の\n残日数", 7), "年休の 残日数");
        assert_eq!(beginning("年休の残日数", 3), "年休の…");
    }
}
