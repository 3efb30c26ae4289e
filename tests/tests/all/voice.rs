//! What is really heard: announcements and the bridged voice, captured as RTP, decoded, compared.
//! The agent's phone is baresip, which registers with digest and plays a recording as its voice.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::live::AgentState;
use madoguchi_tests::certificate::Certificate;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use tokio::net::UdpSocket;

/// µ-law to linear (G.711), for the ear of this test alone.
fn decode(byte: u8) -> i32 {
    let byte = !byte;
    let magnitude = ((i32::from(byte & 0x0f) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 == 0 {
        magnitude - 0x84
    } else {
        0x84 - magnitude
    }
}

/// Listens to RTP until nothing comes for a second, or for so many packets.
pub(crate) async fn hear(socket: &UdpSocket, packets: usize) -> anyhow::Result<Vec<i32>> {
    let mut samples = Vec::new();
    let mut buffer = [0; 2_048];
    for _ in 0..packets {
        let packet = tokio::time::timeout(Duration::from_secs(1), socket.recv_from(&mut buffer));
        let Ok(received) = packet.await else { break };
        let (length, _) = received?;
        let payload = buffer.get(12..length).context("a packet has a header")?;
        samples.extend(payload.iter().map(|byte| decode(*byte)));
    }
    Ok(samples)
}

/// The best correlation of `part` of the original anywhere in what was heard; 1.0 is the same.
pub(crate) fn likeness(heard: &[i32], part: &[i32]) -> f64 {
    let energy = |samples: &[i32]| -> f64 {
        samples
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum::<f64>()
    };
    let own = energy(part).sqrt();
    heard
        .windows(part.len())
        .map(|window| {
            let product: f64 = window
                .iter()
                .zip(part)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            product / (own * energy(window).sqrt()).max(1.0)
        })
        .fold(0.0, f64::max)
}

pub(crate) fn original(file: &str) -> anyhow::Result<Vec<i32>> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../telephony/endpoint/assets/voices"
    );
    let bytes = std::fs::read(Path::new(folder).join(file))?;
    // The files that come with the desk are G.711 in WAV: what follows "data" and its length.
    let data = bytes
        .windows(4)
        .position(|window| window == b"data")
        .context("a data chunk")?;
    Ok(bytes
        .get(data + 8..)
        .context("data")?
        .iter()
        .map(|byte| decode(*byte))
        .collect())
}

/// The same as 16-bit PCM, as every telephone can play it.
pub(crate) fn write_pcm(samples: &[i32], path: &Path) -> anyhow::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        writer.write_sample(i16::try_from(*sample)?)?;
    }
    Ok(writer.finalize()?)
}

