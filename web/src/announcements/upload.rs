//! A file that somebody brings. What it is shows its content, not its name.

use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use madoguchi_core::access::ManageDesk;

use super::one::{self, Shown};
use super::{RECORDING_BYTES, change, read_id};
use crate::Web;
use crate::auth::access::Allowed;
use crate::error::WebError;

/// The longest name of a file that is remembered, in letters.
const NAME_LETTERS: usize = 80;

/// A form with a file.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    version: i64,
    name: String,
    content: Bytes,
}

impl FromRequest<Web> for Upload {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, WebError> {
        let unreadable = || {
            WebError::BadRequest(
                "送られた内容を読み取れません。画面を開き直してから、もう一度ファイルを選んでください。"
                    .to_owned(),
            )
        };
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|_| unreadable())?;
        let bytes = Bytes::from_request(request, web).await.map_err(|refused| {
            if refused.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                WebError::LargeFile
            } else {
                unreadable()
            }
        })?;
        read_form(bytes, boundary).await.map_err(|_| unreadable())
    }
}

async fn read_form(bytes: Bytes, boundary: String) -> Result<Upload, multer::Error> {
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(bytes) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await? {
        match field.name() {
            Some("version") => upload.version = field.text().await?.parse().unwrap_or_default(),
            Some("file") => {
                upload.name = short_name(field.file_name().unwrap_or_default());
                upload.content = field.bytes().await?;
            }
            _ => {}
        }
    }
    Ok(upload)
}

/// The name of a file without its folders, to be shown and nothing else.
fn short_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let letters = name.chars().filter(|letter| !letter.is_control());
    letters.take(NAME_LETTERS).collect()
}

pub(crate) async fn save(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(names): Path<(String, String)>,
    upload: Upload,
) -> Result<Response, WebError> {
    let id = read_id(&web, &names)?;
    let refused = async |status, why: String| {
        one::show(&web, &visitor, &id, Shown::refused(status, why)).await
    };
    if upload.content.is_empty() {
        let why = "WAV形式のファイルを選んでください。".to_owned();
        return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await;
    }
    if upload.content.len() > RECORDING_BYTES {
        let why = WebError::LargeFile.message();
        return refused(StatusCode::PAYLOAD_TOO_LARGE, why).await;
    }
    let recording = match web.desk.read_recording(upload.content.to_vec()).await {
        Ok(recording) => recording,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    let own = recording.own("", &upload.name);
    change::take(&web, &visitor, &id, (&recording, own), upload.version).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_without_folders_and_never_long() {
        assert_eq!(short_name("C:\\録音\\挨拶.wav"), "挨拶.wav");
        assert_eq!(short_name("../../etc/passwd"), "passwd");
        assert_eq!(short_name("a\r\nb.wav"), "ab.wav");
        assert_eq!(short_name(&"あ".repeat(200)).chars().count(), NAME_LETTERS);
    }
}
