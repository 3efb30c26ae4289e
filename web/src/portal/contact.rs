//! When the FAQ did not help: how and when to call, and the form. What was sent has a number, which
//! the page it leads to tells.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::id::{ArticleId, PersonId};
use madoguchi_core::portal::{INQUIRY_LETTERS, Inquiry, QUERY_LETTERS};
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::sensitive;
use madoguchi_kb::Viewer;
use madoguchi_store::{NewInquiry, Receipt};
use serde::Deserialize;

use super::notices::{self, ShownNotice};
use crate::auth::access::PortalReader;
use crate::auth::token;
use crate::auth::visitor::{By, Visitor};
use crate::error::{Limit, WebError};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the portal's menu.
const HERE: &str = "/faq/contact";

#[derive(Template)]
#[template(path = "faq_contact.html")]
struct ContactPage {
    shell: Shell,
    notices: Vec<ShownNotice>,
    open: bool,
    hours: String,
    phone: String,
    has_form: bool,
    form: ContactForm,
    receipt: Option<ShownReceipt>,
    /// The question of the article that did not help.
    about: Option<String>,
    faults: Faults,
    most_letters: usize,
}

/// What came in.
struct ShownReceipt {
    number: String,
    at: String,
}

/// What is wrong, by field.
struct Faults(Vec<FieldError>);

