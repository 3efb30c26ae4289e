//! A record with all its versions: read, changed, saved, and brought to the running desk.

use madoguchi_core::audit::changed;
use madoguchi_core::setup::{FieldError, PartFault};
use madoguchi_store::{NewVersion, Resource, Setting, Store, StoreError};

use super::fields::recorded;
use super::record::{Change, Context, Effect, Record};
use crate::auth::visitor::Visitor;
use crate::desk::SetupRefusal;
use crate::error::WebError;
use crate::state::Web;

/// How often a change is checked anew because somebody set something else in the meantime.
const TRIES: usize = 5;

/// A record as it is kept now.
pub(crate) struct Versioned<T> {
    pub(crate) id: String,
    /// `None`: it was removed.
    pub(crate) record: Option<T>,
    /// The newest version; 0 for what no screen has changed yet.
    pub(crate) version: i64,
    /// All versions, the newest first.
    pub(crate) history: Vec<Setting>,
}

impl<T: Record> Versioned<T> {
    /// Everything about a record; `None` if there never was one.
    pub(crate) async fn lookup(web: &Web, id: &str) -> Result<Option<Self>, WebError> {
        let history = web.store.setting_history(T::SCREEN.kind, id).await?;
        let (record, version) = match history.first() {
            Some(newest) => (read(newest)?.or_else(|| T::initial(id)), newest.version),
            None => match T::initial(id) {
                Some(record) => (Some(record), 0),
                None => return Ok(None),
            },
        };
        Ok(Some(Self {
            id: id.to_owned(),
            record,
            version,
            history,
        }))
    }

    /// One that nobody has set yet.
    fn none(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            record: None,
            version: 0,
            history: Vec::new(),
        }
    }

    /// One whose newest version is known, without those before it.
    pub(crate) fn of(id: &str, record: T, version: i64) -> Self {
        Self {
            record: Some(record),
            version,
            ..Self::none(id)
        }
    }

    /// Everything about a record, if there ever was one or not.
    pub(crate) async fn lookup_or_none(web: &Web, id: &str) -> Result<Self, WebError> {
        let found = Self::lookup(web, id).await?;
        Ok(found.unwrap_or_else(|| Self::none(id)))
    }

    /// Everything about a record that there is or was.
    pub(crate) async fn get(web: &Web, id: &str) -> Result<Self, WebError> {
        let found = Self::lookup(web, id).await?;
        found.ok_or(WebError::NotFound(T::SCREEN.not_found))
    }

    /// A record that is to be made under an id that may have been another's before.
    pub(crate) async fn new(web: &Web, id: &str) -> Result<Result<Self, FieldError>, WebError> {
        Ok(match Self::lookup(web, id).await? {
            Some(kept) if kept.record.is_some() => {
                let message = format!(
                    "この{}は、すでにあります。ほかの名前にしてください",
                    T::SCREEN.label
                );
                Err(FieldError::new(T::SCREEN.id_field, message))
            }
            Some(kept) => Ok(kept),
            None => Ok(Self::none(id)),
        })
    }

    /// What the record was in a version; `None` if it was removed then or cannot be read any more.
    pub(crate) fn in_version(&self, version: i64) -> Option<T> {
        if version == 0 {
            return T::initial(&self.id);
        }
        let found = self.history.iter().find(|one| one.version == version)?;
        read(found).ok()?.or_else(|| T::initial(&self.id))
    }

    /// What the record is, or was when it was last there.
    pub(crate) fn last(&self) -> Option<T> {
        let kept = || self.history.iter().find_map(|one| read(one).ok().flatten());
        self.record.clone().or_else(kept)
    }

    /// The change to `after`, with its record in the audit log.
    pub(crate) fn change(
        &self,
        visitor: &Visitor,
        context: &Context<'_>,
        after: Option<&T>,
        replaces: i64,
    ) -> Result<Change, WebError> {
        let fields = T::fields(context);
        let mut entry = visitor.entry(context.now, T::SCREEN.action, &self.id);
        let before = recorded(&fields, self.record.as_ref());
        (entry.before, entry.after) = changed(&before, &recorded(&fields, after));
        let kept = after.filter(|after| after.is_kept());
        let data = kept.map(serde_json::to_string).transpose();
        let data = data.map_err(|_| WebError::Internal("a record cannot be written"))?;
        let version = NewVersion {
            kind: T::SCREEN.kind,
            id: self.id.clone(),
            replaces,
            data,
        };
        Ok((version, entry))
    }
}

/// Saves changes, all or none, and brings them to the running desk if they are part of its setup: then
/// they are checked against everything else first, and what the desk cannot work with is given back
/// in words.
pub(crate) async fn save<T: Record>(
    web: &Web,
    id: &str,
    changes: Vec<Change>,
) -> Result<Result<(), FieldError>, WebError> {
    let versions: Vec<_> = changes.iter().map(|(version, _)| version.clone()).collect();
    for _ in 0..TRIES {
        let stamp = match stamp::<T>(web, &versions).await {
            Ok(stamp) => stamp,
            Err(SetupRefusal::Store(error)) => return Err(error.into()),
            Err(SetupRefusal::Part(fault)) => return Ok(Err(fault_here::<T>(id, fault))),
            Err(SetupRefusal::Other(message)) => return Ok(Err(FieldError::new("", message))),
        };
        match save_checked(&web.store, &changes, &stamp).await {
            Ok(()) => {}
            Err(StoreError::Changed {
                what: Resource::Setup,
            }) => continue,
            Err(error) => return Err(error.into()),
        }
        return if T::SCREEN.effect == Effect::Stored || web.desk.apply_setup().await {
            Ok(Ok(()))
        } else {
            Err(WebError::NotInForce)
        };
    }
    Err(StoreError::Changed {
        what: Resource::Setup,
    }
    .into())
}

/// Saves changes that were checked against all that was set until the stamp, all or none.
async fn save_checked(store: &Store, changes: &[Change], stamp: &str) -> Result<(), StoreError> {
    let Some(((version, entry), others)) = changes.split_first() else {
        return Ok(());
    };
    let mut tx = store.begin(entry.clone()).await?;
    tx.expect_settings(stamp).await?;
    tx.save_setting(version).await?;
    for (version, entry) in others {
        tx.record(entry.clone());
        tx.save_setting(version).await?;
    }
    tx.commit().await
}

/// What the changes are checked against, which must still be so when they are saved.
async fn stamp<T: Record>(web: &Web, versions: &[NewVersion]) -> Result<String, SetupRefusal> {
    match T::SCREEN.effect {
        Effect::Desk(_) => web.desk.check_setup(versions).await,
        Effect::Stored => Ok(web.store.settings_stamp().await?),
    }
}

/// A fault of the record itself stands at its field, that of another names it.
fn fault_here<T: Record>(id: &str, found: PartFault) -> FieldError {
    if T::SCREEN.effect == Effect::Desk(Some(found.part)) && found.name == id {
        return found.fault;
    }
    let message = format!(
        "{}「{}」と合いません。{}",
        found.part.label(),
        found.name,
        found.fault.message
    );
    FieldError::new("", message)
}

/// A version as the record that it is; `None` where it was removed.
pub(crate) fn read<T: Record>(setting: &Setting) -> Result<Option<T>, WebError> {
    let record = setting.data.as_deref().map(serde_json::from_str);
    let unreadable = |_| WebError::Internal("a setting cannot be read");
    record.transpose().map_err(unreadable)
}
