//! Manuals and questions that nothing answers, in a real Chromium: a manual is looked through, taken in, found by
//! its section and opened there; who asks in vain is told so, and the editors, too.

use anyhow::{Context, ensure};
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::article::{Article, ManualPlace, Stage};
use madoguchi_store::{ArticleFilter, Store};
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::Setup;

type Outcome = anyhow::Result<()>;

const MANUAL: &str = "<!doctype html><meta charset=utf-8><title>ぬりかべ会館の手引き</title>\
    <h1>第1章 予約</h1><h2>1.1 予約できる期間</h2><p>使う日の3か月前の月の1日から予約できます。</p>\
    <h2>1.2 使用料</h2><table><tr><th>部屋<th>料金</tr><tr><td>大広間<td>4,200円</tr></table>\
    <h1>第2章 当日</h1><p>鍵は裏口の管理室で渡します。</p>";

const MANUAL_BUTTON: &str = "section[aria-labelledby=manual-title] button.primary";

/// The articles of a manual.
async fn sections(store: &Store) -> anyhow::Result<Vec<Article>> {
    let page = store
        .page_articles(&ArticleFilter {
            limit: 500,
            ..ArticleFilter::default()
        })
        .await?;
    let mut sections = Vec::new();
    for row in page.rows {
        let article = store.lookup_article(&row.id).await?;
        sections.extend(article.filter(|article| place(article).is_some()));
    }
    Ok(sections)
}

fn place(article: &Article) -> Option<&ManualPlace> {
    article.newest()?.content.manual.as_ref()
}

async fn act(browser: &Browser, button: &str, told: &str) -> Outcome {
    browser.click(button).await?;
    browser.until_shown(told).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_is_found_by_its_section_and_opened_there() -> Outcome {
    let desk = Setup::default().with_faq().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let approver = [Role::FaqApprover];
    desk.add_user_with("shonin", &approver, None, &password)
        .await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("手引き.html");
    std::fs::write(&file, MANUAL)?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "henshu", &password).await?;
    browser.open(desk.web(), "/articles/import").await?;
    // A file made to overflow the stack of its reader ends that reader alone.
    let hostile = folder.path().join("悪い.pdf");
    let deep = "[".repeat(4_000_000);
    std::fs::write(
        &hostile,
        format!("%PDF-1.7\n1 0 obj\n{deep}\nendobj\ntrailer <</Root 1 0 R>>\n"),
    )?;
    browser.click("#category option[value=f03]").await?;
    let chosen = browser.client.find(Locator::Css("#manual-file")).await?;
    chosen.send_keys(&hostile.to_string_lossy()).await?;
    act(&browser, MANUAL_BUTTON, "ファイルを読み取れません").await?;
    // What was chosen stays.
    let chosen = browser.client.find(Locator::Css("#manual-file")).await?;
    chosen.send_keys(&file.to_string_lossy()).await?;
    act(&browser, MANUAL_BUTTON, "新しい記事3件").await?;
    browser
        .until_shown("ぬりかべ会館の手引き 第1章 予約 1.2 使用料")
        .await?;
    browser.until_shown("大広間").await?;
    ensure!(sections(desk.store()).await?.is_empty(), "only shown yet");
    act(&browser, "form button.primary", "取り込みました").await?;
    let sections = sections(desk.store()).await?;
    ensure!(sections.len() == 3, "{sections:?}");
    let ends = |one: &&Article| {
        place(one).is_some_and(|place| place.path.ends_with(&["1.2 使用料".to_owned()]))
    };
    let fees = sections.iter().find(ends).context("the section")?;
    let drafts = |one: &Article| {
        matches!(
            one.newest().map(|one| &one.stage),
            Some(Stage::Draft { .. })
        )
    };
    ensure!(sections.iter().all(drafts), "to be approved by others");

    let at = format!("/articles/{}", fees.id);
    browser.open(desk.web(), &at).await?;
    browser.until_shown("資料『ぬりかべ会館の手引き』").await?;

    // The sections are requested and approved together, by two people with a few presses each.
    let list = "/articles?stage=draft&text=%E3%81%AC%E3%82%8A%E3%81%8B%E3%81%B9%E4%BC%9A%E9%A4%A8";
    browser.open(desk.web(), list).await?;
    browser.click("details.bulk summary").await?;
    browser.click("#bulk input[name=all]").await?;
    let submit = "#bulk button[value=submit]";
    act(&browser, submit, "3件の確認を依頼しました").await?;
    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "shonin", &password).await?;
    browser.open(desk.web(), "/articles?stage=waiting").await?;
    let first = ["1.1 予約できる期間".to_owned()];
    for one in &sections {
        // All but one are chosen by themselves.
        if place(one).is_some_and(|place| !place.path.ends_with(&first)) {
            let chosen = format!("input[name=chosen][value^='{} ']", one.id);
            browser.click(&chosen).await?;
        }
    }
    let approve = "#bulk button[value=approve]";
    act(&browser, approve, "2件を承認して公開しました").await?;

    for place in ["/faq", "/knowledge"] {
        let hit = format!("a.hit[data-result='{}']", fees.id);
        // It is in the index within seconds.
        for _ in 0..100 {
            let search =
                format!("{place}?q=%E5%A4%A7%E5%BA%83%E9%96%93%E3%81%AE%E6%96%99%E9%87%91");
            browser.open(desk.web(), &search).await?;
            if !browser
                .client
                .find_all(Locator::Css(&hit))
                .await?
                .is_empty()
            {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        browser.click(&hit).await?;
        browser.until_at(&format!("{place}/{}", fees.id)).await?;
        browser
            .until_shown("資料『ぬりかべ会館の手引き』 第1章 予約 › 1.2 使用料")
            .await?;
        browser.until_shown("4,200円").await?;
        // What nobody has approved yet is no neighbour.
        ensure!(!browser.text("main").await?.contains("1.1 予約できる期間"));
    }
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nothing_answers_is_told_so_and_reaches_the_editors() -> Outcome {
    let desk = Setup::default().with_faq().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let browser = Browser::start(1280, 800).await?;
    // 南極のペンギンの飼育
    let asked = "%E5%8D%97%E6%A5%B5%E3%81%AE%E3%83%9A%E3%83%B3%E3%82%AE%E3%83%B3%E3%81%AE%E9%A3%BC%E8%82%B2";
    browser.open(desk.web(), &format!("/faq?q={asked}")).await?;
    browser.until_shown("見つかりませんでした").await?;
    ensure!(!browser.text("main").await?.contains("件見つかりました"));
    browser.sign_in(desk.web(), "henshu", &password).await?;
    browser
        .open(desk.web(), &format!("/knowledge?q={asked}"))
        .await?;
    browser.until_shown("見つかりませんでした").await?;
    browser.open(desk.web(), "/articles/attention").await?;
    browser.until_shown("南極のペンギンの飼育").await?;
    desk.end().await?;
    Ok(())
}
