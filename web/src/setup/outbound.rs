//! 発信規制 on screens: of the desk, of which there is one, and the part of an agent's page.

use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{FieldError, OUTBOUND, OUTBOUND_ID, OutboundConfig, ScreenAgent};

use crate::auth::routes::Routes;
use crate::kit::field::{Access, Field, access};
use crate::kit::record::{Context, Record, Screen};
use crate::kit::record_routes;
use crate::kit::value::{NO, YES};

pub(super) fn routes() -> Routes {
    record_routes!(single OutboundConfig, at: "/admin/desk/outbound")
}

const ALLOWED: &str = "許可する";
const DENIED: &str = "許可しない";
const PREFIX_HINT: &str = "1行に1つ入力します。03、+1 など。";
const UNLIMITED: &str = "上限なし";

const PREMIUM: &str = "0990で始まる番号";
const NAVI_DIAL: &str = "0570で始まる番号";
const INTERNATIONAL: &str = "国際電話";
const SATELLITE: &str = "衛星電話";
const ALLOWED_PREFIXES: &str = "許可する番号の始まり";
const DENIED_PREFIXES: &str = "許可しない番号の始まり";
const WHEN_LOGGED_OUT: &str = "受付を終えた担当者の発信";
const HOURS: &str = "発信できる時間";
const MINUTES_PER_DAY: &str = "1日の通話時間の上限";
const HOURS_HINT: &str = "08:00-17:30 のように入力します。";

fn word(allowed: bool) -> &'static str {
    if allowed { ALLOWED } else { DENIED }
}

/// Something that is allowed or not, or as it usually is.
fn permission<R: 'static>(
    name: &'static str,
    label: &'static str,
    usual: String,
    access: Access<R, Option<bool>>,
) -> Field<'static, R> {
    let choices = [
        (String::new(), usual),
        (YES.to_owned(), ALLOWED.to_owned()),
        (NO.to_owned(), DENIED.to_owned()),
    ];
    Field::select(name, label, choices, access)
}

type F<'c> = Field<'c, OutboundConfig>;

impl Record for OutboundConfig {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: OUTBOUND,
        action: Action::OutboundChange,
        label: "発信規制",
        not_found: "発信規制",
        list: "/admin/desk/outbound",
        one: "/admin/desk/outbound",
        only: Some(OUTBOUND_ID),
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let file = &context.setup.file_outbound;
        let of = |name, label, usual, access: Access<Self, Option<bool>>| {
            let named = *(access.get)(file);
            permission(name, label, format!("既定({})", word(usual)), access).unless_file(named)
        };
        let prefixes = |name, label, hint, access: Access<Self, Option<Vec<String>>>| {
            let named = (access.get)(file).clone();
            F::lines(name, label, access)
                .hint(format!("{PREFIX_HINT}{hint}"))
                .unless_file(named)
        };
        let limit = |name, label, unit, access: Access<Self, Option<u32>>| {
            let named = *(access.get)(file);
            F::number(name, label, unit, access)
                .word("", UNLIMITED)
                .word("0", UNLIMITED)
                .hint("空欄か0にすると、上限を設けません。")
                .unless_file(named)
        };
        vec![
            of("premium", PREMIUM, false, access!(premium))
                .section("発信できる番号")
                .hint("情報料のかかる番号です。"),
            of("navi_dial", NAVI_DIAL, false, access!(navi_dial))
                .hint("ナビダイヤルなど、通話料の高い番号です。"),
            of("international", INTERNATIONAL, false, access!(international))
                .hint("010、+、00で始まる番号と、国番号から始まる番号です。"),
            of("satellite", SATELLITE, false, access!(satellite)).hint(
                "インマルサット、イリジウムなどの番号です。国際電話を許可しても、ここで許可しなければつながりません。",
            ),
            of("emergency", "緊急通報(110、118、119)", true, access!(emergency))
                .hint("許可すると、ほかの規則にかかわらず、誰でも、いつでも発信できます。"),
            prefixes(
                "allowed_prefixes",
                ALLOWED_PREFIXES,
                "空欄にすると、上の規則に反しない全ての番号に発信できます。",
                access!(allowed_prefixes),
            ),
            prefixes(
                "denied_prefixes",
                DENIED_PREFIXES,
                "許可する番号より優先します。",
                access!(denied_prefixes),
            ),
            of(
                "when_logged_out",
                WHEN_LOGGED_OUT,
                false,
                access!(when_logged_out),
            )
            .section("発信できる人と時間"),
            F::text("hours", HOURS, access!(hours))
                .hint(format!("{HOURS_HINT}空欄にすると、いつでも発信できます。"))
                .unless_file(file.hours.clone()),
            limit(
                "calls_at_once",
                "同時に発信できる数",
                "件",
                access!(calls_at_once),
            )
            .section("上限"),
            limit(
                "minutes_per_day",
                "1日の通話時間の上限(窓口全体)",
                "分",
                access!(minutes_per_day),
            )
            .short(MINUTES_PER_DAY),
            of(
                "cut_at_limit",
                "上限に達した時の、通話中の発信の切断",
                false,
                access!(cut_at_limit),
            )
            .hint("許可しなければ、通話中のものは続き、新しい発信だけを止めます。"),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        "発信規制".to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}

type A<'c> = Field<'c, ScreenAgent>;

/// The part of an agent's table.
pub(super) fn agent_fields() -> Vec<A<'static>> {
    const FOLLOWS: &str = "空欄にすると、窓口の規則に従います。";
    let of = |name, label, access: Access<ScreenAgent, Option<bool>>| {
        permission(name, label, "窓口の規則に従う".to_owned(), access)
    };
    let prefixes = |name, label, access: Access<ScreenAgent, Option<Vec<String>>>| {
        A::lines(name, label, access).hint(format!("{PREFIX_HINT}{FOLLOWS}"))
    };
    let fields = vec![
        of(
            "outbound.enabled",
            "外への発信",
            access!(agent.outbound.enabled),
        ),
        of(
            "outbound.when_logged_out",
            WHEN_LOGGED_OUT,
            access!(agent.outbound.when_logged_out),
        ),
        of("outbound.premium", PREMIUM, access!(agent.outbound.premium)),
        of(
            "outbound.navi_dial",
            NAVI_DIAL,
            access!(agent.outbound.navi_dial),
        ),
        of(
            "outbound.international",
            INTERNATIONAL,
            access!(agent.outbound.international),
        ),
        of(
            "outbound.satellite",
            SATELLITE,
            access!(agent.outbound.satellite),
        ),
        prefixes(
            "outbound.allowed_prefixes",
            ALLOWED_PREFIXES,
            access!(agent.outbound.allowed_prefixes),
        ),
        prefixes(
            "outbound.denied_prefixes",
            DENIED_PREFIXES,
            access!(agent.outbound.denied_prefixes),
        ),
        A::text("outbound.hours", HOURS, access!(agent.outbound.hours))
            .hint(format!("{HOURS_HINT}{FOLLOWS}")),
        A::number(
            "outbound.minutes_per_day",
            MINUTES_PER_DAY,
            "分",
            access!(agent.outbound.minutes_per_day),
        )
        .hint("この担当者だけの上限です。空欄にすると、上限を設けません。"),
    ];
    // Among all that is told of an agent, what each of them is about has to be said.
    let told = fields.into_iter().map(|field| {
        let short = format!("発信規制：{}", field.info.label);
        field.section("発信規制").short(short)
    });
    told.collect()
}
