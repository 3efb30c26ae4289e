//! Numbers and sounds: what a caller meets after the change.

use std::collections::BTreeMap;
use std::time::Duration;

use madoguchi_endpoint::media::{SoundFiles, Sounds};

use super::bench::Bench;
use super::desk::{Settings, line, numbers};
use super::peer::Peer;

#[test]
fn numbers_lead_to_their_lines_as_they_are_now() {
    let mut bench = Bench::new(Settings::new());
    let carrier = Peer::new("127.0.0.1:6001");
    let waiting = bench.call(&carrier, "5000", "before");
    assert_eq!(waiting.status, 200);
    assert_eq!(bench.call(&carrier, "6000", "unknown").status, 404);
    bench.change(|settings| {
        settings.endpoint.lines = vec![numbers("new", "6000")];
        settings.engine.lines = vec![line("new")];
    });
    assert_eq!(bench.call(&carrier, "5000", "gone").status, 404);
    assert_eq!(bench.call(&carrier, "6000", "new").status, 200);
    assert_eq!(bench.switch.calls_in_progress(), 2, "who waited waits on");
    bench.send(&carrier, carrier.in_dialog("BYE", &waiting, 2));
    assert_eq!(bench.response_to(&carrier).unwrap().status, 200);
}

/// A file with nothing but one value.
fn sound(folder: &std::path::Path, name: &str, value: i16) -> Sounds {
    let path = folder.join(name);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    (0..80_000).for_each(|_| writer.write_sample(value).unwrap());
    writer.finalize().unwrap();
    let files: SoundFiles = [("music".to_owned(), path)].into();
    Sounds::load(&files, &BTreeMap::new()).unwrap()
}

/// The first byte of voice of the next packet.
fn hears(peer: &Peer) -> u8 {
    let mut packet = [0; 2_000];
    peer.rtp
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let length = peer.rtp.recv(&mut packet).unwrap();
    assert_eq!(length, 172);
    packet[100]
}

#[test]
fn the_next_announcement_is_a_new_one_and_what_plays_plays_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new();
    settings.sounds = sound(folder.path(), "old.wav", 1_000);
    let mut bench = Bench::with_real_voice(settings);
    let (first, second) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:6001"));
    bench.call(&first, "5000", "first");
    let old = hears(&first);
    bench.change(|settings| settings.sounds = sound(folder.path(), "new.wav", -20_000));
    bench.call(&second, "5000", "second");
    let new = hears(&second);
    assert_ne!(old, new);
    // Until the caller hears what was sent after the change.
    for _ in 0..10 {
        assert_eq!(hears(&first), old);
    }
}
