//! 定型文 on screens.

use madoguchi_core::access::{ManagePhrases, Permission, ReadKnowledge};
use madoguchi_core::audit::Action;
use madoguchi_core::phrase::{
    PHRASE, PHRASE_CODE_LETTERS, PHRASE_TEXT_LETTERS, PHRASE_TITLE_LETTERS, PHRASE_VARIABLES,
    Phrase,
};
use madoguchi_core::setup::FieldError;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::export;
use crate::kit::field::{Field, access};
use crate::kit::record::{Context, Effect, Record, Removable, Screen, audit_fields};
use crate::kit::record_routes;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "定型文",
        "/admin/phrases",
        Permission::ManagePhrases,
    )])
    .audit(&[audit_fields::<Phrase>]);

fn routes() -> Routes {
    record_routes!(removable Phrase, list: "/admin/phrases", one: "/admin/phrase")
        .get("/api/v1/phrases", export::items::<Phrase, ReadKnowledge>)
        .described(|web| export::described::<Phrase>(web, "listPhrases"))
}

type F<'c> = Field<'c, Phrase>;

impl Record for Phrase {
    type Permit = ManagePhrases;

    const SCREEN: Screen = Screen {
        kind: PHRASE,
        action: Action::PhraseChange,
        effect: Effect::Stored,
        menu: ("/admin/phrases", "定型文"),
        label: "定型文",
        not_found: "この定型文",
        about: "担当者が回答などに繰り返し使う文です。短い符号で呼び出します。",
        list: "/admin/phrases",
        one: "/admin/phrase",
        id_field: "code",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let variables = PHRASE_VARIABLES
            .map(|name| format!("{{{name}}}"))
            .join("、");
        vec![
            F::text("code", "符号", access!(code))
                .hint(format!(
                    "呼び出すときに入力します。登録した後は変えられません。文字、数字、「-」「_」で{PHRASE_CODE_LETTERS}文字以内"
                ))
                .required()
                .once()
                .listed(),
            F::text("title", "題", access!(title))
                .hint(format!("何に使うか。{PHRASE_TITLE_LETTERS}文字以内"))
                .required()
                .listed(),
            F::area("text", "文", access!(text))
                .hint(format!(
                    "{variables}と書いた所には、使うときの値が入ります。{PHRASE_TEXT_LETTERS}文字以内"
                ))
                .required()
                .listed(),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.title.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn new_id(&self) -> String {
        self.code.clone()
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for Phrase {
    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec![
            "担当者は、この定型文を呼び出せなくなります。".to_owned(),
            "すでに書いた回答は変わりません。".to_owned(),
        ]
    }
}
