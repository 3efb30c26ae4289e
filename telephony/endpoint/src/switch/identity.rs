//! Who sends a request: a trunk by its address, a phone or trunk by digest, or nobody we know.
//! Of what strangers send nothing is kept: they are answered without state, up to a limit.

use madoguchi_metrics::metrics;
use madoguchi_sip::digest::{self, Algorithm, Credentials, Ha1, Verification, Verifier};
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::stateless;
use madoguchi_sip::transaction::Flow;

use super::guard::{Reserve, Verdict};
use super::sender::Sender;
use super::{Now, Switch};

/// Whose credentials a request carries.
struct Known<'a> {
    sender: Sender,
    secrets: &'a [Ha1],
}

enum Proof {
    Sender(Sender),
    Stale,
    Wrong,
}

impl Switch {
    /// Finds out who sends `request`. If it is not known, the request is answered here: with a
    /// challenge that is the same for every user name, whether it exists or not.
    pub(super) fn identify(&mut self, flow: Flow, request: &Request, now: Now) -> Option<Sender> {
        if self.authorization_of(request).is_none()
            && let Some(trunk) = self.trunks.of_source(flow)
            && request.method != Method::Register
            && !self.comes_from_phone(flow, request)
        {
            return Some(Sender::Trunk(trunk));
        }
        self.prove(flow, request, now)
    }

    /// Lets the sender prove itself by digest. Until it has, the request is answered here.
    pub(super) fn prove(&mut self, flow: Flow, request: &Request, now: Now) -> Option<Sender> {
        let authorization = self.authorization_of(request);
        let counted = !self.is_familiar(flow);
        let reserve = self.reserve_of(flow, request, now);
        if counted && !self.count_request(flow, reserve, now) {
            return None;
        }
        match authorization.map(|text| self.verify(&text, flow, request, now)) {
            Some(Proof::Sender(sender)) => return Some(sender),
            Some(Proof::Stale) => self.challenge(flow, request, true, now),
            None => self.challenge(flow, request, false, now),
            Some(Proof::Wrong) => {
                metrics().sip_requests_rejected.add("credentials");
                // Whoever is familiar is so for its own sake, not to guess.
                if counted || self.count_stranger(flow, now) {
                    let method = &request.method;
                    tracing::warn!(source = %flow.remote, %method, "wrong credentials");
                    self.challenge(flow, request, false, now);
                }
            }
        }
        None
    }

    /// The credentials for our realm, among those that a request may carry for others, too.
    fn authorization_of(&self, request: &Request) -> Option<String> {
        let mut first = None;
        for text in request.headers.get_all(&HeaderName::Authorization) {
            let ours = Credentials::parse(text)
                .is_ok_and(|credentials| credentials.realm == self.settings.realm);
            if ours {
                return Some(text.to_owned());
            }
            first = first.or(Some(text));
        }
        first.map(str::to_owned)
    }

    /// A registered phone may stand behind the same address as a trunk: it is asked for its
    /// digest, by which alone an agent is recognised.
    fn comes_from_phone(&self, flow: Flow, request: &Request) -> bool {
        let from = request.from().and_then(|from| from.uri.user);
        from.is_some_and(|user| {
            self.phones.get(&user).is_some() && self.bindings.is_at(&user, flow)
        })
    }

