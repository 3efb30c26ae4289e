//! 担当者 with their phones on screens. The password of a phone is made by us and shown
//! until it is noted.

use axum::extract::{Form, Path, State};
use axum::response::Response;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    AGENT, AGENT_NAME_LETTERS, AgentConfig, Duty, FieldError, Level, Part, PhoneHashes,
    ScreenAgent, StoredHashes,
};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use super::outbound;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::error::WebError;
use crate::kit::field::{Field, access};
use crate::kit::form::Input;
use crate::kit::page::{Shown, done, show};
use crate::kit::record::{
    Button, Context, Effect, Listed, OneTime, Record, Removable, Screen, Settled,
};
use crate::kit::versioned::{Versioned, save};
use crate::state::Web;

/// How long a password is, in groups of five letters.
const GROUPS: usize = 4;

const LEVELS: [(&str, &str); 4] = [
    ("", "受け持たない"),
    ("1", "主担当"),
    ("2", "副担当"),
    ("3", "応援"),
];

type F<'c> = Field<'c, ScreenAgent>;

impl Record for ScreenAgent {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: AGENT,
        action: Action::PhoneChange,
        effect: Effect::Desk(Some(Part::Agent)),
        label: "担当者",
        not_found: "この担当者",
        about: "電話を受ける人と、その電話機です。画面にログインする人は「利用者」で登録し、\
                ここで登録した担当者と結び付けます。",
        list: "/admin/desk/agents",
        one: "/admin/desk/agent",
        id_field: "id",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let extension_hint = if context.id.is_empty() {
            "2桁から8桁の数字。電話機の利用者名になります。"
        } else {
            "2桁から8桁の数字。変えると、電話機のパスワードも新しくなります。"
        };
        let mut fields = vec![
            F::listed_only("name", "名前", |one| one.agent.name.clone()),
            F::text("id", "担当者ID", access!(agent.id))
                .section("担当者")
                .hint(
                    "通話の記録に残るため、登録した後は変えられません。\
                     半角の英小文字、数字、「.」「-」「_」",
                )
                .required()
                .once()
                .form_only()
                .listed(),
            F::text("name", "名前", access!(agent.name))
                .hint(format!("画面に出る名前。{AGENT_NAME_LETTERS}文字以内"))
                .required(),
            F::text("extension", "内線番号", access!(agent.extension))
                .section("電話機")
                .hint(extension_hint)
                .required()
                .listed(),
            F::text("contact", "固定の宛先(省略可)", access!(agent.contact))
                .short("固定の宛先")
                .hint("登録をしない電話機の SIP URI。sip:201@192.0.2.21:5060 のように入力します。"),
            F::read_only("lines", "受け持つ回線", |one| duties(&one.agent)).listed(),
        ];
        let lines = context.setup.lines.iter();
        let lines: Vec<_> = lines.map(|line| line.config.name.clone()).collect();
        fields.extend(lines.iter().map(|line| duty(line).section("受け持つ回線")));
        fields.push(shown_line(lines).section("受け持つ回線"));
        fields.extend(outbound::agent_fields());
        fields.push(F::read_only(
            "password_at",
            "パスワードの発行",
            |one| {
                if one.password_at == Instant::default() {
                    return String::new();
                }
                context.web.settings.dates.minute(one.password_at)
            },
        ));
        fields
    }

    fn blank(_: &Context<'_>) -> Self {
        without_password(AgentConfig::new("", "", ""))
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.agent.name.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let mut faults = self.agent.entered_faults();
        faults.extend(self.agent.faults());
        faults
    }

    fn new_id(&self) -> String {
        self.agent.id.clone()
    }

    fn of_file(context: &Context<'_>) -> Option<Self> {
        let agent = context.setup.agent(context.id);
        let agent = agent.filter(|agent| agent.by_file)?;
        Some(without_password(agent.config.clone()))
    }

    fn in_force(context: &Context<'_>) -> Option<Vec<Listed<Self>>> {
        let listed = context.setup.agents.iter().map(|agent| Listed {
            id: agent.config.id.clone(),
            record: without_password(agent.config.clone()),
            by_file: agent.by_file,
        });
        Some(listed.collect())
    }

    fn notes(&self, context: &Context<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.agent.lines.is_empty() {
            notes.push("受け持つ回線がありません。このままでは、電話が回ってきません。".to_owned());
        }
        let open = |text: &str| {
            let plain = context.web.seal.open(text)?;
            String::from_utf8(plain).ok()
        };
        if self.hashes.open(open).is_none() {
            let note = "電話機のパスワードの照合用の値を読めません。鍵のファイル(web.key_file)が変わっています。\
                 鍵を元に戻すか、新しいパスワードを発行してください。";
            notes.push(note.to_owned());
        } else if !self.password_holds(&context.setup.realm) {
            let note = "設定ファイルの領域名(sip.realm)が変わったため、電話機のパスワードが使えません。\
                 新しいパスワードを発行して、電話機に設定してください。";
            notes.push(note.to_owned());
        }
        notes
    }

    fn one_time(&self, secret: String, context: &Context<'_>) -> Option<OneTime> {
        Some(OneTime {
            words: "電話機に設定する値です。",
            facts: vec![
                ("利用者名".into(), self.agent.extension.clone()),
                ("領域名(realm)".into(), context.setup.realm.clone()),
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

    /// With the password that the phone had, or with a new one if that does not hold.
    fn settled(self, before: Option<&Self>, context: &Context<'_>) -> Settled<Self> {
        let holds = before.filter(|before| before.hashes.extension() == self.agent.extension);
        match holds {
            Some(before) => {
                let agent = Self {
                    agent: self.agent,
                    ..before.clone()
                };
                (agent, None)
            }
            None => with_new_password(self.agent, context),
        }
    }

    fn restored(self, last: Option<&Self>, context: &Context<'_>) -> Settled<Self> {
        let last = last.cloned().unwrap_or_else(|| self.clone());
        self.settled(Some(&last), context)
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for ScreenAgent {
    fn consequences(&self, context: &Context<'_>) -> Vec<String> {
        let (name, extension) = (&self.agent.name, &self.agent.extension);
        let mut told = vec![format!(
            "{name}さんの電話機(内線{extension})は、登録が取り消され、使えなくなります。"
        )];
        let snapshot = context.web.desk.snapshot();
        let mut here = snapshot.agents.iter();
        if here.any(|agent| agent.agent.as_str() == context.id && agent.call.is_some()) {
            told.push("今の通話は、終わるまで続きます。".to_owned());
        }
        for duty in &self.agent.lines {
            let others = context.setup.agents.iter().filter(|other| {
                let takes = |other: &Duty| other.line == duty.line;
                other.config.id != context.id && other.config.lines.iter().any(takes)
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

/// How soon the agent's turn comes on a line.
fn duty<'c>(line: &str) -> F<'c> {
    let (read, written) = (line.to_owned(), line.to_owned());
    let field = F::custom(
        Input::Select,
        format!("duty:{line}"),
        line.to_owned(),
        move |one| {
            let mut duties = one.agent.lines.iter();
            let duty = duties.find(|duty| duty.line == read);
            duty.map(|duty| duty.level.number().to_string())
                .unwrap_or_default()
        },
        move |one, text| {
            let level = text.parse::<u8>().ok();
            let level = level.and_then(|number| Level::try_from(number).ok());
            let duties = &mut one.agent.lines;
            match (level, duties.iter().position(|duty| duty.line == written)) {
                (Some(level), None) => duties.push(Duty {
                    line: written.clone(),
                    level,
                }),
                (Some(level), Some(at)) => {
                    if let Some(duty) = duties.get_mut(at) {
                        duty.level = level;
                    }
                }
                (None, _) if !text.is_empty() => {
                    return Err("一覧から選んでください".to_owned());
                }
                (None, Some(at)) => {
                    duties.remove(at);
                }
                (None, None) => {}
            }
            Ok(())
        },
    );
    field.choices(LEVELS).form_only()
}

/// The line whose number outbound calls show: the first of the agent's, of which the others stand
/// in the order of the desk's.
fn shown_line<'c>(lines: Vec<String>) -> F<'c> {
    let choices: Vec<_> = lines
        .iter()
        .map(|line| (line.clone(), line.clone()))
        .collect();
    let first = (String::new(), "受け持つ回線のうち、最初のもの".to_owned());
    let field = F::custom(
        Input::Select,
        "shown_line",
        "発信で番号を見せる回線",
        |one| {
            let first = one.agent.lines.first();
            first.map(|duty| duty.line.clone()).unwrap_or_default()
        },
        move |one, shown| {
            let duties = &mut one.agent.lines;
            let place = |duty: &Duty| lines.iter().position(|line| *line == duty.line);
            duties.retain(|duty| place(duty).is_some());
            duties.sort_by_key(place);
            match duties.iter().position(|duty| duty.line == shown) {
                Some(at) => duties.get_mut(..=at).unwrap_or_default().rotate_right(1),
                None if shown.is_empty() => {}
                None => return Err("受け持つ回線から選んでください".to_owned()),
            }
            Ok(())
        },
    );
    field
        .choices(std::iter::once(first).chain(choices))
        .hint("受け持つ回線から選んでください。")
}

/// An agent of whose password nothing is known here.
fn without_password(agent: AgentConfig) -> ScreenAgent {
    let hashes = PhoneHashes {
        extension: String::new(),
        realm: String::new(),
        sha256: String::new(),
        md5: String::new(),
    };
    ScreenAgent {
        agent,
        hashes: StoredHashes::Plain(hashes),
        password_at: Instant::default(),
    }
}

fn with_new_password(agent: AgentConfig, context: &Context<'_>) -> Settled<ScreenAgent> {
    let password = token::readable(GROUPS);
    let desk = &context.web.desk;
    let hashes = desk.phone_hashes(&agent.extension, &password);
    let seal = |text: &str| context.web.seal.seal(text.as_bytes());
    let agent = ScreenAgent {
        // Encryption does not fail; if it did, the desk would seal them when it starts.
        hashes: StoredHashes::seal(&hashes, seal).unwrap_or(StoredHashes::Plain(hashes)),
        password_at: desk.now(),
        agent,
    };
    (agent, Some(password))
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
    let context = Context::new(&web, &id);
    let kept = Versioned::<ScreenAgent>::get(&web, &id).await?;
    let agent = kept.record.as_ref();
    let agent = agent.ok_or(WebError::NotFound(ScreenAgent::SCREEN.not_found))?;
    let (agent, secret) = with_new_password(agent.agent.clone(), &context);
    let change = kept.change(&visitor, &context, Some(&agent), form.version)?;
    let Err(fault) = save::<ScreenAgent>(&web, &id, vec![change]).await? else {
        return done::<ScreenAgent>(&web, &visitor, &id, secret, "reissued").await;
    };
    let shown = Shown {
        faults: vec![fault],
        ..Shown::default()
    };
    show::<ScreenAgent>(&web, &visitor, &id, shown).await
}

/// 総合窓口(主担当)、夜間窓口(応援)
fn duties(agent: &AgentConfig) -> String {
    if agent.lines.is_empty() {
        return "なし(電話が回りません)".to_owned();
    }
    let duties = agent.lines.iter();
    let duties: Vec<_> = duties
        .map(|duty| format!("{}({})", duty.line, duty.level.label()))
        .collect();
    duties.join("、")
}
