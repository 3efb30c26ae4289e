//! Probes that say nothing, or only half of it. The clock stands still while nobody waits.

use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

const KEY: &str = "right";
const A_DAY: Duration = Duration::from_secs(86_400);

fn frame(key: &str) -> Vec<u8> {
    let chunks: [(u16, &[u8]); 5] = [
        (3, &[192, 0, 2, 1]),
        (4, &[192, 0, 2, 2]),
        (9, &[0, 0, 0, 1]),
        (14, key.as_bytes()),
        (15, b"OPTIONS sip:a@b SIP/2.0\r\n\r\n"),
    ];
    let mut body = Vec::new();
    for (kind, value) in chunks {
        body.extend([0, 0]);
        body.extend(kind.to_be_bytes());
        body.extend(u16::try_from(value.len() + 6).unwrap().to_be_bytes());
        body.extend(value);
    }
    let length = u16::try_from(body.len() + 6).unwrap();
    [&b"HEP3"[..], &length.to_be_bytes(), &body].concat()
}

/// Who receives, and what it hands on.
fn receiver() -> (Receiver, mpsc::Receiver<Received>) {
    let (frames, received) = mpsc::channel(64);
    let (_, key) = watch::channel(Some(KEY.to_owned()));
    (Receiver::new(frames, Arc::default(), key), received)
}

/// After how many seconds a probe that sends these pieces, a second after each other, loses its place; `None` if it
/// keeps it.
async fn lost_after(pieces: &[&[u8]]) -> Option<u64> {
    let (receiver, _received) = receiver();
    let (mut probe, desk) = duplex(65_536);
    let begun = Instant::now();
    let sending = async {
        for piece in pieces {
            // Nobody may be there any more.
            let _sent = probe.write_all(piece).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    let receiving = tokio::time::timeout(A_DAY, receiver.receive(desk));
    tokio::select! {
        () = sending => None,
        ended = receiving => ended.ok().map(|ended| {
            ended.unwrap();
            begun.elapsed().as_secs()
        }),
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_half_of_it_loses_the_place_and_who_has_nothing_to_say_keeps_it() {
    let (whole, wrong) = (frame(KEY), frame("wrong"));
    let (half, rest) = whole.split_at(whole.len() / 2);
    let patience = Some(FRAME_AT_MOST.as_secs());
    assert_eq!(lost_after(&[]).await, patience, "nothing");
    assert_eq!(lost_after(&[&whole[..1]]).await, patience, "one byte");
    assert_eq!(lost_after(&[half]).await, patience, "half a frame");
    assert_eq!(lost_after(&[&whole]).await, None, "a frame");
    assert_eq!(lost_after(&[half, rest]).await, None, "two halves");
    let then_half = [&whole[..], half].concat();
    assert_eq!(
        lost_after(&[&then_half]).await,
        patience,
        "half of the next"
    );
    let later = lost_after(&[&whole, &whole, half]).await;
    assert_eq!(later, Some(FRAME_AT_MOST.as_secs() + 2));
    // Byte by byte, so that something always comes.
    let bytes: Vec<&[u8]> = whole.chunks(1).collect();
    assert!(bytes.len() > 60);
    assert_eq!(lost_after(&bytes).await, patience, "too slow");
    let strangers = vec![&wrong[..]; 100];
    assert_eq!(lost_after(&strangers).await, patience, "the wrong key");
    assert_eq!(
        lost_after(&[&wrong, &whole]).await,
        None,
        "the right one in time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_heard_while_others_say_nothing() {
    let (receiver, mut received) = receiver();
    let receive = |desk: DuplexStream| {
        let receiver = receiver.clone();
        tokio::spawn(async move { receiver.receive(desk).await })
    };
    let silent: Vec<_> = (0..20)
        .map(|_| {
            let (probe, desk) = duplex(1_024);
            (probe, receive(desk))
        })
        .collect();
    let (mut probe, desk) = duplex(1_024);
    let heard = receive(desk);
    for _ in 0..3 {
        probe.write_all(&frame(KEY)).await.unwrap();
        assert_eq!(received.recv().await.unwrap().bytes, frame(KEY));
        tokio::time::sleep(FRAME_AT_MOST).await;
    }
    assert!(silent.iter().all(|(_, task)| task.is_finished()));
    assert!(!heard.is_finished());
}