    fn verify(&mut self, authorization: &str, flow: Flow, request: &Request, now: Now) -> Proof {
        let Ok(credentials) = Credentials::parse(authorization) else {
            return Proof::Wrong;
        };
        let (user, ip) = (credentials.username.as_str(), flow.remote.ip());
        // A phone is not locked out where it is registered, whatever others try in its name.
        let locked = !self.bindings.is_at(user, flow) && self.guard.is_locked(user, ip, now.mono);
        let nobody = nobodys_secrets();
        let known = self.lookup_user(user);
        // For nobody the same is computed as for somebody: the time tells nothing.
        let secrets = known.as_ref().map_or(&*nobody, |known| known.secrets);
        let verifier = Verifier {
            realm: &self.settings.realm,
            offered: &self.settings.digest_algorithms,
            nonce_secret: &self.settings.nonce_secret,
        };
        let (method, uri) = (request.method.as_str(), &request.uri);
        let verification = verifier.verify(&credentials, method, uri, secrets, now.mono);
        let sender = known.map(|known| known.sender).filter(|_| !locked);
        match (verification, sender) {
            (
                Verification::Valid {
                    nonce_made_at,
                    nonce_count,
                },
                Some(sender),
            ) => {
                if !self
                    .nonces
                    .is_new(&credentials.nonce, nonce_made_at, nonce_count)
                {
                    return Proof::Stale;
                }
                self.guard.proved(user, flow);
                Proof::Sender(sender)
            }
            (Verification::Stale, Some(_)) => Proof::Stale,
            _ => {
                if !locked && self.guard.count_wrong_password(user, ip, now.mono) {
                    tracing::warn!(
                        source = %ip,
                        "too many wrong passwords for one user; it is locked for ten minutes, but not where it is registered"
                    );
                }
                Proof::Wrong
            }
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

    fn challenge(&mut self, flow: Flow, request: &Request, stale: bool, now: Now) {
        let mut response = request.respond(401, None);
        let chance = self.token();
        let address = flow.remote.ip();
        let salt = digest::salt_for(address, &chance, &self.settings.nonce_secret);
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
        self.answer_without_state(flow, request, response);
    }

    /// Whether a message of unknown origin may be answered: it is counted before anything else
    /// is done with it.
    pub(super) fn count_stranger(&mut self, flow: Flow, now: Now) -> bool {
        self.count_request(flow, None, now)
    }

    /// The same for a request that may be among those that are answered beyond the limit.
    fn count_request(&mut self, flow: Flow, reserve: Option<Reserve>, now: Now) -> bool {
        let verdict = self.guard.count(flow, now.mono);
        let is_answered = verdict == Verdict::Answer
            || reserve.is_some_and(|reserve| self.guard.take_reserve(reserve, flow, now.mono));
        if !is_answered {
            metrics().sip_requests_rejected.add("limit");
        }
        if verdict == Verdict::LimitReached {
            tracing::warn!(
                source = %flow.remote.ip(),
                "too many requests of unknown origin; this address is ignored for up to a minute"
            );
        }
        is_answered
    }

    /// The reserve that a request of a source may use that is otherwise ignored.
    pub(super) fn reserve_of(&self, flow: Flow, request: &Request, now: Now) -> Option<Reserve> {
        let (address, secret) = (flow.remote.ip(), &self.settings.nonce_secret);
        let mut given = request.headers.get_all(&HeaderName::Authorization);
        let is_heard = given.any(|text| {
            let credentials = Credentials::parse(text);
            credentials.is_ok_and(|given| given.heard_at(address, secret, now.mono))
        });
        match request.method {
            _ if is_heard => Some(Reserve::Heard),
            Method::Register => Some(Reserve::Register),
            _ => None,
        }
    }

    /// Answers a request that began nothing, and remembers nothing of it; strangers up to their
    /// limit.
    pub(super) fn refuse(&mut self, flow: Flow, request: &Request, response: Response, now: Now) {
        if self.may_answer(flow, now) {
            self.answer_without_state(flow, request, response);
        }
    }

    /// Whether a refusal is sent. A stranger's message is counted here.
    pub(super) fn may_answer(&mut self, flow: Flow, now: Now) -> bool {
        self.is_familiar(flow) || self.count_stranger(flow, now)
    }

    /// Sends an answer with the To tag that every answer to this request gets (8.2.7).
    pub(super) fn answer_without_state(
        &mut self,
        flow: Flow,
        request: &Request,
        mut response: Response,
    ) {
        if response.to_tag().is_none() {
            let tag = stateless::to_tag(request, &self.settings.nonce_secret);
            response.set_to_tag(&tag);
        }
        self.transactions.send_response(flow, &response);
    }

    /// Answers a message that cannot be understood.
    pub(super) fn refuse_malformed(&mut self, flow: Flow, answer: &Response, now: Now) {
        metrics().sip_requests_rejected.add("malformed");
        if self.may_answer(flow, now) {
            self.transactions.send_response(flow, answer);
        }
    }
}

/// What is verified for users that do not exist.
fn nobodys_secrets() -> Vec<Ha1> {
    let hash = |algorithm| Ha1 {
        algorithm,
        hex: String::new(),
    };
    Algorithm::ALL.map(hash).to_vec()
}
