//! What is set on screens lasts, goes together with the file, and decides who is rung.

use std::time::Duration;

use anyhow::ensure;
use fantoccini::key::Key;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_sip::digest::{Algorithm, Credentials, Ha1, Verification, Verifier, challenge};
use madoguchi_sip::message::Method;
use madoguchi_tests::free_port;
use madoguchi_tests::sipp::callee;
use madoguchi_tests::visitor::{Answer, Visitor};

use super::*;
use crate::phones::register;

async fn visitor(desk: &Desk) -> anyhow::Result<Visitor> {
    let password = desk.add_user("chief", &[Role::Administrator], None).await?;
    Visitor::sign_in(desk.web(), "chief", &password).await
}

/// 夜間 with the number 5100, without a greeting and without 後処理.
async fn add_line(visitor: &mut Visitor) -> Outcome {
    let page = "/admin/desk/lines/new";
    let form = "name=%E5%A4%9C%E9%96%93&numbers=5100&strategy=longest_idle&ring_timeout_s=5\
         &away_after_no_answers=3&max_waiting=0&max_wait_s=0&announce_every_s=30\
         &announce=position&wait_without_agents=yes&at_closing=serve&closing_limit_s=600\
         &wrap_up_s=0&priority=0";
    let answer = visitor.submit(page, page, form).await?;
    ensure!(answer.status == 303, "{}", answer.text());
    Ok(())
}

/// Makes an agent, whose phone is at a port if one is given; `duty` is a field of the form.
async fn add_agent(
    visitor: &mut Visitor,
    (id, extension): (&str, &str),
    port: Option<u16>,
    duty: &str,
) -> anyhow::Result<Answer> {
    let page = "/admin/desk/agents/new";
    let contact = port.map_or_else(String::new, |port| {
        format!("sip:{extension}%40127.0.0.1:{port}")
    });
    let form = format!("id={id}&name={id}&extension={extension}&contact={contact}&{duty}");
    make_secret(visitor, page, page, &form).await
}

/// Sends a form that makes a secret, and gives the page on which it is shown.
async fn make_secret(
    visitor: &mut Visitor,
    page: &str,
    path: &str,
    form: &str,
) -> anyhow::Result<Answer> {
    let answer = visitor.submit(page, path, form).await?;
    ensure!(answer.status == 303, "{}", answer.text());
    visitor.get(&answer.location).await
}

/// The password that a page shows until it is noted.
fn one_time(answer: &Answer) -> anyhow::Result<String> {
    let text = answer.text();
    let Some((_, rest)) = text.split_once("id=\"one-time\">") else {
        anyhow::bail!("no password is shown:\n{text}")
    };
    Ok(rest.split('<').next().unwrap_or_default().to_owned())
}

/// Calls a number; an agent's phone at a port answers.
async fn is_answered(desk: &Desk, number: &str, port: u16) -> Outcome {
    let agent = callee().ring().answer().pause(500).bye();
    let agent = agent.start(&Run::wait(port))?;
    let call = caller().invite().expect(200).ack().receive("BYE");
    call.start(&Run::call(desk.sip, number))?.succeed().await?;
    agent.succeed().await
}

