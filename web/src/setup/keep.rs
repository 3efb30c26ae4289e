//! What is kept of things that are set on screens: read with all versions, checked, saved, brought
//! to the running desk.

use madoguchi_core::audit::{Fields, changed};
use madoguchi_core::setup::{Fault, PartFault};
use madoguchi_store::{NewVersion, Setting, StoreError};

use super::screen::{Change, Facts, SettingScreen, SetupContext};
use crate::auth::visitor::Visitor;
use crate::desk::SetupRefusal;
use crate::error::WebError;
use crate::state::Web;

/// How often a change is checked anew because somebody set something else in the meantime.
const TRIES: usize = 5;

/// A thing as it is kept now.
pub(super) struct Kept<T> {
    pub(super) id: String,
    /// `None`: it was removed.
    pub(super) thing: Option<T>,
    /// The newest version; 0 for what no screen has changed yet.
    pub(super) version: i64,
    /// All versions, the newest first.
    pub(super) history: Vec<Setting>,
}

impl<T: SettingScreen> Kept<T> {
    /// Everything about a thing; `None` if there never was one.
    pub(super) async fn lookup(web: &Web, id: &str) -> Result<Option<Self>, WebError> {
        let history = web.store.setting_history(T::KIND, id).await?;
        let (thing, version) = match history.first() {
            Some(newest) => (read(newest)?, newest.version),
            None => match T::initial(id) {
                Some(thing) => (Some(thing), 0),
                None => return Ok(None),
            },
        };
        Ok(Some(Self {
            id: id.to_owned(),
            thing,
            version,
            history,
        }))
    }

    /// Everything about a thing that there is or was.
    pub(super) async fn get(web: &Web, id: &str) -> Result<Self, WebError> {
        let found = Self::lookup(web, id).await?;
        found.ok_or(WebError::NotFound(T::NOT_FOUND))
    }

    /// What the thing was in a version; `None` if it was removed then or cannot be read any more.
    pub(super) fn in_version(&self, version: i64) -> Option<T> {
        if version == 0 {
            return T::initial(&self.id);
        }
        let found = self.history.iter().find(|one| one.version == version)?;
        read(found).ok().flatten()
    }

    /// What the thing is, or was when it was last there.
    pub(super) fn last(&self) -> Option<T> {
        let kept = || self.history.iter().find_map(|one| read(one).ok().flatten());
        self.thing.clone().or_else(kept)
    }

    /// The change to `after`, with its record.
    pub(super) fn change(
        &self,
        visitor: &Visitor,
        around: &SetupContext<'_>,
        after: Option<&T>,
        replaces: i64,
    ) -> Result<Change, WebError> {
        let told = |thing: Option<&T>| -> Fields {
            let facts = thing.map_or_else(Facts::new, |thing| thing.facts(around));
            facts
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(label, value)| (label.to_owned(), value))
                .collect()
        };
        let at = around.web.desk.now();
        let mut entry = visitor.entry(at, T::ACTION, &self.id);
        (entry.before, entry.after) = changed(&told(self.thing.as_ref()), &told(after));
        let data = after.map(serde_json::to_string).transpose();
        let data = data.map_err(|_| WebError::Internal("a setting cannot be written"))?;
        let version = NewVersion {
            kind: T::KIND,
            id: self.id.clone(),
            replaces,
            data,
        };
        Ok((version, entry))
    }
}

/// A thing that is to be made under an id that may have been another's before.
pub(super) async fn place_for<T: SettingScreen>(
    web: &Web,
    id: &str,
) -> Result<Result<Kept<T>, Fault>, WebError> {
    let taken = || {
        let message = format!(
            "この{}は、すでにあります。ほかの名前にしてください",
            T::LABEL
        );
        Fault::new(T::ID_FIELD, message)
    };
    Ok(match Kept::lookup(web, id).await? {
        Some(kept) if kept.thing.is_some() => Err(taken()),
        Some(kept) => Ok(kept),
        None => Ok(Kept {
            id: id.to_owned(),
            thing: None,
            version: 0,
            history: Vec::new(),
        }),
    })
}

/// Checks changes against everything else, saves them, and brings them to the running desk. What
/// the desk cannot work with is given back in words.
pub(super) async fn put<T: SettingScreen>(
    web: &Web,
    id: &str,
    changes: &[Change],
) -> Result<Result<(), Fault>, WebError> {
    let versions: Vec<_> = changes.iter().map(|(version, _)| version.clone()).collect();
    for _ in 0..TRIES {
        let stamp = match web.desk.check_setup(&versions).await {
            Ok(stamp) => stamp,
            Err(SetupRefusal::Store(error)) => return Err(error.into()),
            Err(SetupRefusal::Part(fault)) => return Ok(Err(fault_here::<T>(id, fault))),
            Err(SetupRefusal::Other(message)) => return Ok(Err(Fault::new("", message))),
        };
        match web.store.save_checked_settings(changes, &stamp).await {
            Ok(()) => {}
            Err(StoreError::Changed { what: "setup" }) => continue,
            Err(error) => return Err(error.into()),
        }
        return if web.desk.apply_setup().await {
            Ok(Ok(()))
        } else {
            Err(WebError::NotInForce)
        };
    }
    Err(StoreError::Changed { what: "setup" }.into())
}

/// A fault of the thing itself stands at its field, that of another names it.
fn fault_here<T: SettingScreen>(id: &str, found: PartFault) -> Fault {
    if Some(found.part) == T::PART && found.name == id {
        return found.fault;
    }
    let message = format!(
        "{}「{}」と合いません。{}",
        found.part.label(),
        found.name,
        found.fault.message
    );
    Fault::new("", message)
}

fn read<T: SettingScreen>(setting: &Setting) -> Result<Option<T>, WebError> {
    let thing = setting.data.as_deref().map(serde_json::from_str);
    let unreadable = |_| WebError::Internal("a setting cannot be read");
    thing.transpose().map_err(unreadable)
}
