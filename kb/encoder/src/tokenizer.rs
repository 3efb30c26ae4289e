//! Text to tokens: the unigram model of `SentencePiece`.

mod normalizer;
mod pieces;
mod wire;

use normalizer::Normalizer;
use pieces::Pieces;
use wire::{Field, fields};

/// What no piece covers.
const UNKNOWN: u32 = 0;
const BEGINNING: u32 = 1;
const END: u32 = 2;

/// Cuts text into the pieces that are likeliest together.
pub(crate) struct Tokenizer {
    normalizer: Normalizer,
    pieces: Pieces,
}

/// The best way to reach a place in the text.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    from: usize,
    piece: u32,
}

const UNREACHED: Step = Step {
    score: f64::NEG_INFINITY,
    from: 0,
    piece: UNKNOWN,
};

impl Tokenizer {
    /// Reads a `SentencePiece` model: field 1 holds the pieces (text 1, score 2), field 3 the
    /// normaliser (table 2).
    pub(crate) fn read(model: &[u8]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut table: &[u8] = &[];
        for (number, field) in fields(model)? {
            match (number, field) {
                (1, Field::Bytes(piece)) => pieces.push(read_piece(piece)?),
                (3, Field::Bytes(normalizer)) => {
                    for (number, field) in fields(normalizer)? {
                        if let (2, Field::Bytes(bytes)) = (number, field) {
                            table = bytes;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            normalizer: Normalizer::read(table)?,
            pieces: Pieces::new(pieces)?,
        })
    }

    /// How many pieces there are.
    pub(crate) fn vocabulary(&self) -> usize {
        self.pieces.len()
    }

    /// At most `limit` tokens (and never fewer than three): beginning, pieces, end.
    pub(crate) fn encode(&self, text: &str, limit: usize) -> Vec<u32> {
        let mut tokens = vec![BEGINNING];
        tokens.extend(self.segment(&self.normalizer.normalize(text)));
        if tokens.len() == 1 {
            tokens.push(UNKNOWN);
        }
        tokens.truncate(limit.saturating_sub(1).max(2));
        tokens.push(END);
        tokens
    }

    /// Viterbi over the text, left to right; of equals the first found stays.
    fn segment(&self, text: &str) -> Vec<u32> {
        let mut steps = vec![UNREACHED; text.len() + 1];
        if let Some(first) = steps.first_mut() {
            first.score = 0.0;
        }
        for (at, character) in text.char_indices() {
            let Some(base) = steps.get(at).map(|step| step.score) else {
                break;
            };
            let mut offer = |length: usize, score: f64, piece: u32| {
                if let Some(step) = steps.get_mut(at + length)
                    && base + score > step.score
                {
                    *step = Step {
                        score: base + score,
                        from: at,
                        piece,
                    };
                }
            };
            let mut covered = false;
            let rest = text.get(at..).unwrap_or_default();
            self.pieces.each_prefix(rest, |length, score, piece| {
                covered |= length == character.len_utf8();
                offer(length, score, piece);
            });
            if !covered {
                offer(character.len_utf8(), self.pieces.unknown_score(), UNKNOWN);
            }
        }
        let mut tokens = Vec::new();
        let mut at = text.len();
        while at > 0 {
            let Some(step) = steps.get(at) else { break };
            tokens.push(step.piece);
            at = step.from;
        }
        tokens.reverse();
        tokens
    }
}

fn read_piece(bytes: &[u8]) -> Result<(String, f32), String> {
    let mut text = String::new();
    let mut score = 0.0;
    for (number, field) in fields(bytes)? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => {
                text = String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())?;
            }
            (2, Field::Four(bytes)) => score = f32::from_le_bytes(bytes),
            _ => {}
        }
    }
    if score.is_finite() {
        Ok((text, score))
    } else {
        Err("a piece without score".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokenizer(pieces: &[(&str, f32)]) -> Tokenizer {
        let marks = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0)];
        let pieces = marks.iter().chain(pieces);
        Tokenizer {
            normalizer: Normalizer::read(&[]).unwrap(),
            pieces: Pieces::new(
                pieces
                    .map(|(text, score)| ((*text).to_owned(), *score))
                    .collect(),
            )
            .unwrap(),
        }
    }

    #[test]
    fn the_likeliest_pieces_together_win_over_the_longest() {
        let tokenizer = tokenizer(&[
            ("▁年末", -5.0),
            ("調整", -4.0),
            ("▁年", -3.0),
            ("末調整", -9.5),
            ("▁", -1.0),
        ]);
        assert_eq!(tokenizer.encode("年末調整", 99), [1, 3, 4, 2]);
    }

    #[test]
    fn what_no_piece_covers_is_one_unknown_a_character() {
        let tokenizer = tokenizer(&[("▁", -1.0), ("a", -2.0)]);
        assert_eq!(tokenizer.encode("鬱a薔", 99), [1, 3, 0, 4, 0, 2]);
    }

    #[test]
    fn an_empty_text_has_one_unknown_token() {
        let tokenizer = tokenizer(&[("▁", -1.0)]);
        assert_eq!(tokenizer.encode("", 99), [1, 0, 2]);
        assert_eq!(tokenizer.encode("  ", 99), [1, 0, 2]);
    }

    #[test]
    fn a_long_text_is_cut_and_still_ends() {
        let tokenizer = tokenizer(&[("▁", -1.0), ("a", -2.0)]);
        assert_eq!(tokenizer.encode("aaaaaaaa", 5), [1, 3, 4, 4, 2]);
        assert_eq!(tokenizer.encode("aaaaaaaa", 0).len(), 3);
    }

    proptest! {
        #[test]
        fn any_bytes_as_a_model_are_read_or_refused(model: Vec<u8>, text: String) {
            if let Ok(tokenizer) = Tokenizer::read(&model) {
                tokenizer.encode(&text, 99);
            }
        }

        #[test]
        fn any_table_of_characters_does_no_harm(table: Vec<u32>, rest: Vec<u8>, text: String) {
            let length = u32::try_from(table.len() * 4).unwrap();
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.extend(table.iter().flat_map(|unit| unit.to_le_bytes()));
            bytes.extend(rest);
            let normal = Normalizer::read(&bytes).unwrap().normalize(&text);
            prop_assert!(!normal.contains(' '));
        }
    }

    #[test]
    fn a_model_that_is_cut_off_is_refused() {
        let model = [0x0a, 0x07, 0x0a, 0x01, b'a', 0x15, 0, 0, 0x80, 0xbf];
        for end in 1..model.len() {
            assert!(Tokenizer::read(&model[..end]).is_err(), "{end}");
        }
    }
}
