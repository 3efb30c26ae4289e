//! What of RTP and RTCP headers SRTP needs (RFC 3550 5.1, 6.4.1).

/// The longest packet that is taken, in bytes: what UDP holds, and far below the 2^16 blocks that
/// counter mode has for a packet (RFC 3711 4.1.1).
pub const PACKET_BYTES_AT_MOST: usize = 65_535;

/// The part of an RTCP packet that stays in the clear, in bytes.
pub(crate) const RTCP_HEADER_BYTES: usize = 8;

const VERSION: u8 = 2;
const FIXED_HEADER_BYTES: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RtpHeader {
    /// With the CSRCs and the header extension; the payload begins here.
    pub(crate) bytes: usize,
    pub(crate) sequence_number: u16,
    pub(crate) ssrc: u32,
}

impl RtpHeader {
    /// `None` if `packet` is not RTP, is too long, or ends within its header.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        if packet.len() > PACKET_BYTES_AT_MOST {
            return None;
        }
        let [flags, _, high, low, _, _, _, _, a, b, c, d] =
            *packet.first_chunk::<FIXED_HEADER_BYTES>()?;
        if flags >> 6 != VERSION {
            return None;
        }
        let mut bytes = FIXED_HEADER_BYTES + 4 * usize::from(flags & 0x0f);
        if flags & 0x10 != 0 {
            let [_, _, high, low] = *packet.get(bytes..)?.first_chunk()?;
            bytes += 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        }
        (bytes <= packet.len()).then_some(Self {
            bytes,
            sequence_number: u16::from_be_bytes([high, low]),
            ssrc: u32::from_be_bytes([a, b, c, d]),
        })
    }
}

/// The SSRC of the first packet of a compound; `None` if `packet` is not RTCP or is too long.
pub(crate) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    if packet.len() > PACKET_BYTES_AT_MOST {
        return None;
    }
    let [flags, _, _, _, a, b, c, d] = *packet.first_chunk::<RTCP_HEADER_BYTES>()?;
    (flags >> 6 == VERSION).then_some(u32::from_be_bytes([a, b, c, d]))
}
