//! What is typed of an account, and what is wrong with it.

use std::collections::BTreeSet;
use std::fmt::Display;

use madoguchi_core::access::{Role, check_roles};
use madoguchi_core::account::{User, read_login};
use madoguchi_core::id::AgentId;
use madoguchi_core::setup::FieldError;

use super::agent;

const NAME_LETTERS: usize = 60;
const SUBJECT_LETTERS: usize = 255;

/// The form as it came, put upon a user.
pub(super) fn put_upon(user: &mut User, pairs: &[(String, String)]) -> Result<(), FieldError> {
    let value = |wanted: &str| {
        let found = pairs.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    };
    value("login").clone_into(&mut user.login);
    value("name").clone_into(&mut user.name);
    let agent = value("agent");
    let is_known = !agent.is_empty() && agent != agent::NEW;
    user.agent = is_known.then(|| AgentId::new(agent));
    let subject = value("subject");
    user.oidc_subject = (!subject.is_empty()).then(|| subject.to_owned());
    user.roles = pairs
        .iter()
        .filter(|(name, _)| name == "role")
        .filter_map(|(_, value)| Role::lookup(value))
        .collect();
    user.version = value("version").parse().unwrap_or(0);
    user.login = read_login(&user.login).map_err(|fault| fault_at("login", fault))?;
    if user.name.is_empty() || user.name.chars().count() > NAME_LETTERS {
        let why = format!("氏名を{NAME_LETTERS}文字以内で入力してください");
        return Err(FieldError::new("name", why));
    }
    if user.roles.is_empty() {
        return Err(FieldError::new("role", "役割を1つ以上選んでください"));
    }
    if subject.chars().count() > SUBJECT_LETTERS {
        let why = format!("認証基盤の識別子は{SUBJECT_LETTERS}文字以内で入力してください");
        return Err(FieldError::new("subject", why));
    }
    Ok(())
}

/// What to tell of roles that an administrator cannot give.
pub(super) fn roles_fault(before: &BTreeSet<Role>, user: &User) -> Result<(), FieldError> {
    check_roles(before, &user.roles).map_err(|fault| fault_at("role", fault))
}

/// A sentence with its stop, as the fault of a field.
pub(super) fn fault_at(field: &str, sentence: impl Display) -> FieldError {
    let sentence = sentence.to_string();
    FieldError::new(field, sentence.trim_end_matches('。'))
}
