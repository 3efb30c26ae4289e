//! Capture files (pcap and pcapng) as packets, in constant memory.
//!
//! Bytes are pushed as they come, from a file or from `tcpdump -w -`, and each packet goes out as soon
//! as it is whole. A record that lies about its length costs the packets around it, not the rest of the
//! file: the reader looks for the next record that can be one.

mod blocks;
pub mod merged;
mod records;

use std::io::{self, Read};

use pcap_parser::{PcapHeader, parse_pcap_header};

use self::blocks::Section;
use self::records::Records;

/// The largest packet of which more than its length is believed. Captures of `tcpdump -s 0` end at it.
pub const PACKET_BYTES_AT_MOST: usize = 262_144;
/// What is read at once.
const READ_BYTES: usize = 131_072;
/// The magic number of a section of pcapng, which reads the same in both orders.
const SECTION_MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Microseconds since 1970-01-01T00:00:00Z, as captures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

impl Micros {
    /// So many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000)
    }

    /// Milliseconds since 1970, rounded down.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Later by so much.
    #[must_use]
    pub fn after(self, by: Self) -> Self {
        Self(self.0.saturating_add(by.0))
    }

    /// The time from `earlier` to this instant.
    pub fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// One packet of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// When it was seen.
    pub at: Micros,
    /// The type of the link (LINKTYPE_…).
    pub link: i32,
    /// What was captured of it.
    pub data: &'a [u8],
}

/// Why a file is no capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither pcap nor pcapng")]
pub struct NotACapture;

/// How much of a file could not be understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Damage {
    /// How often the next record had to be looked for.
    pub places: u64,
    /// Bytes that were passed over.
    pub bytes: u64,
    /// The file ends within a record.
    pub cut_off: bool,
}

/// Reads one capture. Feed bytes with [`Self::push`] or [`Self::fill`], then take all packets.
#[derive(Debug, Default)]
pub struct CaptureReader {
    buffer: Vec<u8>,
    /// The buffer is done with up to here.
    taken: usize,
    ended: bool,
    format: Option<Format>,
    damage: Damage,
    last_at: Micros,
}

#[derive(Debug)]
enum Format {
    Records(Records),
    Blocks(Section),
}

/// What stands at the beginning of the buffer.
enum Found {
    /// A packet that lies between these places; the next record begins at the third.
    Packet {
        at: Micros,
        link: i32,
        from: usize,
        until: usize,
        next: usize,
    },
    /// Something else that ends here.
    Other(usize),
    /// Nothing that can be a record; the next that can be one begins here.
    Damaged(usize),
    /// The rest is still to come.
    Incomplete,
}

impl CaptureReader {
    /// More bytes have come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room();
        self.buffer.extend_from_slice(bytes);
    }

    /// Reads some more of a file; tells whether there was more.
    pub fn fill(&mut self, file: &mut impl Read) -> io::Result<bool> {
        self.make_room();
        let before = self.buffer.len();
        self.buffer.resize(before + READ_BYTES, 0);
        let read = loop {
            let room = self.buffer.get_mut(before..).unwrap_or_default();
            match file.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let count = *read.as_ref().unwrap_or(&0);
        self.buffer.truncate(before + count);
        read.map(|count| count > 0)
    }

    /// Nothing comes any more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What could not be understood so far.
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// Whether what came so far is neither pcap nor pcapng.
    pub fn check(&self) -> Result<(), NotACapture> {
        let unknown = self.format.is_none() && (self.ended || self.rest().len() >= 28);
        if unknown { Err(NotACapture) } else { Ok(()) }
    }

    /// The next packet, if it is whole. An error if this is no capture.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, NotACapture> {
        loop {
            if self.format.is_none() && !self.begin()? {
                return Ok(None);
            }
            match self.find() {
                Found::Incomplete => {
                    if self.ended && !self.rest().is_empty() {
                        self.damage.cut_off = true;
                        self.taken = self.buffer.len();
                    }
                    return Ok(None);
                }
                Found::Other(bytes) => self.taken += bytes,
                Found::Damaged(bytes) => {
                    self.damage.places += 1;
                    self.damage.bytes += bytes as u64;
                    self.taken += bytes;
                }
                Found::Packet {
                    at,
                    link,
                    from,
                    until,
                    next,
                } => {
                    let start = self.taken;
                    self.taken += next;
                    self.last_at = at;
                    let data = self
                        .buffer
                        .get(start + from..start + until)
                        .unwrap_or_default();
                    return Ok(Some(Packet { at, link, data }));
                }
            }
        }
    }

    fn find(&mut self) -> Found {
        let ended = self.ended;
        let last_at = self.last_at;
        let bytes = self.buffer.get_mut(self.taken..).unwrap_or_default();
        match &mut self.format {
            Some(Format::Records(records)) => records.find(bytes, ended, last_at),
            Some(Format::Blocks(section)) => section.find(bytes, ended, last_at),
            None => Found::Incomplete,
        }
    }

    /// Tells the format by the beginning; `false` if more has to come first.
    fn begin(&mut self) -> Result<bool, NotACapture> {
        let rest = self.rest();
        if rest.starts_with(&SECTION_MAGIC) {
            self.format = Some(Format::Blocks(Section::default()));
            return Ok(true);
        }
        if rest.len() < 24 {
            return if self.ended && !rest.is_empty() {
                Err(NotACapture)
            } else {
                Ok(false)
            };
        }
        let Ok((_, header)) = parse_pcap_header(rest) else {
            return Err(NotACapture);
        };
        self.taken += PcapHeader::size(&header);
        self.format = Some(Format::Records(Records::new(&header)));
        Ok(true)
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn make_room(&mut self) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
    }
}
