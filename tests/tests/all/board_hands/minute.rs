//! A minute in which calls come and go, and nothing moves under an agent's hands.

use std::time::Duration;

use anyhow::ensure;
use madoguchi_core::access::Role;
use madoguchi_core::live::AgentState;
use madoguchi_tests::browser::{Browser, Look};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::sipp::{Run, callee};
use serde_json::{Value, json};

use super::{Caller, Outcome, PASSWORD, note_says, watched};

/// Adds up what moves by itself from now on.
const OBSERVE: &str = "
    window.moved = 0;
    window.movers = [];
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) {
            window.moved += shift.value;
            for (const { node } of shift.sources) window.movers.push(node?.outerHTML?.slice(0, 200) ?? node?.data);
        }
    }).observe({ type: 'layout-shift' });";

/// Where the buttons of one's own agent are.
const PLACES: &str = "
    return [...document.querySelectorAll('.own button')].map((button) => {
        const { x, y, width, height } = button.getBoundingClientRect();
        return [button.value, x, y, width, height].join(' ');
    }).join('\\n');";

/// The board of an agent, and where the buttons were at first.
struct Watched {
    browser: Browser,
    look: Look,
    places: Value,
}

impl Watched {
    /// Adds up from now on what moves.
    async fn begin(browser: Browser, look: Look) -> anyhow::Result<Self> {
        browser.client.execute(OBSERVE, Vec::new()).await?;
        let places = browser.client.execute(PLACES, Vec::new()).await?;
        Ok(Self {
            browser,
            look,
            places,
        })
    }

    /// Waits until the agent is shown in a state; the buttons must be where they were.
    async fn is_shown(&self, state: &str) -> Outcome {
        let shown =
            format!("return document.querySelector('.own .badge').textContent === '{state}'");
        self.browser.until_true(&shown).await?;
        let (now, places) = (
            self.browser.client.execute(PLACES, Vec::new()).await?,
            &self.places,
        );
        ensure!(
            now == *places,
            "{} {state}: {now}\nbefore: {places}",
            self.look
        );
        Ok(())
    }

    async fn nothing_has_moved(&self) -> Outcome {
        let client = &self.browser.client;
        let moved = client.execute("return window.moved", Vec::new()).await?;
        let moved = moved.as_f64().unwrap_or(f64::MAX);
        let movers = client.execute("return window.movers", Vec::new()).await?;
        ensure!(moved < 0.02, "{}: {moved}\n{movers:#}", self.look);
        Ok(())
    }
}

async fn all_show(boards: &[Watched], state: &str) -> Outcome {
    for board in boards {
        board.is_shown(state).await?;
    }
    Ok(())
}

/// At a desk and on a telephone at once; the telephone's browser cannot share a stream.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_under_an_agents_hands_for_a_minute_while_calls_come_and_go() -> Outcome {
    let port = free_port();
    let setup = Setup::default()
        .agent("tanaka", port)
        .line("wrap_up_s = 4\nring_timeout_s = 60");
    let (desk, browser) = watched(setup, Role::Agent).await?;
    let phone = Browser::looking(Look::PHONE).await?;
    let alone = json!({ "source": "delete self.SharedWorker" });
    phone
        .devtools("Page.addScriptToEvaluateOnNewDocument", alone)
        .await?;
    phone.sign_in(desk.web(), "boss", PASSWORD).await?;
    phone.open(desk.web(), "/board").await?;
    browser.click(".own button[value=away]").await?;
    browser.until_shown("離席にしました").await?;
    phone.click(".own button[value=ready]").await?;
    phone.until_shown("受付可にしました").await?;
    desk.until_agent("tanaka", AgentState::Ready).await?;
    let boards = [
        Watched::begin(browser, Look::DESK).await?,
        Watched::begin(phone, Look::PHONE).await?,
    ];
    let mut minute = std::pin::pin!(tokio::time::sleep(Duration::from_secs(60)));
    all_show(&boards, "受付可").await?;
    for call in 0..3 {
        let phone = callee().ring().respond(180).pause(3_000).answer();
        let phone = phone.receive("BYE").start(&Run::wait(port))?;
        let first = Caller::come(&desk, &format!("first-{call}")).await?;
        all_show(&boards, "呼出中").await?;
        all_show(&boards, "通話中").await?;
        let second = Caller::come(&desk, &format!("second-{call}")).await?;
        for board in &boards {
            let told = "return document.querySelector('.own-call').textContent";
            board
                .browser
                .until_true(&format!("{told}.includes('0312345678')"))
                .await?;
            board.browser.until_shown("お待ちの方 1人").await?;
        }
        second.go().await?;
        for (board, press) in boards.iter().zip(["away", "log_out"]) {
            board.browser.until_shown("お待ちの方はいません").await?;
            if call == 2 {
                board
                    .browser
                    .click(&format!(".own button[value={press}]"))
                    .await?;
                board
                    .browser
                    .until_shown("今の通話のあとに変わります")
                    .await?;
            }
        }
        if call == 2 {
            for board in &boards {
                note_says(&board.browser, "通話後：受付を終える").await?;
            }
        }
        first.go().await?;
        phone.succeed().await?;
        if call < 2 {
            all_show(&boards, "後処理").await?;
            all_show(&boards, "受付可").await?;
        }
    }
    all_show(&boards, "受付終了").await?;
    // The board goes on for the rest of the minute.
    minute.as_mut().await;
    for board in boards {
        board.is_shown("受付終了").await?;
        board.nothing_has_moved().await?;
        // What would change nothing is not sent, and says so.
        board
            .browser
            .click(".own button[value=end_wrap_up]")
            .await?;
        board.browser.until_shown("後処理中ではありません").await?;
        board.browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}
