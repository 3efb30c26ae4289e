//! Words that the dictionary does not know, or cuts wrongly.

use madoguchi_core::audit::Action;
use madoguchi_kb::{Language, LanguageFault, UserWord};

use super::setting::{Field, Form, LanguageSetting, WORD_KIND, words};

impl LanguageSetting for UserWord {
    const KIND: &'static str = WORD_KIND;
    const ACTION: Action = Action::WordChange;
    const LIST: &'static str = "/articles/words";
    const PLACE: &'static str = "/articles/word";
    const TITLE: &'static str = "検索の単語";
    const LABEL: &'static str = "単語";
    const ABOUT: &'static str = "辞書にない業務の言葉や、区切り方の違う言葉を登録すると、1語として、または決めた区切りで検索します。";
    const EFFECT: &'static str =
        "保存すると、索引を作り直してから検索に反映されます。作り直す間も、検索は使えます。";
    const FINDS: bool = false;

    fn title(&self) -> String {
        self.surface.clone()
    }

    fn detail(&self) -> String {
        if self.parts.is_empty() {
            return self.reading.clone();
        }
        format!("{}　{}", self.reading, self.parts.join(" ／ "))
    }

    fn is_about(&self, term: &str) -> bool {
        self.surface.contains(term) || term.contains(&self.surface)
    }

    fn blank(term: &str) -> Form {
        Form {
            surface: term.to_owned(),
            trial: term.to_owned(),
            ..Form::default()
        }
    }

    fn form(&self) -> Form {
        Form {
            surface: self.surface.clone(),
            reading: self.reading.clone(),
            parts: self.parts.join(" "),
            trial: self.surface.clone(),
            ..Form::default()
        }
    }

    fn read(form: &Form) -> Self {
        Self {
            surface: form.surface.trim().to_owned(),
            reading: form.reading.trim().to_owned(),
            parts: words(&form.parts, &[' ', '　', '/', '／']),
        }
    }

    fn fields(form: &Form, fault: Option<LanguageFault>) -> Vec<Field> {
        let at = |field: &str| {
            let of = match fault? {
                LanguageFault::Reading => "reading",
                LanguageFault::Parts => "parts",
                LanguageFault::Term | LanguageFault::Twice | LanguageFault::Terms => "surface",
            };
            (of == field).then(|| fault.map(|fault| format!("{fault}。")))?
        };
        vec![
            Field {
                name: "surface",
                label: "表記",
                hint: "",
                value: form.surface.clone(),
                fault: at("surface"),
            },
            Field {
                name: "reading",
                label: "読み",
                hint: "ひらがなかカタカナで入力します。",
                value: form.reading.clone(),
                fault: at("reading"),
            },
            Field {
                name: "parts",
                label: "区切り（省略可）",
                hint: "部分の語でも見つかるようにするときに、空白で区切って入力します。例：旅費 精算 書",
                value: form.parts.clone(),
                fault: at("parts"),
            },
        ]
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
