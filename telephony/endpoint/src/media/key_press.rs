//! A key that we tell to a leg.

use std::collections::VecDeque;

/// A key, and those that follow it.
#[derive(Debug)]
pub(super) struct KeyPress {
    pub(super) serial: u64,
    pub(super) digit: char,
    pub(super) frames: u32,
    pub(super) told: u32,
    pub(super) waiting: VecDeque<(char, u32)>,
}
