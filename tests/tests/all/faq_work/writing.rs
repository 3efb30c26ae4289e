//! What editors write: pictures from a file, from the clipboard and from a folder, and long answers.

use anyhow::ensure;
use fantoccini::Locator;
use fantoccini::key::Key;
use madoguchi_core::access::Role;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};
use serde_json::json;

use super::{Outcome, act, until_found};

/// Whether the picture with this description is shown, and not only its frame.
async fn picture(browser: &Browser, description: &str) -> anyhow::Result<bool> {
    let script = format!(
        "const one = document.querySelector(`main img[alt=\"{description}\"]`); \
         return Boolean(one && one.complete && one.naturalWidth > 0)"
    );
    is_true_soon(browser, &script).await
}

/// Whether a script finds something true before long.
async fn is_true_soon(browser: &Browser, script: &str) -> anyhow::Result<bool> {
    for _ in 0..200 {
        if browser.client.execute(script, Vec::new()).await? == true {
            return Ok(true);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(false)
}

/// Makes a picture, in the hand of somebody who pastes or drops it.
macro_rules! with_picture {
    ($name:literal, $then:literal) => {
        concat!(
            "const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 8;
            const text = atob(canvas.toDataURL('image/png').split(',')[1]);
            const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], '",
            $name,
            "', { type: 'image/png' }));
            window.pasted = performance.now();
            const answer = document.getElementById('answer');",
            $then
        )
    };
}

/// Pastes a picture into the text, as from a screenshot.
const PASTE: &str = with_picture!(
    "image.png",
    "const event = { clipboardData: data, bubbles: true, cancelable: true };
    answer.dispatchEvent(new ClipboardEvent('paste', event));"
);

/// Drops a picture into the text, as from a folder.
const DROP: &str = with_picture!(
    "folder.png",
    "const event = { dataTransfer: data, bubbles: true, cancelable: true };
    answer.dispatchEvent(new DragEvent('drop', event));"
);

/// Both are shown, and not only their frames.
const TWO: &str = "
    const all = [...document.querySelectorAll('main img[alt=\"説明\"]')];
    return all.length === 2 && all.every((one) => one.complete && one.naturalWidth > 0)";

/// Whether what is in the form was kept since then.
const KEPT_SINCE: &str = "
    const all = performance.getEntriesByType('resource');
    const last = all.findLast((one) => one.name.includes('/articles/autosave'));
    return Boolean(last && last.startTime > window.pasted && last.responseEnd > 0);";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_seen_by_who_writes_and_by_staff() -> Outcome {
    let desk = Setup::default().with_faq().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    let approver = [Role::FaqApprover];
    desk.add_user_with("shonin", &approver, None, &password)
        .await?;
    Browser::at_both(async |browser| picture_is_seen(&desk, browser, &password).await).await?;
    desk.end().await?;
    Ok(())
}

