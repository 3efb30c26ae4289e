//! Hashing and comparing passwords (argon2id), never more than two at once.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use madoguchi_core::account::{PasswordFault, check_password};
use tokio::sync::Semaphore;

/// Each takes about 20 MB and some 20 ms of a core; more at once would slow everything else down.
const AT_ONCE: usize = 2;

/// Hashes passwords.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    turns: Arc<Semaphore>,
    /// Compared with where there is no such user, so that the time taken tells nothing.
    nobody: Arc<str>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: Arc::from(hash_now("nobody has this password").unwrap_or_default()),
        }
    }

    /// The hash of a password, as a PHC string; `None` if the machine fails.
    pub(crate) async fn hash(&self, password: &str) -> Option<String> {
        let _turn = self.turns.acquire().await.ok()?;
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || hash_now(&password))
            .await
            .ok()?
    }

    /// Whether `password` is the one that was hashed; without a hash it takes as long and is not.
    pub(crate) async fn is_right(&self, password: &str, hash: Option<&str>) -> bool {
        let Ok(_turn) = self.turns.acquire().await else {
            return false;
        };
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let password = password.to_owned();
        let right = tokio::task::spawn_blocking(move || {
            let Ok(hash) = PasswordHash::new(&hash) else {
                return false;
            };
            let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
            verified.is_ok()
        });
        right.await.unwrap_or(false) && known
    }
}

/// The hash of a password, on this thread.
pub(crate) fn hash_now(password: &str) -> Option<String> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.ok().map(|hash| hash.to_string())
}

/// Checks a new password against the rules, common ones included.
pub(crate) fn check_new(password: &str, login: &str, name: &str) -> Result<(), PasswordFault> {
    check_password(password, login, |password| is_common(password, login, name))
}

/// On lists of passwords in common use, or made of them in a way that is quickly guessed
/// (zxcvbn: fewer than 10⁸ guesses).
fn is_common(password: &str, login: &str, name: &str) -> bool {
    let entropy = zxcvbn::zxcvbn(password, &[login, name, "madoguchi", "helpdesk"]);
    entropy.score() < zxcvbn::Score::Three
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_and_no_other() {
        let hasher = Hasher::new();
        let hash = hasher.hash("静かな窓口に鳴る電話").await;
        assert!(
            hash.as_ref()
                .is_some_and(|hash| hash.starts_with("$argon2id$"))
        );
        assert!(
            hasher
                .is_right("静かな窓口に鳴る電話", hash.as_deref())
                .await
        );
        assert!(
            !hasher
                .is_right("静かな窓口に鳴る電話 ", hash.as_deref())
                .await
        );
        assert!(!hasher.is_right("nobody has this password", None).await);
    }

    #[test]
    fn common_passwords_are_refused() {
        for common in [
            "password1234",
            "qwertyuiopas",
            "111111111111",
            "abcdefghijkl",
            "Password2026!",
        ] {
            let found = check_new(common, "tanaka", "田中");
            assert_eq!(found, Err(PasswordFault::Common), "{common}");
        }
        assert_eq!(check_new("correct-lamp-river-77", "tanaka", "田中"), Ok(()));
        assert_eq!(
            check_new("窓口の電話が鳴り響く春", "tanaka", "田中").err(),
            Some(PasswordFault::TooShort)
        );
        assert_eq!(
            check_new("窓口の電話が鳴り響く春の朝", "tanaka", "田中"),
            Ok(())
        );
    }
}