/// Half a second out of the middle, where somebody speaks.
pub(crate) fn middle(samples: &[i32]) -> &[i32] {
    let at = samples.len() / 2;
    samples.get(at..at + 4_000).unwrap_or(samples)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_closing_announcement_is_heard_to_its_end() -> anyhow::Result<()> {
    let desk = Setup::default()
        .standing_at("2026-11-24T20:00:00")
        .start()
        .await?;
    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", "closed", 1, ""))
        .await?;
    let response = peer.final_response().await?;
    ensure!(response.status == 200);
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    let heard = hear(&peer.rtp, 1_000).await?;
    let said = original("closed.wav")?;
    ensure!(
        heard.len().abs_diff(said.len()) < 1_600,
        "{} of {}",
        heard.len(),
        said.len()
    );
    let likeness = likeness(&heard, middle(&said));
    ensure!(likeness > 0.98, "{likeness}");
    desk.end().await?;
    Ok(())
}

/// How a phone speaks with the desk.
enum Speaks<'a> {
    Udp,
    /// Trusting this file.
    Tls(&'a Path),
    /// The same, and with encrypted voice, in this way of baresip's.
    Secret(&'a Path, &'static str),
}

/// A baresip that answers by itself and plays a file as its voice.
fn baresip(
    folder: &Path,
    desk: std::net::SocketAddr,
    speaks: &Speaks<'_>,
    voice: &Path,
) -> anyhow::Result<tokio::process::Child> {
    let modules = ["account", "g711", "aufile", "menu", "ausine", "cons"];
    let mut config = format!(
        "sip_listen 127.0.0.1:{}\naudio_player aufile,{}\naudio_source aufile,{}\n\
         audio_alert aufile,/dev/null\nmodule_path /usr/lib/baresip/modules\n",
        free_port(),
        folder.join("heard.wav").display(),
        voice.display()
    );
    let secret = match speaks {
        Speaks::Secret(_, way) => {
            config.push_str("module srtp.so\n");
            format!(";mediaenc={way}")
        }
        _ => String::new(),
    };
    let transport = match speaks {
        Speaks::Udp => "udp",
        Speaks::Tls(authority) | Speaks::Secret(authority, _) => {
            let authority = authority.display();
            config.push_str(&format!(
                "sip_cafile {authority}\nsip_verify_server yes\nsip_transports tls\n"
            ));
            "tls"
        }
    };
    for module in modules
        .iter()
        .filter(|module| !["menu", "account", "cons"].contains(module))
    {
        config.push_str(&format!("module {module}.so\n"));
    }
    config.push_str("module_app account.so\nmodule_app menu.so\n");
    std::fs::write(folder.join("config"), config)?;
    let account = format!(
        "<sip:201@{desk};transport={transport}>;auth_user=201;auth_pass=secret-tanaka;answermode=auto;\
         regint=60;audio_codecs=PCMU/8000/1{secret}\n"
    );
    std::fs::write(folder.join("accounts"), account)?;
    std::fs::write(folder.join("contacts"), "")?;
    tokio::process::Command::new("baresip")
        .args(["-f", &folder.to_string_lossy()])
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(folder.join("log"))?)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("baresip (Debian package baresip) did not start")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_voice_of_the_agents_phone_is_heard_by_the_caller() -> anyhow::Result<()> {
    // This release of baresip gives up on a challenge with SHA-256 in it.
    let setup = Setup::default().registering_agent("tanaka");
    let setup = setup.sip("digest_algorithms = [\"MD5\"]");
    // It names the address of the machine in its description, and speaks from another.
    let setup = setup.more("[media]\nphones_symmetric_rtp = true");
    let desk = setup.start().await?;
    let folder = tempfile::tempdir()?;
    let said = original("queue_full.wav")?;
    let voice = folder.path().join("voice.wav");
    write_pcm(&said, &voice)?;
    let mut phone = baresip(folder.path(), desk.sip, &Speaks::Udp, &voice)?;
    desk.wait("baresip has registered", || {
        desk.agents()
            .first()
            .is_some_and(|agent| agent.reachable)
            .then_some(())
    })
    .await?;
    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", "voice", 1, ""))
        .await?;
    let response = peer.final_response().await?;
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    desk.until_agent("tanaka", AgentState::Talking).await?;
    let heard = hear(&peer.rtp, 400).await?;
    let likeness = likeness(&heard, middle(&said));
    ensure!(likeness > 0.95, "{likeness} of {} samples", heard.len());
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    phone.kill().await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (1, 1));
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_talks_over_tls_while_the_certificate_is_renewed() -> anyhow::Result<()> {
    let (files, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let certificate = Certificate::of_private_authority()?;
    certificate.write(files.path())?;
    let authority = files.path().join("ca.crt");
    std::fs::write(&authority, &certificate.authority)?;
    let setup = Setup::default().registering_agent("tanaka");
    let setup = setup.sip("digest_algorithms = [\"MD5\"]");
    let setup = setup.more("[media]\nphones_symmetric_rtp = true");
    let desk = setup.encrypted(files.path()).start().await?;
    let said = original("queue_full.wav")?;
    let voice = folder.path().join("voice.wav");
    write_pcm(&said, &voice)?;
    let speaks = Speaks::Tls(&authority);
    let mut phone = baresip(folder.path(), desk.sip_tls()?, &speaks, &voice)?;
    let reachable = || desk.agents().first().is_some_and(|agent| agent.reachable);
    desk.wait("baresip has registered over TLS", || {
        reachable().then_some(())
    })
    .await?;
    let peer = Peer::new(desk.sip).await?;
    let invite = peer.request("INVITE", "5000", "voice", 1, "");
    peer.send(&invite).await?;
    let response = peer.final_response().await?;
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    desk.until_agent("tanaka", AgentState::Talking).await?;
    // Nobody trusts the new one: it is for those who come from now on.
    Certificate::self_signed()?.write(files.path())?;
    desk.reload().await;
    let heard = hear(&peer.rtp, 400).await?;
    let likeness = likeness(&heard, middle(&said));
    ensure!(likeness > 0.95, "{likeness} of {} samples", heard.len());
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    ensure!(reachable(), "the connection stands");
    phone.kill().await?;
    desk.wait("the connection is gone, and the phone with it", || {
        (!reachable()).then_some(())
    })
    .await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (1, 1));
    desk.end().await?;
    Ok(())
}

/// SRTP with keys by SDES, as another program speaks it: the caller hears the phone, and the phone the caller.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_talks_with_encrypted_voice() -> anyhow::Result<()> {
    for (wanted, way) in [("required", "srtp-mand"), ("optional", "srtp")] {
        let (files, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let certificate = Certificate::of_private_authority()?;
        certificate.write(files.path())?;
        let authority = files.path().join("ca.crt");
        std::fs::write(&authority, &certificate.authority)?;
        let setup = Setup::default().registering_agent("tanaka");
        let setup = setup.sip("digest_algorithms = [\"MD5\"]");
        let media = format!("[media]\nphones_symmetric_rtp = true\nphones_srtp = \"{wanted}\"");
        let desk = setup.more(&media).encrypted(files.path()).start().await?;
        let said = original("queue_full.wav")?;
        let voice = folder.path().join("voice.wav");
        write_pcm(&said, &voice)?;
        let speaks = Speaks::Secret(&authority, way);
        let mut phone = baresip(folder.path(), desk.sip_tls()?, &speaks, &voice)?;
        desk.wait("baresip has registered over TLS", || {
            let agents = desk.agents();
            agents
                .first()
                .is_some_and(|agent| agent.reachable)
                .then_some(())
        })
        .await?;
        let peer = Peer::new(desk.sip).await?;
        let invite = peer.request("INVITE", "5000", "voice", 1, "");
        peer.send(&invite).await?;
        let response = peer.final_response().await?;
        peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
        desk.until_agent("tanaka", AgentState::Talking).await?;
        let heard = hear(&peer.rtp, 400).await?;
        let alike = likeness(&heard, middle(&said));
        ensure!(alike > 0.95, "{wanted}: {alike} of {} samples", heard.len());
        peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
        desk.until_agent("tanaka", AgentState::Ready).await?;
        phone.kill().await?;
        desk.end().await?;
    }
    Ok(())
}
