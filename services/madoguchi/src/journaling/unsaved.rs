//! What the disk has not taken yet: encoded once, in pieces that are tried one after the other, so
//! that a disk that stays full costs no more the longer it is full.

use std::collections::VecDeque;

use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_store::journal::Records;

/// A piece that has this many bytes is full: the next events begin another one. As much is written
/// in vain at the most when a try fails.
const PIECE_BYTES: usize = 256 << 10;
/// So much may wait before no new calls are taken: the events of some 30,000 calls. Those that go on need little more.
const BYTES_AT_MOST: usize = 64 << 20;
/// After an error of the disk the next try comes so much later.
pub(super) const RETRY_AFTER: Millis = Millis::from_secs(1);

/// Events that wait for the disk, in order.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    pieces: VecDeque<Records>,
    events: u64,
    bytes: usize,
    full: bool,
    /// Before this nothing is tried again.
    retry_at: Option<Monotonic>,
}

impl Unsaved {
    /// Puts `records` behind what waits already.
    pub(super) fn push(&mut self, records: Records) {
        self.events += records.events();
        self.bytes += records.bytes();
        match self.pieces.back_mut() {
            Some(last) if last.bytes() < PIECE_BYTES => last.extend(&records),
            _ => self.pieces.push_back(records),
        }
    }

    /// Writes what waits, piece by piece, as long as it goes well; gives the error that ended it.
    /// After an error nothing is tried for a while.
    pub(super) fn save<E>(
        &mut self,
        now: Monotonic,
        mut write: impl FnMut(&Records) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.retry_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        self.retry_at = None;
        while let Some(piece) = self.pieces.front() {
            if let Err(error) = write(piece) {
                self.retry_at = Some(now + RETRY_AFTER);
                return Err(error);
            }
            self.events -= piece.events();
            self.bytes -= piece.bytes();
            self.pieces.pop_front();
        }
        Ok(())
    }

    /// Tries at once whatever failed before.
    pub(super) fn retry_now(&mut self) {
        self.retry_at = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How many events wait.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Whether no new calls may be taken, if that is other than before: there is room again when half is free.
    pub(super) fn turned(&mut self) -> Option<bool> {
        let most = if self.full {
            BYTES_AT_MOST / 2
        } else {
            BYTES_AT_MOST
        };
        let full = self.bytes > most;
        let turned = std::mem::replace(&mut self.full, full) != full;
        turned.then_some(full)
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::event::{CallEvent, EventKind};
    use madoguchi_core::time::Instant;

    use super::*;

    fn records(call: u32) -> Records {
        let event = CallEvent {
            call: format!("c{call}").as_str().into(),
            seq: 0,
            at: Instant(0),
            node: "n".into(),
            line: "help".into(),
            kind: EventKind::Accepted,
        };
        Records::encode(&[event]).unwrap()
    }

    #[test]
    fn a_disk_that_stays_full_costs_no_more_the_longer_it_is_full() {
        let mut unsaved = Unsaved::default();
        let (mut tries, mut bytes) = (0_u64, 0);
        // An hour of 100 groups a second.
        for n in 0..360_000 {
            unsaved.push(records(n));
            let now = Monotonic(i64::from(n) * 10);
            let failed = unsaved.save(now, |piece| {
                tries += 1;
                bytes += piece.bytes();
                Err(())
            });
            assert_eq!(failed.is_err(), n % 100 == 0);
        }
        assert_eq!(tries, 3_600, "one a second");
        assert!(bytes <= 3_600 * 2 * PIECE_BYTES, "{bytes}");
        assert_eq!(unsaved.events(), 360_000);
    }

    #[test]
    fn there_is_room_for_so_much_and_again_when_half_is_written() {
        let mut unsaved = Unsaved::default();
        let mut thousand = Records::default();
        (0..1_000).for_each(|n| thousand.extend(&records(n)));
        let mut turned = None;
        while turned.is_none() {
            unsaved.push(thousand.clone());
            turned = unsaved.turned();
        }
        assert_eq!(turned, Some(true));
        assert!((1..=thousand.bytes()).contains(&(unsaved.bytes - BYTES_AT_MOST)));
        let mut room = 0;
        let (mut now, mut turned) = (Monotonic(0), None);
        while turned.is_none() {
            room += 1;
            let mut left = room;
            now = now + RETRY_AFTER;
            let _full = unsaved.save(now, |_| {
                left -= 1;
                if left < 0 { Err(()) } else { Ok(()) }
            });
            turned = unsaved.turned();
        }
        assert_eq!(turned, Some(false));
        assert!(unsaved.bytes <= BYTES_AT_MOST / 2 && unsaved.bytes > 0);
        unsaved.retry_now();
        unsaved.save(now, |_| Ok::<_, ()>(())).unwrap();
        assert_eq!((unsaved.bytes, unsaved.events()), (0, 0));
    }

    #[test]
    fn everything_is_written_once_and_in_order_when_there_is_room_again() {
        let mut unsaved = Unsaved::default();
        let mut written = Records::default();
        let mut expected = Records::default();
        for n in 0..10_000 {
            unsaved.push(records(n));
            expected.extend(&records(n));
        }
        unsaved.save(Monotonic(0), |_| Err(())).unwrap_err();
        unsaved.save(Monotonic(999), |_| Err(())).unwrap();
        assert!(!unsaved.is_empty(), "not tried before the second is over");
        let mut room = 1;
        let mut write = |piece: &Records| {
            if room == 0 {
                return Err(());
            }
            room -= 1;
            written.extend(piece);
            Ok(())
        };
        unsaved.save(Monotonic(1_000), &mut write).unwrap_err();
        unsaved.retry_now();
        room = 1_000;
        let write = |piece: &Records| {
            room -= 1;
            written.extend(piece);
            Ok::<_, ()>(())
        };
        unsaved.save(Monotonic(1_001), write).unwrap();
        assert!(unsaved.is_empty());
        assert_eq!(format!("{written:?}"), format!("{expected:?}"));
    }
}
