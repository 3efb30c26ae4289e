//! RTCP (RFC 3550 6): what each side tells the other of the voice that it sent and heard.

/// As many as the head of a report can count.
const BLOCKS_AT_MOST: usize = 31;
const VERSION: u8 = 2;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const CNAME: u8 = 1;
/// A report block in bytes.
const BLOCK_BYTES: usize = 24;

/// What one side says of itself (SR, or RR if it sent nothing) and of streams that it hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who reports.
    pub ssrc: u32,
    /// What was sent, if anything.
    pub sender: Option<SenderInfo>,
    /// What was heard.
    pub blocks: Vec<ReportBlock>,
}

/// What was sent until now (RFC 3550 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// When this was said: seconds and 2⁻³² of them, by a clock of the sender's.
    pub ntp: u64,
    /// The same moment by the clock of the stream.
    pub timestamp: u32,
    /// Packets of voice.
    pub packets: u32,
    /// Bytes in them, without headers.
    pub octets: u32,
}

/// What was heard of one stream (RFC 3550 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// Whose stream.
    pub ssrc: u32,
    /// The share lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// All lost until now; negative if packets came twice.
    pub lost: i32,
    /// The highest number heard, with how often it went round.
    pub highest: u32,
    /// How unevenly packets come, in units of the stream's clock.
    pub jitter: u32,
    /// The middle 32 bits of [`SenderInfo::ntp`] of the last report heard; 0 if none was.
    pub last_report: u32,
    /// How long ago that was, in 65,536ths of a second.
    pub since_last_report: u32,
}

fn report(body: &[u8], sends: bool, count: usize) -> Option<Report> {
    let mut reader = Reader(body);
    let ssrc = reader.word()?;
    let sender = if sends {
        Some(SenderInfo {
            ntp: u64::from(reader.word()?) << 32 | u64::from(reader.word()?),
            timestamp: reader.word()?,
            packets: reader.word()?,
            octets: reader.word()?,
        })
    } else {
        None
    };
    let mut blocks = Vec::with_capacity(count);
    for _ in 0..count {
        let ssrc = reader.word()?;
        let lost = reader.word()?;
        blocks.push(ReportBlock {
            ssrc,
            fraction_lost: lost.to_be_bytes()[0],
            // 24 bits with a sign.
            lost: (lost << 8).cast_signed() >> 8,
            highest: reader.word()?,
            jitter: reader.word()?,
            last_report: reader.word()?,
            since_last_report: reader.word()?,
        });
    }
    Some(Report {
        ssrc,
        sender,
        blocks,
    })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }
}

impl Report {
    /// The reports of a datagram; `None` for anything that is no well-formed compound (RFC 3550 A.2; one that begins with
    /// something else than a report is taken, as RFC 5506 allows it).
    pub fn parse_all(datagram: &[u8]) -> Option<Vec<Self>> {
        let mut reports = Vec::new();
        let mut rest = datagram;
        while !rest.is_empty() {
            let (&[flags, kind, l0, l1], _) = rest.split_first_chunk::<4>()?;
            let length = (usize::from(u16::from_be_bytes([l0, l1])) + 1) * 4;
            let packet = rest.get(..length)?;
            rest = rest.get(length..)?;
            if flags >> 6 != VERSION {
                return None;
            }
            let mut body = packet.get(4..)?;
            if flags & 0x20 != 0 {
                // Only the last one may be filled up.
                let padding = usize::from(*body.last()?);
                let is_right = rest.is_empty() && padding > 0 && padding.is_multiple_of(4);
                let length = body.len().checked_sub(padding).filter(|_| is_right)?;
                body = body.get(..length)?;
            }
            let count = usize::from(flags & 0x1f);
            match kind {
                SENDER_REPORT | RECEIVER_REPORT => {
                    reports.push(report(body, kind == SENDER_REPORT, count)?);
                }
                192..=223 => {}
                _ => return None,
            }
        }
        (!datagram.is_empty()).then_some(reports)
    }

