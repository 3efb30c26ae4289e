//! Which sound is played for what: the set that comes with the product, and files that replace
//! parts of it, for the whole desk or for one line.

mod name;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use madoguchi_core::id::LineName;
use madoguchi_line::api::Announcement;

use super::{music, ringing};
pub use name::{Confirmation, SoundName};

use super::sound::Sound;
use super::voices::VOICES;
use super::wav::{self, WavFault};

/// Files that replace sounds: name of the sound ([`SoundName::all`]) → path of a WAV file.
pub type SoundFiles = BTreeMap<String, PathBuf>;

/// Why the sounds cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// No sound has this name.
    #[error("音声「{name}」という名前はありません（使える名前: {}）", names(|_| true))]
    UnknownName {
        /// The name in the settings.
        name: String,
    },
    /// The sound is the same for all lines.
    #[error(
        "回線 {line} の音声「{name}」は、回線ごとには変えられません（回線ごとに変えられる名前: {}）",
        names(SoundName::is_for_lines)
    )]
    NotForLines {
        /// The line in the settings.
        line: LineName,
        /// The name in the settings.
        name: String,
    },
    /// The file cannot be read.
    #[error("音声ファイル {} を読めません: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not what is needed.
    #[error("音声ファイル {}: {fault}", path.display())]
    Wav {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: WavFault,
    },
}

fn names(wanted: impl Fn(SoundName) -> bool) -> String {
    let names: Vec<_> = SoundName::all()
        .filter(|name| wanted(*name))
        .map(SoundName::as_str)
        .collect();
    names.join(", ")
}

type SoundSet = HashMap<SoundName, Arc<Sound>>;

/// All sounds of the desk, ready to be played. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sounds {
    desk: Arc<SoundSet>,
    lines: Arc<HashMap<LineName, SoundSet>>,
}

impl Default for Sounds {
    /// The sounds that come with the product.
    fn default() -> Self {
        Self {
            desk: BUILT_IN.clone(),
            lines: Arc::default(),
        }
    }
}

impl Sounds {
    /// The sounds of the product, replaced by the files of `desk` for all lines, and by those of
    /// `lines` for single lines.
    pub fn load(
        desk: &SoundFiles,
        lines: &BTreeMap<LineName, SoundFiles>,
    ) -> Result<Self, SoundError> {
        let mut files = Files::default();
        let mut desk_set = SoundSet::clone(&BUILT_IN);
        for (name, path) in desk {
            desk_set.insert(get_name(name)?, files.load(path)?);
        }
        let mut line_sets = HashMap::new();
        for (line, own) in lines {
            let mut set = SoundSet::new();
            for (name, path) in own {
                let sound_name = get_name(name)?;
                if !sound_name.is_for_lines() {
                    return Err(SoundError::NotForLines {
                        line: line.clone(),
                        name: name.clone(),
                    });
                }
                set.insert(sound_name, files.load(path)?);
            }
            line_sets.insert(line.clone(), set);
        }
        Ok(Self {
            desk: Arc::new(desk_set),
            lines: Arc::new(line_sets),
        })
    }

    /// What is said to a caller of a line; without a line, what the desk says.
    pub fn announcement(&self, line: Option<&LineName>, what: Announcement) -> Arc<Sound> {
        self.get(line, what.into())
    }

    /// The music of a line; without a line, that of the desk.
    pub fn music(&self, line: Option<&LineName>) -> Arc<Sound> {
        self.get(line, SoundName::MUSIC)
    }

    /// What whoever calls hears while it rings.
    pub fn ringing(&self) -> Arc<Sound> {
        RINGING.clone()
    }

    /// What is said after a feature code.
    pub fn confirmation(&self, confirmation: Confirmation) -> Arc<Sound> {
        self.get(None, confirmation.into())
    }

    /// What is played on a line under this name; without a line, what the desk plays.
    pub fn get(&self, line: Option<&LineName>, name: SoundName) -> Arc<Sound> {
        line.and_then(|line| self.lines.get(line)?.get(&name))
            .or_else(|| self.desk.get(&name))
            .expect("every name has a sound in the set that comes with the product")
            .clone()
    }
}

fn get_name(name: &str) -> Result<SoundName, SoundError> {
    SoundName::lookup(name).ok_or_else(|| SoundError::UnknownName {
        name: name.to_owned(),
    })
}

static BUILT_IN: LazyLock<Arc<SoundSet>> = LazyLock::new(|| {
    let voices = VOICES.iter().map(|(name, file)| {
        let samples = wav::read(file).expect("the embedded voices are whole: a test reads each");
        (SoundName(name), Arc::new(Sound::from_samples(&samples)))
    });
    let music = Arc::new(Sound::from_samples(&music::compose()));
    Arc::new(voices.chain([(SoundName::MUSIC, music)]).collect())
});

static RINGING: LazyLock<Arc<Sound>> =
    LazyLock::new(|| Arc::new(Sound::from_samples(&ringing::compose())));

