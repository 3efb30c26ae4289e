//! 発信規制 on screens: of the desk, of which there is one, and the part of an agent's page.

use axum::extract::{Form, Query, State};
use axum::response::Response;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    AgentOutboundConfig, Fault, OUTBOUND, OUTBOUND_ID, OutboundConfig, Part,
};

use super::form::{Field, Section, Values};
use super::page::{Shown, save_thing, show};
use super::restore::{RestoreForm, restore_thing};
use super::screen::{Facts, Read, Row, SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::state::Web;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/admin/desk/outbound", page)
        .post("/admin/desk/outbound", save)
        .post("/admin/desk/outbound/restore", restore)
}

async fn page(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let shown = Shown {
        done: query.done,
        ..Shown::default()
    };
    show::<OutboundConfig>(&web, &visitor, OUTBOUND_ID, shown).await
}

async fn save(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    save_thing::<OutboundConfig>(&web, &visitor, OUTBOUND_ID, Values::of(pairs)).await
}

async fn restore(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Form(form): Form<RestoreForm>,
) -> Result<Response, WebError> {
    restore_thing::<OutboundConfig>(&web, &visitor, OUTBOUND_ID, &form).await
}

/// Something that is allowed or not.
struct Permission {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    of: fn(&OutboundConfig) -> Option<bool>,
    usual: bool,
}

const NUMBERS: [Permission; 5] = [
    Permission {
        name: "premium",
        label: "0990で始まる番号",
        hint: "情報料のかかる番号です。",
        of: |rules| rules.premium,
        usual: false,
    },
    Permission {
        name: "navi_dial",
        label: "0570で始まる番号",
        hint: "ナビダイヤルなど、通話料の高い番号です。",
        of: |rules| rules.navi_dial,
        usual: false,
    },
    Permission {
        name: "international",
        label: "国際電話",
        hint: "010、+、00で始まる番号と、国番号から始まる番号です。",
        of: |rules| rules.international,
        usual: false,
    },
    Permission {
        name: "satellite",
        label: "衛星電話",
        hint: "インマルサット、イリジウムなどの番号です。国際電話を許可しても、ここで許可しなければつながりません。",
        of: |rules| rules.satellite,
        usual: false,
    },
    Permission {
        name: "emergency",
        label: "緊急通報(110、118、119)",
        hint: "許可すると、ほかの規則にかかわらず、誰でも、いつでも発信できます。",
        of: |rules| rules.emergency,
        usual: true,
    },
];

const OTHERS: [Permission; 2] = [
    Permission {
        name: "when_logged_out",
        label: "受付を終えた担当者の発信",
        hint: "",
        of: |rules| rules.when_logged_out,
        usual: false,
    },
    Permission {
        name: "cut_at_limit",
        label: "上限に達した時の、通話中の発信の切断",
        hint: "許可しなければ、通話中のものは続き、新しい発信だけを止めます。",
        of: |rules| rules.cut_at_limit,
        usual: false,
    },
];

const ALLOWED: &str = "許可する";
const DENIED: &str = "許可しない";
const FILE: &str = "設定ファイルで定めています。";
const HOURS_HINT: &str = "08:00-17:30 のように入力します。空欄にすると、いつでも発信できます。";
const PREFIX_HINT: &str = "1行に1つ入力します。03、+1 など。";

fn word(allowed: bool) -> &'static str {
    if allowed { ALLOWED } else { DENIED }
}

fn choice(allowed: Option<bool>) -> &'static str {
    match allowed {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    }
}

fn read_choice(values: &Values, name: &str, faults: &mut Vec<Fault>) -> Option<bool> {
    match values.get(name) {
        "" => None,
        "yes" => Some(true),
        "no" => Some(false),
        _ => {
            faults.push(Fault::new(name, "一覧から選んでください"));
            None
        }
    }
}

fn read_lines(values: &Values, name: &str) -> Option<Vec<String>> {
    let lines = values.lines(name);
    (!lines.is_empty()).then_some(lines)
}

