//! A button of the form was pressed. Some save; the others fill something in and show the form again, so
//! that everything can be done without scripts.

use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::id::TicketId;
use madoguchi_core::live::DeskRequest;
use madoguchi_core::setup::FieldError;

use super::candidates;
use super::draft;
use super::files;
use super::form::ReceptionForm;
use super::hand_on;
use super::no_ticket;
use super::outcome::Button;
use super::page::{self, PageState};
use super::referrals;
use super::save;
use super::subject::{HERE, Subject};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::knowledge::finder::finder;
use crate::portal::finding::FindQuery;
use crate::query::escape;
use crate::state::Web;

pub(super) async fn send(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Form(mut form): Form<ReceptionForm>,
) -> Result<Response, WebError> {
    if form.ticket.is_empty() {
        form.ticket = ReceptionForm::blank().ticket;
    }
    let subject = Subject::of_form(&web, &visitor, &form).await?;
    let intent = form.intent.clone();
    let (what, which) = intent.split_once(' ').unwrap_or((intent.as_str(), ""));
    let button = match what {
        "ready" => Button::SaveReady,
        "callback" => Button::CallBack,
        "analysis" => Button::Analysis,
        "escalate" => match form.handover() {
            Ok(handover) => Button::Escalation(handover),
            Err(fault) => {
                let told = PageState {
                    faults: vec![fault],
                    ..PageState::default()
                };
                return page::show(&web, &visitor, &subject, form, told).await;
            }
        },
        "detach" => return files::remove(&web, &visitor, &subject, form, which).await,
        "none" => return no_ticket::of_form(&web, &visitor, &subject, form).await,
        "hand-on" => {
            if !which.is_empty() {
                form.to = which.to_owned();
            }
            return hand_on(&web, &visitor, &subject, form).await;
        }
        "consult" => return consult(&web, &visitor, &subject, form).await,
        "join" => {
            let request = (DeskRequest::Join, ("join", "三者通話".to_owned()));
            return beside(&web, &visitor, &subject, &form, request).await;
        }
        "end-consult" => {
            let ended = ("consult", "相談を終える".to_owned());
            let request = (DeskRequest::EndConsult, ended);
            return beside(&web, &visitor, &subject, &form, request).await;
        }
        "with-matter" => return no_ticket::take_back(&web, &visitor, &subject, &form).await,
        "discard" => {
            draft::discard(&web, &visitor, &subject, &form).await?;
            return Ok(Redirect::to(&subject.place()).into_response());
        }
        "ticket" => return go_on_with(&web, &visitor, &subject, &form, which).await,
        "find" | "show" | "take" | "person" | "phrase" | "refer" | "missed" => {
            return fill_in(&web, &visitor, &subject, form, (what, which)).await;
        }
        _ => Button::Save,
    };
    if !form.file.is_empty() {
        return files::not_sent(&web, &visitor, &subject, form).await;
    }
    save::save(&web, &visitor, &subject, form, button).await
}

/// 転送. What is written is saved first, so that whoever takes the caller reads it.
async fn hand_on(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: ReceptionForm,
) -> Result<Response, WebError> {
    let offered = page::offered(web).await?;
    let to = match hand_on::read(web, &offered, &form.to, &form.to_number) {
        Ok(to) => to,
        Err(message) => return no_target(web, visitor, subject, form, message).await,
    };
    if form.has_text() {
        return save::save(web, visitor, subject, form, Button::HandOn(to)).await;
    }
    let done = hand_on::hand_on(web, visitor, subject, to).await;
    Ok(Redirect::to(&format!("{HERE}?done={done}")).into_response())
}

