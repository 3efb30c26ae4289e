//! The answer to a challenge (Authorization), as both sides see it.

use std::net::IpAddr;

use super::fields::Fields;
use super::hash::Algorithm;
use super::nonce::{NONCE_LIFETIME_MS, nonce_time, salt_for, same};
use crate::uri::{Malformed, Scheme, Uri};

/// An Authorization value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Whose they claim to be.
    pub username: String,
    /// For which realm.
    pub realm: String,
    /// Made with which nonce.
    pub nonce: String,
    /// For which URI.
    pub uri: String,
    /// How often the nonce was used. None without qop, and if it is not the eight hexadecimal
    /// digits that it has to be.
    pub nonce_count: Option<u32>,
    pub(super) response: String,
    pub(super) algorithm: Option<Algorithm>,
    pub(super) qop: Option<String>,
    pub(super) cnonce: String,
    pub(super) nc: String,
}

impl Credentials {
    /// Reads the value.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::read(text)?;
        let must = |name| {
            fields
                .get(name)
                .map(str::to_owned)
                .ok_or(Malformed("credentials"))
        };
        let nc = fields.get("nc").unwrap_or_default().to_owned();
        Ok(Self {
            username: must("username")?,
            realm: must("realm")?,
            nonce: must("nonce")?,
            uri: must("uri")?,
            response: must("response")?,
            algorithm: Algorithm::of(fields.get("algorithm")),
            qop: fields.get("qop").map(str::to_owned),
            cnonce: fields.get("cnonce").unwrap_or_default().to_owned(),
            nonce_count: read_nonce_count(&nc),
            nc,
        })
    }

    /// Whether they answer a challenge that was heard at this address a short while ago: the
    /// address is not forged, whatever the credentials are worth.
    pub fn heard_at(&self, address: IpAddr, nonce_secret: &[u8; 32], now_ms: u64) -> bool {
        let Some(made_at) = nonce_time(&self.nonce, nonce_secret) else {
            return false;
        };
        let salt = self.nonce.split('-').nth(1).unwrap_or_default();
        let chance = salt.split('.').next().unwrap_or_default();
        now_ms < made_at.saturating_add(NONCE_LIFETIME_MS)
            && same(salt, &salt_for(address, chance, nonce_secret))
    }

    /// Whether they were made for a request with this Request-URI (RFC 7616 3.4.6): the same
    /// address by RFC 3261 19.1.4. Parameters are not looked at: phones leave out or add some. Nor
    /// is the user part in REGISTER, where it means nothing (10.2), nor if they name the host
    /// alone, as some phones do.
    pub(super) fn is_for(&self, method: &str, request_uri: &Uri) -> bool {
        let Ok(uri) = self.uri.parse::<Uri>() else {
            return false;
        };
        let port = |uri: &Uri| match (uri.port, &uri.scheme) {
            (Some(port), _) => port,
            (None, Scheme::Sips) => 5061,
            (None, _) => 5060,
        };
        let same_user = method == "REGISTER" || uri.user.is_none() || uri.user == request_uri.user;
        let same_scheme = uri.scheme == request_uri.scheme;
        same_user && same_scheme && uri.host == request_uri.host && port(&uri) == port(request_uri)
    }
}

/// RFC 7616 3.4: eight hexadecimal digits, counted from one.
pub(super) fn read_nonce_count(text: &str) -> Option<u32> {
    let is_count = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = u32::from_str_radix(text, 16).ok()?;
    Some(count).filter(|count| is_count && *count > 0)
}

/// What proves the password that `ha1` was made of.
pub(super) fn response(
    algorithm: Algorithm,
    ha1: &str,
    method: &str,
    given: &Credentials,
) -> String {
    let ha2 = algorithm.hash(&format!("{method}:{}", given.uri));
    algorithm.hash(&match &given.qop {
        Some(qop) => {
            format!(
                "{ha1}:{}:{}:{}:{qop}:{ha2}",
                given.nonce, given.nc, given.cnonce
            )
        }
        None => format!("{ha1}:{}:{ha2}", given.nonce),
    })
}
