//! The figures of docs/metrics.md (表 5.5.3-2, 別紙 6) as sums over calls.
//!
//! [`Figures`] can be added up in any order and grouping: it keeps counts and exact
//! distributions, so that percentiles of a sum are exact, and its size does not grow with the
//! number of calls but with the number of different waits.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::call::{CallRecord, Direction};
use crate::event::AbandonReason;
use crate::id::AgentId;
use crate::outbound::OutboundRefusal;
use crate::time::Millis;

/// Thresholds that settings decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiguresSettings {
    /// 放棄 by `caller_hangup` with a shorter wait are 短時間放棄.
    pub short_abandoned: Millis,
    /// サービスレベル counts answers within this wait.
    pub service_level: Millis,
}

impl Default for FiguresSettings {
    fn default() -> Self {
        Self {
            short_abandoned: Millis::from_secs(5),
            service_level: Millis::from_secs(20),
        }
    }
}

/// Durations, exactly, as often as each occurred.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    counts: BTreeMap<i64, u64>,
    count: u64,
    sum_ms: i128,
}

impl Distribution {
    /// One more; what is below zero counts as zero.
    pub fn add(&mut self, duration: Millis) {
        let ms = duration.0.max(0);
        *self.counts.entry(ms).or_default() += 1;
        self.count += 1;
        self.sum_ms += i128::from(ms);
    }

    fn merge(&mut self, other: &Self) {
        for (ms, count) in &other.counts {
            *self.counts.entry(*ms).or_default() += count;
        }
        self.count += other.count;
        self.sum_ms += other.sum_ms;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All together.
    pub fn sum(&self) -> Millis {
        Millis(i64::try_from(self.sum_ms).unwrap_or(i64::MAX))
    }

    /// The arithmetic mean, rounded half up; `None` over nothing.
    pub fn mean(&self) -> Option<Millis> {
        let count = i128::from(self.count);
        let mean = (self.sum_ms * 2 + count).checked_div(count * 2)?;
        i64::try_from(mean).ok().map(Millis)
    }

    /// The median: of an even number the mean of the two in the middle, rounded half up.
    pub fn median(&self) -> Option<Millis> {
        let (low, high) = (
            self.nth(self.count.div_ceil(2))?,
            self.nth(self.count / 2 + 1)?,
        );
        Some(Millis((low.0 + high.0 + 1).div_euclid(2)))
    }

    /// The smallest value that at least `percent` of all do not exceed (nearest rank).
    pub fn percentile(&self, percent: u64) -> Option<Millis> {
        self.nth((self.count * percent).div_ceil(100).max(1))
    }

    /// The largest.
    pub fn max(&self) -> Option<Millis> {
        self.counts.last_key_value().map(|(ms, _)| Millis(*ms))
    }

    fn nth(&self, rank: u64) -> Option<Millis> {
        let mut seen = 0;
        self.counts.iter().find_map(|(ms, count)| {
            seen += count;
            (seen >= rank).then_some(Millis(*ms))
        })
    }
}

/// The figures of some set of calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// 着信
    pub offered: u64,
    /// 応答
    pub answered: u64,
    /// 放棄 by reason.
    pub abandoned_by_reason: BTreeMap<AbandonReason, u64>,
    /// 短時間放棄, part of 放棄.
    pub short_abandoned: u64,
    /// 応対前
    pub waiting: u64,
    /// 時間外着信, not part of 着信.
    pub after_hours: u64,
    /// 発信件数
    pub outbound: u64,
    /// 発信応答件数
    pub outbound_answered: u64,
    /// 発信規制: refused by a rule of the desk, not part of 発信件数.
    pub outbound_barred_by_reason: BTreeMap<OutboundRefusal, u64>,
    /// Answered calls whose end was set by the recovery, part of 応答.
    pub recovered: u64,
    /// Answered within the service level's time.
    pub answered_in_time: u64,
    /// 待ち時間 of answered calls.
    pub waits: Distribution,
    /// Waits of abandoned calls.
    pub abandoned_waits: Distribution,
    /// Those of them whose caller hung up.
    pub hangup_waits: Distribution,
    /// 通話時間 of answered calls that have ended.
    pub talks: Distribution,
    /// 後処理
    pub wrap_ups: Distribution,
}

impl Figures {
    /// 放棄
    pub fn abandoned(&self) -> u64 {
        self.abandoned_by_reason.values().sum()
    }

    /// 発信規制
    pub fn outbound_barred(&self) -> u64 {
        self.outbound_barred_by_reason.values().sum()
    }

