//! Accounts: the people who use the desk, and the rules of passwords, locks and sessions (5.6.13).

mod guesses;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::{Permissions, Role};
use crate::audit::Fields;
use crate::id::{AgentId, UserId};
use crate::time::{Instant, Millis};

pub use self::guesses::{AddressGuesses, Guesses};

/// A password has at least so many characters.
pub const PASSWORD_LETTERS: usize = 12;
/// And at the most so many, so that hashing one stays cheap.
pub const PASSWORD_LETTERS_AT_MOST: usize = 256;
/// So many failures in a row lock an account for strangers, until an administrator releases it; and
/// end what an own device is allowed beside them.
pub const FAILURES_TO_LOCK: u32 = 10;

/// A person who uses the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Never changes, never used again.
    pub id: UserId,
    /// The name to sign in with: small letters, digits, `.`, `-`, `_`.
    pub login: String,
    /// The name people know.
    pub name: String,
    /// What the user is.
    pub roles: BTreeSet<Role>,
    /// The agent whose phone and state are the user's own.
    pub agent: Option<AgentId>,
    /// The subject at the site's identity provider, if the user signs in there.
    pub oidc_subject: Option<String>,
    /// The password must be changed before anything else.
    pub must_change_password: bool,
    /// When the password was last set; `None` for users without one.
    pub password_changed_at: Option<Instant>,
    /// A second factor is set up.
    pub second_factor: bool,
    /// Failed attempts since the last success.
    pub failures: u32,
    /// The last failed attempt.
    pub failed_at: Option<Instant>,
    /// May not sign in any more; the history stays.
    pub disabled_at: Option<Instant>,
    /// When the account was made.
    pub created_at: Instant,
    /// When the user last did something.
    pub last_used_at: Option<Instant>,
    /// Counts changes, so that two people do not overwrite each other.
    pub version: i64,
}

impl User {
    /// What the audit log tells of the account.
    pub fn recorded(&self) -> Fields {
        let roles: Vec<_> = self.roles.iter().map(|role| role.as_str()).collect();
        let mut fields = Fields::from([
            ("login".to_owned(), self.login.clone()),
            ("name".to_owned(), self.name.clone()),
            ("roles".to_owned(), roles.join(",")),
        ]);
        if let Some(agent) = &self.agent {
            fields.insert("agent".to_owned(), agent.as_str().to_owned());
        }
        if let Some(subject) = &self.oidc_subject {
            fields.insert("oidc_subject".to_owned(), subject.clone());
        }
        if self.disabled_at.is_some() {
            fields.insert("disabled".to_owned(), "true".to_owned());
        }
        fields
    }

    /// What the user may do; nothing while disabled.
    pub fn permissions(&self) -> Permissions {
        if self.disabled_at.is_some() {
            return Permissions::NONE;
        }
        Permissions::of_roles(self.roles.iter().copied())
    }

    /// Too many failures in a row: no stranger's attempt is looked at.
    pub fn is_locked(&self) -> bool {
        self.is_locked_beside(0)
    }

    /// The same while so many other attempts are under way, which may fail, too.
    pub fn is_locked_beside(&self, under_way: u32) -> bool {
        self.failures.saturating_add(under_way) >= FAILURES_TO_LOCK
    }

    /// Whether the password has to be changed: as an administrator asks, or by its age.
    pub fn must_change_password(&self, longest: Option<Millis>, now: Instant) -> bool {
        let old = longest
            .zip(self.password_changed_at)
            .is_some_and(|(longest, at)| now - at >= longest);
        self.must_change_password || old
    }

    /// アカウント棚卸: not used for so long (or never, since it was made).
    pub fn is_unused(&self, since: Millis, now: Instant) -> bool {
        now - self.last_used_at.unwrap_or(self.created_at) >= since
    }
}

/// What is wrong with a name to sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "ログイン名は、半角の英小文字、数字、「.」「-」「_」を使い、2文字以上32文字以内で入力してください。"
)]
pub struct LoginFault;

/// Reads a name to sign in with: case does not matter, full-width letters do not either.
pub fn read_login(text: &str) -> Result<String, LoginFault> {
    let login: String = text
        .trim()
        .chars()
        .map(narrow)
        .collect::<String>()
        .to_ascii_lowercase();
    let fits = (2..=32).contains(&login.len())
        && login
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if fits { Ok(login) } else { Err(LoginFault) }
}

