//! What is kept of an edition (確定): its books, the calls and tickets behind its figures, and all that it
//! was made with, as one compressed text with its hash. Unpacked it is what it was, whatever has changed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::document::{Document, Drill};

/// An edition unfolds to no more than this.
const UNFOLDED_BYTES: u64 = 512 * 1024 * 1024;

/// What an edition says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// The books; the first is ヘルプデスク受付状況報告.
    pub books: Vec<Document>,
    /// What programs read beside the chapters of the first book: months, service levels, payment, 突合せ.
    #[serde(default)]
    pub figures: serde_json::Map<String, serde_json::Value>,
    /// Which calls, tickets and facts the figures count.
    pub drill: Drill,
    /// What it was made with.
    pub basis: Basis,
}

/// What figures depend on beside calls, tickets and facts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// The version of the program.
    pub program: String,
    /// How categories, divisions, lines, vendors and people were called, by kind and id.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The reception calendar: each day of the month with its hours.
    #[serde(default)]
    pub calendar: serde_json::Value,
    /// The targets, those of the contract and one's own.
    #[serde(default)]
    pub targets: serde_json::Value,
    /// What was set for the report.
    #[serde(default)]
    pub settings: serde_json::Value,
}

/// An edition as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Compressed.
    pub bytes: Vec<u8>,
    /// SHA-256 over the text that is compressed, in hex.
    pub sha256: String,
}

/// Why an edition cannot be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum FrozenError {
    /// It cannot be written or read as JSON.
    #[error("an edition cannot be written or read: {0}")]
    Json(#[from] serde_json::Error),
    /// It cannot be compressed or unfolded.
    #[error("an edition cannot be unfolded: {0}")]
    Unfold(#[from] std::io::Error),
    /// It is not what was kept.
    #[error("the edition is not what was kept: its hash is another")]
    Changed,
    /// It unfolds to more than any edition.
    #[error("the edition is too large")]
    TooLarge,
}

impl Frozen {
    /// As it is kept. The same edition gives the same bytes.
    ///
    /// # Errors
    /// [`FrozenError::Json`], [`FrozenError::Unfold`], [`FrozenError::TooLarge`].
    pub fn pack(&self) -> Result<Packed, FrozenError> {
        let text = serde_json::to_vec(self)?;
        if text.len() as u64 > UNFOLDED_BYTES {
            return Err(FrozenError::TooLarge);
        }
        let mut folder = ZlibEncoder::new(Vec::new(), Compression::default());
        folder.write_all(&text)?;
        Ok(Packed {
            bytes: folder.finish()?,
            sha256: hex::encode(Sha256::digest(&text)),
        })
    }

    /// A book as programs read it; `None` if there is no such book.
    ///
    /// # Errors
    /// [`FrozenError::Json`].
    pub fn json(&self, book: usize) -> Result<Option<Vec<u8>>, FrozenError> {
        let Some(document) = self.books.get(book) else {
            return Ok(None);
        };
        let mut json = serde_json::to_value(document)?;
        if book == 0
            && let Some(object) = json.as_object_mut()
        {
            object.extend(self.figures.clone());
        }
        Ok(Some(serde_json::to_vec(&json)?))
    }

    /// What was kept, if it is still what this hash was made of.
    ///
    /// # Errors
    /// [`FrozenError`].
    pub fn unpack(bytes: &[u8], sha256: &str) -> Result<Self, FrozenError> {
        Ok(serde_json::from_slice(&unfold(bytes, sha256)?)?)
    }
}

/// What other months and later editions need of an edition, without its books and the proof of their figures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FrozenFigures {
    /// As in [`Frozen`].
    #[serde(default)]
    pub figures: serde_json::Map<String, serde_json::Value>,
    /// As in [`Frozen`].
    pub basis: Basis,
}

impl FrozenFigures {
    /// As [`Frozen::unpack`], in less time and memory.
    ///
    /// # Errors
    /// [`FrozenError`].
    pub fn unpack(bytes: &[u8], sha256: &str) -> Result<Self, FrozenError> {
        Ok(serde_json::from_slice(&unfold(bytes, sha256)?)?)
    }
}

/// The text that was compressed, if this hash was made of it.
fn unfold(bytes: &[u8], sha256: &str) -> Result<Vec<u8>, FrozenError> {
    let mut text = Vec::new();
    let mut unfolded = ZlibDecoder::new(bytes).take(UNFOLDED_BYTES + 1);
    unfolded.read_to_end(&mut text)?;
    if text.len() as u64 > UNFOLDED_BYTES {
        return Err(FrozenError::TooLarge);
    }
    if hex::encode(Sha256::digest(&text)) != sha256 {
        return Err(FrozenError::Changed);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differences::tests::book;

    #[test]
    fn what_was_kept_comes_back_as_it_was_and_a_changed_byte_is_found() {
        let frozen = Frozen {
            books: vec![book("﨑髙①〜😀", 1_029)],
            figures: serde_json::json!({"payment": []})
                .as_object()
                .unwrap()
                .clone(),
            drill: Drill {
                selections: [("offered".to_owned(), vec!["c1".into()])].into(),
                names: [("t1".into(), "R6-00001".to_owned())].into(),
            },
            basis: Basis {
                program: "1.0.0".to_owned(),
                ..Basis::default()
            },
        };
        let packed = frozen.pack().unwrap();
        assert_eq!(packed, frozen.pack().unwrap(), "the same bytes");
        let again = Frozen::unpack(&packed.bytes, &packed.sha256).unwrap();
        assert_eq!(again, frozen);
        let figures = FrozenFigures::unpack(&packed.bytes, &packed.sha256).unwrap();
        assert_eq!(
            (figures.figures, figures.basis),
            (again.figures.clone(), again.basis.clone())
        );
        let json = again.json(0).unwrap().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["month"], "2024-04");
        assert!(json["payment"].is_array() && json["chapters"].is_array());
        assert!(again.json(1).unwrap().is_none());
        let other = Frozen {
            basis: Basis::default(),
            ..frozen
        };
        let other = other.pack().unwrap();
        let changed = Frozen::unpack(&other.bytes, &packed.sha256);
        assert!(matches!(changed, Err(FrozenError::Changed)), "{changed:?}");
        let broken = Frozen::unpack(&packed.bytes[..10], &packed.sha256);
        assert!(broken.is_err());
    }
}
