//! Numbers and names that are shown to those who may not see whose they are.

mod digits;
mod message;

pub(crate) use self::digits::numbers;
pub(crate) use self::message::message;
