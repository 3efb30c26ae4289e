//! An account in a few words, for lists and for the audit log.

use madoguchi_core::account::User;
use madoguchi_core::audit::Fields;

/// What the audit log tells of an account.
pub(crate) fn fields(user: &User) -> Fields {
    let roles: Vec<_> = user.roles.iter().map(|role| role.as_str()).collect();
    let mut fields = Fields::from([
        ("login".to_owned(), user.login.clone()),
        ("name".to_owned(), user.name.clone()),
        ("roles".to_owned(), roles.join(",")),
    ]);
    if let Some(agent) = &user.agent {
        fields.insert("agent".to_owned(), agent.as_str().to_owned());
    }
    if let Some(subject) = &user.oidc_subject {
        fields.insert("oidc_subject".to_owned(), subject.clone());
    }
    if user.disabled_at.is_some() {
        fields.insert("disabled".to_owned(), "true".to_owned());
    }
    fields
}

/// Where a user stands, in a word.
pub(crate) fn state(user: &User) -> &'static str {
    if user.disabled_at.is_some() {
        "停止中"
    } else if user.is_locked() {
        "ロック中"
    } else {
        "利用中"
    }
}
