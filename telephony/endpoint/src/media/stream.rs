//! The stream that one leg hears: one SSRC, sequence numbers without gaps of our making and a clock
//! that never jumps, whoever the voice comes from – announcement, music, the other leg.

use std::time::Duration;

use super::interface::SessionId;
use super::rtp::{Heading, Packet};

/// Samples a millisecond, of G.711 and of its RTP clock.
const SAMPLES_PER_MS: u128 = 8;
/// A jump further than this, forward or back, is a new stream (RFC 3550 A.1).
const FORWARD_AT_MOST: i16 = 3000;
const BACK_AT_MOST: i16 = 100;

/// Where a stream begins; drawn by chance at the edge (RFC 3550 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamStart {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

/// The sending side of one leg.
#[derive(Debug)]
pub(crate) struct OutStream {
    ssrc: u32,
    /// Follows the highest number sent.
    next_sequence: u16,
    /// The clock of the latest packet, how long the packet lasts, and when it was sent.
    latest: Option<(u32, u32, Duration)>,
    first_timestamp: u32,
    source: Option<Source>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Played { playback: u64 },
    Relayed(Mapping),
}

/// How numbers of an incoming stream become ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mapping {
    from: SessionId,
    ssrc: u32,
    highest: u16,
    /// How far `highest` is from the first packet that was mapped.
    since_first: u32,
    sequence_offset: u16,
    timestamp_offset: u32,
}

impl OutStream {
    pub(crate) fn new(start: StreamStart) -> Self {
        Self {
            ssrc: start.ssrc,
            next_sequence: start.sequence,
            latest: None,
            first_timestamp: start.timestamp,
            source: None,
        }
    }

    /// The stream pauses, or its clock did not go on evenly: the next packet begins anew, by the
    /// wall clock.
    pub(crate) fn interrupt(&mut self) {
        self.source = None;
    }

    /// The heading of the next packet of a playback of ours, `samples` long.
    pub(crate) fn played(&mut self, playback: u64, samples: u32, now: Duration) -> Heading {
        let source = Source::Played { playback };
        let goes_on = self.source == Some(source);
        let timestamp = match self.latest {
            // Evenly, however late the thread woke up.
            Some((timestamp, length, _)) if goes_on => timestamp.wrapping_add(length),
            _ => self.timestamp_at(now),
        };
        self.source = Some(source);
        self.sent(self.next_sequence, timestamp, samples, now);
        self.heading(!goes_on, self.next_sequence.wrapping_sub(1), timestamp)
    }

    /// The heading of the next packet of a key that has lasted for `samples`: its clock is that of
    /// its beginning (RFC 4733 2.3).
    pub(crate) fn key(&mut self, key: u64, samples: u32, now: Duration) -> Heading {
        let source = Source::Played { playback: key };
        let goes_on = self.source == Some(source);
        let timestamp = match self.latest {
            Some((timestamp, ..)) if goes_on => timestamp,
            _ => self.timestamp_at(now),
        };
        self.source = Some(source);
        self.sent(self.next_sequence, timestamp, samples, now);
        self.heading(!goes_on, self.next_sequence.wrapping_sub(1), timestamp)
    }

    /// The heading under which a packet of another leg, `samples` long, goes on. `None` if it
    /// has no place any more: a duplicate, or older than the change to this source.
    pub(crate) fn relayed(
        &mut self,
        from: SessionId,
        packet: &Packet<'_>,
        samples: u32,
        now: Duration,
    ) -> Option<Heading> {
        let Some(Source::Relayed(mut mapping)) = self.source else {
            return Some(self.begin_relay(from, packet, samples, now));
        };
        let ahead = packet.sequence.wrapping_sub(mapping.highest).cast_signed();
        let same = (mapping.from, mapping.ssrc) == (from, packet.ssrc);
        if !same || !(-BACK_AT_MOST..=FORWARD_AT_MOST).contains(&ahead) {
            return Some(self.begin_relay(from, packet, samples, now));
        }
        if ahead == 0 || (ahead < 0 && u32::from(ahead.unsigned_abs()) > mapping.since_first) {
            return None;
        }
        let sequence = packet.sequence.wrapping_add(mapping.sequence_offset);
        let timestamp = packet.timestamp.wrapping_add(mapping.timestamp_offset);
        if ahead > 0 {
            mapping.highest = packet.sequence;
            mapping.since_first = mapping
                .since_first
                .saturating_add(u32::from(ahead.unsigned_abs()));
            self.source = Some(Source::Relayed(mapping));
            self.sent(sequence, timestamp, samples, now);
        }
        Some(self.heading(packet.marker, sequence, timestamp))
    }

    fn begin_relay(
        &mut self,
        from: SessionId,
        packet: &Packet<'_>,
        samples: u32,
        now: Duration,
    ) -> Heading {
        let (sequence, timestamp) = (self.next_sequence, self.timestamp_at(now));
        self.source = Some(Source::Relayed(Mapping {
            from,
            ssrc: packet.ssrc,
            highest: packet.sequence,
            since_first: 0,
            sequence_offset: sequence.wrapping_sub(packet.sequence),
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
        }));
        self.sent(sequence, timestamp, samples, now);
        self.heading(true, sequence, timestamp)
    }

