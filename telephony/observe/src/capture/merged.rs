//! Several captures as one, in the order of their instants: the files of several probes, or of one that
//! began a new file every hour.

use std::io::{self, Read};

use super::{CaptureReader, Damage, Micros, NotACapture, Packet};

/// Why one of the captures cannot be read on.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ReadError {
    #[error(transparent)]
    Format(#[from] NotACapture),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Captures that are read side by side, each in constant memory.
#[derive(Debug, Default)]
pub struct Merged<R> {
    sources: Vec<Source<R>>,
    failed: Vec<(usize, ReadError)>,
}

#[derive(Debug)]
struct Source<R> {
    reader: CaptureReader,
    file: R,
    /// The next packet; its bytes are kept in one place for all packets.
    next: Option<(Micros, i32)>,
    data: Vec<u8>,
    ended: bool,
}

impl<R: Read> Source<R> {
    /// Makes sure that the next packet is known, unless there is none.
    fn look_ahead(&mut self) -> Result<(), ReadError> {
        while self.next.is_none() {
            if let Some(packet) = self.reader.next_packet()? {
                self.data.clear();
                self.data.extend_from_slice(packet.data);
                self.next = Some((packet.at, packet.link));
            } else if self.ended {
                break;
            } else if !self.reader.fill(&mut self.file)? {
                self.reader.end();
                self.ended = true;
            }
        }
        Ok(())
    }
}

impl<R: Read> Merged<R> {
    /// Reads these captures.
    pub fn new(files: impl IntoIterator<Item = R>) -> Self {
        let source = |file| Source {
            reader: CaptureReader::default(),
            file,
            next: None,
            data: Vec::new(),
            ended: false,
        };
        Self {
            sources: files.into_iter().map(source).collect(),
            failed: Vec::new(),
        }
    }

    /// The captures that could not be read to their ends, by their places, and why.
    pub fn failed(&self) -> &[(usize, ReadError)] {
        &self.failed
    }

    /// What could not be understood, by the places of the captures.
    pub fn damage(&self) -> impl Iterator<Item = (usize, Damage)> {
        let damages = self.sources.iter().map(|source| source.reader.damage());
        damages.enumerate()
    }

    /// The earliest packet that was not given yet.
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        let mut earliest: Option<(Micros, usize)> = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            if let Err(error) = source.look_ahead() {
                source.ended = true;
                source.reader = CaptureReader::default();
                self.failed.push((at, error));
            }
            if let Some((instant, _)) = source.next
                && earliest.is_none_or(|(known, _)| instant < known)
            {
                earliest = Some((instant, at));
            }
        }
        let source = self.sources.get_mut(earliest?.1)?;
        let (at, link) = source.next.take()?;
        let data = &source.data;
        Some(Packet { at, link, data })
    }
}
