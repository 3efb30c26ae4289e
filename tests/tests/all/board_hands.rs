//! The board while it changes: nothing is taken away from under anybody's hands, and nothing that
//! somebody does is lost in silence.

mod minute;

use anyhow::ensure;
use fantoccini::Locator;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::key::Key;
use madoguchi_core::access::Role;
use madoguchi_core::live::AgentState;
use madoguchi_sip::message::Response;
use madoguchi_tests::browser::{Browser, Look};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, callee};

type Outcome = anyhow::Result<()>;

const PASSWORD: &str = "momo-kaki-nashi-budou";

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
    let setup = if setup.agents.is_empty() {
        setup.registering_agent("tanaka")
    } else {
        setup
    };
    let desk = setup.start().await?;
    let agent = (role == Role::Agent).then_some("tanaka");
    desk.add_user_with("boss", &[role], agent, PASSWORD).await?;
    let browser = watching(&desk, Look::DESK).await?;
    Ok((desk, browser))
}

/// The board in a browser of the one who watches.
async fn watching(desk: &Desk, look: Look) -> anyhow::Result<Browser> {
    let browser = Browser::looking(look).await?;
    browser.sign_in(desk.web(), "boss", PASSWORD).await?;
    browser.open(desk.web(), "/board").await?;
    browser.until_shown("お待ちの方はいません").await?;
    Ok(browser)
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
async fn a_board_whose_session_ends_says_so_and_shows_no_caller_any_more() -> Outcome {
    let (desk, there) = watched(Setup::default(), Role::Supervisor).await?;
    let mut boards = Vec::new();
    for look in Look::BOTH {
        boards.push(watching(&desk, look).await?);
    }
    let caller = Caller::come(&desk, "seen").await?;
    for here in &boards {
        here.until_shown("0312345678").await?;
    }
    there.prove(desk.web(), PASSWORD).await?;
    for left in [1, 0] {
        there.click("form[action$='/end'] button").await?;
        let others = "return document.querySelectorAll(\"form[action$='/end']\").length";
        there.until_true(&format!("{others} === {left}")).await?;
    }
    for here in &boards {
        here.until_shown("ログインが終了したため、更新を止めました")
            .await?;
        let left = "return document.body.textContent.includes('0312345678')";
        ensure!(here.client.execute(left, Vec::new()).await? == false);
        ensure!(!here.client.title().await?.contains("人待ち"));
        here.click("#ended a").await?;
        here.until_at("/sign-in").await?;
        // What was seen last comes again after signing in.
        here.give_password("boss", PASSWORD).await?;
        here.until_at("/board").await?;
        here.until_shown("0312345678").await?;
    }
    caller.go().await?;
    for browser in boards {
        browser.close().await?;
    }
    ends(desk, there).await
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_pages_share_one_stream_and_say_when_it_is_lost() -> Outcome {
    let setup = Setup {
        web_port: free_port(),
        ..Setup::default()
    };
    // One for each of the two browsers: with another one a page would be refused.
    let setup = setup.web("streams_per_visitor = 2");
    let setup = setup.registering_agent("tanaka");
    let (desk, browser) = watched(setup.clone(), Role::Supervisor).await?;
    let browsers = [browser, watching(&desk, Look::PHONE).await?];
    for (browser, look) in browsers.iter().zip(Look::BOTH) {
        for _ in 1..7 {
            let page = browser.client.new_window(true).await?;
            browser.client.switch_to_window(page.handle).await?;
            browser.look(look).await?;
            browser.open(desk.web(), "/board").await?;
            browser.until_shown("お待ちの方はいません").await?;
        }
        ensure!(browser.client.windows().await?.len() == 7);
    }
    let caller = Caller::come(&desk, "shared").await?;
    for browser in &browsers {
        for page in browser.client.windows().await? {
            browser.client.switch_to_window(page).await?;
            browser.until_shown("0312345678").await?;
        }
    }
    caller.go().await?;
    for browser in &browsers {
        browser.until_shown("お待ちの方はいません").await?;
    }
    let folder = desk.stop().await;
    for browser in &browsers {
        for page in browser.client.windows().await? {
            browser.client.switch_to_window(page).await?;
            browser.until_shown("接続が切れました").await?;
            browser
                .until_true("return document.querySelector('#board.old') !== null")
                .await?;
        }
    }
    let desk = setup.start_in(folder).await?;
    for browser in &browsers {
        for page in browser.client.windows().await? {
            browser.client.switch_to_window(page).await?;
            let fresh = "return document.querySelector('#board.old') === null \
                         && document.getElementById('stale').hidden";
            browser.until_true(fresh).await?;
        }
    }
    for browser in browsers {
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}

async fn note_says(browser: &Browser, words: &str) -> Outcome {
    let note = "document.querySelector('.own .note').textContent";
    browser
        .until_true(&format!("return {note}.includes('{words}')"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ringing_board_is_accessible_and_says_which_state_comes_after_the_ringing() -> Outcome {
    let port = free_port();
    let setup = Setup::default()
        .agent("tanaka", port)
        .line("ring_timeout_s = 60");
    let (desk, browser) = watched(setup, Role::Agent).await?;
    let phone = callee().ring().respond(180).be_cancelled();
    let phone = phone.start(&Run::wait(port))?;
    let caller = Caller::come(&desk, "seen").await?;
    desk.until_agent("tanaka", AgentState::Ringing).await?;
    browser.until_shown("0312345678").await?;
    for look in Look::ALL {
        browser.look(look).await?;
        let violations = browser.violations().await?;
        ensure!(violations.is_empty(), "{look}: {violations:?}");
    }
    browser.click(".own button[value=away]").await?;
    note_says(&browser, "この呼出しのあとに変わります：離席").await?;
    caller.go().await?;
    phone.succeed().await?;
    desk.until_agent("tanaka", away("理由なし")).await?;
    ends(desk, browser).await
}
