//! Strangers at the SIP port, each kind of attack beside honest calls: nobody whom the desk knows
//! notices, nothing is counted, and the memory is back.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::digest::{ClientState, Proof, answer};
use madoguchi_sip::message::{HeaderName, Message, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::{STRANGER, siege};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

type Outcome = anyhow::Result<()>;

/// An attack lasts some seconds: in one moment it would measure the machine that the attacker and
/// the callers share with the desk.
pub(crate) async fn pace(n: u32) {
    if n.is_multiple_of(100) {
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

/// Where a phone is that registers.
pub(crate) const PHONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9));
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A stranger's address; each number has its own.
pub(crate) fn address(n: u32) -> IpAddr {
    let [_, a, b, c] = n.to_be_bytes();
    IpAddr::from([127, a | 64, b, c])
}

pub(crate) async fn udp(from: IpAddr, desk: SocketAddr) -> anyhow::Result<UdpSocket> {
    let socket = UdpSocket::bind((from, 0)).await?;
    socket.connect(desk).await?;
    Ok(socket)
}

pub(crate) async fn tcp(from: IpAddr, desk: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    Ok(tokio::time::timeout(PATIENCE, socket.connect(desk)).await??)
}

fn request(
    method: &str,
    user: &str,
    desk: SocketAddr,
    here: SocketAddr,
    cseq: u32,
    more: &str,
) -> String {
    format!(
        "{method} sip:{user}@{desk} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{here}{cseq};rport\r\n\
         From: <sip:{user}@{here}>;tag=f{cseq}\r\nTo: <sip:{user}@{desk}>\r\nCall-ID: {here}-{user}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:{user}@{here}>\r\nMax-Forwards: 70\r\n{more}\
         Content-Length: 0\r\n\r\n"
    )
}

async fn response(socket: &UdpSocket) -> anyhow::Result<Response> {
    let mut buffer = vec![0; 65_535];
    let length = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await;
    let length = length.context("no answer")??;
    read(buffer.get(..length).unwrap_or_default())
}

fn read(bytes: &[u8]) -> anyhow::Result<Response> {
    match parse_datagram(bytes)? {
        Message::Response(response) => Ok(response),
        Message::Request(request) => anyhow::bail!("a request came: {}", request.method),
    }
}

fn proof(challenge: &Response, desk: SocketAddr, (user, password): (&str, &str)) -> String {
    let offered: Vec<_> = challenge
        .headers
        .get_all(&HeaderName::WwwAuthenticate)
        .collect();
    let proof = Proof {
        method: "REGISTER",
        uri: &format!("sip:{user}@{desk}"),
        user,
        password,
        cnonce: "cnonce",
    };
    let value = answer(&offered, &mut ClientState::default(), proof).unwrap_or_default();
    format!("Authorization: {value}\r\n")
}

/// The status that a phone gets which registers over UDP.
pub(crate) async fn register(
    from: &UdpSocket,
    desk: SocketAddr,
    who: (&str, &str),
    cseq: u32,
) -> anyhow::Result<u16> {
    let here = from.local_addr()?;
    let ask = |cseq, more: &str| request("REGISTER", who.0, desk, here, cseq, more);
    from.send(ask(cseq, "").as_bytes()).await?;
    let challenge = response(from).await?;
    ensure!(challenge.status == 401, "{challenge:?}");
    from.send(ask(cseq + 1, &proof(&challenge, desk, who)).as_bytes())
        .await?;
    Ok(response(from).await?.status)
}

/// The phone of an agent who is logged out: the honest calls are answered by others.
const IDLE: (&str, &str) = ("901", "secret-idle");

fn setup() -> Setup {
    let idle = "[[agent]]\nid = \"idle\"\nname = \"idle\"\nextension = \"901\"\n\
                lines = [\"help\"]\npassword = \"secret-idle\"\nready_at_start = false";
    Setup::default().more(idle).sip("tcp_connections = 300")
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_dripping_connections_shut_no_phone_out() -> Outcome {
    let desk = siege(setup(), 20, async |desk| {
        let mut held = Vec::new();
        for n in 0..900 {
            // Half of them from one address, the others each from its own.
            let from = if n % 2 == 0 { STRANGER } else { address(n) };
            let mut stream = tcp(from, desk.sip).await?;
            if n % 3 == 0 {
                stream
                    .write_all(b"INVITE sip:5000@desk SIP/2.0\r\nX: ")
                    .await?;
            }
            held.push(stream);
        }
        for _ in 0..50 {
            for stream in held.iter_mut().step_by(3) {
                // Whoever was closed is closed.
                let _closed = stream.write_all(b"x").await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // A phone that comes now is heard at once.
        let mut phone = tcp(PHONE, desk.sip).await?;
        let here = phone.local_addr()?;
        let options = request("OPTIONS", "desk", desk.sip, here, 1, "").replace("/UDP", "/TCP");
        phone.write_all(options.as_bytes()).await?;
        let mut answer = vec![0; 4_096];
        let length = tokio::time::timeout(PATIENCE, phone.read(&mut answer)).await??;
        ensure!(read(answer.get(..length).unwrap_or_default())?.status == 200);
        ensure!(desk.descriptors()? < 600, "{}", desk.descriptors()?);
        // Those who said nothing are gone before long.
        tokio::time::sleep(Duration::from_secs(12)).await;
        let mut buffer = [0; 1];
        for stream in held.iter_mut().take(300) {
            let closed = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await?;
            ensure!(
                matches!(closed, Ok(0) | Err(_)),
                "a silent connection is open"
            );
        }
        Ok(())
    })
    .await?;
    ensure!(desk.descriptors()? < 300);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn large_requests_of_any_method_are_not_kept() -> Outcome {
    siege(setup(), 15, async |desk| {
        let methods = [
            "INVITE", "OPTIONS", "NOTIFY", "BYE", "CANCEL", "ACK", "REGISTER", "WHATEVER",
        ];
        for n in 0..2_000 {
            pace(n * 5).await;
            let socket = udp(address(n / 20), desk.sip).await?;
            let here = socket.local_addr()?;
            let method = methods
                .get(n as usize % methods.len())
                .context("a method")?;
            let text = request(method, "5000", desk.sip, here, n + 1, "");
            let large = "x".repeat(55_000);
            let text = match n % 3 {
                0 => text.replacen("branch=z9hG4bK", &format!("branch=z9hG4bK{large}"), 1),
                1 => text.replacen("Call-ID: ", &format!("Call-ID: {large}"), 1),
                _ => text.replacen("Max-Forwards", &format!("X: {large}\r\nMax-Forwards"), 1),
            };
            // A full buffer loses what it loses.
            let _full = socket.send(text.as_bytes()).await;
        }
        let mut stream = tcp(STRANGER, desk.sip).await?;
        for n in 0..200 {
            let text = request(
                "INVITE",
                "5000",
                desk.sip,
                desk.sip,
                n,
                &format!("X: {}\r\n", "y".repeat(7_000)),
            );
            if stream.write_all(text.as_bytes()).await.is_err() {
                break;
            }
        }
        Ok(())
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_from_ten_thousand_addresses_refuse_no_phone_its_challenge() -> Outcome {
    siege(setup(), 20, async |desk| {
        for n in 0..10_000 {
            pace(n).await;
            let socket = udp(address(n), desk.sip).await?;
            socket.send(b"x").await?;
            if n % 3 == 0 {
                let here = socket.local_addr()?;
                let text = request("REGISTER", "901", desk.sip, here, 1, "");
                socket.send(text.as_bytes()).await?;
            }
        }
        let phone = udp(PHONE, desk.sip).await?;
        ensure!(register(&phone, desk.sip, IDLE, 1).await? == 200);
        Ok(())
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn guessed_passwords_open_nothing_and_lock_no_phone_out_where_it_is_registered() -> Outcome {
    siege(setup(), 15, async |desk| {
        let phone = udp(PHONE, desk.sip).await?;
        ensure!(register(&phone, desk.sip, IDLE, 1).await? == 200);
        for n in 0..100 {
            let guesser = udp(address(n), desk.sip).await?;
            for extension in ["901", "999"] {
                let status = register(&guesser, desk.sip, (extension, "guess"), n * 2 + 1).await?;
                ensure!(status == 401, "{extension}: {status}");
            }
        }
        let lucky = udp(address(200), desk.sip).await?;
        ensure!(register(&lucky, desk.sip, IDLE, 1).await? == 401, "locked");
        ensure!(register(&phone, desk.sip, IDLE, 11).await? == 200);
        Ok(())
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_damaged_messages_of_strangers_count_as_no_call() -> Outcome {
    siege(setup(), 20, async |desk| damaged(desk).await).await?;
    Ok(())
}

async fn damaged(desk: &DeskProcess) -> Outcome {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../telephony/sip/tests/rfc4475"
    );
    let files = std::fs::read_dir(folder)?;
    let corpus: Vec<_> = files
        .map(|file| std::fs::read(file?.path()))
        .collect::<Result<_, _>>()?;
    let mut rng = StdRng::seed_from_u64(20_000);
    let sockets =
        futures::future::try_join_all((0..100).map(|n| udp(address(n), desk.sip))).await?;
    for n in 0..20_000_u32 {
        pace(n / 2).await;
        let n = n as usize;
        let mut bytes = corpus.get(n % corpus.len()).context("a message")?.clone();
        for _ in 0..rng.random_range(0..4) {
            let at = rng.random_range(0..bytes.len().max(1));
            match rng.random_range(0..3) {
                0 => drop(bytes.drain(at..bytes.len().min(at + 20))),
                1 => bytes.insert(at.min(bytes.len()), rng.random()),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let socket = sockets.get(n % sockets.len()).context("a socket")?;
        // A full buffer loses what it loses.
        let _full = socket.send(&bytes).await;
    }
    Ok(())
}
