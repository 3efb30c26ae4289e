//! A ticket as a row of the table `tickets`, and its contacts as rows of theirs.

use chrono::NaiveDate;
use madoguchi_core::contact::Contact;
use madoguchi_core::id::{CategoryId, DivisionId, PersonId, TicketId, UserId};
use madoguchi_core::normal::normal_text;
use madoguchi_core::phone;
use madoguchi_core::ticket::{Channel, Priority, Status, System, Ticket, TicketNumber};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::log::{json, unreadable};
use super::{brief_row, words};
use crate::error::StoreError;
use crate::sql::{Sql, storable};

/// Letters of the question that a list shows.
const QUESTION_LETTERS: usize = 200;
/// Letters that words are looked for in.
const SEARCH_LETTERS: usize = 20_000;

/// What [`read`] reads.
pub(super) const COLUMNS: &str = "id, fiscal_year, sequence, version, received_at, updated_at, \
     status, awaits_answer, division, category, channel, system, priority, incident, urgent, owner, \
     person, number, name, site, department, question, answered_at, hold_until, escalation_due, \
     merged_into";

/// A ticket as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    pub id: TicketId,
    /// 受付番号
    pub number: TicketNumber,
    /// How many events it has.
    pub version: u32,
    /// 受付日時
    pub received_at: Instant,
    /// When the last event was recorded.
    pub updated_at: Instant,
    /// How far it has come.
    pub status: Status,
    /// Its 一次回答 is due.
    pub awaits_answer: bool,
    /// 業務区分
    pub division: Option<DivisionId>,
    /// The id of its 分類.
    pub category: Option<CategoryId>,
    /// By what way it came.
    pub channel: Channel,
    /// About which system.
    pub system: System,
    /// 優先度
    pub priority: Priority,
    /// 障害
    pub incident: bool,
    /// 緊急
    pub urgent: bool,
    /// 担当
    pub owner: Option<UserId>,
    /// Who asks, as the directory knows them.
    pub person: Option<PersonId>,
    /// The number to call back, in canonical form.
    pub caller: String,
    /// 氏名
    pub name: String,
    /// 拠点
    pub site: String,
    /// 部署
    pub department: String,
    /// The beginning of the question.
    pub question: String,
    /// 一次回答
    pub answered_at: Option<Instant>,
    /// Until which day it waits for the caller.
    pub hold_until: Option<NaiveDate>,
    /// When somebody looks after what vendors owe: the next answer is due, or a reminder.
    pub escalation_due: Option<Instant>,
    /// As which ticket it goes on.
    pub merged_into: Option<TicketId>,
}

/// Keeps a ticket and its contacts in place of what was kept of them.
pub(super) async fn write(
    connection: &mut AnyConnection,
    ticket: &Ticket,
) -> Result<(), StoreError> {
    let search = searched(ticket);
    upsert(ticket, &search)?.execute(connection).await?;
    brief_row::write(connection, ticket).await?;
    words::index(connection, ticket.number, &search).await?;
    // Those that went to another ticket stand there; a conflict means that it was written first.
    sqlx::query("DELETE FROM contacts WHERE ticket_id = $1")
        .bind(storable(ticket.id.as_str()))
        .execute(&mut *connection)
        .await?;
    for contact in ticket.contacts() {
        write_contact(connection, &ticket.id, contact).await?;
    }
    Ok(())
}

async fn write_contact(
    connection: &mut AnyConnection,
    ticket: &TicketId,
    contact: &Contact,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO contacts (contact_id, ticket_id, call_id, channel, agent, from_at, until_at, \
         outcome, outcome_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (contact_id) DO UPDATE SET ticket_id = excluded.ticket_id, \
         call_id = excluded.call_id, channel = excluded.channel, agent = excluded.agent, \
         from_at = excluded.from_at, until_at = excluded.until_at, outcome = excluded.outcome, \
         outcome_at = excluded.outcome_at",
    )
    .bind(storable(contact.id.as_str()))
    .bind(storable(ticket.as_str()))
    .bind(contact.call.as_ref().map(|call| storable(call.as_str())))
    .bind(contact.channel.as_str())
    .bind(contact.agent.as_ref().map(|agent| storable(agent.as_str())))
    .bind(contact.from.0)
    .bind(contact.until.map(|until| until.0))
    .bind(contact.outcome.as_str())
    .bind(contact.outcome_at.0)
    .execute(connection)
    .await?;
    Ok(())
}

