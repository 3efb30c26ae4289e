//! 監査記録: filtered, page by page, and as a workbook.

use askama::Template;
use axum::extract::{Query, RawQuery, State};
use axum::response::{Html, Response};
use chrono::Days;
use madoguchi_core::access::{Permission, ReadAudit, Role};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::time::Instant;
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use madoguchi_store::{AuditFilter, AuditRecord};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::download::workbook_file;
use crate::error::WebError;
use crate::feature::Feature;
use crate::kit::field::FieldInfo;
use crate::menu::MenuEntry;
use crate::query::{Choice, Period, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};
use crate::views::Views;

const PAGE_SIZE: u32 = 100;
/// Records read at once for a workbook.
const EXPORT_CHUNK: u32 = 5_000;
/// Records in one workbook; a longer period has to be divided, which the page says.
const EXPORT_AT_MOST: usize = 200_000;
/// How many days are shown when no period is asked for.
const DAYS_SHOWN: u64 = 30;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new("監査記録", "/audit", Permission::ReadAudit)])
    .views(&["/audit"]);

fn routes() -> Routes {
    Routes::new().get("/audit", page).get("/audit.xlsx", export)
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    views: Views,
    from: String,
    to: String,
    actor: String,
    object: String,
    actions: Vec<Choice>,
    rows: Vec<AuditRow>,
    older: Option<String>,
    export: String,
}

struct AuditRow {
    seq: i64,
    time: String,
    actor: String,
    address: String,
    action: &'static str,
    object: String,
    before: Vec<(String, String)>,
    after: Vec<(String, String)>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(crate) struct AuditQuery {
    from: String,
    to: String,
    actor: String,
    action: String,
    object: String,
    /// The last record of the page before, as `instant-number`.
    older: String,
}

impl AuditQuery {
    fn period(&self, web: &Web) -> Result<Period, WebError> {
        let today = web.desk.now().date();
        let first = today
            .checked_sub_days(Days::new(DAYS_SHOWN))
            .unwrap_or(today);
        let from = if self.from.is_empty() {
            first.to_string()
        } else {
            self.from.clone()
        };
        Period::read(&from, &self.to, today)
    }

    fn filter(&self, period: &Period) -> Result<AuditFilter, WebError> {
        let named = |text: &str| {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let older_than = match self.older.split_once('-') {
            None => None,
            Some((at, seq)) => {
                let read = at.parse().ok().zip(seq.parse().ok());
                let wrong = || WebError::BadRequest("ページの指定を確認してください。".to_owned());
                let (at, seq) = read.ok_or_else(wrong)?;
                Some((Instant(at), seq))
            }
        };
        Ok(AuditFilter {
            from: Some(period.start()),
            until: Some(period.end()),
            actor: named(&self.actor),
            action: Action::lookup(&self.action),
            object: named(&self.object),
            older_than,
            limit: PAGE_SIZE + 1,
        })
    }

    fn link(&self, path: &str, older: &str) -> String {
        format!(
            "{path}?from={}&to={}&actor={}&action={}&object={}&older={older}",
            escape(&self.from),
            escape(&self.to),
            escape(&self.actor),
            escape(&self.action),
            escape(&self.object),
        )
    }
}

async fn page(
    visitor: Allowed<ReadAudit>,
    State(web): State<Web>,
    RawQuery(asked): RawQuery,
    Query(query): Query<AuditQuery>,
) -> Result<Html<String>, WebError> {
    let period = query.period(&web)?;
    let mut records = web.store.list_audit(&query.filter(&period)?).await?;
    let more = records.len() > PAGE_SIZE as usize;
    records.truncate(PAGE_SIZE as usize);
    let last = records.last().filter(|_| more);
    let words = Words::of(&web);
    let actions = Action::ALL
        .iter()
        .map(|action| (action.as_str(), action.label()));
    let view = AuditPage {
        shell: Shell::new(&web, Some(&visitor), "/audit"),
        views: Views::of(&web, &visitor, "/audit", asked.as_deref()).await?,
        from: period.from.to_string(),
        to: period.to.to_string(),
        actor: query.actor.clone(),
        object: query.object.clone(),
        actions: Choice::list(
            std::iter::once(("", "すべて")).chain(actions),
            &query.action,
        ),
        older: last.map(|last| {
            let older = format!("{}-{}", last.entry.at.0, last.seq);
            query.link("/audit", &older)
        }),
        export: query.link("/audit.xlsx", ""),
        rows: records
            .into_iter()
            .map(|record| row(record, &words))
            .collect(),
    };
    Ok(Html(view.render()?))
}

fn row(record: AuditRecord, words: &Words) -> AuditRow {
    let entry = record.entry;
    AuditRow {
        seq: record.seq,
        time: format!("{} {}", entry.at.date(), text::time_with_seconds(entry.at)),
        actor: entry.actor.name().to_owned(),
        address: entry.address,
        action: entry.action.label(),
        object: entry.object,
        before: words.in_words_of(entry.action, &entry.before),
        after: words.in_words_of(entry.action, &entry.after),
    }
}

/// Names of fields in the records, and on screens.
const FIELDS: [(&str, &str); 33] = [
    ("agent", "担当者"),
    ("before", "これより前"),
    ("body", "内容"),
    ("command", "操作"),
    ("days", "日数"),
    ("disabled", "停止"),
    ("expires_at", "期限"),
    ("file", "ファイル"),
    ("from", "掲載を始める日時"),
    ("hash", "ハッシュ"),
    ("hour", "時間帯"),
    ("kind", "区分"),
    ("line", "回線"),
    ("login", "ログイン名"),
    ("name", "名前"),
    ("number", "電話番号"),
    ("oidc_subject", "認証基盤の識別子"),
    ("page", "ページ"),
    ("period", "期間"),
    ("readers", "公開範囲"),
    ("reason", "理由"),
    ("records", "件数"),
    ("roles", "役割"),
    ("rule", "扱い"),
    ("scopes", "権限"),
    ("second_factor", "2段階認証"),
    ("sound", "音声"),
    ("state", "状態"),
    ("title", "題"),
    ("until", "掲載を終える日時"),
    ("up_to", "この番号まで"),
    ("users", "人数"),
    ("why", "原因"),
];

/// How the fields of records are called, by what was done.
struct Words(Vec<(Action, Vec<FieldInfo>)>);

impl Words {
    fn of(web: &Web) -> Self {
        let tables = web.features.audit.iter();
        Self(tables.map(|fields| fields(web)).collect())
    }

