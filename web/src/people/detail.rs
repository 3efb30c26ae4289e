//! One person: how they are reached, and what they asked before.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::audit::Action;
use madoguchi_core::id::PersonId;
use madoguchi_store::TicketFilter;

use super::paths::HERE;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

/// Earlier tickets that are shown; the list has all.
const TICKETS: u8 = 20;

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    shell: Shell,
    name: String,
    facts: Vec<(&'static str, String)>,
    left: Option<String>,
    tickets: Vec<TicketRow>,
    /// All tickets of the person, if there are more.
    all: Option<String>,
}

struct TicketRow {
    number: String,
    received: String,
    status: &'static str,
    question: String,
}

pub(super) async fn page(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let id = PersonId::new(id);
    let person = web.store.lookup_person(&id).await?;
    let person = person.ok_or(WebError::NotFound("この職員"))?;
    let filter = TicketFilter {
        person: Some(id.clone()),
        limit: u32::from(TICKETS) + 1,
        ..TicketFilter::default()
    };
    let mut found = web.store.list_tickets(&filter).await?;
    let shown = usize::from(TICKETS);
    let more = found.len() > shown;
    found.truncate(shown);
    let entry = visitor.entry(web.desk.now(), Action::PeopleView, id.as_str());
    web.store.append_audit(&[entry]).await?;
    let dates = web.settings.dates;
    let tickets = found.into_iter().map(|row| TicketRow {
        number: row.number.to_string(),
        received: dates.minute(row.received_at),
        status: row.status.label(),
        question: row.question,
    });
    let page = PersonPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        facts: vec![
            ("職員番号", id.to_string()),
            ("氏名(カナ)", person.kana),
            ("拠点", person.site),
            ("部署", person.department),
            ("電話番号", person.numbers.join("、")),
            ("メールアドレス", person.mail),
        ],
        name: person.name,
        left: person.left_on.map(|day| dates.date(day)),
        tickets: tickets.collect(),
        all: more.then(|| format!("/tickets?person={}", escape(id.as_str()))),
    };
    Ok(Html(page.render()?))
}
