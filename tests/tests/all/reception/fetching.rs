//! Callers are taken by buttons of the board, with phones that ring: one who rings elsewhere, and one who is parked.

use super::*;

/// Five wait, more than there is room for, and the caller who is parked is seen beside them.
const PARKED_IS_SEEN: &str = "
    const box = (selector) => document.querySelector(selector)?.getBoundingClientRect();
    const [all, parked] = [box('.callers'), box('.parked form.take button')];
    const queue = document.querySelector('.queue');
    return queue.querySelectorAll('tbody tr').length === 5 && queue.scrollHeight > queue.clientHeight
        && parked.top >= all.top && parked.bottom <= all.bottom;";

/// tanaka and sato with phones at these ports, and sato's board.
async fn two(first: u16, second: u16) -> anyhow::Result<(Desk, Browser)> {
    let setup = Setup::default()
        .agent("tanaka", first)
        .agent("sato", second);
    let setup = setup.line("ring_timeout_s = 25").line("wrap_up_s = 0");
    let desk = setup.start().await?;
    know(&desk).await?;
    let password = desk.add_user("sato", &[Role::Agent], Some("sato")).await?;
    let sato = Browser::start(1280, 800).await?;
    sato.sign_in(desk.web(), "sato", &password).await?;
    sato.open(desk.web(), "/board").await?;
    Ok((desk, sato))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_rings_a_colleague_is_taken_by_a_button_of_the_board() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let (desk, sato) = two(first, second).await?;
    let rung = callee().ring().respond(180).wait("CANCEL");
    let rung = rung.start(&Run::wait(first))?;
    let (peer, response) = come(&desk, "taken").await?;
    desk.until_agent("tanaka", AgentState::Ringing).await?;
    let own = callee().ring().respond(180).pause(500).answer();
    let own = own.receive("BYE").start(&Run::wait(second))?;
    sato.until_shown("代わりに出る").await?;
    sato.click("form.take button").await?;
    sato.until_shown("自分の電話機を呼び出しています").await?;
    desk.until_agent("sato", AgentState::Talking).await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    drop(rung);
    // Who calls stands on sato's screen.
    sato.open(desk.web(), "/reception").await?;
    until_talking(&sato).await?;
    sato.until_shown("年金 花子").await?;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    own.succeed().await?;
    desk.until_agent("sato", AgentState::Ready).await?;
    sato.close().await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (1, 1));
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_parked_on_the_screen_and_fetched_from_the_board() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let (desk, sato) = two(first, second).await?;
    let Talk {
        tanaka,
        phone,
        peer,
        response,
    } = talk(&desk, &[Role::Agent], first, "parked").await?;
    choose(&tanaka, "park").await?;
    tanaka.click("[data-hand-on]").await?;
    phone.succeed().await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    ensure!(desk.agent("sato") == AgentState::Ready, "nobody is rung");
    tanaka.close().await?;

    sato.until_shown("預かっている方").await?;
    let row = sato.text(".parked tbody tr").await?;
    ensure!(row.contains("1番") && row.contains("tanaka"), "{row}");

    // However many wait, whoever is parked is seen, with the button.
    for agent in ["tanaka", "sato"] {
        let reason = MEETING.to_owned();
        ensure!(desk.command(agent, AgentCommand::Away { reason }).await);
    }
    let mut waiting = Vec::new();
    for n in 0..5 {
        waiting.push(come(&desk, &format!("waiting{n}")).await?);
    }
    sato.until_true(PARKED_IS_SEEN).await?;
    for (peer, response) in &waiting {
        peer.send(&peer.in_dialog("BYE", response, 2)?).await?;
    }
    let own = callee().ring().respond(180).pause(500).answer();
    let own = own.receive("BYE").start(&Run::wait(second))?;
    sato.click(".parked form.take button").await?;
    desk.until_agent("sato", AgentState::Talking).await?;
    let gone = "return document.querySelector('.live') && !document.querySelector('.parked')";
    sato.until_true(gone).await?;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    own.succeed().await?;
    sato.close().await?;
    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (6, 1));
    desk.end().await?;
    Ok(())
}
