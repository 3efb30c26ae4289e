//! What a leg is told of its voice (RTCP), what it tells, and what is known from both.

use std::time::Duration;

use madoguchi_core::quality::VoiceQuality;

use super::reception::{Reception, ntp, round_trip, samples};
use super::rtcp::{Report, ReportBlock, SenderInfo};
use super::rtp::HEADER_BYTES;
use super::stream::OutStream;

/// Reports of a leg are so far apart (RFC 3550 6.2), more or less.
const INTERVAL: Duration = Duration::from_secs(5);

/// The account of one leg.
#[derive(Debug)]
pub(super) struct Reporting {
    /// Since when the leg hears another one, if it ever did.
    pub(super) bridged_at: Option<Duration>,
    packets_sent: u32,
    octets_sent: u32,
    /// As of the last report.
    reported_sent: u32,
    next: Option<Duration>,
    /// Draws the distance of reports, so that those of many legs do not meet (RFC 3550 6.3.1).
    random: u32,
    far: Far,
    silent: Duration,
    /// How much of the present silence is in `silent`.
    silent_counted: Duration,
    told: VoiceQuality,
}

/// What the leg tells.
#[derive(Debug, Clone, Copy, Default)]
struct Far {
    lost: Option<u32>,
    jitter: u32,
    round_trip: Option<Duration>,
}

impl Reporting {
    pub(super) fn new(random: u32) -> Self {
        Self {
            bridged_at: None,
            packets_sent: 0,
            octets_sent: 0,
            reported_sent: 0,
            next: None,
            random,
            far: Far::default(),
            silent: Duration::ZERO,
            silent_counted: Duration::ZERO,
            told: VoiceQuality::default(),
        }
    }

    /// A packet of so many bytes went to the leg.
    pub(super) fn count_sent(&mut self, bytes: usize) {
        let octets = u32::try_from(bytes.saturating_sub(HEADER_BYTES)).unwrap_or(0);
        self.packets_sent = self.packets_sent.wrapping_add(1);
        self.octets_sent = self.octets_sent.wrapping_add(octets);
    }

    /// The report that is due, if any is: the first one half an interval or so after there is anything to tell.
    pub(super) fn due(
        &mut self,
        reception: &mut Reception,
        stream: &OutStream,
        now: Duration,
    ) -> Option<Report> {
        if self.packets_sent == 0 && reception.sums().received == 0 {
            return None;
        }
        let Some(next) = self.next else {
            self.next = Some(now + self.distance() / 2);
            return None;
        };
        if now < next {
            return None;
        }
        self.next = Some(now + self.distance());
        let sends = self.packets_sent != self.reported_sent;
        self.reported_sent = self.packets_sent;
        let sender = sends.then(|| SenderInfo {
            ntp: ntp(now),
            timestamp: stream.clock(now),
            packets: self.packets_sent,
            octets: self.octets_sent,
        });
        Some(Report {
            ssrc: stream.ssrc(),
            sender,
            blocks: reception.block(now).into_iter().collect(),
        })
    }

    /// Between a half and one and a half of the interval.
    fn distance(&mut self) -> Duration {
        // Numbers that follow each other without a pattern that matters here (Marsaglia's xorshift).
        let mut random = self.random | 1;
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random = random;
        INTERVAL / 2 + INTERVAL * (random % 1_000) / 1_000
    }

    /// The leg has told what it hears of ours.
    pub(super) fn take(&mut self, block: &ReportBlock, now: Duration) {
        self.far.lost = Some(u32::try_from(block.lost).unwrap_or(0));
        self.far.jitter = block.jitter;
        self.far.round_trip = self.far.round_trip.max(round_trip(block, now));
    }

    /// Nothing came from the leg since `last`, although it should have and the other side spoke.
    pub(super) fn count_silence(&mut self, last: Duration, now: Duration) {
        /// A pause of the voice, or a packet that is lost, is no silence of the line.
        const PAUSE: Duration = Duration::from_secs(2);
        let silent = now.saturating_sub(last);
        if silent < PAUSE {
            self.silent_counted = Duration::ZERO;
        } else {
            self.silent += silent.saturating_sub(self.silent_counted);
            self.silent_counted = silent;
        }
    }

    /// What is known now of a leg that talks, if it is other than what was told.
    pub(super) fn news(&mut self, reception: &Reception) -> Option<VoiceQuality> {
        self.bridged_at?;
        let sums = reception.sums();
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let quality = VoiceQuality {
            packets_received: sums.received,
            packets_lost: sums.lost(),
            jitter_ms: millis(reception.jitter_at_most()),
            silent_ms: millis(self.silent),
            packets_sent: u64::from(self.packets_sent),
            far_packets_lost: self.far.lost.map(u64::from),
            far_jitter_ms: self.far.lost.map(|_| millis(samples(self.far.jitter))),
            round_trip_ms: self.far.round_trip.map(millis),
        };
        let is_new = quality != self.told;
        self.told = quality;
        is_new.then_some(quality)
    }
}
