//! The folders in which indexes lie: which one is in use, and what becomes of the others.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::indexes::Indexes;
use crate::error::KbError;

/// Names the index that is in use, and how it was made.
pub(super) const CURRENT: &str = "current";

/// The last index that was found damaged.
const DAMAGED: &str = "damaged";

/// The indexes in use, if they are whole and were made as they would be made now.
pub(super) fn current(folder: &Path, stamp: &str) -> Option<Indexes> {
    let text = fs::read_to_string(folder.join(CURRENT)).ok()?;
    let (name, made) = text.trim().split_once(' ')?;
    if made != stamp {
        tracing::info!(
            made,
            stamp,
            "the search index was made otherwise and is built anew"
        );
        return None;
    }
    let place = folder.join(name);
    if !place.join("all").is_dir() {
        return None;
    }
    match open_caught(place.clone()) {
        Ok(indexes) => Some(indexes),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "the search index is damaged and is built anew");
            set_aside(folder, &place);
            None
        }
    }
}

/// Whatever the checks let through, a damaged index keeps nobody from building another one.
pub(super) fn open_caught(place: PathBuf) -> Result<Indexes, KbError> {
    let opened = catch_unwind(AssertUnwindSafe(|| Indexes::open_whole(place)));
    opened.unwrap_or_else(|_| Err(KbError::Damaged("panic".to_owned())))
}

/// Keeps a damaged index for whoever wants to know why; only the last one.
fn set_aside(folder: &Path, damaged: &Path) {
    let aside = folder.join(DAMAGED);
    let gone = match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => fs::rename(damaged, &aside),
    };
    if let Err(error) = gone {
        tracing::warn!(%error, "the damaged search index cannot be set aside");
    }
}

pub(super) fn next_folder(folder: &Path) -> Result<PathBuf, KbError> {
    let names = fs::read_dir(folder).map_err(KbError::io(folder))?;
    let used = names
        .filter_map(|entry| {
            entry
                .ok()?
                .file_name()
                .to_str()?
                .strip_prefix("index-")?
                .parse::<u64>()
                .ok()
        })
        .max();
    Ok(folder.join(format!("index-{}", used.unwrap_or(0) + 1)))
}

/// Written beside and renamed, so that it is never half written.
pub(super) fn make_current(folder: &Path, indexes: &Path, stamp: &str) -> Result<(), KbError> {
    let name = indexes
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let beside = folder.join(format!("{CURRENT}.new"));
    fs::write(&beside, format!("{name} {stamp}\n")).map_err(KbError::io(&beside))?;
    let place = folder.join(CURRENT);
    fs::rename(&beside, &place).map_err(KbError::io(&place))
}

/// Takes away indexes that are not in use. One that cannot be taken away now, can the next time.
pub(super) fn sweep(folder: &Path, used: &Path) {
    let Ok(names) = fs::read_dir(folder) else {
        return;
    };
    for path in names.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with("index-")
            && path != used
            && let Err(error) = fs::remove_dir_all(&path)
        {
            tracing::warn!(%error, path = %path.display(), "an old search index is left behind");
        }
    }
}
