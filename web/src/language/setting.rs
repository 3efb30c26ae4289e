//! What operators tell the search about the language of the desk, as its pages see it.

use madoguchi_core::audit::Action;
use madoguchi_kb::{Language, LanguageFault};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::WebError;
use crate::state::Web;

/// The kind of groups of synonyms in the store.
pub const SYNONYM_KIND: &str = "synonym_group";
/// The kind of words in the store.
pub const WORD_KIND: &str = "search_word";
/// A field of the form of a thing.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) value: String,
    pub(super) fault: Option<String>,
}

/// What operators tell the search about the language of the desk.
pub(super) trait LanguageSetting:
    Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The kind in the store.
    const KIND: &'static str;
    /// What a change of it is called in the audit log.
    const ACTION: Action;
    /// The list.
    const LIST: &'static str;
    /// Where single ones are, with a slash and the id behind.
    const PLACE: &'static str;
    /// The title of the list.
    const TITLE: &'static str;
    /// The name of one.
    const LABEL: &'static str;
    /// What the list says of them.
    const ABOUT: &'static str;
    /// When what is saved takes effect.
    const EFFECT: &'static str;
    /// What is found also depends on it at once, not only how a text is understood.
    const FINDS: bool;

    /// What stands in lists.
    fn title(&self) -> String;
    /// What stands behind it in lists.
    fn detail(&self) -> String;
    /// Whether it has to do with a term.
    fn is_about(&self, term: &str) -> bool;
    /// The form for a new one about a term.
    fn blank(term: &str) -> Form;
    /// The values of its form.
    fn form(&self) -> Form;
    /// Reads its form.
    fn read(form: &Form) -> Self;
    /// The fields of its form, with what is wrong.
    fn fields(form: &Form, fault: Option<LanguageFault>) -> Vec<Field>;
    /// Why it cannot be saved.
    fn fault(&self) -> Option<LanguageFault>;
    /// Those in a language, of operators and of the product.
    fn of(language: &mut Language) -> &mut Vec<Self>;
    /// Those that the product brings.
    fn standard() -> Vec<Self>;
}

/// What a form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    pub(super) terms: String,
    pub(super) surface: String,
    pub(super) reading: String,
    pub(super) parts: String,
    /// The text to be tried.
    pub(super) trial: String,
    /// The version that is replaced.
    pub(super) version: i64,
    /// `try`: nothing is saved; `remove`.
    pub(super) intent: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    pub(super) term: String,
}

/// Those of the operators, with their ids.
pub(super) async fn kept<T: LanguageSetting>(web: &Web) -> Result<Vec<(String, T)>, WebError> {
    let settings = web.store.list_settings(T::KIND).await?;
    let read = settings.into_iter().filter_map(|setting| {
        let one = serde_json::from_str(setting.data.as_deref()?).ok()?;
        Some((setting.id, one))
    });
    Ok(read.collect())
}

/// What stands between separators.
pub(super) fn words(text: &str, separators: &[char]) -> Vec<String> {
    let words = text.split(separators).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
