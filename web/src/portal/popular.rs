//! よく見られている: the articles read most in the last weeks, counted anew once a minute.

use std::sync::{Mutex, PoisonError};

use madoguchi_core::portal::Place;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::StoreError;

use crate::Web;

/// Counted over so much time.
const WINDOW: Millis = Millis::from_secs(30 * 86_400);
/// Counted anew after so much time.
const EVERY: Millis = Millis::from_secs(60);
/// More than are shown: some of them may have been taken down.
const COUNTED: u32 = 30;

/// What was counted last.
#[derive(Debug, Default)]
pub(crate) struct Popular(Mutex<Option<(Instant, Vec<String>)>>);

impl Popular {
    fn lookup(&self, now: Instant) -> Option<Vec<String>> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, ids) = counted.as_ref()?;
        ((now - *at).0.abs() < EVERY.0).then(|| ids.clone())
    }
}

/// The ids of the articles that staff read most.
pub(crate) async fn most_read(web: &Web) -> Result<Vec<String>, StoreError> {
    let now = web.desk.now();
    if let Some(ids) = web.popular.lookup(now) {
        return Ok(ids);
    }
    let counted = web
        .store
        .most_read(Place::Portal, now - WINDOW, COUNTED)
        .await?;
    let ids: Vec<_> = counted.into_iter().map(|(id, _)| id).collect();
    let mut kept = web.popular.0.lock().unwrap_or_else(PoisonError::into_inner);
    *kept = Some((now, ids.clone()));
    Ok(ids)
}