fn upsert(ticket: &Ticket, search: &str) -> Result<Sql, StoreError> {
    let fields = &ticket.fields;
    let asks = &fields.requester;
    let named = |text: Option<&str>| storable(text.unwrap_or_default());
    let is_open = ticket.status() != Status::Done && ticket.merged_into.is_none();
    let answered_at = ticket.first_answer().map(|answer| answer.outcome_at.0);
    let awaits = is_open && answered_at.is_none() && !fields.is_exempt();
    let handovers = ticket.open_escalations().map(|one| &one.handover);
    let due = handovers.flat_map(|handover| [handover.due, handover.remind_at]);
    let mut sql = Sql::new("INSERT INTO tickets (is_open, done_at, anonymised, search, state, ");
    sql.push(COLUMNS).push(") VALUES (");
    sql.bind(i64::from(is_open)).push(", ");
    sql.bind(ticket.done_at.map(|done| done.0)).push(", ");
    sql.bind(i64::from(ticket.anonymised_at.is_some()))
        .push(", ");
    sql.bind(storable(search)).push(", ");
    sql.bind(json(&ticket.id, ticket)?).push(", ");
    sql.bind(storable(ticket.id.as_str())).push(", ");
    sql.bind(i64::from(ticket.number.fiscal_year)).push(", ");
    sql.bind(i64::from(ticket.number.sequence)).push(", ");
    sql.bind(i64::from(ticket.version)).push(", ");
    sql.bind(ticket.received_at.0).push(", ");
    sql.bind(ticket.updated_at.0).push(", ");
    sql.bind(ticket.status().as_str()).push(", ");
    sql.bind(i64::from(awaits)).push(", ");
    sql.bind(named(fields.division.as_ref().map(DivisionId::as_str)))
        .push(", ");
    sql.bind(named(fields.category.as_ref().map(CategoryId::as_str)))
        .push(", ");
    sql.bind(fields.channel.as_str()).push(", ");
    sql.bind(fields.system.as_str()).push(", ");
    sql.bind(fields.priority().as_str()).push(", ");
    sql.bind(i64::from(fields.incident)).push(", ");
    sql.bind(i64::from(fields.urgent)).push(", ");
    sql.bind(named(fields.owner.as_ref().map(UserId::as_str)))
        .push(", ");
    sql.bind(named(asks.person.as_ref().map(PersonId::as_str)))
        .push(", ");
    sql.bind(storable(&phone::normalize(&asks.number)))
        .push(", ");
    sql.bind(storable(&asks.name)).push(", ");
    sql.bind(storable(&asks.site)).push(", ");
    sql.bind(storable(&asks.department)).push(", ");
    sql.bind(storable(&beginning(&fields.question, QUESTION_LETTERS)))
        .push(", ");
    sql.bind(answered_at).push(", ");
    let held = ticket.hold.as_ref().and_then(|hold| hold.until);
    sql.bind(held.map(|day| day.to_string())).push(", ");
    sql.bind(due.flatten().min().map(|due| due.0)).push(", ");
    sql.bind(ticket.merged_into.as_ref().map(|id| storable(id.as_str())));
    sql.push(
        ") ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, done_at = excluded.done_at, \
         anonymised = excluded.anonymised, search = excluded.search, \
         state = excluded.state, version = excluded.version, updated_at = excluded.updated_at, \
         status = excluded.status, awaits_answer = excluded.awaits_answer, \
         division = excluded.division, category = excluded.category, channel = excluded.channel, \
         system = excluded.system, priority = excluded.priority, incident = excluded.incident, \
         urgent = excluded.urgent, owner = excluded.owner, person = excluded.person, \
         number = excluded.number, name = excluded.name, site = excluded.site, \
         department = excluded.department, question = excluded.question, \
         answered_at = excluded.answered_at, hold_until = excluded.hold_until, \
         escalation_due = excluded.escalation_due, merged_into = excluded.merged_into",
    );
    Ok(sql)
}

