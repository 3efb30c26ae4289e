//! A workbook that is written while its rows are read, in a file without a name: memory does not grow with
//! the rows, and a fault is told before anything is sent.

use std::fs::File;
use std::io::Seek as _;

use axum::body::Body;
use futures::stream::{self, Stream};
use madoguchi_reports::stream::RowBook;
use madoguchi_reports::table::{Cell, Column, ReportError};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::WebError;

/// Bytes that are sent at once.
const PIECE: usize = 65_536;
/// Pieces that wait to be written.
const WAITING: usize = 2;

/// Why a workbook is not written.
#[derive(Debug, thiserror::Error)]
enum BookError {
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

enum Part {
    Sheet(String, Vec<Column>),
    Rows(Vec<Vec<Cell>>),
}

/// A workbook that is being written.
pub(crate) struct BookFile {
    parts: mpsc::Sender<Part>,
    writing: JoinHandle<Result<File, BookError>>,
}

impl BookFile {
    /// One whose first sheet has these columns.
    pub(crate) fn begin(sheet: &str, columns: Vec<Column>) -> Self {
        let (parts, mut received) = mpsc::channel(WAITING);
        let sheet = sheet.to_owned();
        let writing = tokio::task::spawn_blocking(move || {
            let mut book = RowBook::new(&sheet, &columns)?;
            while let Some(part) = received.blocking_recv() {
                match part {
                    Part::Sheet(name, columns) => {
                        book.begin_sheet(&name, &columns)?;
                    }
                    Part::Rows(rows) => book.add(&rows)?,
                }
            }
            let mut file = tempfile::tempfile()?;
            book.finish(&file)?;
            file.rewind()?;
            Ok(file)
        });
        Self { parts, writing }
    }

    /// Goes on with another sheet. False: it cannot be written, and [`Self::finish`] says so.
    pub(crate) async fn sheet(&self, name: String, columns: Vec<Column>) -> bool {
        self.parts.send(Part::Sheet(name, columns)).await.is_ok()
    }

    /// Adds rows. False: as [`Self::sheet`].
    pub(crate) async fn add(&self, rows: Vec<Vec<Cell>>) -> bool {
        self.parts.send(Part::Rows(rows)).await.is_ok()
    }

    /// The whole workbook, to be sent.
    pub(crate) async fn finish(self) -> Result<Body, WebError> {
        drop(self.parts);
        match self.writing.await {
            Ok(Ok(file)) => Ok(Body::from_stream(pieces(file))),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a workbook could not be written");
                Err(WebError::Internal("a workbook could not be written"))
            }
            Err(_) => Err(WebError::Internal("a workbook could not be written")),
        }
    }
}

/// A file piece by piece.
fn pieces(file: File) -> impl Stream<Item = std::io::Result<Vec<u8>>> {
    let file = tokio::fs::File::from_std(file);
    stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then_some((piece, file)))
    })
}
