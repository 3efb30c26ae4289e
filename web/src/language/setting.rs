//! What operators tell the search about the language of the desk, beyond what every record says of
//! itself.

use madoguchi_kb::{Language, LanguageFault};

use crate::kit::record::Record;

/// The kind of groups of synonyms in the store.
pub const SYNONYM_KIND: &str = "synonym_group";
/// The kind of words in the store.
pub const WORD_KIND: &str = "search_word";

/// What operators tell the search about the language of the desk.
pub(super) trait LanguageSetting: Record {
    /// The title of the list.
    const TITLE: &'static str;
    /// What is found also depends on it at once, not only how a text is understood.
    const FINDS: bool;

    /// What stands for it in lists.
    fn name(&self) -> String;
    /// What stands behind it in lists.
    fn detail(&self) -> String;
    /// The text by which it is tried, unless another is typed.
    fn trial_text(&self) -> String;
    /// Whether it has to do with a term.
    fn is_about(&self, term: &str) -> bool;
    /// Why it cannot be saved.
    fn fault(&self) -> Option<LanguageFault>;
    /// Those in a language, of operators and of the product.
    fn of(language: &mut Language) -> &mut Vec<Self>;
    /// Those that the product brings.
    fn standard() -> Vec<Self>;
}

/// What stands between separators.
pub(super) fn words(text: &str, separators: &[char]) -> Vec<String> {
    let words = text.split(separators).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