fn permission_field(values: &Values, one: &Permission, file: &OutboundConfig) -> Field {
    if let Some(allowed) = (one.of)(file) {
        return Field::fixed(one.name, one.label, word(allowed)).hint(FILE);
    }
    let usual = format!("既定({})", word(one.usual));
    let choices = [("", usual.as_str()), ("yes", ALLOWED), ("no", DENIED)];
    Field::select(values, one.name, one.label, choices).hint(one.hint)
}

fn limit(value: Option<u32>, unit: &str) -> String {
    match value {
        None | Some(0) => "上限なし".to_owned(),
        Some(value) => format!("{value}{unit}"),
    }
}

impl SettingScreen for OutboundConfig {
    const KIND: &'static str = OUTBOUND;
    const ACTION: Action = Action::OutboundChange;
    const PART: Option<Part> = None;
    const LABEL: &'static str = "発信規制";
    const NOT_FOUND: &'static str = "発信規制";
    const ABOUT: &'static str = "";
    const LIST: &'static str = "/admin/desk/outbound";
    const PLACE: &'static str = "/admin/desk/outbound";
    const COLUMNS: &'static [&'static str] = &[];
    const ID_FIELD: &'static str = "";

    fn rows(_: &SetupContext<'_>) -> Vec<Row> {
        Vec::new()
    }

    fn of_file(_: &SetupContext<'_>, _: &str) -> Option<(String, Facts)> {
        None
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }

    fn place(_: &str) -> String {
        Self::PLACE.to_owned()
    }

    fn new_id(&self) -> String {
        OUTBOUND_ID.to_owned()
    }

    fn title(&self) -> String {
        "発信規制".to_owned()
    }

    fn facts(&self, _: &SetupContext<'_>) -> Facts {
        let permissions = NUMBERS.iter().chain(&OTHERS).map(|one| {
            let value = match (one.of)(self) {
                Some(allowed) => word(allowed).to_owned(),
                None => format!("既定({})", word(one.usual)),
            };
            (one.label, value)
        });
        let mut facts: Facts = permissions.collect();
        let lines = |lines: &Option<Vec<String>>| lines.as_deref().unwrap_or_default().join("、");
        facts.extend([
            ("許可する番号の始まり", lines(&self.allowed_prefixes)),
            ("許可しない番号の始まり", lines(&self.denied_prefixes)),
            ("発信できる時間", self.hours.clone().unwrap_or_default()),
            ("同時に発信できる数", limit(self.calls_at_once, "件")),
            ("1日の通話時間の上限", limit(self.minutes_per_day, "分")),
        ]);
        facts
    }

    fn blank(_: &SetupContext<'_>) -> Values {
        Values::default()
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        for one in NUMBERS.iter().chain(&OTHERS) {
            values.set(one.name, choice((one.of)(self)));
        }
        let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        let lines = |lines: &Option<Vec<String>>| lines.as_deref().unwrap_or_default().join("\n");
        values.set("allowed_prefixes", lines(&self.allowed_prefixes));
        values.set("denied_prefixes", lines(&self.denied_prefixes));
        values.set("hours", self.hours.clone().unwrap_or_default());
        values.set("calls_at_once", number(self.calls_at_once));
        values.set("minutes_per_day", number(self.minutes_per_day));
        values
    }

    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        _: Option<(&str, &Self)>,
    ) -> Vec<Section> {
        let file = &around.setup.file_outbound;
        let permission = |one: &Permission| permission_field(values, one, file);
        let prefixes = |name, label, set: &Option<Vec<String>>, hint: &str| match set {
            Some(lines) => Field::fixed(name, label, &lines.join("、")).hint(FILE),
            None => Field::area(values, name, label).hint(format!("{PREFIX_HINT}{hint}")),
        };
        let number = |name, label, unit, set: Option<u32>| match set {
            Some(value) => Field::fixed(name, label, &limit(Some(value), unit)).hint(FILE),
            None => {
                Field::number(values, name, label, unit).hint("空欄か0にすると、上限を設けません。")
            }
        };
        let [logged_out, cut] = &OTHERS;
        let mut numbers: Vec<Field> = NUMBERS.iter().map(permission).collect();
        numbers.push(prefixes(
            "allowed_prefixes",
            "許可する番号の始まり",
            &file.allowed_prefixes,
            "空欄にすると、上の規則に反しない全ての番号に発信できます。",
        ));
        numbers.push(prefixes(
            "denied_prefixes",
            "許可しない番号の始まり",
            &file.denied_prefixes,
            "許可する番号より優先します。",
        ));
        let hours = match &file.hours {
            Some(hours) => Field::fixed("hours", "発信できる時間", hours).hint(FILE),
            None => Field::text(values, "hours", "発信できる時間").hint(HOURS_HINT),
        };
        let at_once = number(
            "calls_at_once",
            "同時に発信できる数",
            "件",
            file.calls_at_once,
        );
        let minutes = number(
            "minutes_per_day",
            "1日の通話時間の上限(窓口全体)",
            "分",
            file.minutes_per_day,
        );
        vec![
            Section::new("発信できる番号", numbers),
            Section::new("発信できる人と時間", vec![permission(logged_out), hours]),
            Section::new("上限", vec![at_once, minutes, permission(cut)]),
        ]
    }

    fn read(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>> {
        let mut faults = Vec::new();
        let file = &around.setup.file_outbound;
        let before = of.map_or_else(Self::default, |(_, before)| before.clone());
        // What the file names is not in the form, and stays what it was.
        let mut permission = |name: &str, of: fn(&Self) -> Option<bool>| match of(file) {
            Some(_) => of(&before),
            None => read_choice(values, name, &mut faults),
        };
        let mut rules = Self {
            premium: permission("premium", |one| one.premium),
            navi_dial: permission("navi_dial", |one| one.navi_dial),
            international: permission("international", |one| one.international),
            satellite: permission("satellite", |one| one.satellite),
            emergency: permission("emergency", |one| one.emergency),
            when_logged_out: permission("when_logged_out", |one| one.when_logged_out),
            cut_at_limit: permission("cut_at_limit", |one| one.cut_at_limit),
            ..before
        };
        if file.calls_at_once.is_none() {
            rules.calls_at_once = values.optional_number("calls_at_once", &mut faults);
        }
        if file.minutes_per_day.is_none() {
            rules.minutes_per_day = values.optional_number("minutes_per_day", &mut faults);
        }
        if file.allowed_prefixes.is_none() {
            rules.allowed_prefixes = read_lines(values, "allowed_prefixes");
        }
        if file.denied_prefixes.is_none() {
            rules.denied_prefixes = read_lines(values, "denied_prefixes");
        }
        if file.hours.is_none() {
            rules.hours = values.given("hours");
        }
        faults.extend(rules.faults());
        if faults.is_empty() {
            Ok((rules, None))
        } else {
            Err(faults)
        }
    }

    fn can_remove(&self) -> bool {
        false
    }

    fn consequences(&self, _: &str, _: &SetupContext<'_>) -> Vec<String> {
        Vec::new()
    }
}

