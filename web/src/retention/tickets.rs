//! How long names and numbers stand in tickets that are done, and what would lose them now.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::ManageRetention;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::{
    TICKET_RETENTION, TICKET_YEARS_AT_LEAST, TICKET_YEARS_AT_MOST, TicketRetention,
};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::kit::field::{Field, access};
use crate::kit::record::{Context, Effect, Record, Screen};
use crate::kit::versioned::Versioned;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
pub(super) const HERE: &str = "/admin/retention";
const ID: &str = "years";

impl Record for TicketRetention {
    type Permit = ManageRetention;

    const SCREEN: Screen = Screen {
        kind: TICKET_RETENTION,
        action: Action::TicketRetentionChange,
        effect: Effect::Stored,
        menu: (HERE, "記録の保存期間"),
        only: Some(ID),
        label: "問合せの個人情報の保存期間",
        about: "完了した問合せの氏名、電話番号、職員番号です。過ぎると、問合せの記録と履歴から取り除き、退職・転出した人を職員名簿から消します。件数や時間の集計は変わりません。",
        list: "/admin/retention/tickets",
        one: "/admin/retention/tickets",
        confirm: "保存期間を変更します。過ぎた問合せから取り除いた氏名と電話番号は、元に戻せません。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let hint = format!(
            "問合せが完了してからの年数。{TICKET_YEARS_AT_LEAST}年以上、{TICKET_YEARS_AT_MOST}年以下。空欄にすると、無期限に保存します。"
        );
        let years = Field::<Self>::number("years", "保存期間", "年", access!(years));
        vec![years.word("", "無期限").hint(hint)]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        Self::SCREEN.label.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let fault = Self::check(*self).err().map(|fault| {
            let sentence = fault.to_string();
            FieldError::new("years", sentence.trim_end_matches('。'))
        });
        fault.into_iter().collect()
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }

    fn links(&self) -> Vec<(String, &'static str)> {
        let years = self
            .years
            .map_or_else(String::new, |years| format!("?years={years}"));
        vec![(
            format!("/admin/retention/preview{years}"),
            "対象になる件数を確認する",
        )]
    }
}

#[derive(Template)]
#[template(path = "retention_preview.html")]
struct PreviewPage {
    shell: Shell,
    years: String,
    error: Option<String>,
    found: Option<Found>,
}

/// What would be changed now.
struct Found {
    before: String,
    rows: Vec<Row>,
    oldest: Vec<(String, String)>,
    /// It is what is set.
    in_force: bool,
}

struct Row {
    what: &'static str,
    count: String,
    about: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PreviewQuery {
    /// Years to try out; what is set if none are given.
    years: String,
}

/// What would lose its names and numbers if the time of retention were so many years. Nothing is
/// changed.
pub(super) async fn preview(
    visitor: Allowed<ManageRetention>,
    State(web): State<Web>,
    Query(query): Query<PreviewQuery>,
) -> Result<Response, WebError> {
    let kept = Versioned::<TicketRetention>::get(&web, ID).await?;
    let kept = kept.record.unwrap_or_default();
    let typed = query.years.trim();
    let asked = if typed.is_empty() {
        Ok(kept)
    } else {
        let years = crate::kit::value::FieldValue::from_text(typed);
        years.map(|years| TicketRetention { years: Some(years) })
    };
    let asked = asked.map_err(|why: &str| format!("{why}。"));
    let asked = asked.and_then(|asked| {
        let checked = TicketRetention::check(asked);
        checked.map(|()| asked).map_err(|fault| fault.to_string())
    });
    let (status, error, found) = match asked {
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, Some(why), None),
        Ok(asked) => (StatusCode::OK, None, find(&web, asked, kept).await?),
    };
    let years = match (&error, &found) {
        (None, Some(_)) if typed.is_empty() => {
            kept.years.map_or_else(String::new, |it| it.to_string())
        }
        _ => typed.to_owned(),
    };
    let page = PreviewPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        years,
        error,
        found,
    };
    Ok((status, Html(page.render()?)).into_response())
}

async fn find(
    web: &Web,
    asked: TicketRetention,
    kept: TicketRetention,
) -> Result<Option<Found>, WebError> {
    let now = web.desk.now();
    let Some(before) = asked.clears_before(now) else {
        return Ok(None);
    };
    let preview = web.store.retention_preview(before, now).await?;
    let dates = web.settings.dates;
    let left_first = preview.left_first.map_or_else(String::new, |day| {
        format!("最も早い人は{}に退職・転出", dates.date(day))
    });
    let row = |what, count, unit: &str, about: &str| Row {
        what,
        count: format!("{}{unit}", text::number(count)),
        about: about.to_owned(),
    };
    let rows = vec![
        row(
            "匿名化する問合せ",
            preview.tickets,
            "件",
            "氏名、電話番号、職員番号、質問・回答・メモの中の氏名や番号と、添付ファイルを取り除きます。",
        ),
        row(
            "消す通話のメモ",
            preview.call_notes,
            "件",
            "対象外とした通話のメモです。理由は残ります。",
        ),
        row("職員名簿から消す人", preview.people, "人", &left_first),
        row(
            "消す入力の途中",
            preview.drafts,
            "件",
            "90日の間、誰も続きを入力していないものです。",
        ),
        row(
            "そのまま残す問合せ",
            preview.still_open,
            "件",
            "この日より前に受け付け、完了していないものです。",
        ),
    ];
    let oldest = preview.oldest.iter().map(|one| {
        let number = one.number.to_string();
        (number, dates.date(one.since.date()))
    });
    Ok(Some(Found {
        before: dates.date(before.date()),
        rows,
        oldest: oldest.collect(),
        in_force: asked == kept,
    }))
}
