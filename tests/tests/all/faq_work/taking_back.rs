//! What was asked for or approved too soon is taken back, and a draft thrown away.

use anyhow::ensure;
use madoguchi_core::access::Role;
use madoguchi_tests::browser::{Browser, Look};
use madoguchi_tests::desk::{Desk, Setup};

use super::{Outcome, act};

/// What the menu tells beside FAQの編集.
async fn menu_tells(browser: &Browser, words: &str) -> Outcome {
    let told = format!(
        "return document.querySelector('nav a[href=\"/articles\"]').textContent.includes('{words}')"
    );
    browser.until_true(&told).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_scheduled_or_only_begun_can_be_taken_back() -> Outcome {
    let desk = Setup::default().with_knowledge().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let approver = [Role::FaqApprover];
    desk.add_user_with("shonin", &approver, None, &password)
        .await?;
    for look in Look::BOTH {
        let [writes, approves] = [Browser::looking(look).await?, Browser::looking(look).await?];
        take_back(&desk, (&writes, &approves), &password).await?;
        for browser in [writes, approves] {
            browser.close().await?;
        }
    }
    desk.end().await?;
    Ok(())
}

async fn take_back(
    desk: &Desk,
    (writes, approves): (&Browser, &Browser),
    password: &str,
) -> Outcome {
    writes.sign_in(desk.web(), "henshu", password).await?;
    writes.open(desk.web(), "/articles/new").await?;
    writes
        .fill_in("#question", "ろくろ首の首の長さは、どこで申請しますか。")
        .await?;
    writes.fill_in("#answer", "総務課で申請します。").await?;
    writes
        .click("select[name=category] option[value=f03]")
        .await?;
    act(writes, "#article-form button.primary", "登録しました").await?;
    let path = writes.client.current_url().await?.path().to_owned();
    // A number that can be said on the telephone leads there, too.
    let name = writes.text("main").await?;
    let number = name.split("FAQ-").nth(1).unwrap_or_default();
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    ensure!(number.len() == 4, "{name}");
    writes
        .open(desk.web(), &format!("/articles/FAQ-{number}"))
        .await?;
    writes.until_shown("ろくろ首の首の長さ").await?;

    let submit = "form[action$='/submit'] button";
    act(writes, submit, "確認を依頼しました").await?;
    act(
        writes,
        "form[action$='/recall'] button",
        "下書きに戻っています",
    )
    .await?;
    act(writes, submit, "確認を依頼しました").await?;

    // Who approves begins at what waits for them.
    approves.sign_in(desk.web(), "shonin", password).await?;
    approves.until_at("/articles").await?;
    menu_tells(approves, "確認待ち1件").await?;
    approves.until_shown("ろくろ首の首の長さ").await?;
    approves.click("main tbody a").await?;
    approves.until_at(&path).await?;
    approves.until_shown("公開中の版がないため").await?;
    let tomorrow = "const field = document.getElementById('publish_at'); \
                    field.value = '2026-12-24T08:30'; return field.value";
    approves.client.execute(tomorrow, Vec::new()).await?;
    act(
        approves,
        "form[action$='/approve'] button",
        "指定した日時に公開します",
    )
    .await?;
    approves.until_shown("8:30に公開").await?;

    // A day before it is published somebody sees that it is wrong.
    writes.open(desk.web(), &path).await?;
    act(
        writes,
        "form[action$='/recall'] button",
        "下書きに戻っています",
    )
    .await?;
    writes.click("form[action$='/discard'] button").await?;
    act(writes, "dialog button.danger", "下書きを削除しました").await?;
    writes.until_at("/articles").await?;
    let gone = "return !document.querySelector('main').textContent.includes('ろくろ首')";
    writes.until_true(gone).await
}
