//! Files beside tickets, in a real Chromium and past a real clamd: at the reception before there is a ticket,
//! on the page of one, twice by a double click, with a virus, too large for the search, and without it.

use std::path::Path;

use anyhow::{Context, ensure};
use fantoccini::Locator;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::ticket::{ScanResult, Ticket};
use madoguchi_store::TicketFilter;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::clamd::{Clamd, STREAM_BYTES, eicar};
use madoguchi_tests::desk::{Desk, Setup};

type Outcome = anyhow::Result<()>;

const QUESTION: &str = "申請の画面が開かない";
const HALF: &str = "書きかけの回答";

async fn ticket(desk: &Desk) -> anyhow::Result<Option<Ticket>> {
    let filter = TicketFilter {
        limit: 10,
        ..TicketFilter::default()
    };
    let rows = desk.store().list_tickets(&filter).await?;
    match rows.first() {
        Some(row) => Ok(desk.store().lookup_ticket(&row.id).await?),
        None => Ok(None),
    }
}

async fn names(desk: &Desk) -> anyhow::Result<Vec<(String, ScanResult)>> {
    let ticket = ticket(desk).await?.context("a ticket")?;
    let files = ticket.attachments();
    Ok(files
        .map(|one| (one.file.name.clone(), one.file.scan))
        .collect())
}

async fn choose(browser: &Browser, file: &Path) -> Outcome {
    let input = browser.client.find(Locator::Css("#file")).await?;
    Ok(input.send_keys(&file.display().to_string()).await?)
}

/// Clicks twice, as fast as a mouse can.
async fn double_click(browser: &Browser, selector: &str) -> Outcome {
    let button = browser.client.find(Locator::Css(selector)).await?;
    let (press, release) = (
        || PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        },
        || PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        },
    );
    let twice = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement {
            element: button,
            duration: None,
            x: 0.0,
            y: 0.0,
        })
        .then(press())
        .then(release())
        .then(press())
        .then(release());
    Ok(browser.client.perform_actions(twice).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_along_once_and_nothing_typed_or_harmful_slips() -> Outcome {
    let mut clamd = Clamd::start().await?;
    let desk = Setup::default()
        .more(&format!("[attachments]\nclamd = \"{}\"", clamd.address()))
        .start()
        .await?;
    let password = desk.add_user("sekinin", &[Role::Supervisor], None).await?;
    let files = tempfile::tempdir()?;
    let file = |name: &str, content: &[u8]| -> anyhow::Result<std::path::PathBuf> {
        let path = files.path().join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    };
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "sekinin", &password).await?;

    // Before there is a ticket: what was typed stays, and the file comes with the save.
    browser.open(desk.web(), "/reception?new=plain").await?;
    browser.fill_in("#question", QUESTION).await?;
    browser.click("[data-files] summary").await?;
    choose(&browser, &file("一覧.csv", b"a,b\r\n1,2\r\n")?).await?;
    browser.until_shown("「一覧.csv」を添付しました").await?;
    let typed = format!("return document.getElementById('question').value === '{QUESTION}'");
    browser.until_true(&typed).await?;
    ensure!(ticket(&desk).await?.is_none(), "nothing is registered yet");
    browser.click("button[value=save]").await?;
    browser.until_shown("を保存しました").await?;
    ensure!(names(&desk).await? == [("一覧.csv".to_owned(), ScanResult::Clean)]);

    // On the page of the ticket, twice by a double click, while a text is half written.
    let number = ticket(&desk).await?.context("a ticket")?.number.to_string();
    let page = format!("/tickets/{number}");
    browser.open(desk.web(), &page).await?;
    browser.fill_in(".ticket-form [name=answer]", HALF).await?;
    choose(&browser, &file("手順.txt", "手順".as_bytes())?).await?;
    double_click(&browser, "[data-attach]").await?;
    browser.until_shown("「手順.txt」を添付しました").await?;
    let typed =
        format!("return document.querySelector('.ticket-form [name=answer]').value === '{HALF}'");
    browser.until_true(&typed).await?;
    let kept = ticket(&desk).await?.context("a ticket")?;
    ensure!(kept.attachments().count() == 2, "{kept:#?}");

    // A virus is named, recorded and refused.
    choose(&browser, &file("見積.txt", eicar().as_bytes())?).await?;
    browser.click("[data-attach]").await?;
    browser.until_shown("ウイルス(Eicar-Test-Signature").await?;
    let refused = desk.until_recorded(Action::TicketFileRefused).await?;
    ensure!(refused.object == number && refused.after["file"] == "見積.txt");
    ensure!(refused.after["found"].starts_with("Eicar-Test-Signature"));

    // What is larger than clamd takes is kept, and says so.
    let large = "1,2,3\r\n".repeat(STREAM_BYTES / 7 + 1_000);
    choose(&browser, &file("大きい.csv", large.as_bytes())?).await?;
    browser.click("[data-attach]").await?;
    browser
        .until_shown("未検査(ウイルス検査の上限を超える大きさ)")
        .await?;

    // While clamd cannot be asked, nothing is taken.
    clamd.stop().await?;
    choose(&browser, &file("後で.txt", "後で".as_bytes())?).await?;
    browser.click("[data-attach]").await?;
    browser
        .until_shown("ウイルス検査ができないため、「後で.txt」を添付していません")
        .await?;
    browser.until_true(&typed).await?;
    let names = names(&desk).await?;
    let expected = [
        ("一覧.csv", ScanResult::Clean),
        ("手順.txt", ScanResult::Clean),
        ("大きい.csv", ScanResult::Unscanned),
    ];
    ensure!(
        names == expected.map(|(name, scan)| (name.to_owned(), scan)),
        "{names:?}"
    );

    // Without scripts the same form does it, and a file is taken away again.
    browser.close().await?;
    let browser = Browser::start_without_scripts(1280, 800).await?;
    browser.sign_in(desk.web(), "sekinin", &password).await?;
    browser.open(desk.web(), &page).await?;
    browser.click("[data-files] li details summary").await?;
    browser.click("[data-files] li details button").await?;
    browser.until_shown("添付ファイルを取り除きました").await?;
    let kept = ticket(&desk).await?.context("a ticket")?;
    ensure!(kept.attachments().count() == 2);
    choose(&browser, &file("後で.txt", "後で".as_bytes())?).await?;
    browser.click("[data-attach]").await?;
    browser.until_shown("ウイルス検査ができないため").await?;
    browser.close().await?;
    desk.end().await?;
    Ok(())
}
