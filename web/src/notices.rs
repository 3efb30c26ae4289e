//! お知らせ and 障害情報: written, changed, taken away, and brought back.

use std::cmp::Reverse;

use chrono::NaiveDateTime;
use madoguchi_core::access::{ManageNotices, Permission};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::Action;
use madoguchi_core::portal::{
    EVERYBODY, NOTICE, NOTICE_BODY_LETTERS, NOTICE_TITLE_LETTERS, Notice, NoticeKind,
};
use madoguchi_core::setup::FieldError;
use madoguchi_core::time::Instant;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::field::{Field, access};
use crate::kit::form::Input;
use crate::kit::record::{Context, Effect, Listed, Record, Removable, Screen, audit_fields};
use crate::kit::record_routes;
use crate::kit::value::Options;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "お知らせ",
        "/admin/notices",
        Permission::ManageNotices,
    )])
    .audit(&[audit_fields::<Notice>]);

fn routes() -> Routes {
    record_routes!(removable Notice, list: "/admin/notices", one: "/admin/notices")
}

const KINDS: &Options<NoticeKind> = &[
    (
        NoticeKind::Incident,
        NoticeKind::Incident.as_str(),
        NoticeKind::Incident.label(),
    ),
    (
        NoticeKind::News,
        NoticeKind::News.as_str(),
        NoticeKind::News.label(),
    ),
];

const READERS: &Options<Audience> = &[
    (Audience::Portal, EVERYBODY, "全職員"),
    (
        Audience::Desk,
        Audience::Desk.as_str(),
        Audience::Desk.label(),
    ),
];

/// As a browser writes a date and time.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

fn local(at: Instant) -> String {
    at.in_tokyo().format(LOCAL).to_string()
}

fn read_local(text: &str) -> Result<Instant, &'static str> {
    let read = NaiveDateTime::parse_from_str(text, LOCAL);
    let read = read.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
    read.map(Instant::from_tokyo)
        .map_err(|_| "日付と時刻を、2026-11-24T08:30 のように入力してください")
}

/// A value of a date and time in words.
fn date_words(context: &Context<'_>, value: &str) -> String {
    read_local(value).map_or_else(
        |_| String::new(),
        |at| context.web.settings.dates.minute(at),
    )
}

type F<'c> = Field<'c, Notice>;

impl Record for Notice {
    type Permit = ManageNotices;

    const SCREEN: Screen = Screen {
        kind: NOTICE,
        action: Action::NoticeChange,
        effect: Effect::Stored,
        menu: ("/admin/notices", "お知らせ・障害情報"),
        label: "お知らせ",
        not_found: "このお知らせ",
        about: "職員向けのFAQと、窓口のナレッジ検索の上に表示します。",
        list: "/admin/notices",
        one: "/admin/notices",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let now = context.web.desk.now();
        vec![
            F::listed_only("title", "題", |notice| notice.title.clone()),
            F::one_of("kind", "種類", KINDS, access!(kind))
                .listed()
                .marked(NoticeKind::Incident.as_str()),
            F::listed_only("state", "状態", move |notice| {
                if notice.is_in_force(now) {
                    "掲載中"
                } else if now < notice.from {
                    "掲載前"
                } else {
                    "掲載終了"
                }
                .to_owned()
            }),
            F::text("title", "題", access!(title))
                .hint(format!("{NOTICE_TITLE_LETTERS}文字以内"))
                .required(),
            F::area("body", "内容(省略可)", access!(body))
                .short("内容")
                .hint(format!("{NOTICE_BODY_LETTERS}文字以内")),
            F::one_of("readers", "公開範囲", READERS, access!(readers)).listed(),
            F::custom(
                Input::DateTime,
                "from",
                "掲載を始める日時",
                |notice| local(notice.from),
                |notice, text| {
                    notice.from = read_local(text)?;
                    Ok(())
                },
            )
            .shown_by(|value| date_words(context, value))
            .listed(),
            F::custom(
                Input::DateTime,
                "until",
                "掲載を終える日時(省略可)",
                |notice| notice.until.map(local).unwrap_or_default(),
                |notice, text| {
                    let is_typed = !text.is_empty();
                    notice.until = is_typed.then(|| read_local(text)).transpose()?;
                    Ok(())
                },
            )
            .short("掲載を終える日時")
            .hint("空欄にすると、削除するまで掲載します。")
            .word("", "決めていない")
            .shown_by(|value| date_words(context, value))
            .listed(),
        ]
    }

    fn blank(context: &Context<'_>) -> Self {
        Self {
            kind: NoticeKind::News,
            title: String::new(),
            body: String::new(),
            readers: Audience::Portal,
            from: context.web.desk.now(),
            until: None,
        }
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.title.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    /// Those that begin last come first.
    fn sort(list: &mut [Listed<Self>]) {
        list.sort_by_key(|one| Reverse(one.record.from));
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for Notice {
    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec![
            "職員向けのFAQと窓口の画面から消えます。".to_owned(),
            "一覧の下の「削除したお知らせ」から、もう一度掲載できます。".to_owned(),
        ]
    }
}
