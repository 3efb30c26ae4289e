//! The site's identity provider (OpenID Connect): found out about when it is first needed, sent
//! people to, and asked who they are. Whether it is there does not matter to anything else.

mod known;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use madoguchi_core::time::{Instant, Millis};
use openidconnect::core::{CoreAuthPrompt, CoreGenderClaim, CoreResponseType};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, CsrfToken, IdTokenClaims,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, Scope,
    SignatureVerificationError, UserInfoClaims,
};

use self::known::{AnyClaims, Client, IdToken, Known, Tokens, WITH_KEY_PAIRS};
use super::attempt::Attempt;
use super::error::OidcError;
use super::settings::{self, ProviderFault, ProviderSettings, Read};
use super::trouble;

/// A request of a browser's ends after 15 seconds; ours must end before.
const PATIENCE: Duration = Duration::from_secs(12);
/// The provider's clock, which tells seconds, may be so far behind ours.
const CLOCKS_DIFFER: Millis = Millis::from_secs(30);

/// The site's identity provider.
#[derive(Clone)]
pub struct IdentityProvider(Arc<Provider>);

struct Provider {
    settings: Read,
    known: Known,
}

impl fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = self.0.settings.issuer.as_str();
        f.debug_tuple("IdentityProvider").field(&issuer).finish()
    }
}

impl IdentityProvider {
    /// Reads the settings. Nobody is asked yet.
    ///
    /// # Errors
    /// The first setting that cannot be meant.
    pub fn new(settings: ProviderSettings) -> Result<Self, ProviderFault> {
        Ok(Self(Arc::new(Provider {
            settings: settings::read(settings)?,
            known: Known::default(),
        })))
    }

    /// The host name by which browsers come back.
    pub fn own_host(&self) -> &str {
        let url = self.0.settings.redirect.url();
        url.host_str().unwrap_or_default()
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Our own address of `path`, if the browser has opened the desk by another name than the one
    /// by which it comes back: it would not bring its cookie.
    pub(super) fn elsewhere(&self, host: &str, path: &str) -> Option<String> {
        let url = self.0.settings.redirect.url();
        let authority = url.authority();
        (!authority.eq_ignore_ascii_case(host))
            .then(|| format!("{}://{authority}{path}", url.scheme()))
    }

    /// Whether this is the provider's own name (RFC 9207).
    pub(super) fn is_issuer(&self, issuer: &str) -> bool {
        self.0.settings.issuer.as_str() == issuer
    }

    /// Where to send the browser.
    pub(super) async fn address(
        &self,
        attempt: &Attempt,
        now: Instant,
    ) -> Result<String, OidcError> {
        let client = self.client(now).await?;
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let mut request = client
            .authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if attempt.asks_since().is_some() {
            // Whoever sits before the browser is asked, signed in there or not (OpenID Connect
            // Core, 3.1.2.1).
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(Duration::ZERO);
        }
        if let Some(scope) = scope(&self.0.settings.subject_claim) {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        Ok(request.url().0.to_string())
    }

    /// Who the person is that came back with this code: the value of the claim by which users are
    /// found.
    pub(super) async fn subject(
        &self,
        code: String,
        attempt: &Attempt,
        now: Instant,
    ) -> Result<String, OidcError> {
        let redeemed = tokio::time::timeout(PATIENCE, self.redeem(code, attempt, now)).await;
        redeemed.unwrap_or_else(|_| {
            tracing::warn!("the identity provider takes too long");
            Err(OidcError::Unreachable)
        })
    }

    async fn redeem(
        &self,
        code: String,
        attempt: &Attempt,
        now: Instant,
    ) -> Result<String, OidcError> {
        let client = self.client(now).await?;
        let tokens: Tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| trouble::untrusted("it has no token endpoint", &error))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&self.0.settings.http)
            .await
            .map_err(trouble::of_tokens)?;
        let id_token = tokens.extra_fields().id_token().ok_or_else(|| {
            tracing::warn!("the identity provider has sent no ID token");
            OidcError::Untrusted
        })?;
        let claims = self.verify(&client, id_token, attempt, now).await?;
        if let Some(since) = attempt.asks_since()
            && !is_asked_since(claims.auth_time(), since)
        {
            tracing::warn!("the identity provider has not asked the person again");
            return Err(OidcError::Untrusted);
        }
        let wanted = self.0.settings.subject_claim.as_str();
        if let Some(found) = claim(claims, wanted) {
            return Ok(found);
        }
        // Providers tell most claims at the UserInfo endpoint alone (OpenID Connect Core, 5.4).
        let asked = client.user_info(
            tokens.access_token().clone(),
            Some(claims.subject().clone()),
        );
        let Ok(asked) = asked else {
            return Err(OidcError::Nameless(wanted.to_owned()));
        };
        let told: UserInfoClaims<AnyClaims, CoreGenderClaim> = asked
            .request_async(&self.0.settings.http)
            .await
            .map_err(trouble::of_user_info)?;
        claim(&told, wanted).ok_or_else(|| OidcError::Nameless(wanted.to_owned()))
    }

