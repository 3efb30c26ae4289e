//! An agent's call from the first ring to the next, in a real Chromium: who calls is told, an answer is
//! taken by a key, everything is saved by another, and nothing typed is lost.

mod chosen;
mod consulting;
mod fetching;
mod handing_on;
mod hands;
mod outside;
mod popping;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_core::contact::ContactOutcome;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::person::Person;
use madoguchi_core::ticket::{Status, Ticket};
use madoguchi_sip::message::Response;
use madoguchi_store::{Store, TicketFilter};
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, Sipp, callee, caller};

type Outcome = anyhow::Result<()>;

/// Keys beside the words where a found answer settles a call.
const KEYS_AT_MOST: u64 = 6;
/// Who calls is to be told within 300 ms. Ten times that leaves room for an unoptimised program that shares two
/// processors with browsers and callers; a page that missed the stream, or asks for itself, takes longer by far.
const TOLD_WITHIN_MS: u128 = 3_000;
const QUESTION: &str = "旅費の請求が差し戻された";
const MEETING: &str = "会議";
const HALF: &str = "二件目の質問は途中ま";

/// Presses keys together.
async fn chord(browser: &Browser, keys: &[char]) -> Outcome {
    let mut actions = KeyActions::new("keyboard".to_owned());
    for value in keys {
        actions = actions.then(KeyAction::Down { value: *value });
    }
    for value in keys.iter().rev() {
        actions = actions.then(KeyAction::Up { value: *value });
    }
    browser.client.perform_actions(actions).await?;
    Ok(())
}

/// Counts the keys that are pressed, over pages.
const COUNT: &str = "addEventListener('keydown', () => {
    sessionStorage.keys = Number(sessionStorage.keys ?? 0) + 1;
}, true);";

async fn keys(browser: &Browser) -> anyhow::Result<u64> {
    let script = "return Number(sessionStorage.keys ?? 0)";
    let keys = browser.client.execute(script, Vec::new()).await?;
    keys.as_u64().context("a count")
}

