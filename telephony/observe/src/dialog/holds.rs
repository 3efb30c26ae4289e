//! Who lets whom wait (RFC 3264 8.4): each side by itself, for both may.

use super::Change;
use super::ending::Side;

/// Who holds now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holds {
    caller: bool,
    callee: bool,
    unknown: bool,
}

impl Holds {
    /// Whether anybody holds.
    pub(super) fn is_any(self) -> bool {
        self.caller || self.callee || self.unknown
    }

    /// Whether this side holds.
    pub(super) fn holds(self, side: Side) -> bool {
        match side {
            Side::Caller => self.caller,
            Side::Callee => self.callee,
            Side::Unknown => self.unknown,
        }
    }

    /// One side has asked for voice like this.
    pub(super) fn offered(&mut self, side: Side, on_hold: bool) -> Change {
        if self.holds(side) == on_hold {
            return Change::Nothing;
        }
        *self.of(side) = on_hold;
        if on_hold {
            Change::Held(side)
        } else {
            Change::Resumed(side)
        }
    }

    /// One side has agreed to voice like this. Whoever only answers to a hold holds nobody; but who is ready to
    /// hear and be heard does not hold any more.
    pub(super) fn agreed(&mut self, side: Side, on_hold: bool) -> Change {
        if on_hold {
            return Change::Nothing;
        }
        self.offered(side, false)
    }

    fn of(&mut self, side: Side) -> &mut bool {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
            Side::Unknown => &mut self.unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_may_hold_and_each_ends_its_own_hold() {
        let mut holds = Holds::default();
        let (caller, callee) = (Side::Caller, Side::Callee);
        assert_eq!(holds.offered(caller, true), Change::Held(caller));
        assert_eq!(holds.agreed(callee, true), Change::Nothing);
        assert_eq!(holds.offered(callee, true), Change::Held(callee));
        assert_eq!(holds.offered(callee, true), Change::Nothing);
        assert_eq!(holds.offered(caller, false), Change::Resumed(caller));
        assert!(holds.is_any() && holds.holds(callee) && !holds.holds(caller));
        // The other side is ready to be heard: it holds no more.
        assert_eq!(holds.agreed(callee, false), Change::Resumed(callee));
        assert!(!holds.is_any());
    }
}
