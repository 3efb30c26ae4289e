//! An article from the first word to what staff find, in a real Chromium and over the desk's own
//! store and search.

mod taking_back;
mod writing;

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_reports::table::{Column, Form, Table, workbook};
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::faq;

type Outcome = anyhow::Result<()>;

/// Waits until the portal's answer to a search holds, or does not hold, a text.
async fn until_found(desk: &Desk, query: &str, text: &str, wanted: bool) -> Outcome {
    let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let url = format!("http://{}/faq?q={query}", desk.web());
    let http = madoguchi_tests::http_client().build()?;
    let mut last = String::new();
    for _ in 0..600 {
        let response = http.get(&url).send().await?;
        last = response.text().await?;
        if last.contains(text) == wanted && !last.contains("検索を準備しています") {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("in vain: {text} {wanted}\n{last}")
}

async fn act(browser: &Browser, button: &str, told: &str) -> Outcome {
    browser.click(button).await?;
    browser.until_shown(told).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_is_found_once_somebody_else_has_approved_it_and_not_after_its_withdrawal()
-> Outcome {
    let desk = Setup::default()
        .registering_agent("tanaka")
        .at_real_time()
        .with_knowledge()
        .start()
        .await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let approver = [Role::FaqApprover];
    desk.add_user_with("shonin", &approver, None, &password)
        .await?;
    Browser::at_both(async |browser| live_and_end(&desk, browser, &password).await).await?;
    desk.end().await?;
    Ok(())
}

/// An article is written, sent back, approved and withdrawn.
async fn live_and_end(desk: &Desk, browser: &Browser, password: &str) -> Outcome {
    browser.sign_in(desk.web(), "henshu", password).await?;
    browser.open(desk.web(), "/articles/new").await?;
    browser
        .fill_in("#question", "ぬりかべ申請の出し方を教えてください。")
        .await?;
    browser
        .fill_in("#answer", "「ぬりかべ」の画面から申請します。")
        .await?;
    act(browser, "button[value=preview]", "まだ保存していません").await?;
    browser
        .click("select[name=category] option[value=f03]")
        .await?;
    act(browser, "#article-form button.primary", "登録しました").await?;
    let address = browser.client.current_url().await?;
    let path = address.path().to_owned();
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    act(
        browser,
        "form[action$='/submit'] button",
        "確認を依頼しました",
    )
    .await?;
    until_found(desk, "ぬりかべ申請", &id, false).await?;

    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "shonin", password).await?;
    browser.open(desk.web(), &path).await?;
    let in_reach = "const bar = document.querySelector('.review-bar').getBoundingClientRect(); \
                    return bar.top >= 0 && bar.bottom <= innerHeight + 1";
    let in_reach = browser.client.execute(in_reach, Vec::new()).await?;
    ensure!(in_reach == true, "approval is in reach without scrolling");
    browser.click(".review-bar summary").await?;
    browser
        .fill_in("#back-reason", "画面の名前を直してください")
        .await?;
    act(
        browser,
        "form[action$='/send-back'] button",
        "差し戻しました",
    )
    .await?;

    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "henshu", password).await?;
    browser.open(desk.web(), &path).await?;
    browser.until_shown("画面の名前を直してください").await?;
    browser.open(desk.web(), &format!("{path}/edit")).await?;
    browser
        .fill_in("#answer", "「ぬりかべ申請」の画面から申請します。")
        .await?;
    act(browser, "#article-form button.primary", "保存しました。").await?;
    browser.until_at(&path).await?;
    act(
        browser,
        "form[action$='/submit'] button",
        "確認を依頼しました",
    )
    .await?;

    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "shonin", password).await?;
    browser.open(desk.web(), &path).await?;
    act(
        browser,
        "form[action$='/approve'] button",
        "すぐに公開しました",
    )
    .await?;
    let approved = desk.clock.now();
    until_found(desk, "nurikabe", &id, true).await?;
    let took = (desk.clock.now() - approved).0;
    ensure!(took < 10_000, "found after {took} ms");

    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "henshu", password).await?;
    browser.open(desk.web(), &path).await?;
    browser
        .fill_in("#ask-reason", "制度がなくなりました")
        .await?;
    act(
        browser,
        "form[action$='/ask-withdrawal'] button",
        "取下げを依頼しました",
    )
    .await?;
    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "shonin", password).await?;
    browser.open(desk.web(), &path).await?;
    act(
        browser,
        "form[action$='/withdraw'] button",
        "取り下げました",
    )
    .await?;
    until_found(desk, "ぬりかべ申請", &id, false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_in_vain_becomes_a_synonym_and_finds_at_once() -> Outcome {
    let desk = Setup::default().with_faq().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    until_found(&desk, "ぬりかべ", "見つかりませんでした", true).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "henshu", &password).await?;
    browser.open(desk.web(), "/articles/attention").await?;
    browser
        .click("a[aria-label='『ぬりかべ』の同義語を登録する']")
        .await?;
    browser.until_at("/articles/synonyms").await?;
    browser.click("p.actions a.primary").await?;
    browser.until_at("/articles/synonyms/new").await?;
    browser.fill_in("#f1", "ぬりかべ\n宿泊料").await?;
    act(&browser, "button[value=try]", "見つかるFAQ").await?;
    browser.until_shown("宿泊料").await?;
    act(&browser, ".form button.primary", "登録しました").await?;
    until_found(&desk, "ぬりかべ", "class=\"hit\"", true).await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_looked_through_before_it_becomes_drafts() -> Outcome {
    let desk = Setup::default().with_faq().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let table = Table {
        title: "記事".to_owned(),
        sheet: "記事".to_owned(),
        made_at: desk.clock.now(),
        columns: ["質問", "回答"]
            .map(|name| Column {
                name: (*name).into(),
                width: 20,
            })
            .into(),
        rows: vec![vec!["ぬりかべの数え方".into(), "1枚と数えます。".into()]],
    };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("記事.xlsx");
    std::fs::write(&file, workbook(&table, Form::Data)?)?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "henshu", &password).await?;
    browser.open(desk.web(), "/articles/import").await?;
    let chosen = browser.client.find(Locator::Css("#file")).await?;
    chosen.send_keys(&file.to_string_lossy()).await?;
    act(&browser, ".form button.primary", "新しい記事1件").await?;
    browser.until_shown("ぬりかべの数え方").await?;
    act(&browser, "form button.primary", "取り込みました").await?;
    browser.until_at("/articles").await?;
    browser.until_shown("ぬりかべの数え方").await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_marks_what_answers_a_question_and_a_second_window_loses_no_mark() -> Outcome {
    let desk = Setup::default().with_knowledge().start().await?;
    faq::publish(&desk).await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let mut windows = Vec::new();
    for size in [(1280, 800), (500, 844)] {
        let browser = Browser::start(size.0, size.1).await?;
        browser.sign_in(desk.web(), "henshu", &password).await?;
        browser.open(desk.web(), "/articles/grading").await?;
        browser.fill_in("#q", "パスワードを忘れた").await?;
        browser.click("form[role=search] button").await?;
        browser.until_shown("『パスワードを忘れた』の答え").await?;
        windows.push(browser);
    }
    let [first, second] = &windows[..] else {
        anyhow::bail!("two windows")
    };
    let mark = |row: u32, grade: u32| {
        format!("main tbody tr:nth-child({row}) select option[value='{grade}']")
    };
    first.click(&mark(1, 3)).await?;
    act(first, "button[value=save]", "採点を保存しました").await?;
    first.until_shown("正解 1件、参考 0件").await?;

    second.click(&mark(2, 1)).await?;
    act(
        second,
        "button[value=save]",
        "ほかの画面で先に採点されました",
    )
    .await?;
    let marked = "return document.querySelector('main tbody tr:nth-child(2) select').value === '1'";
    second.until_true(marked).await?;
    second.click(&mark(1, 3)).await?;
    act(second, "button[value=save]", "採点を保存しました").await?;
    second.until_shown("正解 1件、参考 1件").await?;
    for browser in windows {
        browser.close().await?;
    }
    desk.end().await?;
    Ok(())
}