    /// The clock at a change of source: as much later as the wall clock says, and never within the
    /// packet before.
    fn timestamp_at(&self, now: Duration) -> u32 {
        let Some((timestamp, length, sent_at)) = self.latest else {
            return self.first_timestamp;
        };
        let passed = now.saturating_sub(sent_at).as_millis() * SAMPLES_PER_MS;
        let passed = u32::try_from(passed).unwrap_or(length);
        timestamp.wrapping_add(passed.max(length))
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The clock of the stream now.
    pub(crate) fn clock(&self, now: Duration) -> u32 {
        let Some((timestamp, _, sent_at)) = self.latest else {
            return self.first_timestamp;
        };
        let passed = now.saturating_sub(sent_at).as_millis() * SAMPLES_PER_MS;
        timestamp.wrapping_add(u32::try_from(passed).unwrap_or(0))
    }

    fn sent(&mut self, sequence: u16, timestamp: u32, samples: u32, now: Duration) {
        self.next_sequence = sequence.wrapping_add(1);
        self.latest = Some((timestamp, samples, now));
    }

    fn heading(&self, marker: bool, sequence: u16, timestamp: u32) -> Heading {
        Heading {
            marker,
            sequence,
            timestamp,
            ssrc: self.ssrc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: StreamStart = StreamStart {
        ssrc: 7,
        sequence: 65534,
        timestamp: u32::MAX - 100,
    };
    const PEER: SessionId = SessionId(2);

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

    fn after(heading: Heading) -> (bool, u16, u32) {
        assert_eq!(heading.ssrc, START.ssrc);
        (
            heading.marker,
            heading.sequence.wrapping_sub(START.sequence),
            heading.timestamp.wrapping_sub(START.timestamp),
        )
    }

    #[test]
    fn announcement_music_and_voice_are_one_stream() {
        let mut stream = OutStream::new(START);
        assert_eq!(after(stream.played(1, 160, ms(0))), (true, 0, 0));
        // The thread woke up 3 ms late: the clock of what is played does not notice.
        assert_eq!(after(stream.played(1, 160, ms(23))), (false, 1, 160));
        assert_eq!(after(stream.played(1, 160, ms(40))), (false, 2, 320));
        // Music, 60 ms later.
        assert_eq!(after(stream.played(2, 160, ms(100))), (true, 3, 800));
        // The bridge, sooner than a frame lasts.
        let first = stream
            .relayed(PEER, &packet(99, 500, 1_000_000), 160, ms(110))
            .unwrap();
        assert_eq!(after(first), (true, 4, 960));
        let second = stream
            .relayed(PEER, &packet(99, 501, 1_000_160), 160, ms(130))
            .unwrap();
        assert_eq!(after(second), (false, 5, 1120));
        // Hold music, half a second later.
        assert_eq!(after(stream.played(3, 160, ms(630))), (true, 6, 5120));
    }

    #[test]
    fn losses_of_the_source_stay_visible() {
        let mut stream = OutStream::new(START);
        stream
            .relayed(PEER, &packet(99, 10, 0), 160, ms(0))
            .unwrap();
        let later = stream
            .relayed(PEER, &packet(99, 13, 480), 160, ms(60))
            .unwrap();
        assert_eq!(after(later), (false, 3, 480));
        let played = stream.played(1, 160, ms(80));
        assert_eq!(after(played), (true, 4, 640));
    }

    #[test]
    fn a_late_packet_keeps_its_place_and_a_double_one_has_none() {
        let mut stream = OutStream::new(START);
        stream
            .relayed(PEER, &packet(99, 10, 0), 160, ms(0))
            .unwrap();
        stream
            .relayed(PEER, &packet(99, 12, 320), 160, ms(40))
            .unwrap();
        let late = stream
            .relayed(PEER, &packet(99, 11, 160), 160, ms(41))
            .unwrap();
        assert_eq!(after(late), (false, 1, 160));
        assert_eq!(
            stream.relayed(PEER, &packet(99, 12, 320), 160, ms(42)),
            None
        );
        let next = stream
            .relayed(PEER, &packet(99, 13, 480), 160, ms(60))
            .unwrap();
        assert_eq!(after(next), (false, 3, 480));
    }

    #[test]
    fn a_packet_from_before_the_change_has_no_place() {
        let mut stream = OutStream::new(START);
        stream.played(1, 160, ms(0));
        stream
            .relayed(PEER, &packet(99, 10, 1600), 160, ms(20))
            .unwrap();
        assert_eq!(
            stream.relayed(PEER, &packet(99, 9, 1440), 160, ms(21)),
            None
        );
    }

    #[test]
    fn the_source_may_wrap_around_and_go_on_for_hours() {
        let mut stream = OutStream::new(START);
        let mut last = None;
        for n in 0..200_000_u32 {
            let incoming = packet(99, (n as u16).wrapping_add(65_000), n.wrapping_mul(160));
            let heading = stream
                .relayed(PEER, &incoming, 160, ms(u64::from(n) * 20))
                .unwrap();
            if let Some(last) = last {
                assert_eq!(heading.sequence.wrapping_sub(last), 1);
            }
            assert_eq!(heading.marker, n == 0);
            last = Some(heading.sequence);
        }
    }

    #[test]
    fn a_new_ssrc_or_a_jump_of_the_source_is_smoothed() {
        let mut stream = OutStream::new(START);
        stream
            .relayed(PEER, &packet(99, 10, 0), 160, ms(0))
            .unwrap();
        let other = stream
            .relayed(PEER, &packet(98, 40_000, 777), 160, ms(20))
            .unwrap();
        assert_eq!(after(other), (true, 1, 160));
        let jump = stream
            .relayed(PEER, &packet(98, 20_000, 5), 160, ms(40))
            .unwrap();
        assert_eq!(after(jump), (true, 2, 320));
        let transferred = stream.relayed(SessionId(3), &packet(98, 20_001, 165), 160, ms(60));
        assert_eq!(after(transferred.unwrap()), (true, 3, 480));
    }

    #[test]
    fn after_an_interruption_the_wall_clock_counts() {
        let mut stream = OutStream::new(START);
        stream.played(1, 160, ms(0));
        stream.interrupt();
        assert_eq!(after(stream.played(1, 160, ms(1000))), (true, 1, 8000));
    }
}
