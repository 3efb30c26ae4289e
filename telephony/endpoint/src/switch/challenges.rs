//! The challenges of carriers to one request of ours, and the header fields that answer them.

use madoguchi_sip::digest::Challenge;
use madoguchi_sip::message::{HeaderName, Headers, Response};

/// A request is sent again with proof so often at the most: a registrar, a proxy and whoever is
/// behind it may each want one, and a nonce may have grown old.
const ROUNDS_AT_MOST: u32 = 4;

/// The challenges to one request of ours. It goes on proving itself to all of them (RFC 3261 22.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Challenges {
    rounds: u32,
    /// Each with the header field that answers it.
    pub(super) answered: Vec<(HeaderName, Challenge)>,
}

/// The header fields that prove us to a carrier.
#[derive(Debug)]
pub(super) struct Proof(pub(super) Vec<(HeaderName, String)>);

impl Proof {
    /// Puts the proof in the place of an earlier one.
    pub(super) fn put_into(self, headers: &mut Headers) {
        forget_proof(headers);
        for (name, value) in self.0 {
            headers.push(name, value);
        }
    }
}

/// Takes our proof out of a request that is to begin anew.
pub(super) fn forget_proof(headers: &mut Headers) {
    headers.remove(&HeaderName::Authorization);
    headers.remove(&HeaderName::ProxyAuthorization);
}

impl Challenges {
    /// The request changes, and is sent without proof: what it is then asked for is answered anew.
    pub(super) fn begin_anew(&mut self) {
        self.answered.clear();
    }

    /// Takes up what a 401 or 407 asks for; `false` if there is no use in answering: nothing is
    /// understood, or our answer was not believed although its nonce was not too old.
    pub(super) fn take(&mut self, response: &Response) -> bool {
        let (asks, answers) = if response.status == 407 {
            (
                HeaderName::ProxyAuthenticate,
                HeaderName::ProxyAuthorization,
            )
        } else {
            (HeaderName::WwwAuthenticate, HeaderName::Authorization)
        };
        let asked = Challenge::best_of_each_realm(response.headers.get_all(&asks));
        if asked.is_empty() || self.rounds == ROUNDS_AT_MOST {
            return false;
        }
        self.rounds += 1;
        for challenge in asked {
            let before = self
                .answered
                .iter_mut()
                .find(|(name, before)| *name == answers && before.realm == challenge.realm);
            match before {
                Some((_, before)) if challenge.is_stale && challenge.nonce != before.nonce => {
                    *before = challenge;
                }
                Some(_) => return false,
                None => self.answered.push((answers.clone(), challenge)),
            }
        }
        true
    }
}
