//! エスカレーション先 on screens.

use madoguchi_core::access::{HandleTickets, ManageDesk};
use madoguchi_core::audit::Action;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::{Route, VENDOR_LETTERS};
use madoguchi_core::vendor::{VENDOR, VENDOR_NOTE_LETTERS, Vendor, VendorKind};

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::export;
use crate::kit::field::{Field, access};
use crate::kit::record::{Context, Effect, Record, Removable, Screen, audit_fields};
use crate::kit::record_routes;
use crate::kit::value::Options;

pub(crate) const FEATURE: Feature = Feature::new(routes).audit(&[audit_fields::<Vendor>]);

fn routes() -> Routes {
    record_routes!(removable Vendor, list: "/admin/desk/vendors", one: "/admin/desk/vendor")
        .get("/api/v1/vendors", export::items::<Vendor, HandleTickets>)
        .described(|web| export::described::<Vendor>(web, "listVendors"))
}

const KINDS: &Options<VendorKind> = &[
    kind(VendorKind::Application),
    kind(VendorKind::Hardware),
    kind(VendorKind::Virtualisation),
    kind(VendorKind::Proofreading),
    kind(VendorKind::Terminals),
    kind(VendorKind::Network),
    kind(VendorKind::Other),
];

const fn kind(kind: VendorKind) -> (VendorKind, &'static str, &'static str) {
    (kind, kind.as_str(), kind.label())
}

const ROUTES: &Options<Route> = &[
    (
        Route::ViaClient,
        Route::ViaClient.as_str(),
        Route::ViaClient.label(),
    ),
    (Route::Direct, Route::Direct.as_str(), Route::Direct.label()),
];

type F<'c> = Field<'c, Vendor>;

impl Record for Vendor {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: VENDOR,
        action: Action::VendorChange,
        effect: Effect::Stored,
        label: "エスカレーション先",
        not_found: "このエスカレーション先",
        about: "窓口で答えられない問合せを引き継ぐ相手です。",
        list: "/admin/desk/vendors",
        one: "/admin/desk/vendor",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let note = format!("{VENDOR_NOTE_LETTERS}文字以内");
        vec![
            F::text("name", "名前", access!(name))
                .hint(format!("{VENDOR_LETTERS}文字以内"))
                .required()
                .listed(),
            F::one_of("kind", "受け持ち", KINDS, access!(kind)).listed(),
            F::one_of("route", "経路", ROUTES, access!(route)).listed(),
            F::text("number", "転送先の電話番号(省略可)", access!(number))
                .short("電話番号")
                .hint("入力すると、受付の画面から通話を転送できます。")
                .listed(),
            F::area("reached_by", "連絡先(省略可)", access!(reached_by))
                .short("連絡先")
                .hint(note.clone())
                .listed(),
            F::area("note", "備考(省略可)", access!(note))
                .short("備考")
                .hint(format!("送る内容など。{note}")),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for Vendor {
    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec![
            "新しいエスカレーションには選べなくなります。".to_owned(),
            "これまでの問合せの記録と集計には、この名前が残ります。".to_owned(),
        ]
    }
}
