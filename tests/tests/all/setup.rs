//! 窓口の設定: lines and phones made on screens take calls a moment later, and what is removed is
//! gone.

mod kept;

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_sip::digest::{ClientState, Proof, answer};
use madoguchi_sip::message::HeaderName;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, caller};

type Outcome = anyhow::Result<()>;

async fn administrator(desk: &Desk) -> anyhow::Result<Browser> {
    let password = desk.add_user("kanri", &[Role::Administrator], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "kanri", &password).await?;
    Ok(browser)
}

/// Opens a form, fills fields in, and sends it.
async fn fill(browser: &Browser, desk: &Desk, path: &str, fields: &[(&str, &str)]) -> Outcome {
    let client = &browser.client;
    client.goto(&format!("http://{}{path}", desk.web())).await?;
    for (name, text) in fields {
        let field = client.find(Locator::Css(&format!("[name={name}]"))).await?;
        field.send_keys(text).await?;
    }
    let send = Locator::Css("main form.form button.primary");
    client.find(send).await?.click().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_made_on_the_screen_takes_calls_until_it_is_removed() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let browser = administrator(&desk).await?;
    let refused = caller().invite().expect(404).ack_refusal();
    refused
        .start(&Run::call(desk.sip, "6000"))?
        .succeed()
        .await?;

    let fields = [("name", "予備"), ("numbers", "6000")];
    fill(&browser, &desk, "/admin/desk/lines/new", &fields).await?;
    until_shown(&browser.client, "登録しました").await?;
    let call = caller().invite().expect(200).ack().pause(300).bye();
    call.start(&Run::call(desk.sip, "6000"))?.succeed().await?;
    desk.until("the call is counted", |figures| figures.offered == 1)
        .await?;

    let client = &browser.client;
    let remove = Locator::LinkText("この回線を削除する");
    client.find(remove).await?.click().await?;
    until_shown(client, "予備").await?;
    let confirm = Locator::Css("main form button.danger");
    client.find(confirm).await?.click().await?;
    until_shown(client, "削除しました").await?;
    let refused = caller().invite().expect(404).ack_refusal();
    refused
        .start(&Run::call(desk.sip, "6000"))?
        .succeed()
        .await?;
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_made_on_the_screen_registers_with_the_password_shown() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let browser = administrator(&desk).await?;
    let fields = [("id", "sato"), ("name", "佐藤"), ("extension", "301")];
    fill(&browser, &desk, "/admin/desk/agents/new", &fields).await?;
    until_shown(&browser.client, "「控えました」を押すまで").await?;
    let shown = browser.client.find(Locator::Id("one-time")).await?;
    let password = shown.text().await?;

    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("REGISTER", "301", "made", 1, ""))
        .await?;
    let challenge = peer.final_response().await?;
    ensure!(challenge.status == 401);
    let offered: Vec<&str> = challenge
        .headers
        .get_all(&HeaderName::WwwAuthenticate)
        .collect();
    let proof = Proof {
        method: "REGISTER",
        uri: &format!("sip:301@{}", desk.sip),
        user: "301",
        password: &password,
        cnonce: "cnonce",
    };
    let proof = answer(&offered, &mut ClientState::default(), proof);
    let proof = format!("Authorization: {}\r\n", proof.unwrap_or_default());
    peer.send(&peer.request("REGISTER", "301", "made", 2, &proof))
        .await?;
    ensure!(peer.final_response().await?.status == 200);
    desk.wait("the new agent's phone can be reached", || {
        let agents = desk.agents();
        let new = agents.iter().find(|agent| agent.agent.as_str() == "sato");
        new.is_some_and(|agent| agent.reachable).then_some(())
    })
    .await?;
    browser.client.clone().close().await?;
    desk.end().await?;
    Ok(())
}
