//! The ports for RTP: even ones of a range, each used by one session at a time.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// How many ports there are for RTP; each leg of a call holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPorts {
    /// All that the settings give.
    pub total: usize,
    /// Those held by legs.
    pub in_use: usize,
}

impl RtpPorts {
    /// Those that are left.
    pub fn free(self) -> usize {
        self.total.saturating_sub(self.in_use)
    }
}

/// Ports that are free, the one that was given back last at the end: a port rests while all others
/// are used, so that late packets of an old call do not reach a new one.
#[derive(Debug)]
pub(crate) struct PortPool {
    free: VecDeque<u16>,
    all: usize,
}

impl PortPool {
    /// A pool that gives the ports out in this order.
    pub(crate) fn new(ports: Vec<u16>) -> Self {
        Self {
            all: ports.len(),
            free: ports.into(),
        }
    }

    /// The port that has rested longest.
    pub(crate) fn take(&mut self) -> Option<u16> {
        self.free.pop_front()
    }

    /// A port is not used any more.
    pub(crate) fn give_back(&mut self, port: u16) {
        self.free.push_back(port);
    }

    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn usage(&self) -> RtpPorts {
        RtpPorts {
            total: self.all,
            in_use: self.in_use(),
        }
    }

    pub(crate) fn in_use(&self) -> usize {
        self.all.saturating_sub(self.free.len())
    }
}

/// The even ports of a range (RFC 3550 11), in order. Port 0 is none.
pub(crate) fn even_ports(range: &RangeInclusive<u16>) -> Vec<u16> {
    range
        .clone()
        .filter(|port| port % 2 == 0 && *port != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_even_ports() {
        assert_eq!(even_ports(&(10_001..=10_006)), [10_002, 10_004, 10_006]);
        assert_eq!(even_ports(&(0..=3)), [2]);
        assert_eq!(even_ports(&(65_533..=65_535)), [65_534]);
    }

    #[test]
    fn a_port_rests_while_others_are_free() {
        let mut pool = PortPool::new(vec![2, 4, 6]);
        let first = pool.take().unwrap();
        pool.give_back(first);
        assert_eq!(
            [pool.take(), pool.take(), pool.take()],
            [Some(4), Some(6), Some(2)]
        );
        assert_eq!(pool.take(), None);
        assert_eq!((pool.in_use(), pool.free()), (3, 0));
    }
}
