//! Phones and trunks: registration, calls of agents to the outside and to each other, and what
//! strangers get (nothing).

use std::time::Duration;

use anyhow::ensure;
use madoguchi_core::audit::{Action, Actor};
use madoguchi_core::live::AgentState;
use madoguchi_sip::digest::{
    Algorithm, ClientState, Credentials, Ha1, Proof, Verification, Verifier, answer, challenge,
};
use madoguchi_sip::message::{HeaderName, Method, Response};
use madoguchi_tests::desk::{Desk, Setup, story};
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, callee};

type Outcome = anyhow::Result<()>;

/// The Authorization line that answers a challenge, by the better or the older hash.
fn authorization(
    challenge: &Response,
    method: &str,
    uri: &str,
    password: &str,
    md5: bool,
) -> String {
    let offered: Vec<&str> = challenge
        .headers
        .get_all(&HeaderName::WwwAuthenticate)
        .filter(|text| !md5 || text.contains("MD5"))
        .collect();
    let proof = Proof {
        method,
        uri,
        user: "201",
        password,
        cnonce: "cnonce",
    };
    let value = answer(&offered, &mut ClientState::default(), proof).unwrap();
    format!("Authorization: {value}\r\n")
}

/// REGISTER of extension 201 with a password; the last answer.
pub(crate) async fn register(
    peer: &Peer,
    desk: &Desk,
    password: &str,
    md5: bool,
    expires: u32,
    cseq: u32,
) -> anyhow::Result<Response> {
    let more = format!("Expires: {expires}\r\n");
    peer.send(&peer.request("REGISTER", "201", "reg", cseq, &more))
        .await?;
    let challenge = peer.final_response().await?;
    ensure!(challenge.status == 401);
    let uri = format!("sip:201@{}", desk.sip);
    let proof = authorization(&challenge, "REGISTER", &uri, password, md5);
    peer.send(&peer.request(
        "REGISTER",
        "201",
        "reg",
        cseq + 1,
        &format!("{more}{proof}"),
    ))
    .await?;
    peer.final_response().await
}

