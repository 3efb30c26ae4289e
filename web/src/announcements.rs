//! 音声案内: what callers hear, to be listened to and replaced, by a file or by a text that is
//! spoken.

mod change;
mod list;
mod listen;
mod one;
pub(crate) mod stored;
mod upload;

use crate::auth::routes::Routes;
use crate::limits::FileUse;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/announcements", list::page)
        .get("/admin/announcements/{line}/{name}", one::page)
        .get("/admin/announcements/{line}/{name}/listen", listen::listen)
        .post("/admin/announcements/{line}/{name}/speak", change::speak)
        .post(
            "/admin/announcements/{line}/{name}/restore",
            change::restore,
        )
        .post("/admin/announcements/{line}/{name}/remove", change::remove)
        .upload(
            "/admin/announcements/{line}/{name}",
            FileUse::Recording,
            upload::save,
        )
}