/// Everything of a ticket that words are looked for in, in one form however it was typed.
fn searched(ticket: &Ticket) -> String {
    let fields = &ticket.fields;
    let asks = &fields.requester;
    let number = ticket.number.to_string();
    let caller = phone::normalize(&asks.number);
    let texts = [
        number.as_str(),
        asks.name.as_str(),
        caller.as_str(),
        asks.site.as_str(),
        asks.department.as_str(),
        fields.question.as_str(),
        fields.answer.as_str(),
    ];
    let tags = fields.tags.iter().map(String::as_str);
    let notes = ticket.notes.iter().map(|note| note.text.as_str());
    let findings = ticket.analyses.iter().map(|step| step.finding.as_str());
    let answers = ticket.escalations.iter().map(|one| one.answer.as_str());
    let former = ticket.origin.iter().map(|origin| origin.number.as_str());
    // Long texts stand behind, for only so many letters are kept.
    let all = former.chain(texts).chain(tags).chain(notes).chain(findings);
    let all: Vec<String> = all
        .chain(answers)
        .map(|text| normal_text(text, SEARCH_LETTERS))
        .collect();
    beginning(&all.join("\n"), SEARCH_LETTERS)
}

fn beginning(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}

/// A ticket.
pub(super) async fn lookup(
    connection: &mut AnyConnection,
    id: &TicketId,
) -> Result<Option<Ticket>, StoreError> {
    let row = sqlx::query("SELECT state FROM tickets WHERE id = $1")
        .bind(storable(id.as_str()))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(state).transpose()
}

/// The ticket that a row holds.
pub(super) fn state(row: &AnyRow) -> Result<Ticket, StoreError> {
    let text: &str = row.try_get("state")?;
    serde_json::from_str(text).map_err(|source| unreadable("in a row", source))
}

/// What a list shows of a row.
pub(super) fn read(row: &AnyRow) -> Result<TicketRow, StoreError> {
    let instant = |column: &'static str| {
        Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.map(Instant))
    };
    let text = |column: &'static str| Ok::<_, StoreError>(row.try_get::<String, _>(column)?);
    let flag = |column: &'static str| Ok::<_, StoreError>(row.try_get::<i64, _>(column)? != 0);
    let optional = |column: &'static str| {
        let text = text(column)?;
        Ok::<_, StoreError>(Some(text).filter(|text| !text.is_empty()))
    };
    let hold_until: Option<String> = row.try_get("hold_until")?;
    let merged_into: Option<String> = row.try_get("merged_into")?;
    Ok(TicketRow {
        id: TicketId::new(text("id")?),
        number: number(row)?,
        version: whole(row, "version")?,
        received_at: Instant(row.try_get("received_at")?),
        updated_at: Instant(row.try_get("updated_at")?),
        status: named("status", &text("status")?, Status::lookup)?,
        awaits_answer: flag("awaits_answer")?,
        division: optional("division")?.map(DivisionId::new),
        category: optional("category")?.map(CategoryId::new),
        channel: named("channel", &text("channel")?, Channel::lookup)?,
        system: named("system", &text("system")?, System::lookup)?,
        priority: named("priority", &text("priority")?, Priority::lookup)?,
        incident: flag("incident")?,
        urgent: flag("urgent")?,
        owner: optional("owner")?.map(UserId::new),
        person: optional("person")?.map(PersonId::new),
        caller: text("number")?,
        name: text("name")?,
        site: text("site")?,
        department: text("department")?,
        question: text("question")?,
        answered_at: instant("answered_at")?,
        hold_until: hold_until.and_then(|day| day.parse().ok()),
        escalation_due: instant("escalation_due")?,
        merged_into: merged_into.map(TicketId::new),
    })
}

/// The number in a row.
pub(crate) fn number(row: &AnyRow) -> Result<TicketNumber, StoreError> {
    Ok(TicketNumber {
        fiscal_year: whole(row, "fiscal_year")?,
        sequence: whole(row, "sequence")?,
    })
}

fn whole<T: TryFrom<i64>>(row: &AnyRow, column: &'static str) -> Result<T, StoreError> {
    let found: i64 = row.try_get(column)?;
    T::try_from(found).map_err(|_| StoreError::OutOfRange {
        what: "a number of a ticket",
        found,
    })
}

fn named<T>(
    what: &'static str,
    name: &str,
    lookup: fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    lookup(name).ok_or_else(|| StoreError::UnknownName {
        what,
        name: name.to_owned(),
    })
}
