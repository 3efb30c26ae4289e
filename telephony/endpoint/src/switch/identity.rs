//! Who sends a request: a trunk by its address, a phone or a trunk by digest, or nobody we know.

use madoguchi_sip::digest::{self, Ha1, Verification};
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::guard::Verdict;
use super::trunks::TrunkKey;
use super::{Now, Switch};

/// The sender of a request, as far as it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sender {
    /// A trunk.
    Trunk(TrunkKey),
    /// A phone, by its extension.
    Phone(String),
}

/// Whose credentials a request carries.
struct Known<'a> {
    sender: Sender,
    secrets: &'a [Ha1],
}

impl Switch {
    /// Finds out who sends `request`. If it is not known, the request is answered here: with a
    /// challenge that is the same for every user name, whether it exists or not.
    pub(super) fn identify(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        request: &Request,
        now: Now,
    ) -> Option<Sender> {
        let by_address = self.trunks.of_source(flow);
        let authorization = request
            .headers
            .get(&HeaderName::Authorization)
            .map(str::to_owned);
        if authorization.is_none()
            && let Some(trunk) = by_address
            && request.method != Method::Register
            && !self.comes_from_phone(flow, request)
        {
            return Some(Sender::Trunk(trunk));
        }
        match authorization.map(|text| self.verify(&text, request, now)) {
            Some(Proof::Sender(sender)) => Some(sender),
            Some(Proof::Stale) => {
                self.challenge(tx, request, true, now);
                None
            }
            proof => {
                let wrong = matches!(proof, Some(Proof::Wrong));
                self.challenge_unknown(tx, flow, request, wrong, now);
                None
            }
        }
    }

    /// A registered phone may stand behind the same address as a trunk: it is asked for its
    /// digest, by which alone an agent is recognised.
    fn comes_from_phone(&self, flow: Flow, request: &Request) -> bool {
        let from = request.from().and_then(|from| from.uri.user);
        from.is_some_and(|user| {
            self.phones.get(&user).is_some()
                && self.bindings.of(&user).iter().any(|binding| {
                    binding.expires_at.is_some() && binding.flow.remote == flow.remote
                })
        })
    }

    fn verify(&mut self, authorization: &str, request: &Request, now: Now) -> Proof {
        let Ok(credentials) = digest::Credentials::parse(authorization) else {
            return Proof::Wrong;
        };
        let Some(known) = self.lookup_user(&credentials.username) else {
            return Proof::Wrong;
        };
        let verification = digest::verify(
            &credentials,
            request.method.as_str(),
            known.secrets,
            &self.settings.realm,
            &self.settings.nonce_secret,
            now.mono,
        );
        let sender = known.sender;
        match verification {
            Verification::Valid if self.nonces.is_new(&credentials, now.mono) => {
                Proof::Sender(sender)
            }
            Verification::Valid | Verification::Stale => Proof::Stale,
            Verification::Wrong => Proof::Wrong,
        }
    }

    fn lookup_user(&self, user: &str) -> Option<Known<'_>> {
        if let Some(phone) = self.phones.get(user) {
            return Some(Known {
                sender: Sender::Phone(phone.extension.clone()),
                secrets: &phone.secrets,
            });
        }
        self.trunks.iter().find_map(|(key, trunk)| {
            let auth = trunk
                .settings
                .inbound_auth
                .as_ref()
                .filter(|auth| auth.user == user)?;
            Some(Known {
                sender: Sender::Trunk(key),
                secrets: &auth.secrets,
            })
        })
    }

    fn challenge_unknown(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        request: &Request,
        wrong: bool,
        now: Now,
    ) {
        // A known phone that asks for its challenge is the daily course of things.
        let familiar = !wrong && self.bindings.knows_source(flow);
        let verdict = if familiar {
            Verdict::Answer
        } else {
            self.guard.count(flow.remote.ip(), now.mono)
        };
        if wrong {
            tracing::warn!(source = %flow.remote, method = %request.method, "wrong credentials");
        }
        match verdict {
            Verdict::Answer => self.challenge(tx, request, false, now),
            Verdict::LimitReached => self.log_limit(flow),
            Verdict::Ignore => {}
        }
    }

    fn challenge(&mut self, tx: ServerTx, request: &Request, stale: bool, now: Now) {
        let mut response = request.respond(401, None);
        let salt = self.token();
        for algorithm in self.settings.digest_algorithms.iter().copied() {
            let challenge = digest::challenge(
                algorithm,
                &self.settings.realm,
                &self.settings.nonce_secret,
                &salt,
                now.mono,
                stale,
            );
            response
                .headers
                .push(HeaderName::WwwAuthenticate, challenge);
        }
        self.answer(tx, response, now);
    }

    /// Whether messages of this flow are not even read: too many of unknown origin came from its
    /// address. Trunks, registered phones and whoever is in a call are always heard: a trunk or
    /// phone that is not in the settings any more may still be in one.
    pub(super) fn is_ignored(&self, flow: Flow, now: Now) -> bool {
        let ip = flow.remote.ip();
        self.guard.ignores(ip, now.mono)
            && self.trunks.of_source(flow).is_none()
            && !self.bindings.knows_source(flow)
            && !self
                .sides
                .values()
                .any(|side| side.dialog.flow.remote.ip() == ip)
    }

    /// Counts a message of unknown origin that is not answered.
    pub(super) fn count_unknown(&mut self, flow: Flow, now: Now) {
        if self.guard.count(flow.remote.ip(), now.mono) == Verdict::LimitReached {
            self.log_limit(flow);
        }
    }

    /// Answers a message that may not become a transaction.
    pub(super) fn refuse_outside_transactions(&mut self, flow: Flow, answer: Response, now: Now) {
        match self.guard.count(flow.remote.ip(), now.mono) {
            Verdict::Answer => self.transactions.send_response(flow, &answer),
            Verdict::LimitReached => self.log_limit(flow),
            Verdict::Ignore => {}
        }
    }

    fn log_limit(&self, flow: Flow) {
        tracing::warn!(
            source = %flow.remote.ip(),
            "too many requests of unknown origin; this address is ignored for up to a minute"
        );
    }
}

enum Proof {
    Sender(Sender),
    Stale,
    Wrong,
}
