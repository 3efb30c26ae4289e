//! よく見られている: the articles read most in the last weeks, counted anew once a minute.

use madoguchi_core::audience::Viewer;
use madoguchi_core::id::ArticleId;
use madoguchi_core::time::{Millis, Monotonic};

use crate::state::Web;

/// Counted over so much time.
const WINDOW: Millis = Millis::from_secs(30 * 86_400);
/// Counted anew after so much time.
const EVERY: Millis = Millis::from_secs(60);
/// More than are shown: some of them may have been taken down.
const COUNTED: u32 = 30;

/// The articles that staff read most; while they cannot be counted, what was counted
/// last.
pub(crate) async fn most_read(web: &Web) -> Vec<ArticleId> {
    let (now, since) = (web.desk.monotonic(), web.desk.now() - WINDOW);
    if let Some(ids) = web.popular.get(now - EVERY) {
        return ids;
    }
    let counted = web.store.most_read(Viewer::Portal, since, COUNTED);
    match web.ask(counted).await {
        Ok(counted) => {
            let ids: Vec<_> = counted.into_iter().map(|(id, _)| id).collect();
            web.popular.save(now, ids.clone());
            ids
        }
        Err(error) => {
            tracing::debug!(%error, "what is read most cannot be counted now");
            web.popular.get(Monotonic(i64::MIN)).unwrap_or_default()
        }
    }
}
