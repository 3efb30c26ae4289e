//! 担当者 with their phones on screens. The password of a phone is made by us and shown until it is noted.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    AGENT, AGENT_NAME_LETTERS, AgentConfig, Duty, Fault, KeptHashes, Level, Part, ScreenAgent,
};
use serde::Deserialize;

use super::form::{Field, Section, Values};
use super::keep::{Kept, put};
use super::outbound;
use super::page::{Shown, lead_to, show};
use super::screen::{Button, Facts, OneTime, Read, Row, SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::error::WebError;
use crate::state::Web;

/// How long a password is, in groups of five letters.
const GROUPS: usize = 4;

const LEVELS: [(&str, &str); 4] = [
    ("", "受け持たない"),
    ("1", "主担当"),
    ("2", "副担当"),
    ("3", "応援"),
];

impl SettingScreen for ScreenAgent {
    const KIND: &'static str = AGENT;
    const ACTION: Action = Action::PhoneChange;
    const PART: Option<Part> = Some(Part::Agent);
    const LABEL: &'static str = "担当者";
    const NOT_FOUND: &'static str = "この担当者";
    const ABOUT: &'static str = "電話を受ける人と、その電話機です。画面にログインする人は「利用者」で登録し、\
         ここで登録した担当者と結び付けます。";
    const LIST: &'static str = "/admin/desk/agents";
    const PLACE: &'static str = "/admin/desk/agent";
    const COLUMNS: &'static [&'static str] = &["名前", "担当者ID", "内線番号", "受け持つ回線"];
    const ID_FIELD: &'static str = "id";

    fn rows(around: &SetupContext<'_>) -> Vec<Row> {
        let agents = around.setup.agents.iter();
        agents
            .map(|agent| Row {
                id: agent.thing.id.clone(),
                cells: vec![
                    agent.thing.name.clone(),
                    agent.thing.id.clone(),
                    agent.thing.extension.clone(),
                    duties(&agent.thing),
                ],
                by_file: agent.by_file,
            })
            .collect()
    }

    fn of_file(around: &SetupContext<'_>, id: &str) -> Option<(String, Facts)> {
        let agent = around.setup.agent(id).filter(|agent| agent.by_file)?;
        Some((agent.thing.name.clone(), facts(&agent.thing)))
    }

    fn new_id(&self) -> String {
        self.agent.id.clone()
    }

    fn title(&self) -> String {
        self.agent.name.clone()
    }

    fn facts(&self, around: &SetupContext<'_>) -> Facts {
        let mut facts = facts(&self.agent);
        let made_at = around.web.settings.dates.minute(self.password_at);
        facts.push(("パスワードの発行", made_at));
        facts
    }

    fn notes(&self, around: &SetupContext<'_>) -> Vec<String> {
        let open = |text: &str| {
            let plain = around.web.seal.open(text)?;
            String::from_utf8(plain).ok()
        };
        if self.hashes.open(open).is_none() {
            let note = "電話機のパスワードの照合用の値を読めません。鍵のファイル(web.key_file)が変わっています。\
                 鍵を元に戻すか、新しいパスワードを発行してください。";
            return vec![note.to_owned()];
        }
        if self.password_holds(&around.setup.realm) {
            return Vec::new();
        }
        let note = "設定ファイルの領域名(sip.realm)が変わったため、電話機のパスワードが使えません。\
             新しいパスワードを発行して、電話機に設定してください。";
        vec![note.to_owned()]
    }

    fn one_time(&self, secret: String, around: &SetupContext<'_>) -> Option<OneTime> {
        Some(OneTime {
            words: "電話機に設定する値です。",
            facts: vec![
                ("利用者名", self.agent.extension.clone()),
                ("領域名(realm)", around.setup.realm.clone()),
            ],
            secret,
        })
    }

    fn buttons(&self, place: &str) -> Vec<Button> {
        vec![Button {
            action: format!("{place}/password"),
            label: "新しいパスワードを発行する",
            confirm: "新しいパスワードを発行します。電話機は、新しいパスワードを設定するまで使えなくなります。",
        }]
    }

    fn blank(_: &SetupContext<'_>) -> Values {
        Values::default()
    }

    fn values(&self) -> Values {
        let agent = &self.agent;
        let mut values = Values::default();
        values.set("id", &agent.id);
        values.set("name", &agent.name);
        values.set("extension", &agent.extension);
        values.set("contact", agent.contact.as_deref().unwrap_or(""));
        for duty in &agent.lines {
            values.set(&duty_field(&duty.line), duty.level.number().to_string());
        }
        if let Some(first) = agent.lines.first() {
            values.set("shown_line", &first.line);
        }
        outbound::set_agent_values(&mut values, &agent.outbound);
        values
    }

    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Vec<Section> {
        let lines = || {
            let lines = around.setup.lines.iter();
            lines.map(|line| line.thing.name.as_str())
        };
        let mut duties: Vec<_> = lines()
            .map(|line| Field::select(values, &duty_field(line), line, LEVELS))
            .collect();
        let shown = lines().map(|line| (line, line));
        let shown = std::iter::once(("", "受け持つ回線のうち、最初のもの")).chain(shown);
        duties.push(
            Field::select(values, "shown_line", "発信で番号を見せる回線", shown)
                .hint("受け持つ回線から選んでください。"),
        );
        vec![
            Section::new(
                "担当者",
                vec![
                    match of {
                        Some((id, _)) => Field::fixed("id", "担当者ID", id),
                        None => Field::text(values, "id", "担当者ID").required().hint(
                            "通話の記録に残るため、登録した後は変えられません。\
                             半角の英小文字、数字、「.」「-」「_」",
                        ),
                    },
                    Field::text(values, "name", "名前")
                        .required()
                        .hint(format!("画面に出る名前。{AGENT_NAME_LETTERS}文字以内")),
                ],
            ),
            Section::new(
                "電話機",
                vec![
                    Field::text(values, "extension", "内線番号").required().hint(if of.is_some() {
                        "2桁から8桁の数字。変えると、電話機のパスワードも新しくなります。"
                    } else {
                        "2桁から8桁の数字。電話機の利用者名になります。"
                    }),
                    Field::text(values, "contact", "決まった宛先(省略可)").hint(
                        "登録をしない電話機の SIP URI。sip:201@192.0.2.21:5060 のように入力します。",
                    ),
                ],
            ),
            Section::new("受け持つ回線", duties),
            outbound::agent_section(values),
        ]
    }

    fn read(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>> {
        let id = of.map_or_else(|| values.get("id"), |(id, _)| id);
        let mut agent = AgentConfig::new(id, values.get("name"), values.get("extension"));
        agent.contact = values.given("contact");
        let mut faults = agent.entered_faults();
        agent.lines = read_duties(values, around, &mut faults);
        agent.outbound = outbound::read_agent(values, &mut faults);
        faults.extend(agent.faults());
        if !faults.is_empty() {
            return Err(faults);
        }
        let before = of.map(|(_, before)| before);
        Ok(with_password(agent, before, around))
    }

    fn restored(self, last: Option<&Self>, around: &SetupContext<'_>) -> Read<Self> {
        let last = last.cloned().unwrap_or_else(|| self.clone());
        with_password(self.agent, Some(&last), around)
    }

    fn consequences(&self, id: &str, around: &SetupContext<'_>) -> Vec<String> {
        let (name, extension) = (&self.agent.name, &self.agent.extension);
        let mut told = vec![format!(
            "{name}さんの電話機(内線{extension})は、登録が取り消され、使えなくなります。"
        )];
        let snapshot = around.web.desk.snapshot();
        let mut here = snapshot.agents.iter();
        if here.any(|agent| agent.agent.as_str() == id && agent.call.is_some()) {
            told.push("今の通話は、終わるまで続きます。".to_owned());
        }
        for duty in &self.agent.lines {
            let others = around.setup.agents.iter().filter(|other| {
                let takes = |other: &Duty| other.line == duty.line;
                other.thing.id != id && other.thing.lines.iter().any(takes)
            });
            if others.count() == 0 {
                told.push(format!(
                    "回線「{}」を受け持つ人がいなくなります。",
                    duty.line
                ));
            }
        }
        told.push("これまでの通話の記録には、名前が残ります。".to_owned());
        told
    }
}

/// The field of the form for a line.
fn duty_field(line: &str) -> String {
    format!("duty:{line}")
}

fn read_duties(values: &Values, around: &SetupContext<'_>, faults: &mut Vec<Fault>) -> Vec<Duty> {
    let mut duties = Vec::new();
    for line in &around.setup.lines {
        let field = duty_field(&line.thing.name);
        let level = values.get(&field);
        if level.is_empty() {
            continue;
        }
        let read = level.parse::<u8>().ok();
        match read.and_then(|number| Level::try_from(number).ok()) {
            Some(level) => duties.push(Duty {
                line: line.thing.name.clone(),
                level,
            }),
            None => faults.push(Fault::new(field, "一覧から選んでください")),
        }
    }
    let shown = values.get("shown_line");
    match duties.iter().position(|duty| duty.line == shown) {
        Some(at) => duties.get_mut(..=at).unwrap_or_default().rotate_right(1),
        None if shown.is_empty() => {}
        None => {
            let message = "受け持つ回線から選んでください";
            faults.push(Fault::new("shown_line", message));
        }
    }
    duties
}

/// The agent with the password that the phone had, or with a new one if it does not hold.
fn with_password(
    agent: AgentConfig,
    before: Option<&ScreenAgent>,
    around: &SetupContext<'_>,
) -> Read<ScreenAgent> {
    let holds = before.filter(|before| before.hashes.extension() == agent.extension);
    match holds {
        Some(before) => {
            let agent = ScreenAgent {
                agent,
                ..before.clone()
            };
            (agent, None)
        }
        None => with_new_password(agent, around),
    }
}

fn with_new_password(agent: AgentConfig, around: &SetupContext<'_>) -> Read<ScreenAgent> {
    let password = token::readable(GROUPS);
    let desk = &around.web.desk;
    let hashes = desk.phone_hashes(&agent.extension, &password);
    let seal = |text: &str| around.web.seal.seal(text.as_bytes());
    let agent = ScreenAgent {
        // Encryption does not fail; if it did, the desk would seal them when it starts.
        hashes: KeptHashes::seal(&hashes, seal).unwrap_or(KeptHashes::Plain(hashes)),
        password_at: desk.now(),
        agent,
    };
    let one_time = agent.one_time(password, around);
    (agent, one_time)
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct PasswordForm {
    version: i64,
}

/// A new password; the one before is of no use from now on.
pub(super) async fn password(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<PasswordForm>,
) -> Result<Response, WebError> {
    let around = SetupContext::of(&web);
    let kept = Kept::<ScreenAgent>::get(&web, &id).await?;
    let agent = kept.thing.as_ref();
    let agent = agent.ok_or(WebError::NotFound(ScreenAgent::NOT_FOUND))?;
    let (agent, one_time) = with_new_password(agent.agent.clone(), &around);
    let change = kept.change(&visitor, &around, Some(&agent), form.version)?;
    let Err(fault) = put::<ScreenAgent>(&web, &id, &[change]).await? else {
        return lead_to::<ScreenAgent>(&web, &visitor, &id, "reissued", one_time).await;
    };
    let shown = Shown {
        faults: vec![fault],
        ..Shown::default()
    };
    show::<ScreenAgent>(&web, &visitor, &id, shown).await
}

fn facts(agent: &AgentConfig) -> Facts {
    let shown = agent.lines.first().map(|duty| duty.line.clone());
    let mut facts = vec![
        ("名前", agent.name.clone()),
        ("内線番号", agent.extension.clone()),
        ("決まった宛先", agent.contact.clone().unwrap_or_default()),
        ("受け持つ回線", duties(agent)),
        ("発信で番号を見せる回線", shown.unwrap_or_default()),
    ];
    facts.extend(outbound::agent_facts(&agent.outbound));
    facts
}

/// 総合窓口(主担当)、夜間窓口(応援)
fn duties(agent: &AgentConfig) -> String {
    let duties = agent.lines.iter();
    let duties: Vec<_> = duties
        .map(|duty| format!("{}({})", duty.line, duty.level.label()))
        .collect();
    duties.join("、")
}