    /// 応答率: 応答 ÷ 着信, calls still waiting left out of both; "99.4", `None` over nothing.
    pub fn answer_rate(&self) -> Option<String> {
        percentage(self.answered, self.offered - self.waiting)
    }

    /// サービスレベル: answered within the time ÷ 着信.
    pub fn service_level(&self) -> Option<String> {
        percentage(self.answered_in_time, self.offered)
    }

    /// 平均処理時間 (AHT): mean of talk + wrap-up.
    pub fn mean_handle(&self) -> Option<Millis> {
        let count = i128::from(self.talks.count);
        let sum = self.talks.sum_ms + self.wrap_ups.sum_ms;
        let mean = (sum * 2 + count).checked_div(count * 2)?;
        i64::try_from(mean).ok().map(Millis)
    }

    /// Adds a call with all its agents' work.
    pub fn add(&mut self, call: &CallRecord, settings: FiguresSettings) {
        self.count(call, settings);
        if self.counts_talk(call)
            && let Some(talk) = call.talk()
        {
            self.talks.add(talk);
        }
        if call.direction == Direction::Inbound {
            for part in &call.parts {
                if let (Some(until), Some(done)) = (part.until, part.wrap_up_ended_at) {
                    self.wrap_ups.add(done - until);
                }
            }
        }
    }

    /// Adds the other figures to these.
    pub fn merge(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        for (reason, count) in &other.abandoned_by_reason {
            *self.abandoned_by_reason.entry(*reason).or_default() += count;
        }
        self.short_abandoned += other.short_abandoned;
        self.waiting += other.waiting;
        self.after_hours += other.after_hours;
        self.outbound += other.outbound;
        self.outbound_answered += other.outbound_answered;
        for (reason, count) in &other.outbound_barred_by_reason {
            *self.outbound_barred_by_reason.entry(*reason).or_default() += count;
        }
        self.recovered += other.recovered;
        self.answered_in_time += other.answered_in_time;
        self.waits.merge(&other.waits);
        self.abandoned_waits.merge(&other.abandoned_waits);
        self.hangup_waits.merge(&other.hangup_waits);
        self.talks.merge(&other.talks);
        self.wrap_ups.merge(&other.wrap_ups);
    }

    /// Counts anew what thresholds decide, by other thresholds.
    pub fn set_thresholds(&mut self, settings: FiguresSettings) {
        let below =
            |waits: &Distribution, most: i64| waits.counts.range(..=most).map(|one| one.1).sum();
        self.answered_in_time = below(&self.waits, settings.service_level.0);
        self.short_abandoned = below(&self.hangup_waits, settings.short_abandoned.0 - 1);
    }

    /// Counts the call itself, without what single agents did.
    fn count(&mut self, call: &CallRecord, settings: FiguresSettings) {
        match call.direction {
            Direction::Internal | Direction::Superseded => return,
            Direction::AfterHours => {
                self.after_hours += 1;
                return;
            }
            Direction::Outbound => {
                if let Some(reason) = call.barred {
                    *self.outbound_barred_by_reason.entry(reason).or_default() += 1;
                    return;
                }
                self.outbound += 1;
                self.outbound_answered += u64::from(call.answered_at.is_some());
                return;
            }
            Direction::Inbound => self.offered += 1,
        }
        let wait = call.wait();
        if call.answered_at.is_some() {
            self.answered += 1;
            self.recovered += u64::from(call.is_recovered());
            if let Some(wait) = wait {
                self.waits.add(wait);
                self.answered_in_time += u64::from(wait <= settings.service_level);
            }
        } else if call.ended_at.is_some() {
            // An offered call that ended unanswered is 放棄, whatever its log says of the end.
            let reason = call.abandoned.unwrap_or(AbandonReason::SystemError);
            *self.abandoned_by_reason.entry(reason).or_default() += 1;
            if let Some(wait) = wait {
                self.abandoned_waits.add(wait);
                if reason == AbandonReason::CallerHangup {
                    self.hangup_waits.add(wait);
                    self.short_abandoned += u64::from(wait < settings.short_abandoned);
                }
            }
        } else {
            self.waiting += 1;
        }
    }

    fn counts_talk(&self, call: &CallRecord) -> bool {
        call.direction == Direction::Inbound && !call.is_recovered()
    }

    /// Adds what one agent did in a call, without the call itself.
    fn add_part(&mut self, call: &CallRecord, part: &crate::call::AgentPart) {
        let Some(until) = part.until else { return };
        if self.counts_talk(call) {
            self.talks.add(until - part.from);
        }
        if let Some(done) = part.wrap_up_ended_at {
            self.wrap_ups.add(done - until);
        }
    }
}

