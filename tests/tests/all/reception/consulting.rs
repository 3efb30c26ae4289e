//! 相談 begun on the screen, with phones that ring: the caller waits while the agent's own phone is connected with the
//! colleague; who is busy gives the caller back, and who was asked gets the caller with the ticket.

use madoguchi_tests::desk::story;

use super::*;

const QUESTION: &str = "支給日の変更について";

/// Chooses a colleague and presses 相談.
async fn ask(browser: &Browser, to: &str) -> Outcome {
    choose(browser, to).await?;
    browser.click("[data-consult]").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_asks_a_colleague_from_the_screen_and_hands_the_caller_over() -> Outcome {
    let (first, second) = (free_port(), free_port());
    let desk = with_sato_away(first, second).await?;
    let Talk {
        tanaka,
        phone,
        peer,
        response,
    } = talk(&desk, &[Role::Agent], first, "asked").await?;

    // sato is busy: the caller is with tanaka again, whose screen says why.
    let busy = callee().ring().respond(486).wait("ACK");
    let busy = busy.start(&Run::wait(second))?;
    ask(&tanaka, "agent sato").await?;
    busy.succeed().await?;
    tanaka
        .until_shown("相談先が通話中か、応答を断りました")
        .await?;
    ensure!(desk.agent("tanaka") == AgentState::Talking);

    // What was written is kept while sato is asked.
    tanaka.fill_in("#question", QUESTION).await?;
    let other = callee().ring().respond(180).pause(500).answer();
    let other = other.receive("BYE").start(&Run::wait(second))?;
    ask(&tanaka, "agent sato").await?;
    desk.until_agent("sato", AgentState::Talking).await?;
    ensure!(desk.agent("tanaka") == AgentState::Talking);
    let answered = "return document.querySelector('button[value=join]') !== null";
    tanaka.until_true(answered).await?;
    let kept = format!("return document.querySelector('#question').value === '{QUESTION}'");
    tanaka.until_true(&kept).await?;
    tanaka.click("button[value='hand-on asked']").await?;
    desk.until_agent("tanaka", AgentState::WrapUp).await?;
    phone.succeed().await?;
    ensure!(desk.agent("sato") == AgentState::Talking);
    let ticket = tickets(&desk).await?.remove(0);
    ensure!(ticket.fields.question == QUESTION);
    tanaka.close().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    other.succeed().await?;
    // Who takes no calls has no work after one.
    desk.until_agent("sato", away()).await?;
    ensure!(desk.command("tanaka", AgentCommand::EndWrapUp).await);

    let figures = desk.figures();
    ensure!((figures.offered, figures.answered) == (1, 1));
    let histories = desk.end().await?;
    let mut stories: Vec<_> = histories.iter().map(|events| story(events)).collect();
    stories.sort();
    ensure!(
        stories
            == [
                "arrived accepted queued ring:tanaka answered:tanaka held:Agent resumed:Agent \
                 held:Agent resumed:Agent ring:sato transferred ended:Caller wrapped-up wrapped-up",
                "dialled:false answered:tanaka ended:Agent",
                "dialled:false ended:Refused",
            ],
        "{stories:#?}"
    );
    Ok(())
}
