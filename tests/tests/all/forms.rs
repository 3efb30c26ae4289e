//! Forms, at a desk and on a telephone: what was typed stays whatever happens to it, and nothing is made twice.

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_core::time::Millis;
use madoguchi_store::UserFilter;
use madoguchi_tests::browser::{Browser, Look};
use madoguchi_tests::desk::{Desk, Setup};

type Outcome = anyhow::Result<()>;

const NOTICE: &str = "/admin/notices/new";
const SEND: &str = "main form.form button.primary";

/// What is in a field.
async fn value(browser: &Browser, field: &str) -> anyhow::Result<String> {
    let script = format!("return document.querySelector('{field}').value");
    let found = browser.client.execute(&script, Vec::new()).await?;
    Ok(found.as_str().unwrap_or_default().to_owned())
}

async fn write_notice(desk: &Desk, browser: &Browser, title: &str) -> Outcome {
    browser.open(desk.web(), NOTICE).await?;
    browser.fill_in("[name=title]", title).await?;
    browser
        .fill_in("[name=body]", "復旧は11時の見込みです。")
        .await
}

/// The form is there as it was filled in, says that it was not sent, and can be sent.
async fn comes_back(browser: &Browser, title: &str) -> Outcome {
    browser.until_at(NOTICE).await?;
    browser.until_shown("まだ送信していません").await?;
    ensure!(value(browser, "[name=title]").await? == title);
    ensure!(value(browser, "[name=body]").await? == "復旧は11時の見込みです。");
    browser.click(SEND).await?;
    browser.until_shown("登録しました").await
}

