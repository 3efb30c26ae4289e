//! Toll fraud: phones and strangers who want the trunk to dial what costs. The carrier is real, and
//! knows what it was asked for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use madoguchi_sip::message::{Message, Method, Request};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::{TRUNK, siege};
use tokio::net::UdpSocket;

use super::phone::{Phone, agent};
use super::sip::address;
use super::visitors::{counted, token};

type Outcome = anyhow::Result<()>;

/// Where the carrier is that dials for the desk.
const CARRIER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
/// Whom anybody may call who is logged in.
const ALLOWED: &str = "0451112222";
/// What costs, in many spellings, and the rule that refuses it.
const COSTLY: [(&str, &str); 16] = [
    ("0990500123", "premium"),
    ("%30%39%39%30500123", "premium"),
    ("0990-500-123", "premium"),
    ("1840990500123", "premium"),
    ("+81990500123", "premium"),
    ("0570000123", "navi_dial"),
    ("1860570000123", "navi_dial"),
    ("+81-570-000-123", "navi_dial"),
    ("01012025550100", "international"),
    ("+12025550100", "international"),
    ("0012025550100", "international"),
    ("18401012025550100", "international"),
    ("0033010442079460000", "international"),
    ("+881612345678", "satellite"),
    ("010870776000000", "satellite"),
    ("010881612345678;isub=1", "satellite"),
];
/// So often all of it is dialled.
const TIMES: usize = 6;

/// A carrier at which everything rings until the caller gives up.
struct Carrier {
    at: SocketAddr,
    dialled: Arc<Mutex<Vec<String>>>,
}

impl Carrier {
    async fn start() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((CARRIER, 0)).await?;
        let (at, dialled) = (socket.local_addr()?, Arc::default());
        tokio::spawn(ring(socket, Arc::clone(&dialled)));
        Ok(Self { at, dialled })
    }

    /// The numbers that it was asked for.
    fn dialled(&self) -> Vec<String> {
        let dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        dialled.clone()
    }
}

fn note(dialled: &Mutex<Vec<String>>, user: String) {
    let mut dialled = dialled.lock().unwrap_or_else(PoisonError::into_inner);
    dialled.push(user);
}

async fn ring(socket: UdpSocket, dialled: Arc<Mutex<Vec<String>>>) -> Outcome {
    let mut buffer = vec![0; 65_535];
    let mut ringing: Vec<Request> = Vec::new();
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        let message = parse_datagram(buffer.get(..length).unwrap_or_default())?;
        let Message::Request(request) = message else {
            continue;
        };
        let reply = async |to: &Request, status| {
            let mut response = to.respond(status, None);
            response.set_to_tag("carrier");
            socket.send_to(&response.to_bytes(), from).await
        };
        match request.method {
            Method::Invite => {
                let user = request.uri.user.clone().unwrap_or_default();
                note(&dialled, user);
                reply(&request, 180).await?;
                ringing.push(request);
            }
            Method::Ack => {}
            Method::Cancel => {
                reply(&request, 200).await?;
                let call = request.call_id();
                let invite = ringing.iter().find(|invite| invite.call_id() == call);
                reply(invite.context("nothing rings")?, 487).await?;
            }
            _ => drop(reply(&request, 200).await?),
        }
    }
}

/// The desk with a carrier for calls to the outside, and agents with phones that register: 902 is
/// logged out.
fn setup(carrier: SocketAddr) -> Setup {
    let logged_in = "lines = [\"other\"]\nready_at_start = true";
    let agents = [
        agent("901", logged_in),
        agent("902", "lines = [\"other\"]\nready_at_start = false"),
        agent("903", logged_in),
        agent("904", logged_in),
    ];
    Setup::default().more(&format!(
        "[outbound]\ncalls_at_once = 2\n[[line]]\nname = \"other\"\nnumbers = [\"6000\"]\n{}\
         [[trunk]]\nname = \"outside\"\noutbound = \"sip:{carrier}\"\n\
         sources = [{{ net = \"{CARRIER}/32\" }}]",
        agents.concat()
    ))
}

/// A number as it is asked for by somebody who is refused with this status.
async fn refused(phone: &mut Phone, number: &str, status: u16) -> Outcome {
    let (_, response) = phone.dial(number).await?;
    ensure!(response.status == status, "{number}: {response:?}");
    Ok(())
}

/// Two calls ring, which are all there may be; a third phone gets none, however often it tries.
async fn beyond_calls_at_once(phones: &mut [Phone; 3]) -> anyhow::Result<u64> {
    const TRIES: u64 = 20;
    let [first, second, third] = phones;
    let mut ringing = Vec::new();
    for phone in [&mut *first, &mut *second] {
        let (invite, response) = phone.dial(ALLOWED).await?;
        ensure!(response.status < 200, "{response:?}");
        ringing.push(invite);
    }
    for _ in 0..TRIES {
        refused(third, ALLOWED, 403).await?;
    }
    for (phone, invite) in [first, second].into_iter().zip(&ringing) {
        phone.cancel(invite).await?;
    }
    Ok(TRIES)
}