    /// What the ID token says, if it is the provider's, for us, for this attempt, and not over.
    async fn verify<'a>(
        &self,
        client: &Client,
        id_token: &'a IdToken,
        attempt: &Attempt,
        now: Instant,
    ) -> Result<&'a IdTokenClaims<AnyClaims, CoreGenderClaim>, OidcError> {
        let verify = |client: &Client| {
            let verifier = client
                .id_token_verifier()
                .set_allowed_algs(WITH_KEY_PAIRS)
                .set_time_fn(move || {
                    DateTime::<Utc>::from_timestamp_millis(now.0).unwrap_or_default()
                });
            id_token.claims(&verifier, &Nonce::new(attempt.nonce.clone()))
        };
        let verified = match verify(client) {
            // It may have a new key since we asked.
            Err(error) if error == no_key() => {
                self.0.known.forget().await;
                verify(self.client(now).await?.as_ref())
            }
            verified => verified,
        };
        verified.map_err(|error| trouble::untrusted("its ID token does not hold", &error))
    }

    async fn client(&self, now: Instant) -> Result<Arc<Client>, OidcError> {
        self.0.known.client(&self.0.settings, now).await
    }
}

/// Whether the provider says that the person has signed in there since then.
fn is_asked_since(auth_time: Option<DateTime<Utc>>, since: Instant) -> bool {
    auth_time.is_some_and(|at| at.timestamp_millis() >= (since - CLOCKS_DIFFER).0)
}

fn no_key() -> ClaimsVerificationError {
    ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)
}

/// What has to be asked for besides `openid` to be told a claim (OpenID Connect Core, 5.4).
fn scope(claim: &str) -> Option<&'static str> {
    match claim {
        "sub" => None,
        "email" => Some("email"),
        "phone_number" => Some("phone"),
        _ => Some("profile"),
    }
}

/// A claim that names somebody. An address that the provider says nobody has verified does not.
fn claim(claims: &impl serde::Serialize, name: &str) -> Option<String> {
    let claims = serde_json::to_value(claims).ok()?;
    let unverified = claims.get("email_verified") == Some(&serde_json::Value::Bool(false));
    if name == "email" && unverified {
        return None;
    }
    match claims.get(name)? {
        serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_is_named_by_one_claim() {
        let claims = json!({ "sub": "s1", "email": "a@example.jp", "number": 12, "empty": "",
            "groups": ["a"] });
        assert_eq!(claim(&claims, "sub").as_deref(), Some("s1"));
        assert_eq!(claim(&claims, "email").as_deref(), Some("a@example.jp"));
        assert_eq!(claim(&claims, "number").as_deref(), Some("12"));
        for none in ["empty", "groups", "absent"] {
            assert_eq!(claim(&claims, none), None, "{none}");
        }
    }

    #[test]
    fn a_provider_that_has_not_asked_again_proves_nothing() {
        let at = |secs| DateTime::<Utc>::from_timestamp(secs, 0);
        let since = Instant(1_000_000);
        assert!(is_asked_since(at(1_000), since) && is_asked_since(at(970), since));
        assert!(!is_asked_since(at(969), since));
        assert!(!is_asked_since(None, since), "it must say when");
    }

    #[test]
    fn an_unverified_address_names_nobody() {
        let claims = json!({ "email": "boss@example.jp", "email_verified": false });
        assert_eq!(claim(&claims, "email"), None);
    }
}
