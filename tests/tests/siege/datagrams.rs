//! Attacks on every door while honest calls go on: each asserts what must hold for the callers.

use madoguchi_tests::desk::Setup;
use madoguchi_tests::siege::{STRANGER, siege};
use tokio::net::UdpSocket;

type Outcome = anyhow::Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn random_datagrams_of_a_stranger_delay_no_call() -> Outcome {
    siege(Setup::default(), 5, async |desk| {
        let socket = UdpSocket::bind((STRANGER, 0)).await?;
        for n in 0..20_000_u32 {
            socket.send_to(&n.to_be_bytes(), desk.sip).await?;
            if n % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    })
    .await?;
    Ok(())
}
