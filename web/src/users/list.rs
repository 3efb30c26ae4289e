//! The list of accounts.

use madoguchi_core::access::{ManageUsers, Role};
use madoguchi_core::account::User;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::{Page, Start, StoreError, UserFilter, UserOrder};

use super::summary::state;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::table::{Column, DOWN, Info, Links, Listing, Order, UP, Value};
use crate::kit::table_filter::{Filter, FilterValues};
use crate::query::escape;
use crate::state::Web;
use crate::text::NOTHING;

const STATES: [(&str, &str); 3] = [
    ("active", "利用中"),
    ("unused", "長期間未使用"),
    ("disabled", "停止中"),
];

pub(super) struct UserList;

type UserColumn = Column<UserList>;

/// After how long an account counts as unused, and now.
pub(super) struct Use {
    unused_after: Millis,
    now: Instant,
}

impl Listing for UserList {
    type Permit = ManageUsers;
    type Row = User;
    type Filter = UserFilter;
    type Order = UserOrder;
    type Context = Use;

    const INFO: Info = Info {
        page: "/admin/users",
        file: "/admin/users/download",
        name: "users",
        title: "利用者",
        unit: "人",
        counted: true,
        empty: "この条件の利用者はいません。条件を変えてください。",
        rows: 50,
    };
    const COLUMNS: &'static [Column<Self>] =
        &[
            UserColumn::new("login", "ログイン名", 18, |user, _| {
                Value::text(&user.login)
            })
            .link(|user| format!("/admin/users/{}", escape(user.id.as_str())))
            .orders(&[Order("", UP, UserOrder::Login)]),
            UserColumn::new("name", "氏名", 18, |user, _| Value::text(&user.name))
                .orders(&[Order("name", UP, UserOrder::Name)]),
            UserColumn::new("roles", "役割", 28, |user, _| {
                let roles: Vec<_> = user.roles.iter().map(|role| role.label()).collect();
                Value::Text(roles.join("、"))
            })
            .class("long"),
            UserColumn::new("state", "状態", 10, |user, _| Value::text(state(user))),
            UserColumn::new("last_used_at", "最終利用", 20, |user, _| {
                user.last_used_at
                    .map_or(Value::Nothing("未使用"), Value::Minute)
            })
            .orders(&[
                Order("used", DOWN, UserOrder::LastUsed),
                Order("unused", UP, UserOrder::LongestUnused),
            ]),
            UserColumn::new("unused", "棚卸の注意", 14, |user, context| {
                let unused = user.is_unused(context.unused_after, context.now);
                if unused && user.disabled_at.is_none() {
                    Value::Mark("", "長期間未使用".to_owned())
                } else {
                    Value::Nothing("")
                }
            }),
            UserColumn::new("second_factor", "2段階認証", 12, |user, _| {
                if user.second_factor {
                    Value::text("設定済み")
                } else {
                    Value::Nothing(NOTHING)
                }
            }),
        ];

    fn filters(_: &Web, _: &FilterValues) -> Vec<Filter> {
        let roles = Role::ALL.map(|role| (role.as_str(), role.label()));
        vec![
            Filter::text("text", "氏名・ログイン名"),
            Filter::choice("role", "役割", roles),
            Filter::choice("state", "状態", STATES),
        ]
    }

    fn filter(web: &Web, asked: &FilterValues, order: UserOrder) -> Result<UserFilter, WebError> {
        let state = asked.get("state");
        Ok(UserFilter {
            text: asked.get("text").to_owned(),
            role: Role::lookup(asked.get("role")),
            disabled: (!state.is_empty()).then_some(state == "disabled"),
            unused_since: (state == "unused").then_some(web.desk.now() - web.settings.unused_after),
            order,
            ..UserFilter::default()
        })
    }

    fn context(web: &Web) -> Use {
        Use {
            unused_after: web.settings.unused_after,
            now: web.desk.now(),
        }
    }

    async fn page(
        web: &Web,
        filter: &UserFilter,
        start: Start,
        limit: u32,
    ) -> Result<Page<User>, StoreError> {
        let filter = UserFilter {
            start,
            limit,
            ..filter.clone()
        };
        web.store.page_users(&filter).await
    }

    async fn count(web: &Web, filter: &UserFilter, at_most: u32) -> Result<u64, StoreError> {
        web.store.count_users(filter, at_most).await
    }

    async fn page_and_count(
        web: &Web,
        filter: &UserFilter,
        start: Start,
        limit: u32,
    ) -> Result<(Page<User>, u64), StoreError> {
        let at_most = Self::counted_at_most(filter);
        let filter = UserFilter {
            start,
            limit,
            ..filter.clone()
        };
        web.store.page_and_count_users(&filter, at_most).await
    }

    async fn links(_: &Web, _: &Visitor) -> Result<Links, WebError> {
        Ok(Links {
            buttons: vec![
                ("利用者を登録する", "/admin/users/new"),
                ("アカウント棚卸", "/admin/users/inventory"),
            ],
            others: Vec::new(),
        })
    }
}
