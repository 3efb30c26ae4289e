//! One account: made, looked at, changed.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::{ManageUsers, Permission, Role};
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, changed};
use madoguchi_core::id::{AgentId, UserId};
use madoguchi_core::setup::FieldError;

use crate::account::sessions::{SessionRow, session_rows};
use crate::auth::access::{Allowed, AskedAgain};
use crate::auth::credentials::save_user;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::one_time;
use crate::query::DoneQuery;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::users::agent::{self, AgentFields, AgentForm, NewAccount, PhoneValues};
use crate::users::change::{WATCHES, last_administrator, taken};
use crate::users::form::{fault_at, put_upon, roles_fault};
use crate::users::summary::state;

#[derive(Template)]
#[template(path = "user.html")]
pub(super) struct UserPage {
    pub(super) shell: Shell,
    /// `None` for a new account.
    id: Option<String>,
    version: i64,
    login: String,
    name: String,
    subject: String,
    roles: Vec<RoleChoice>,
    agents: Vec<Choice>,
    /// The fields of an agent that is made with the account.
    new_agent: Option<AgentFields>,
    state: &'static str,
    disabled: bool,
    locked: bool,
    second_factor: bool,
    facts: Vec<(&'static str, String)>,
    /// The administrator need not prove themselves once more.
    proven: bool,
    sessions: Vec<SessionRow>,
    /// A one-time password that is not noted yet.
    pub(super) one_time: Option<String>,
    /// What is set in the phone, shown this once.
    phone: Option<PhoneValues>,
    error: Option<FieldError>,
    /// What was typed is kept on the page until the administrator has proven themselves.
    unproven: bool,
    /// The account watches over administrators.
    watches: bool,
}

impl UserPage {
    /// What stands at the head of the page.
    fn head_fault(&self) -> Option<String> {
        self.error.as_ref().map(agent::told)
    }

    /// What stands beside a field.
    fn fault(&self, field: &str) -> Option<String> {
        let error = self.error.as_ref().filter(|error| error.field == field)?;
        Some(format!("{}。", error.message))
    }
}

struct RoleChoice {
    value: &'static str,
    label: &'static str,
    allows: String,
    chosen: bool,
    /// It cannot be given on a screen.
    fixed: bool,
}

pub(crate) async fn new_page(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let agent = AgentForm::default();
    let page = view(&web, &visitor, &blank(&web), Some(&agent)).await?;
    Ok(Html(page.render()?).into_response())
}

fn blank(web: &Web) -> User {
    User {
        id: UserId::new(""),
        login: String::new(),
        name: String::new(),
        roles: BTreeSet::new(),
        agent: None,
        oidc_subject: None,
        must_change_password: true,
        password_changed_at: Some(web.desk.now()),
        second_factor: false,
        failures: 0,
        failed_at: None,
        disabled_at: None,
        created_at: web.desk.now(),
        last_used_at: None,
        version: 0,
    }
}

pub(crate) async fn page(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let user = get(&web, &id).await?;
    let mut page = view(&web, &visitor, &user, None).await?;
    page.shell = page.shell.done(&web, &query.done);
    if let Some(secrets) = one_time::shown(&web, &visitor, &headers, &path_of(&user)) {
        page.show(&web, &user, Secrets::read(&secrets));
    }
    Ok(Html(page.render()?).into_response())
}

/// The page of a user.
pub(super) fn path_of(user: &User) -> String {
    format!("/admin/users/{}", escape(user.id.as_str()))
}

/// Secrets that were just made for a user.
pub(super) struct Secrets {
    /// The one-time password.
    pub(super) password: String,
    /// The password of the phone that was made with the account.
    pub(super) phone: Option<String>,
}

impl Secrets {
    /// None of them has blanks.
    fn write(&self) -> String {
        let phone = self.phone.as_deref().unwrap_or_default();
        format!("{} {phone}", self.password)
    }