async fn know(desk: &Desk) -> Outcome {
    let person = Person {
        id: "1234567".into(),
        name: "年金 花子".to_owned(),
        kana: String::new(),
        site: "中央年金事務所".to_owned(),
        department: "総務課".to_owned(),
        mail: String::new(),
        numbers: vec!["0312345678".to_owned()],
        left_on: None,
    };
    let mut tx = desk.store().begin_unrecorded().await?;
    tx.save_people(&[person], desk.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Waits until the bar says that the agent talks. The word alone may stand elsewhere: of a call before, as long as
/// its end is not in the database.
async fn until_talking(browser: &Browser) -> Outcome {
    let talks = "return document.querySelector('[data-bar]').classList.contains('talking')";
    browser.until_true(talks).await
}

/// Somebody calls, and the agent's phone rings for a while before it is answered.
fn call(desk: &Desk, port: u16, talk_ms: u64) -> anyhow::Result<(Sipp, Sipp)> {
    let phone = callee().ring().respond(180).pause(4_000).answer();
    let phone = phone.receive("BYE").start(&Run::wait(port))?;
    let caller = caller().invite().expect(200).ack().pause(talk_ms).bye();
    let caller = caller.start(&Run::call(desk.sip, "5000"))?;
    Ok((phone, caller))
}

/// A caller who stays until told to go.
async fn come(desk: &Desk, call: &str) -> anyhow::Result<(Peer, Response)> {
    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", call, 1, ""))
        .await?;
    let response = peer.final_response().await?;
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    Ok((peer, response))
}

/// tanaka, with screen and phone, and a caller who talks with them until told to go.
struct Talk {
    tanaka: Browser,
    phone: Sipp,
    peer: Peer,
    response: Response,
}

/// tanaka signs in, and picks up a caller on the phone at this port.
async fn talk(desk: &Desk, roles: &[Role], port: u16, call: &str) -> anyhow::Result<Talk> {
    let password = desk.add_user("tanaka", roles, Some("tanaka")).await?;
    let tanaka = Browser::start(1280, 800).await?;
    tanaka.sign_in(desk.web(), "tanaka", &password).await?;
    let phone = callee().ring().respond(180).answer();
    let phone = phone.receive("BYE").start(&Run::wait(port))?;
    let (peer, response) = come(desk, call).await?;
    desk.until_agent("tanaka", AgentState::Talking).await?;
    until_talking(&tanaka).await?;
    Ok(Talk {
        tanaka,
        phone,
        peer,
        response,
    })
}

/// A desk with tanaka's and sato's phones at these ports; sato takes no calls.
async fn with_sato_away(first: u16, second: u16) -> anyhow::Result<Desk> {
    let setup = Setup::default()
        .agent("tanaka", first)
        .agent("sato", second);
    let setup = setup.line("ring_timeout_s = 20").line("wrap_up_s = 600");
    let desk = setup.start().await?;
    know(&desk).await?;
    let reason = MEETING.to_owned();
    ensure!(desk.command("sato", AgentCommand::Away { reason }).await);
    Ok(desk)
}

fn away() -> AgentState {
    AgentState::Away {
        reason: MEETING.to_owned(),
    }
}

/// Chooses who is to get the caller, or to be asked.
async fn choose(browser: &Browser, to: &str) -> Outcome {
    let choose = format!(
        "const to = document.querySelector('#to'); to.value = '{to}'; return to.value === '{to}'"
    );
    browser.until_true(&choose).await
}

async fn tickets(desk: &Desk) -> anyhow::Result<Vec<Ticket>> {
    let filter = TicketFilter {
        limit: 10,
        ..TicketFilter::default()
    };
    let mut tickets = Vec::new();
    for row in desk.store().list_tickets(&filter).await? {
        tickets.extend(desk.store().lookup_ticket(&row.id).await?);
    }
    Ok(tickets)
}

/// Waits until the desk keeps what somebody has typed so far.
async fn until_draft(desk: &Desk, login: &str, text: &str) -> Outcome {
    until_kept(desk.store(), login, text).await
}

/// Waits until a store keeps what somebody has typed so far.
async fn until_kept(store: &Store, login: &str, text: &str) -> Outcome {
    let agent = store.lookup_login(login).await?.context("the agent")?;
    for _ in 0..500 {
        let drafts = store.ticket_drafts(&agent.user.id).await?;
        if drafts.iter().any(|draft| draft.form.contains(text)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("what was typed was not kept")
}

#[tokio::test(flavor = "multi_thread")]
async fn from_ring_to_受付可_with_hardly_a_key_beside_the_words_and_nothing_typed_is_lost()
-> Outcome {
    let port = free_port();
    let setup = Setup::default().agent("tanaka", port).with_faq();
    let desk = setup
        .line("ring_timeout_s = 20")
        .line("wrap_up_s = 600")
        .start()
        .await?;
    know(&desk).await?;
    let password = desk
        .add_user("tanaka", &[Role::Agent], Some("tanaka"))
        .await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "tanaka", &password).await?;
    browser.until_at("/reception").await?;
    let fits = "return document.documentElement.scrollHeight <= innerHeight
        && document.documentElement.scrollWidth <= innerWidth";
    browser.until_true(fits).await?;

    // It rings while the agent writes elsewhere: a banner tells, and takes nothing away.
    browser.open(desk.web(), "/board").await?;
    browser.until_shown("お待ちの方はいません").await?;
    let write = "document.querySelector('.own input[name=reason]').focus()";
    browser.client.execute(write, Vec::new()).await?;
    let (phone, peer) = call(&desk, port, 25_000)?;
    desk.until_agent("tanaka", AgentState::Ringing).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "what a person in front of the screen waits"
    )]
    let rung = std::time::Instant::now();
    browser
        .until_true("return document.querySelector('.pop').textContent.includes('呼出中')")
        .await?;
    let told_ms = rung.elapsed().as_millis();
    ensure!(
        told_ms <= TOLD_WITHIN_MS,
        "who calls was told after {told_ms} ms"
    );
    browser
        .until_true("return document.querySelector('.pop').textContent.includes('年金 花子')")
        .await?;
    ensure!(browser.has_focus(".own input[name=reason]").await?);
    browser.click(".pop a").await?;
    browser.until_at("/reception").await?;
    browser.until_shown("年金 花子").await?;
    browser.until_shown("確定").await?;
    until_talking(&browser).await?;

    // The words, one key for the answer, one for all the rest.
    browser.client.execute(COUNT, Vec::new()).await?;
    ensure!(
        browser.has_focus("#question").await?,
        "one can write at once"
    );
    browser.write(QUESTION).await?;
    browser
        .until_true("return document.querySelector('[data-take]') !== null")
        .await?;
    chord(&browser, &[Key::Alt.into(), '1']).await?;
    browser
        .until_true("return document.getElementById('answer').value !== ''")
        .await?;
    let chosen = "return document.querySelector('[name=category]').value !== ''";
    browser.until_true(chosen).await?;
    chord(
        &browser,
        &[Key::Control.into(), Key::Shift.into(), Key::Enter.into()],
    )
    .await?;
    browser.until_shown("を保存しました").await?;
    let beside = keys(&browser).await? - QUESTION.chars().count() as u64;
    let told = format!("banner after {told_ms} ms; {beside} keys beside the words");
    writeln!(std::io::stdout(), "{told}")?;
    ensure!(beside <= KEYS_AT_MOST, "{beside} keys");
    let ticket = tickets(&desk).await?.remove(0);
    ensure!(ticket.status() == Status::Answered && ticket.fields.question == QUESTION);
    ensure!(ticket.fields.answer_source.is_some() && ticket.fields.category.is_some());
    ensure!(ticket.fields.requester.name == "年金 花子");
    let outcome = ticket.contacts().next().map(|contact| contact.outcome);
    ensure!(outcome == Some(ContactOutcome::AnsweredAtOnce));
    peer.succeed().await?;
    phone.succeed().await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;

    // The browser is gone in the middle of a sentence; the text is there in the next.
    let (phone, peer) = call(&desk, port, 30_000)?;
    browser.open(desk.web(), "/reception").await?;
    until_talking(&browser).await?;
    browser.write(HALF).await?;
    until_draft(&desk, "tanaka", HALF).await?;
    drop(browser);
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "tanaka", &password).await?;
    let there = format!("return document.getElementById('question')?.value === '{HALF}'");
    browser.until_true(&there).await?;
    peer.succeed().await?;
    phone.succeed().await?;
    // What was begun for it stays with it while the next call may come.
    browser.until_true(&there).await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}
