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

/// Days that a calendar has changed.
async fn changed_days(desk: &Desk) -> anyhow::Result<usize> {
    Ok(desk.store().list_settings("calendar_day").await?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn several_days_are_closed_at_once_shown_with_their_names_and_opened_again()
-> anyhow::Result<()> {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    Browser::at_both(async |browser| {
        browser.sign_in(desk.web(), "boss", &password).await?;
        browser.open(desk.web(), "/admin/calendar").await?;
        browser.until_shown("23日 勤労感謝の日").await?;
        browser.click("p.actions a.primary").await?;
        browser.until_at("/admin/calendar/range").await?;
        for (field, day) in [("from", "2026-12-21"), ("to", "2026-12-27")] {
            let set = format!("document.getElementById('{field}').value = '{day}'");
            browser.client.execute(&set, Vec::new()).await?;
        }
        browser.click("input[name=rule][value=closed]").await?;
        browser.fill_in("#note", "庁舎の停電").await?;
        browser.click("main > form.form button.primary").await?;
        // A Monday to a Friday; the week-end is closed as it is.
        browser.until_shown("変わる日　5日").await?;
        ensure!(changed_days(&desk).await? == 0, "nothing is saved yet");
        browser.click("section.panel button.primary").await?;
        browser.until_shown("保存しました").await?;
        ensure!(changed_days(&desk).await? == 5);
        browser.open(desk.web(), "/admin/calendar").await?;
        browser.until_shown("庁舎の停電").await?;
        let coloured = "
            const colour = (day) => getComputedStyle(document.querySelector(day)).color;
            return colour('.day.off.saturday') !== colour('.day.off.sunday')
                && document.querySelectorAll('a.day[href*=\"2026-12-2\"]').length === 10;";
        browser.until_true(coloured).await?;
        browser.open(desk.web(), "/admin/calendar/range").await?;
        browser
            .click("form[action='/admin/calendar/range/undo'] button")
            .await?;
        browser.click("dialog button.danger").await?;
        browser.until_shown("以前の内容に戻しました").await?;
        ensure!(changed_days(&desk).await? == 0, "all are as before");
        Ok(())
    })
    .await?;
    desk.end().await?;
    Ok(())
}
