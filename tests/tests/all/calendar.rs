//! The reception calendar, changed on the screen, decides what a call gets a moment later.

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::sipp::{Run, caller};

const DAY: &str = "/admin/calendar/2026-11-24";

async fn call(desk: &Desk) -> anyhow::Result<()> {
    let call = caller().invite().expect(200).ack().pause(200).bye();
    call.start(&Run::call(desk.sip, "5000"))?.succeed().await
}

async fn choose(browser: &Browser, desk: &Desk, rule: &str) -> anyhow::Result<()> {
    let client = &browser.client;
    client.goto(&format!("http://{}{DAY}", desk.web())).await?;
    let choice = format!("input[value={rule}]");
    client.find(Locator::Css(&choice)).await?.click().await?;
    let save = Locator::Css("main form.form button.primary");
    client.find(save).await?.click().await?;
    until_shown(client, "保存しました").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_closed_on_the_screen_is_closed_for_the_next_call() -> anyhow::Result<()> {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;

    call(&desk).await?;
    desk.until("open", |figures| figures.offered == 1).await?;
    choose(&browser, &desk, "closed").await?;
    call(&desk).await?;
    let figures = desk
        .until("closed", |figures| figures.after_hours == 1)
        .await?;
    ensure!(figures.offered == 1);
    choose(&browser, &desk, "usual").await?;
    call(&desk).await?;
    let figures = desk
        .until("open again", |figures| figures.offered == 2)
        .await?;
    ensure!(figures.after_hours == 1);
    browser.client.clone().close().await?;
    desk.end().await?;
    Ok(())
}
