//! Strangers who have overheard the names of running calls, and act in them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::message::{Message, Method, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::siege::{STRANGER, TRUNK, siege_of_calls};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UdpSocket;

use super::phone::{Dialog, Invite, Phone, agent, offer};
use super::sip::{PATIENCE, PHONE, address, pace, tcp, udp};

type Outcome = anyhow::Result<()>;

/// Where another phone is.
const OTHER_PHONE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 10));
/// What strangers send in the dialogs of others.
const METHODS: [&str; 9] = [
    "BYE", "INVITE", "REFER", "UPDATE", "INFO", "PRACK", "NOTIFY", "ACK", "MESSAGE",
];
/// So often each of them for each dialog.
const TIMES: u32 = 30;

/// What a stranger sends in a dialog to take its voice and send the call elsewhere.
fn forged(dialog: &Dialog, method: &str, cseq: u32, here: SocketAddr, rtp: SocketAddr) -> String {
    let more = match method {
        "REFER" => "Refer-To: <sip:0990500123@other.example>\r\n",
        "INFO" => "Info-Package: x\r\n",
        "PRACK" => "RAck: 1 1 INVITE\r\n",
        "NOTIFY" => "Event: refer\r\nSubscription-State: terminated\r\n",
        _ => "",
    };
    let body = match method {
        "INVITE" | "UPDATE" | "ACK" => offer(rtp),
        _ => String::new(),
    };
    dialog.request(method, cseq, here, more, &body)
}

/// Forges requests in these dialogs from many addresses; none is granted.
async fn forge(desk: &DeskProcess, dialogs: &[Dialog], rtp: SocketAddr) -> Outcome {
    let mut n = 0;
    for time in 0..TIMES {
        for dialog in dialogs {
            // Numbers that come next, and numbers that would shut the party's own out.
            for cseq in [2, 1_000_000] {
                for method in METHODS {
                    n += 1;
                    pace(n * 5).await;
                    let stranger = udp(address(n / 20), desk.sip).await?;
                    let here = stranger.local_addr()?;
                    let text = forged(dialog, method, cseq + time, here, rtp);
                    stranger.send(text.as_bytes()).await?;
                    if method == "ACK" {
                        continue;
                    }
                    let status = answered(&stranger).await?.status;
                    // Whoever can prove themselves is asked to.
                    ensure!([401, 481].contains(&status), "{method}: {status}");
                }
            }
        }
    }
    // And over a connection.
    let mut stream = tcp(STRANGER, desk.sip).await?;
    let here = stream.local_addr()?;
    for dialog in dialogs {
        for method in METHODS {
            let text = forged(dialog, method, 5, here, rtp).replace("/UDP", "/TCP");
            stream.write_all(text.as_bytes()).await?;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(())
}

/// The answer that a stranger gets.
async fn answered(stranger: &UdpSocket) -> anyhow::Result<Response> {
    let mut buffer = vec![0; 65_535];
    let received = tokio::time::timeout(PATIENCE, stranger.recv(&mut buffer)).await;
    let length = received.context("no answer")??;
    match parse_datagram(buffer.get(..length).unwrap_or_default())? {
        Message::Response(response) => Ok(response),
        Message::Request(request) => anyhow::bail!("{request:?} for a stranger"),
    }
}

/// A caller who talks.
struct Caller {
    peer: Peer,
    response: Response,
}

impl Caller {
    async fn call(desk: &DeskProcess) -> anyhow::Result<Self> {
        let peer = Peer::at(TRUNK, desk.sip).await?;
        peer.send(&peer.request("INVITE", "5000", "overheard", 1, ""))
            .await?;
        let response = peer.final_response().await?;
        ensure!(response.status == 200, "{response:?}");
        peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
        Ok(Self { peer, response })
    }

    /// Hangs up, which must still be the caller's to do.
    async fn hang_up(self) -> Outcome {
        let bye = self.peer.in_dialog("BYE", &self.response, 2)?;
        self.peer.send(&bye).await?;
        let done = self.peer.final_response().await?;
        let of_bye = done.cseq().map(|cseq| cseq.method) == Some(Method::Bye);
        ensure!(of_bye && done.status == 200, "{done:?}");
        Ok(())
    }
}

/// Two phones of which one rings because of the other, and a stranger who would end that.
async fn ring(desk: &DeskProcess, one: &mut Phone, other: &Phone) -> anyhow::Result<[Dialog; 2]> {
    let (invite, ringing) = {
        let dialled = one.dial("902");
        let rung = async {
            let rung = other.asked_for(&Method::Invite).await?;
            other.reply(&rung, 180, "callee").await?;
            anyhow::Ok(rung)
        };
        let (dialled, rung) = tokio::try_join!(dialled, rung)?;
        ensure!(dialled.1.status == 180, "{:?}", dialled.1);
        (dialled.0, rung)
    };
    cancel_as_stranger(desk, one, &invite).await?;
    other.reply(&ringing, 200, "callee").await?;
    let taken = one.response(&invite, 200).await?;
    ensure!(taken.status == 200, "{taken:?}");
    let dialog = Dialog::of_caller(&taken)?;
    let here = one.socket.local_addr()?;
    one.send(&dialog.request("ACK", invite.cseq, here, "", ""))
        .await?;
    other.asked_for(&Method::Ack).await?;
    Ok([dialog, Dialog::of_callee(&ringing, "callee")?])
}

/// Sends the very CANCEL that the caller would send, from elsewhere.
async fn cancel_as_stranger(desk: &DeskProcess, one: &Phone, invite: &Invite) -> Outcome {
    let cancel = one.request("CANCEL", invite, "")?;
    for n in 0..50 {
        let stranger = udp(address(70_000 + n), desk.sip).await?;
        stranger.send(cancel.as_bytes()).await?;
        let refusal = answered(&stranger).await?;
        ensure!(refusal.status == 481, "{refusal:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_act_in_no_call_whose_names_they_overheard() -> Outcome {
    let logged_out = "lines = [\"help\"]\nready_at_start = false";
    let agents = [agent("901", logged_out), agent("902", logged_out)];
    let setup = Setup::default().more(&agents.concat());
    siege_of_calls(setup, 20, 1, async |desk| {
        let mut one = Phone::new(PHONE, desk.sip, "901").await?;
        let mut other = Phone::new(OTHER_PHONE, desk.sip, "902").await?;
        ensure!(one.register().await? == 200 && other.register().await? == 200);
        let caller = Caller::call(desk).await?;
        let [of_one, of_other] = ring(desk, &mut one, &other).await?;
        let rtp = UdpSocket::bind((STRANGER, 0)).await?;
        let dialogs = [
            Dialog::of_caller(&caller.response)?,
            of_one.clone(),
            of_other,
        ];
        forge(desk, &dialogs, rtp.local_addr()?).await?;
        let mut buffer = [0; 2_048];
        ensure!(rtp.try_recv(&mut buffer).is_err(), "a stranger hears voice");
        ensure!(!one.was_asked() && !other.was_asked(), "somebody was asked");
        // Every call is still its parties' own.
        caller.hang_up().await?;
        let here = one.socket.local_addr()?;
        one.send(&of_one.request("BYE", 3, here, "", "")).await?;
        let ended = other.asked_for(&Method::Bye).await?;
        other.reply(&ended, 200, "callee").await
    })
    .await?;
    Ok(())
}