/// Reads a permission.
type Permitted = fn(&AgentOutboundConfig) -> Option<bool>;

/// The permissions of an agent: name of the field, label, and which it is.
const OF_AGENT: [(&str, &str, Permitted); 6] = [
    ("outbound.enabled", "外への発信", |one| one.enabled),
    (
        "outbound.when_logged_out",
        "受付を終えた担当者の発信",
        |one| one.when_logged_out,
    ),
    ("outbound.premium", "0990で始まる番号", |one| {
        one.premium
    }),
    ("outbound.navi_dial", "0570で始まる番号", |one| {
        one.navi_dial
    }),
    ("outbound.international", "国際電話", |one| {
        one.international
    }),
    ("outbound.satellite", "衛星電話", |one| one.satellite),
];

/// The part of an agent's form.
pub(super) fn agent_section(values: &Values) -> Section {
    let choices = [("", "窓口の規則に従う"), ("yes", ALLOWED), ("no", DENIED)];
    let permission = |(name, label, _)| Field::select(values, name, label, choices);
    let mut fields: Vec<Field> = OF_AGENT.into_iter().map(permission).collect();
    let follows = "空欄にすると、窓口の規則に従います。";
    fields.extend([
        Field::area(values, "outbound.allowed_prefixes", "許可する番号の始まり")
            .hint(format!("{PREFIX_HINT}{follows}")),
        Field::area(values, "outbound.denied_prefixes", "許可しない番号の始まり")
            .hint(format!("{PREFIX_HINT}{follows}")),
        Field::text(values, "outbound.hours", "発信できる時間")
            .hint(format!("08:00-17:30 のように入力します。{follows}")),
        Field::number(
            values,
            "outbound.minutes_per_day",
            "1日の通話時間の上限",
            "分",
        )
        .hint("この担当者だけの上限です。空欄にすると、上限を設けません。"),
    ]);
    Section::new("発信規制", fields)
}

