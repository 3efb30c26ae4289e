//! The door: text in, vector out.

use std::path::Path;
use std::sync::Arc;

use crate::EncoderError;
use crate::files::{FINGERPRINT, VOCABULARY, WEIGHTS};
use crate::network::Network;
use crate::tokenizer::Tokenizer;

/// More than this of a text is not read. The model has no limit of its own; meaning thins out in
/// long texts, and the time grows.
const MOST_CHARACTERS: usize = 2_000;
/// Normalising can make one character many.
const MOST_TOKENS: usize = 1_024;

/// A sentence encoder. Cheap to clone; clones share the model.
#[derive(Clone)]
pub struct Encoder {
    model: Arc<Model>,
}

struct Model {
    tokenizer: Tokenizer,
    network: Network,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({FINGERPRINT})")
    }
}

impl Encoder {
    /// Opens the model that `scripts/install-encoder.sh` has put into `folder`.
    ///
    /// # Errors
    /// If a file is missing, cannot be read, or is not the one this version was checked with.
    pub fn open(folder: &Path) -> Result<Self, EncoderError> {
        let damaged = |file: &crate::files::ModelFile, what| EncoderError::Damaged {
            file: file.path(folder),
            what,
        };
        let tokenizer = Tokenizer::read(&VOCABULARY.read(folder)?)
            .map_err(|what| damaged(&VOCABULARY, what))?;
        let network =
            Network::read(&WEIGHTS.read(folder)?).map_err(|what| damaged(&WEIGHTS, what))?;
        if tokenizer.vocabulary() > network.vocabulary() {
            let what = "fewer vectors than words".to_owned();
            return Err(damaged(&WEIGHTS, what));
        }
        Ok(Self {
            model: Arc::new(Model { tokenizer, network }),
        })
    }

    /// The vector of a text, of length one. Of a very long text, its beginning counts.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<f32> {
        self.model.network.encode(&self.tokens(text))
    }

    /// How many numbers a vector has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.model.network.dimensions()
    }

    /// Names the model and its arithmetic: vectors kept under another name must be made anew.
    #[must_use]
    pub fn fingerprint(&self) -> &'static str {
        FINGERPRINT
    }

    /// The tokens the network sees of a text, beginning and end marked.
    #[must_use]
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let text = match text.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => text.get(..end).unwrap_or(text),
            None => text,
        };
        self.model.tokenizer.encode(text, MOST_TOKENS)
    }
}
