//! The port against its original: `reference.py` has made what is expected. It needs the model;
//! without it the tests fail and say how to install it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing"
)]

use std::path::Path;
use std::sync::LazyLock;

use madoguchi_encoder::Encoder;
use proptest::prelude::*;
use serde::Deserialize;

/// Where `scripts/install-encoder.sh` puts the model.
const FOLDER: &str = "/usr/local/share/madoguchi/encoder";

static ENCODER: LazyLock<Encoder> = LazyLock::new(|| match Encoder::open(Path::new(FOLDER)) {
    Ok(encoder) => encoder,
    Err(error) => panic!("{error}"),
});

#[derive(Deserialize)]
struct Line {
    text: String,
    tokens: Vec<u32>,
    /// In hundred-thousandths.
    vector: Vec<f32>,
}

fn lines() -> Vec<Line> {
    let lines = include_str!("reference.jsonl").lines();
    let lines: Vec<Line> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() >= 20);
    lines
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn texts_are_cut_into_the_tokens_of_the_original() {
    for line in lines() {
        assert_eq!(ENCODER.tokens(&line.text), line.tokens, "{:?}", line.text);
    }
}

/// Sums made in another order differ in the last bits: at most two hundred-thousandths a number.
#[test]
fn vectors_are_those_of_the_original() {
    for line in lines() {
        let vector = ENCODER.encode(&line.text);
        assert_eq!(vector.len(), line.vector.len());
        assert_eq!(vector.len(), ENCODER.dimensions());
        for (value, expected) in vector.iter().zip(&line.vector) {
            let difference = (value * 1e5 - expected).abs();
            assert!(difference <= 2.0, "{:?}: {difference}", line.text);
        }
    }
}

#[test]
fn what_means_alike_is_nearer_than_what_looks_alike() {
    let question = ENCODER.encode("給与明細はどこで見られますか");
    let alike = cosine(&question, &ENCODER.encode("今月の給料の内訳を確認したい"));
    let other = cosine(&question, &ENCODER.encode("会議室はどこで借りられますか"));
    assert!(alike > other, "{alike} {other}");
}

#[test]
fn of_an_endless_text_the_beginning_counts() {
    let text = "旅費の精算が差し戻されました。".repeat(20_000);
    let beginning: String = text.chars().take(2_000).collect();
    assert_eq!(ENCODER.encode(&text), ENCODER.encode(&beginning));
    // One character that becomes eighteen.
    let swelling = ENCODER.tokens(&"\u{fdfa}".repeat(5_000));
    assert!(swelling.len() <= 1_024, "{}", swelling.len());
}

#[test]
fn clones_share_the_model_between_threads() {
    let expected = ENCODER.encode("年休");
    let clones: Vec<_> = (0..2)
        .map(|_| {
            let encoder = ENCODER.clone();
            std::thread::spawn(move || encoder.encode("年休"))
        })
        .collect();
    for clone in clones {
        assert_eq!(clone.join().unwrap(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_has_a_finite_vector_of_length_one(text in "\\PC{0,60}|(?s:.{0,60})") {
        let vector = ENCODER.encode(&text);
        prop_assert!(vector.iter().all(|value| value.is_finite()));
        prop_assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-4);
        prop_assert_eq!(vector, ENCODER.encode(&text));
    }
}
