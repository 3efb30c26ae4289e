//! Every page of the shell in a real Chromium: no rule of WCAG A or AA broken, light enough, and
//! of use without scripts and by keyboard alone.

use anyhow::{Context, ensure};
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use madoguchi_core::access::Role;
use madoguchi_core::live::AgentState;
use madoguchi_tests::browser::{Browser, Look, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::sipp::{Run, caller};

type Outcome = anyhow::Result<()>;

/// Pages by who sees them; `{call}` and `{user}` stand for one of each.
const PAGES: [(&str, &[&str]); 3] = [
    (
        "boss",
        &[
            "/board",
            "/calls",
            "/calls/{call}",
            "/calls?from=2026-01-01&to=2026-01-01",
            "/account",
            "/account/password",
            "/account/second-factor",
            "/account/tokens",
            "/admin/calendar",
            "/admin/calendar/2026-12-28",
            "/nowhere",
            "/admin/users",
        ],
    ),
    (
        "kanri",
        &[
            "/admin/users",
            "/admin/users/new",
            "/admin/users/{user}",
            "/admin/users/inventory",
            "/admin/retention",
            "/admin/desk",
            "/admin/desk/lines",
            "/admin/desk/lines/new",
            "/admin/desk/line/help",
            "/admin/desk/agents",
            "/admin/desk/agents/new",
            "/admin/desk/trunks",
            "/admin/desk/trunks/new",
            "/admin/desk/targets",
            "/admin/desk/categories",
            "/admin/announcements",
        ],
    ),
    ("kansa", &["/audit", "/audit?actor=nobody"]),
];

struct House {
    desk: Desk,
    password: String,
    call: String,
    user: String,
}

impl House {
    async fn start() -> anyhow::Result<Self> {
        let desk = Setup::default().registering_agent("tanaka").start().await?;
        let call = caller().invite().expect(200).ack().pause(200).bye();
        call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
        desk.until("the call is over", |figures| figures.abandoned() == 1)
            .await?;
        let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
        for (login, role) in [("kanri", Role::Administrator), ("kansa", Role::Auditor)] {
            desk.add_user_with(login, &[role], None, &password).await?;
        }
        let filter = madoguchi_store::CallFilter {
            limit: 1,
            ..Default::default()
        };
        let calls = desk.wait_for_store(&filter).await?;
        let user = desk.store().lookup_login("boss").await?;
        Ok(Self {
            call: calls.first().context("a call")?.call.to_string(),
            user: user.context("a user")?.user.id.to_string(),
            password,
            desk,
        })
    }

    fn address(&self, path: &str) -> String {
        let path = path
            .replace("{call}", &self.call)
            .replace("{user}", &self.user);
        format!("http://{}{path}", self.desk.web())
    }
}

async fn sign_in(browser: &Browser, house: &House, login: &str) -> Outcome {
    browser.client.delete_all_cookies().await?;
    let web = house.desk.web();
    browser.sign_in(web, login, &house.password).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_breaks_a_rule_of_wcag_a_or_aa() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start(1280, 800).await?;
    let mut wrong = Vec::new();
    let mut check = async |name: &str, browser: &Browser| -> Outcome {
        for look in Look::ALL {
            browser.look(look).await?;
            for violation in browser.violations().await? {
                wrong.push(format!("{name} {look}: {violation}"));
            }
        }
        Ok(())
    };
    browser.client.goto(&house.address("/sign-in")).await?;
    check("/sign-in", &browser).await?;
    let spoil = "document.querySelector('main').append(document.createElement('input'))";
    browser.client.execute(spoil, Vec::new()).await?;
    ensure!(
        !browser.violations().await?.is_empty(),
        "a field without a name is found"
    );
    for (login, paths) in PAGES {
        browser.look(Look::DESK).await?;
        sign_in(&browser, &house, login).await?;
        for path in paths {
            browser.client.goto(&house.address(path)).await?;
            check(path, &browser).await?;
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    browser.client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_weighs_150_kilobytes() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start(1280, 800).await?;
    for (login, paths) in PAGES {
        sign_in(&browser, &house, login).await?;
        for path in paths {
            let (weight, parts) = browser.weigh(&house.address(path)).await?;
            ensure!(weight < 150_000, "{path}: {weight}\n{parts}");
        }
    }
    browser.client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}

async fn click(client: &Client, css: &str) -> Outcome {
    client.find(Locator::Css(css)).await?.click().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_of_use_without_scripts() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start_without_scripts(1280, 800).await?;
    let client = &browser.client;
    sign_in(&browser, &house, "boss").await?;
    client.goto(&house.address("/board")).await?;
    until_shown(client, "今日の応答率").await?;
    client
        .find(Locator::Css("input[name=reason]"))
        .await?
        .send_keys("会議")
        .await?;
    click(client, "button[value=away]").await?;
    let away = AgentState::Away {
        reason: "会議".to_owned(),
    };
    house.desk.until_agent("tanaka", away).await?;
    until_shown(client, "会議").await?;
    client
        .goto(&house.address("/calls?kind=abandoned&number=0312"))
        .await?;
    until_shown(client, "1件").await?;
    client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_state_is_set_by_keyboard_alone() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    client.goto(&house.address("/sign-in?next=/board")).await?;
    // The field for the name has the focus from the start.
    ensure!(browser.has_focus("#login").await?);
    browser.write("boss").await?;
    browser.press([Key::Tab.into()]).await?;
    ensure!(browser.has_focus("#password").await?);
    browser.write(&house.password).await?;
    browser.press([Key::Enter.into()]).await?;
    until_shown(client, "今日の応答率").await?;
    browser.tab_to(".skip").await?;
    browser.press([Key::Enter.into()]).await?;
    browser.tab_to("input[name=reason]").await?;
    browser.write("休憩").await?;
    browser.tab_to("button[value=away]").await?;
    browser.press([Key::Enter.into()]).await?;
    let away = AgentState::Away {
        reason: "休憩".to_owned(),
    };
    house.desk.until_agent("tanaka", away).await?;
    client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}
