//! An answer in Markdown: its HTML can do no harm, whatever was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_reports::markdown::{self, Files};

/// Elements that no answer may hold.
const ELEMENTS: &[&str] = &[
    "script", "iframe", "object", "embed", "style", "svg", "form", "input", "link", "meta", "img",
];
/// Where links may lead; others are paths of our own.
const SCHEMES: &[&str] = &["http", "https", "mailto", "tel"];

/// The tags: what stands outside of quotes, and the quoted values.
fn tags(html: &str) -> Vec<(String, Vec<String>)> {
    let mut tags = Vec::new();
    let mut letters = html.chars();
    while letters.any(|letter| letter == '<') {
        let (mut outside, mut values, mut quoted) = (String::new(), Vec::new(), None);
        for letter in letters.by_ref() {
            match (&mut quoted, letter) {
                (None, '>') => break,
                (None, '"') => quoted = Some(String::new()),
                (None, letter) => outside.push(letter.to_ascii_lowercase()),
                (Some(_), '"') => values.extend(quoted.take()),
                (Some(value), letter) => value.push(letter),
            }
        }
        tags.push((outside, values));
    }
    tags
}

fuzz_target!(|text: &str| {
    let files = Files {
        place: "/faq/1",
        files: &[],
    };
    let html = markdown::to_html(text, files);
    for (outside, values) in tags(&html) {
        let name = outside
            .trim_start_matches('/')
            .split(' ')
            .next()
            .unwrap_or_default();
        assert!(!ELEMENTS.contains(&name), "<{name}> in {html}");
        assert!(!outside.contains(" on"), "a handler of events in {html}");
        if outside.contains("href=") {
            let scheme = values.iter().find_map(|value| value.split_once(':'));
            // What holds other letters is no scheme to a browser, but part of a path (RFC 3986, 3.1).
            let is_scheme = |text: &str| {
                // Browsers take these away before they look (URL Standard, 4.4).
                let text = text.trim_start_matches(|letter: char| letter <= ' ');
                let mut letters = text.chars().filter(|letter| !"\t\r\n".contains(*letter));
                letters
                    .next()
                    .is_some_and(|first| first.is_ascii_alphabetic())
                    && letters
                        .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
            };
            let allowed = scheme.is_none_or(|(scheme, _)| {
                !is_scheme(scheme) || SCHEMES.contains(&&*scheme.to_ascii_lowercase())
            });
            assert!(allowed, "{values:?} in {html}");
        }
    }
    let _plain = markdown::to_text(text);
});
