//! 転送 on the screen, with phones that ring: the ticket goes along, who is busy gives the caller back, and the
//! supervisor sees both parts of one call.

use super::*;

const QUESTION: &str = "就業規則の解釈を知りたい";

/// However much is due, its counts in the menu leave the form below where it is.
const COUNTS_MOVE_NOTHING: &str = "
    const [menu, entry] = ['header.top', 'nav a[href=\"/tickets\"]'].map((one) => document.querySelector(one));
    const before = menu.offsetHeight;
    const counts = ['フォーム12件', '超過12件、間近12件'].map((words) => {
        const count = document.createElement('span');
        count.className = 'waits';
        count.textContent = words;
        return count;
    });
    entry.append(' ', counts[0], ' ', counts[1]);
    const then = menu.offsetHeight;
    for (const count of counts) count.remove();
    return before > 0 && then === before;";

/// Chooses a colleague and presses 転送.
async fn hand_on(browser: &Browser, to: &str) -> Outcome {
    choose(browser, to).await?;
    browser.click("[data-hand-on]").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_handed_on_with_the_ticket_and_both_parts_are_seen() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let desk = with_sato_away(first, second).await?;
    let Talk {
        tanaka,
        phone,
        peer,
        response,
    } = talk(&desk, &[Role::Agent], first, "handed").await?;
    tanaka.until_true(COUNTS_MOVE_NOTHING).await?;
    tanaka.fill_in("#question", QUESTION).await?;

    // sato is busy: the caller is with tanaka again, and what was written is kept.
    let busy = callee().ring().respond(486).wait("ACK");
    let busy = busy.start(&Run::wait(second))?;
    hand_on(&tanaka, "agent sato").await?;
    busy.succeed().await?;
    tanaka.until_shown("転送していません").await?;
    desk.until_agent("sato", away()).await?;
    ensure!(desk.agent("tanaka") == AgentState::Talking);
    until_talking(&tanaka).await?;

    let other = callee().ring().respond(180).pause(500).answer();
    let other = other.receive("BYE").start(&Run::wait(second))?;
    hand_on(&tanaka, "agent sato").await?;
    desk.until_agent("sato", AgentState::Talking).await?;
    desk.until_agent("tanaka", AgentState::WrapUp).await?;
    phone.succeed().await?;
    let ticket = tickets(&desk).await?.remove(0);
    ensure!(ticket.fields.question == QUESTION);
    tanaka.close().await?;

    // sato's screen has the ticket.
    let roles = [Role::Agent, Role::Supervisor];
    let password = desk.add_user("sato", &roles, Some("sato")).await?;
    let sato = Browser::start(1280, 800).await?;
    sato.sign_in(desk.web(), "sato", &password).await?;
    sato.open(desk.web(), "/reception").await?;
    sato.until_shown(&ticket.number.to_string()).await?;
    let there = format!("return document.querySelector('[name=question]')?.value === '{QUESTION}'");
    sato.until_true(&there).await?;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    other.succeed().await?;
    // Who takes no calls has no work after one.
    desk.until_agent("sato", away()).await?;

    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (1, 1));
    let call = ticket.contacts().next().and_then(|one| one.call.clone());
    let call = call.context("the call of the ticket")?;
    sato.open(desk.web(), &format!("/calls/{call}")).await?;
    sato.until_shown("に転送しました").await?;
    let page = sato.text("main").await?;
    ensure!(page.contains("tanaka") && page.contains("sato"), "{page}");
    sato.close().await?;
    desk.end().await?;
    Ok(())
}
