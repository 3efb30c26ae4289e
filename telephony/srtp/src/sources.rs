//! What a receiver keeps of each SSRC.

use crate::replay::ReplayWindow;

/// How many SSRCs a receiver keeps; beyond that the one that was heard least recently is
/// forgotten, and with it which of its packets came before.
pub const UNPROTECTED_SOURCES_AT_MOST: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    ssrc: u32,
    windows: Windows,
}

/// The indices of an SSRC that authenticated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) rtp: ReplayWindow,
    pub(crate) rtcp: ReplayWindow,
}

/// The SSRCs heard, the most recent one last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(UNPROTECTED_SOURCES_AT_MOST))
    }

    /// The windows of an SSRC; new ones if it is not known.
    pub(crate) fn windows(&self, ssrc: u32) -> Windows {
        let known = self.0.iter().rev().find(|source| source.ssrc == ssrc);
        known.map(|source| source.windows).unwrap_or_default()
    }

    /// Keeps the windows of an SSRC, of which a packet authenticated.
    pub(crate) fn set(&mut self, ssrc: u32, windows: Windows) {
        if let Some(last) = self.0.last_mut()
            && last.ssrc == ssrc
        {
            last.windows = windows;
            return;
        }
        if let Some(known) = self.0.iter().position(|source| source.ssrc == ssrc) {
            self.0.remove(known);
        } else if self.0.len() >= UNPROTECTED_SOURCES_AT_MOST {
            self.0.remove(0);
        }
        self.0.push(Source { ssrc, windows });
    }

    #[cfg(test)]
    pub(crate) fn ssrcs(&self) -> Vec<u32> {
        self.0.iter().map(|source| source.ssrc).collect()
    }
}
