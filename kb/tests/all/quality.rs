//! How good the answers are. Weights were chosen on the one half of the queries; the other half is
//! only measured.

use madoguchi_kb::{
    Encoder, Entry, Evaluation, GradedQuery, Knowledge, Language, Query, SearchParts, Verdict,
    Viewer, evaluate,
};

use crate::{Article, dictionary, encoder, entries, read, rebuild, sample};

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
        SearchParts::ALL,
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

/// No weight was chosen on these queries, and no synonym was written for them.
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

/// The threshold was set by the tuning queries and these; docs/search.md tells how.
#[test]
fn what_no_article_answers_is_said_to_come_near_and_what_one_answers_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (language, dictionary) = (Language::of_the_field(), dictionary());
    for encoder in [None, Some(encoder())] {
        let folder = folder.path().join(encoder.is_some().to_string());
        let encoder = encoder.as_ref();
        let knowledge = Knowledge::open(&folder, &dictionary, &language, encoder).unwrap();
        rebuild(&knowledge, sample(), 1);
        let search = |query: &str| {
            let query = Query::new(query, Viewer::Desk, 10);
            knowledge.search(&query).unwrap()
        };
        let without = include_str!("../../sample/unanswered-measured.jsonl");
        let without: Vec<GradedQuery> = read(without);
        let claimed: Vec<&str> = without
            .iter()
            .filter(|graded| search(&graded.query).verdict() == Verdict::Answer)
            .map(|graded| graded.query.as_str())
            .collect();
        assert!(without.len() == 100 && claimed.len() <= 10, "{claimed:?}");
        let queries = include_str!("../../sample/queries-measured.jsonl");
        let queries: Vec<GradedQuery> = read(queries);
        let right = queries.iter().filter_map(|graded| {
            let found = search(&graded.query);
            let best = found.hits.first()?;
            let is_right = graded.relevant.contains_key(&best.id);
            is_right.then_some((found.is_near(), &graded.query))
        });
        let right: Vec<_> = right.collect();
        let near: Vec<_> = right.iter().filter(|(near, _)| *near).collect();
        assert!(right.len() > 100 && near.len() <= 14, "{near:?}");
    }
}
