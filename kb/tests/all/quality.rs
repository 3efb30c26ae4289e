//! How good the answers are. Weights were chosen on the one half of the queries; the other half is
//! only measured.

use madoguchi_kb::{Encoder, Entry, Evaluation, GradedQuery, Language, Parts, evaluate};

use crate::{Article, dictionary, encoder, entries, read, sample};

fn measured(entries: Vec<Entry>, queries: &str, encoder: Option<&Encoder>) -> Evaluation {
    let folder = tempfile::tempdir().unwrap();
    let queries: Vec<GradedQuery> = read(queries);
    let language = Language::of_the_field();
    let dictionary = dictionary();
    evaluate(
        folder.path(),
        &dictionary,
        &language,
        encoder,
        Parts::ALL,
        &entries,
        &queries,
    )
    .unwrap()
}

#[test]
fn queries_that_weights_were_chosen_on_are_answered() {
    let good = measured(
        sample(),
        include_str!("../../sample/queries-tuning.jsonl"),
        None,
    );
    assert!(good.queries == 128 && good.docs == 116);
    assert!(
        good.mrr_at_10 >= 0.88 && good.success_at_5 >= 0.95,
        "{good:?}"
    );
}

#[test]
fn queries_that_were_never_looked_at_are_answered() {
    let good = measured(
        sample(),
        include_str!("../../sample/queries-measured.jsonl"),
        None,
    );
    assert!(good.queries == 128 && good.docs == 116);
    assert!(
        good.mrr_at_10 >= 0.85 && good.success_at_5 >= 0.95,
        "{good:?}"
    );
}

/// Neither words nor synonyms were made for this field, and no weight was chosen on these queries.
#[test]
fn a_field_that_the_search_was_not_made_for_is_answered() {
    let articles: Vec<Article> = read(include_str!("../../sample/city/faq-measured.jsonl"));
    let entries = entries(articles);
    let queries = include_str!("../../sample/city/queries-measured.jsonl");
    let by_words = measured(entries.clone(), queries, None);
    assert!(by_words.queries == 200 && by_words.docs == 200);
    assert!(
        by_words.mrr_at_10 >= 0.56 && by_words.success_at_5 >= 0.7,
        "{by_words:?}"
    );
    let by_meaning = measured(entries, queries, Some(&encoder()));
    assert!(
        by_meaning.mrr_at_10 >= 0.72 && by_meaning.success_at_5 >= 0.88,
        "{by_meaning:?}"
    );
}
