//! The records of a pcap file.

use pcap_parser::{
    LegacyPcapBlock, PcapHeader, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
};

use super::{Found, Micros, PACKET_BYTES_AT_MOST};

/// Records whose instants lie further apart than this do not follow each other where one is looked for.
const APART_AT_MOST: Micros = Micros::from_secs(86_400);

/// Before this (1990) nothing was captured: small numbers within a packet are no instants.
const EARLIEST: Micros = Micros::from_secs(631_152_000);

/// How the records of this file are written.
#[derive(Debug)]
pub(super) struct Records {
    link: i32,
    layout: Layout,
    nanoseconds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Little,
    Big,
    /// The longer header of an old variety.
    Modified,
}

/// The header of a record.
#[derive(Debug, Clone, Copy)]
struct Header {
    at: Micros,
    captured: usize,
}

impl Records {
    pub(super) fn new(header: &PcapHeader) -> Self {
        let layout = if header.is_modified_format() {
            Layout::Modified
        } else if header.is_bigendian() {
            Layout::Big
        } else {
            Layout::Little
        };
        Self {
            // The upper half tells of frame check sequences.
            link: header.network.0 & 0xffff,
            layout,
            nanoseconds: header.is_nanosecond_precision(),
        }
    }

    pub(super) fn find(&self, bytes: &[u8], ended: bool, last_at: Micros) -> Found {
        let size = self.header_size();
        if bytes.len() < size {
            return Found::Incomplete;
        }
        let Some(header) = self.header(bytes, 0) else {
            return self.search(bytes, 1, ended, last_at);
        };
        let mut end = size + header.captured;
        if bytes.len() < end {
            // A length that reaches beyond the end of the file, with records behind it, is a lie.
            return if ended {
                self.search(bytes, 1, ended, last_at)
            } else {
                Found::Incomplete
            };
        }
        if bytes.len() >= end + size
            && self.header(bytes, end).is_none()
            && let Some(next) = self.next_record(bytes, size, ended, header.at)
        {
            end = next;
        }
        let parse = match self.layout {
            Layout::Little => parse_pcap_frame,
            Layout::Big => parse_pcap_frame_be,
            Layout::Modified => parse_pcap_frame_modified,
        };
        let Ok((_, LegacyPcapBlock { .. })) = parse(bytes) else {
            return Found::Other(end);
        };
        Found::Packet {
            at: header.at,
            link: self.link,
            from: size,
            until: end.min(size + header.captured),
            next: end,
        }
    }

    fn header_size(&self) -> usize {
        if self.layout == Layout::Modified {
            24
        } else {
            16
        }
    }

    /// The header that begins here, if it can be one.
    fn header(&self, bytes: &[u8], from: usize) -> Option<Header> {
        let word = |at: usize| {
            let four = bytes.get(from + at..)?.first_chunk::<4>()?;
            Some(match self.layout {
                Layout::Big => u32::from_be_bytes(*four),
                Layout::Little | Layout::Modified => u32::from_le_bytes(*four),
            })
        };
        let (secs, fraction) = (word(0)?, word(4)?);
        let (captured, original) = (word(8)? as usize, word(12)? as usize);
        let limit = if self.nanoseconds {
            1_000_000_000
        } else {
            1_000_000
        };
        let can_be = fraction < limit && captured <= PACKET_BYTES_AT_MOST && captured <= original;
        let micros = if self.nanoseconds {
            fraction / 1_000
        } else {
            fraction
        };
        can_be.then(|| Header {
            at: Micros(i64::from(secs) * 1_000_000 + i64::from(micros)),
            captured,
        })
    }

    /// Looks for the next record, from `from` on.
    fn search(&self, bytes: &[u8], from: usize, ended: bool, last_at: Micros) -> Found {
        match self.next_record(bytes, from, ended, last_at) {
            Some(at) => Found::Damaged(at),
            None if ended => Found::Damaged(bytes.len()),
            None => {
                // What cannot begin a record any more is passed over, so that the memory stays bounded.
                let searched = bytes.len().saturating_sub(2 * PACKET_BYTES_AT_MOST);
                if searched > 0 {
                    Found::Damaged(searched)
                } else {
                    Found::Incomplete
                }
            }
        }
    }

    /// The first place where a record can begin that another one, or the end of the file, follows.
    fn next_record(&self, bytes: &[u8], from: usize, ended: bool, near: Micros) -> Option<usize> {
        let size = self.header_size();
        let follows = |at: Micros, near: Micros| at.since(near).0.abs() <= APART_AT_MOST.0;
        (from..bytes.len().saturating_sub(size - 1)).find(|at| {
            let Some(header) = self.header(bytes, *at) else {
                return false;
            };
            let end = at + size + header.captured;
            let ends = ended && end == bytes.len();
            let next = self.header(bytes, end);
            // Before the first record, only the next one tells whether its instant can be right.
            let is_near = if near == Micros(0) {
                header.at >= EARLIEST
            } else {
                follows(header.at, near)
            };
            header.captured > 0
                && is_near
                && (ends || next.is_some_and(|next| follows(next.at, header.at)))
        })
    }
}
