//! 監査記録: the list of its records, and how they are told.

use chrono::Days;
use madoguchi_core::access::{Permission, ReadAudit, Role};
use madoguchi_core::audit::{Action, Fields};
use madoguchi_store::{
    AuditFilter, AuditOrder, AuditRecord, Cursor, CursorValue, Page, Start, StoreError,
};

use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::kit::field::FieldInfo;
use crate::kit::table::{Column, DOWN, Info, Listing, Order, UP, Value};
use crate::kit::table_file::download;
use crate::kit::table_filter::{Filter, FilterValues};
use crate::kit::table_routes;
use crate::menu::MenuEntry;
use crate::query::Period;
use crate::state::Web;
use crate::text::DateStyle;

/// How many days are shown when no period is asked for.
const DAYS_SHOWN: u64 = 30;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new("監査記録", "/audit", Permission::ReadAudit)])
    .views(&["/audit"]);

fn routes() -> Routes {
    table_routes::<AuditList>().file("/audit.xlsx", download::<AuditList>)
}

struct AuditList;

type AuditColumn = Column<AuditList>;

impl Listing for AuditList {
    type Permit = ReadAudit;
    type Row = AuditRecord;
    type Filter = AuditFilter;
    type Order = AuditOrder;
    type Context = Words;

    const INFO: Info = Info {
        page: "/audit",
        file: "/audit/download",
        name: "audit",
        title: "監査記録",
        unit: "件",
        // There are millions.
        counted: false,
        empty: "この条件の記録はありません。期間や条件を変えてください。",
        rows: 100,
    };
    const COLUMNS: &'static [Column<Self>] = &[
        AuditColumn::new("seq", "番号", 10, |record, _| Value::Number(record.seq)).class("number"),
        AuditColumn::new("at", "日時", 20, |record, _| {
            Value::Second(record.entry.at)
        })
        .class("time")
        .orders(&[
            Order("", DOWN, AuditOrder::Newest),
            Order("oldest", UP, AuditOrder::Oldest),
        ]),
        AuditColumn::new("actor", "操作した人", 18, |record, _| {
            Value::text(record.entry.actor.name())
        }),
        AuditColumn::new("address", "接続元", 18, |record, _| {
            Value::text(&record.entry.address)
        }),
        AuditColumn::new("action", "操作", 24, |record, _| {
            Value::text(record.entry.action.label())
        }),
        AuditColumn::new("object", "対象", 28, |record, _| {
            Value::text(&record.entry.object)
        })
        .class("object"),
        AuditColumn::new("before", "変更前", 40, |record, words| {
            Value::Fields(words.in_words_of(record.entry.action, &record.entry.before))
        })
        .class("long"),
        AuditColumn::new("after", "変更後・内容", 40, |record, words| {
            Value::Fields(words.in_words_of(record.entry.action, &record.entry.after))
        })
        .class("long"),
    ];
    const EXPORTED: Action = Action::AuditExport;

    fn filters(web: &Web, asked: &FilterValues) -> Vec<Filter> {
        let actions = Action::ALL.iter();
        let actions = actions.map(|action| (action.as_str(), action.label()));
        let [from, to] = Filter::period(&period(web, asked));
        vec![
            from,
            to,
            Filter {
                example: "ログイン名",
                ..Filter::text("actor", "操作した人")
            },
            Filter::choice("action", "操作", actions),
            Filter::text("object", "対象"),
        ]
    }

    fn filter(web: &Web, asked: &FilterValues, order: AuditOrder) -> Result<AuditFilter, WebError> {
        let period = period(web, asked)?;
        Ok(AuditFilter {
            from: Some(period.start()),
            until: Some(period.end()),
            actor: asked.some("actor"),
            action: Action::lookup(asked.get("action")),
            object: asked.some("object"),
            order,
            ..AuditFilter::default()
        })
    }

    fn context(web: &Web) -> Words {
        Words::of(web)
    }

    async fn page(
        web: &Web,
        filter: &AuditFilter,
        start: Start,
        limit: u32,
    ) -> Result<Page<AuditRecord>, StoreError> {
        let filter = AuditFilter {
            start,
            limit,
            ..filter.clone()
        };
        web.store.page_audit(&filter).await
    }

    async fn count(web: &Web, filter: &AuditFilter, at_most: u32) -> Result<u64, StoreError> {
        web.store.count_audit(filter, at_most).await
    }

    fn recorded(web: &Web, asked: &FilterValues) -> Result<Fields, WebError> {
        let period = period(web, asked)?;
        Ok(asked.fields(&period))
    }

    fn former_start(asked: &FilterValues) -> Result<Option<Start>, StoreError> {
        let Some(older) = asked.some("older") else {
            return Ok(None);
        };
        let values = older.split('-').map(|value| value.parse().ok());
        let values: Option<Vec<_>> = values.map(|value| value.map(CursorValue::Number)).collect();
        let cursor = Cursor::new(values.ok_or(StoreError::Cursor)?);
        Ok(Some(Start::After(cursor)))
    }
}

fn period(web: &Web, asked: &FilterValues) -> Result<Period, WebError> {
    let today = web.desk.now().date();
    let first = today
        .checked_sub_days(Days::new(DAYS_SHOWN))
        .unwrap_or(today);
    let from = asked.some("from").unwrap_or_else(|| first.to_string());
    Period::read(&from, asked.get("to"), today)
}

/// Names of fields in the records, and on screens.
const FIELDS: &[(&str, &str)] = &[
    ("action", "操作"),
    ("actor", "操作した人"),
    ("agent", "担当者"),
    ("asked", "相談の相手への引継ぎ"),
    ("before", "これより前"),
    ("body", "内容"),
    ("category", "分類"),
    ("channel", "受付方法"),
    ("command", "操作"),
    ("consult", "相談"),
    ("days", "日数"),
    ("disabled", "停止"),
    ("division", "業務区分"),
    ("due", "一次回答"),
    ("expires_at", "期限"),
    ("faults", "誤りのある行"),
    ("file", "ファイル"),
    ("found", "見つかったもの"),
    ("from", "掲載を始める日時"),
    ("grades", "採点"),
    ("hash", "ハッシュ"),
    ("hour", "時間帯"),
    ("into", "統合先・分割先"),
    ("kind", "区分"),
    ("join", "三者通話"),
    ("left", "退職にした人数"),
    ("line", "回線"),
    ("login", "ログイン名"),
    ("mark", "印"),
    ("name", "名前"),
    ("number", "電話番号"),
    ("object", "対象"),
    ("oidc_subject", "認証基盤の識別子"),
    ("overdue", "見直し"),
    ("numbers", "受付番号"),
    ("owner", "担当"),
    ("page", "ページ"),
    ("park", "預けること"),
    ("period", "期間"),
    ("person", "職員番号"),
    ("readers", "公開範囲"),
    ("reason", "理由"),
    ("records", "件数"),
    ("refused", "できなかった理由"),
    ("ringing", "呼び出していた担当者"),
    ("role", "役割"),
    ("roles", "役割"),
    ("rule", "扱い"),
    ("scopes", "権限"),
    ("second_factor", "2段階認証"),
    ("site", "拠点"),
    ("stage", "状態"),
    ("sound", "音声"),
    ("state", "状態"),
    ("system", "システム"),
    ("text", "検索の言葉"),
    ("ticket", "問合せ"),
    ("title", "題"),
    ("until", "掲載を終える日時"),
    ("waits", "待っている相手"),
    ("up_to", "この番号まで"),
    ("users", "人数"),
    ("what", "内容"),
    ("why", "原因"),
    ("word", "検索の言葉"),
    ("words", "検索の言葉"),
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
