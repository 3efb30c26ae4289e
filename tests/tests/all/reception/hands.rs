//! What goes from hand to hand: to a vendor, to the caller who rings again, to a colleague in the same
//! ticket; and what is typed when the session or the whole desk ends.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::SystemClock;
use madoguchi_core::ticket::{Channel, TicketFields};
use madoguchi_store::NewTicket;
use madoguchi_tests::process::DeskProcess;
use madoguchi_web::operator::{self, NewAccount};

use super::*;

/// Keys beside the words for an escalation.
const ESCALATION_KEYS_AT_MOST: u64 = 12;
const VENDOR: &str = "旅費システム保守";
const PASSWORD: &str = "ume-sakura-ajisai-kiku";

async fn save(browser: &Browser) -> Outcome {
    chord(browser, &[Key::Control.into(), Key::Enter.into()]).await
}

/// Waits until the page shows this text in a field.
async fn until_field(browser: &Browser, field: &str, text: &str) -> Outcome {
    let there = format!("return document.querySelector('[name={field}]')?.value === '{text}'");
    browser.until_true(&there).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_takes_few_keys_and_who_rings_again_finds_the_open_ticket() -> Outcome {
    let port = free_port();
    let setup = Setup::default().agent("tanaka", port);
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
    let (phone, peer) = call(&desk, port, 20_000)?;
    until_talking(&browser).await?;
    browser.until_shown("年金 花子").await?;
    browser.client.execute(COUNT, Vec::new()).await?;
    browser.write(QUESTION).await?;
    chord(&browser, &[Key::Alt.into(), '8']).await?;
    browser
        .until_true("return document.activeElement.name === 'vendor'")
        .await?;
    browser.write(VENDOR).await?;
    chord(&browser, &[Key::Alt.into(), '8']).await?;
    browser.until_shown("を保存しました").await?;
    let words = QUESTION.chars().count() + VENDOR.chars().count();
    let beside = keys(&browser).await? - u64::try_from(words)?;
    writeln!(std::io::stdout(), "{beside} keys beside the words")?;
    ensure!(beside <= ESCALATION_KEYS_AT_MOST, "{beside} keys");
    let ticket = tickets(&desk).await?.remove(0);
    ensure!(
        ticket.status() == Status::Escalated,
        "{:?}",
        ticket.status()
    );
    ensure!(
        ticket
            .escalations
            .iter()
            .any(|one| one.handover.vendor == VENDOR)
    );
    peer.succeed().await?;
    phone.succeed().await?;
    ensure!(desk.command("tanaka", AgentCommand::EndWrapUp).await);

    // The caller rings again: the open ticket stands beside the form, and the call becomes a part of it.
    let (phone, peer) = call(&desk, port, 20_000)?;
    browser.open(desk.web(), "/reception").await?;
    until_talking(&browser).await?;
    browser.until_shown(&ticket.number.to_string()).await?;
    browser
        .click(&format!("[value='ticket {}']", ticket.id))
        .await?;
    until_field(&browser, "question", QUESTION).await?;
    browser
        .fill_in("#answer", "保守会社に確認しています。")
        .await?;
    save(&browser).await?;
    browser.until_shown("を保存しました").await?;
    let found = tickets(&desk).await?;
    ensure!(found.len() == 1, "{} tickets", found.len());
    let calls: Vec<_> = found[0]
        .contacts()
        .filter_map(|one| one.call.clone())
        .collect();
    ensure!(calls.len() == 2 && calls[0] != calls[1], "{calls:?}");
    peer.succeed().await?;
    phone.succeed().await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

async fn add_ticket(desk: &Desk, question: &str) -> anyhow::Result<Ticket> {
    let now = desk.clock.now();
    let new = NewTicket {
        id: "shared".into(),
        by: None,
        at: now,
        happened_at: None,
        received_at: now,
        fields: TicketFields {
            channel: Channel::Mail,
            question: question.to_owned(),
            ..TicketFields::default()
        },
        changes: Vec::new(),
    };
    let mut tx = desk.store().begin_unrecorded().await?;
    let ticket = tx.add_ticket(&new).await?;
    tx.commit().await?;
    Ok(ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_in_one_ticket_see_each_other_and_overwrite_nothing_unseen() -> Outcome {
    let desk = Setup::default().start().await?;
    let ticket = add_ticket(&desk, "添付書類が分かりません").await?;
    let place = format!("/reception?ticket={}", ticket.id);
    let mut agents = Vec::new();
    for login in ["sato", "suzuki"] {
        let password = desk.add_user(login, &[Role::Agent], None).await?;
        let browser = Browser::start(1280, 800).await?;
        browser.sign_in(desk.web(), login, &password).await?;
        browser.open(desk.web(), &place).await?;
        until_field(&browser, "question", "添付書類が分かりません").await?;
        agents.push(browser);
    }
    let [sato, suzuki] = &agents[..] else {
        bail!("two agents")
    };
    let lookup = async || {
        let found = desk.store().lookup_ticket(&ticket.id).await?;
        found.context("the ticket")
    };

    // Each writes in another field: they see each other, and both texts are kept.
    sato.fill_in("#answer", "領収書を添付してください。")
        .await?;
    until_draft(&desk, "sato", "領収書を添付してください。").await?;
    suzuki
        .fill_in("#question", "宿泊の添付書類が分かりません")
        .await?;
    let seen =
        "return document.querySelector('[data-present]').textContent.includes('入力中:sato')";
    suzuki.until_true(seen).await?;
    save(sato).await?;
    sato.until_shown("を保存しました").await?;
    save(suzuki).await?;
    suzuki.until_shown("を保存しました").await?;
    let fields = lookup().await?.fields;
    ensure!(fields.answer == "領収書を添付してください。", "{fields:?}");
    ensure!(
        fields.question == "宿泊の添付書類が分かりません",
        "{fields:?}"
    );

    // Both write in one field: who saves later sees all three texts, and nothing is overwritten.
    for browser in [sato, suzuki] {
        browser.open(desk.web(), &place).await?;
        until_field(browser, "answer", "領収書を添付してください。").await?;
    }
    sato.fill_in("#answer", "領収書の写しを添付してください。")
        .await?;
    save(sato).await?;
    sato.until_shown("を保存しました").await?;
    suzuki
        .fill_in("#answer", "電子の領収書を添付してください。")
        .await?;
    save(suzuki).await?;
    suzuki.until_shown("3つの内容を見比べて").await?;
    suzuki
        .until_shown("領収書の写しを添付してください。")
        .await?;
    suzuki.until_shown("領収書を添付してください。").await?;
    until_field(suzuki, "answer", "電子の領収書を添付してください。").await?;
    ensure!(lookup().await?.fields.answer == "領収書の写しを添付してください。");
    save(suzuki).await?;
    suzuki.until_shown("を保存しました").await?;
    ensure!(lookup().await?.fields.answer == "電子の領収書を添付してください。");
    for browser in agents {
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}

/// Ends all sessions of somebody, as they do elsewhere.
async fn end_sessions(desk: &Desk, login: &str) -> Outcome {
    let user = desk
        .store()
        .lookup_login(login)
        .await?
        .context("the user")?
        .user
        .id;
    let entry = AuditEntry::of_system(desk.clock.now(), Action::SignOut, login, Fields::new());
    let mut tx = desk.store().begin(entry).await?;
    for session in desk.store().list_sessions(&user).await? {
        ensure!(tx.end_session(&session.id, &user).await?);
    }
    tx.commit().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_sent_after_the_session_ended_comes_back_after_signing_in() -> Outcome {
    let desk = Setup::default().start().await?;
    let password = desk.add_user("sato", &[Role::Agent], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "sato", &password).await?;
    browser.open(desk.web(), "/reception?new=plain").await?;
    browser.write(HALF).await?;
    until_draft(&desk, "sato", HALF).await?;
    end_sessions(&desk, "sato").await?;
    browser.write("で終わる").await?;
    save(&browser).await?;
    browser.until_at("/sign-in").await?;
    browser.give_password("sato", &password).await?;
    until_field(&browser, "question", &format!("{HALF}で終わる")).await?;
    save(&browser).await?;
    browser.until_shown("を保存しました").await?;
    let found = tickets(&desk).await?;
    ensure!(found.len() == 1 && found[0].fields.question == format!("{HALF}で終わる"));
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_is_killed_in_the_middle_of_saving_keeps_the_text_and_saves_it_once() -> Outcome
{
    let mut desk = DeskProcess::start(&Setup::default()).await?;
    let url = format!(
        "sqlite://{}",
        desk.data().join("madoguchi.sqlite").display()
    );
    let store = Store::open(&url).await?;
    let account = NewAccount {
        login: "sato",
        name: "sato",
        roles: &[Role::Agent],
        agent: None,
        password: PASSWORD,
        must_change: false,
    };
    operator::add_account(&store, &account, SystemClock.now()).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web, "sato", PASSWORD).await?;
    for round in 1..=3 {
        browser.open(desk.web, "/reception?new=plain").await?;
        let text = format!("{round}件目の質問");
        browser.write(&text).await?;
        until_kept(&store, "sato", &text).await?;
        // It is sent and killed at once; then it is sent until it is kept.
        let press = "setTimeout(() => document.querySelector('button[value=save]').click(), 0)";
        browser.client.execute(press, Vec::new()).await?;
        desk.kill_and_restart().await?;
        browser.open(desk.web, "/reception?new=plain").await?;
        let begun = "return document.getElementById('question').value";
        let begun = browser.client.execute(begun, Vec::new()).await?;
        if begun == text.as_str() {
            save(&browser).await?;
            browser.until_shown("を保存しました").await?;
        }
        let filter = TicketFilter {
            words: text.clone(),
            limit: 10,
            ..TicketFilter::default()
        };
        let kept = store.list_tickets(&filter).await?;
        ensure!(kept.len() == 1, "{} of {text}", kept.len());
    }
    browser.close().await?;
    desk.kill().await?;
    store.close().await;
    Ok(())
}
