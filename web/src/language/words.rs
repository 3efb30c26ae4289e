//! Words that the dictionary does not know, or cuts wrongly.

use madoguchi_core::access::EditArticles;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::FieldError;
use madoguchi_kb::{Language, LanguageFault, UserWord};

use super::setting::{LanguageSetting, WORD_KIND, words};
use super::trial;
use crate::articles::lookup::HERE as ARTICLES;
use crate::error::WebError;
use crate::kit::field::{Field, access};
use crate::kit::form::{Input, Values};
use crate::kit::record::{Context, Effect, Record, Removable, Screen};

impl LanguageSetting for UserWord {
    const TITLE: &'static str = "検索の単語";
    const FINDS: bool = false;

    fn name(&self) -> String {
        self.surface.clone()
    }

    fn detail(&self) -> String {
        if self.parts.is_empty() {
            return self.reading.clone();
        }
        format!("{}　{}", self.reading, self.parts.join(" ／ "))
    }

    fn trial_text(&self) -> String {
        self.surface.clone()
    }

    fn is_about(&self, term: &str) -> bool {
        self.surface.contains(term) || term.contains(&self.surface)
    }

    fn fault(&self) -> Option<LanguageFault> {
        self.fault()
    }

    fn of(language: &mut Language) -> &mut Vec<Self> {
        &mut language.words
    }

    fn standard() -> Vec<Self> {
        Language::of_the_field().words
    }
}

type F<'c> = Field<'c, UserWord>;

impl Record for UserWord {
    type Permit = EditArticles;

    const SCREEN: Screen = Screen {
        kind: WORD_KIND,
        action: Action::WordChange,
        effect: Effect::Stored,
        menu: (ARTICLES, "FAQの編集"),
        label: "単語",
        not_found: "この言葉",
        about: "辞書にない業務の言葉や、区切り方の違う言葉を登録すると、1語として、または決めた区切りで検索します。",
        list: "/articles/words",
        one: "/articles/word",
        takes_effect: "保存すると、索引を作り直してから検索に反映されます。作り直す間も、検索は使えます。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let parts = F::custom(
            Input::Text,
            "parts",
            "区切り(省略可)",
            |word| word.parts.join(" "),
            |word, text| {
                word.parts = words(text, &[' ', '　', '/', '／']);
                Ok(())
            },
        );
        vec![
            F::text("surface", "表記", access!(surface))
                .required()
                .listed(),
            F::text("reading", "読み", access!(reading))
                .hint("ひらがなかカタカナで入力します。")
                .required()
                .listed(),
            parts
                .short("区切り")
                .hint("部分の語でも見つかるようにするときに、空白で区切って入力します。例：旅費 精算 書")
                .listed(),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self {
            surface: String::new(),
            reading: String::new(),
            parts: Vec::new(),
        }
    }

    fn suggested(asked: &Values, context: &Context<'_>) -> Self {
        Self {
            surface: asked.get("term").to_owned(),
            ..Self::blank(context)
        }
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let fault = self.fault().into_iter().map(|fault| {
            let field = match fault {
                LanguageFault::Reading => "reading",
                LanguageFault::Parts => "parts",
                LanguageFault::Term | LanguageFault::Twice | LanguageFault::Terms => "surface",
            };
            FieldError::new(field, fault.to_string())
        });
        fault.collect()
    }

    fn trial(
        &self,
        now: Option<&Self>,
        values: &Values,
        context: &Context<'_>,
    ) -> impl Future<Output = Result<Option<String>, WebError>> + Send {
        trial::part(self, now, values, context)
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for UserWord {
    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec![
            "索引を作り直した後は、辞書のとおりに区切って検索します。".to_owned(),
            "一覧の下の「削除した単語」から、元に戻せます。".to_owned(),
        ]
    }
}
