//! A file that somebody brings. What it is shows its content, not its name.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use madoguchi_core::access::ManageDesk;

use super::change;
use super::detail::{self, Shown};
use super::stored::read_id;
use crate::announcer::RECORDING_BYTES;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::limits::FileUse;
use crate::state::Web;
use crate::upload::TypedForm;

/// The longest name of a file that is remembered, in letters.
const NAME_LETTERS: usize = 80;

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
    TypedForm {
        form: upload,
        fault,
    }: TypedForm,
) -> Result<Response, WebError> {
    let id = read_id(&web, &names)?;
    let refused = async |status, why: String| {
        detail::show(&web, &visitor, &id, Shown::refused_file(status, why)).await
    };
    if let Some(fault) = fault {
        return refused(fault.status(), fault.message()).await;
    }
    if upload.content.is_empty() {
        let why = "WAV形式のファイルを選んでください。".to_owned();
        return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await;
    }
    if upload.content.len() > RECORDING_BYTES {
        let why = WebError::LargeFile(FileUse::Recording).message();
        return refused(StatusCode::PAYLOAD_TOO_LARGE, why).await;
    }
    let name = short_name(&upload.name);
    let recording = match web.desk.read_recording(upload.content.to_vec()).await {
        Ok(recording) => recording,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    let own = recording.own("", &name);
    change::take(
        &web,
        &visitor,
        &id,
        (&recording, own),
        upload.number("version"),
    )
    .await
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