/// 相談: the visitor's phone is connected with whom they ask; the caller waits.
async fn consult(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: ReceptionForm,
) -> Result<Response, WebError> {
    let offered = page::offered(web).await?;
    let to = hand_on::read(web, &offered, &form.to, &form.to_number);
    let to = match to.and_then(hand_on::to_ask) {
        Ok(to) => to,
        Err(message) => return no_target(web, visitor, subject, form, message).await,
    };
    let (_, whom) = hand_on::told(&to);
    let request = (DeskRequest::Consult(to), ("consult", whom));
    beside(web, visitor, subject, &form, request).await
}

/// The page says what is wrong with whom was chosen.
async fn no_target(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: ReceptionForm,
    message: &'static str,
) -> Result<Response, WebError> {
    let told = PageState {
        faults: vec![FieldError::new("to", message)],
        ..PageState::default()
    };
    page::show(web, visitor, subject, form, told).await
}

/// Something is done with whom the agent asks beside the caller; what was typed is kept.
async fn beside(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &ReceptionForm,
    (request, told): (DeskRequest, (&str, String)),
) -> Result<Response, WebError> {
    draft::keep_form(web, visitor, subject, form).await?;
    let asked = hand_on::ask(web, visitor, subject, request, told).await;
    let done = asked.map_or_else(hand_on::refused, |()| "");
    Ok(Redirect::to(&format!("{HERE}?done={done}")).into_response())
}

/// The call belongs to a ticket that there is: its page, with what was typed kept for the call.
async fn go_on_with(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &ReceptionForm,
    ticket: &str,
) -> Result<Response, WebError> {
    let found = web.store.lookup_ticket(&TicketId::new(ticket)).await?;
    let ticket = found.ok_or(WebError::NotFound("この問合せ"))?;
    draft::keep_form(web, visitor, subject, form).await?;
    let mut place = format!("{HERE}?ticket={}", escape(ticket.id.as_str()));
    if let Some(call) = &subject.call {
        place.push_str(&format!("&call={}", escape(call.id().as_str())));
    }
    Ok(Redirect::to(&place).into_response())
}

/// Fills something into the form and shows it.
async fn fill_in(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    mut form: ReceptionForm,
    (what, which): (&str, &str),
) -> Result<Response, WebError> {
    let mut told = PageState {
        keeps: matches!(what, "find" | "take"),
        ..PageState::default()
    };
    match what {
        "show" => told.show = which.to_owned(),
        "take" => {
            told.said = Some(candidates::take(web, visitor, &mut form, which).await?);
            told.show = which.to_owned();
        }
        "person" => {
            let person = web.store.lookup_person(&which.into()).await?;
            form.take_person(&person.ok_or(WebError::NotFound("この職員"))?);
        }
        "phrase" => {
            let added = page::add_phrase(web, visitor, subject, &mut form).await?;
            told.said = added
                .then_some("定型文を、回答の欄に入れました。")
                .or(told.said);
        }
        "refer" => {
            let added = referrals::add(web, &mut form, which).await?;
            told.said = added
                .then_some("案内先を、回答の欄に入れました。")
                .or(told.said);
        }
        "missed" => told.said = Some(missed(web, visitor, &form).await?),
        _ => {}
    }
    // What is filled in holds for the call, also where no script keeps it.
    if what != "find" && what != "show" {
        draft::keep_form(web, visitor, subject, &form).await?;
    }
    page::show(web, visitor, subject, form, told).await
}

/// 該当なし: editors are told that nothing answered.
async fn missed(
    web: &Web,
    visitor: &Visitor,
    form: &ReceptionForm,
) -> Result<&'static str, WebError> {
    let query = FindQuery {
        q: form.question.clone(),
        ..FindQuery::default()
    };
    let search = if form.search.is_empty() {
        finder(web, visitor).find(&query, true).await?.search
    } else {
        form.search.clone()
    };
    let (user, now) = (&visitor.user.id, web.desk.now());
    let noted = web.store.log_missed(&search, user, now).await?;
    Ok(if noted {
        "「該当なし」を記録しました。FAQの編集者に伝わります。"
    } else {
        "質問を入力してから、もう一度操作してください。"
    })
}
