//! End to end, against real peers: one binary, one module a subject.

mod architecture;
mod calls;
mod crash;
mod hours;
mod phones;
mod torture;