/// A stranger with no password, one with a wrong one, and the trunk of the callers, from which only
/// lines of the desk can be reached.
async fn as_others(desk: &DeskProcess, n: usize, number: &str, carrier: SocketAddr) -> Outcome {
    let from = address(u32::try_from(n)?);
    let stranger = Phone::new(from, desk.sip, "901").await?;
    refused(&mut stranger.with_password("guess"), number, 401).await?;
    let mut trunk = Phone::new(TRUNK, desk.sip, "0312345678").await?;
    for to in [number.to_owned(), format!("{number}%40{carrier}")] {
        refused(&mut trunk, &to, 404).await?;
    }
    let invite = trunk.next_call(number);
    let more = format!(
        "Route: <sip:{carrier};lr>\r\nDiversion: <sip:5000@{}>;reason=unconditional\r\n\
         P-Asserted-Identity: <sip:901@{}>\r\n",
        desk.sip, desk.sip
    );
    trunk
        .send(&trunk.request("INVITE", &invite, &more)?)
        .await?;
    let response = trunk.response(&invite, 200).await?;
    ensure!((400..500).contains(&response.status), "{response:?}");
    trunk.acknowledge(&invite, &response).await?;
    let refer = trunk.next_call("5000");
    let more = format!("Refer-To: <sip:{number}@{carrier}>\r\n");
    trunk.send(&trunk.request("REFER", &refer, &more)?).await?;
    ensure!(trunk.response(&refer, 200).await?.status == 405);
    Ok(())
}

/// What a desk tells of the calls that its rules refused: so many of each reason.
async fn told(desk: &DeskProcess, expected: &[(&str, u64)]) -> Outcome {
    let metrics = token(desk, "robot", "metrics").await?;
    for (reason, count) in expected {
        let found = counted(desk, &metrics, "outbound_barred", reason).await?;
        ensure!(found == *count, "{reason}: {found} for {count}");
    }
    desk.until(
        "every refused call is counted, and the three allowed",
        |today| {
            let of = |(reason, count): &(&str, u64)| {
                today.pointer(&format!("/outbound_barred_by_reason/{reason}"))
                    == Some(&(*count).into())
            };
            expected.iter().all(of) && today.get("outbound") == Some(&3.into())
        },
    )
    .await?;
    let all: u64 = expected.iter().map(|(_, count)| count).sum();
    let log = desk.log()?;
    let lines = log
        .matches("a call to the outside was refused by a rule")
        .count();
    ensure!(u64::try_from(lines)? == all, "{lines} lines for {all}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_the_trunk_dial_what_costs() -> Outcome {
    let carrier = Carrier::start().await?;
    siege(setup(carrier.at), 20, async |desk| {
        let phone = async |extension: &str, n: u8| {
            let here = IpAddr::from([127, 0, 0, n]);
            let mut phone = Phone::new(here, desk.sip, extension).await?;
            ensure!(phone.register().await? == 200, "{extension}");
            anyhow::Ok(phone)
        };
        let mut logged_out = phone("902", 12).await?;
        let mut phones = [
            phone("901", 11).await?,
            phone("903", 13).await?,
            phone("904", 14).await?,
        ];
        // What may be dialled is dialled.
        let [first, ..] = &mut phones;
        let (invite, response) = first.dial(ALLOWED).await?;
        ensure!(response.status == 180, "{response:?}");
        first.cancel(&invite).await?;
        let at_once = beyond_calls_at_once(&mut phones).await?;
        let [first, ..] = &mut phones;
        for time in 0..TIMES {
            for (n, (number, _)) in COSTLY.into_iter().enumerate() {
                refused(first, number, 403).await?;
                refused(&mut logged_out, number, 403).await?;
                as_others(desk, time * COSTLY.len() + n, number, carrier.at).await?;
            }
            refused(&mut logged_out, ALLOWED, 403).await?;
        }
        let times = u64::try_from(TIMES)?;
        let of = |reason: &str| {
            let numbers = COSTLY.iter().filter(|(_, why)| *why == reason);
            numbers.count() as u64 * times
        };
        let expected = [
            ("premium", of("premium")),
            ("navi_dial", of("navi_dial")),
            ("international", of("international")),
            ("satellite", of("satellite")),
            ("logged_out", (COSTLY.len() as u64 + 1) * times),
            ("calls_at_once", at_once),
        ];
        told(desk, &expected).await?;
        ensure!(carrier.dialled() == [ALLOWED; 3], "{:?}", carrier.dialled());
        Ok(())
    })
    .await?;
    ensure!(carrier.dialled() == [ALLOWED; 3], "{:?}", carrier.dialled());
    Ok(())
}
