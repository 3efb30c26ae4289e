//! Groups of words that mean the same.

use madoguchi_core::audit::Action;
use madoguchi_kb::{Language, LanguageFault, SynonymGroup};

use super::setting::{Field, Form, LanguageSetting, SYNONYM_KIND, words};

impl LanguageSetting for SynonymGroup {
    const KIND: &'static str = SYNONYM_KIND;
    const ACTION: Action = Action::SynonymChange;
    const LIST: &'static str = "/articles/synonyms";
    const PLACE: &'static str = "/articles/synonym";
    const TITLE: &'static str = "検索の同義語";
    const LABEL: &'static str = "同義語の組";
    const ABOUT: &'static str = "同じ意味の言葉を組にすると、どの言葉で検索しても、組のほかの言葉を使ったFAQが見つかります。";
    const EFFECT: &'static str = "保存すると、すぐに検索に反映されます。";
    const FINDS: bool = true;

    fn title(&self) -> String {
        self.terms.join("、")
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn is_about(&self, term: &str) -> bool {
        self.has(term)
    }

    fn blank(term: &str) -> Form {
        Form {
            terms: term.to_owned(),
            trial: term.to_owned(),
            ..Form::default()
        }
    }

    fn form(&self) -> Form {
        Form {
            terms: self.terms.join("\n"),
            trial: self.terms.first().cloned().unwrap_or_default(),
            ..Form::default()
        }
    }

    fn read(form: &Form) -> Self {
        Self {
            terms: words(&form.terms, &['\n', '、', ',', '，']),
        }
    }

    fn fields(form: &Form, fault: Option<LanguageFault>) -> Vec<Field> {
        vec![Field {
            name: "terms",
            label: "同じ意味の言葉",
            hint: "1行に1語ずつ入力します。2語から20語まで",
            value: form.terms.clone(),
            fault: fault.map(|fault| format!("{fault}。")),
        }]
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
