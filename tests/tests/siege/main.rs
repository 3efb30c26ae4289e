//! Attacks on every door while honest calls go on. A binary of its own: cargo runs one after the
//! other, so that nothing but the attack delays a call.

mod datagrams;
mod guesses;
mod pages;
mod restart;
mod sip;
mod voice;