/// Adds a call to the figures of its agents: the call to the agent who answered it first (`None`
/// if nobody did), each part of the talk to the agent who had it. So 着信 = 応答 + 放棄 + 応対前
/// holds in every row, and the rows add up to the total.
pub fn add_by_agent(
    rows: &mut BTreeMap<Option<AgentId>, Figures>,
    call: &CallRecord,
    settings: FiguresSettings,
) {
    rows.entry(call.agent().cloned())
        .or_default()
        .count(call, settings);
    if call.direction == Direction::Inbound {
        for part in &call.parts {
            rows.entry(part.agent.clone())
                .or_default()
                .add_part(call, part);
        }
    }
}

/// `part ÷ whole` in percent with one decimal, rounded half up; `None` over nothing.
pub fn percentage(part: u64, whole: u64) -> Option<String> {
    let tenths = (part * 2_000 + whole).checked_div(whole * 2)?;
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

/// The figures as JSON shows them.
#[derive(Serialize, ToSchema)]
struct FiguresJson<'a> {
    offered: u64,
    answered: u64,
    abandoned: u64,
    abandoned_by_reason: BTreeMap<&'a str, u64>,
    short_abandoned: u64,
    waiting: u64,
    after_hours: u64,
    outbound: u64,
    outbound_answered: u64,
    outbound_barred: u64,
    outbound_barred_by_reason: BTreeMap<&'a str, u64>,
    recovered: u64,
    avg_wait_ms: Option<Millis>,
    avg_abandoned_wait_ms: Option<Millis>,
    avg_talk_ms: Option<Millis>,
    avg_wrap_up_ms: Option<Millis>,
    avg_handle_ms: Option<Millis>,
    p50_wait_ms: Option<Millis>,
    p90_wait_ms: Option<Millis>,
    max_wait_ms: Option<Millis>,
    answer_rate: Option<String>,
    service_level: Option<String>,
}

impl PartialSchema for Figures {
    fn schema() -> RefOr<Schema> {
        FiguresJson::schema()
    }
}

impl ToSchema for Figures {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        FiguresJson::schemas(schemas);
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = |reason: AbandonReason| {
            let count = self
                .abandoned_by_reason
                .get(&reason)
                .copied()
                .unwrap_or_default();
            (reason.as_str(), count)
        };
        let barred = self.outbound_barred_by_reason.iter();
        FiguresJson {
            offered: self.offered,
            answered: self.answered,
            abandoned: self.abandoned(),
            abandoned_by_reason: AbandonReason::ALL.into_iter().map(of).collect(),
            short_abandoned: self.short_abandoned,
            waiting: self.waiting,
            after_hours: self.after_hours,
            outbound: self.outbound,
            outbound_answered: self.outbound_answered,
            outbound_barred: self.outbound_barred(),
            outbound_barred_by_reason: barred
                .map(|(reason, count)| (reason.as_str(), *count))
                .collect(),
            recovered: self.recovered,
            avg_wait_ms: self.waits.mean(),
            avg_abandoned_wait_ms: self.abandoned_waits.mean(),
            avg_talk_ms: self.talks.mean(),
            avg_wrap_up_ms: self.wrap_ups.mean(),
            avg_handle_ms: self.mean_handle(),
            p50_wait_ms: self.waits.median(),
            p90_wait_ms: self.waits.percentile(90),
            max_wait_ms: self.waits.max(),
            answer_rate: self.answer_rate(),
            service_level: self.service_level(),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 別紙 8-2: 着信, 応答 and the published 応答率 of twelve months.
    #[test]
    fn 別紙8_2_応答率() {
        assert_eq!(percentage(1023, 1029).as_deref(), Some("99.4"));
        assert_eq!(percentage(0, 0), None);
        assert_eq!(percentage(1, 8).as_deref(), Some("12.5"));
        assert_eq!(percentage(1, 2000).as_deref(), Some("0.1"));
        assert_eq!(percentage(1, 2001).as_deref(), Some("0.0"));
        assert_eq!(percentage(5, 5).as_deref(), Some("100.0"));
    }

    #[test]
    fn means_and_percentiles() {
        let mut waits = Distribution::default();
        assert_eq!(
            (waits.mean(), waits.median(), waits.percentile(90)),
            (None, None, None)
        );
        for ms in [4_000, 1_000, 3_000, 2_001] {
            waits.add(Millis(ms));
        }
        assert_eq!(waits.mean(), Some(Millis(2_500)));
        assert_eq!(waits.median(), Some(Millis(2_501)));
        assert_eq!(waits.percentile(90), Some(Millis(4_000)));
        assert_eq!(waits.max(), Some(Millis(4_000)));
    }
}
