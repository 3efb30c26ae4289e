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
            of("premium", "0990で始まる番号", false, access!(premium))
                .section("発信できる番号")
                .hint("情報料のかかる番号です。"),
            of("navi_dial", "0570で始まる番号", false, access!(navi_dial))
                .hint("ナビダイヤルなど、通話料の高い番号です。"),
            of("international", "国際電話", false, access!(international))
                .hint("010、+、00で始まる番号と、国番号から始まる番号です。"),
            of("satellite", "衛星電話", false, access!(satellite)).hint(
                "インマルサット、イリジウムなどの番号です。国際電話を許可しても、ここで許可しなければつながりません。",
            ),
            of("emergency", "緊急通報(110、118、119)", true, access!(emergency))
                .hint("許可すると、ほかの規則にかかわらず、誰でも、いつでも発信できます。"),
            prefixes(
                "allowed_prefixes",
                "許可する番号の始まり",
                "空欄にすると、上の規則に反しない全ての番号に発信できます。",
                access!(allowed_prefixes),
            ),
            prefixes(
                "denied_prefixes",
                "許可しない番号の始まり",
                "許可する番号より優先します。",
                access!(denied_prefixes),
            ),
            of(
                "when_logged_out",
                "受付を終えた担当者の発信",
                false,
                access!(when_logged_out),
            )
            .section("発信できる人と時間"),
            F::text("hours", "発信できる時間", access!(hours))
                .hint("08:00-17:30 のように入力します。空欄にすると、いつでも発信できます。")
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
            .short("1日の通話時間の上限"),
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

    fn title(&self) -> String {
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
    let of = |name, label, short, access: Access<ScreenAgent, Option<bool>>| {
        permission(name, label, "窓口の規則に従う".to_owned(), access).short(short)
    };
    let prefixes = |name, label, short, access: Access<ScreenAgent, Option<Vec<String>>>| {
        A::lines(name, label, access)
            .short(short)
            .hint(format!("{PREFIX_HINT}{FOLLOWS}"))
    };
    vec![
        of(
            "outbound.enabled",
            "外への発信",
            "発信規制：外への発信",
            access!(agent.outbound.enabled),
        )
        .section("発信規制"),
        of(
            "outbound.when_logged_out",
            "受付を終えた担当者の発信",
            "発信規制：受付を終えた担当者の発信",
            access!(agent.outbound.when_logged_out),
        ),
        of(
            "outbound.premium",
            "0990で始まる番号",
            "発信規制：0990で始まる番号",
            access!(agent.outbound.premium),
        ),
        of(
            "outbound.navi_dial",
            "0570で始まる番号",
            "発信規制：0570で始まる番号",
            access!(agent.outbound.navi_dial),
        ),
        of(
            "outbound.international",
            "国際電話",
            "発信規制：国際電話",
            access!(agent.outbound.international),
        ),
        of(
            "outbound.satellite",
            "衛星電話",
            "発信規制：衛星電話",
            access!(agent.outbound.satellite),
        ),
        prefixes(
            "outbound.allowed_prefixes",
            "許可する番号の始まり",
            "発信規制：許可する番号の始まり",
            access!(agent.outbound.allowed_prefixes),
        ),
        prefixes(
            "outbound.denied_prefixes",
            "許可しない番号の始まり",
            "発信規制：許可しない番号の始まり",
            access!(agent.outbound.denied_prefixes),
        ),
        A::text(
            "outbound.hours",
            "発信できる時間",
            access!(agent.outbound.hours),
        )
        .short("発信規制：発信できる時間")
        .hint(format!("08:00-17:30 のように入力します。{FOLLOWS}")),
        A::number(
            "outbound.minutes_per_day",
            "1日の通話時間の上限",
            "分",
            access!(agent.outbound.minutes_per_day),
        )
        .short("発信規制：1日の通話時間の上限")
        .hint("この担当者だけの上限です。空欄にすると、上限を設けません。"),
    ]
}