fn reachable(desk: &Desk) -> bool {
    desk.agents().first().is_some_and(|agent| agent.reachable)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_registers_by_either_hash_and_lapses() -> Outcome {
    let setup = Setup::default()
        .registering_agent("tanaka")
        .sip("min_expires_s = 1");
    let desk = setup.start().await?;
    let peer = Peer::new(desk.sip).await?;
    for (md5, cseq) in [(false, 1), (true, 11)] {
        let response = register(&peer, &desk, "secret-tanaka", md5, 2, cseq).await?;
        ensure!(response.status == 200 && response.contact().is_some());
        desk.wait("the phone can be reached", || {
            reachable(&desk).then_some(())
        })
        .await?;
        desk.wait("the registration lapses", || {
            (!reachable(&desk)).then_some(())
        })
        .await?;
    }
    let response = register(&peer, &desk, "secret-tanaka", false, 60, 21).await?;
    ensure!(response.status == 200);
    let response = register(&peer, &desk, "secret-tanaka", false, 0, 31).await?;
    ensure!(
        response.status == 200 && response.contact().is_none(),
        "it has signed off"
    );
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_extension_get_the_same_answer() -> Outcome {
    let setup = Setup {
        trunk: "outbound = \"sip:127.0.0.1:9\"".to_owned(),
        ..Setup::default()
    };
    let desk = setup.registering_agent("tanaka").start().await?;
    let peer = Peer::new(desk.sip).await?;
    let wrong = register(&peer, &desk, "wrong", false, 60, 1).await?;
    ensure!(wrong.status == 401 && !reachable(&desk));
    let names = |response: &Response| -> Vec<String> {
        let text = String::from_utf8_lossy(&response.to_bytes()).into_owned();
        text.lines()
            .map(|line| line.split(':').next().unwrap_or_default().to_owned())
            .collect()
    };
    peer.send(&peer.request("INVITE", "201", "known", 1, ""))
        .await?;
    let known = peer.final_response().await?;
    peer.send(&peer.request("INVITE", "999", "unknown", 1, ""))
        .await?;
    let unknown = peer.final_response().await?;
    ensure!(
        known.status == 401 && unknown.status == 401,
        "a stranger calls nobody"
    );
    ensure!(names(&known) == names(&unknown));
    peer.send(&peer.request("INVITE", "5000", "line", 1, ""))
        .await?;
    ensure!(
        peer.final_response().await?.status == 401,
        "not even the desk"
    );
    ensure!(desk.figures().offered == 0);
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_tries_too_often_is_ignored() -> Outcome {
    let setup = Setup {
        trunk: "outbound = \"sip:127.0.0.1:9\"".to_owned(),
        ..Setup::default()
    };
    let desk = setup.sip("unknown_requests_per_minute = 5").start().await?;
    let peer = Peer::new(desk.sip).await?;
    let mut answers = 0;
    for n in 0..25 {
        peer.send(&peer.request("REGISTER", "201", &format!("try{n}"), 1, ""))
            .await?;
        let answer = peer.receive(Duration::from_millis(300)).await?;
        answers += u32::from(answer.is_some());
    }
    // As many as the setting says, and the ten a minute that are kept for phones that register.
    ensure!(answers == 15, "{answers}");
    desk.end().await?;
    Ok(())
}

/// A desk with one agent, whose phone is `phone`, and a carrier on a port.
async fn desk_with_carrier(carrier: u16) -> anyhow::Result<(Desk, Peer)> {
    let trunk = format!(
        "sources = [{{ net = \"127.0.0.1/32\", port = {carrier} }}]\n\
         outbound = \"sip:127.0.0.1:{carrier}\""
    );
    let setup = Setup {
        trunk,
        ..Setup::default()
    }
    .registering_agent("tanaka");
    let desk = setup.registering_agent("suzuki").start().await?;
    let phone = Peer::new(desk.sip).await?;
    ensure!(
        register(&phone, &desk, "secret-tanaka", false, 60, 1)
            .await?
            .status
            == 200
    );
    Ok((desk, phone))
}

/// Dials from the phone of extension 201; the final answer.
pub(crate) async fn dial(phone: &Peer, desk: &Desk, to: &str) -> anyhow::Result<Response> {
    let call = format!("dial{to}");
    let plain = |cseq, more: &str| {
        let text = String::from_utf8_lossy(&phone.request("INVITE", to, &call, cseq, more))
            .replace("sip:0312345678@", "sip:201@");
        text.into_bytes()
    };
    phone.send(&plain(1, "")).await?;
    let challenge = phone.final_response().await?;
    ensure!(challenge.status == 401, "{challenge:?}");
    let uri = format!("sip:{to}@{}", desk.sip);
    let proof = authorization(&challenge, "INVITE", &uri, "secret-tanaka", false);
    phone.send(&plain(2, &proof)).await?;
    loop {
        // The challenge comes again until it is acknowledged.
        let response = phone.final_response().await?;
        if response.cseq().is_some_and(|cseq| cseq.seq == 2) {
            return Ok(response);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_calls_out_with_the_desks_number_shown() -> Outcome {
    let carrier = free_port();
    let (desk, phone) = desk_with_carrier(carrier).await?;
    let far = callee()
        .ring()
        .expect_from("5000")
        .respond(180)
        .answer()
        .receive("BYE");
    let far = far.start(&Run::wait(carrier))?;
    let response = dial(&phone, &desk, "0398765432").await?;
    ensure!(response.status == 200, "{response:?}");
    phone.send(&phone.in_dialog("ACK", &response, 2)?).await?;
    desk.until_agent("tanaka", AgentState::Talking).await?;
    desk.until("the far end answered", |figures| {
        figures.outbound_answered == 1
    })
    .await?;
    phone.send(&phone.in_dialog("BYE", &response, 3)?).await?;
    far.succeed().await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    let figures = desk.figures();
    ensure!((figures.outbound, figures.offered) == (1, 0));
    let histories = desk.end().await?;
    ensure!(story(&histories[0]) == "dialled:true answered:tanaka ended:Agent");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_of_the_far_end_reaches_the_agents_phone() -> Outcome {
    let carrier = free_port();
    let (desk, phone) = desk_with_carrier(carrier).await?;
    let far = callee()
        .ring()
        .respond(486)
        .wait("ACK")
        .start(&Run::wait(carrier))?;
    let response = dial(&phone, &desk, "0398765432").await?;
    ensure!(response.status == 486, "{response:?}");
    far.succeed().await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    let figures = desk.figures();
    ensure!((figures.outbound, figures.outbound_answered) == (1, 0));
    let histories = desk.end().await?;
    ensure!(story(&histories[0]) == "dialled:true ended:Refused");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_code_sets_the_agents_state() -> Outcome {
    let (desk, phone) = desk_with_carrier(free_port()).await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    let response = dial(&phone, &desk, "*2").await?;
    ensure!(response.status == 200, "{response:?}");
    phone.send(&phone.in_dialog("ACK", &response, 2)?).await?;
    let away = AgentState::Away {
        reason: "電話機で設定".to_owned(),
    };
    desk.until_agent("tanaka", away).await?;
    let recorded = desk.until_recorded(Action::AgentState).await?;
    ensure!(recorded.object == "tanaka" && recorded.actor.name() == "tanaka");
    ensure!(matches!(&recorded.actor, Actor::Phone { extension, .. } if extension == "201"));
    ensure!(recorded.after.get("state").map(String::as_str) == Some("away"));
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_between_extensions_is_no_figure() -> Outcome {
    let port = free_port();
    let setup = Setup::default()
        .registering_agent("tanaka")
        .agent("suzuki", port);
    let desk = Setup {
        trunk: "outbound = \"sip:127.0.0.1:9\"".to_owned(),
        ..setup
    }
    .start()
    .await?;
    let phone = Peer::new(desk.sip).await?;
    ensure!(
        register(&phone, &desk, "secret-tanaka", false, 60, 1)
            .await?
            .status
            == 200
    );
    let colleague = callee()
        .ring()
        .answer()
        .receive("BYE")
        .start(&Run::wait(port))?;
    let response = dial(&phone, &desk, "202").await?;
    ensure!(response.status == 200, "{response:?}");
    phone.send(&phone.in_dialog("ACK", &response, 2)?).await?;
    desk.until_agent("suzuki", AgentState::Talking).await?;
    phone.send(&phone.in_dialog("BYE", &response, 3)?).await?;
    colleague.succeed().await?;
    desk.until_agent("suzuki", AgentState::Ready).await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.outbound) == (0, 0));
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_registers_with_a_carrier_and_answers_its_challenge() -> Outcome {
    let carrier = Peer::new("127.0.0.1:9".parse()?).await?;
    let here = carrier.address()?;
    let trunk = format!(
        "outbound = \"sip:{here}\"\nuser = \"desk\"\npassword = \"secret\"\n\
         register = {{ aor = \"sip:desk@carrier.example\", registrar = \"sip:{here}\" }}"
    );
    let desk = Setup {
        trunk,
        ..Setup::default()
    }
    .start()
    .await?;
    let carrier = carrier.of(desk.sip);
    let nonce_key = [1; 32];
    let first = carrier.request_of_desk().await?;
    ensure!(first.method == Method::Register);
    let mut refusal = first.respond(401, None);
    refusal.set_to_tag("carrier");
    let asked = challenge(Algorithm::Sha256, "carrier", &nonce_key, "salt", 0, false);
    refusal.headers.push(HeaderName::WwwAuthenticate, asked);
    carrier.send(&refusal.to_bytes()).await?;
    let mut second = carrier.request_of_desk().await?;
    while second.cseq() == first.cseq() {
        // Sent once more before the challenge had come.
        second = carrier.request_of_desk().await?;
    }
    let proof = second
        .headers
        .get(&HeaderName::Authorization)
        .unwrap_or_default();
    let secrets = Ha1::all("desk", "carrier", "secret");
    let given = Credentials::parse(proof)?;
    let verifier = Verifier {
        realm: "carrier",
        offered: &Algorithm::ALL,
        nonce_secret: &nonce_key,
    };
    let verdict = verifier.verify(&given, "REGISTER", &second.uri, &secrets, 0);
    ensure!(matches!(verdict, Verification::Valid { .. }), "{given:?}");
    ensure!(second.cseq().map(|cseq| cseq.seq) == Some(2));
    let mut accepted = second.respond(200, None);
    accepted.set_to_tag("carrier");
    carrier.send(&accepted.to_bytes()).await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_may_prove_itself_by_digest_instead_of_its_address() -> Outcome {
    let trunk = "inbound_user = \"201\"\ninbound_password = \"trunk-secret\"".to_owned();
    let desk = Setup {
        trunk,
        ..Setup::default()
    }
    .start()
    .await?;
    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", "trunk", 1, ""))
        .await?;
    let refusal = peer.final_response().await?;
    ensure!(refusal.status == 401 && desk.figures().offered == 0);
    let uri = format!("sip:5000@{}", desk.sip);
    let proof = authorization(&refusal, "INVITE", &uri, "trunk-secret", false);
    peer.send(&peer.request("INVITE", "5000", "trunk", 2, &proof))
        .await?;
    let response = loop {
        let response = peer.final_response().await?;
        if response.cseq().is_some_and(|cseq| cseq.seq == 2) {
            break response;
        }
    };
    ensure!(response.status == 200, "{response:?}");
    peer.send(&peer.in_dialog("ACK", &response, 2)?).await?;
    peer.send(&peer.in_dialog("BYE", &response, 3)?).await?;
    let figures = desk
        .until("the call is over", |figures| figures.abandoned() == 1)
        .await?;
    ensure!(figures.offered == 1, "the challenged try added none");
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_phone_is_asked_whether_it_lives() -> Outcome {
    let setup = Setup::default()
        .registering_agent("tanaka")
        .sip("keep_alive_s = 1");
    let desk = setup.start().await?;
    let peer = Peer::new(desk.sip).await?;
    ensure!(
        register(&peer, &desk, "secret-tanaka", false, 60, 1)
            .await?
            .status
            == 200
    );
    let probe = peer.request_of_desk().await?;
    ensure!(probe.method == Method::Options);
    peer.send(&probe.respond(200, None).to_bytes()).await?;
    ensure!(reachable(&desk));
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_ipv6_is_served() -> Outcome {
    let trunk = "sources = [{ net = \"::1/128\" }]".to_owned();
    let desk = Setup {
        trunk,
        ..Setup::default()
    }
    .registering_agent("tanaka")
    .start()
    .await?;
    let peer = Peer::new(desk.sip_v6()?).await?;
    peer.send(&peer.request("INVITE", "5000", "six", 1, ""))
        .await?;
    let response = peer.final_response().await?;
    ensure!(response.status == 200, "{response:?}");
    let body = String::from_utf8_lossy(&response.body).into_owned();
    ensure!(body.contains("c=IN IP6 ::1"), "{body}");
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    let mut packet = [0; 2_000];
    let music = tokio::time::timeout(Duration::from_secs(5), peer.rtp.recv_from(&mut packet));
    ensure!(
        music.await?.is_ok_and(|(length, _)| length == 172),
        "music is heard"
    );
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    desk.until("it is over", |figures| figures.abandoned() == 1)
        .await?;
    desk.end().await?;
    Ok(())
}
