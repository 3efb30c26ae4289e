//! What is known of the provider: its endpoints and keys, fetched when they are first needed and
//! again after a while.

use std::sync::Arc;

use madoguchi_core::time::{Instant, Millis};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdTokenFields, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::sign_in::oidc::error::OidcError;
use crate::sign_in::oidc::settings::Read;
use crate::sign_in::oidc::trouble;

/// Endpoints and keys are asked for again after so long.
const LASTS: Millis = Millis::from_secs(3_600);
/// A provider that did not answer is left alone for so long.
const REST: Millis = Millis::from_secs(5);

/// Signatures that only the provider can make; those made with a shared secret are not taken.
pub(super) const WITH_KEY_PAIRS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Claims of whatever name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct AnyClaims(serde_json::Map<String, serde_json::Value>);

impl AdditionalClaims for AnyClaims {}

/// The ID token in an answer.
pub(super) type IdToken = openidconnect::IdToken<
    AnyClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The provider's answer to a code.
pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        AnyClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// Us, as the provider knows us, with its endpoints and keys.
pub(super) type Client = openidconnect::Client<
    AnyClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What is known.
#[derive(Default)]
pub(super) struct Known(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Nothing,
    Found(Instant, Arc<Client>),
    Failed(Instant, OidcError),
}

impl Known {
    /// Us at the provider. Whoever comes while somebody else is asking waits for the same answer.
    pub(super) async fn client(
        &self,
        settings: &Read,
        now: Instant,
    ) -> Result<Arc<Client>, OidcError> {
        let mut state = self.0.lock().await;
        match &*state {
            State::Found(at, client) if is_within(LASTS, *at, now) => return Ok(client.clone()),
            State::Failed(at, why) if is_within(REST, *at, now) => return Err(why.clone()),
            _ => {}
        }
        let found = discover(settings).await.map(Arc::new);
        *state = match &found {
            Ok(client) => State::Found(now, client.clone()),
            Err(refusal) => State::Failed(now, refusal.clone()),
        };
        found
    }

    /// Asks anew the next time.
    pub(super) async fn forget(&self) {
        *self.0.lock().await = State::Nothing;
    }
}

/// Whether it is so long ago at the most. What lies ahead, because a clock was set, is not.
fn is_within(length: Millis, at: Instant, now: Instant) -> bool {
    (Millis::ZERO..length).contains(&(now - at))
}

async fn discover(settings: &Read) -> Result<Client, OidcError> {
    let metadata = CoreProviderMetadata::discover_async(settings.issuer.clone(), &settings.http);
    let metadata = metadata.await.map_err(trouble::of_discovery)?;
    let auth = auth_type(metadata.token_endpoint_auth_methods_supported());
    tracing::info!(
        issuer = settings.issuer.as_str(),
        "the identity provider is there"
    );
    Ok(Client::from_provider_metadata(
        metadata,
        settings.client_id.clone(),
        Some(settings.client_secret.clone()),
    )
    .set_redirect_uri(settings.redirect.clone())
    .set_auth_type(auth))
}

/// How we prove that it is us: in a header, or in the body with providers that know nothing else.
fn auth_type(methods: Option<&Vec<CoreClientAuthMethod>>) -> AuthType {
    let knows = |method| methods.is_some_and(|methods| methods.contains(&method));
    let in_body_only = knows(CoreClientAuthMethod::ClientSecretPost)
        && !knows(CoreClientAuthMethod::ClientSecretBasic);
    if in_body_only {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stands_in_the_body_only_if_the_provider_knows_nothing_else() {
        let (basic, post) = (
            CoreClientAuthMethod::ClientSecretBasic,
            CoreClientAuthMethod::ClientSecretPost,
        );
        let in_body =
            |methods: Option<Vec<_>>| matches!(auth_type(methods.as_ref()), AuthType::RequestBody);
        assert!(!in_body(None));
        assert!(!in_body(Some(vec![post.clone(), basic])));
        assert!(in_body(Some(vec![post])));
    }
}
