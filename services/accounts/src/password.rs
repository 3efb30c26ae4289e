//! Hashing and comparing passwords (argon2id), never more than a few at once, and never more
//! waiting than are soon served.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use madoguchi_core::account::{PasswordFault, check_password};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why nothing was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// More wait than are soon served.
    #[error("too many passwords are being hashed at once")]
    Busy,
    /// The machine fails.
    #[error("hashing was broken off")]
    Failed,
}

/// Each takes about 20 MB and some 20 ms of a core; more at once would slow everything else down.
const STRANGERS_AT_ONCE: usize = 2;
/// Those who are known do not stand in the line of strangers.
const KNOWN_AT_ONCE: usize = 1;
/// More do not wait in a line.
const WAITING_AT_MOST: usize = 50;

/// Who waits in which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Anybody.
    Stranger,
    /// Who is signed in, or was before in the same browser.
    Known,
}

/// Hashes passwords.
#[derive(Debug, Clone)]
pub struct Hasher {
    strangers: Line,
    known: Line,
    /// Compared with where there is no such user, so that the time taken tells nothing.
    nobody: Arc<str>,
}

/// Turns, and places to wait for them.
#[derive(Debug, Clone)]
struct Line {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Line {
    fn new(at_once: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + WAITING_AT_MOST)),
        }
    }

    async fn turn(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), HashingError> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| HashingError::Busy)?;
        let turn = self.turns.clone().acquire_owned().await;
        Ok((place, turn.map_err(|_| HashingError::Busy)?))
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher {
    /// With its own lines to wait in.
    #[must_use]
    pub fn new() -> Self {
        Self {
            strangers: Line::new(STRANGERS_AT_ONCE),
            known: Line::new(KNOWN_AT_ONCE),
            nobody: Arc::from(hash_now("nobody has this password").unwrap_or_default()),
        }
    }

    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn hash(&self, password: &str) -> Result<String, HashingError> {
        let password = password.to_owned();
        let hash = self.work(Lane::Known, move || hash_now(&password)).await?;
        hash.ok_or(HashingError::Failed)
    }

    /// Whether `password` is the one that was hashed; without a hash it takes as long and is not.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn is_right(
        &self,
        password: &str,
        hash: Option<&str>,
        lane: Lane,
    ) -> Result<bool, HashingError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let password = password.to_owned();
        let right = self.work(lane, move || {
            let hash = PasswordHash::new(&hash).ok()?;
            let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
            Some(verified.is_ok())
        });
        Ok(right.await?.unwrap_or(false) && known)
    }

    /// The hashes of a text with the salts of others.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn hash_with_salts_of(
        &self,
        others: Vec<String>,
        text: String,
        lane: Lane,
    ) -> Result<Vec<String>, HashingError> {
        self.work(lane, move || {
            let hashes = others.iter();
            hashes
                .filter_map(|other| hash_with_salt_of(other, &text))
                .collect()
        })
        .await
    }

    /// Does work that takes a core for a while. A turn lasts as long as the work, whether anybody
    /// still waits for it or not.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn work<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let line = match lane {
            Lane::Stranger => &self.strangers,
            Lane::Known => &self.known,
        };
        let turn = line.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| HashingError::Failed)
    }
}

/// The hash of a password, on this thread.
pub fn hash_now(password: &str) -> Option<String> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.ok().map(|hash| hash.to_string())
}

/// Something with a new salt, for [`hash_with_salt_of`].
pub fn new_salt() -> Option<String> {
    hash_now("")
}

/// The hash of a text with the salt and the costs of another, on this thread.
pub fn hash_with_salt_of(other: &str, text: &str) -> Option<String> {
    let other = PasswordHash::new(other).ok()?;
    let params = Params::try_from(&other).ok()?;
    let hash = Argon2::default().hash_password_customized(
        text.as_bytes(),
        other.salt.as_ref()?,
        Some(other.algorithm.as_str()),
        other.version,
        params,
    );
    Some(hash.ok()?.to_string())
}

/// Checks a new password against the rules, common ones included.
///
/// # Errors
/// What is wrong with it.
pub fn check_new(password: &str, login: &str, name: &str) -> Result<(), PasswordFault> {
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
        let hash = hasher.hash("静かな窓口に鳴る電話").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let is_right = async |password: &str, hash: Option<&str>| {
            let right = hasher.is_right(password, hash, Lane::Stranger).await;
            right.unwrap()
        };
        assert!(is_right("静かな窓口に鳴る電話", Some(&hash)).await);
        assert!(!is_right("静かな窓口に鳴る電話 ", Some(&hash)).await);
        assert!(!is_right("nobody has this password", None).await);
    }

    #[tokio::test]
    async fn strangers_wait_in_a_line_that_ends_somewhere_and_others_in_another() {
        let hasher = Hasher::new();
        let mut places = Vec::new();
        while let Ok(place) = hasher.strangers.places.clone().try_acquire_owned() {
            places.push(place);
        }
        let refused = hasher.is_right("x", None, Lane::Stranger).await;
        assert!(matches!(refused, Err(HashingError::Busy)));
        assert!(hasher.is_right("x", None, Lane::Known).await.is_ok());
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
