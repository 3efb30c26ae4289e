//! アカウント棚卸 (要件定義書 5.6.13): all accounts with roles and last use, unused ones marked, as
//! a page and as workbooks.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, Response};
use madoguchi_core::access::{ManageUsers, Role};
use madoguchi_core::account::User;
use madoguchi_core::audit::Action;
use madoguchi_core::time::Instant;
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use madoguchi_store::UserFilter;
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::download::workbook_file;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

#[derive(Template)]
#[template(path = "users_inventory.html")]
struct InventoryPage {
    shell: Shell,
    date: String,
    days: i64,
    facts: Vec<(&'static str, String, String)>,
}

pub(crate) async fn page(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.now();
    let unused_after = web.settings.unused_after;
    let days = unused_after.0 / 86_400_000;
    let count = async |filter: UserFilter| -> Result<String, WebError> {
        let count = web.store.count_users(&filter, u32::MAX).await?;
        Ok(text::number(count))
    };
    let active = UserFilter {
        disabled: Some(false),
        ..UserFilter::default()
    };
    let mut facts = vec![
        (
            "すべて",
            count(UserFilter::default()).await?,
            "/admin/users".to_owned(),
        ),
        (
            "利用中",
            count(active.clone()).await?,
            "/admin/users?state=active".to_owned(),
        ),
        (
            "長期間未使用",
            count(UserFilter {
                unused_since: Some(now - unused_after),
                ..active.clone()
            })
            .await?,
            "/admin/users?state=unused".to_owned(),
        ),
        (
            "停止中",
            count(UserFilter {
                disabled: Some(true),
                ..UserFilter::default()
            })
            .await?,
            "/admin/users?state=disabled".to_owned(),
        ),
    ];
    for role in Role::ALL {
        let filter = UserFilter {
            role: Some(role),
            ..active.clone()
        };
        let link = format!("/admin/users?state=active&role={}", role.as_str());
        facts.push((role.label(), count(filter).await?, link));
    }
    let page = InventoryPage {
        shell: Shell::new(&web, Some(&visitor), "/admin/users"),
        date: web.settings.dates.date(now.date()),
        days,
        facts,
    };
    Ok(Html(page.render()?))
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct ExportQuery {
    form: String,
}

pub(crate) async fn export(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, WebError> {
    let (form, name) = if query.form == "data" {
        (Form::Data, "accounts-data.xlsx")
    } else {
        (Form::Print, "accounts.xlsx")
    };
    let now = web.desk.now();
    let all = UserFilter {
        limit: u32::MAX >> 1,
        ..UserFilter::default()
    };
    let users = web.store.page_users(&all).await?.rows;
    let mut entry = visitor.entry(now, Action::UserExport, "");
    entry.after.insert("users".into(), users.len().to_string());
    entry.after.insert("file".into(), name.to_owned());
    web.store.append_audit(&[entry]).await?;
    let table = table(&web, &users, now);
    let file = tokio::task::spawn_blocking(move || workbook(&table, form)).await;
    let file = file
        .ok()
        .and_then(Result::ok)
        .ok_or(WebError::Internal("a workbook could not be made"))?;
    Ok(workbook_file(name, file))
}

fn table(web: &Web, users: &[User], now: Instant) -> Table {
    let column = |name: &'static str, width| Column {
        name: name.into(),
        width,
    };
    let rows = users.iter().enumerate().map(|(at, user)| {
        let roles: Vec<_> = user.roles.iter().map(|role| role.label()).collect();
        let unused = user.disabled_at.is_none() && user.is_unused(web.settings.unused_after, now);
        let yes = |yes: bool, text: &str| Cell::from(if yes { text } else { "" });
        // A number of rows is far below what a float holds exactly.
        vec![
            Cell::Number((at + 1) as f64),
            user.login.as_str().into(),
            user.name.as_str().into(),
            roles.join("、").as_str().into(),
            super::summary::state(user).into(),
            yes(unused, "長期間未使用"),
            yes(user.second_factor, "設定済み"),
            Cell::Instant(user.created_at),
            user.last_used_at.into(),
            user.password_changed_at.into(),
            user.disabled_at.into(),
        ]
    });
    Table {
        title: "アカウント棚卸結果".to_owned(),
        sheet: "アカウント棚卸".to_owned(),
        made_at: now,
        columns: vec![
            column("項番", 6),
            column("ログイン名", 18),
            column("氏名", 18),
            column("役割", 28),
            column("状態", 10),
            column("棚卸の注意", 14),
            column("2段階認証", 12),
            column("登録日時", 20),
            column("最終利用日時", 20),
            column("パスワード設定日時", 20),
            column("停止日時", 20),
        ],
        rows: rows.collect(),
    }
}
