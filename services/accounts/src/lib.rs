//! Accounts beside their pages: passwords, second factors and recovery codes, secrets that are handed
//! out or sealed, and what the program itself or its operator does to accounts.
//!
//! Secrets are kept as hashes, or sealed with a key outside the database; none is kept readable.

pub mod operator;
pub mod password;
pub mod recovery;
mod seal;
pub mod token;
pub mod totp;

pub use self::seal::Seal;
