//! End to end, against real peers.
