//! The way to the identity provider: HTTPS with short patience, small answers, no redirects.

use std::time::Duration;

use futures::future::BoxFuture;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// A browser waits while we ask.
const PATIENCE: Duration = Duration::from_secs(4);
/// Keys and metadata are some kilobytes.
const ANSWER_BYTES: usize = 512 * 1024;

/// Asks the provider.
#[derive(Debug, Clone)]
pub(super) struct Http(reqwest::Client);

/// Why the provider has not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// Not reached, not trusted, or too slow.
    #[error("no answer")]
    NoAnswer(#[from] reqwest::Error),
    /// Longer than [`ANSWER_BYTES`].
    #[error("the answer is too long")]
    TooLong,
}

/// Whose certificates are trusted.
#[derive(Debug)]
pub(super) enum Trust {
    /// Those that this system trusts.
    System,
    /// Those of these authorities alone.
    Only(Vec<reqwest::Certificate>),
    /// None is needed: a provider on this machine, without TLS.
    Plain,
}

impl Http {
    pub(super) fn new(trust: Trust) -> Result<Self, reqwest::Error> {
        // Another part of the program may have chosen already.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let encrypted = !matches!(trust, Trust::Plain);
        let builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(encrypted);
        let builder = match trust {
            Trust::System => builder,
            Trust::Only(authorities) => builder.tls_certs_only(authorities),
            Trust::Plain => builder.tls_certs_only([]),
        };
        Ok(Self(builder.build()?))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > ANSWER_BYTES {
                return Err(HttpError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(bytes);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = BoxFuture<'c, Result<HttpResponse, HttpError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