async fn notices(desk: &Desk) -> anyhow::Result<usize> {
    Ok(desk.store().list_settings("notice").await?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_after_the_session_ended_or_was_begun_anew_comes_back_filled() -> Outcome {
    let desk = Setup::default().start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    // The last one tells no page where it comes from.
    let ways = [
        (Look::DESK, ""),
        (Look::PHONE, ""),
        (Look::DESK, "--no-referrers"),
    ];
    for (n, (look, argument)) in (0..).zip(ways) {
        let arguments: &[&str] = if argument.is_empty() {
            &[]
        } else {
            &[argument]
        };
        let browser = Browser::start_with(look.width.max(500), look.height, arguments).await?;
        browser.look(look).await?;
        browser.sign_in(desk.web(), "boss", &password).await?;

        write_notice(&desk, &browser, "旅費システムの障害").await?;
        desk.clock
            .run_from(desk.clock.now() + Millis::from_secs(3_700));
        browser.click(SEND).await?;
        browser.until_at("/sign-in").await?;
        browser.until_shown("まだ送信していません").await?;
        browser.give_password("boss", &password).await?;
        comes_back(&browser, "旅費システムの障害").await?;

        // Somebody signs in anew in another window of the same browser.
        write_notice(&desk, &browser, "給与システムの障害").await?;
        let here = browser.client.window().await?;
        let other = browser.client.new_window(true).await?;
        browser.client.switch_to_window(other.handle).await?;
        browser.open(desk.web(), "/sign-in?next=%2Fcalls").await?;
        browser.give_password("boss", &password).await?;
        browser.until_at("/calls").await?;
        browser.client.switch_to_window(here).await?;
        browser.click(SEND).await?;
        comes_back(&browser, "給与システムの障害").await?;
        ensure!(notices(&desk).await? == 2 * (n + 1), "each was saved once");
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_stands_beside_its_field_and_what_was_typed_stays() -> Outcome {
    let desk = Setup::default().start().await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let folder = tempfile::tempdir()?;
    let large = folder.path().join("旧台帳.csv");
    std::fs::write(&large, vec![b'0'; 13 << 20])?;
    Browser::at_both(async |browser| {
        browser.sign_in(desk.web(), "boss", &password).await?;
        browser.open(desk.web(), "/tickets/import").await?;
        browser.fill_in("#ledger", "前の台帳").await?;
        let chosen = browser.client.find(Locator::Css("#file")).await?;
        chosen.send_keys(&large.to_string_lossy()).await?;
        // The page tells it before anything is sent; the desk does it for browsers that do not.
        let told = "return document.getElementById('file').validationMessage";
        let told = browser.client.execute(told, Vec::new()).await?;
        ensure!(
            told.as_str().is_some_and(|told| told.contains("12MB以内")),
            "{told}"
        );
        let unaware = "document.getElementById('file').setCustomValidity('')";
        browser.client.execute(unaware, Vec::new()).await?;
        browser.click(SEND).await?;
        browser.until_shown("取り込んでいません").await?;
        let told = browser.text("#file-error").await?;
        ensure!(told.contains("12MB以内"), "{told}");
        ensure!(value(browser, "#ledger").await? == "前の台帳");

        browser
            .open(
                desk.web(),
                "/admin/calendar/range?from=2026-12-31&to=2026-12-29&rule=closed&note=%E5%B9%B4%E6%9C%AB",
            )
            .await?;
        let told = browser.text("#from-error").await?;
        ensure!(told.contains("最後の日以前"), "{told}");
        for (field, typed) in [
            ("#from", "2026-12-31"),
            ("#to", "2026-12-29"),
            ("#note", "年末"),
        ] {
            ensure!(value(browser, field).await? == typed, "{field}");
        }
        Ok(())
    })
    .await?;
    desk.end().await?;
    Ok(())
}

/// How many accounts there are.
async fn users(desk: &Desk) -> anyhow::Result<u64> {
    Ok(desk
        .store()
        .count_users(&UserFilter::default(), 100)
        .await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_with_phone_and_line_in_one_step_and_by_no_reload_once_more() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let password = desk.add_user("kanri", &[Role::Administrator], None).await?;
    for (look, login, extension) in [(Look::DESK, "sato", "301"), (Look::PHONE, "ito", "302")] {
        let browser = Browser::looking(look).await?;
        browser.sign_in(desk.web(), "kanri", &password).await?;
        browser.prove(desk.web(), &password).await?;
        browser.open(desk.web(), "/admin/users/new").await?;
        browser.fill_in("#login", login).await?;
        browser.fill_in("#name", "窓口 花子").await?;
        browser.click("input[name=role][value=agent]").await?;
        browser.click("#agent option[value='+new']").await?;
        // What is missing is told, and all the rest stays.
        browser.click(SEND).await?;
        browser.until_shown("内線番号：").await?;
        ensure!(value(&browser, "#login").await? == login);
        ensure!(value(&browser, "#agent").await? == "+new");
        browser.fill_in("#extension", extension).await?;
        let before = users(&desk).await?;
        browser.click(SEND).await?;
        browser.until_shown("「控えました」を押すまで").await?;
        let shown = browser.text("#one-time").await?;
        let phone = browser.text("#phone-password").await?;
        desk.wait("the agent is at the desk", || {
            let agents = desk.agents();
            let made = agents.iter().any(|agent| agent.agent.as_str() == login);
            made.then_some(())
        })
        .await?;

        // Loaded again as often as somebody likes, the page shows the same and makes nothing.
        for _ in 0..2 {
            browser.client.refresh().await?;
            ensure!(browser.text("#one-time").await? == shown);
            ensure!(browser.text("#phone-password").await? == phone);
        }
        ensure!(users(&desk).await? == before + 1, "one was made");
        let place = browser.client.current_url().await?.path().to_owned();
        browser
            .click("form[action='/account/noted'] button")
            .await?;
        browser.until_at(&place).await?;
        let gone = "return document.getElementById('one-time') === null";
        browser.until_true(gone).await?;
        browser.client.refresh().await?;
        browser.until_true(gone).await?;

        // It is for once: who signs in with it chooses another.
        let own = Browser::looking(look).await?;
        own.sign_in(desk.web(), login, &shown).await?;
        own.until_at("/account/password").await?;
        own.close().await?;
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}
