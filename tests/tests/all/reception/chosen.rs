//! A call that was opened on purpose, and the telephone that rings meanwhile.

use madoguchi_store::CallFilter;

use super::*;

/// The call that the form on the screen is about.
const CALL_OF_FORM: &str = "return document.querySelector('#reception [name=call]').value";

#[tokio::test(flavor = "multi_thread")]
async fn a_live_call_leaves_the_form_to_the_call_that_was_opened_on_purpose() -> Outcome {
    let port = free_port();
    let desk = Setup::default()
        .agent("tanaka", port)
        .line("ring_timeout_s = 20")
        .line("wrap_up_s = 600")
        .start()
        .await?;
    let password = desk
        .add_user("tanaka", &[Role::Agent], Some("tanaka"))
        .await?;
    let (phone, peer) = call(&desk, port, 6_000)?;
    peer.succeed().await?;
    phone.succeed().await?;
    desk.until_agent("tanaka", AgentState::WrapUp).await?;
    ensure!(desk.command("tanaka", AgentCommand::EndWrapUp).await);
    let filter = CallFilter {
        limit: 10,
        ..CallFilter::default()
    };
    let earlier = desk.wait_for_store(&filter).await?.remove(0).call;

    // The agent makes up for a call that was not registered; the next caller rings and is answered.
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "tanaka", &password).await?;
    browser
        .open(desk.web(), &format!("/reception?call={earlier}"))
        .await?;
    let is_earlier = format!("{CALL_OF_FORM} === '{earlier}'");
    browser.until_true(&is_earlier).await?;
    let (phone, peer) = call(&desk, port, 30_000)?;
    browser.until_shown("新しい通話の受付に移る").await?;
    desk.until_agent("tanaka", AgentState::Talking).await?;
    browser.until_shown("通話中").await?;
    ensure!(browser.client.execute(CALL_OF_FORM, Vec::new()).await? == earlier.as_str());

    // One press leads to the call that goes on.
    browser.click("[data-said] [role=status] a").await?;
    let is_other = format!(
        "const call = document.querySelector('#reception [name=call]')?.value; \
         return Boolean(call) && call !== '{earlier}'"
    );
    browser.until_true(&is_other).await?;
    browser.close().await?;
    peer.succeed().await?;
    phone.succeed().await?;
    desk.end().await?;
    Ok(())
}