    /// Fields with names and values in the reader's words.
    fn in_words_of(&self, action: Action, fields: &Fields) -> Vec<(String, String)> {
        let known = self.0.iter().find(|(known, _)| *known == action);
        let known = known.map_or(&[][..], |(_, known)| known);
        let told = fields.iter().map(|(name, value)| {
            match known.iter().find(|known| known.name == *name) {
                Some(known) => (known.shown_name().into_owned(), known.in_words(value)),
                None => (label(name), in_words(name, value)),
            }
        });
        told.collect()
    }
}

fn label(name: &str) -> String {
    let found = FIELDS.iter().find(|(known, _)| *known == name);
    found.map_or(name, |(_, label)| label).to_owned()
}

/// A value with roles and permissions in the reader's words.
fn in_words(name: &str, value: &str) -> String {
    if name == "period" {
        return period_in_words(value);
    }
    let word = |code: &str| match name {
        "roles" => Role::lookup(code).map(Role::label),
        "scopes" => Permission::lookup(code).map(Permission::label),
        _ => None,
    };
    let words: Vec<_> = value
        .split(',')
        .map(|code| word(code).unwrap_or(code))
        .collect();
    words.join(if matches!(name, "roles" | "scopes") {
        "、"
    } else {
        ","
    })
}

/// 2026年11月1日から2026年11月30日まで. What is no period stays as it is.
fn period_in_words(period: &str) -> String {
    let date = |text: &str| -> Option<String> { Some(DateStyle::Western.date(text.parse().ok()?)) };
    let month = || {
        let first = format!("{period}-01").parse().ok()?;
        Some(DateStyle::Western.month(first))
    };
    let words = match period.split_once('/') {
        Some((from, to)) if from == to => date(from),
        Some((from, to)) => date(from)
            .zip(date(to))
            .map(|(from, to)| format!("{from}から{to}まで")),
        None => month(),
    };
    words.unwrap_or_else(|| period.to_owned())
}

async fn export(
    visitor: Allowed<ReadAudit>,
    State(web): State<Web>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, WebError> {
    let period = query.period(&web)?;
    let mut filter = query.filter(&period)?;
    filter.limit = EXPORT_CHUNK;
    let mut records = Vec::new();
    loop {
        let chunk = web.store.list_audit(&filter).await?;
        let Some(last) = chunk.last() else { break };
        filter.older_than = Some((last.entry.at, last.seq));
        records.extend(chunk);
        if records.len() > EXPORT_AT_MOST {
            let message = format!(
                "一度に出力できるのは{}件までです。期間を短くして、分けて出力してください。",
                text::number(EXPORT_AT_MOST as u64)
            );
            return Err(WebError::BadRequest(message));
        }
    }
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::AuditExport, "");
    entry
        .after
        .insert("period".into(), format!("{}/{}", period.from, period.to));
    entry
        .after
        .insert("records".into(), records.len().to_string());
    web.store.append_audit(&[entry]).await?;
    let table = table(&records, now, &Words::of(&web));
    let file = tokio::task::spawn_blocking(move || workbook(&table, Form::Data)).await;
    let file = file
        .ok()
        .and_then(Result::ok)
        .ok_or(WebError::Internal("a workbook could not be made"))?;
    Ok(workbook_file("audit.xlsx", file))
}

fn table(records: &[AuditRecord], now: Instant, words: &Words) -> Table {
    let column = |name: &'static str, width| Column {
        name: name.into(),
        width,
    };
    let list = |action, fields: &Fields| -> Cell {
        let pairs: Vec<_> = words
            .in_words_of(action, fields)
            .into_iter()
            .map(|(name, value)| format!("{name}：{value}"))
            .collect();
        pairs.join("\n").as_str().into()
    };
    let rows = records.iter().map(|record| {
        let entry = &record.entry;
        vec![
            Cell::Number(record.seq as f64),
            Cell::Instant(entry.at),
            entry.actor.name().into(),
            entry.address.as_str().into(),
            entry.action.label().into(),
            entry.object.as_str().into(),
            list(entry.action, &entry.before),
            list(entry.action, &entry.after),
        ]
    });
    Table {
        title: "監査記録".to_owned(),
        sheet: "監査記録".to_owned(),
        made_at: now,
        columns: vec![
            column("記録番号", 10),
            column("日時", 20),
            column("操作した人", 18),
            column("接続元", 18),
            column("操作", 24),
            column("対象", 28),
            column("変更前", 40),
            column("変更後・内容", 40),
        ],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_told_as_people_write_dates() {
        for (period, words) in [
            ("2026-11-28/2026-11-28", "2026年11月28日"),
            (
                "2026-11-01/2026-11-30",
                "2026年11月1日から2026年11月30日まで",
            ),
            ("2026-11", "2026年11月"),
            ("いつか", "いつか"),
        ] {
            assert_eq!(period_in_words(period), words);
        }
    }
}
