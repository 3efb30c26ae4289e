//! Random histories against a model: what the portal finds is what it may find, and no more.

use std::collections::BTreeMap;

use madoguchi_kb::{Audience, Change, Feed, Knowledge, Query, Source, Viewer};
use proptest::prelude::*;

use crate::{entry, joined, open, rebuild, whole};

/// In every entry.
const COMMON: &str = "旅費";
/// Only in what the portal must not see.
const SECRET: &str = "ヤマネコ";

#[derive(Debug, Clone)]
enum Step {
    /// Puts an entry for the portal, for the desk, or of another source.
    Put(u8, Kind),
    Remove(u8),
    Rebuild,
    Reopen,
    Damage,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Portal,
    Desk,
    Ticket,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop::sample::select(&[Kind::Portal, Kind::Desk, Kind::Ticket][..]);
    let step = prop_oneof![
        8 => (0_u8..6, kind).prop_map(|(id, kind)| Step::Put(id, kind)),
        3 => (0_u8..6).prop_map(Step::Remove),
        1 => Just(Step::Rebuild),
        1 => Just(Step::Reopen),
        1 => Just(Step::Damage),
    ];
    prop::collection::vec(step, 1..14)
}

fn made(id: u8, kind: Kind) -> madoguchi_kb::Entry {
    let audience = if kind == Kind::Desk {
        Audience::Desk
    } else {
        Audience::Portal
    };
    let mut one = entry(&format!("id-{id}"), audience);
    let secret = if kind == Kind::Portal { "" } else { SECRET };
    one.question = format!("{COMMON}{secret}の{id}番");
    one.answer = format!("{COMMON}と{secret}の答え");
    one.keywords = vec![format!("{COMMON}{secret}")];
    if kind == Kind::Ticket {
        one.source = Source::Ticket;
    }
    one
}

fn holds(knowledge: &Knowledge, model: &BTreeMap<u8, Kind>) {
    for viewer in [Viewer::Portal, Viewer::Desk] {
        let seen = model.iter().filter(|(_, kind)| match kind {
            Kind::Portal => true,
            Kind::Desk => viewer == Viewer::Desk,
            Kind::Ticket => false,
        });
        let expected: Vec<String> = seen.map(|(id, _)| format!("id-{id}")).collect();
        let found = knowledge.search(&Query::new(COMMON, viewer, 100)).unwrap();
        let mut ids: Vec<_> = found.hits.iter().map(|hit| hit.id.clone()).collect();
        ids.sort();
        assert_eq!(ids, expected, "{viewer:?}");
        assert_eq!(found.total, expected.len());
        let seen = model
            .iter()
            .filter(|(_, kind)| viewer == Viewer::Desk && **kind == Kind::Ticket);
        let expected: Vec<String> = seen.map(|(id, _)| format!("id-{id}")).collect();
        let query = Query::new(COMMON, viewer, 100);
        let found = knowledge.search_tickets(&query).unwrap();
        let mut ids: Vec<_> = found.hits.iter().map(|hit| hit.id.clone()).collect();
        ids.sort();
        assert_eq!(ids, expected, "{viewer:?}");
    }
    for text in [COMMON, SECRET, "やまねこ", "yamaneko", "答え", "番"] {
        let found = knowledge
            .search(&Query::new(text, Viewer::Portal, 100))
            .unwrap();
        for hit in &found.hits {
            assert!(!hit.desk_only && hit.source == Source::Faq);
            assert!(
                !joined(&hit.question).contains(SECRET) && !joined(&hit.excerpt).contains(SECRET)
            );
        }
        let visible = model.values().filter(|kind| **kind == Kind::Portal).count();
        assert!(found.total <= visible, "{text}: {}", found.total);
        for suggestion in knowledge.suggest(text, Viewer::Portal, 50).unwrap() {
            assert!(!suggestion.text.contains(SECRET), "{suggestion:?}");
            let id = suggestion
                .id
                .map(|id| id.trim_start_matches("id-").parse::<u8>().unwrap());
            assert!(id.is_none_or(|id| model.get(&id) == Some(&Kind::Portal)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_portal_finds_what_it_may_after_any_history(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut knowledge = open(folder.path());
        let mut model = BTreeMap::new();
        let all = |model: &BTreeMap<u8, Kind>| model.iter().map(|(id, kind)| made(*id, *kind)).collect();
        rebuild(&knowledge, Vec::new(), 0);
        for (position, step) in (1..).zip(steps) {
            match step {
                Step::Put(id, kind) => {
                    model.insert(id, kind);
                    let put = made(id, kind);
                    // What was of the other kind goes.
                    let other = match put.feed() {
                        Feed::Articles => Feed::Tickets,
                        Feed::Tickets => Feed::Articles,
                    };
                    knowledge.apply(other, &[Change::Remove(put.id.clone())], position).unwrap();
                    knowledge.apply(put.feed(), &[Change::Put(Box::new(put))], position).unwrap();
                }
                Step::Remove(id) => {
                    model.remove(&id);
                    for feed in [Feed::Articles, Feed::Tickets] {
                        knowledge.apply(feed, &[Change::Remove(format!("id-{id}"))], position).unwrap();
                    }
                }
                Step::Rebuild => rebuild(&knowledge, all(&model), position),
                Step::Reopen | Step::Damage => {
                    let stood = knowledge.position(Feed::Articles).unwrap();
                    drop(knowledge);
                    let damaged = matches!(step, Step::Damage) && whole::damage(folder.path());
                    knowledge = open(folder.path());
                    prop_assert_eq!(knowledge.position(Feed::Articles).unwrap(), stood.filter(|_| !damaged));
                    if damaged {
                        rebuild(&knowledge, all(&model), position);
                    }
                }
            }
            holds(&knowledge, &model);
        }
    }
}