/// Files that have been read; each once, however many lines name it.
#[derive(Default)]
struct Files(HashMap<PathBuf, Arc<Sound>>);

impl Files {
    fn load(&mut self, path: &Path) -> Result<Arc<Sound>, SoundError> {
        if let Some(known) = self.0.get(path) {
            return Ok(known.clone());
        }
        let bytes = std::fs::read(path).map_err(|source| SoundError::Read {
            path: path.to_owned(),
            source,
        })?;
        let samples = wav::read(&bytes).map_err(|fault| SoundError::Wav {
            path: path.to_owned(),
            fault,
        })?;
        let sound = Arc::new(Sound::from_samples(&samples));
        self.0.insert(path.to_owned(), sound.clone());
        Ok(sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_announcement() -> Vec<Announcement> {
        let mut all = vec![
            Announcement::Greeting,
            Announcement::Closed,
            Announcement::QueueFull,
            Announcement::MaxWait,
            Announcement::NoAgent,
            Announcement::ClosedWhileWaiting,
        ];
        all.extend([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 999].map(Announcement::Position));
        all.extend((0..40).chain([u32::MAX]).map(Announcement::WaitMinutes));
        all
    }

    const CONFIRMATIONS: [Confirmation; 4] = [
        Confirmation::Ready,
        Confirmation::Away,
        Confirmation::LoggedOut,
        Confirmation::Refused,
    ];

    #[test]
    fn the_product_has_a_sound_for_everything_and_nothing_to_spare() {
        let sounds = Sounds::default();
        let mut used: Vec<SoundName> = every_announcement().into_iter().map(Into::into).collect();
        for announcement in every_announcement() {
            assert!(sounds.announcement(None, announcement).duration().0 > 1000);
        }
        for confirmation in CONFIRMATIONS {
            assert!(sounds.confirmation(confirmation).duration().0 > 1000);
            used.push(confirmation.into());
        }
        assert_eq!(sounds.music(None).duration().0, 36_000);
        used.push(SoundName::MUSIC);
        for name in SoundName::all() {
            assert!(used.contains(&name), "{name:?} is never played");
        }
    }

    fn file(folder: &Path, name: &str, samples: usize) -> PathBuf {
        let path = folder.join(name);
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        (0..samples).for_each(|_| writer.write_sample(100_i16).unwrap());
        writer.finalize().unwrap();
        path
    }

    fn files(entries: &[(&str, &Path)]) -> SoundFiles {
        entries
            .iter()
            .map(|(name, path)| ((*name).to_owned(), path.to_path_buf()))
            .collect()
    }

    #[test]
    fn a_line_has_its_own_sounds_then_those_of_the_desk_then_those_of_the_product() {
        let folder = tempfile::tempdir().unwrap();
        let desk_file = file(folder.path(), "desk.wav", 800);
        let line_file = file(folder.path(), "line.wav", 1600);
        let desk = files(&[
            ("greeting", &desk_file),
            ("music", &desk_file),
            ("ready", &desk_file),
        ]);
        let lines = [(LineName::new("main"), files(&[("greeting", &line_file)]))].into();
        let sounds = Sounds::load(&desk, &lines).unwrap();
        let (main, other) = (LineName::new("main"), LineName::new("other"));
        let greeting = |line| {
            sounds
                .announcement(line, Announcement::Greeting)
                .duration()
                .0
        };
        assert_eq!(greeting(Some(&main)), 200);
        assert_eq!(greeting(Some(&other)), 100);
        assert_eq!(greeting(None), 100);
        assert_eq!(sounds.music(Some(&main)).duration().0, 100);
        assert_eq!(sounds.confirmation(Confirmation::Ready).duration().0, 100);
        assert!(
            sounds
                .announcement(Some(&main), Announcement::Closed)
                .duration()
                .0
                > 10_000
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_the_name_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let load = |name: &str, path: &Path| {
            Sounds::load(&files(&[(name, path)]), &BTreeMap::new())
                .unwrap_err()
                .to_string()
        };
        let text = folder.path().join("挨拶.wav");
        std::fs::write(&text, "これは音声ではない").unwrap();
        let said = load("greeting", &text);
        assert!(
            said.contains("挨拶.wav") && said.contains("WAV形式の音声ファイルではありません"),
            "{said}"
        );
        let said = load("greeting", &folder.path().join("none.wav"));
        assert!(
            said.contains("none.wav") && said.contains("読めません"),
            "{said}"
        );
        let said = load("greetings", &text);
        assert!(
            said.contains("「greetings」という名前はありません") && said.contains("queue_full"),
            "{said}"
        );
        let lines = [(LineName::new("main"), files(&[("ready", &text)]))].into();
        let said = Sounds::load(&SoundFiles::new(), &lines)
            .unwrap_err()
            .to_string();
        assert!(said.starts_with("回線 main の音声「ready」は"), "{said}");
    }
}
