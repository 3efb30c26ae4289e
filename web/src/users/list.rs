//! The list of accounts.

use askama::Template;
use axum::extract::{Query, RawQuery, State};
use axum::response::Html;
use madoguchi_core::access::{ManageUsers, Role};
use madoguchi_core::account::User;
use madoguchi_store::{UserFilter, UserOrder};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::{Choice, Head, escape, page_number};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;
use crate::views::Views;

const PAGE_SIZE: u32 = 50;

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    shell: Shell,
    views: Views,
    heads: UserHeads,
    text: String,
    roles: Vec<Choice>,
    states: Vec<Choice>,
    total: String,
    rows: Vec<UserRow>,
    page: u32,
    pages: u32,
    before: Option<String>,
    after: Option<String>,
}

/// The columns by which the list can be put in order.
struct UserHeads {
    login: Head,
    name: Head,
    used: Head,
}

struct UserRow {
    link: String,
    login: String,
    name: String,
    roles: String,
    state: &'static str,
    used: String,
    unused: bool,
    second_factor: bool,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(crate) struct UsersQuery {
    text: String,
    role: String,
    state: String,
    sort: String,
    page: String,
    done: String,
}

const STATES: [(&str, &str); 4] = [
    ("", "すべて"),
    ("active", "利用中"),
    ("unused", "長期間未使用"),
    ("disabled", "停止中"),
];

pub(crate) async fn page(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
    RawQuery(asked): RawQuery,
    Query(query): Query<UsersQuery>,
) -> Result<Html<String>, WebError> {
    let page = page_number(&query.page)?;
    let now = web.desk.now();
    let unused = query.state == "unused";
    let filter = UserFilter {
        text: query.text.clone(),
        role: Role::lookup(&query.role),
        disabled: match query.state.as_str() {
            "active" | "unused" => Some(false),
            "disabled" => Some(true),
            _ => None,
        },
        unused_since: unused.then_some(now - web.settings.unused_after),
        order: match query.sort.as_str() {
            "name" => UserOrder::Name,
            "used" => UserOrder::LastUsed,
            "unused" => UserOrder::LongestUnused,
            _ => UserOrder::Login,
        },
        offset: (page - 1) * PAGE_SIZE,
        limit: PAGE_SIZE,
    };
    let found = web.store.list_users(&filter).await?;
    let pages = u32::try_from(found.total.div_ceil(u64::from(PAGE_SIZE)))
        .unwrap_or(u32::MAX)
        .max(1);
    let in_order = |page: u32, sort: &str| {
        format!(
            "/admin/users?page={page}&text={}&role={}&state={}&sort={}",
            escape(&query.text),
            escape(&query.role),
            escape(&query.state),
            escape(sort)
        )
    };
    let link = |page: u32| in_order(page, &query.sort);
    let head =
        |label, orders: &[_]| Head::new(label, orders, &query.sort, |sort| in_order(1, sort));
    let used = [("used", "descending"), ("unused", "ascending")];
    let roles = Role::ALL.map(|role| (role.as_str(), role.label()));
    let view = UsersPage {
        shell: Shell::new(&web, Some(&visitor), "/admin/users").done(&query.done),
        views: Views::of(&web, &visitor, "/admin/users", asked.as_deref()).await?,
        heads: UserHeads {
            login: head("ログイン名", &[("", "ascending")]),
            name: head("氏名", &[("name", "ascending")]),
            used: head("最終利用", &used),
        },
        roles: Choice::list(std::iter::once(("", "すべて")).chain(roles), &query.role),
        states: Choice::list(STATES, &query.state),
        total: text::number(found.total),
        rows: found.users.iter().map(|user| row(&web, user)).collect(),
        page,
        pages,
        before: (page > 1).then(|| link(page - 1)),
        after: (page < pages).then(|| link(page + 1)),
        text: query.text,
    };
    Ok(Html(view.render()?))
}

fn row(web: &Web, user: &User) -> UserRow {
    let roles: Vec<_> = user.roles.iter().map(|role| role.label()).collect();
    UserRow {
        link: format!("/admin/users/{}", escape(user.id.as_str())),
        login: user.login.clone(),
        name: user.name.clone(),
        roles: roles.join("、"),
        state: super::summary::state(user),
        used: user
            .last_used_at
            .map_or_else(|| "未使用".to_owned(), |at| web.settings.dates.minute(at)),
        unused: user.disabled_at.is_none()
            && user.is_unused(web.settings.unused_after, web.desk.now()),
        second_factor: user.second_factor,
    }
}