/// A picture is chosen, others are pasted and dropped, and all come to who reads.
async fn picture_is_seen(desk: &Desk, browser: &Browser, password: &str) -> Outcome {
    browser.sign_in(desk.web(), "henshu", password).await?;
    browser.open(desk.web(), "/articles/new").await?;
    browser.fill_in("#question", "ぬりかべ申請の画面").await?;
    browser.fill_in("#answer", "あとで書きます。").await?;
    act(browser, "#article-form button.primary", "登録しました").await?;
    let path = browser.client.current_url().await?.path().to_owned();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("申請 画面.png");
    std::fs::write(&file, browser.client.screenshot().await?)?;
    let chosen = browser.client.find(Locator::Css("#file")).await?;
    chosen.send_keys(&file.to_string_lossy()).await?;
    act(browser, "form[action$='/files'] button", "申請_画面.png").await?;

    browser.open(desk.web(), &format!("{path}/edit")).await?;
    browser
        .fill_in("#answer", "次の画面です。\n\n![申請の画面](申請_画面.png)")
        .await?;
    ensure!(picture(browser, "申請の画面").await?, "while it is written");
    // A picture that is pasted comes into the text; all of it is kept, saved or not.
    browser.until_shown("自動で保存しました").await?;
    browser.client.execute(PASTE, Vec::new()).await?;
    ensure!(picture(browser, "説明").await?, "as soon as it is pasted");
    browser.client.execute(DROP, Vec::new()).await?;
    ensure!(
        is_true_soon(browser, TWO).await?,
        "as soon as it is dropped"
    );
    ensure!(is_true_soon(browser, KEPT_SINCE).await?, "it is kept");
    browser.open(desk.web(), &format!("{path}/edit")).await?;
    browser.until_shown("保存していない入力があります").await?;
    browser.click("a[href$='resume=1']").await?;
    ensure!(is_true_soon(browser, TWO).await?, "and when one comes back");
    // Enter looks for related articles and keeps what was typed.
    browser.fill_in("#related_text", "旅費\u{e007}").await?;
    browser.until_shown("関連に追加する").await?;
    act(browser, "#article-form button.primary", "保存しました。").await?;
    act(
        browser,
        "form[action$='/submit'] button",
        "確認を依頼しました",
    )
    .await?;
    browser.client.delete_all_cookies().await?;
    browser.sign_in(desk.web(), "shonin", password).await?;
    browser.open(desk.web(), &path).await?;
    ensure!(picture(browser, "申請の画面").await?, "for who approves");
    act(
        browser,
        "form[action$='/approve'] button",
        "すぐに公開しました",
    )
    .await?;
    browser.client.delete_all_cookies().await?;
    let id = path.rsplit('/').next().unwrap_or_default();
    until_found(desk, "ぬりかべ申請", id, true).await?;
    browser.open(desk.web(), &format!("/faq/{id}")).await?;
    ensure!(picture(browser, "申請の画面").await?, "for staff");
    ensure!(is_true_soon(browser, TWO).await?, "all of them");
    Ok(())
}

/// Comes into the field that has the cursor as from an input method, all at once.
async fn type_at_once(browser: &Browser, text: &str) -> Outcome {
    let text = json!({ "text": text });
    browser.devtools("Input.insertText", text).await?;
    Ok(())
}

/// The longest answer that an article takes.
const LETTERS: usize = 20_000;
const LENGTH: &str = "return document.getElementById('answer').value.length";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_20_000_letters_is_typed_and_saved_and_one_letter_more_is_told_at_the_field()
-> Outcome {
    let desk = Setup::default().with_knowledge().start().await?;
    let password = desk.add_user("henshu", &[Role::FaqEditor], None).await?;
    Browser::at_both(async |browser| {
        browser.sign_in(desk.web(), "henshu", &password).await?;
        browser.open(desk.web(), "/articles/new").await?;
        browser.fill_in("#question", "長い手順").await?;
        browser.click("#answer").await?;
        // As somebody who writes a paragraph after the other.
        for n in 0..20 {
            let begin = format!("第{n:02}段落。");
            let end = if n < 19 { "\n" } else { "" };
            let rest = LETTERS / 20 - begin.chars().count() - end.len();
            type_at_once(browser, &format!("{begin}{}{end}", "旅".repeat(rest))).await?;
        }
        type_at_once(browser, "費").await?;
        let letters = browser.client.execute(LENGTH, Vec::new()).await?;
        ensure!(letters == LETTERS + 1, "{letters}");
        act(browser, "#article-form button.primary", "保存していません").await?;
        let told = browser.text("#answer-error").await?;
        ensure!(told.contains("20,000文字"), "{told}");
        let kept = browser.client.execute(LENGTH, Vec::new()).await?;
        ensure!(kept == LETTERS + 1, "nothing is lost: {kept}");

        browser.click("#answer").await?;
        let end = "const field = document.getElementById('answer'); \
                   field.setSelectionRange(field.value.length, field.value.length)";
        browser.client.execute(end, Vec::new()).await?;
        browser.press([Key::Backspace.into()]).await?;
        act(browser, "#article-form button.primary", "登録しました").await?;
        let path = browser.client.current_url().await?.path().to_owned();
        browser.open(desk.web(), &format!("{path}/edit")).await?;
        let saved = browser.client.execute(LENGTH, Vec::new()).await?;
        ensure!(saved == LETTERS, "{saved}");
        Ok(())
    })
    .await?;
    desk.end().await?;
    Ok(())
}
