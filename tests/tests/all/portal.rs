//! The FAQ in a real Chromium: staff search, read and say whether it helped, with and without
//! scripts; an agent works by keyboard alone.

use anyhow::{Context, ensure};
use fantoccini::key::Key;
use madoguchi_core::access::Role;
use madoguchi_core::live::AgentCommand;
use madoguchi_core::portal::AccessFigures;
use madoguchi_core::ticket::{Channel, Status};
use madoguchi_core::time::Instant;
use madoguchi_store::TicketFilter;
use madoguchi_tests::browser::{Browser, Look};
use madoguchi_tests::desk::{Desk, Setup};
use serde_json::{Value, json};

type Outcome = anyhow::Result<()>;

async fn desk() -> anyhow::Result<Desk> {
    Setup::default()
        .registering_agent("tanaka")
        .with_faq()
        .start()
        .await
}

async fn figures(desk: &Desk) -> anyhow::Result<AccessFigures> {
    Ok(desk
        .store()
        .access_figures(Instant(0), Instant(i64::MAX))
        .await?)
}

/// What a script finds.
async fn asked(browser: &Browser, script: &str) -> anyhow::Result<Value> {
    Ok(browser.client.execute(script, Vec::new()).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_find_an_answer_while_they_type_read_it_and_say_that_it_helped() -> Outcome {
    let desk = desk().await?;
    for (n, look) in (1..).zip(Look::BOTH) {
        let browser = Browser::looking(look).await?;
        find_and_thank(&desk, &browser, n).await?;
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}

/// The `n`th who searches, reads and thanks.
async fn find_and_thank(desk: &Desk, browser: &Browser, n: u64) -> Outcome {
    browser.open(desk.web(), "/faq").await?;
    // The search comes first: Chromium gives it the focus with the first picture of the page.
    browser
        .until_true("return document.activeElement.matches('#q')")
        .await?;
    browser.write("宿泊料").await?;
    // Results and suggestions come by themselves.
    browser
        .until_true("return document.querySelectorAll('#results mark').length > 0")
        .await?;
    browser
        .until_true("return !document.getElementById('suggestions').hidden")
        .await?;
    browser.press([Key::Down.into()]).await?;
    let active = "return document.querySelector('[role=option][aria-selected=true]').id === \
                  document.getElementById('q').getAttribute('aria-activedescendant')";
    ensure!(asked(browser, active).await? == true);
    browser.press([Key::Escape.into()]).await?;
    browser
        .until_true("return document.getElementById('suggestions').hidden")
        .await?;
    // What the search came to is kept once nobody types any more.
    browser
        .until_true("return document.querySelector('a[data-result]').href.includes('?s=')")
        .await?;
    browser.press([Key::Down.into()]).await?;
    ensure!(
        browser.has_focus("a[data-result]").await?,
        "down leads to the results"
    );
    browser.focus_is_seen().await?;
    let title = asked(browser, "return document.activeElement.textContent").await?;
    browser.press([Key::Enter.into()]).await?;
    browser.until_shown("このFAQは役に立ちましたか").await?;
    ensure!(browser.text("h1").await? == title, "{title}");
    browser.fill_in("#comment", "よく分かりました。").await?;
    browser.click("button[value=yes]").await?;
    browser.until_shown("ご意見を受け付けました").await?;
    let seen = figures(desk).await?;
    ensure!(
        seen.portal.searches == n && seen.portal.opened == n,
        "{seen:?}"
    );
    let (_, access) = seen.articles.first_key_value().context("an article")?;
    ensure!((access.portal, access.helped) == (n, n), "{access:?}");
    // What was read is known to this browser alone, which forgets it when told to.
    browser.open(desk.web(), "/faq/history").await?;
    let title = title.as_str().context("a title")?;
    browser.until_shown(title).await?;
    browser.click("[data-history-clear]").await?;
    browser.until_shown("閲覧履歴はありません").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_belongs_to_the_input_method_while_it_composes() -> Outcome {
    let desk = desk().await?;
    let browser = Browser::start(1280, 800).await?;
    browser.open(desk.web(), "/faq").await?;
    browser.write("旅費").await?;
    browser
        .until_true("return !document.getElementById('suggestions').hidden")
        .await?;
    browser.press([Key::Down.into()]).await?;
    // As a browser tells of a key that the input method takes.
    let composing = "
        const field = document.getElementById('q');
        const event = new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
        const free = field.dispatchEvent(event);
        return free && location.pathname === '/faq' && !document.getElementById('suggestions').hidden;";
    ensure!(asked(&browser, composing).await? == true);
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_staff_search_read_say_their_word_and_write() -> Outcome {
    let desk = desk().await?;
    for (n, (look, name)) in (1..).zip(Look::BOTH.into_iter().zip(["佐藤", "伊藤"])) {
        let browser = Browser::start_without_scripts(look.width.max(500), look.height).await?;
        browser.look(look).await?;
        read_and_write(&desk, &browser, (name, n)).await?;
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}

/// Somebody of this name reads, is not helped, and writes.
async fn read_and_write(desk: &Desk, browser: &Browser, (name, n): (&str, u64)) -> Outcome {
    browser.open(desk.web(), "/faq").await?;
    browser.until_shown("分類から探す").await?;
    browser.fill_in("#q", "パスワードを忘れた").await?;
    browser.click("form[role=search] button").await?;
    browser.until_shown("見つかりました").await?;
    browser.click("a.hit").await?;
    browser.until_shown("このFAQは役に立ちましたか").await?;
    browser.click("button[value=no]").await?;
    browser.until_shown("ご意見を受け付けました").await?;
    browser.click(".helped a").await?;
    browser.until_shown("03-9999-0000").await?;
    browser.until_shown("受付時間内").await?;
    for (field, text) in [
        ("#name", name),
        ("#extension", "1234"),
        ("#text", "再設定のメールが届きません。"),
    ] {
        browser.fill_in(field, text).await?;
    }
    browser.click("form.form button.primary").await?;
    browser.until_shown("問合せを受け付けました").await?;
    let filter = TicketFilter {
        limit: 5,
        ..TicketFilter::default()
    };
    let kept = desk.store().list_tickets(&filter).await?;
    let own = kept.iter().find(|one| one.name == name);
    let one = own.context("an inquiry is a ticket")?;
    ensure!(
        one.site == "本部" && one.status == Status::Received,
        "{one:?}"
    );
    let ticket = desk.store().lookup_ticket(&one.id).await?;
    let ticket = ticket.context("the ticket")?;
    ensure!(
        !ticket.fields.articles.is_empty() && ticket.fields.channel == Channel::Portal,
        "the article that did not help"
    );
    browser.until_shown(&one.number.to_string()).await?;
    let seen = figures(desk).await?;
    ensure!(
        seen.portal.searches == n && seen.portal.opened == n,
        "{seen:?}"
    );
    browser.open(desk.web(), "/faq/history").await?;
    browser.until_shown("JavaScriptが必要です").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_searches_copies_and_settles_by_keyboard_alone() -> Outcome {
    let desk = desk().await?;
    let password = desk
        .add_user("tanaka", &[Role::Agent], Some("tanaka"))
        .await?;
    for (n, look) in (1..).zip(Look::BOTH) {
        let browser = Browser::looking(look).await?;
        search_copy_and_settle(&desk, &browser, (n, look), &password).await?;
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}

/// The `n`th who looks for an answer for a caller, without a mouse.
async fn search_copy_and_settle(
    desk: &Desk,
    browser: &Browser,
    (n, look): (u64, Look),
    password: &str,
) -> Outcome {
    browser.sign_in(desk.web(), "tanaka", password).await?;
    browser.open(desk.web(), "/knowledge").await?;
    // What is copied is seen in the test's hand.
    asked(
        browser,
        "
        window.copied = null;
        navigator.clipboard.writeText = async (text) => { window.copied = text; };",
    )
    .await?;
    browser.press([Key::Tab.into()]).await?;
    ensure!(!browser.has_focus("#q").await?);
    browser.press(['/']).await?;
    ensure!(
        browser.has_focus("#q").await?,
        "one key leads to the search"
    );
    browser.write("アカウントがロックされた").await?;
    browser
        .until_true("return document.querySelectorAll('a[data-result]').length > 0")
        .await?;
    browser
        .until_true("return document.querySelector('input[name=search]').value !== ''")
        .await?;
    browser.press([Key::Down.into()]).await?;
    browser.focus_is_seen().await?;
    let id = asked(browser, "return document.activeElement.dataset.result").await?;
    let id = id.as_str().context("a result")?.to_owned();
    let name = asked(browser, "return document.activeElement.dataset.name").await?;
    let name = name.as_str().context("its number")?.to_owned();
    ensure!(name.starts_with("FAQ-"), "{name}");
    browser
        .until_true(
            "return document.querySelector('[data-previewed]')?.dataset.previewed === \
         document.activeElement.dataset.result",
        )
        .await?;
    browser.press(['r']).await?;
    browser
        .until_true("return document.activeElement.closest('li').querySelector('.reasons').open")
        .await?;
    browser.press(['c']).await?;
    browser
        .until_shown(&format!("{name} の回答をコピーしました"))
        .await?;
    let copied = asked(browser, "return window.copied").await?;
    let copied = copied.as_str().context("something is copied")?;
    ensure!(copied.contains(&format!("({name}『")), "{copied}");
    browser.press(['s']).await?;
    browser
        .until_shown("「これで解決した」を記録しました")
        .await?;
    browser.press(['n']).await?;
    browser
        .until_shown("「見つからなかった」を記録しました")
        .await?;
    browser
        .press([Key::Down.into(), Key::Up.into(), Key::Up.into()])
        .await?;
    ensure!(
        browser.has_focus("#q").await?,
        "up leads back to the search"
    );
    let seen = figures(desk).await?;
    ensure!(
        seen.articles
            .get(id.as_str())
            .is_some_and(|access| access.settled == n),
        "{seen:?}"
    );
    // Each but the last has looked for another thing at the end.
    ensure!(seen.desk.searches == 2 * n - 1, "{seen:?}");
    let missed = madoguchi_store::ContentGap::Missed;
    let missed = desk.store().missed_queries(missed, Instant(0), 5).await?;
    ensure!(missed.len() == 1, "{missed:?}");
    browser.press([Key::Down.into(), Key::Enter.into()]).await?;
    browser.until_at(&format!("/knowledge/{id}")).await?;
    asked(
        browser,
        "navigator.clipboard.writeText = async (text) => { window.copied = text; };",
    )
    .await?;
    browser.click("button[data-copies]").await?;
    browser.until_shown("コピーしました。").await?;
    ensure!(asked(browser, "return window.copied").await?.as_str() == Some(copied));
    browser
        .open(desk.web(), "/knowledge?q=%E6%97%85%E8%B2%BB")
        .await?;
    let seen = "const hits = [...document.querySelectorAll('.hits > li')]; \
                return hits.filter((hit) => hit.getBoundingClientRect().bottom <= innerHeight).length";
    let seen = asked(browser, seen).await?;
    let least = if look == Look::DESK { 7 } else { 2 };
    ensure!(
        seen.as_u64().is_some_and(|seen| seen >= least),
        "{look}: {seen} results are seen at once"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_cannot_be_had_are_said_to_be_missing() -> Outcome {
    let desk = desk().await?;
    let password = desk.add_user("sato", &[Role::Agent], None).await?;
    Browser::at_both(async |browser| say_what_is_missing(&desk, browser, &password).await).await?;
    desk.end().await?;
    Ok(())
}

/// The panel after the session ended, and the portal without a connection.
async fn say_what_is_missing(desk: &Desk, browser: &Browser, password: &str) -> Outcome {
    let none = "return document.querySelector('#results li') === null";
    browser.sign_in(desk.web(), "sato", password).await?;
    for (path, words) in [
        ("/knowledge", "ログインが終了したため、検索できません"),
        ("/faq", "検索の結果を受け取れませんでした"),
    ] {
        browser.open(desk.web(), path).await?;
        browser.write("宿泊料").await?;
        browser
            .until_true("return document.querySelector('#results mark') !== null")
            .await?;
        if path == "/knowledge" {
            browser.client.delete_all_cookies().await?;
        } else {
            browser.devtools("Network.enable", json!({})).await?;
            let offline = json!({
                "offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
            });
            browser
                .devtools("Network.emulateNetworkConditions", offline)
                .await?;
        }
        browser.write("の").await?;
        browser.until_shown(words).await?;
        browser.until_true(none).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_state_beside_the_search_is_how_it_is_now_though_nothing_is_touched() -> Outcome {
    let desk = desk().await?;
    let password = desk
        .add_user("tanaka", &[Role::Agent], Some("tanaka"))
        .await?;
    Browser::at_both(async |browser| own_state_follows(&desk, browser, &password).await).await?;
    desk.end().await?;
    Ok(())
}

/// The own state changes while nothing is touched.
async fn own_state_follows(desk: &Desk, browser: &Browser, password: &str) -> Outcome {
    browser.sign_in(desk.web(), "tanaka", password).await?;
    browser.open(desk.web(), "/knowledge").await?;
    for (command, shown) in [
        (AgentCommand::Ready, "受付可"),
        (
            AgentCommand::Away {
                reason: "会議".to_owned(),
            },
            "離席",
        ),
    ] {
        ensure!(desk.command("tanaka", command).await);
        let badge = format!(
            "return document.querySelector('[data-own] .badge')?.textContent === '{shown}'"
        );
        browser.until_true(&badge).await?;
    }
    Ok(())
}
