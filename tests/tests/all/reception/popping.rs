//! Who calls is told on one page of an agent, as long as their telephone rings.

use super::*;

const POP: &str = "document.querySelector('.pop').textContent.includes('呼出中')";

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pages_one_tells_who_calls_until_the_telephone_is_still_again() -> Outcome {
    let port = free_port();
    let desk = Setup::default()
        .agent("tanaka", port)
        .line("ring_timeout_s = 20")
        .start()
        .await?;
    know(&desk).await?;
    let password = desk
        .add_user("tanaka", &[Role::Agent], Some("tanaka"))
        .await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "tanaka", &password).await?;
    browser.open(desk.web(), "/board").await?;
    browser.until_shown("お待ちの方はいません").await?;
    let first = browser.client.window().await?;
    let second = browser.client.new_window(true).await?.handle;
    browser.client.switch_to_window(second.clone()).await?;
    browser.open(desk.web(), "/people").await?;
    let write = "document.querySelector('main input[type=search]').focus()";
    browser.client.execute(write, Vec::new()).await?;

    let phone = callee().ring().respond(180).be_cancelled();
    let phone = phone.start(&Run::wait(port))?;
    let peer = caller().invite().expect(200).ack().pause(8_000).bye();
    let peer = peer.start(&Run::call(desk.sip, "5000"))?;
    desk.until_agent("tanaka", AgentState::Ringing).await?;
    browser.until_true(&format!("return {POP}")).await?;
    let there = "return document.querySelector('.pop').textContent.includes('年金 花子')";
    browser.until_true(there).await?;
    ensure!(browser.has_focus("main input[type=search]").await?);
    // The other page has not told it; when it is the one that is looked at, it does, and the first does no more.
    browser.client.switch_to_window(first).await?;
    let seen = "return !document.hidden";
    browser.until_true(seen).await?;
    browser.until_true(&format!("return {POP}")).await?;

    // The caller hangs up: nothing is left of it anywhere.
    peer.succeed().await?;
    phone.succeed().await?;
    let gone = format!("return !{POP}");
    browser.until_true(&gone).await?;
    browser.client.switch_to_window(second).await?;
    browser.until_true(&gone).await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}
