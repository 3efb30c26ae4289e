//! A form with a file: what it is shows its content, not its name.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures::{Stream, StreamExt as _, stream};
use madoguchi_core::article::{FileKind, file_name};

use crate::body::{BodyFault, Taken};
use crate::error::WebError;
use crate::inspect::{FileFault, inspect};
use crate::limits::FileUse;
use crate::state::Web;

/// Fields of one form.
const FIELDS: usize = 60;
/// A body is looked through in parts of this size. The search for the next boundary begins anew with
/// each part, so that one that drips would be looked through thousands of times.
const PART_BYTES: usize = 1024 * 1024;

/// What a form with a file brought.
#[derive(Debug, Default)]
pub(crate) struct FileForm {
    fields: BTreeMap<String, String>,
    /// The name of the file, as it was given.
    pub(crate) name: String,
    /// What is in the file.
    pub(crate) content: Bytes,
}

impl FileForm {
    /// The number in a field; 0 if there is none.
    pub(crate) fn number(&self, field: &str) -> i64 {
        let text = self.fields.get(field);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// All fields beside the file.
    pub(crate) fn fields(&self) -> &BTreeMap<String, String> {
        &self.fields
    }

    /// What is told of a file that was chosen and holds nothing.
    fn empty_file(&self) -> Option<WebError> {
        let is_empty = !self.name.is_empty() && self.content.is_empty();
        let name = file_name(&self.name);
        let why =
            format!("「{name}」は空のファイル(0バイト)です。中身のあるファイルを選んでください。");
        is_empty.then_some(WebError::BadRequest(why))
    }

    /// The text in a field; empty if there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

fn unreadable() -> WebError {
    WebError::BadRequest(
        "送られた内容を読み取れません。画面を開き直してから、もう一度ファイルを選んでください。"
            .to_owned(),
    )
}

impl FromRequest<Web> for FileForm {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &Web) -> Result<Self, WebError> {
        let (form, fault) = form_of(request).await?;
        fault.map_or(Ok(form), Err)
    }
}

/// A form with a file of which everything else is good even where the file is not taken: what was typed
/// before it in the form is not lost.
pub(crate) struct TypedForm {
    pub(crate) form: FileForm,
    /// Why the file is not taken.
    pub(crate) fault: Option<WebError>,
}

impl FromRequest<Web> for TypedForm {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &Web) -> Result<Self, WebError> {
        let (form, fault) = form_of(request).await?;
        Ok(Self { form, fault })
    }
}

/// Reads a form, as far as it is taken.
async fn form_of(request: Request) -> Result<(FileForm, Option<WebError>), WebError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| unreadable())?;
    let file_use = request.extensions().get::<FileUse>().copied();
    let missing = WebError::Internal("an upload does not say what its file is for");
    let file_use = file_use.ok_or(missing)?;
    let mut parts = std::pin::pin!(gathered(request.into_body().into_data_stream()));
    // Browsers write nothing before the first boundary; whoever does has it looked for in all
    // that they send.
    let first = parts.next().await;
    let begins = format!("--{boundary}");
    if matches!(&first, Some(Ok(first)) if !first.starts_with(begins.as_bytes())) {
        return Err(unreadable());
    }
    let stream = stream::iter(first).chain(parts);
    let (form, fault) = read(multer::Multipart::new(stream, boundary)).await;
    let fault = fault.map(|error| match BodyFault::behind(&error) {
        Some(BodyFault::TooLarge) => WebError::LargeFile(file_use),
        Some(fault) => fault.into(),
        None => unreadable(),
    });
    let fault = fault.or_else(|| form.empty_file());
    Ok((form, fault))
}

/// What a file is. To look into a large one takes a while.
pub(crate) async fn look_into(
    content: Bytes,
    name: &str,
) -> Result<(Result<FileKind, FileFault>, Bytes), WebError> {
    let name = name.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let kind = inspect(&content, &name);
        (kind, content)
    });
    let looked = looked.await;
    looked.map_err(|_| WebError::Internal("a file could not be looked into"))
}

/// The text of a form with a file; of the file nothing is kept. `None` if it cannot be read, or holds
/// more text than forms with such a file do.
pub(crate) async fn text_of(
    headers: &HeaderMap,
    taken: Taken,
    file_use: FileUse,
) -> Option<Vec<(String, String)>> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let parts = Box::pin(gathered(taken));
    let mut form = multer::Multipart::new(parts, boundary);
    let mut fields = Vec::new();
    let mut room = file_use.text_bytes();
    while let Some(mut field) = form.next_field().await.ok()? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_kept = field.file_name().is_none() && fields.len() < FIELDS;
        let mut text = Vec::new();
        while let Some(part) = field.chunk().await.ok()? {
            if is_kept {
                room = room.checked_sub(part.len())?;
                text.extend_from_slice(&part);
            }
        }
        if is_kept {
            fields.push((name, String::from_utf8(text).ok()?));
        }
    }
    Some(fields)
}

/// The same in large parts. A pause before each lets what has come be read before a fault is met: the reader of
/// forms takes all that is there at once.
fn gathered<E>(
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> impl Stream<Item = Result<Bytes, E>> {
    stream::unfold(body.fuse(), |mut body| async move {
        tokio::task::yield_now().await;
        let mut part = Vec::new();
        while part.len() < PART_BYTES {
            match body.next().await {
                Some(Ok(more)) => part.extend_from_slice(&more),
                Some(Err(error)) => return Some((Err(error), body)),
                None => break,
            }
        }
        (!part.is_empty()).then(|| (Ok(part.into()), body))
    })
}

/// What a form brings, up to where it cannot be read.
async fn read(form: multer::Multipart<'_>) -> (FileForm, Option<multer::Error>) {
    let mut read = FileForm::default();
    let fault = read_into(form, &mut read).await.err();
    (read, fault)
}

async fn read_into(
    mut form: multer::Multipart<'_>,
    read: &mut FileForm,
) -> Result<(), multer::Error> {
    while let Some(field) = form.next_field().await? {
        match field.name() {
            Some("file") => {
                field
                    .file_name()
                    .unwrap_or_default()
                    .clone_into(&mut read.name);
                read.content = field.bytes().await?;
            }
            Some(name) if read.fields.len() < FIELDS => {
                let name = name.to_owned();
                read.fields.insert(name, field.text().await?);
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn gathered_from(parts: Vec<Result<Bytes, u8>>) -> Vec<Result<Bytes, u8>> {
        gathered(stream::iter(parts)).collect().await
    }

    #[tokio::test]
    async fn a_body_that_drips_is_looked_through_in_few_parts() {
        let drips = (0..2_500).map(|n| Ok(vec![n as u8; 1_024].into()));
        let drips: Vec<_> = drips.collect();
        let whole: Vec<u8> = drips.iter().flatten().flatten().copied().collect();
        let parts = gathered_from(drips).await;
        let lengths: Vec<_> = parts.iter().flatten().map(Bytes::len).collect();
        assert_eq!(lengths, [PART_BYTES, PART_BYTES, 452 * 1_024]);
        let again: Vec<u8> = parts.iter().flatten().flatten().copied().collect();
        assert!(again == whole, "nothing is lost or changed");
        assert!(gathered_from(Vec::new()).await.is_empty());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_taken_for_whole() {
        let parts = vec![Ok(Bytes::from_static(b"a")), Err(7)];
        assert_eq!(gathered_from(parts).await, [Err(7)]);
    }
}
