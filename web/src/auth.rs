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
pub(crate) mod erased;
mod forwarded;
pub(crate) mod proof;
pub(crate) mod routes;
pub(crate) mod sessions;
pub(crate) mod uploads;
pub(crate) mod visitor;

pub(crate) use madoguchi_accounts::{password, recovery, token, totp};
