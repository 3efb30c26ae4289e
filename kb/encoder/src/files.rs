//! The files of the model, known by their hashes: nothing else is read.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::EncoderError;

/// A file as the package brings it.
pub(crate) struct ModelFile {
    name: &'static str,
    size: u64,
    sha256: &'static str,
}

/// The vocabulary and how text is normalised (`SentencePiece`).
pub(crate) const VOCABULARY: ModelFile = ModelFile {
    name: "sp.model",
    size: 2_527_207,
    sha256: "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
};

/// The numbers of the network (an archive of numpy arrays).
pub(crate) const WEIGHTS: ModelFile = ModelFile {
    name: "weights.npz",
    size: 30_377_056,
    sha256: "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
};

/// What vectors of this model are known by; part changes with the arithmetic.
pub(crate) const FINGERPRINT: &str = "use-multilingual-3/0db566fd0af82cbf/1";

impl ModelFile {
    /// Where the file lies in `folder`.
    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.name)
    }

    /// Reads the file, if it is the one that is meant.
    pub(crate) fn read(&self, folder: &Path) -> Result<Vec<u8>, EncoderError> {
        let file = self.path(folder);
        let unreadable = |file: PathBuf, source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => EncoderError::Missing { file },
            _ => EncoderError::Unreadable { file, source },
        };
        // The size first, so that a wrong file of any length is not read into memory.
        let size = match fs::metadata(&file) {
            Ok(facts) => facts.len(),
            Err(source) => return Err(unreadable(file, source)),
        };
        if size != self.size {
            return Err(EncoderError::Unknown { file });
        }
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(source) => return Err(unreadable(file, source)),
        };
        if hex::encode(Sha256::digest(&bytes)) != self.sha256 {
            return Err(EncoderError::Unknown { file });
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: ModelFile = ModelFile {
        name: "small",
        size: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn only_the_file_that_is_meant_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let missing = SMALL.read(folder.path()).unwrap_err();
        assert!(matches!(missing, EncoderError::Missing { .. }));
        let told = missing.to_string();
        assert!(told.contains("small") && told.contains("scripts/install-encoder.sh"));

        for other in ["", "ab", "abd", "abcd"] {
            fs::write(folder.path().join("small"), other).unwrap();
            let unknown = SMALL.read(folder.path()).unwrap_err();
            assert!(matches!(unknown, EncoderError::Unknown { .. }), "{other}");
        }
        fs::write(folder.path().join("small"), "abc").unwrap();
        assert_eq!(SMALL.read(folder.path()).unwrap(), b"abc");
    }
}
