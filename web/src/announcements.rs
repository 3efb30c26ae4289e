//! 音声案内: what callers hear, to be listened to and replaced, by a file or by a text that is
//! spoken.

mod change;
mod detail;
mod list;
mod listen;
mod stored;
mod upload;

use madoguchi_core::access::Permission;
use madoguchi_core::announcement::OwnSound;

use self::stored::HERE;
use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::record::audit_fields;
use crate::limits::FileUse;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new("音声案内", HERE, Permission::ManageDesk)])
    .audit(&[audit_fields::<OwnSound>])
    .messages(&[
        ("sound", "登録しました。次の案内から、この音声を流します。"),
        (
            "sound-off",
            "登録した音声をやめました。以前の録音は、履歴から戻せます。",
        ),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/admin/announcements", list::page)
        .get("/admin/announcements/{line}/{name}", detail::page)
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
