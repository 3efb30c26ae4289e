//! How good the answers are. Weights were chosen on the one half of the queries; the other half is
//! only measured.

use madoguchi_kb::{Evaluation, GradedQuery, Language, Parts, evaluate};

use crate::{dictionary, read, sample};

fn measured(queries: &str) -> Evaluation {
    let folder = tempfile::tempdir().unwrap();
    let queries: Vec<GradedQuery> = read(queries);
    let language = Language::of_the_field();
    let (dictionary, entries) = (dictionary(), sample());
    evaluate(
        folder.path(),
        &dictionary,
        &language,
        None,
        Parts::ALL,
        &entries,
        &queries,
    )
    .unwrap()
}

#[test]
fn queries_that_weights_were_chosen_on_are_answered() {
    let good = measured(include_str!("../../sample/queries-tuning.jsonl"));
    assert!(good.queries == 128 && good.docs == 116);
    assert!(
        good.mrr_at_10 >= 0.88 && good.success_at_5 >= 0.95,
        "{good:?}"
    );
}

#[test]
fn queries_that_were_never_looked_at_are_answered() {
    let good = measured(include_str!("../../sample/queries-measured.jsonl"));
    assert!(good.queries == 128 && good.docs == 116);
    assert!(
        good.mrr_at_10 >= 0.85 && good.success_at_5 >= 0.95,
        "{good:?}"
    );
}