/// The values of the part of an agent's form.
pub(super) fn set_agent_values(values: &mut Values, rule: &AgentOutboundConfig) {
    for (name, _, of) in OF_AGENT {
        values.set(name, choice(of(rule)));
    }
    let lines = |lines: &Option<Vec<String>>| lines.as_deref().unwrap_or_default().join("\n");
    values.set("outbound.allowed_prefixes", lines(&rule.allowed_prefixes));
    values.set("outbound.denied_prefixes", lines(&rule.denied_prefixes));
    values.set("outbound.hours", rule.hours.clone().unwrap_or_default());
    let minutes = rule.minutes_per_day.map(|value| value.to_string());
    values.set("outbound.minutes_per_day", minutes.unwrap_or_default());
}

/// Reads the part of an agent's form.
pub(super) fn read_agent(values: &Values, faults: &mut Vec<Fault>) -> AgentOutboundConfig {
    let mut permission = |name| read_choice(values, name, faults);
    AgentOutboundConfig {
        enabled: permission("outbound.enabled"),
        when_logged_out: permission("outbound.when_logged_out"),
        premium: permission("outbound.premium"),
        navi_dial: permission("outbound.navi_dial"),
        international: permission("outbound.international"),
        satellite: permission("outbound.satellite"),
        allowed_prefixes: read_lines(values, "outbound.allowed_prefixes"),
        denied_prefixes: read_lines(values, "outbound.denied_prefixes"),
        hours: values.given("outbound.hours"),
        minutes_per_day: values.optional_number("outbound.minutes_per_day", faults),
    }
}

/// What is told of an agent's own rule; nothing if there is none.
pub(super) fn agent_facts(rule: &AgentOutboundConfig) -> Facts {
    let permissions = OF_AGENT.into_iter().filter_map(|(_, label, of)| {
        let allowed = of(rule)?;
        Some(format!("{label}を{}", word(allowed)))
    });
    let mut told: Vec<String> = permissions.collect();
    if let Some(prefixes) = &rule.allowed_prefixes {
        told.push(format!("{}で始まる番号だけを許可", prefixes.join("、")));
    }
    if let Some(prefixes) = &rule.denied_prefixes {
        told.push(format!("{}で始まる番号を許可しない", prefixes.join("、")));
    }
    if let Some(hours) = &rule.hours {
        told.push(format!("発信できる時間は{hours}"));
    }
    if let Some(minutes) = rule.minutes_per_day {
        told.push(format!("1日の通話時間は{}", limit(Some(minutes), "分まで")));
    }
    vec![("発信規制", told.join("、"))]
}
