//! Digest access authentication (RFC 7616, RFC 8760): the asking side and the answering one.

mod client;
mod credentials;
mod fields;
mod hash;
mod nonce;
mod server;
#[cfg(test)]
mod tests;

pub use self::client::{Challenge, ClientState, Proof, answer};
pub use self::credentials::Credentials;
pub use self::hash::{Algorithm, Ha1};
pub use self::nonce::{NONCE_LIFETIME_MS, salt_for};
pub use self::server::{Verification, Verifier, challenge};
