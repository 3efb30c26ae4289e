//! The blocks of a pcapng file.

use std::ops::RangeInclusive;

use pcap_parser::Block;
use pcap_parser::pcapng::{parse_block_be, parse_block_le};
use pcap_parser::traits::PcapNGPacketBlock;

use super::{Found, Micros, PACKET_BYTES_AT_MOST, SECTION_MAGIC};

/// The largest block that is believed: a packet with its comments.
const BLOCK_BYTES_AT_MOST: usize = PACKET_BYTES_AT_MOST * 2;
/// Interfaces that a section may describe.
const INTERFACES_AT_MOST: usize = 1_024;
/// Nothing was captured before 1970, nor will be after the year 9999.
const INSTANTS: RangeInclusive<i64> = 0..=253_402_300_799_999_999;
/// Types of blocks that a search for the next one stops at.
const KNOWN_TYPES: [u32; 9] = [1, 2, 3, 4, 5, 6, 10, 0x0bad, 0x4000_0bad];

/// A section and its interfaces.
#[derive(Debug, Default)]
pub(super) struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
}

#[derive(Debug, Clone, Copy)]
struct Interface {
    link: i32,
    /// `if_tsresol`: a power of ten, or of two if the highest bit is set.
    resolution: u8,
    offset_secs: i64,
}

impl Interface {
    fn instant(self, high: u32, low: u32) -> Micros {
        let units = (u128::from(high) << 32) | u128::from(low);
        let micros = if self.resolution & 0x80 == 0 {
            let per_second = 10_u128.checked_pow(u32::from(self.resolution));
            per_second.and_then(|per_second| (units * 1_000_000).checked_div(per_second))
        } else {
            Some((units * 1_000_000) >> (self.resolution & 0x7f).min(127))
        };
        let micros = micros.and_then(|micros| i64::try_from(micros).ok());
        let offset = self.offset_secs.saturating_mul(1_000_000);
        let instant = micros.unwrap_or_default().saturating_add(offset);
        Micros(instant.clamp(*INSTANTS.start(), *INSTANTS.end()))
    }
}

impl Section {
    pub(super) fn find(&mut self, bytes: &mut [u8], ended: bool, last_at: Micros) -> Found {
        if bytes.len() < 12 {
            return Found::Incomplete;
        }
        self.turn(bytes);
        let Some(length) = self.length(bytes, 0) else {
            return self.search(bytes, ended);
        };
        if bytes.len() < length {
            return if ended {
                self.search(bytes, ended)
            } else {
                Found::Incomplete
            };
        }
        if !self.is_closed(bytes, 0, length) {
            // One of the two lengths lies. It is the second if a block follows where the first says.
            let follows = bytes.len() == length || self.is_known(bytes, length);
            if !follows {
                return self.search(bytes, ended);
            }
            self.close(bytes, length);
        }
        self.read(bytes.get(..length).unwrap_or_default(), last_at)
    }

    fn read(&mut self, block: &[u8], last_at: Micros) -> Found {
        let length = block.len();
        let parsed = if self.big_endian {
            parse_block_be(block)
        } else {
            parse_block_le(block)
        };
        match parsed {
            Ok((_, Block::SectionHeader(_))) => self.interfaces.clear(),
            Ok((_, Block::InterfaceDescription(described))) => {
                if self.interfaces.len() < INTERFACES_AT_MOST {
                    self.interfaces.push(Interface {
                        link: described.linktype.0,
                        resolution: described.if_tsresol,
                        offset_secs: described.if_tsoffset,
                    });
                }
            }
            Ok((_, Block::EnhancedPacket(packet))) => {
                let index = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
                // A wrong number of an interface is a smaller loss than a lost packet.
                let interface = self.interfaces.get(index).or(self.interfaces.first());
                if let Some(interface) = interface {
                    return Found::Packet {
                        at: interface.instant(packet.ts_high, packet.ts_low),
                        link: interface.link,
                        from: 28,
                        until: 28 + packet.packet_data().len(),
                        next: length,
                    };
                }
            }
            Ok((_, Block::SimplePacket(packet))) => {
                if let Some(interface) = self.interfaces.first() {
                    return Found::Packet {
                        at: last_at,
                        link: interface.link,
                        from: 12,
                        until: 12 + packet.packet_data().len(),
                        next: length,
                    };
                }
            }
            Ok(_) => {}
            Err(_) => return Found::Damaged(length),
        }
        Found::Other(length)
    }

    /// A new section may have the other order of bytes.
    fn turn(&mut self, bytes: &[u8]) {
        if bytes.starts_with(&SECTION_MAGIC) {
            match bytes.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => self.big_endian = true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => self.big_endian = false,
                _ => {}
            }
        }
    }

    fn word(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self.big_endian {
            u32::from_be_bytes(*four)
        } else {
            u32::from_le_bytes(*four)
        })
    }

    /// The length of the block that begins here, if it can be one.
    fn length(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let length = usize::try_from(self.word(bytes, at + 4)?).ok()?;
        let can_be = (12..=BLOCK_BYTES_AT_MOST).contains(&length) && length % 4 == 0;
        can_be.then_some(length)
    }

    fn is_closed(&self, bytes: &[u8], at: usize, length: usize) -> bool {
        self.word(bytes, at + length - 4) == self.word(bytes, at + 4)
    }

    fn is_known(&self, bytes: &[u8], at: usize) -> bool {
        let begins = bytes.get(at..).unwrap_or_default();
        let known = self
            .word(bytes, at)
            .is_some_and(|kind| KNOWN_TYPES.contains(&kind));
        (known || begins.starts_with(&SECTION_MAGIC)) && self.length(bytes, at).is_some()
    }

    /// Puts the first length in the place of the second.
    fn close(&self, bytes: &mut [u8], length: usize) {
        let first = bytes.get(4..8).map(<[u8]>::to_vec).unwrap_or_default();
        if let Some(second) = bytes.get_mut(length - 4..length) {
            second.copy_from_slice(&first);
        }
    }

    /// Looks for the next block.
    fn search(&self, bytes: &[u8], ended: bool) -> Found {
        let found = (4..bytes.len().saturating_sub(11)).step_by(4).find(|at| {
            self.is_known(bytes, *at)
                && self
                    .length(bytes, *at)
                    .is_some_and(|length| self.is_closed(bytes, *at, length))
        });
        match found {
            Some(at) => Found::Damaged(at),
            None if ended => Found::Damaged(bytes.len()),
            None => {
                let searched = bytes.len().saturating_sub(BLOCK_BYTES_AT_MOST) / 4 * 4;
                if searched > 0 {
                    Found::Damaged(searched)
                } else {
                    Found::Incomplete
                }
            }
        }
    }
}
