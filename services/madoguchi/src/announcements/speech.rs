//! Speaks texts with Open JTalk, a program of its own: one text at a time, within a time limit.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use madoguchi_endpoint::media::Recording as Spoken;
use madoguchi_web::{RECORDING_SECS, Recording};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Mutex;

use super::conversion::kept;
use crate::config::VoiceConfig;

/// How long a text may take, with the waiting for others: less than a request may.
const LONGEST: Duration = Duration::from_secs(10);
/// So many texts are remembered: a text is listened to, and then taken.
const REMEMBERED: usize = 8;
/// More than this never comes from a text as short as ours: 5 minutes at 48 kHz.
const MOST_BYTES: u64 = 30 * 1024 * 1024;

/// What a visitor is told who comes before everything has started.
pub(super) const STARTING: &str =
    "読み上げの準備ができていません。少し待ってから、もう一度試してください。";
const TOO_SLOW: &str =
    "読み上げを作るのに時間がかかりすぎています。少し待ってから、もう一度試してください。";
const UNSPEAKABLE: &str =
    "この文章は読み上げられません。ひらがな、カタカナ、漢字などの読める文字を入れてください。";

/// A voice.
#[derive(Debug)]
pub(super) struct Speech {
    config: VoiceConfig,
    /// What was spoken last; whoever speaks holds it.
    spoken: Mutex<VecDeque<(String, Recording)>>,
}

impl Speech {
    pub(super) fn new(config: VoiceConfig) -> Self {
        Self {
            config,
            spoken: Mutex::default(),
        }
    }

    /// What is missing, and what to do.
    pub(super) fn fault(&self) -> Option<String> {
        let VoiceConfig {
            program,
            dictionary,
            model,
        } = &self.config;
        let missing = if !is_program(program) {
            "文章を読み上げるプログラム(Open JTalk)がありません。Debian のパッケージ「open-jtalk」を入れてください。"
        } else if !dictionary.join("sys.dic").is_file() {
            "文章を読み上げるための辞書がありません。Debian のパッケージ「open-jtalk-mecab-naist-jdic」を入れてください。"
        } else if !model.is_file() {
            "文章を読み上げる声のデータがありません。「scripts/install-voice.sh」で入れて、設定「voice.model」に場所を書いてください。"
        } else {
            return None;
        };
        Some(missing.to_owned())
    }

