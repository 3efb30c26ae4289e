//! How long records are kept: those of the audit, and what readers of the FAQ looked for and read.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::ManageRetention;
use madoguchi_core::audit::Action;
use madoguchi_core::portal::{LOG_DAYS_AT_LEAST, LogRetention, PORTAL_RETENTION};
use madoguchi_core::setup::{AUDIT_RETENTION, AuditRetention, FieldError, RETENTION_DAYS_AT_LEAST};

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::kit::field::{Access, Field, access};
use crate::kit::record::{AuditFields, Context, Effect, Record, Screen, audit_fields};
use crate::kit::record_routes;
use crate::kit::versioned::Versioned;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

/// There is one setting of each kind.
const ID: &str = "days";
const HERE: &str = "/admin/retention";

/// How fields are called in the audit log.
pub(crate) const AUDIT: [AuditFields; 2] =
    [audit_fields::<AuditRetention>, audit_fields::<LogRetention>];

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/retention", page)
        .and(record_routes!(single AuditRetention, at: "/admin/retention/audit"))
        .and(record_routes!(single LogRetention, at: "/admin/retention/portal"))
}

#[derive(Template)]
#[template(path = "retention.html")]
struct RetentionPage {
    shell: Shell,
    parts: Vec<Part>,
}

/// What is shown of one kind of records.
struct Part {
    link: &'static str,
    label: &'static str,
    about: &'static str,
    days: String,
    changed: Option<String>,
}

async fn part<T: Record>(web: &Web) -> Result<Part, WebError> {
    let kept = Versioned::<T>::get(web, ID).await?;
    let context = Context::new(web, ID);
    let days = T::fields(&context).into_iter().zip(&kept.record);
    let changed = kept.history.first();
    Ok(Part {
        link: T::SCREEN.one,
        label: T::SCREEN.label,
        about: T::SCREEN.about,
        days: days.map(|(days, record)| days.tell(record)).collect(),
        changed: changed.map(|newest| {
            let at = web.settings.dates.minute(newest.at);
            format!("{at}　{}", newest.by)
        }),
    })
}

async fn page(
    visitor: Allowed<ManageRetention>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let page = RetentionPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&query.done),
        parts: vec![
            part::<AuditRetention>(&web).await?,
            part::<LogRetention>(&web).await?,
        ],
    };
    Ok(Html(page.render()?))
}

/// A kind of which there is one, kept until it is needed.
const SINGLE: Screen = Screen {
    effect: Effect::Stored,
    menu: (HERE, "記録の保存期間"),
    only: Some(ID),
    confirm: "保存期間を変更します。短くすると、期間を過ぎた記録は元に戻せません。",
    ..Screen::DESK
};

fn days<R: 'static>(at_least: u32, access: Access<R, Option<u32>>) -> Vec<Field<'static, R>> {
    let days = Field::number("days", "保存期間", "日", access)
        .word("", "無期限")
        .hint(format!(
            "{at_least}日以上。空欄にすると、無期限に保存します。"
        ));
    vec![days]
}

/// A sentence as a fault of the field.
fn fault(checked: Result<(), impl std::fmt::Display>) -> Vec<FieldError> {
    let fault = checked.err().map(|fault| {
        let sentence = fault.to_string();
        FieldError::new("days", sentence.trim_end_matches('。'))
    });
    fault.into_iter().collect()
}

impl Record for AuditRetention {
    type Permit = ManageRetention;

    const SCREEN: Screen = Screen {
        kind: AUDIT_RETENTION,
        action: Action::RetentionChange,
        label: "監査記録の保存期間",
        about: "誰が何を見て、何を変えたかの記録です。",
        list: "/admin/retention/audit",
        one: "/admin/retention/audit",
        ..SINGLE
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        days(RETENTION_DAYS_AT_LEAST, access!(days))
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        Self::SCREEN.label.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        fault(Self::check(*self))
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}

impl Record for LogRetention {
    type Permit = ManageRetention;

    const SCREEN: Screen = Screen {
        kind: PORTAL_RETENTION,
        action: Action::PortalRetentionChange,
        label: "FAQの利用記録の保存期間",
        about: "FAQの検索、閲覧、ご意見と、処理済みの問合せです。短くすると、アクセスレポートで見られる月が減ります。",
        list: "/admin/retention/portal",
        one: "/admin/retention/portal",
        ..SINGLE
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        days(LOG_DAYS_AT_LEAST, access!(days))
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        Self::SCREEN.label.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        fault(Self::check(*self))
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}