    /// A compound of this report and the name under which its sender is known over restarts of a stream (RFC 3550
    /// 6.5.1); it tells nothing of whose it is.
    pub fn to_bytes(&self, cname: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.blocks.len() * BLOCK_BYTES);
        let kind = match self.sender {
            Some(_) => SENDER_REPORT,
            None => RECEIVER_REPORT,
        };
        let blocks = self.blocks.get(..BLOCKS_AT_MOST).unwrap_or(&self.blocks);
        let words = 1 + self.sender.map_or(0, |_| 5) + blocks.len() * BLOCK_BYTES / 4;
        head(&mut bytes, blocks.len(), kind, words);
        bytes.extend(self.ssrc.to_be_bytes());
        if let Some(sender) = &self.sender {
            bytes.extend(sender.ntp.to_be_bytes());
            bytes.extend(sender.timestamp.to_be_bytes());
            bytes.extend(sender.packets.to_be_bytes());
            bytes.extend(sender.octets.to_be_bytes());
        }
        for block in blocks {
            let [_, l0, l1, l2] = block.lost.clamp(-0x80_0000, 0x7f_ffff).to_be_bytes();
            bytes.extend(block.ssrc.to_be_bytes());
            bytes.extend([block.fraction_lost, l0, l1, l2]);
            bytes.extend(block.highest.to_be_bytes());
            bytes.extend(block.jitter.to_be_bytes());
            bytes.extend(block.last_report.to_be_bytes());
            bytes.extend(block.since_last_report.to_be_bytes());
        }
        let name = cname.as_bytes();
        let name = name.get(..255).unwrap_or(name);
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        // At least one zero ends the items, and the whole is made of words.
        let words = 1 + (2 + name.len()) / 4 + 1;
        head(&mut bytes, 1, SOURCE_DESCRIPTION, words);
        let end = bytes.len() + words * 4;
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend([CNAME, length]);
        bytes.extend(name);
        bytes.resize(end, 0);
        bytes
    }
}

fn head(bytes: &mut Vec<u8>, count: usize, kind: u8, words: usize) {
    let count = u8::try_from(count).unwrap_or(0) & 0x1f;
    let [l0, l1] = u16::try_from(words).unwrap_or(0).to_be_bytes();
    bytes.extend([VERSION << 6 | count, kind, l0, l1]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> ReportBlock {
        ReportBlock {
            ssrc: 9,
            fraction_lost: 64,
            lost: -3,
            highest: 0x0001_0005,
            jitter: 80,
            last_report: 0x1234_5678,
            since_last_report: 65_536,
        }
    }

    fn sent() -> Report {
        Report {
            ssrc: 7,
            sender: Some(SenderInfo {
                ntp: 0x0000_0001_8000_0000,
                timestamp: 160,
                packets: 2,
                octets: 320,
            }),
            blocks: vec![block()],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for cname in ["", "a", "ab", "abc", "abcd", "0123456789abcdef"] {
            for sender in [sent().sender, None] {
                let report = Report { sender, ..sent() };
                let bytes = report.to_bytes(cname);
                assert!(bytes.len().is_multiple_of(4));
                assert_eq!(Report::parse_all(&bytes), Some(vec![report]), "{cname}");
            }
        }
    }

    /// As the standard draws it: version, count, type, length in words less one.
    #[test]
    fn a_sender_report_is_laid_out_as_the_standard_says() {
        let bytes = sent().to_bytes("ab");
        assert_eq!(bytes[..8], [0x81, 200, 0, 12, 0, 0, 0, 7]);
        assert_eq!(bytes[8..16], [0, 0, 0, 1, 0x80, 0, 0, 0]);
        assert_eq!(bytes[28..36], [0, 0, 0, 9, 64, 0xff, 0xff, 0xfd]);
        assert_eq!(bytes[52..56], [0x81, 202, 0, 3]);
        assert_eq!(bytes[60..], [1, 2, b'a', b'b', 0, 0, 0, 0]);
    }

    #[test]
    fn halves_are_no_compounds() {
        let bytes = sent().to_bytes("abc");
        for length in 0..bytes.len() {
            let whole_report = length == 52;
            assert_eq!(
                Report::parse_all(&bytes[..length]).is_some(),
                whole_report,
                "{length}"
            );
        }
    }

    #[test]
    fn a_report_of_more_blocks_than_there_are_is_none() {
        let mut bytes = sent().to_bytes("abc");
        bytes[0] = 0x9f;
        assert_eq!(Report::parse_all(&bytes), None);
    }

    #[test]
    fn every_flipped_bit_is_read_without_harm() {
        let bytes = sent().to_bytes("abc");
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Some(reports) = Report::parse_all(&damaged) {
                let blocks: usize = reports.iter().map(|report| report.blocks.len()).sum();
                assert!(blocks * BLOCK_BYTES <= bytes.len(), "{bit}");
            }
        }
    }
}
