//! One's own API tokens: shown once, kept as hashes.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::{Permission, Permissions, UseAccount};
use madoguchi_core::audit::Action;
use madoguchi_core::time::Millis;
use madoguchi_store::{ApiToken, NewToken};

use crate::auth::access::{Allowed, Proven};
use crate::auth::visitor::Visitor;
use crate::auth::{credentials, token};
use crate::error::WebError;
use crate::one_time;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

const PLACE: &str = "/account/tokens";
const NAME_LETTERS: usize = 60;
/// How long a token may last, in days.
const LIFETIMES: [u32; 4] = [30, 90, 180, 365];
const DAY: i64 = 86_400;

#[derive(Template)]
#[template(path = "account_tokens.html")]
struct TokensPage {
    shell: Shell,
    tokens: Vec<TokenRow>,
    scopes: Vec<(&'static str, &'static str)>,
    lifetimes: [u32; 4],
    /// A token can be made without another proof.
    proven: bool,
    /// The new token, until it is noted.
    fresh: Option<String>,
    error: Option<String>,
}

struct TokenRow {
    id: String,
    name: String,
    scopes: String,
    created: String,
    ends_with_password: bool,
    expires: String,
    used: String,
    state: &'static str,
    in_force: bool,
}

pub(crate) async fn page(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let fresh = one_time::shown(&web, &visitor, &headers, PLACE);
    show(&web, &visitor, &query.done, fresh, None).await
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    done: &str,
    fresh: Option<String>,
    error: Option<String>,
) -> Result<Response, WebError> {
    let tokens = web.store.list_tokens(&visitor.user.id).await?;
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = TokensPage {
        shell: Shell::new(web, Some(visitor), "/account").done(web, done),
        tokens: tokens.iter().map(|token| row(web, token)).collect(),
        scopes: grantable(visitor)
            .map(|scope| (scope.as_str(), scope.label()))
            .collect(),
        lifetimes: LIFETIMES,
        proven: visitor.is_proven(),
        fresh,
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// What a token of this visitor may be given. A program has no account to manage.
fn grantable(visitor: &Visitor) -> impl Iterator<Item = Permission> {
    let permissions = visitor.permissions;
    permissions
        .iter()
        .filter(|permission| *permission != Permission::UseAccount)
}

fn row(web: &Web, token: &ApiToken) -> TokenRow {
    let dates = web.settings.dates;
    let expired = token.expires_at <= web.desk.now();
    let scopes: Vec<_> = token.scopes.iter().map(Permission::label).collect();
    TokenRow {
        id: token.id.clone(),
        name: token.name.clone(),
        scopes: scopes.join("、"),
        created: dates.date(token.created_at.date()),
        ends_with_password: token.ends_with_password,
        expires: dates.minute(token.expires_at),
        used: token
            .last_used_at
            .map_or_else(|| "未使用".to_owned(), |at| dates.minute(at)),
        state: match (token.revoked_at, expired) {
            (Some(_), _) => "失効",
            (None, true) => "期限切れ",
            (None, false) => "有効",
        },
        in_force: token.revoked_at.is_none() && !expired,
    }
}

/// The form: a name, a lifetime, and a field for each scope, which comes as `scope=…`.
#[derive(Debug, Default)]
pub(crate) struct TokenForm {
    name: String,
    days: i64,
    scopes: Permissions,
    ends_with_password: bool,
}

impl TokenForm {
    fn read(pairs: &[(String, String)], visitor: &Visitor) -> Result<Self, String> {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => form.name = value.trim().to_owned(),
                "ends_with_password" => form.ends_with_password = value == "yes",
                "days" => form.days = value.parse().unwrap_or(0),
                "scope" => {
                    let scope = grantable(visitor).find(|scope| scope.as_str() == value);
                    let scope = scope.ok_or("選べない権限が指定されています。")?;
                    form.scopes = form.scopes.with(scope);
                }
                _ => {}
            }
        }
        if form.name.is_empty() || form.name.chars().count() > NAME_LETTERS {
            return Err(format!("名前を{NAME_LETTERS}文字以内で入力してください。"));
        }
        if !LIFETIMES.iter().any(|days| i64::from(*days) == form.days) {
            return Err("有効期間を選んでください。".to_owned());
        }
        if form.scopes == Permissions::NONE {
            return Err("権限を1つ以上選んでください。".to_owned());
        }
        Ok(form)
    }
}

pub(crate) async fn submit(
    visitor: Proven<UseAccount>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let form = match TokenForm::read(&pairs, &visitor) {
        Ok(form) => form,
        Err(why) => return show(&web, &visitor, "", None, Some(why)).await,
    };
    let now = web.desk.now();
    let secret = token::new_api_token();
    let new = NewToken {
        token_hash: token::hash(&secret),
        user: visitor.user.id.clone(),
        token: ApiToken {
            id: token::new_id(),
            name: form.name,
            scopes: form.scopes,
            created_at: now,
            expires_at: now + Millis::from_secs(form.days * DAY),
            last_used_at: None,
            revoked_at: None,
            ends_with_password: form.ends_with_password,
        },
    };
    let mut entry = visitor.entry(now, Action::TokenCreate, &new.token.id);
    let scopes: Vec<_> = new.token.scopes.iter().map(Permission::as_str).collect();
    entry.after.insert("name".into(), new.token.name.clone());
    entry.after.insert("scopes".into(), scopes.join(","));
    let ends = new.token.ends_with_password.to_string();
    entry.after.insert("ends_with_password".into(), ends);
    entry
        .after
        .insert("expires_at".into(), new.token.expires_at.to_rfc3339());
    let mut tx = web.store.begin(entry).await?;
    tx.add_token(&new).await?;
    tx.commit().await?;
    match one_time::lead_to(&web, &visitor, (PLACE, "issued"), &secret)? {
        Some(led) => Ok(led),
        None => show(&web, &visitor, "", Some(secret), None).await,
    }
}

pub(crate) async fn revoke(
    visitor: Allowed<UseAccount>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Redirect, WebError> {
    let entry = visitor.entry(web.desk.now(), Action::TokenRevoke, &id);
    if !credentials::revoke_token(&web, &id, &visitor.user.id, entry).await? {
        return Err(WebError::NotFound("このトークン"));
    }
    Ok(Redirect::to("/account/tokens?done=revoked"))
}
