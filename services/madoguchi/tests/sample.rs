//! The sample file: it names every setting, and tells the truth about the defaults.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails"
)]

use std::path::Path;

use madoguchi::config::Config;
use serde_json::{Map, Value};

const SAMPLE: &str = include_str!("../config/madoguchi.sample.toml");

/// The settings as read from `text`, as JSON.
fn read(text: &str) -> Value {
    let config = Config::parse(text, Path::new("madoguchi.sample.toml"));
    serde_json::to_value(config.unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

/// The sample with all its examples switched on: `#name = …` and `#[[line]]`.
fn with_examples() -> String {
    let is_example =
        |rest: &str| rest.starts_with(|letter: char| letter == '[' || letter.is_ascii_lowercase());
    let lines = SAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if is_example(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn fields<'a>(value: &'a Value, section: &str) -> &'a Map<String, Value> {
    value[section][0].as_object().unwrap()
}

#[test]
fn the_sample_as_it_stands_is_the_defaults() {
    assert_eq!(
        read(SAMPLE),
        serde_json::to_value(Config::default()).unwrap()
    );
}

#[test]
fn every_setting_stands_in_the_sample() {
    let written: Value = toml::from_str(&with_examples()).unwrap();
    expect_same_keys(&read(&with_examples()), &written, "");
}

/// Every key that the program knows is in the text, and none is without a value.
fn expect_same_keys(known: &Value, written: &Value, place: &str) {
    match (known, written) {
        // Its keys are names of sounds, not of settings.
        _ if place.ends_with(".announcements") => {}
        (Value::Object(known), Value::Object(written)) => {
            for (key, value) in known {
                let place = format!("{place}.{key}");
                let written = written.get(key);
                expect_same_keys(
                    value,
                    written.unwrap_or_else(|| panic!("{place} is not in the sample")),
                    &place,
                );
            }
        }
        (Value::Array(known), Value::Array(written)) => {
            assert_eq!(known.len(), written.len(), "{place}");
            for (known, written) in known.iter().zip(written) {
                expect_same_keys(known, written, place);
            }
        }
        (known, _) => assert!(!known.is_null(), "{place} has no example in the sample"),
    }
}

#[test]
fn lines_agents_and_trunks_have_the_defaults_that_the_sample_shows() {
    let least = "[[line]]\nname = \"a\"\nnumbers = [\"1\"]\n\
         [[agent]]\nid = \"b\"\nname = \"b\"\nextension = \"2\"\nlines = []\n\
         [[trunk]]\nname = \"c\"\n";
    let (defaults, sample) = (read(least), read(&with_examples()));
    for section in ["line", "agent", "trunk"] {
        let shown = fields(&sample, section);
        for (key, default) in fields(&defaults, section) {
            let is_example = matches!(default, Value::Null | Value::Array(_) | Value::Object(_));
            let is_required = ["name", "id", "extension"].contains(&key.as_str());
            if !is_example && !is_required {
                assert_eq!(&shown[key], default, "{section}.{key}");
            }
        }
    }
}
