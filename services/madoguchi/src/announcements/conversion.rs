//! Recordings that somebody hands in, as the desk keeps them.

use madoguchi_endpoint::media::{Recording, WavFault};
use madoguchi_web::RECORDING_SECS;

/// What is wrong with a file, and what to do, in words for the operator.
fn words(fault: &WavFault) -> String {
    match fault {
        WavFault::NotWav => {
            "WAV形式の音声ではありません。PCMかG.711のWAVファイルを選んでください。".to_owned()
        }
        WavFault::Broken(_) => {
            "WAV形式の音声ではありません。ファイルが壊れているか、途中で切れています。作り直してから、もう一度選んでください。"
                .to_owned()
        }
        WavFault::Unsupported => {
            "対応していない形式のWAVファイルです。PCM(8・16・24・32ビット)かG.711で保存してから、もう一度選んでください。"
                .to_owned()
        }
        WavFault::Rate(rate_hz) => format!(
            "サンプリング周波数 {rate_hz} Hz には対応していません。8000 Hz から 48000 Hz で保存してから、もう一度選んでください。"
        ),
        WavFault::Empty => "音声が入っていません。別のファイルを選んでください。".to_owned(),
        WavFault::TooLong(secs) => {
            format!("音声が長すぎます。{}分以内のファイルを選んでください。", secs / 60)
        }
    }
}

pub(super) fn kept(recording: &Recording) -> madoguchi_web::Recording {
    madoguchi_web::Recording {
        wav: recording.to_wav(),
        duration: recording.duration(),
    }
}

/// Reads and converts a file: some work for a long recording.
pub(super) async fn read(file: Vec<u8>) -> Result<madoguchi_web::Recording, String> {
    let read = tokio::task::spawn_blocking(move || {
        Recording::read(&file, RECORDING_SECS).map(|recording| kept(&recording))
    });
    match read.await {
        Ok(read) => read.map_err(|fault| words(&fault)),
        Err(error) => {
            tracing::error!(%error, "a recording could not be read");
            Err(words(&WavFault::NotWav))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_recording_is_refused_whatever_it_claims_to_be() {
        let whole = Recording::read(&wav(&[1000; 800]), 300).unwrap().to_wav();
        let cut = whole.get(..700).unwrap().to_vec();
        let mut disguised = whole.get(..20).unwrap().to_vec();
        disguised.extend_from_slice(b"<script>alert(1)</script>");
        for (what, file) in [
            ("a zip", b"PK\x03\x04\x14\0\0\0\x08\0mimetype".to_vec()),
            ("a script", b"#!/bin/sh\nrm -rf /\n".to_vec()),
            (
                "a page",
                b"<!DOCTYPE html><script>alert(1)</script>".to_vec(),
            ),
            ("a page with the head of a WAV", disguised),
            ("nothing but the head", b"RIFF\xff\xff\xff\xffWAVE".to_vec()),
            ("a cut recording", cut),
            ("a video", b"RIFF\0\0\0\0AVI LIST".to_vec()),
        ] {
            let refused = read(file).await.unwrap_err();
            assert!(
                refused.starts_with("WAV形式の音声ではありません。"),
                "{what}: {refused}"
            );
        }
        let long = wav(&vec![0; 300 * 8_000 + 1]);
        assert!(
            read(long)
                .await
                .unwrap_err()
                .starts_with("音声が長すぎます。5分以内")
        );
        assert_eq!(read(whole.clone()).await.unwrap().wav, whole);
    }

    /// PCM, 16 bits, 8 kHz, written by hand.
    fn wav(samples: &[i16]) -> Vec<u8> {
        let length = u32::try_from(samples.len() * 2).unwrap();
        let mut file = b"RIFF".to_vec();
        file.extend_from_slice(&(36 + length).to_le_bytes());
        file.extend_from_slice(
            b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data",
        );
        file.extend_from_slice(&length.to_le_bytes());
        file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        file
    }
}
