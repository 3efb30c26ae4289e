//! RTP packets (RFC 3550 5.1) and the telephone events in them (RFC 4733).

/// The header that we write: no list of sources, no extension.
pub(crate) const HEADER_BYTES: usize = 12;

const VERSION: u8 = 2;
/// What RTCP looks like where RTP is expected (RFC 5761 4).
const RTCP_TYPES: std::ops::RangeInclusive<u8> = 192..=223;

/// A packet as it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a datagram apart; `None` for anything that is not a well-formed RTP packet.
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let (header, mut rest) = datagram.split_first_chunk::<HEADER_BYTES>()?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if flags >> 6 != VERSION || RTCP_TYPES.contains(&kind) {
            return None;
        }
        rest = rest.get(usize::from(flags & 0x0f) * 4..)?;
        if flags & 0x10 != 0 {
            let (&[_, _, l0, l1], body) = rest.split_first_chunk::<4>()?;
            rest = body.get(usize::from(u16::from_be_bytes([l0, l1])) * 4..)?;
        }
        if flags & 0x20 != 0 {
            let padding = usize::from(*rest.last()?);
            let length = rest.len().checked_sub(padding).filter(|_| padding > 0)?;
            rest = rest.get(..length)?;
        }
        Some(Self {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            payload: rest,
        })
    }
}

/// What makes a packet part of an outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

impl Heading {
    /// The header of a packet with this payload type, as bytes.
    pub(crate) fn to_bytes(self, payload_type: u8) -> [u8; HEADER_BYTES] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let kind = (payload_type & 0x7f) | if self.marker { 0x80 } else { 0 };
        [VERSION << 6, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }
}

/// A key of the telephone, as RFC 4733 tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// 0–9, *, #, A–D; `None` for events that are no key.
    pub digit: Option<char>,
    /// How long it has lasted, in samples.
    pub duration: u16,
}

impl TelephoneEvent {
    /// The payload of a packet that tells this key; `end` says that it is over.
    pub(crate) fn to_bytes(self, end: bool) -> [u8; 4] {
        /// −10 dBm0, as telephones say it.
        const VOLUME: u8 = 10;
        let event = match self.digit {
            Some('*') => 10,
            Some('#') => 11,
            Some(letter @ 'A'..='D') => 12 + (letter as u8 - b'A'),
            Some(digit) => digit
                .to_digit(10)
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
            // A pressed hook; nobody tells it.
            None => 16,
        };
        let [d0, d1] = self.duration.to_be_bytes();
        [event, VOLUME | if end { 0x80 } else { 0 }, d0, d1]
    }

    /// Reads the payload of a telephone-event packet.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (&[event, _flags, d0, d1], _more) = payload.split_first_chunk::<4>()?;
        let digit = match event {
            0..=9 => Some(char::from(b'0' + event)),
            10 => Some('*'),
            11 => Some('#'),
            12..=15 => Some(char::from(b'A' + (event - 12))),
            _ => None,
        };
        Some(Self {
            digit,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(flags: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = vec![flags, kind, 0x12, 0x34, 0, 0, 1, 0, 0xde, 0xad, 0xbe, 0xef];
        bytes.extend_from_slice(rest);
        bytes
    }

    #[test]
    fn a_written_header_reads_back() {
        let heading = Heading {
            marker: true,
            sequence: 65535,
            timestamp: 0xfffe_fdfc,
            ssrc: 0x0102_0304,
        };
        let mut bytes = heading.to_bytes(101).to_vec();
        bytes.extend_from_slice(b"abc");
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.payload, b"abc");
        assert_eq!((packet.payload_type, packet.marker), (101, true));
        assert_eq!((packet.sequence, packet.timestamp), (65535, 0xfffe_fdfc));
        assert_eq!(packet.ssrc, 0x0102_0304);
    }

    #[test]
    fn sources_extension_and_padding_are_taken_off() {
        let rest = [
            9, 9, 9, 9, // one contributing source
            0xab, 0xcd, 0, 1, 7, 7, 7, 7, // an extension of one word
            1, 2, 3, // the payload
            0, 0, 3, // padding
        ];
        let bytes = datagram(0xb1, 0, &rest);
        assert_eq!(Packet::parse(&bytes).unwrap().payload, [1, 2, 3]);
    }

    #[test]
    fn malformed_packets_are_none() {
        assert_eq!(Packet::parse(&[]), None, "empty");
        assert_eq!(
            Packet::parse(&datagram(0x80, 0, &[])[..11]),
            None,
            "cut header"
        );
        assert_eq!(Packet::parse(&datagram(0x40, 0, &[1])), None, "version 1");
        assert_eq!(
            Packet::parse(&datagram(0x82, 0, &[0; 7])),
            None,
            "sources beyond the end"
        );
        assert_eq!(
            Packet::parse(&datagram(0x90, 0, &[0, 0, 0, 2, 0, 0, 0, 0])),
            None,
            "extension"
        );
        assert_eq!(
            Packet::parse(&datagram(0xa0, 0, &[1, 5])),
            None,
            "padding beyond the start"
        );
        assert_eq!(
            Packet::parse(&datagram(0xa0, 0, &[1, 0])),
            None,
            "padding of nothing"
        );
        assert_eq!(
            Packet::parse(&datagram(0xa0, 0, &[])),
            None,
            "padding in nothing"
        );
        assert_eq!(Packet::parse(&datagram(0x80, 200, &[0; 16])), None, "RTCP");
        assert!(
            Packet::parse(&datagram(0x80, 0, &[])).is_some(),
            "an empty payload is a packet"
        );
    }

    #[test]
    fn no_bytes_make_the_reader_fail() {
        let mut state = 1_u32;
        for length in 0..64 {
            for _ in 0..200 {
                let bytes: Vec<u8> = (0..length)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        state.to_be_bytes()[0]
                    })
                    .collect();
                if let Some(packet) = Packet::parse(&bytes) {
                    assert!(packet.payload.len() + HEADER_BYTES <= bytes.len());
                    let _any = TelephoneEvent::parse(packet.payload);
                }
            }
        }
    }

    #[test]
    fn keys_of_the_telephone() {
        let digits: String = (0..16)
            .filter_map(|event| TelephoneEvent::parse(&[event, 10, 0, 160])?.digit)
            .collect();
        assert_eq!(digits, "0123456789*#ABCD");
        let flash = TelephoneEvent::parse(&[16, 0x80, 1, 2]).unwrap();
        assert_eq!(
            flash,
            TelephoneEvent {
                digit: None,
                duration: 258
            }
        );
        assert_eq!(TelephoneEvent::parse(&[1, 2, 3]), None);
        for digit in "0123456789*#ABCD".chars() {
            let event = TelephoneEvent {
                digit: Some(digit),
                duration: 1280,
            };
            assert_eq!(TelephoneEvent::parse(&event.to_bytes(false)), Some(event));
            assert_eq!(event.to_bytes(true)[1], 0x8a);
        }
    }
}
