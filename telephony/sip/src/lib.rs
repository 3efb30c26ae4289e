//! SIP without sockets: messages, transactions, digest, SDP (RFC 3261 and companions).
//!
//! Bytes in, values out; time and random values are arguments. Nothing here panics on input.

#![warn(missing_docs)]

pub mod body;
pub mod check;
pub mod digest;
pub mod framing;
pub mod header;
pub mod message;
pub mod parse;
pub mod privacy;
pub mod sdp;
pub mod stateless;
pub mod subscriber;
pub mod transaction;
pub mod uri;
