//! The answering side: challenges of others, and our answers to them.

use std::collections::VecDeque;

use super::credentials::{Credentials, response};
use super::fields::{Fields, escaped};
use super::hash::{Algorithm, Ha1};
use crate::uri::Malformed;

/// A client remembers the use of so many nonces: those of the calls that go on at once.
pub(super) const NONCES_AT_MOST: usize = 64;

/// How often a client has used the nonces of servers, the one used last at the end. Several are in
/// use at once where several proxies challenge, or each call is given its own.
#[derive(Debug, Default)]
pub struct ClientState(VecDeque<(String, u32)>);

impl ClientState {
    /// Counts one more use of a nonce.
    fn count(&mut self, nonce: &str) -> u32 {
        let known = self.0.iter().position(|(known, _)| known == nonce);
        let used = known.and_then(|at| self.0.remove(at));
        let count = used.map_or(0, |(_, count)| count).saturating_add(1);
        if self.0.len() == NONCES_AT_MOST {
            self.0.pop_front();
        }
        self.0.push_back((nonce.to_owned(), count));
        count
    }
}

/// What a client wants to prove.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names are the parameters of RFC 7616")]
pub struct Proof<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub user: &'a str,
    pub password: &'a str,
    pub cnonce: &'a str,
}

/// What a server asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// For which realm.
    pub realm: String,
    /// To be used in the answer.
    pub nonce: String,
    /// The answer before was right but for its nonce, which is too old.
    pub is_stale: bool,
    algorithm: Algorithm,
    offers_auth: bool,
    opaque: Option<String>,
}

impl Challenge {
    /// Reads a value of WWW-Authenticate or Proxy-Authenticate; a challenge by a hash that we do
    /// not know cannot be read.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::read(text)?;
        let must = |name| {
            let value = fields.get(name).map(str::to_owned);
            value.ok_or(Malformed("challenge"))
        };
        let offers = |qop: &str| qop.trim().eq_ignore_ascii_case("auth");
        let qop = fields.get("qop").unwrap_or_default();
        let stale = fields.get("stale").unwrap_or_default();
        Ok(Self {
            realm: must("realm")?,
            nonce: must("nonce")?,
            is_stale: stale.eq_ignore_ascii_case("true"),
            algorithm: Algorithm::of(fields.get("algorithm")).ok_or(Malformed("algorithm"))?,
            offers_auth: qop.split(',').any(offers),
            opaque: fields.get("opaque").map(str::to_owned),
        })
    }

    /// The challenges among these that we understand, the best one of each realm: each realm is
    /// proven to on its own (RFC 3261 22.3).
    pub fn best_of_each_realm<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut best: Vec<Self> = Vec::new();
        let known = texts.into_iter().filter_map(|text| Self::parse(text).ok());
        for challenge in known {
            match best
                .iter_mut()
                .find(|before| before.realm == challenge.realm)
            {
                Some(before) if before.is_weaker_than(&challenge) => *before = challenge,
                Some(_) => {}
                None => best.push(challenge),
            }
        }
        best
    }

    fn is_weaker_than(&self, other: &Self) -> bool {
        self.algorithm == Algorithm::Md5 && other.algorithm != Algorithm::Md5
    }

    /// The Authorization value that answers it.
    pub fn answer(&self, state: &mut ClientState, proof: Proof<'_>) -> String {
        let algorithm = self.algorithm;
        let mut given = Credentials {
            username: proof.user.to_owned(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: proof.uri.to_owned(),
            nonce_count: None,
            response: String::new(),
            algorithm: Some(algorithm),
            qop: self.offers_auth.then(|| "auth".to_owned()),
            cnonce: proof.cnonce.to_owned(),
            nc: format!("{:08x}", state.count(&self.nonce)),
        };
        let ha1 = Ha1::new(algorithm, proof.user, &self.realm, proof.password);
        given.response = response(algorithm, &ha1.hex, proof.method, &given);
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", \
             response=\"{}\", algorithm={}",
            escaped(proof.user),
            escaped(&self.realm),
            escaped(&self.nonce),
            escaped(proof.uri),
            given.response,
            algorithm.name()
        );
        if given.qop.is_some() {
            value.push_str(&format!(
                ", qop=auth, nc={}, cnonce=\"{}\"",
                given.nc, given.cnonce
            ));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{}\"", escaped(opaque)));
        }
        value
    }
}

/// The Authorization value that answers the best of these challenges that we know.
pub fn answer(challenges: &[&str], state: &mut ClientState, proof: Proof<'_>) -> Option<String> {
    let known = challenges
        .iter()
        .filter_map(|text| Challenge::parse(text).ok());
    let best = known.min_by_key(|challenge| challenge.algorithm == Algorithm::Md5)?;
    Some(best.answer(state, proof))
}