/// A full-width letter, digit or sign as the half-width one.
fn narrow(letter: char) -> char {
    let code = u32::from(letter);
    if (0xff01..=0xff5e).contains(&code) {
        return char::from_u32(code - 0xfee0).unwrap_or(letter);
    }
    letter
}

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer than [`PASSWORD_LETTERS`].
    #[error("パスワードは{PASSWORD_LETTERS}文字以上にしてください。")]
    TooShort,
    /// More than [`PASSWORD_LETTERS_AT_MOST`].
    #[error("パスワードは{PASSWORD_LETTERS_AT_MOST}文字以内にしてください。")]
    TooLong,
    /// It holds the name of the account.
    #[error("パスワードに、ログイン名を含めないでください。")]
    HoldsLogin,
    /// It is on lists of passwords in common use, or easily guessed from them.
    #[error(
        "このパスワードは推測されやすいため使えません。関係のない言葉を組み合わせるなどして、別のパスワードにしてください。"
    )]
    Common,
    /// The same as before.
    #[error("これまでと違うパスワードにしてください。")]
    Same,
}

/// Checks the form of a new password. Whether it is a common one is for `is_common` to say.
pub fn check_password(
    password: &str,
    login: &str,
    is_common: impl FnOnce(&str) -> bool,
) -> Result<(), PasswordFault> {
    let letters = password.chars().count();
    if letters < PASSWORD_LETTERS {
        return Err(PasswordFault::TooShort);
    }
    if letters > PASSWORD_LETTERS_AT_MOST {
        return Err(PasswordFault::TooLong);
    }
    if login.len() >= 4 && password.to_lowercase().contains(login) {
        return Err(PasswordFault::HoldsLogin);
    }
    if is_common(password) {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request.
    pub idle: Millis,
    /// In all.
    pub absolute: Millis,
}

impl SessionLimits {
    /// Whether a session that has lasted so long, and was not used for so long, is over.
    pub fn is_over(self, age: Millis, idle: Millis) -> bool {
        age >= self.absolute || idle >= self.idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: UserId::new("u1"),
            login: "tanaka".to_owned(),
            name: "田中".to_owned(),
            roles: [Role::Agent].into(),
            agent: None,
            oidc_subject: None,
            must_change_password: false,
            password_changed_at: Some(Instant(0)),
            second_factor: false,
            failures: 0,
            failed_at: None,
            disabled_at: None,
            created_at: Instant(0),
            last_used_at: None,
            version: 0,
        }
    }

    #[test]
    fn a_disabled_user_may_do_nothing_and_the_tenth_failure_locks() {
        let disabled = User {
            disabled_at: Some(Instant(5)),
            ..user()
        };
        assert_eq!(disabled.permissions(), Permissions::NONE);
        let failed = |failures| User { failures, ..user() };
        assert!(failed(10).is_locked() && !failed(9).is_locked());
    }

    #[test]
    fn 要件5_6_13_パスワードは2か月で変更させることができる() {
        let days = |days: i64| Millis::from_secs(days * 86_400);
        let user = user();
        assert!(!user.must_change_password(None, Instant(0) + days(1000)));
        assert!(!user.must_change_password(Some(days(60)), Instant(0) + days(59)));
        assert!(user.must_change_password(Some(days(60)), Instant(0) + days(60)));
    }

    #[test]
    fn logins_are_read_tolerantly_and_kept_strictly() {
        assert_eq!(read_login(" Ｔａｎａｋａ.2 "), Ok("tanaka.2".to_owned()));
        for wrong in ["", "a", "田中", "a b", "a'--", &"x".repeat(33)] {
            assert_eq!(read_login(wrong), Err(LoginFault), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_long_and_neither_common_nor_the_name() {
        let check =
            |password: &str| check_password(password, "tanaka", |text| text == "password1234");
        assert_eq!(check("みじかい"), Err(PasswordFault::TooShort));
        assert_eq!(check(&"あ".repeat(300)), Err(PasswordFault::TooLong));
        assert_eq!(check("xx-TANAKA-yyyy"), Err(PasswordFault::HoldsLogin));
        assert_eq!(check("password1234"), Err(PasswordFault::Common));
        assert_eq!(check("窓口の電話が鳴り響く春の朝"), Ok(()));
    }

    #[test]
    fn sessions_end_when_idle_and_in_any_case() {
        let limits = SessionLimits {
            idle: Millis(100),
            absolute: Millis(1000),
        };
        assert!(!limits.is_over(Millis(999), Millis(49)));
        assert!(limits.is_over(Millis(999), Millis(100)));
        assert!(limits.is_over(Millis(1000), Millis(1)));
    }
}
