//! Who asks: visitors, what they prove themselves with, and what they may do.

pub(crate) mod access;
pub(crate) mod admission;
pub(crate) mod attempts;
pub(crate) mod browser;
pub(crate) mod cookie;
pub(crate) mod credentials;
pub(crate) mod csrf;
pub(crate) mod device;
pub(crate) mod duty;
mod forwarded;
pub(crate) mod password;
pub(crate) mod proof;
pub(crate) mod recovery;
pub(crate) mod routes;
pub(crate) mod seal;
pub(crate) mod sessions;
pub(crate) mod token;
pub(crate) mod totp;
pub(crate) mod uploads;
pub(crate) mod visitor;
