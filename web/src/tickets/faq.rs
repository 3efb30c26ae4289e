//! A draft for the FAQ out of a ticket, with what tells of the requester taken out.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::{EditArticles, Permission};
use madoguchi_core::article::{Article, Content};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::Action;
use madoguchi_core::id::ArticleId;
use madoguchi_core::ticket::{Ticket, TicketChange, TicketField, TicketFields};
use madoguchi_store::TicketWriteError;

use super::applying::{edit, refusal};
use super::lookup::by_number;
use super::page::{Shown, show};
use super::related;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::state::Web;

/// So much of a question becomes the title.
const QUESTION_LETTERS: usize = 200;

/// Makes a draft of a ticket, and puts it beside the ticket. Sent twice, the form leads to the one that
/// it made.
pub(super) async fn draft(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(number): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    if !visitor.permissions.contains(Permission::HandleTickets) {
        return Err(WebError::NotAllowed(Permission::HandleTickets));
    }
    let values = Values::of(pairs);
    // One version of a ticket makes one draft.
    let secret = format!("{} {} {}", ticket.id, values.version(), visitor.user.id);
    let hash = token::hash(&secret);
    let id = ArticleId::new(format!("faq-{}", hash.get(..22).unwrap_or(&hash)));
    let led = format!("/articles/{id}/edit");
    if web.store.lookup_article(&id).await?.is_some() {
        return Ok(Redirect::to(&led).into_response());
    }
    // One ticket is made into one article at a time.
    if let Some(begun) = related::begun(&related::articles(&web, &ticket).await?, web.desk.now()) {
        return Ok(Redirect::to(&format!("/articles/{}", begun.id)).into_response());
    }
    let content = content(&ticket.fields);
    if let Some(fault) = content.faults().into_iter().next() {
        let shown = Shown {
            refused: Some(("faq".to_owned(), values, fault.message)),
            ..Shown::default()
        };
        return show(&web, &visitor, &ticket.id, shown).await;
    }
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::ArticleWrite, &id);
    entry
        .after
        .insert("ticket".to_owned(), ticket.number.to_string());
    let article = Article::new(id.clone(), content, &visitor.user.id, now);
    let mut tx = web.store.begin(entry).await?;
    tx.save_article(&article, now).await?;
    let beside = edit(
        &visitor,
        now,
        (&ticket.id, None),
        vec![beside(&ticket, &id)],
    );
    match tx.change_ticket(&beside).await {
        Ok(_) => tx.commit().await?,
        Err(error @ TicketWriteError::Refused(_)) => {
            drop(tx);
            let shown = Shown {
                refused: Some(("faq".to_owned(), values, refusal(error)?)),
                ..Shown::default()
            };
            return show(&web, &visitor, &ticket.id, shown).await;
        }
        Err(error) => return Err(WebError::BadRequest(refusal(error)?)),
    }
    Ok(Redirect::to(&led).into_response())
}

/// The draft as an article beside the ticket.
fn beside(ticket: &Ticket, id: &ArticleId) -> TicketChange {
    let mut fields = ticket.fields.clone();
    let before = fields.text(TicketField::Articles);
    fields.articles.insert(id.clone());
    TicketChange::FieldChanged {
        field: TicketField::Articles,
        before,
        after: fields.text(TicketField::Articles),
    }
}

/// What the draft says. The form of articles marks what else looks like personal data.
fn content(fields: &TicketFields) -> Content {
    let question = fields.without_requester(&fields.question);
    let words: Vec<_> = question.split_whitespace().collect();
    Content {
        question: words.join(" ").chars().take(QUESTION_LETTERS).collect(),
        answer: fields.without_requester(&fields.answer),
        category: fields.category.clone().unwrap_or_default(),
        audience: Audience::Desk,
        ..Content::default()
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::ticket::Requester;

    use super::*;

    #[test]
    fn a_draft_tells_nothing_of_who_asked() {
        let fields = TicketFields {
            question: "年金 花子です。\n1234-5678-9018の申請は03-1234-5678へ。".to_owned(),
            answer: "年金様に折り返しました。".to_owned(),
            requester: Requester {
                name: "年金 花子".to_owned(),
                number: "03-1234-5678".to_owned(),
                ..Requester::default()
            },
            ..TicketFields::default()
        };
        let content = content(&fields);
        assert_eq!(
            content.question,
            "【氏名】です。 【個人番号】の申請は【電話番号】へ。"
        );
        assert_eq!(content.answer, "【氏名】様に折り返しました。");
    }
}
