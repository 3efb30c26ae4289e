//! What an account may be changed to.

use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::setup::FieldError;
use madoguchi_store::{Resource, StoreError, UserFilter};

use crate::error::WebError;
use crate::state::Web;

/// Refuses what would make an administrator the master of an account that watches over them: they
/// could read as somebody else what is recorded of themselves, and sign in as them.
pub(super) fn check_not_watching(user: &User) -> Result<(), WebError> {
    if user.roles.iter().any(|role| role.watches()) {
        return Err(WebError::BadRequest(WATCHES.to_owned()));
    }
    Ok(())
}

/// What to tell of an account that watches.
pub(super) const WATCHES: &str = "監査の役割を持つ利用者のパスワード、2段階認証、認証基盤の識別子は、画面では変更できません。窓口を動かしている機械の運用者に依頼してください（madoguchi account reset）。";

/// What to tell if the desk would have no administrator without this user.
pub(super) async fn last_administrator(web: &Web, user: &User) -> Result<Option<String>, WebError> {
    if !user.roles.contains(&Role::Administrator) || user.disabled_at.is_some() {
        return Ok(None);
    }
    let filter = UserFilter {
        role: Some(Role::Administrator),
        disabled: Some(false),
        ..UserFilter::default()
    };
    let others = web.store.count_users(&filter, 2).await?;
    Ok((others <= 1).then(|| {
        "管理者がいなくなるため、変更できません。先に、ほかの利用者を管理者にしてください。"
            .to_owned()
    }))
}

/// What to tell when a value is another user's already.
pub(super) fn taken(error: StoreError) -> Result<FieldError, WebError> {
    match error {
        StoreError::Taken {
            what: Resource::OidcSubject,
        } => Ok(FieldError::new(
            "subject",
            "この認証基盤の識別子は、ほかの利用者に登録されています",
        )),
        StoreError::Taken { .. } => Ok(FieldError::new(
            "login",
            "このログイン名は、ほかの利用者が使っています。別のログイン名にしてください",
        )),
        other => Err(other.into()),
    }
}
