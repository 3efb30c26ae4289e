//! Captures that are read from their beginning to their end.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use madoguchi_observe::capture::merged::{Merged, ReadError};
use madoguchi_observe::capture::{CaptureReader, Damage, NotACapture};
use tokio::sync::mpsc;

use super::super::error::{CliError, reason};
use super::super::output::complain;
use super::stop::Stop;
use super::{Observing, ticks};

/// Standard input.
const STDIN: &str = "-";
/// What is read of it at once (bytes).
const CHUNK_BYTES: usize = 128 << 10;
/// So much of it waits to be understood at the most; the writer waits then.
const CHUNKS_AT_MOST: usize = 8;

/// Reads all files, side by side in the order of their packets; tells whether all were read wholly.
///
/// Time is that of the packets: a file tells nothing of what is now.
pub(super) async fn read(
    observing: &mut Observing,
    files: &[PathBuf],
    stop: &mut Stop,
) -> Result<bool, CliError> {
    if let [only] = files
        && only == Path::new(STDIN)
    {
        return follow_stdin(observing, stop).await;
    }
    let mut opened: Vec<Box<dyn Read>> = Vec::new();
    for file in files {
        opened.push(open(file)?);
    }
    let mut merged = Merged::new(opened);
    while let Some(packet) = merged.next_packet() {
        observing.packet(&packet);
        observing.keep_up().await?;
        if stop.is_asked() {
            complain("ファイルの途中で停止しました。もう一度読めば、残りも数えます");
            return Ok(false);
        }
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

/// What comes is told as soon as it is there, and while nothing comes time goes on by the clock: packets come
/// when they are seen.
async fn follow_stdin(observing: &mut Observing, stop: &mut Stop) -> Result<bool, CliError> {
    let mut chunks = stdin_chunks().context("standard input")?;
    let mut reader = CaptureReader::default();
    let mut tick = ticks();
    loop {
        tokio::select! {
            chunk = chunks.recv() => match chunk {
                Some(Ok(chunk)) => {
                    reader.push(&chunk);
                    if let Err(error) = take_all(observing, &mut reader) {
                        tell_failure("標準入力", &error.into());
                        return Ok(false);
                    }
                    observing.flush().await?;
                }
                Some(Err(error)) => {
                    tell_failure("標準入力", &error.into());
                    return Ok(false);
                }
                None => break,
            },
            _ = tick.tick() => {
                observing.pass_time();
                observing.take_up_settings().await;
                observing.flush().await?;
                observing.measure();
            }
            () = stop.asked() => break,
        }
    }
    // What was read before the operator's signal is understood, too.
    while let Ok(Ok(chunk)) = chunks.try_recv() {
        reader.push(&chunk);
        if take_all(observing, &mut reader).is_err() {
            break;
        }
    }
    reader.end();
    if let Err(error) = take_all(observing, &mut reader) {
        tell_failure("標準入力", &error.into());
        return Ok(false);
    }
    Ok(tell_damage("標準入力", reader.damage()))
}

fn take_all(observing: &mut Observing, reader: &mut CaptureReader) -> Result<(), NotACapture> {
    while let Some(packet) = reader.next_packet()? {
        observing.packet(&packet);
    }
    Ok(())
}

/// Standard input, read by a thread that nobody waits for at the end: it may hear nothing for ever.
fn stdin_chunks() -> io::Result<mpsc::Receiver<io::Result<Vec<u8>>>> {
    let (sender, chunks) = mpsc::channel(CHUNKS_AT_MOST);
    let reading = move || {
        let mut stdin = io::stdin().lock();
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let chunk = match stdin.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => Ok(buffer.get(..length).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_over = chunk.is_err();
            if sender.blocking_send(chunk).is_err() || is_over {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("stdin".to_owned());
    thread.spawn(reading)?;
    Ok(chunks)
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
