//! The dictionary: IPADIC, built once from its sources into a folder, then mapped into memory.

use std::path::{Path, PathBuf};

use lindera_dictionary::builder::DictionaryBuilder;
use lindera_dictionary::dictionary::Dictionary as Built;
use lindera_dictionary::dictionary::metadata::Metadata;

use crate::error::KbError;

/// Where Debian's package mecab-ipadic puts the sources.
const SOURCES: &str = "/usr/share/mecab/dic/ipadic";
/// The name of the built dictionary; the next layout of it gets the next number.
const BUILT: &str = "ipadic-1";
/// How the sources are laid out.
const LAYOUT: &str = r#"{
    "name": "ipadic",
    "encoding": "EUC-JP",
    "default_word_cost": -10000,
    "default_left_context_id": 0,
    "default_right_context_id": 0,
    "default_field_value": "*",
    "flexible_csv": true,
    "skip_invalid_cost_or_id": false,
    "normalize_details": true,
    "dictionary_schema": { "fields": [
        "surface", "left_context_id", "right_context_id", "cost", "part_of_speech",
        "part_of_speech_subcategory_1", "part_of_speech_subcategory_2",
        "part_of_speech_subcategory_3", "conjugation_form", "conjugation_type", "base_form",
        "reading", "pronunciation"
    ] },
    "user_dictionary_schema": { "fields": ["surface", "part_of_speech", "reading"] }
}"#;

/// The dictionary. Cheap to clone.
#[derive(Clone)]
pub struct Dictionary {
    pub(crate) built: Built,
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dictionary")
    }
}

impl Dictionary {
    /// Opens the dictionary in `folder`, and builds it first if it is not there (some seconds).
    ///
    /// # Errors
    /// [`KbError::NoDictionary`] if its sources are not installed, [`KbError::Dictionary`].
    pub fn open(folder: &Path) -> Result<Self, KbError> {
        let place = folder.join(BUILT);
        if let Ok(built) = Built::load_from_path_with_options(&place, true) {
            return Ok(Self { built });
        }
        build(folder, &place)?;
        let built = Built::load_from_path_with_options(&place, true).map_err(failed)?;
        Ok(Self { built })
    }

    /// What reads words of the operators' own.
    pub(crate) fn builder() -> Result<DictionaryBuilder, KbError> {
        Ok(DictionaryBuilder::new(layout()?))
    }
}

fn layout() -> Result<Metadata, KbError> {
    serde_json::from_str(LAYOUT).map_err(|error| KbError::Dictionary(error.into()))
}

/// Builds beside and renames, so that nobody opens half a dictionary.
fn build(folder: &Path, place: &Path) -> Result<(), KbError> {
    let sources = PathBuf::from(SOURCES);
    if !sources.join("matrix.def").is_file() {
        return Err(KbError::NoDictionary { folder: sources });
    }
    std::fs::create_dir_all(folder).map_err(KbError::io(folder))?;
    let beside = folder.join(format!("{BUILT}.{}", std::process::id()));
    tracing::info!(from = SOURCES, "the dictionary is being built");
    DictionaryBuilder::new(layout()?)
        .build_dictionary(&sources, &beside)
        .map_err(failed)?;
    if place.exists() {
        // Damaged, for it did not open.
        std::fs::remove_dir_all(place).map_err(KbError::io(place))?;
    }
    match std::fs::rename(&beside, place) {
        Ok(()) => Ok(()),
        // Somebody else was quicker.
        Err(_) if place.exists() => std::fs::remove_dir_all(&beside).map_err(KbError::io(&beside)),
        Err(error) => Err(KbError::io(place)(error)),
    }
}

fn failed(error: lindera::error::LinderaError) -> KbError {
    KbError::Dictionary(error.into())
}
