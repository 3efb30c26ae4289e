//! Style sheets, scripts and pictures of the pages. They are embedded in the program; the address of
//! each changes with its content, so that browsers keep it for a year.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::auth::access::Public;
use crate::error::WebError;

/// So many letters of a file's hash tell its versions apart.
const VERSION_LETTERS: usize = 16;
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// What was asked for by the address of another version: a page that was open during an upgrade.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// A file as it is sent.
struct Asset {
    kind: HeaderValue,
    plain: Bytes,
    gzip: Bytes,
    /// Of the content.
    version: String,
    address: String,
    etag: HeaderValue,
}

static ASSETS: LazyLock<BTreeMap<Cow<'static, str>, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let asset = Asset::new(&name, &Files::get(&name)?);
            Some((name, asset))
        })
        .collect()
});

impl Asset {
    fn new(name: &str, file: &EmbeddedFile) -> Self {
        let hash = file.metadata.sha256_hash();
        let version: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let version: String = version.chars().take(VERSION_LETTERS).collect();
        let etag = HeaderValue::try_from(format!("\"{version}\""));
        Self {
            kind: kind(name),
            plain: Bytes::copy_from_slice(&file.data),
            gzip: Bytes::from(gzip(&file.data)),
            address: format!("/static/{version}/{name}"),
            etag: etag.unwrap_or(HeaderValue::from_static("\"\"")),
            version,
        }
    }
}

fn kind(name: &str) -> HeaderValue {
    HeaderValue::from_static(match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    })
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(data).and_then(|()| encoder.finish());
    // Memory takes everything; what were not whole would not be sent.
    written.unwrap_or_default()
}

/// Where browsers find a file of `static/`; empty if there is none of this name.
pub(crate) fn address(name: &str) -> &'static str {
    ASSETS.get(name).map_or("", |asset| &asset.address)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0_f32);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

pub(crate) async fn asset(
    _: Public,
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let asset = ASSETS.get(&*name).ok_or(WebError::NotFound("ファイル"))?;
    let keep = if version == asset.version {
        FOR_A_YEAR
    } else {
        ASK_AGAIN
    };
    let fixed = [
        (header::CACHE_CONTROL, keep),
        (header::ETAG, asset.etag.clone()),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&asset.etag) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    let kind = [(header::CONTENT_TYPE, asset.kind.clone())];
    if accepts_gzip(&headers) && !asset.gzip.is_empty() {
        let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((fixed, kind, coding, asset.gzip.clone()).into_response());
    }
    Ok((fixed, kind, asset.plain.clone()).into_response())
}
