//! Captures that are read from their beginning to their end.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use madoguchi_observe::capture::merged::{Merged, ReadError};
use madoguchi_observe::capture::{CaptureReader, Damage};

use super::super::error::{CliError, reason};
use super::super::output::complain;
use super::Observing;

/// Standard input.
const STDIN: &str = "-";

/// Reads all files, side by side in the order of their packets; tells whether all were read wholly.
pub(super) async fn read(observing: &mut Observing, files: &[PathBuf]) -> Result<bool, CliError> {
    if let [only] = files
        && only == Path::new(STDIN)
    {
        return follow_stdin(observing).await;
    }
    let mut opened: Vec<Box<dyn Read>> = Vec::new();
    for file in files {
        opened.push(open(file)?);
    }
    let mut merged = Merged::new(opened);
    while let Some(packet) = merged.next_packet() {
        let progress = observing.observer.packet(&packet);
        observing.take(progress);
        observing.keep_up().await?;
    }
    let name = |at: usize| files.get(at).map(|file| file.display().to_string());
    for (at, error) in merged.failed() {
        tell_failure(&name(*at).unwrap_or_default(), error);
    }
    let mut whole = merged.failed().is_empty();
    for (at, damage) in merged.damage() {
        whole &= tell_damage(&name(at).unwrap_or_default(), damage);
    }
    Ok(whole)
}

fn open(file: &Path) -> Result<Box<dyn Read>, CliError> {
    if file == Path::new(STDIN) {
        return Ok(Box::new(io::stdin()));
    }
    let opened =
        File::open(file).map_err(|error| CliError::of_file(file, "を読めません", &error))?;
    Ok(Box::new(opened))
}

/// What comes is told as soon as it is there.
async fn follow_stdin(observing: &mut Observing) -> Result<bool, CliError> {
    let mut reader = CaptureReader::default();
    let mut stdin = io::stdin().lock();
    loop {
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) => {
                    let progress = observing.observer.packet(&packet);
                    observing.take(progress);
                }
                Ok(None) => break,
                Err(error) => {
                    tell_failure("標準入力", &error.into());
                    return Ok(false);
                }
            }
        }
        observing.flush().await?;
        match reader.fill(&mut stdin) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                tell_failure("標準入力", &error.into());
                return Ok(false);
            }
        }
    }
    reader.end();
    while let Ok(Some(packet)) = reader.next_packet() {
        let progress = observing.observer.packet(&packet);
        observing.take(progress);
    }
    Ok(tell_damage("標準入力", reader.damage()))
}

pub(super) fn tell_failure(name: &str, error: &ReadError) {
    match error {
        ReadError::Format(_) => complain(&format!(
            "{name} は取得ファイル(pcap、pcapng)ではありません"
        )),
        ReadError::Io(error) => {
            let error = reason(error);
            complain(&format!("{name} を読めません: {error}"));
        }
    }
}

/// Tells of what could not be understood; `true` if there is nothing.
fn tell_damage(name: &str, damage: Damage) -> bool {
    if damage.places > 0 {
        complain(&format!(
            "{name} は {}か所({}バイト)が壊れています。ほかは読みました",
            damage.places, damage.bytes
        ));
    }
    // A capture that is still being written, or whose writer was killed, ends anywhere.
    if damage.cut_off {
        complain(&format!("{name} は記録の途中で終わっています"));
    }
    damage.places == 0
}