    fn read(text: &str) -> Self {
        let (password, phone) = text.split_once(' ').unwrap_or((text, ""));
        Self {
            password: password.to_owned(),
            phone: Some(phone.to_owned()).filter(|phone| !phone.is_empty()),
        }
    }
}

/// The page of a user with new secrets.
pub(super) async fn show_secrets(
    web: &Web,
    visitor: &Visitor,
    id: &UserId,
    (secrets, done): (Secrets, &str),
) -> Result<Response, WebError> {
    let user = get(web, id.as_str()).await?;
    let place = path_of(&user);
    if let Some(led) = one_time::lead_to(web, visitor, (&place, done), &secrets.write())? {
        return Ok(led);
    }
    let mut page = view(web, visitor, &user, None).await?;
    page.shell = page.shell.done(web, done);
    page.show(web, &user, secrets);
    Ok(Html(page.render()?).into_response())
}

impl UserPage {
    fn show(&mut self, web: &Web, user: &User, secrets: Secrets) {
        let setup = web.desk.setup();
        let agent = user.agent.as_ref();
        let agent = agent.and_then(|agent| setup.agent(agent.as_str()));
        self.phone = secrets
            .phone
            .zip(agent)
            .map(|(password, agent)| PhoneValues {
                extension: agent.config.extension.clone(),
                realm: setup.realm.clone(),
                password,
            });
        self.one_time = Some(secrets.password);
    }
}

/// The user of an address.
pub(super) async fn get(web: &Web, id: &str) -> Result<User, WebError> {
    let found = web.store.lookup_user(&UserId::new(id)).await?;
    found
        .map(|found| found.user)
        .ok_or(WebError::NotFound("この利用者"))
}

/// The page of a user; of a new one with what was typed of their agent.
pub(super) async fn view(
    web: &Web,
    visitor: &Visitor,
    user: &User,
    new: Option<&AgentForm>,
) -> Result<UserPage, WebError> {
    let dates = web.settings.dates;
    let sessions = web.store.list_sessions(&user.id).await?;
    let setup = web.desk.setup();
    let agents = setup.agents.iter();
    let agents = agents.map(|agent| (agent.config.id.as_str(), agent.config.name.as_str()));
    let new_agent = new.and_then(|new| new.fields(web, visitor));
    let chosen = user.agent.as_ref().map_or("", AgentId::as_str);
    let gone = setup.agent(chosen).is_none() && !chosen.is_empty();
    let gone = gone.then(|| {
        (
            chosen,
            format!("{}(削除した担当者)", setup.agent_name(chosen)),
        )
    });
    let agents = agents.chain(gone.as_ref().map(|(id, name)| (*id, name.as_str())));
    let to_make = new_agent.as_ref();
    let to_make = to_make.map(|_| (agent::NEW, "新しい担当者を登録する"));
    let agents = to_make.into_iter().chain(agents);
    let chosen = match new {
        Some(new) if new.is_new => agent::NEW,
        _ => chosen,
    };
    let facts = vec![
        ("登録", dates.minute(user.created_at)),
        (
            "最終利用",
            user.last_used_at
                .map_or_else(|| "未使用".to_owned(), |at| dates.minute(at)),
        ),
        (
            "パスワードの設定",
            user.password_changed_at
                .map_or_else(|| "なし".to_owned(), |at| dates.minute(at)),
        ),
        ("続けて失敗した回数", user.failures.to_string()),
    ];
    Ok(UserPage {
        shell: Shell::new(web, Some(visitor), "/admin/users"),
        id: new.is_none().then(|| escape(user.id.as_str())),
        version: user.version,
        login: user.login.clone(),
        name: user.name.clone(),
        subject: user.oidc_subject.clone().unwrap_or_default(),
        roles: role_choices(&user.roles),
        agents: Choice::list(std::iter::once(("", "なし")).chain(agents), chosen),
        new_agent,
        state: state(user),
        disabled: user.disabled_at.is_some(),
        locked: user.is_locked(),
        second_factor: user.second_factor,
        proven: visitor.is_proven(),
        facts,
        sessions: session_rows(web, &sessions, visitor.session()),
        one_time: None,
        phone: None,
        error: None,
        unproven: false,
        watches: user.roles.iter().any(|role| role.watches()),
    })
}

fn role_choices(chosen: &BTreeSet<Role>) -> Vec<RoleChoice> {
    Role::ALL
        .into_iter()
        .map(|role| {
            let allows: Vec<_> = role.permissions().iter().map(|one| one.label()).collect();
            RoleChoice {
                value: role.as_str(),
                label: role.label(),
                allows: if allows.is_empty() {
                    "（FAQの機能を使えるようになると、権限が加わります）".to_owned()
                } else {
                    allows.join("、")
                },
                chosen: chosen.contains(&role),
                fixed: role.watches() && !chosen.contains(&role),
            }
        })
        .collect()
}

async fn show_again(
    web: &Web,
    visitor: &Visitor,
    user: &User,
    new: Option<&AgentForm>,
    why: FieldError,
) -> Result<Response, WebError> {
    let mut page = view(web, visitor, user, new).await?;
    page.error = Some(why);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

/// The page with what was typed, for an administrator who has to prove themselves first.
async fn show_unproven(
    web: &Web,
    visitor: &Visitor,
    user: &User,
    new: Option<&AgentForm>,
) -> Result<Response, WebError> {
    let mut page = view(web, visitor, user, new).await?;
    page.unproven = true;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

/// Whether the change would let somebody else in, or let somebody do more: it takes a proof.
fn gives_access(before: &User, after: &User) -> bool {
    before.login != after.login
        || before.roles != after.roles
        || before.oidc_subject != after.oidc_subject
}

pub(crate) async fn create(
    visitor: AskedAgain<ManageUsers>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let mut user = blank(&web);
    let typed = AgentForm::of(&pairs);
    let put = put_upon(&mut user, &pairs).and_then(|()| roles_fault(&BTreeSet::new(), &user));
    let visitor = match visitor.proven() {
        Ok(proven) => proven,
        Err(unproven) => return show_unproven(&web, &unproven, &user, Some(&typed)).await,
    };
    if typed.is_new && !visitor.permissions.contains(Permission::ManageDesk) {
        return Err(WebError::NotAllowed(Permission::ManageDesk));
    }
    let read = || typed.read(&user, &web.desk.setup());
    let new_agent = typed.is_new.then(read).transpose();
    let new_agent = match put.and(new_agent) {
        Ok(new_agent) => new_agent,
        Err(why) => return show_again(&web, &visitor, &user, Some(&typed), why).await,
    };
    user.id = UserId::new(token::new_id());
    let one_time = token::readable(4);
    let hash = web.hasher.hash(&one_time).await?;
    let (mut phone, mut is_in_force) = (None, true);
    let refused = if let Some(new_agent) = new_agent {
        match agent::make(&web, &visitor, (&mut user, &hash), new_agent).await? {
            NewAccount::Saved { secret, in_force } => {
                (phone, is_in_force) = (Some(secret), in_force);
                None
            }
            NewAccount::Refused(why) => Some(why),
        }
    } else {
        let mut entry = visitor.entry(web.desk.now(), Action::UserCreate, user.id.as_str());
        entry.after = user.recorded();
        let added = async {
            let mut tx = web.store.begin(entry).await?;
            tx.add_user(&user, Some(&hash)).await?;
            tx.commit().await
        };
        added.await.err().map(taken).transpose()?
    };
    if let Some(why) = refused {
        if typed.is_new {
            user.agent = None;
        }
        return show_again(&web, &visitor, &user, Some(&typed), why).await;
    }
    let secrets = Secrets {
        password: one_time,
        phone,
    };
    let done = if is_in_force {
        "created"
    } else {
        "created-late"
    };
    show_secrets(&web, &visitor, &user.id, (secrets, done)).await
}

pub(crate) async fn save(
    visitor: Allowed<ManageUsers>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let before = get(&web, &id).await?;
    let mut user = before.clone();
    let put = put_upon(&mut user, &pairs).and_then(|()| roles_fault(&before.roles, &user));
    let mut fault = put.err();
    if fault.is_none() && !user.roles.contains(&Role::Administrator) {
        let last = last_administrator(&web, &before).await?;
        fault = last.map(|why| fault_at("role", why));
    }
    let watches = before.roles.iter().any(|role| role.watches());
    if watches && before.oidc_subject != user.oidc_subject {
        fault = fault.or_else(|| Some(fault_at("subject", WATCHES)));
    }
    if let Some(why) = fault {
        return show_again(&web, &visitor, &user, None, why).await;
    }
    if gives_access(&before, &user) && !visitor.is_proven() {
        visitor.can_be_asked()?;
        return show_unproven(&web, &visitor, &user, None).await;
    }
    let mut entry = visitor.entry(web.desk.now(), Action::UserChange, user.id.as_str());
    (entry.before, entry.after) = changed(&before.recorded(), &user.recorded());
    if let Err(error) = save_user(&web, &user, entry).await {
        let why = taken(error)?;
        return show_again(&web, &visitor, &user, None, why).await;
    }
    Ok(Redirect::to(&format!("/admin/users/{}?done=saved", escape(&id))).into_response())
}
