//! What the desk plays: announcements, music, hold; and what it makes of silence.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madoguchi_endpoint::media::{Confirmation, Media, MediaEvent, RemoteMedia, Sound, Sounds};
use madoguchi_sip::sdp::Codec;

use super::phone::{Heard, Phone, bridge, linear, next, noise, pair, settings, start};

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn announcement_music_and_the_other_phone_are_one_continuous_stream() {
    let (media, mut events) = start();
    let (a, b) = (
        Phone::new(&media, 1, Codec::Pcmu),
        Phone::new(&media, 2, Codec::Pcmu),
    );
    let sound = Arc::new(Sound::from_samples(&[2000; 800]));
    media.play(a.session, sound.clone(), 1, false);
    let mut heard: Vec<Heard> = (0..5).map(|_| a.hear()).collect();
    assert_eq!(
        next(&mut events),
        MediaEvent::PlaybackEnded {
            session: a.session,
            playback: 1
        }
    );
    media.play(a.session, sound, 0, true);
    heard.extend((0..12).map(|_| a.hear()));
    bridge(&media, &mut events, &a, &b);
    for number in 0..5 {
        b.say(40_000 + number, &noise(1));
        // Music that was still on its way comes first.
        heard.push(a.hear());
    }
    for pair in heard.windows(2) {
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!((160..16_000).contains(&step), "the clock went on by {step}");
    }
    let marked: Vec<usize> = heard
        .iter()
        .enumerate()
        .filter(|(_, heard)| heard.marker)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(marked[..2], [0, 5]);
    assert!(marked.len() == 3 && marked[2] >= 17, "{marked:?}");
}

#[test]
fn the_announcement_is_really_heard_and_at_the_right_pace() {
    let file = include_bytes!("../../assets/voices/ready.wav");
    let data = file.windows(4).position(|four| four == b"data").unwrap() + 8;
    let length = u32::from_le_bytes(file[data - 4..data].try_into().unwrap()) as usize;
    let source: Vec<f64> = file[data..data + length]
        .iter()
        .map(|byte| linear(Codec::Pcmu, *byte))
        .collect();
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let (media, mut events) = start();
        let phone = Phone::new(&media, 1, codec);
        media.play(
            phone.session,
            Sounds::default().confirmation(Confirmation::Ready),
            9,
            false,
        );
        let mut heard = phone.hear().payload;
        let began = Instant::now();
        let frames = source.len().div_ceil(160);
        for _ in 1..frames {
            heard.extend(phone.hear().payload);
        }
        let took = began.elapsed().as_millis() as i64;
        let expected = (frames as i64 - 1) * 20;
        assert!(
            (took - expected).abs() <= 60,
            "{took} ms instead of {expected} ms"
        );
        assert_eq!(
            next(&mut events),
            MediaEvent::PlaybackEnded {
                session: phone.session,
                playback: 9
            }
        );
        let heard: Vec<f64> = heard.iter().map(|byte| linear(codec, *byte)).collect();
        let alike = correlation(&heard, &source);
        assert!(alike > 0.999, "{codec:?}: {alike}");
        let shifted = correlation(&heard[160..], &source);
        assert!(shifted < 0.9, "the measure tells a difference: {shifted}");
    }
}

#[test]
fn silence_is_told_once_unless_on_hold() {
    let (media, mut events) = Media::start(settings(200)).unwrap();
    let held = Phone::new(&media, 2, Codec::Pcmu);
    media.set_remote(
        held.session,
        RemoteMedia {
            send: false,
            ..held.remote()
        },
    );
    let phone = Phone::new(&media, 1, Codec::Pcmu);
    let began = Instant::now();
    assert_eq!(
        next(&mut events),
        MediaEvent::Silent {
            session: phone.session
        }
    );
    assert!(
        began.elapsed() >= Duration::from_millis(190),
        "{:?}",
        began.elapsed()
    );
    std::thread::sleep(Duration::from_millis(400));
    assert!(
        events.try_recv().is_err(),
        "told twice, or for the one on hold"
    );
}

#[test]
fn the_held_phone_hears_music_and_then_the_holder_again() {
    let mut settings = settings(0);
    settings.music = Arc::new(Sound::from_samples(&[-3000; 160]));
    let music = settings.music.encoded(Codec::Pcmu).to_vec();
    let (media, mut events) = Media::start(settings).unwrap();
    let (a, b) = pair(&media, &mut events, Codec::Pcmu, Codec::Pcmu);
    media.set_remote(
        b.session,
        RemoteMedia {
            send: false,
            receive: false,
            ..b.remote()
        },
    );
    for _ in 0..10 {
        assert_eq!(a.hear().payload, music);
    }
    a.say(1, &noise(1));
    b.hears_nothing();
    media.set_remote(b.session, b.remote());
    b.say(1, &noise(2));
    while a.hear().payload != noise(2) {}
    a.hears_nothing();
}
