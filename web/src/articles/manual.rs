//! A manual that somebody brings, as lines of articles. It is read by a process of its own, for what a file can do to
//! its reader must not reach the calls.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use axum::body::Bytes;
use madoguchi_core::article::MANUAL_TITLE_LETTERS;
use madoguchi_core::audience::Audience;
use madoguchi_core::id::CategoryId;
use madoguchi_reports::manual::{self, Manual, ManualDetails, ManualError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::error::WebError;
use crate::state::Web;
use crate::upload::FileForm;

/// The command of the program that reads a manual from its input and writes what [`manual::read`] gives, as JSON.
pub const READS_MANUALS: &str = "read-manual";
/// How long reading may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most that is taken from the process (bytes).
const READ_BYTES: u64 = 64 * 1024 * 1024;
/// Manuals are read one after the other.
static READING: Semaphore = Semaphore::const_new(1);

/// The sections of a manual as lines of JSON, or what is wrong with it.
pub(super) async fn lines(
    web: &Web,
    upload: &FileForm,
) -> Result<Result<String, Vec<String>>, WebError> {
    let fault = |message: &str| Ok(Err(vec![message.to_owned()]));
    if upload.content.is_empty() {
        return fault("ファイルが空です。");
    }
    if !manual::is_manual(&upload.content) {
        return fault(
            "ファイルの中身が、Word(.docx)、PDF、HTMLのどれでもありません。元のソフトで保存し直してください。",
        );
    }
    let category = CategoryId::new(upload.text("category"));
    if web.desk.setup().categories.get(&category).is_none() {
        return fault("分類を選んでください。");
    }
    let reader = web.settings.manual_reader.as_deref();
    let manual = match read(reader, upload.content.clone()).await {
        Ok(manual) => manual,
        Err(error) => return fault(&error.to_string()),
    };
    let title = match upload.text("title").trim() {
        "" => manual.title.clone().unwrap_or_else(|| stem(&upload.name)),
        title => title.to_owned(),
    };
    if title.is_empty() || title.chars().count() > MANUAL_TITLE_LETTERS {
        return fault(&format!(
            "資料の名前を{MANUAL_TITLE_LETTERS}文字以内で入力してください。"
        ));
    }
    let audience = if upload.text("audience") == Audience::Desk.as_str() {
        Audience::Desk
    } else {
        Audience::Portal
    };
    let mut text = String::new();
    for line in manual.articles(&ManualDetails {
        title,
        category,
        audience,
    }) {
        let line = serde_json::to_string(&line);
        text += &line.map_err(|_| WebError::Internal("a section could not be written"))?;
        text.push('\n');
    }
    Ok(Ok(text))
}

/// Reads a manual. A file at which its reader fails is damaged; one over which it never ends is too large.
async fn read(reader: Option<&Path>, file: Bytes) -> Result<Manual, ManualError> {
    let Ok(_one) = READING.acquire().await else {
        return Err(ManualError::Broken);
    };
    let Some(reader) = reader else {
        let read = tokio::task::spawn_blocking(move || manual::read(&file));
        return read.await.unwrap_or(Err(ManualError::Broken));
    };
    match tokio::time::timeout(PATIENCE, read_apart(reader, &file)).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a manual could not be read");
            Err(ManualError::Broken)
        }
        Err(_) => {
            tracing::warn!("a manual took too long to read");
            Err(ManualError::TooLarge)
        }
    }
}

async fn read_apart(reader: &Path, file: &[u8]) -> io::Result<Result<Manual, ManualError>> {
    let mut program = Command::new(reader)
        .arg(READS_MANUALS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (program.stdin.take(), program.stdout.take()) else {
        return Err(io::Error::other("it has no input and output"));
    };
    let mut output = output.take(READ_BYTES);
    let mut json = Vec::new();
    let (_written, heard) = tokio::join!(
        // Whether it took all is told by how it ends.
        async move { input.write_all(file).await },
        output.read_to_end(&mut json),
    );
    heard?;
    drop(output);
    let status = program.wait().await?;
    if !status.success() {
        return Err(io::Error::other(status.to_string()));
    }
    Ok(serde_json::from_slice(&json)?)
}

/// The name of a file without what it ends with.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .trim()
        .to_owned()
}
