//! What is heard of one stream: losses and how evenly it comes (RFC 3550 A.1, A.3, A.8).

use std::time::Duration;

use super::rtcp::{ReportBlock, SenderInfo};
use super::rtp::Packet;

/// Samples a second of G.711, the unit of its clock.
pub(super) const CLOCK_HZ: u32 = 8_000;
/// A jump further than this, forward or back, is a new stream (RFC 3550 A.1).
const FORWARD_AT_MOST: u16 = 3_000;
const BACK_AT_MOST: u16 = 100;
/// Whole numbers of this part of a sample carry the average of the jitter (RFC 3550 A.8).
const JITTER_SCALE: u32 = 16;

/// The account of one leg, over all streams that it sent.
#[derive(Debug, Default)]
pub(super) struct Reception {
    stream: Option<Stream>,
    /// Of streams before.
    earlier: Sums,
    jitter_at_most: u32,
    /// The peer's last report and when it came.
    report: Option<(u32, Duration)>,
}

/// Packets that came, and those that should have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) received: u64,
    pub(super) expected: u64,
}

impl Sums {
    /// Packets that came twice are no gain.
    pub(super) fn lost(self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    first: u32,
    /// With how often the numbers went round.
    highest: u32,
    received: u64,
    /// As of the last report.
    reported: Sums,
    transit: Option<u32>,
    /// In [`JITTER_SCALE`]ths of a sample.
    jitter: u32,
}

impl Reception {
    /// A packet of voice has come. Keys and comfort noise have clocks of their own: `is_voice` is false for them.
    pub(super) fn take(&mut self, packet: &Packet<'_>, is_voice: bool, now: Duration) {
        let goes_on = self
            .stream
            .as_ref()
            .is_some_and(|stream| stream.has_place_for(packet));
        if !goes_on {
            self.begin(packet);
        }
        let Some(stream) = &mut self.stream else {
            return;
        };
        stream.received += 1;
        let ahead = packet.sequence.wrapping_sub(stream.highest as u16);
        if ahead < FORWARD_AT_MOST {
            stream.highest = stream.highest.wrapping_add(u32::from(ahead));
        }
        if is_voice && !packet.marker {
            stream.measure_jitter(packet.timestamp, now);
            self.jitter_at_most = self.jitter_at_most.max(stream.jitter);
        } else {
            stream.transit = None;
        }
    }

    /// What comes from now on is another stream.
    pub(super) fn interrupt(&mut self) {
        self.earlier = self.sums();
        self.stream = None;
    }

    fn begin(&mut self, packet: &Packet<'_>) {
        self.interrupt();
        let number = u32::from(packet.sequence);
        self.stream = Some(Stream {
            ssrc: packet.ssrc,
            first: number,
            highest: number,
            received: 0,
            reported: Sums::default(),
            transit: None,
            jitter: 0,
        });
    }

    /// All that came until now.
    pub(super) fn sums(&self) -> Sums {
        let stream = self.stream.as_ref().map(Stream::sums).unwrap_or_default();
        Sums {
            received: self.earlier.received + stream.received,
            expected: self.earlier.expected + stream.expected,
        }
    }

    /// The highest jitter until now.
    pub(super) fn jitter_at_most(&self) -> Duration {
        samples(self.jitter_at_most / JITTER_SCALE)
    }

    /// The peer has told what it sent.
    pub(super) fn take_report(&mut self, sender: SenderInfo, now: Duration) {
        self.report = Some((middle(sender.ntp), now));
    }

    /// What the peer is told of its stream, since the last time; nothing if it has none.
    pub(super) fn block(&mut self, now: Duration) -> Option<ReportBlock> {
        let stream = self.stream.as_mut()?;
        let sums = stream.sums();
        let since = Sums {
            received: sums.received.saturating_sub(stream.reported.received),
            expected: sums.expected.saturating_sub(stream.reported.expected),
        };
        stream.reported = sums;
        let fraction = (since.lost() * 256).checked_div(since.expected);
        let lost = sums.expected.cast_signed() - sums.received.cast_signed();
        let (last_report, since_last_report) = match self.report {
            Some((report, at)) => (report, short(now.saturating_sub(at))),
            None => (0, 0),
        };
        Some(ReportBlock {
            ssrc: stream.ssrc,
            fraction_lost: u8::try_from(fraction.unwrap_or(0)).unwrap_or(u8::MAX),
            lost: i32::try_from(lost).unwrap_or(i32::MAX),
            highest: stream.highest,
            jitter: stream.jitter / JITTER_SCALE,
            last_report,
            since_last_report,
        })
    }
}

impl Stream {
    fn has_place_for(&self, packet: &Packet<'_>) -> bool {
        let ahead = packet.sequence.wrapping_sub(self.highest as u16);
        self.ssrc == packet.ssrc
            && (ahead < FORWARD_AT_MOST || ahead.wrapping_neg() <= BACK_AT_MOST)
    }

    fn sums(&self) -> Sums {
        Sums {
            received: self.received,
            expected: u64::from(self.highest.wrapping_sub(self.first)) + 1,
        }
    }

    fn measure_jitter(&mut self, timestamp: u32, now: Duration) {
        let arrival = now.as_micros() * u128::from(CLOCK_HZ) / 1_000_000;
        // Both clocks go round.
        let transit = (arrival as u32).wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let distance = transit.wrapping_sub(before).cast_signed().unsigned_abs();
            let jitter = u64::from(self.jitter) + u64::from(distance);
            let jitter = jitter.saturating_sub(u64::from((self.jitter + 8) / JITTER_SCALE));
            self.jitter = u32::try_from(jitter).unwrap_or(u32::MAX);
        }
    }
}

