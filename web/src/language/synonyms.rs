//! Groups of words that mean the same.

use madoguchi_core::access::EditArticles;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::FieldError;
use madoguchi_kb::{Language, LanguageFault, SynonymGroup};

use super::setting::{LanguageSetting, SYNONYM_KIND, words};
use super::trial;
use crate::articles::lookup::HERE as ARTICLES;
use crate::error::WebError;
use crate::kit::field::Field;
use crate::kit::form::{Input, Values};
use crate::kit::record::{Context, Effect, Record, Removable, Screen};

impl LanguageSetting for SynonymGroup {
    const TITLE: &'static str = "検索の同義語";
    const FINDS: bool = true;

    fn name(&self) -> String {
        self.terms.join("、")
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn trial_text(&self) -> String {
        self.terms.first().cloned().unwrap_or_default()
    }

    fn is_about(&self, term: &str) -> bool {
        self.has(term)
    }

    fn fault(&self) -> Option<LanguageFault> {
        self.fault()
    }

    fn of(language: &mut Language) -> &mut Vec<Self> {
        &mut language.synonyms
    }

    fn standard() -> Vec<Self> {
        Language::of_the_field().synonyms
    }
}

impl Record for SynonymGroup {
    type Permit = EditArticles;

    const SCREEN: Screen = Screen {
        kind: SYNONYM_KIND,
        action: Action::SynonymChange,
        effect: Effect::Stored,
        menu: (ARTICLES, "FAQの編集"),
        label: "同義語の組",
        not_found: "この言葉",
        about: "同じ意味の言葉を組にすると、どの言葉で検索しても、組のほかの言葉を使ったFAQが見つかります。",
        list: "/articles/synonyms",
        one: "/articles/synonym",
        takes_effect: "保存すると、すぐに検索に反映されます。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let terms = Field::custom(
            Input::Lines,
            "terms",
            "同じ意味の言葉",
            |group: &Self| group.terms.join("\n"),
            |group, text| {
                group.terms = words(text, &['\n', '、', ',', '，']);
                Ok(())
            },
        );
        vec![
            terms
                .hint("1行に1語ずつ入力します。2語から20語まで")
                .required()
                .listed(),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self { terms: Vec::new() }
    }

    fn suggested(asked: &Values, _: &Context<'_>) -> Self {
        Self {
            terms: words(asked.get("term"), &['\n']),
        }
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let fault = self.fault().into_iter();
        fault
            .map(|fault| FieldError::new("terms", fault.to_string()))
            .collect()
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

impl Removable for SynonymGroup {
    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec![
            "この組の言葉どうしを、同じ意味の言葉として検索しなくなります。".to_owned(),
            "一覧の下の「削除した同義語の組」から、元に戻せます。".to_owned(),
        ]
    }
}
