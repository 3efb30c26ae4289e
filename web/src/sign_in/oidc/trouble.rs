//! What goes wrong with the provider: the detail for the log, without secrets, and what it means for
//! the person.

use std::error::Error;

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{DiscoveryError, RequestTokenError, StandardErrorResponse, UserInfoError};

use super::error::OidcError;
use super::http::HttpError;

pub(super) fn of_discovery(error: DiscoveryError<HttpError>) -> OidcError {
    match error {
        DiscoveryError::Request(error) => unreachable("its metadata", &error),
        DiscoveryError::Response(status, ..) if status.is_server_error() => {
            unreachable("its metadata", &error)
        }
        error => untrusted("its metadata", &error),
    }
}

pub(super) fn of_tokens(
    error: RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>,
) -> OidcError {
    match &error {
        RequestTokenError::Request(inner) => unreachable("its tokens", inner),
        // Redeemed already, or too late (RFC 6749, 5.2).
        RequestTokenError::ServerResponse(answer)
            if *answer.error() == CoreErrorResponseType::InvalidGrant =>
        {
            log("the code is not taken", &error);
            OidcError::Stale
        }
        _ => untrusted("its tokens", &error),
    }
}

pub(super) fn of_user_info(error: UserInfoError<HttpError>) -> OidcError {
    match error {
        UserInfoError::Request(error) => unreachable("its UserInfo", &error),
        error => untrusted("its UserInfo", &error),
    }
}

fn unreachable(what: &str, error: &dyn Error) -> OidcError {
    log(what, error);
    OidcError::Unreachable
}

pub(super) fn untrusted(what: &str, error: &dyn Error) -> OidcError {
    log(what, error);
    OidcError::Untrusted
}

/// Errors tell neither codes nor tokens nor our secret; what the provider says of them is foreign
/// text and is quoted.
fn log(what: &str, error: &dyn Error) {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        told = format!("{told}: {inner}");
        cause = inner.source();
    }
    tracing::warn!(what, error = ?told, "nobody can be signed in by the identity provider");
}
