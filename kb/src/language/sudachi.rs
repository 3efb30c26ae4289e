//! Sudachi's dictionary of synonyms, as the npm package `sudachi-synonyms-dictionary` brings it.

use serde::Deserialize;

use super::SynonymGroup;

#[derive(Deserialize)]
struct Group {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    /// 体言 or 用言.
    taigen_yogen: String,
    /// 0: always widened, 1: once widened by mistake, 2: never.
    expand_control: u8,
    midashi: String,
}

/// The groups of a file: of its nouns, those that may be widened.
pub(super) fn groups(text: &str) -> Result<Vec<SynonymGroup>, serde_json::Error> {
    let groups: Vec<Group> = serde_json::from_str(text)?;
    let groups = groups.into_iter().map(|group| SynonymGroup {
        terms: group
            .items
            .into_iter()
            .filter(|item| item.expand_control == 0 && item.taigen_yogen == "体言")
            .map(|item| item.midashi)
            .collect(),
    });
    Ok(groups.filter(|group| group.terms.len() > 1).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_widened_is_a_group() {
        let item = |word: &str, control: u8| {
            format!(
                r#"{{"taigenYogen":"体言","expandControl":{control},"vocabularyNumber":1,"midashi":"{word}"}}"#
            )
        };
        let text = format!(
            r#"[{{"id":"1","items":[{},{},{}]}},{{"id":"2","items":[{}]}}]"#,
            item("曖昧", 0),
            item("あいまい", 0),
            item("いつか", 2),
            item("一人", 0),
        );
        let groups = groups(&text).unwrap();
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].terms, ["曖昧", "あいまい"]);
    }
}
