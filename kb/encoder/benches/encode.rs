//! How long a query and an article take on one core, and how long opening takes.
//!
//! `cargo bench -p madoguchi-encoder --bench encode [-- FOLDER]`

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement, told on the terminal"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use madoguchi_encoder::Encoder;

const ROUNDS: usize = 100;

const QUERIES: &[&str] = &[
    "年休の取り方",
    "パスワードを忘れました",
    "マイナの提出",
    "給料明細が見られないんですけど",
    "年末調整の書類をなくしたときはどうすればいいですか",
    "出張の旅費はいつ振り込まれますか",
    "ログインできない",
    "残業を後から申請したい",
    "支払の決裁が差し戻された",
    "住所が変わったときの届出を教えてください",
];

fn main() {
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let folder = folder.unwrap_or_else(|| "/usr/local/share/madoguchi/encoder".to_owned());
    let began = Instant::now();
    let encoder = Encoder::open(&PathBuf::from(folder)).unwrap();
    println!("opened in {:?}", began.elapsed());

    measure("queries", &encoder, QUERIES);
    let article = QUERIES.concat();
    let articles = [article.as_str(), &article.repeat(2), &article.repeat(4)];
    measure("articles", &encoder, &articles);
}

fn measure(what: &str, encoder: &Encoder, texts: &[&str]) {
    let tokens: usize = texts.iter().map(|text| encoder.tokens(text).len()).sum();
    let mut times: Vec<Duration> = Vec::with_capacity(texts.len() * ROUNDS);
    for _ in 0..ROUNDS {
        for text in texts {
            let began = Instant::now();
            black_box(encoder.encode(black_box(text)));
            times.push(began.elapsed());
        }
    }
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{what}: {} tokens on average, p50 {:?}, p99 {:?}",
        tokens / texts.len(),
        at(50),
        at(99)
    );
}
