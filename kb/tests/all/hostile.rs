//! Whatever is typed is a text: nothing panics, fails, or goes on for ever.

use madoguchi_kb::{Audience, Change, Feed, Fragment, Query, Viewer};
use proptest::prelude::*;

use crate::{entry, joined, open, sample, shared};

/// Letters that have broken searches.
const PARTS: [&str; 40] = [
    "AND",
    "OR",
    "NOT",
    "+",
    "-",
    "\"",
    "*",
    "(",
    ")",
    ":",
    "~",
    "^",
    "\\",
    "[",
    "]",
    "TO",
    "question:",
    "\0",
    "\u{202e}",
    "\u{200f}",
    "\u{feff}",
    "\u{fffd}",
    "👨‍👩‍👧‍👦",
    "🇯🇵",
    "e\u{301}\u{301}\u{301}",
    "か\u{3099}",
    "ｶﾞ",
    "ﾊﾟ",
    "㈱",
    "㍿",
    "葛\u{e0100}",
    "々",
    "ゞ",
    "ー",
    "＂＊（",
    "ﷺ",
    "𠮷",
    "旅費",
    "パスワード",
    "\n\r\t\u{3000}",
];

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(&PARTS[..]).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        // A lone surrogate, as it arrives over JSON or in an address.
        any::<[u8; 3]>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn belongs(letter: char) -> bool {
    matches!(letter, '\u{ff9e}' | '\u{ff9f}' | '\u{3099}' | '\u{309a}' | '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{200d}')
}

/// No piece begins with what belongs to the letter before it.
fn cuts_no_letter(pieces: &[Fragment]) -> bool {
    let texts = pieces.windows(2).map(|two| (&two[0].text, &two[1].text));
    let mut cuts =
        texts.filter(|(one, other)| other.starts_with(belongs) || one.ends_with('\u{200d}'));
    pieces.iter().all(|piece| !piece.text.is_empty()) && cuts.next().is_none()
}

fn ask(text: &str) {
    for viewer in [Viewer::Portal, Viewer::Desk] {
        let mut query = Query::new(text, viewer, 5);
        query.explain = true;
        let found = shared().search(&query).unwrap();
        for hit in &found.hits {
            let all = sample();
            let entry = all.iter().find(|entry| entry.id == hit.id).unwrap();
            assert_eq!(joined(&hit.question), entry.question);
            let shown = entry
                .answer
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let excerpt = joined(&hit.excerpt);
            let line = excerpt.replace('\n', " ");
            assert!(shown.contains(line.trim_matches('…')), "{excerpt}");
            assert!(cuts_no_letter(&hit.question) && cuts_no_letter(&hit.excerpt));
        }
        assert!(shared().suggest(text, viewer, 8).unwrap().len() <= 8);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_may_be_typed(text in hostile()) {
        ask(&text);
    }
}

#[test]
fn a_hundred_thousand_letters_may_be_typed() {
    for part in [
        "あ",
        "旅",
        "ー",
        "ｶﾞ",
        "a",
        "\"",
        "\0",
        "👨‍👩‍👧‍👦",
        "旅費の精算 ",
        "e\u{301}",
    ] {
        let times = 100_000 / part.chars().count();
        ask(&part.repeat(times));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_may_be_written_and_is_marked_without_a_cut(
        question in hostile(), answer in hostile(), keyword in hostile(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let knowledge = open(folder.path());
        let mut one = entry("one", Audience::Portal);
        one.question = format!("旅費{question}パスワード");
        one.answer = format!("旅費{answer}パスワード");
        one.keywords = vec![keyword.clone()];
        one.reading = Some(question.clone());
        knowledge.apply(Feed::Articles, &[Change::Put(Box::new(one.clone()))], 1).unwrap();
        for text in ["旅費", "パスワード", question.as_str(), answer.as_str(), keyword.as_str()] {
            let found = knowledge.search(&Query::new(text, Viewer::Portal, 5)).unwrap();
            for hit in &found.hits {
                prop_assert_eq!(joined(&hit.question), one.question.clone());
                prop_assert!(cuts_no_letter(&hit.question), "{:?}", hit.question);
            }
            knowledge.suggest(text, Viewer::Portal, 5).unwrap();
        }
    }
}

/// An excerpt begins and ends where a letter does, wherever it is cut.
#[test]
fn excerpts_cut_no_letter() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    for (position, letter) in (1..).zip([
        "か\u{3099}",
        "葛\u{e0100}",
        "e\u{301}\u{302}",
        "👨\u{200d}👩\u{200d}👧",
    ]) {
        for before in 0..4 {
            let mut one = entry("one", Audience::Portal);
            one.question = "題".to_owned();
            let many = letter.repeat(100);
            one.answer = format!("{}{many}旅費{many}", "a".repeat(before));
            knowledge
                .apply(
                    Feed::Articles,
                    &[Change::Put(Box::new(one.clone()))],
                    position,
                )
                .unwrap();
            let found = knowledge
                .search(&Query::new("旅費", Viewer::Portal, 5))
                .unwrap();
            let excerpt = joined(&found.hits[0].excerpt);
            let excerpt = excerpt.trim_matches('…');
            let at = one.answer.find(excerpt).unwrap();
            let (begin, end) = one.answer.split_at(at);
            let rest = end.strip_prefix(excerpt).unwrap();
            assert!(
                !excerpt.starts_with(belongs) && !begin.ends_with('\u{200d}'),
                "{letter} {before}: {excerpt}"
            );
            assert!(
                !rest.starts_with(belongs) && !excerpt.ends_with('\u{200d}'),
                "{letter} {before}: {excerpt}"
            );
        }
    }
}
