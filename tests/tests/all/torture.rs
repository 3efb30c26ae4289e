//! The messages of RFC 4475 and random bytes thrown at the port: the desk lives, answers, and
//! counts nothing that was no call.

use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, callee, caller};
use rand::{RngExt, SeedableRng};

#[tokio::test(flavor = "multi_thread")]
async fn malformed_messages_and_random_bytes_do_no_harm() -> anyhow::Result<()> {
    let port = free_port();
    let setup = Setup::default().agent("tanaka", port);
    let desk = setup
        .sip("unknown_requests_per_minute = 100000")
        .start()
        .await?;
    let peer = Peer::new(desk.sip).await?;
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../telephony/sip/tests/rfc4475"
    );
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let bytes = std::fs::read(entry?.path())?;
        files += 1;
        peer.send(&bytes).await?;
        for cut in [
            bytes.len() / 3,
            bytes.len() / 2,
            bytes.len().saturating_sub(1),
        ] {
            peer.send(bytes.get(..cut).context("a cut is inside")?)
                .await?;
        }
    }
    ensure!(files == 49);
    let mut rng = rand::rngs::StdRng::seed_from_u64(4475);
    for _ in 0..2_000 {
        let length = rng.random_range(0..1_400);
        let bytes: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        peer.send(&bytes).await?;
    }
    // What came back so far is of no interest.
    while peer.receive(Duration::from_millis(200)).await?.is_some() {}
    peer.send(&peer.request("OPTIONS", "desk", "alive", 1, ""))
        .await?;
    ensure!(peer.final_response().await?.status == 200, "it answers");
    ensure!(desk.figures().offered == 0, "no call was counted");
    let agent = callee()
        .ring()
        .answer()
        .pause(300)
        .bye()
        .start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
    agent.succeed().await?;
    let figures = desk.figures();
    ensure!(
        (figures.offered, figures.answered) == (1, 1),
        "{figures:#?}"
    );
    desk.end().await?;
    Ok(())
}
