//! Forms carry a token that only our own pages know, so that no other site can send them in the
//! name of somebody who is signed in.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;

use crate::auth::token;
use crate::body::{self, BodyFault, Taken};
use crate::error::WebError;

/// The field of forms, the first one in those that may be large.
pub(crate) const FIELD: &str = "_csrf";
/// The header of scripts.
pub(crate) const HEADER: &str = "x-csrf-token";
/// The token stands within so much of the beginning of what may be large.
const BEGINNING_BYTES: usize = 8 * 1024;

/// The token of a session, made of the secret in its cookie.
pub(crate) fn token_of(secret: &str) -> String {
    token::hash(&format!("csrf {secret}"))
}

/// Why the body of a request is not passed on.
pub(crate) enum TokenFault {
    /// A form carries another token than the session's: the body, to be read by who may.
    OtherToken(Taken),
    /// The header of a script carries another one.
    Forged,
    /// The body cannot be read.
    Body(BodyFault),
}

impl From<TokenFault> for WebError {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::OtherToken(_) | TokenFault::Forged => Self::Forged,
            TokenFault::Body(fault) => fault.into(),
        }
    }
}

/// Passes the body of a request on if the request carries the token. Of one that may be large, no
/// more than the beginning is read for it.
pub(crate) async fn check(
    headers: &HeaderMap,
    body: Taken,
    wanted: &str,
    whole: bool,
) -> Result<Body, TokenFault> {
    let right = |found: &str| token::same(found, wanted);
    if let Some(value) = headers.get(HEADER) {
        return match value.to_str() {
            Ok(value) if right(value) => Ok(body::body(body)),
            _ => Err(TokenFault::Forged),
        };
    }
    let most_bytes = if whole { usize::MAX } else { BEGINNING_BYTES };
    let (beginning, rest) = begin(body, most_bytes).await?;
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let found = match multer::parse_boundary(kind) {
        Ok(boundary) => first_part(&beginning, boundary).await,
        Err(_) => form_field(&beginning),
    };
    let beginning = futures::stream::once(async { Ok(beginning) });
    let whole = beginning.chain(rest).boxed();
    if found.is_some_and(|found| right(&found)) {
        Ok(body::body(whole))
    } else {
        Err(TokenFault::OtherToken(whole))
    }
}

/// The beginning of a body, and what follows.
async fn begin(mut body: Taken, most_bytes: usize) -> Result<(Bytes, Taken), TokenFault> {
    let mut bytes = Vec::new();
    while bytes.len() < most_bytes {
        match body.next().await {
            Some(part) => bytes.extend_from_slice(&part.map_err(TokenFault::Body)?),
            None => break,
        }
    }
    Ok((bytes.into(), body))
}

/// The token in a form without files. It consists of hexadecimal digits, which are not escaped.
fn form_field(bytes: &Bytes) -> Option<String> {
    let field = bytes.split(|byte| *byte == b'&').find_map(|pair| {
        let value = pair.strip_prefix(FIELD.as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(value).ok()
    });
    field.map(str::to_owned)
}

async fn first_part(bytes: &Bytes, boundary: String) -> Option<String> {
    let bytes = bytes.clone();
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(bytes) });
    let mut form = multer::Multipart::new(stream, boundary);
    let field = form.next_field().await.ok()??;
    if field.name() != Some(FIELD) {
        return None;
    }
    field.text().await.ok()
}
