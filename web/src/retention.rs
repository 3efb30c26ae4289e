//! How long records are kept: those of the audit, what readers of the FAQ looked for and read, and names
//! and numbers in tickets.

mod tickets;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::{ManageRetention, Permission};
use madoguchi_core::audit::Action;
use madoguchi_core::portal::{LOG_DAYS_AT_LEAST, LogRetention, PORTAL_RETENTION};
use madoguchi_core::setup::{AUDIT_RETENTION, AuditRetention, FieldError, RETENTION_DAYS_AT_LEAST};
use madoguchi_core::signal::SignalRetention;
use madoguchi_core::ticket::TicketRetention;

use self::tickets::HERE;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::kit::field::{Field, access};
use crate::kit::record::{Context, Effect, Record, Screen, audit_fields};
use crate::kit::record_routes;
use crate::kit::versioned::Versioned;
use crate::menu::MenuEntry;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

/// There is one setting of each kind.
const ID: &str = "days";

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "保存期間",
        HERE,
        Permission::ManageRetention,
    )])
    .audit(&[
        audit_fields::<AuditRetention>,
        audit_fields::<LogRetention>,
        audit_fields::<TicketRetention>,
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/admin/retention", page)
        .and(record_routes!(single AuditRetention, at: "/admin/retention/audit"))
        .get("/admin/retention/preview", tickets::preview)
        .and(record_routes!(single LogRetention, at: "/admin/retention/portal"))
        .and(record_routes!(single TicketRetention, at: "/admin/retention/tickets"))
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
    let id = T::SCREEN.only.unwrap_or_default();
    let kept = Versioned::<T>::get(web, id).await?;
    let context = Context::new(web, id);
    let days = T::fields(&context).into_iter().zip(&kept.record);
    let changed = kept.history.first();
    Ok(Part {
        link: T::SCREEN.one,
        label: T::SCREEN.label,
        about: T::SCREEN.about,
        days: days.map(|(days, record)| days.in_words(record)).collect(),
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
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        parts: vec![
            part::<AuditRetention>(&web).await?,
            part::<LogRetention>(&web).await?,
            part::<TicketRetention>(&web).await?,
            part::<SignalRetention>(&web).await?,
        ],
    };
    Ok(Html(page.render()?))
}

/// A number of days after which records are deleted: all that differs from one kind to the other.
macro_rules! record_of_days {
    ($record:ty, at_least: $at_least:expr, at: $at:literal, $screen:expr) => {
        impl Record for $record {
            type Permit = ManageRetention;

            const SCREEN: Screen = Screen {
                effect: Effect::Stored,
                menu: (HERE, "記録の保存期間"),
                only: Some(ID),
                list: $at,
                one: $at,
                confirm: "保存期間を変更します。短くすると、期間を過ぎた記録は元に戻せません。",
                ..$screen
            };

            fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
                let hint = format!("{}日以上。空欄にすると、無期限に保存します。", $at_least);
                let days = Field::<Self>::number("days", "保存期間", "日", access!(days));
                vec![days.word("", "無期限").hint(hint)]
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
                    FieldError::new("days", sentence.trim_end_matches('。'))
                });
                fault.into_iter().collect()
            }

            fn initial(_: &str) -> Option<Self> {
                Some(Self::default())
            }
        }
    };
}

record_of_days!(
    AuditRetention,
    at_least: RETENTION_DAYS_AT_LEAST,
    at: "/admin/retention/audit",
    Screen {
        kind: AUDIT_RETENTION,
        action: Action::RetentionChange,
        label: "監査記録の保存期間",
        about: "誰が何を見て、何を変えたかの記録です。",
        ..Screen::DESK
    }
);

record_of_days!(
    LogRetention,
    at_least: LOG_DAYS_AT_LEAST,
    at: "/admin/retention/portal",
    Screen {
        kind: PORTAL_RETENTION,
        action: Action::PortalRetentionChange,
        label: "FAQの利用記録の保存期間",
        about: "FAQの検索、閲覧、ご意見です。短くすると、アクセスレポートで見られる月が減ります。",
        ..Screen::DESK
    }
);