impl Faults {
    fn of(&self, field: &str) -> Option<&str> {
        let fault = self.0.iter().find(|fault| fault.field == field);
        fault.map(|fault| fault.message.as_str())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContactQuery {
    article: String,
    q: String,
    done: String,
    /// The name of what was sent.
    sent: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContactForm {
    #[serde(rename = "_csrf")]
    csrf: String,
    /// What makes this form another one than all others: sent again, it is the same inquiry.
    form: String,
    site: String,
    name: String,
    extension: String,
    text: String,
    article: String,
    query: String,
    /// What looks like a number that no ticket may hold and is meant to be sent all the same.
    sure: String,
}

pub(super) async fn page(
    reader: PortalReader,
    State(web): State<Web>,
    Query(query): Query<ContactQuery>,
) -> Result<Response, WebError> {
    let receipt = match query.sent.as_str() {
        "" => None,
        sent => web.store.lookup_receipt(sent).await?,
    };
    let form = ContactForm {
        form: token::new_id(),
        site: reader.site(&web).unwrap_or_default(),
        name: signed_in(&reader).map_or_else(String::new, |visitor| visitor.user.name.clone()),
        article: query.article,
        query: query.q.chars().take(QUERY_LETTERS).collect(),
        ..ContactForm::default()
    };
    let done = if receipt.is_some() {
        query.done.as_str()
    } else {
        ""
    };
    show(&web, &reader, form, Vec::new(), (receipt, done)).await
}

async fn show(
    web: &Web,
    reader: &PortalReader,
    form: ContactForm,
    faults: Vec<FieldError>,
    (receipt, done): (Option<Receipt>, &str),
) -> Result<Response, WebError> {
    let now = web.desk.now();
    let hours = web.desk.hours(now);
    let about = web.article(&form.article, Viewer::Portal).await?;
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = ContactPage {
        shell: reader.shell(web, HERE).done(web, done),
        notices: notices::in_force(web, Viewer::Portal).await,
        open: hours.open,
        hours: text::hours(&hours, now, web.settings.dates),
        phone: web.settings.portal.phone.clone(),
        receipt: receipt.map(|receipt| ShownReceipt {
            number: receipt.number,
            at: web.settings.dates.minute(receipt.at),
        }),
        has_form: web.settings.portal.inquiry_form,
        about: about.map(|article| article.question),
        form,
        faults: Faults(faults),
        most_letters: INQUIRY_LETTERS,
    };
    let response = (status, Html(page.render()?)).into_response();
    Ok(reader.remembered(response))
}

pub(super) async fn send(
    reader: PortalReader,
    State(web): State<Web>,
    Form(mut form): Form<ContactForm>,
) -> Result<Response, WebError> {
    if !web.settings.portal.inquiry_form {
        return Err(WebError::NotFound("問合せフォーム"));
    }
    reader.check(&form.csrf)?;
    let about = web.article(&form.article, Viewer::Portal).await?;
    let trimmed = |text: &str| text.trim().to_owned();
    let inquiry = Inquiry {
        site: trimmed(&form.site),
        name: trimmed(&form.name),
        extension: trimmed(&form.extension),
        text: trimmed(&form.text),
        article: about.map(|article| article.id),
        query: form.query.chars().take(QUERY_LETTERS).collect(),
        person: person(&web, &reader).await?,
    };
    let mut faults = inquiry.faults();
    if faults.is_empty() {
        faults.extend(warning(&mut form));
    }
    if !faults.is_empty() {
        return show(&web, &reader, form, faults, (None, "")).await;
    }
    let id = name(&form.form, &inquiry);
    let sent = format!("/faq/contact?done=inquiry&sent={id}");
    if web.store.lookup_receipt(&id).await?.is_some() {
        return Ok(Redirect::to(&sent).into_response());
    }
    let now = web.desk.now();
    if !web
        .inquiries
        .takes(reader.origin.address, web.desk.monotonic())
    {
        return Err(WebError::TooMany(Limit::Inquiries));
    }
    let new = NewInquiry {
        id,
        at: now,
        inquiry,
    };
    let mut tx = web.store.begin_unrecorded().await?;
    tx.add_inquiry(&new).await?;
    tx.commit().await?;
    Ok(Redirect::to(&sent).into_response())
}

/// Whatever looks like a 個人番号 or 基礎年金番号 is sent when it is sent once more.
fn warning(form: &mut ContactForm) -> Option<FieldError> {
    let found = [("text", &form.text), ("name", &form.name)].map(|(field, text)| {
        let found = sensitive::found_in_text(text);
        found.into_iter().map(move |one| (field, one))
    });
    let found: Vec<_> = found.into_iter().flatten().collect();
    let (field, first) = found.first()?;
    let all: Vec<_> = found.iter().map(|(_, one)| one.text.as_str()).collect();
    let sure = token::hash(&all.join("\n"));
    if form.sure == sure {
        return None;
    }
    let message = format!(
        "「{}」は{}のように見えます。消してから送信してください。番号でないときは、もう一度送信すると、このまま送信します",
        first.text,
        first.kind.label()
    );
    let fault = FieldError::new(*field, message);
    form.sure = sure;
    Some(fault)
}

/// Who is signed in; programs with a token are nobody.
fn signed_in(reader: &PortalReader) -> Option<&Visitor> {
    let visitor = reader.visitor.as_deref();
    visitor.filter(|visitor| matches!(visitor.by, By::Session { .. }))
}

/// Who is signed in, if the directory has them under the name with which they sign in.
async fn person(web: &Web, reader: &PortalReader) -> Result<Option<PersonId>, WebError> {
    let Some(visitor) = signed_in(reader) else {
        return Ok(None);
    };
    let id = PersonId::new(&visitor.user.login);
    let person = web.store.lookup_person(&id).await?;
    Ok(person.map(|person| person.id))
}

/// The name of an inquiry: the same for one that is sent twice by one form, another for one that
/// was changed before it was sent again.
fn name(form: &str, inquiry: &Inquiry) -> String {
    let form = if form.is_empty() {
        token::new_id()
    } else {
        form.to_owned()
    };
    let article = inquiry.article.as_ref().map_or("", ArticleId::as_str);
    let said = [
        form.as_str(),
        &inquiry.site,
        &inquiry.name,
        &inquiry.extension,
        &inquiry.text,
        article,
        &inquiry.query,
    ];
    token::hash(&said.join("\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_no_ticket_may_hold_is_sent_when_it_is_sent_once_more() {
        let mut form = ContactForm {
            text: "番号は123456789018です".to_owned(),
            ..ContactForm::default()
        };
        let fault = warning(&mut form).unwrap();
        assert!(fault.field == "text" && fault.message.contains("個人番号"));
        assert_eq!(warning(&mut form), None);
        form.text.push_str("、123456789018も");
        assert!(warning(&mut form).is_some(), "it says something else");
        form.text = "旅費の件".to_owned();
        assert_eq!(warning(&mut form), None);
    }

    #[test]
    fn what_is_sent_twice_is_one_inquiry_and_what_was_changed_is_another() {
        let inquiry = |text: &str| Inquiry {
            text: text.to_owned(),
            ..Inquiry::default()
        };
        let one = name("form", &inquiry("a"));
        assert_eq!(name("form", &inquiry("a")), one);
        assert_ne!(name("form", &inquiry("b")), one);
        assert_ne!(name("other", &inquiry("a")), one);
        assert_ne!(name("", &inquiry("a")), name("", &inquiry("a")));
    }
}
