//! The board while it changes: nothing is taken away from under anybody's hands, and nothing that
//! somebody does is lost in silence.

use anyhow::ensure;
use fantoccini::Locator;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::key::Key;
use madoguchi_core::access::Role;
use madoguchi_core::live::AgentState;
use madoguchi_sip::message::Response;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::raw::Peer;

type Outcome = anyhow::Result<()>;

/// A caller who comes and stays.
struct Caller {
    peer: Peer,
    response: Response,
}

impl Caller {
    async fn come(desk: &Desk, call: &str) -> anyhow::Result<Self> {
        let peer = Peer::new(desk.sip).await?;
        peer.send(&peer.request("INVITE", "5000", call, 1, ""))
            .await?;
        let response = peer.final_response().await?;
        peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
        Ok(Self { peer, response })
    }

    async fn go(self) -> Outcome {
        let bye = self.peer.in_dialog("BYE", &self.response, 2)?;
        self.peer.send(&bye).await
    }
}

/// A desk with one agent, whom somebody with this role watches; with the role of an agent it is
/// the agent.
async fn watched(setup: Setup, role: Role) -> anyhow::Result<(Desk, Browser)> {
    let desk = setup.registering_agent("tanaka").start().await?;
    let agent = (role == Role::Agent).then_some("tanaka");
    let password = desk.add_user("boss", &[role], agent).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;
    browser.until_shown("お待ちの方はいません").await?;
    Ok((desk, browser))
}

async fn ends(desk: Desk, browser: Browser) -> Outcome {
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

fn away(reason: &str) -> AgentState {
    AgentState::Away {
        reason: reason.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_and_half_written_words_survive_a_change_of_the_board() -> Outcome {
    let (desk, browser) = watched(Setup::default(), Role::Agent).await?;
    let client = &browser.client;
    let reason = Locator::Css(".own input[name=reason]");
    client.find(reason).await?.send_keys("打合せ").await?;
    let button = client.find(Locator::Css(".own button[value=away]")).await?;
    let press = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement {
            element: button,
            duration: None,
            x: 0.0,
            y: 0.0,
        })
        .then(PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        });
    client.perform_actions(press).await?;
    // While the button is held down, a caller comes.
    let caller = Caller::come(&desk, "pressed").await?;
    browser.until_shown("0312345678").await?;
    let release = MouseActions::new("mouse".to_owned()).then(PointerAction::Up {
        button: MOUSE_BUTTON_LEFT,
    });
    client.perform_actions(release).await?;
    desk.until_agent("tanaka", away("打合せ")).await?;
    let title = client.title().await?;
    ensure!(title.starts_with("1人待ち"), "{title}");
    caller.go().await?;
    browser.until_shown("お待ちの方はいません").await?;
    ends(desk, browser).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_focus_stays_with_a_caller_and_goes_with_them() -> Outcome {
    let (desk, browser) = watched(Setup::default(), Role::Agent).await?;
    let first = Caller::come(&desk, "first").await?;
    browser.until_shown("お待ちの方 1人").await?;
    let focus = "document.querySelector('.waiting a').focus()";
    browser.client.execute(focus, Vec::new()).await?;
    let second = Caller::come(&desk, "second").await?;
    browser.until_shown("お待ちの方 2人").await?;
    ensure!(browser.has_focus(".waiting tr:first-child a").await?);
    first.go().await?;
    browser.until_shown("お待ちの方 1人").await?;
    ensure!(
        !browser.has_focus(".waiting a").await?,
        "Enter would open another caller"
    );
    second.go().await?;
    browser.until_shown("お待ちの方はいません").await?;
    ends(desk, browser).await
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_after_the_reason_means_away_and_the_place_is_kept() -> Outcome {
    let setup = Setup {
        ready: false,
        ..Setup::default()
    };
    let (desk, browser) = watched(setup, Role::Agent).await?;
    browser.tab_to(".skip").await?;
    browser.press([Key::Enter.into()]).await?;
    ensure!(browser.has_focus("#main").await?, "the menu is behind");
    browser.tab_to(".own button[value=ready]").await?;
    browser.press([Key::Enter.into()]).await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    browser.until_shown("tanaka：受付可にしました").await?;
    ensure!(browser.has_focus(".own button[value=ready]").await?);
    browser.tab_to(".own input[name=reason]").await?;
    browser.write("会議").await?;
    browser.press([Key::Enter.into()]).await?;
    desk.until_agent("tanaka", away("会議")).await?;
    ends(desk, browser).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_can_be_stopped_and_goes_on_with_what_is_new() -> Outcome {
    let (desk, browser) = watched(Setup::default(), Role::Supervisor).await?;
    browser.click("#pause").await?;
    let caller = Caller::come(&desk, "unseen").await?;
    desk.until("waiting", |figures| figures.waiting == 1)
        .await?;
    let text = "return document.getElementById('board').textContent";
    let text = browser.client.execute(text, Vec::new()).await?;
    let text = text.as_str().unwrap_or_default();
    ensure!(text.contains("お待ちの方はいません"), "{text}");
    browser.click("#pause").await?;
    browser.until_shown("お待ちの方 1人").await?;
    caller.go().await?;
    browser.until_shown("お待ちの方はいません").await?;
    ends(desk, browser).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_set_after_the_session_ended_leads_to_sign_in() -> Outcome {
    let (desk, browser) = watched(Setup::default(), Role::Agent).await?;
    browser.client.delete_all_cookies().await?;
    browser.click(".own button[value=away]").await?;
    browser.until_at("/sign-in").await?;
    ensure!(desk.agent("tanaka") == AgentState::Ready);
    ends(desk, browser).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_nobody_touches_leads_to_sign_in_when_the_session_ends() -> Outcome {
    let desk = Setup::default().start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let [here, there] = [
        Browser::start(1280, 800).await?,
        Browser::start(1280, 800).await?,
    ];
    for browser in [&here, &there] {
        browser.sign_in(desk.web(), "boss", &password).await?;
        browser.until_at("/board").await?;
    }
    there.prove(desk.web(), &password).await?;
    there.click("form[action$='/end'] button").await?;
    there.until_shown("ログインを終了しました").await?;
    here.until_at("/sign-in").await?;
    // What was seen last comes again after signing in.
    here.give_password("boss", &password).await?;
    here.until_at("/board").await?;
    there.close().await?;
    ends(desk, here).await
}
