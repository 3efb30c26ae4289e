//! Attacks on every door while honest calls go on. A binary of its own: cargo runs one after the
//! other, so that nothing but the attack delays a call.

mod away;
mod datagrams;
mod dialling;
mod dialogs;
mod digest;
mod guesses;
mod hosts;
mod pages;
mod phone;
mod restart;
mod second_factors;
mod sip;
mod tokens;
mod uploads;
mod visitors;
mod voice;
