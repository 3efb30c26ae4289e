//! Recovery codes stand in for the second factor, once each. What is kept of them is argon2id over
//! their SHA-256; the codes of a user share a salt, so that one guess costs one hash and not ten.

use argon2::password_hash::phc::PasswordHash;
use madoguchi_core::id::UserId;
use madoguchi_store::{Store, StoreError};

use crate::password::{Hasher, HashingError, Lane, hash_with_salt_of, new_salt};
use crate::token;

/// Why a code was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// It could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A user has so many at a time.
pub const CODES: usize = 10;

/// New codes.
pub fn new_codes() -> Vec<String> {
    (0..CODES).map(|_| token::readable(2)).collect()
}

/// What is kept of codes.
///
/// # Errors
/// [`HashingError`].
pub async fn hash_codes(hasher: &Hasher, codes: &[String]) -> Result<Vec<String>, HashingError> {
    let hashes: Vec<_> = codes.iter().map(|code| token::hash(code)).collect();
    let kept = hasher.work(Lane::Known, move || slow_hashes(&hashes));
    kept.await?.ok_or(HashingError::Failed)
}

/// What is kept in place of bare SHA-256, as earlier versions kept it.
pub fn slow_hashes(hashes: &[String]) -> Option<Vec<String>> {
    let salt = new_salt()?;
    let slow = hashes.iter().map(|hash| hash_with_salt_of(&salt, hash));
    slow.collect()
}

/// Whether an earlier version has kept this.
pub fn is_fast(kept: &str) -> bool {
    !kept.starts_with('$')
}

/// Whether `code` is one of the user's, which is used up by that.
///
/// # Errors
/// [`RecoveryError`].
pub async fn is_used_up(
    (store, hasher): (&Store, &Hasher),
    user: &UserId,
    code: &str,
    lane: Lane,
) -> Result<bool, RecoveryError> {
    let fast = token::hash(&code.to_lowercase());
    let kept = store.list_recovery_codes(user).await?;
    let mut salts: Vec<String> = Vec::new();
    for one in kept.iter().filter(|one| !is_fast(one)) {
        let same = |other: &String| salt(other).is_some() && salt(other) == salt(one);
        if !salts.iter().any(same) {
            salts.push(one.clone());
        }
    }
    let mut candidates = vec![fast.clone()];
    candidates.extend(hasher.hash_with_salts_of(salts, fast, lane).await?);
    let Some(found) = candidates.iter().find(|one| kept.contains(one)) else {
        return Ok(false);
    };
    let mut tx = store.begin_unrecorded().await?;
    let is_used_up = tx.use_recovery_code(user, found).await?;
    tx.commit().await?;
    Ok(is_used_up)
}

fn salt(kept: &str) -> Option<Vec<u8>> {
    let hash = PasswordHash::new(kept).ok()?;
    hash.salt.map(|salt| salt.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_of_codes_is_slow_to_guess_and_shares_a_salt() {
        let (codes, hasher) = (new_codes(), Hasher::new());
        let kept = hash_codes(&hasher, &codes).await.unwrap();
        assert_eq!(kept.len(), CODES);
        assert!(kept.iter().all(|one| one.starts_with("$argon2id$")));
        assert!(kept.iter().all(|one| salt(one) == salt(&kept[0])));
        let again = hash_with_salt_of(&kept[0], &token::hash(&codes[7])).unwrap();
        assert_eq!(again, kept[7]);
        let another = hash_codes(&hasher, &codes).await.unwrap();
        assert_ne!(another, kept, "each set has its own salt");
    }
}
