//! The records that a figure counts, as rows of a table, each of them a link for who may see it.

use std::collections::BTreeMap;

use madoguchi_core::access::Permission;
use madoguchi_core::article::Article;
use madoguchi_core::call::CallRecord;
use madoguchi_core::id::{ArticleId, CallId, TicketId};
use madoguchi_core::month::{LevelFact, Month};
use madoguchi_store::TicketRow;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::monthly::paths::month_path;
use crate::monthly::words::{may_write, shortened};
use crate::query::escape;
use crate::state::Web;
use crate::text;

/// A record.
pub(super) struct Row {
    /// Where it leads to; empty if the visitor may not go there.
    pub(super) link: String,
    pub(super) cells: Vec<String>,
}

/// The names of the columns, and the records.
pub(super) type Listed = (&'static [&'static str], Vec<Row>);

/// Calls in the order of the figure; what is no longer there is told by its id.
pub(super) async fn calls(
    web: &Web,
    visitor: &Visitor,
    ids: &[String],
) -> Result<Listed, WebError> {
    let may = visitor.permissions.contains(Permission::ViewCalls);
    let ids: Vec<_> = ids.iter().map(CallId::new).collect();
    let found = web.store.calls_of_ids(&ids).await?.into_iter();
    let found: BTreeMap<CallId, CallRecord> = found.map(|call| (call.call.clone(), call)).collect();
    let rows = ids.iter().map(|id| {
        let Some(call) = found.get(id) else {
            return gone(id.as_str(), 6);
        };
        let from = match may {
            true => call.from.shown(),
            false => text::HIDDEN.to_owned(),
        };
        Row {
            link: match may {
                true => format!("/calls/{}", escape(id.as_str())),
                false => String::new(),
            },
            cells: vec![
                web.settings.dates.minute(call.arrived_at),
                call.line.to_string(),
                from,
                text::outcome(call),
                text::duration(call.wait()),
                text::duration(call.talk()),
            ],
        }
    });
    let columns = &["着信日時", "回線", "発信者", "結果", "待ち時間", "通話時間"];
    Ok((columns, rows.collect()))
}

pub(super) async fn tickets(
    web: &Web,
    visitor: &Visitor,
    ids: &[String],
) -> Result<Listed, WebError> {
    let may = visitor.permissions.contains(Permission::HandleTickets);
    let ids: Vec<_> = ids.iter().map(TicketId::new).collect();
    let found = web.store.ticket_rows(&ids).await?.into_iter();
    let found: BTreeMap<TicketId, TicketRow> =
        found.map(|ticket| (ticket.id.clone(), ticket)).collect();
    let rows = ids.iter().map(|id| {
        let Some(ticket) = found.get(id) else {
            return gone(id.as_str(), 5);
        };
        let question = match may {
            true => shortened(&ticket.question),
            false => text::HIDDEN.to_owned(),
        };
        Row {
            link: match may {
                true => format!("/tickets/{}", ticket.number),
                false => String::new(),
            },
            cells: vec![
                ticket.number.to_string(),
                web.settings.dates.minute(ticket.received_at),
                ticket.status.label().to_owned(),
                ticket.system.label().to_owned(),
                question,
            ],
        }
    });
    let columns = &["受付番号", "受付日時", "今の状態", "システム", "質問"];
    Ok((columns, rows.collect()))
}

pub(super) async fn facts(
    web: &Web,
    visitor: &Visitor,
    ids: &[String],
) -> Result<Listed, WebError> {
    let may = may_write(visitor);
    let mut rows = Vec::new();
    for id in ids {
        let kept = web.store.lookup_month_entry::<LevelFact>(id).await?;
        let Some(kept) = kept else {
            rows.push(gone(id, 4));
            continue;
        };
        let (fact, month) = (&kept.entry, Month::at(kept.entry.at));
        rows.push(Row {
            link: match may {
                true => format!("{}/facts/{}", month_path(month), escape(id)),
                false => String::new(),
            },
            cells: vec![
                web.settings.dates.minute(fact.at),
                fact.system.label().to_owned(),
                shortened(&fact.what),
                fact.proof.clone(),
            ],
        });
    }
    Ok((&["日時", "システム", "内容", "根拠資料"], rows))
}

/// Articles as they are called now; editors are led to the article, others to what readers see of it.
pub(super) async fn articles(
    web: &Web,
    visitor: &Visitor,
    ids: &[String],
) -> Result<Listed, WebError> {
    let may_edit = visitor.permissions.contains(Permission::EditArticles);
    let may_read = visitor.permissions.contains(Permission::ReadKnowledge);
    let now = web.desk.now();
    let mut rows = Vec::new();
    for id in ids {
        let Some(article) = web.store.lookup_article(&ArticleId::new(id)).await? else {
            rows.push(gone(id, 3));
            continue;
        };
        let is_shown = article.published(now).is_some();
        let link = match (may_edit, may_read && is_shown) {
            (true, _) => format!("/articles/{}", escape(id)),
            (_, true) => format!("/knowledge/{}", escape(id)),
            _ => String::new(),
        };
        let state = if is_shown {
            "掲載中"
        } else {
            "掲載していない"
        };
        rows.push(Row {
            link,
            cells: vec![
                article
                    .number
                    .map_or(id.clone(), |number| number.to_string()),
                question(&article, may_edit || (may_read && is_shown)),
                state.to_owned(),
            ],
        });
    }
    Ok((&["FAQ番号", "質問", "今の状態"], rows))
}

fn question(article: &Article, may: bool) -> String {
    match (may, article.newest()) {
        (false, _) => text::HIDDEN.to_owned(),
        (true, newest) => {
            newest.map_or_else(String::new, |version| shortened(&version.content.question))
        }
    }
}

/// Something that the figure counts and that is not there any more, or was withdrawn.
fn gone(id: &str, columns: usize) -> Row {
    let mut cells = vec![format!("{id}(今は記録がありません)")];
    cells.resize(columns, String::new());
    Row {
        link: String::new(),
        cells,
    }
}
