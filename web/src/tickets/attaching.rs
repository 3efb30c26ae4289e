//! 添付: a file that somebody brings for a ticket is judged, looked through for viruses, and kept.

use axum::body::Bytes;
use madoguchi_core::announcement::recording_hash;
use madoguchi_core::article::file_name;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::id::{AttachmentId, TicketId};
use madoguchi_core::ticket::{
    ATTACHMENT_BYTES, AttachedFile, Attachment, ScanResult, Ticket, TicketChange,
};
use madoguchi_store::{Resource, StoreError};

use super::applying::{edit, entry, refusal};
use super::history::{seconds, what};
use super::lookup::{no_ticket, place};
use super::names::Names;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::limits::FileUse;
use crate::query::escape;
use crate::scanner::Verdict;
use crate::state::Web;
use crate::text;
use crate::upload::{FileForm, TypedForm, look_into};

/// The field of forms that names the file, so that one that is sent twice is kept once.
const ID: &str = "file_id";
/// The longest name of a file that a form may give.
const ID_LETTERS: usize = 100;

/// A file that may be kept.
pub(crate) struct Brought {
    pub(crate) file: Attachment,
    pub(crate) content: Bytes,
}

/// A file beside a ticket, as pages show it.
pub(crate) struct FileRow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Where it is; empty for one whose ticket is not registered yet.
    pub(crate) link: String,
    pub(crate) size: String,
    /// What the search for viruses said; empty if there is none.
    pub(crate) scan: &'static str,
    /// It is to be seen that nobody looked into it.
    pub(crate) unscanned: bool,
    pub(crate) at: String,
    pub(crate) by: String,
    /// It can be taken away here.
    pub(crate) own: bool,
}

impl FileRow {
    /// A file beside a ticket.
    pub(crate) fn of(ticket: &Ticket, own: bool, one: &AttachedFile, names: &Names) -> Self {
        let place = place(ticket.number);
        Self {
            link: format!("{place}/files/{}", escape(one.file.id.as_str())),
            at: seconds(one.at),
            by: names.by(one.by.as_ref()),
            own,
            ..Self::waiting(&one.file)
        }
    }

    /// A file for a ticket that is not registered yet.
    pub(crate) fn waiting(file: &Attachment) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name.clone(),
            link: String::new(),
            size: text::bytes(file.bytes),
            scan: match file.scan {
                ScanResult::NotSet => "",
                said => said.label(),
            },
            unscanned: file.scan == ScanResult::Unscanned,
            at: String::new(),
            by: String::new(),
            own: true,
        }
    }
}

/// Judges what a form brings for a ticket of this number; otherwise why it is not taken, in a sentence
/// for who brought it.
///
/// # Errors
/// What is no matter of theirs.
pub(crate) async fn judge(
    web: &Web,
    visitor: &Visitor,
    typed: TypedForm,
    number: &str,
) -> Result<Result<Brought, String>, WebError> {
    let TypedForm { form, fault } = typed;
    if let Some(fault) = fault {
        return Ok(Err(fault.message()));
    }
    let name = file_name(&form.name);
    if let Some(why) = plain_fault(&form) {
        return Ok(Err(why));
    }
    let id = AttachmentId::new(form.text(ID));
    let (kind, content) = look_into(form.content, &name).await?;
    let kind = match kind {
        Ok(kind) => kind,
        Err(fault) => {
            let refused = WebError::BadFile(fault);
            return Ok(Err(refused.message()));
        }
    };
    let scan = match scan(web, visitor, &content, (&name, number)).await? {
        Ok(scan) => scan,
        Err(why) => return Ok(Err(why)),
    };
    let file = Attachment {
        id,
        hash: recording_hash(&content),
        name,
        kind,
        bytes: content.len() as u64,
        scan,
    };
    Ok(Ok(Brought { file, content }))
}

/// What is wrong with a file before anybody looks into it.
fn plain_fault(form: &FileForm) -> Option<String> {
    let id = form.text(ID);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if id.is_empty() || id.len() > ID_LETTERS || !id.bytes().all(is_plain) {
        let why = "この画面は古くなっています。開き直してから、もう一度ファイルを選んでください。";
        return Some(why.to_owned());
    }
    if form.name.is_empty() {
        return Some("ファイルを選んでください。".to_owned());
    }
    (form.content.len() > ATTACHMENT_BYTES).then(|| FileUse::Attachment.too_large())
}

/// Has a file looked through for viruses, if the desk has such a search. One that cannot be looked
/// through is not taken.
async fn scan(
    web: &Web,
    visitor: &Visitor,
    content: &[u8],
    (name, number): (&str, &str),
) -> Result<Result<ScanResult, String>, WebError> {
    let Some(scanner) = &web.settings.scanner else {
        return Ok(Ok(ScanResult::NotSet));
    };
    match scanner.scan(content).await {
        Ok(Verdict::Clean) => Ok(Ok(ScanResult::Clean)),
        Ok(Verdict::TooLarge) => Ok(Ok(ScanResult::Unscanned)),
        Ok(Verdict::Found(found)) => {
            let mut entry = visitor.entry(web.desk.now(), Action::TicketFileRefused, number);
            entry.after = Fields::from([
                ("file".to_owned(), name.to_owned()),
                ("hash".to_owned(), recording_hash(content)),
                ("found".to_owned(), found.clone()),
            ]);
            web.store.append_audit(&[entry]).await?;
            tracing::warn!(found, "a file in which a virus was found was refused");
            Ok(Err(format!(
                "「{name}」からウイルス({found})が見つかったため、添付していません。このファイルを開かずに、情報セキュリティの担当者に連絡してください。"
            )))
        }
        Err(error) => {
            tracing::warn!(%error, "a file could not be looked through for viruses");
            Ok(Err(format!(
                "ウイルス検査ができないため、「{name}」を添付していません。少し待ってから、もう一度添付してください。続くときは、管理者に連絡してください。"
            )))
        }
    }
}

/// Keeps a file beside a ticket, once however often its form is sent.
pub(crate) async fn attach(
    web: &Web,
    visitor: &Visitor,
    id: &TicketId,
    brought: &Brought,
) -> Result<Result<Ticket, String>, WebError> {
    let file = &brought.file;
    let ticket = web.store.lookup_ticket(id).await?.ok_or_else(no_ticket)?;
    if ticket.attachment(&file.id).is_some() {
        return Ok(Ok(ticket));
    }
    let changes = vec![TicketChange::FileAttached { file: file.clone() }];
    let number = ticket.number.to_string();
    let mut entry = entry(web, visitor, (&number, &what(&changes)));
    entry.after.insert("file".to_owned(), file.name.clone());
    entry.after.insert("hash".to_owned(), file.hash.clone());
    let edit = edit(visitor, web.desk.now(), (id, None), changes);
    let mut tx = web.store.begin(entry).await?;
    if !tx.add_ticket_file(&file.id, &brought.content).await? {
        drop(tx);
        let ticket = web.store.lookup_ticket(id).await?.ok_or_else(no_ticket)?;
        return match ticket.attachment(&file.id) {
            Some(_) => Ok(Ok(ticket)),
            None => Err(StoreError::Taken {
                what: Resource::TicketFile,
            }
            .into()),
        };
    }
    match tx.change_ticket(&edit).await {
        Ok(ticket) => {
            tx.commit().await?;
            Ok(Ok(ticket))
        }
        Err(error) => refusal(error).map(Err),
    }
}
