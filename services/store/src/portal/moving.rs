//! What staff wrote before the form of the portal made tickets becomes tickets, once, with all that was
//! kept of it: when, who, what, the number that they were told, who handled it and when.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::contact::ContactOutcome;
use madoguchi_core::id::{ArticleId, TicketId, UserId};
use madoguchi_core::portal::{Inquiry, ReceiptNumber};
use madoguchi_core::ticket::{Status, TicketChange};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::inquiries::{NewInquiry, contact, keep, unfit};
use crate::audit;
use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::{Store, lock};
use crate::tickets::TicketEdit;
use crate::tickets::changing;

/// Inquiries that are moved by one commit.
const AT_ONCE: i64 = 200;

/// One as it was kept.
struct KeptInquiry {
    new: NewInquiry,
    number: Option<ReceiptNumber>,
    handled: Option<(Instant, String)>,
}

/// Moves all that are left, some at a time: what a broken start has moved is moved. Of several nodes that
/// start at once each moves what the others have not.
pub(crate) async fn move_inquiries(store: &Store) -> Result<(), StoreError> {
    let mut moved = 0;
    loop {
        let mut tx = store.begin_anyway().await?;
        lock(&mut tx, audit::LOCK).await?;
        let some = oldest(&mut tx).await?;
        let Some(last) = some.last() else {
            break;
        };
        let record = record(some.len(), last.new.at);
        for one in &some {
            move_one(&mut tx, one).await?;
        }
        let mut sql = Sql::new("DELETE FROM inquiries WHERE id IN (");
        sql.bind_all(some.iter().map(|one| one.new.id.as_str()))
            .push(")");
        sql.execute(&mut tx).await?;
        audit::record(&mut tx, &[record]).await?;
        tx.commit().await?;
        moved += some.len();
    }
    if moved > 0 {
        tracing::info!(
            inquiries = moved,
            "what came by the form of the portal became tickets"
        );
    }
    Ok(())
}

async fn oldest(connection: &mut AnyConnection) -> Result<Vec<KeptInquiry>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, number, at, site, name, extension, body, article, query, handled_at, handled_by \
         FROM inquiries ORDER BY at, id LIMIT $1",
    )
    .bind(AT_ONCE)
    .fetch_all(connection)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<KeptInquiry, StoreError> {
    let number: Option<i64> = row.try_get("number")?;
    let handled_at: Option<i64> = row.try_get("handled_at")?;
    let handled_by: Option<String> = row.try_get("handled_by")?;
    Ok(KeptInquiry {
        new: NewInquiry {
            id: row.try_get("id")?,
            at: Instant(row.try_get("at")?),
            inquiry: Inquiry {
                site: row.try_get("site")?,
                name: row.try_get("name")?,
                extension: row.try_get("extension")?,
                text: row.try_get("body")?,
                article: row
                    .try_get::<Option<&str>, _>("article")?
                    .map(ArticleId::new),
                query: row.try_get("query")?,
                person: None,
            },
        },
        number: number.map(ReceiptNumber),
        handled: handled_at.map(|at| (Instant(at), handled_by.unwrap_or_default())),
    })
}

async fn move_one(connection: &mut AnyConnection, one: &KeptInquiry) -> Result<(), StoreError> {
    let ticket = keep(&mut *connection, &one.new, one.number).await?;
    let Some((at, login)) = &one.handled else {
        return Ok(());
    };
    let by = user(connection, login).await?;
    let mut changes = vec![
        TicketChange::OutcomeSet {
            contact: contact(&one.new.id),
            before: ContactOutcome::Unanswered,
            after: ContactOutcome::AnsweredLater,
            outcome_at: *at,
        },
        TicketChange::StatusChanged {
            before: Status::Received,
            after: Status::Done,
        },
    ];
    if by.is_none() && !login.is_empty() {
        let text = format!("処理済みにした人: {login}");
        changes.insert(0, TicketChange::Noted { text });
    }
    let edit = TicketEdit {
        id: TicketId::new(&one.new.id),
        version: Some(ticket.version),
        by,
        at: (*at).max(one.new.at),
        happened_at: None,
        changes,
    };
    changing::change(connection, &edit).await.map_err(unfit)?;
    Ok(())
}

async fn user(connection: &mut AnyConnection, login: &str) -> Result<Option<UserId>, StoreError> {
    let row = sqlx::query("SELECT id FROM users WHERE login = $1")
        .bind(storable(login))
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(UserId::new(row.try_get::<&str, _>("id")?)))
        .transpose()
}

/// What the audit log tells of it, with the time of the last that was moved: the store has no clock.
fn record(count: usize, at: Instant) -> AuditEntry {
    AuditEntry::of_system(
        at,
        Action::InquiriesMove,
        "",
        Fields::from([("records".to_owned(), count.to_string())]),
    )
}
