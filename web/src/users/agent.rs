//! The agent that is made together with an account: who takes calls of a line, and their phone.

use madoguchi_core::access::Permission;
use madoguchi_core::account::User;
use madoguchi_core::audit::Action;
use madoguchi_core::id::AgentId;
use madoguchi_core::setup::{
    AGENT, AgentConfig, DeskSetup, Duty, FieldError, Part, ScreenAgent, StoredHashes,
};
use madoguchi_store::{NewVersion, Resource, StoreError};

use super::change::taken;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::desk::SetupRefusal;
use crate::error::WebError;
use crate::kit::fields::recorded;
use crate::kit::record::{Context, Record as _};
use crate::query::Choice;
use crate::state::Web;

/// Among the agents to choose from: one that is made with the account. No agent has this id.
pub(super) const NEW: &str = "+new";
/// How long the phone's password is, in groups of five letters.
const GROUPS: usize = 4;
/// How often all is checked anew because somebody set something else in the meantime.
const TRIES: usize = 5;

/// What was typed of a new agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AgentForm {
    /// A new agent is to be made.
    pub(super) is_new: bool,
    id: String,
    extension: String,
    line: String,
}

/// The fields of a new agent.
pub(super) struct AgentFields {
    pub(super) id: String,
    pub(super) extension: String,
    pub(super) lines: Vec<Choice>,
}

/// What is set in the phone; shown once.
pub(super) struct PhoneValues {
    pub(super) extension: String,
    pub(super) realm: String,
    pub(super) password: String,
}

/// What came of making an account with its agent.
pub(super) enum NewAccount {
    /// Both are saved.
    Saved {
        /// The password of the phone.
        secret: String,
        /// Calls go to the agent already.
        in_force: bool,
    },
    /// Nothing is saved, for this reason.
    Refused(FieldError),
}

impl AgentForm {
    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        let value = |wanted: &str| {
            let found = pairs.iter().find(|(name, _)| name == wanted);
            let value = found.map(|(_, value)| value.trim());
            value.unwrap_or_default().to_owned()
        };
        Self {
            is_new: value("agent") == NEW,
            id: value("agent_id"),
            extension: value("extension"),
            line: value("line"),
        }
    }

    /// The fields as the page shows them; none for who may not make agents.
    pub(super) fn fields(&self, web: &Web, visitor: &Visitor) -> Option<AgentFields> {
        if !visitor.permissions.contains(Permission::ManageDesk) {
            return None;
        }
        let setup = web.desk.setup();
        let lines = setup.lines.iter().map(|line| line.config.name.as_str());
        let first = (setup.lines.len() != 1).then_some(("", "選んでください"));
        let choices = first.into_iter().chain(lines.map(|line| (line, line)));
        Some(AgentFields {
            id: self.id.clone(),
            extension: self.extension.clone(),
            lines: Choice::list(choices, &self.line),
        })
    }

    /// The agent of a user: with the user's name, and with the login for an id unless another was
    /// typed.
    pub(super) fn read(&self, user: &User, setup: &DeskSetup) -> Result<AgentConfig, FieldError> {
        let id = if self.id.is_empty() {
            &user.login
        } else {
            &self.id
        };
        let mut agent = AgentConfig::new(id, &user.name, &self.extension);
        if setup.line(&self.line).is_none() {
            return Err(FieldError::new("line", "受け持つ回線を選んでください"));
        }
        agent.lines = vec![Duty::first(&self.line)];
        let mut faults = agent.entered_faults();
        faults.extend(agent.faults());
        match faults.into_iter().next() {
            Some(fault) => Err(on_page(fault)),
            None => Ok(agent),
        }
    }
}

/// The fault of an agent at the field that the page of users has for it.
fn on_page(fault: FieldError) -> FieldError {
    let field = match fault.field.as_str() {
        "id" => "agent_id",
        "lines" => "line",
        "extension" | "name" => return fault,
        _ => "",
    };
    FieldError {
        field: field.to_owned(),
        ..fault
    }
}

/// 内線番号：半角の数字で、2桁から8桁で入力してください。
pub(super) fn told(fault: &FieldError) -> String {
    let field = match fault.field.as_str() {
        "agent_id" => "担当者ID：",
        "extension" => "内線番号：",
        _ => "",
    };
    format!("{field}{}。", fault.message)
}

/// Makes the account and the agent, both or neither.
pub(super) async fn make(
    web: &Web,
    visitor: &Visitor,
    (user, password): (&mut User, &str),
    agent: AgentConfig,
) -> Result<NewAccount, WebError> {
    user.agent = Some(AgentId::new(&agent.id));
    let history = web.store.setting_history(AGENT, &agent.id).await?;
    let newest = history.first();
    if newest.is_some_and(|newest| newest.data.is_some()) {
        let why = "この担当者は、すでに登録されています。一覧から選ぶか、別のIDにしてください";
        return Ok(NewAccount::Refused(FieldError::new("agent_id", why)));
    }
    let now = web.desk.now();
    let secret = token::readable(GROUPS);
    let hashes = web.desk.phone_hashes(&agent.extension, &secret);
    let seal = |text: &str| web.seal.seal(text.as_bytes());
    let mut agent_entry = visitor.entry(now, Action::PhoneChange, &agent.id);
    let id = agent.id.clone();
    let kept = ScreenAgent {
        // Encryption does not fail; if it did, the desk would seal them when it starts.
        hashes: StoredHashes::seal(&hashes, seal).unwrap_or(StoredHashes::Plain(hashes)),
        password_at: now,
        agent,
    };
    let context = Context::new(web, "");
    agent_entry.after = recorded(&ScreenAgent::fields(&context), Some(&kept));
    let data = serde_json::to_string(&kept);
    let version = NewVersion {
        kind: AGENT,
        id: id.clone(),
        replaces: newest.map_or(0, |newest| newest.version),
        data: Some(data.map_err(|_| WebError::Internal("a setting cannot be written"))?),
    };
    let mut entry = visitor.entry(now, Action::UserCreate, user.id.as_str());
    entry.after = user.recorded();
    for _ in 0..TRIES {
        let checked = web.desk.check_setup(std::slice::from_ref(&version)).await;
        let stamp = match checked {
            Ok(stamp) => stamp,
            Err(SetupRefusal::Store(error)) => return Err(error.into()),
            Err(SetupRefusal::Part(found)) if found.part == Part::Agent && found.name == id => {
                return Ok(NewAccount::Refused(on_page(found.fault)));
            }
            Err(SetupRefusal::Part(found)) => {
                let (part, name) = (found.part.label(), &found.name);
                let why = format!("{part}「{name}」と合いません。{}", found.fault.message);
                return Ok(NewAccount::Refused(FieldError::new("", why)));
            }
            Err(SetupRefusal::Other(why)) => {
                return Ok(NewAccount::Refused(FieldError::new("", why)));
            }
        };
        let made = async {
            let mut tx = web.store.begin(agent_entry.clone()).await?;
            tx.expect_settings(&stamp).await?;
            tx.save_setting(&version).await?;
            tx.record(entry.clone());
            tx.add_user(user, Some(password)).await?;
            tx.commit().await
        };
        match made.await {
            Ok(()) => {
                let in_force = web.desk.apply_setup().await;
                return Ok(NewAccount::Saved { secret, in_force });
            }
            Err(StoreError::Changed {
                what: Resource::Setup,
            }) => {}
            Err(error) => return Ok(NewAccount::Refused(taken(error)?)),
        }
    }
    Err(StoreError::Changed {
        what: Resource::Setup,
    }
    .into())
}
