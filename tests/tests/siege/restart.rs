//! A phone that registered before a crash is rung as soon as the desk is back.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::message::{HeaderName, Message, Method, Request};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::TRUNK;
use madoguchi_tests::sipp::{Run, caller};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::sip::{register, udp};

/// The next request of the desk.
async fn request(phone: &UdpSocket) -> anyhow::Result<Request> {
    let mut buffer = vec![0; 65_535];
    loop {
        let received = tokio::time::timeout(Duration::from_secs(10), phone.recv(&mut buffer));
        let length = received.await.context("nobody rings")??;
        if let Message::Request(request) = parse_datagram(buffer.get(..length).unwrap_or_default())?
        {
            return Ok(request);
        }
    }
}

/// A phone that answers everything, until its call has ended; when it was rung.
async fn pick_up(phone: &UdpSocket) -> anyhow::Result<Instant> {
    let here = phone.local_addr()?;
    let mut rung = None;
    loop {
        let request = request(phone).await?;
        if request.method == Method::Ack {
            continue;
        }
        let mut response = request.respond(200, None);
        response.set_to_tag("phone");
        response
            .headers
            .push(HeaderName::Contact, format!("<sip:201@{here}>"));
        if request.method == Method::Invite {
            rung.get_or_insert_with(Instant::now);
            response
                .headers
                .push(HeaderName::ContentType, "application/sdp");
            let ip = here.ip();
            response.body = format!(
                "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
                 m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            )
            .into_bytes();
        }
        phone.send(&response.to_bytes()).await?;
        if request.method == Method::Bye {
            return rung.context("it was rung");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_phone_is_rung_at_once_after_a_crash() -> anyhow::Result<()> {
    let setup = Setup {
        trunk: format!("sources = [{{ net = \"{TRUNK}/32\" }}]"),
        ..Setup::default()
    };
    let mut desk = DeskProcess::start(&setup.registering_agent("tanaka")).await?;
    let phone = udp(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9)), desk.sip).await?;
    ensure!(register(&phone, desk.sip, ("201", "secret-tanaka"), 1).await? == 200);
    desk.until_written("registrations.json").await?;
    desk.kill_and_restart().await?;
    let run = Run::call(desk.sip, "5000").from_address(TRUNK);
    let call = caller().invite().expect(200).ack().pause(500).bye();
    let dialled = Instant::now();
    let call = call.start(&run)?;
    let rung = pick_up(&phone).await?;
    call.succeed().await?;
    let waited = rung.duration_since(dialled);
    ensure!(waited < Duration::from_secs(5), "{waited:?}");
    desk.until("the caller was served", |today| {
        today.get("answered") == Some(&1.into())
    })
    .await?;
    Ok(())
}
