//! HEPv3 (EEP): messages that probes have cut out of their packets and send on, over UDP or a stream.
//!
//! A frame is `HEP3`, its length, and chunks of vendor, type, length and value. Chunks of vendors and
//! types that are not known are passed over.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};

use flate2::read::{GzDecoder, ZlibDecoder};

use crate::capture::Micros;

/// What a frame begins with.
const MAGIC: [u8; 4] = *b"HEP3";
/// Magic and length.
const HEAD_BYTES: usize = 6;
/// Vendor, type and length of a chunk.
const CHUNK_HEAD_BYTES: usize = 6;
/// The number of SIP among the types of payload.
const SIP: u8 = 1;

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum HepError {
    #[error("no HEPv3 frame")]
    Magic,
    #[error("the frame is shorter or longer than it says")]
    Length,
    #[error("a chunk is longer than its frame, or than its type allows")]
    Chunk,
    #[error("the frame does not tell {0}")]
    Missing(&'static str),
    #[error("the compressed payload cannot be unpacked")]
    Compressed,
}

/// The longest payload that is unpacked: no datagram is longer.
const UNPACKED_BYTES_AT_MOST: u64 = 65_535;

/// What a probe has packed: zlib (RFC 1950), or gzip (RFC 1952) of some.
fn unpacked(packed: &[u8]) -> Result<Vec<u8>, HepError> {
    let mut payload = Vec::new();
    let at_most = UNPACKED_BYTES_AT_MOST + 1;
    let read = if packed.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(packed)
            .take(at_most)
            .read_to_end(&mut payload)
    } else {
        ZlibDecoder::new(packed)
            .take(at_most)
            .read_to_end(&mut payload)
    };
    match read {
        Ok(length) if (length as u64) < at_most => Ok(payload),
        _ => Err(HepError::Compressed),
    }
}

/// A message with what the probe tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When the probe saw it.
    pub at: Micros,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The payload is SIP.
    pub is_sip: bool,
    /// The number of the probe.
    pub probe: u32,
    /// The key by which the probe proves that it may send.
    pub key: Option<&'a [u8]>,
    /// The message.
    pub payload: Cow<'a, [u8]>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Parts<'a> {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    source_port: Option<u16>,
    destination_port: Option<u16>,
    secs: Option<u32>,
    micros: u32,
    kind: Option<u8>,
    probe: u32,
    key: Option<&'a [u8]>,
    payload: Option<&'a [u8]>,
    compressed: Option<&'a [u8]>,
}

impl<'a> Frame<'a> {
    /// Reads a whole frame.
    ///
    /// # Errors
    /// If it is none, or does not tell all that is needed.
    pub fn read(bytes: &'a [u8]) -> Result<Self, HepError> {
        let length = length(bytes)?.ok_or(HepError::Length)?;
        if length != bytes.len() {
            return Err(HepError::Length);
        }
        let mut rest = bytes.get(HEAD_BYTES..).ok_or(HepError::Length)?;
        let mut parts = Parts::default();
        while !rest.is_empty() {
            let (vendor, kind, value, after) = chunk(rest).ok_or(HepError::Chunk)?;
            if vendor == 0 {
                parts.take(kind, value)?;
            }
            rest = after;
        }
        parts.into_frame()
    }
}

impl<'a> Parts<'a> {
    fn take(&mut self, kind: u16, value: &'a [u8]) -> Result<(), HepError> {
        match kind {
            0x03 => self.source = Some(IpAddr::from(number::<4>(value)?)),
            0x04 => self.destination = Some(IpAddr::from(number::<4>(value)?)),
            0x05 => self.source = Some(IpAddr::from(number::<16>(value)?)),
            0x06 => self.destination = Some(IpAddr::from(number::<16>(value)?)),
            0x07 => self.source_port = Some(u16::from_be_bytes(number(value)?)),
            0x08 => self.destination_port = Some(u16::from_be_bytes(number(value)?)),
            0x09 => self.secs = Some(u32::from_be_bytes(number(value)?)),
            0x0a => self.micros = u32::from_be_bytes(number(value)?),
            0x0b => self.kind = Some(u8::from_be_bytes(number(value)?)),
            0x0c => self.probe = u32::from_be_bytes(number(value)?),
            0x0e => self.key = Some(value),
            0x0f => self.payload = Some(value),
            0x10 => self.compressed = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn into_frame(self) -> Result<Frame<'a>, HepError> {
        let missing = HepError::Missing;
        let address = |ip: Option<IpAddr>, port: Option<u16>, part| {
            ip.map(|ip| SocketAddr::new(ip, port.unwrap_or_default()))
                .ok_or(missing(part))
        };
        let secs = self.secs.ok_or(missing("its instant"))?;
        let payload = match (self.payload, self.compressed) {
            (Some(payload), _) => Cow::Borrowed(payload),
            (None, Some(packed)) => Cow::Owned(unpacked(packed)?),
            (None, None) => return Err(missing("its payload")),
        };
        Ok(Frame {
            at: Micros(i64::from(secs) * 1_000_000 + i64::from(self.micros.min(999_999))),
            from: address(self.source, self.source_port, "who sent it")?,
            to: address(
                self.destination,
                self.destination_port,
                "to whom it was sent",
            )?,
            is_sip: self.kind.is_none_or(|kind| kind == SIP),
            probe: self.probe,
            key: self.key,
            payload,
        })
    }
}

/// The length of the frame that begins here; nothing if too little has come to tell.
///
/// # Errors
/// If no frame begins here.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, HepError> {
    let begins = bytes.iter().zip(MAGIC).all(|(one, other)| *one == other);
    if !begins {
        return Err(HepError::Magic);
    }
    let Some(length) = bytes.get(MAGIC.len()..).and_then(<[u8]>::first_chunk) else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes(*length));
    if length < HEAD_BYTES {
        return Err(HepError::Length);
    }
    Ok(Some(length))
}

/// Vendor, type and value of a chunk, and what follows it.
fn chunk(bytes: &[u8]) -> Option<(u16, u16, &[u8], &[u8])> {
    let head = bytes.first_chunk::<CHUNK_HEAD_BYTES>()?;
    let [
        vendor_high,
        vendor_low,
        kind_high,
        kind_low,
        length_high,
        length_low,
    ] = *head;
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    let value = bytes.get(CHUNK_HEAD_BYTES..length)?;
    Some((
        u16::from_be_bytes([vendor_high, vendor_low]),
        u16::from_be_bytes([kind_high, kind_low]),
        value,
        bytes.get(length..)?,
    ))
}

fn number<const BYTES: usize>(value: &[u8]) -> Result<[u8; BYTES], HepError> {
    value.try_into().map_err(|_| HepError::Chunk)
}

/// Cuts a stream into frames. Feed bytes with [`Self::push`], then take all frames.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    taken: usize,
}

impl FrameReader {
    /// More bytes have come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a frame has begun whose rest is still to come, once all that are there are taken.
    pub fn is_within_frame(&self) -> bool {
        self.taken < self.buffer.len()
    }

    /// The bytes of the next frame, if they are there.
    ///
    /// # Errors
    /// If no frame begins where one must: where the next begins cannot be told any more.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, HepError> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some(length) = length(rest)?.filter(|length| *length <= rest.len()) else {
            return Ok(None);
        };
        let start = self.taken;
        self.taken += length;
        Ok(self.buffer.get(start..start + length))
    }
}
