//! Forms carry a token that only our own pages know, so that no other site can send them in the
//! name of somebody who is signed in.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header;
use futures::StreamExt as _;

use crate::auth::token;
use crate::error::WebError;

/// The field of forms, the first one in those with files.
const FIELD: &str = "_csrf";
/// The header of scripts.
const HEADER: &str = "x-csrf-token";
/// So many times the size that is taken is read before the connection is given up.
const READ_ON: usize = 4;

/// The token of a session, made of the secret in its cookie.
pub(crate) fn token_of(secret: &str) -> String {
    token::hash(&format!("csrf {secret}"))
}

/// Passes a request on if it carries the token.
pub(crate) async fn check(
    request: Request,
    wanted: &str,
    most_bytes: usize,
) -> Result<Request, WebError> {
    if let Some(value) = request.headers().get(HEADER) {
        let right = value.to_str().is_ok_and(|value| token::same(value, wanted));
        return if right {
            Ok(request)
        } else {
            Err(WebError::Forged)
        };
    }
    let (parts, body) = request.into_parts();
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let bytes = read(body, most_bytes).await?;
    let found = match multer::parse_boundary(&kind) {
        Ok(boundary) => first_part(&bytes, boundary).await,
        Err(_) => form_field(&bytes),
    };
    if found.is_some_and(|found| token::same(&found, wanted)) {
        Ok(Request::from_parts(parts, Body::from(bytes)))
    } else {
        Err(WebError::Forged)
    }
}

/// Reads a body that is not too large. One that is is read on for a while all the same: a browser
/// that cannot finish sending does not show the answer.
async fn read(body: Body, most_bytes: usize) -> Result<Bytes, WebError> {
    let mut parts = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| WebError::TooLarge)?;
        length += part.len();
        if length <= most_bytes {
            bytes.extend_from_slice(&part);
        } else if length > most_bytes.saturating_mul(READ_ON) {
            break;
        }
    }
    if length > most_bytes {
        return Err(WebError::TooLarge);
    }
    Ok(bytes.into())
}

/// The token in a form without files. It consists of hexadecimal digits, which are not escaped.
fn form_field(bytes: &Bytes) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(name, value)| (name == FIELD).then(|| value.to_owned()))
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
