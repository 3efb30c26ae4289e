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
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::auth::access::Public;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new().get("/static/{version}/{name}", asset)
}

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
            let asset = Asset::new(&name, &Files::get(&name)?.data);
            Some((name, asset))
        })
        .collect()
});

impl Asset {
    fn new(name: &str, data: &[u8]) -> Self {
        let hash = Sha256::digest(data);
        let version: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let version: String = version.chars().take(VERSION_LETTERS).collect();
        // Weak, for it is the same whether it is sent compressed or not (RFC 9110, 8.8.1).
        let etag = HeaderValue::try_from(format!("W/\"{version}\""));
        Self {
            kind: kind(name),
            plain: Bytes::copy_from_slice(data),
            gzip: Bytes::from(gzip(data)),
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

/// Whether the browser has this version already, whoever on the way called it weak or strong.
fn is_known(headers: &HeaderMap, version: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.any(|tag| tag.trim().trim_start_matches("W/").trim_matches('"') == version)
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
    if is_known(&headers, &asset.version) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    let kind = [(header::CONTENT_TYPE, asset.kind.clone())];
    if accepts_gzip(&headers) && !asset.gzip.is_empty() {
        let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((fixed, kind, coding, asset.gzip.clone()).into_response());
    }
    Ok((fixed, kind, asset.plain.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    async fn ask(address: &str, fields: &[(header::HeaderName, &str)]) -> Response {
        let steps: Vec<_> = address.split('/').map(str::to_owned).collect();
        let [.., version, name] = &steps[..] else {
            panic!("{address}");
        };
        let fields = fields.iter();
        let headers = fields.map(|(name, value)| (name.clone(), value.parse().unwrap()));
        let place = Path((version.clone(), name.clone()));
        let answer = asset(Public, place, headers.collect()).await;
        answer.unwrap_or_else(IntoResponse::into_response)
    }

    fn field(answer: &Response, name: header::HeaderName) -> &str {
        let value = answer.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    fn content() -> Vec<u8> {
        Files::get("style.css").unwrap().data.into_owned()
    }

    async fn body(answer: Response) -> Bytes {
        axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap()
    }

    #[test]
    fn an_address_changes_with_what_it_leads_to() {
        let of = |data: &[u8]| Asset::new("a.css", data).address;
        assert_eq!(of(b"p {}"), of(b"p {}"));
        assert_ne!(of(b"p {}"), of(b"p{}"));
        assert!(of(b"").starts_with("/static/") && of(b"").ends_with("/a.css"));
        assert_ne!(address("style.css"), address("portal.css"));
        assert_eq!(address("nothing.css"), "");
    }

    #[tokio::test]
    async fn browsers_keep_for_a_year_what_never_changes_under_its_address() {
        let answer = ask(address("style.css"), &[]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let keep = field(&answer, header::CACHE_CONTROL);
        assert_eq!(keep, "public, max-age=31536000, immutable");
        assert_eq!(
            field(&answer, header::CONTENT_TYPE),
            "text/css; charset=utf-8"
        );
        assert_eq!(&*body(answer).await, content());
    }

    #[tokio::test]
    async fn by_the_address_of_another_version_one_gets_this_one_and_asks_again() {
        let answer = ask("/static/0123456789abcdef/style.css", &[]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(field(&answer, header::CACHE_CONTROL), "no-cache");
        assert_eq!(&*body(answer).await, content());
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        let first = ask(address("style.css"), &[]).await;
        let tag = field(&first, header::ETAG);
        let strong = tag.trim_start_matches("W/");
        for known in [tag, strong, &format!("\"other\", {tag}")] {
            let again = ask(address("style.css"), &[(header::IF_NONE_MATCH, known)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(field(&again, header::ETAG), tag);
            assert!(body(again).await.is_empty());
        }
        let other = [(header::IF_NONE_MATCH, "W/\"0123456789abcdef\"")];
        assert_eq!(
            ask(address("style.css"), &other).await.status(),
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn what_a_browser_can_unpack_is_sent_packed() {
        for (accepted, packed) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let fields = [(header::ACCEPT_ENCODING, accepted)];
            let answer = ask(address("style.css"), &fields).await;
            assert_eq!(field(&answer, header::VARY), "accept-encoding");
            let coding = field(&answer, header::CONTENT_ENCODING).to_owned();
            assert_eq!(coding == "gzip", packed, "{accepted}");
            let (sent, mut unpacked) = (body(answer).await, Vec::new());
            if packed {
                GzDecoder::new(&*sent).read_to_end(&mut unpacked).unwrap();
            } else {
                unpacked.extend_from_slice(&sent);
            }
            assert_eq!(unpacked, content(), "{accepted}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let answer = ask("/static/0123456789abcdef/nothing.css", &[]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}
