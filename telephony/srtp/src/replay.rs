//! Which packet indices were used (RFC 3711 3.3.1, 3.3.2, Appendix A).

/// How many indices back a packet may come late.
pub const REPLAY_WINDOW_PACKETS: u64 = 128;

const SEQUENCE_NUMBERS: u64 = 1 << 16;
const HALF: u64 = 1 << 15;
const ROC_AT_MOST: u64 = 0xffff_ffff;

/// The highest index used, and which of those before it were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ReplayWindow {
    /// ROC and s_l of the RFC together.
    highest: Option<u64>,
    /// Bit n stands for the index n below the highest.
    used: u128,
}

impl ReplayWindow {
    /// The index of an RTP packet out of its sequence number (Appendix A); `None` past the last.
    ///
    /// Nothing comes before the first round, so a leap by more than half of it goes forward there.
    pub(crate) fn estimate(&self, sequence_number: u16) -> Option<u64> {
        let sequence_number = u64::from(sequence_number);
        let Some(highest) = self.highest else {
            return Some(sequence_number);
        };
        let (roc, last) = (highest / SEQUENCE_NUMBERS, highest % SEQUENCE_NUMBERS);
        let roc = if last < HALF && sequence_number > last + HALF {
            roc.saturating_sub(1)
        } else if last >= HALF && sequence_number < last - HALF {
            roc + 1
        } else {
            roc
        };
        (roc <= ROC_AT_MOST).then_some(roc * SEQUENCE_NUMBERS + sequence_number)
    }

    /// Whether the index was not used yet, as far as the window reaches.
    pub(crate) fn is_fresh(&self, index: u64) -> bool {
        let Some(highest) = self.highest else {
            return true;
        };
        match highest.checked_sub(index) {
            None => true,
            Some(age) if age < REPLAY_WINDOW_PACKETS => self.used >> age & 1 == 0,
            Some(_) => false,
        }
    }

    /// Notes that the index is used.
    pub(crate) fn insert(&mut self, index: u64) {
        let bit = |age: u64| {
            u32::try_from(age)
                .ok()
                .and_then(|age| 1u128.checked_shl(age))
        };
        let highest = self.highest.unwrap_or(index);
        if let Some(age) = highest.checked_sub(index) {
            self.used |= bit(age).unwrap_or_default();
            self.highest = Some(highest);
        } else {
            let ahead = u32::try_from(index - highest).ok();
            let kept = ahead.and_then(|ahead| self.used.checked_shl(ahead));
            self.used = kept.unwrap_or_default() | 1;
            self.highest = Some(index);
        }
    }

    #[cfg(test)]
    pub(crate) fn at(index: u64) -> Self {
        let mut window = Self::default();
        window.insert(index);
        window
    }
}
