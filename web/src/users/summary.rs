//! An account in a few words, for lists.

use madoguchi_core::account::User;

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