/// The time of so many samples.
pub(super) fn samples(samples: u32) -> Duration {
    Duration::from_micros(u64::from(samples) * 1_000_000 / u64::from(CLOCK_HZ))
}

/// A clock of ours as reports tell it: seconds and 2⁻³² of them.
pub(super) fn ntp(now: Duration) -> u64 {
    (now.as_secs() << 32) | (u64::from(now.subsec_nanos()) * (1 << 32) / 1_000_000_000)
}

/// Its middle: 16 bits of seconds, 16 of their parts.
pub(super) fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A duration in 65,536ths of a second.
pub(super) fn short(duration: Duration) -> u32 {
    u32::try_from(ntp(duration) >> 16).unwrap_or(u32::MAX)
}

/// How long a report and its answer were on the way, by what the answer tells (RFC 3550 6.4.1); nothing if it answers
/// none, or cannot be true.
pub(super) fn round_trip(block: &ReportBlock, now: Duration) -> Option<Duration> {
    /// Half a minute: nobody talks like that.
    const AT_MOST: u32 = 30 << 16;
    if block.last_report == 0 {
        return None;
    }
    let since = middle(ntp(now)).wrapping_sub(block.last_report);
    let round_trip = since.checked_sub(block.since_last_report)?;
    let micros = u64::from(round_trip) * 1_000_000 / 65_536;
    (round_trip <= AT_MOST).then(|| Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn packet(ssrc: u32, sequence: u16, timestamp: u32) -> Packet<'static> {
        Packet {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc,
            payload: &[],
        }
    }

    /// Packets of these numbers, each at its time and by so many milliseconds late.
    fn heard(numbers: &[(u16, u64)]) -> Reception {
        let mut reception = Reception::default();
        let first = numbers[0].0;
        for (number, late) in numbers {
            let n = number.wrapping_sub(first);
            let packet = packet(1, *number, u32::from(n) * 160);
            reception.take(&packet, true, ms(u64::from(n) * 20 + late));
        }
        reception
    }

    fn sums(received: u64, expected: u64) -> Sums {
        Sums { received, expected }
    }

    #[test]
    fn what_did_not_come_is_lost_and_what_came_late_or_twice_is_not() {
        let even = heard(&[(10, 0), (11, 0), (12, 0)]);
        assert_eq!(even.sums(), sums(3, 3));
        let with_a_gap = heard(&[(10, 0), (11, 0), (14, 0)]);
        assert_eq!(with_a_gap.sums().lost(), 2);
        let late = heard(&[(10, 0), (12, 0), (11, 50)]);
        assert_eq!(late.sums().lost(), 0);
        let twice = heard(&[(10, 0), (11, 0), (11, 1), (12, 0)]);
        assert_eq!((twice.sums(), twice.sums().lost()), (sums(4, 3), 0));
    }

    #[test]
    fn numbers_go_round() {
        let reception = heard(&[(65_534, 0), (65_535, 0), (0, 0), (2, 0)]);
        assert_eq!(reception.sums(), sums(4, 5));
    }

    #[test]
    fn another_stream_of_the_leg_begins_anew_and_is_added() {
        let mut reception = heard(&[(10, 0), (12, 0)]);
        reception.take(&packet(2, 40_000, 5), true, ms(60));
        reception.take(&packet(2, 40_001, 165), true, ms(80));
        assert_eq!(reception.sums(), sums(4, 5));
        // The same source jumps: a device that was started anew.
        reception.take(&packet(2, 9, 0), true, ms(100));
        assert_eq!(reception.sums(), sums(5, 6));
    }

    /// Every second packet is 8 ms late: the differences are 8 ms each, and so becomes their average.
    #[test]
    fn uneven_arrival_is_jitter_and_even_arrival_is_none() {
        let numbers: Vec<_> = (0..500).map(|n| (n, u64::from(n % 2) * 8)).collect();
        let jitter = heard(&numbers).jitter_at_most();
        assert!(jitter > ms(7) && jitter <= ms(8), "{jitter:?}");
        let numbers: Vec<_> = (0..500).map(|n| (n, 30)).collect();
        assert_eq!(heard(&numbers).jitter_at_most(), ms(0));
    }

    #[test]
    fn a_report_tells_what_was_lost_since_the_last_one() {
        let mut reception = heard(&[(10, 0), (11, 0), (13, 0), (14, 0)]);
        let first = reception.block(ms(100)).unwrap();
        assert_eq!((first.fraction_lost, first.lost), (51, 1));
        assert_eq!((first.highest, first.last_report), (14, 0));
        reception.take(&packet(1, 15, 800), true, ms(120));
        let sender = SenderInfo {
            ntp: 0x0001_0002_0003_0004,
            timestamp: 0,
            packets: 0,
            octets: 0,
        };
        reception.take_report(sender, ms(200));
        let second = reception.block(ms(700)).unwrap();
        assert_eq!((second.fraction_lost, second.lost), (0, 1));
        assert_eq!(second.last_report, 0x0002_0003);
        assert_eq!(second.since_last_report, 32_768);
        assert_eq!(Reception::default().block(ms(1)), None);
    }

    #[test]
    fn a_round_trip_is_what_remains_without_the_time_at_the_peer() {
        let mut block = heard(&[(1, 0)]).block(ms(0)).unwrap();
        assert_eq!(round_trip(&block, ms(5_000)), None, "no report was heard");
        block.last_report = middle(ntp(ms(1_000)));
        block.since_last_report = short(ms(3_900));
        let found = round_trip(&block, ms(5_000)).unwrap();
        assert!(found.abs_diff(ms(100)) < ms(1), "{found:?}");
        block.since_last_report = short(ms(4_500));
        assert_eq!(round_trip(&block, ms(5_000)), None, "before it was sent");
    }
}
