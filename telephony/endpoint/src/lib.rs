//! The SIP endpoint: registrar, trunks, calls and their media; drives the queue engine.
//!
//! The one invariant: what the engine puts out is carried out in order, and nothing that follows
//! an event is carried out before the journal has confirmed that event ([`switch::SwitchInput::Journaled`]).
//!
//! [`switch`] is a state machine without sockets; [`shell`] gives it sockets, clocks and chance.

pub mod dscp;
pub mod media;
pub mod registrations;
pub mod settings;
pub mod shell;
pub mod switch;
