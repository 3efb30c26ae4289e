//! 添付: files that belong to a ticket.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::state::Ticket;
use super::status::TicketError;
use crate::article::{FILE_BYTES, FileKind};
use crate::id::{AttachmentId, TicketId, UserId};
use crate::named;
use crate::time::Instant;

/// The largest file that is taken, in bytes.
pub const ATTACHMENT_BYTES: usize = FILE_BYTES;
/// Files of one ticket.
pub const ATTACHMENTS: usize = 20;

/// A file as it was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which: a form that is sent twice brings it once.
    pub id: AttachmentId,
    /// Its name, without folders ([`crate::article::file_name`]).
    pub name: String,
    /// What it is, by its content.
    pub kind: FileKind,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub hash: String,
    /// What the search for viruses said.
    #[serde(default)]
    pub scan: ScanResult,
}

named! {
    /// What the search for viruses said of a file. One in which something was found is not taken.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum ScanResult {
        /// The desk has no such search.
        #[default]
        NotSet = "not_set", "検査の設定なし";
        /// Nothing was found.
        Clean = "clean", "検査済み";
        /// It is larger than the search takes.
        Unscanned = "unscanned", "未検査";
    }
}

/// A file beside a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedFile {
    /// The file.
    #[serde(flatten)]
    pub file: Attachment,
    /// When it was added.
    pub at: Instant,
    /// Who added it.
    pub by: Option<UserId>,
    /// The ticket to which it went by a split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<TicketId>,
}

impl Ticket {
    /// Its own files, in the order in which they were added.
    pub fn attachments(&self) -> impl Iterator<Item = &AttachedFile> {
        let all = self.attached.iter();
        all.filter(|known| known.moved_to.is_none())
    }

    /// One of its own files.
    pub fn attachment(&self, id: &AttachmentId) -> Option<&AttachedFile> {
        self.attachments().find(|known| known.file.id == *id)
    }

    pub(super) fn file_attached(&mut self, file: &Attachment, at: Instant, by: Option<&UserId>) {
        if self.attached.iter().all(|known| known.file.id != file.id) {
            self.attached.push(AttachedFile {
                file: file.clone(),
                at,
                by: by.cloned(),
                moved_to: None,
            });
        }
    }

    pub(super) fn file_removed(&mut self, id: &AttachmentId) {
        self.attached
            .retain(|known| known.file.id != *id || known.moved_to.is_some());
    }

    pub(super) fn files_moved(&mut self, ids: &[AttachmentId], into: &TicketId) {
        for known in &mut self.attached {
            if ids.contains(&known.file.id) && known.moved_to.is_none() {
                known.moved_to = Some(into.clone());
            }
        }
    }

    pub(super) fn check_attached(&self, file: &Attachment) -> Result<(), TicketError> {
        if self.attached.iter().any(|known| known.file.id == file.id) {
            return Err(TicketError::FileKnown(file.name.clone()));
        }
        let same = self.attachments().find(|own| own.file.hash == file.hash);
        if let Some(same) = same {
            return Err(TicketError::FileKnown(same.file.name.clone()));
        }
        if file.name.is_empty() || file.bytes == 0 || file.bytes > ATTACHMENT_BYTES as u64 {
            return Err(TicketError::FileSize);
        }
        let room = self.attachments().count() < ATTACHMENTS;
        room.then_some(()).ok_or(TicketError::FileCount)
    }

    /// Whether these are all files of this ticket, each once.
    pub(super) fn has_attachments(&self, ids: &[AttachmentId]) -> bool {
        let once: BTreeSet<_> = ids.iter().collect();
        once.len() == ids.len() && ids.iter().all(|id| self.attachment(id).is_some())
    }
}