    /// The text as it sounds on the telephone; in words for the operator why it cannot be spoken.
    pub(super) async fn speak(&self, text: &str) -> Result<Recording, String> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        match tokio::time::timeout(LONGEST, self.remembered(text)).await {
            Ok(Ok(recording)) => Ok(recording),
            Ok(Err(error)) => {
                tracing::warn!(error = format!("{error:#}"), "a text cannot be spoken");
                Err(UNSPEAKABLE.to_owned())
            }
            Err(_) => {
                tracing::warn!("speaking takes too long");
                Err(TOO_SLOW.to_owned())
            }
        }
    }

    async fn remembered(&self, text: &str) -> anyhow::Result<Recording> {
        let mut spoken = self.spoken.lock().await;
        if let Some((_, recording)) = spoken.iter().find(|(known, _)| known == text) {
            return Ok(recording.clone());
        }
        let wav = self.synthesise(text).await?;
        let levelled = tokio::task::spawn_blocking(move || {
            let spoken = Spoken::read(&wav, RECORDING_SECS)?;
            spoken.levelled().context("nothing can be heard")
        });
        let recording = kept(&levelled.await??);
        spoken.push_back((text.to_owned(), recording.clone()));
        if spoken.len() > REMEMBERED {
            spoken.pop_front();
        }
        Ok(recording)
    }

    /// Runs the program: the text goes in by standard input, the voice comes out by standard
    /// output. Nothing of the text is ever an argument.
    async fn synthesise(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        let mut program = Command::new(&self.config.program)
            .arg("-x")
            .arg(&self.config.dictionary)
            .arg("-m")
            .arg(&self.config.model)
            .args(["-ow", "/dev/stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut input = program.stdin.take().context("it has an input")?;
        let output = program.stdout.take().context("it has an output")?;
        let complaints = program.stderr.take().context("it can complain")?;
        let line = format!("{text}\n");
        let (mut voice, mut said) = (Vec::new(), Vec::new());
        let mut output = output.take(MOST_BYTES);
        let mut complaints = complaints.take(10_000);
        let (written, heard, _) = tokio::join!(
            async move { input.write_all(line.as_bytes()).await },
            output.read_to_end(&mut voice),
            complaints.read_to_end(&mut said),
        );
        written?;
        heard?;
        drop((output, complaints));
        let status = program.wait().await?;
        let said = String::from_utf8_lossy(&said);
        ensure!(status.success(), "{status}: {}", said.trim());
        Ok(voice)
    }
}

/// Whether there is such a program, by its path or somewhere in `PATH`.
fn is_program(program: &Path) -> bool {
    if program.components().count() > 1 {
        return program.is_file();
    }
    let places = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&places).any(|place| place.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program that behaves as told, in place of the real one.
    fn speech(folder: &Path, script: &str) -> Speech {
        let program = folder.join("open_jtalk");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(folder.join("sys.dic"), "").unwrap();
        std::fs::write(folder.join("model"), "").unwrap();
        Speech::new(VoiceConfig {
            program,
            dictionary: folder.to_owned(),
            model: folder.join("model"),
        })
    }

    #[tokio::test]
    async fn the_text_goes_in_by_standard_input_and_never_by_an_argument() {
        let folder = tempfile::tempdir().unwrap();
        let standard = madoguchi_endpoint::media::Sounds::default();
        let ready = madoguchi_endpoint::media::SoundName::lookup("ready").unwrap();
        let wav = standard.get(None, ready).to_wav();
        std::fs::write(folder.path().join("voice.wav"), wav).unwrap();
        let script =
            "cd \"${0%/*}\"; echo \"$@\" > arguments; cat > text; echo run >> runs; cat voice.wav";
        let speech = speech(folder.path(), script);
        let text = "-x $(touch hacked) ; 受付を開始しました。";
        let spoken = speech.speak(text).await.unwrap();
        assert!(spoken.duration.0 > 1_000 && spoken.wav.starts_with(b"RIFF"));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("text"), format!("{text}\n"));
        assert!(!read("arguments").contains("hacked"));
        assert!(!folder.path().join("hacked").exists());
        // What was listened to is taken without speaking again.
        assert_eq!(speech.speak(text).await.unwrap(), spoken);
        assert_eq!(read("runs"), "run\n");
    }

    #[tokio::test]
    async fn a_program_that_fails_or_says_nothing_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        for script in ["cat > /dev/null; exit 1", "cat > /dev/null", "cat"] {
            let speech = speech(folder.path(), script);
            assert_eq!(
                speech.speak("あ").await.unwrap_err(),
                UNSPEAKABLE,
                "{script}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_never_ends_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let speech = speech(folder.path(), "exec sleep 1000");
        assert_eq!(speech.speak("あ").await.unwrap_err(), TOO_SLOW);
        // The next one is not kept waiting by it.
        assert!(speech.spoken.try_lock().is_ok());
    }

    #[test]
    fn what_is_missing_is_named_by_its_package() {
        let folder = tempfile::tempdir().unwrap();
        let whole = speech(folder.path(), "");
        assert_eq!(whole.fault(), None);
        let fault = |change: &dyn Fn(&mut VoiceConfig)| {
            let mut config = whole.config.clone();
            change(&mut config);
            Speech::new(config).fault().unwrap()
        };
        assert!(
            fault(&|config| config.program = "no-such-program".into()).contains("「open-jtalk」")
        );
        assert!(fault(&|config| config.program = "/no/program".into()).contains("「open-jtalk」"));
        let dictionary = fault(&|config| config.dictionary = "/nowhere".into());
        assert!(dictionary.contains("「open-jtalk-mecab-naist-jdic」"));
        let model = fault(&|config| config.model = "/nowhere".into());
        assert!(model.contains("scripts/install-voice.sh"));
    }
}
