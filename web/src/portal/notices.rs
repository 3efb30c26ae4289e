//! What readers are told above everything else.

use madoguchi_core::portal::{NOTICE, Notice, NoticeKind, Readers};
use madoguchi_kb::Viewer;

use crate::state::Web;

/// A notice on a page.
pub(crate) struct ShownNotice {
    pub(crate) incident: bool,
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) since: String,
}

/// The notices in force for a viewer: incidents first, then the newest.
pub(crate) async fn in_force(web: &Web, viewer: Viewer) -> Vec<ShownNotice> {
    let now = web.desk.now();
    let mut notices: Vec<_> = all(web)
        .await
        .into_iter()
        .filter(|notice| notice.is_in_force(now))
        .filter(|notice| viewer == Viewer::Desk || notice.readers == Readers::Everybody)
        .collect();
    notices.sort_by_key(|notice| (notice.kind, std::cmp::Reverse(notice.from)));
    let shown = notices.into_iter().map(|notice| ShownNotice {
        incident: notice.kind == NoticeKind::Incident,
        kind: notice.kind.label(),
        title: notice.title,
        body: notice.body,
        since: web.settings.dates.minute(notice.from),
    });
    shown.collect()
}

async fn all(web: &Web) -> Vec<Notice> {
    let read =
        |data: &Option<String>| -> Option<Notice> { serde_json::from_str(data.as_deref()?).ok() };
    match web.ask(web.store.list_settings(NOTICE)).await {
        Ok(kept) => {
            let notices = kept.iter().filter_map(|one| read(&one.data));
            web.notices.save(notices.collect());
        }
        Err(error) => tracing::debug!(%error, "notices cannot be read now"),
    }
    web.notices.get()
}
