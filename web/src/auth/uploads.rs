//! How many files are brought at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use madoguchi_core::id::UserId;

/// In all and by one user.
const UPLOADS_AT_ONCE: usize = 8;
const UPLOADS_OF_USER: usize = 2;

/// Who is bringing files.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    by_user: Mutex<HashMap<UserId, usize>>,
}

/// The slot of somebody who brings a file, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct UploadSlot<'a> {
    uploads: &'a Uploads,
    user: UserId,
}

impl Uploads {
    pub(crate) fn enter(&self, user: &UserId) -> Option<UploadSlot<'_>> {
        let mut by_user = self.lock();
        let own = by_user.get(user).copied().unwrap_or_default();
        if own >= UPLOADS_OF_USER || by_user.values().sum::<usize>() >= UPLOADS_AT_ONCE {
            return None;
        }
        by_user.insert(user.clone(), own + 1);
        Some(UploadSlot {
            uploads: self,
            user: user.clone(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, usize>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UploadSlot<'_> {
    fn drop(&mut self) {
        let mut by_user = self.uploads.lock();
        match by_user.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places_of_those_who_bring_files() {
        let uploads = Uploads::default();
        let of = |name: String| uploads.enter(&UserId::new(name));
        let mut places: Vec<_> = (0..2).filter_map(|_| of("a".to_owned())).collect();
        assert!(places.len() == 2 && of("a".to_owned()).is_none());
        places.extend((0..6).filter_map(|n| of(n.to_string())));
        assert!(places.len() == 8 && of("z".to_owned()).is_none());
        places.clear();
        assert!(of("a".to_owned()).is_some() && uploads.lock().is_empty());
    }
}
