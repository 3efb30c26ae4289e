//! What readers are told above everything else.

use madoguchi_core::portal::{NOTICE, Notice, NoticeKind};
use madoguchi_core::time::Instant;
use madoguchi_kb::Viewer;

use crate::state::Web;
use crate::text::DateStyle;

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
    read(web).await;
    let (now, dates) = (web.desk.now(), web.settings.dates);
    let notices = web.notices.get();
    let notices = notices
        .iter()
        .filter(|notice| notice.readers.includes(viewer));
    shown(notices, now, dates)
}

/// Of these, the incidents in force for the desk.
pub(crate) fn incidents(notices: &[Notice], now: Instant, dates: DateStyle) -> Vec<ShownNotice> {
    let is_incident = |notice: &&Notice| notice.kind == NoticeKind::Incident;
    shown(notices.iter().filter(is_incident), now, dates)
}

fn shown<'a>(
    notices: impl Iterator<Item = &'a Notice>,
    now: Instant,
    dates: DateStyle,
) -> Vec<ShownNotice> {
    let mut notices: Vec<_> = notices.filter(|notice| notice.is_in_force(now)).collect();
    notices.sort_by_key(|notice| (notice.kind, std::cmp::Reverse(notice.from)));
    let shown = notices.into_iter().map(|notice| ShownNotice {
        incident: notice.kind == NoticeKind::Incident,
        kind: notice.kind.label(),
        title: notice.title.clone(),
        body: notice.body.clone(),
        since: dates.minute(notice.from),
    });
    shown.collect()
}

/// Reads the notices anew, if that was not done just now: all who watch ask for it.
pub(crate) async fn refresh(web: &Web) {
    if web.notices.is_due(web.desk.monotonic()) {
        read(web).await;
    }
}

/// Reads the notices anew; those of before stay if the store cannot be asked.
pub(crate) async fn read(web: &Web) {
    let notice =
        |data: &Option<String>| -> Option<Notice> { serde_json::from_str(data.as_deref()?).ok() };
    let read_at = web.desk.monotonic();
    match web.ask(web.store.list_settings(NOTICE)).await {
        Ok(kept) => {
            let notices = kept.iter().filter_map(|one| notice(&one.data));
            web.notices.save(read_at, notices.collect());
        }
        Err(error) => tracing::debug!(%error, "notices cannot be read now"),
    }
}
