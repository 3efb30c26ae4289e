//! 見通しと要員: how many calls are to come, how many people they need, and whether a service level is
//! in danger. Pure computing: no I/O, no clock, no chance of its own. Methods and sources:
//! docs/staffing.md.

#![warn(missing_docs)]

pub mod agents;
pub mod days;
mod distribution;
pub mod erlang;
pub mod forecast;
pub mod outlook;
mod quadrature;
pub mod risk;
pub mod shifts;
pub mod transient;