/// Waits until the store has the state of the one agent: states are written after a moment.
async fn until_kept(desk: &Desk, state: AgentState) -> Outcome {
    for _ in 0..200 {
        let kept = desk.store().agent_states().await?;
        if kept.iter().any(|kept| kept.state == state) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{state:?} is not kept")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_survive_a_restart() -> Outcome {
    let setup = Setup::default();
    let desk = setup.start().await?;
    let mut chief = visitor(&desk).await?;
    add_line(&mut chief).await?;
    let shown = add_agent(
        &mut chief,
        ("suzuki", "201"),
        None,
        "duty:%E5%A4%9C%E9%96%93=1",
    )
    .await?;
    let targets = "/admin/desk/targets";
    let answer = chief
        .submit(targets, targets, "answer_rate_target=97&version=0")
        .await?;
    ensure!(answer.status == 303, "{}", answer.text());
    ensure!(desk.command("suzuki", AgentCommand::Ready).await);
    until_kept(&desk, AgentState::Ready).await?;

    let desk = setup.start_in(desk.stop().await).await?;
    ensure!(desk.agent("suzuki") == AgentState::Ready);
    let peer = Peer::new(desk.sip).await?;
    let password = one_time(&shown)?;
    let answer = register(&peer, &desk, &password, false, 60, 1).await?;
    ensure!(answer.status == 200, "{answer:?}");
    let call = caller().invite().expect(200).ack().pause(200).bye();
    call.start(&Run::call(desk.sip, "5100"))?.succeed().await?;
    desk.until("the line is there", |figures| figures.offered == 1)
        .await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let mut boss = Visitor::sign_in(desk.web(), "boss", &password).await?;
    ensure!(boss.get("/board").await?.text().contains("97%"));
    let calls = boss.get("/calls").await?.text();
    ensure!(calls.contains(">夜間</option>"), "{calls}");
    desk.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_gains_what_a_screen_has_does_not_start_and_says_why() -> Outcome {
    let desk = Setup::default().start().await?;
    add_line(&mut visitor(&desk).await?).await?;
    let folder = desk.stop().await;
    let gained = Setup::default().more("[[line]]\nname = \"夜間\"\nnumbers = [\"5200\"]");
    let Err(error) = gained.start_in(folder).await else {
        anyhow::bail!("it started")
    };
    let told = format!("{error:#}");
    ensure!(
        told == "設定ファイルと、画面で定めた設定とが合いません。設定ファイルを直してください: \
                 line「夜間」の設定「name」に誤りがあります: 同じ名前の回線が2つあります",
        "{told}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_old_registration_and_a_removed_phone_proves_nothing() -> Outcome {
    let desk = Setup::default().start().await?;
    let mut chief = visitor(&desk).await?;
    let shown = add_agent(&mut chief, ("suzuki", "201"), None, "duty:help=1").await?;
    let password = one_time(&shown)?;
    let place = "/admin/desk/agent/suzuki";
    let form = "place=%2Fadmin%2Fdesk%2Fagent%2Fsuzuki";
    let noted = chief.submit(place, "/account/noted", form).await?;
    ensure!(noted.location == place, "{noted:?}");
    ensure!(one_time(&chief.get(place).await?).is_err(), "it is noted");
    let peer = Peer::new(desk.sip).await?;
    for (password, md5, cseq, status) in [
        ("guess", false, 1, 401),
        (&password, false, 11, 200),
        (&password, true, 21, 200),
    ] {
        let answer = register(&peer, &desk, password, md5, 60, cseq).await?;
        ensure!(answer.status == status, "{cseq}: {answer:?}");
    }
    let reachable = |desk: &Desk| desk.agents().iter().any(|agent| agent.reachable);
    desk.wait("the phone can be reached", || {
        reachable(&desk).then_some(())
    })
    .await?;

    let path = format!("{place}/password");
    let again = make_secret(&mut chief, place, &path, "version=1").await?;
    let newer = one_time(&again)?;
    desk.wait("the old registration has lapsed", || {
        (!reachable(&desk)).then_some(())
    })
    .await?;
    for (password, cseq, status) in [(&password, 31, 401), (&newer, 41, 200)] {
        let answer = register(&peer, &desk, password, false, 60, cseq).await?;
        ensure!(answer.status == status, "{cseq}: {answer:?}");
    }
    let remove = format!("{place}/remove");
    let answer = chief.submit(&remove, &remove, "version=2").await?;
    ensure!(answer.status == 303, "{}", answer.text());
    let answer = register(&peer, &desk, &newer, false, 60, 51).await?;
    ensure!(answer.status == 401, "{answer:?}");
    desk.wait("the agent is gone", || {
        desk.agents().is_empty().then_some(())
    })
    .await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_made_on_the_screen_is_registered_with_by_the_sealed_password() -> Outcome {
    let carrier = Peer::new("127.0.0.1:9".parse()?).await?;
    let here = carrier.address()?;
    let desk = Setup::default().start().await?;
    let carrier = carrier.of(desk.sip);
    let mut chief = visitor(&desk).await?;
    let page = "/admin/desk/trunks/new";
    let form = format!(
        "name=telco&outbound=sip:{here}&user=desk&password=very-secret&max_outbound=0\
         &register.aor=sip:desk%40carrier.example&register.registrar=sip:{here}\
         &register.expires_s=300"
    );
    let answer = chief.submit(page, page, &form).await?;
    ensure!(answer.status == 303, "{}", answer.text());
    let nonce_key = [1; 32];
    let first = loop {
        let request = carrier.request_of_desk().await?;
        if request.method == Method::Register {
            break request;
        }
    };
    let mut refusal = first.respond(401, None);
    refusal.set_to_tag("carrier");
    let asked = challenge(Algorithm::Sha256, "carrier", &nonce_key, "salt", 0, false);
    refusal.headers.push(HeaderName::WwwAuthenticate, asked);
    carrier.send(&refusal.to_bytes()).await?;
    let (proof, uri) = loop {
        let request = carrier.request_of_desk().await?;
        if let Some(proof) = request.headers.get(&HeaderName::Authorization) {
            break (proof.to_owned(), request.uri);
        }
    };
    let given = Credentials::parse(&proof)?;
    let secrets = Ha1::all("desk", "carrier", "very-secret");
    let verifier = Verifier {
        realm: "carrier",
        offered: &Algorithm::ALL,
        nonce_secret: &nonce_key,
    };
    let verdict = verifier.verify(&given, "REGISTER", &uri, &secrets, 0);
    ensure!(matches!(verdict, Verification::Valid { .. }), "{given:?}");
    for file in ["madoguchi.sqlite", "madoguchi.sqlite-wal"] {
        let kept = std::fs::read(desk.folder.path().join(file))?;
        let kept = String::from_utf8_lossy(&kept);
        ensure!(!kept.contains("very-secret"), "the password is in {file}");
    }
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_come_first_on_a_line_are_rung_before_those_who_help_out() -> Outcome {
    let desk = Setup::default().start().await?;
    let mut chief = visitor(&desk).await?;
    let (helps, first) = (free_port(), free_port());
    add_agent(&mut chief, ("abe", "202"), Some(helps), "duty:help=3").await?;
    add_agent(&mut chief, ("ito", "203"), Some(first), "duty:help=1").await?;
    for agent in ["abe", "ito"] {
        ensure!(desk.command(agent, AgentCommand::Ready).await);
    }
    // The one who helps out has been idle longer.
    is_answered(&desk, "5000", first).await?;
    ensure!(desk.command("ito", AgentCommand::LogOut).await);
    is_answered(&desk, "5000", helps).await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_leads_to_its_field_with_the_keyboard_alone() -> Outcome {
    let desk = Setup::default().start().await?;
    let browser = administrator(&desk).await?;
    let client = &browser.client;
    client
        .goto(&format!("http://{}/admin/desk/lines/new", desk.web()))
        .await?;
    let keys = |key: Key| char::from(key).to_string();
    let name = client.find(Locator::Css("input[name=name]")).await?;
    let typed = format!("休日{}５１００x", keys(Key::Tab));
    name.send_keys(&typed).await?;
    // Enter in a field sends the form; the fault leads back to its field.
    let shown = Locator::Css("input[name=shown_number]");
    let field = client.find(shown).await?;
    field.send_keys(&keys(Key::Enter)).await?;
    until_shown(client, "は電話番号ではありません").await?;
    let link = client.find(Locator::Css(".banner.error a")).await?;
    link.send_keys(&keys(Key::Enter)).await?;
    let number = client.active_element().await?;
    ensure!(number.attr("name").await?.as_deref() == Some("numbers"));
    let last_letter = keys(Key::End) + &keys(Key::Backspace);
    number.send_keys(&last_letter).await?;
    let field = client.find(shown).await?;
    field.send_keys(&keys(Key::Enter)).await?;
    until_shown(client, "登録しました").await?;
    let call = caller().invite().expect(200).ack().pause(200).bye();
    call.start(&Run::call(desk.sip, "5100"))?.succeed().await?;
    desk.until("it is counted", |figures| {
        figures.offered == 1 && figures.waiting == 0
    })
    .await?;
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}
