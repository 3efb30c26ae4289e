//! A line with a calendar of its own is closed while the desk is open: made and chosen on screens, heard
//! by the next call.

use anyhow::ensure;
use fantoccini::{Client, Locator};
use madoguchi_core::access::Role;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::sipp::{Run, caller};

async fn call(desk: &Desk, number: &str) -> anyhow::Result<()> {
    let call = caller().invite().expect(200).ack().pause(200).bye();
    call.start(&Run::call(desk.sip, number))?.succeed().await
}

async fn fill(client: &Client, fields: &[(&str, &str)]) -> anyhow::Result<()> {
    for (name, text) in fields {
        let css = format!("main form.form [name={name}]");
        let field = client.find(Locator::Css(&css)).await?;
        if field.tag_name().await? == "select" {
            field.select_by_value(text).await?;
        } else {
            field.clear().await?;
            field.send_keys(text).await?;
        }
    }
    let save = Locator::Css("main form.form button.primary");
    client.find(save).await?.click().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_with_a_calendar_of_its_own_is_closed_while_the_desk_is_open() -> anyhow::Result<()>
{
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let password = desk
        .add_user("boss", &[Role::Supervisor, Role::Administrator], None)
        .await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;
    let client = &browser.client;
    let page = |path: &str| format!("http://{}{path}", desk.web());

    // The clock of the test says 10:00 on a Tuesday.
    client.goto(&page("/admin/calendars/new")).await?;
    fill(client, &[("name", "夜間"), ("hours", "20:00-22:00")]).await?;
    until_shown(client, "登録しました").await?;
    client.goto(&page("/admin/desk/lines/new")).await?;
    let line = [
        ("name", "夜間窓口"),
        ("numbers", "6000"),
        ("calendar", "夜間"),
    ];
    fill(client, &line).await?;
    until_shown(client, "登録しました").await?;

    call(&desk, "6000").await?;
    let figures = desk
        .until("closed", |figures| figures.after_hours == 1)
        .await?;
    ensure!(figures.offered == 0);
    call(&desk, "5000").await?;
    let figures = desk.until("open", |figures| figures.offered == 1).await?;
    ensure!(figures.after_hours == 1, "the desk itself is open");
    client.goto(&page("/board")).await?;
    until_shown(client, "夜間窓口").await?;

    // The day of that calendar alone is opened, and the line with it.
    client
        .goto(&page("/admin/calendar/2026-11-24@%E5%A4%9C%E9%96%93"))
        .await?;
    let open = Locator::Css("input[value=open]");
    client.find(open).await?.click().await?;
    let times = "document.querySelector('[name=opens]').value='09:00';\
                 document.querySelector('[name=closes]').value='12:00';";
    client.execute(times, Vec::new()).await?;
    let save = Locator::Css("main form.form button.primary");
    client.find(save).await?.click().await?;
    until_shown(client, "保存しました").await?;
    call(&desk, "6000").await?;
    let figures = desk
        .until("open by its own day", |figures| figures.offered == 2)
        .await?;
    ensure!(figures.after_hours == 1);
    browser.client.clone().close().await?;
    desk.end().await?;
    Ok(())
}
