//! The end of a month: the first working day in a real Chromium, from the list of 未登録 to what was handed
//! in, and a program that is killed during 確定.

mod killed;

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::{Month, SubmissionState};
use madoguchi_reports::month::sample::{SampleCounts, SampleMonth, sample};
use madoguchi_reports::rows::rows;
use madoguchi_store::Store;
use madoguchi_store::testing::add_histories;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};
use serde_json::json;
use zip::ZipArchive;

type Outcome = anyhow::Result<()>;

const MONTH: &str = "/monthly/2026-11";
const BOOK: &str = "ヘルプデスク受付状況報告";

/// A month of a small desk.
fn month(text: &str, offered: u32) -> anyhow::Result<SampleMonth> {
    let counts = SampleCounts {
        month: text.parse()?,
        offered,
        answered: offered - offered / 50,
        first_unanswered: offered / 20,
        escalations: offered / 50,
        unsolved: offered / 50,
        after_hours: 2,
        portal: 3,
    };
    let calendar = Calendar::new(HoursSettings::default());
    // The desk itself gives numbers from 1.
    Ok(sample(counts, &calendar, &"help".into(), 10_000))
}

async fn keep(store: &Store, month: &SampleMonth) -> Outcome {
    for calls in month.calls.chunks(500) {
        let events: Vec<_> = calls.iter().flatten().cloned().collect();
        store.append(&events).await?;
    }
    Ok(add_histories(store, &month.tickets).await?)
}

/// Lets the browser save files in a folder without asking.
async fn save_into(browser: &Browser, folder: &Path) -> Outcome {
    let behavior = json!({ "behavior": "allow", "downloadPath": folder });
    browser
        .devtools("Browser.setDownloadBehavior", behavior)
        .await?;
    Ok(())
}

/// Follows the link that hands out a file of the first edition, and waits until it has arrived.
async fn download(browser: &Browser, folder: &Path, label: &str) -> anyhow::Result<Vec<u8>> {
    let open = "document.querySelectorAll('details').forEach((part) => { part.open = true; })";
    browser.client.execute(open, Vec::new()).await?;
    browser
        .click(&format!("a[aria-label='第1版の{label}で出力する']"))
        .await?;
    for _ in 0..600 {
        let files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        let is_whole = |name: &str| !name.starts_with('.') && !name.ends_with(".crdownload");
        let whole = files
            .iter()
            .all(|file| is_whole(&file.file_name().to_string_lossy()));
        if let [file] = files.as_slice()
            && whole
        {
            let content = std::fs::read(file.path())?;
            let name = file.file_name().to_string_lossy().into_owned();
            ensure!(name.contains("令和08年11月_第1版"), "{name}");
            std::fs::remove_file(file.path())?;
            return Ok(content);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{label} did not arrive")
}

/// The names in an archive, all of which can be read to their end.
fn names(archive: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    let mut names = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let name = file.name()?.into_owned();
        ensure!(!content.is_empty(), "{name} is empty");
        names.push(name);
    }
    Ok(names)
}

/// Each of the two calls that nobody registered: one was a wrong number, one a matter.
async fn register_all(browser: &Browser, desk: &Desk) -> Outcome {
    browser.open(desk.web(), MONTH).await?;
    browser.click("a[href^='/reception/unregistered']").await?;
    browser.until_shown("2件").await?;
    let reason = Locator::Css("table.calls tbody tr:first-child select[name=reason]");
    let reason = browser.client.find(reason).await?;
    reason.select_by_value("wrong_number").await?;
    browser
        .click("table.calls tbody tr:first-child form button")
        .await?;
    browser.until_shown("1件").await?;
    browser.click("table.calls tbody a.button").await?;
    browser.until_at("/reception").await?;
    browser
        .fill_in("#question", "旅費の精算が差し戻された")
        .await?;
    browser
        .fill_in("#answer", "もう一度申請してください")
        .await?;
    browser.click("button[value=save]").await?;
    browser.until_shown("を保存しました").await?;
    browser
        .open(desk.web(), "/reception/unregistered?month=2026-11")
        .await?;
    browser.until_shown("未登録の通話はありません").await
}

/// All sums agree; where they did not, somebody writes why.
async fn reconcile(browser: &Browser, desk: &Desk) -> Outcome {
    browser.open(desk.web(), &format!("{MONTH}/checks")).await?;
    for _ in 0..10 {
        let fields = Locator::Css("td form textarea[name=reason]");
        let fields = browser.client.find_all(fields).await?;
        let mut open = None;
        for field in fields {
            if field.prop("value").await?.unwrap_or_default().is_empty() {
                open = Some(field);
                break;
            }
        }
        let Some(field) = open else {
            return browser.until_shown("確定の妨げになる差はありません").await;
        };
        field.send_keys("前月の台帳からの引継ぎによる").await?;
        browser
            .client
            .execute(
                "arguments[0].form.requestSubmit()",
                vec![serde_json::to_value(&field)?],
            )
            .await?;
        browser.until_shown("保存しました").await?;
    }
    bail!("sums never agree")
}

async fn write(browser: &Browser, desk: &Desk, path: &str, fields: &[(&str, &str)]) -> Outcome {
    browser
        .open(desk.web(), &format!("{MONTH}/{path}/new"))
        .await?;
    for (name, text) in fields {
        browser.fill_in(&format!("[name={name}]"), text).await?;
    }
    browser.click("main form.form button.primary").await?;
    browser.until_shown("登録しました").await
}

async fn freeze(browser: &Browser, desk: &Desk, edition: u32, reason: &str) -> Outcome {
    browser.open(desk.web(), &format!("{MONTH}/freeze")).await?;
    browser.until_shown(&format!("第{edition}版の確定")).await?;
    if !reason.is_empty() {
        browser.fill_in("#reason", reason).await?;
    }
    browser.click("main form.form button.primary").await?;
    browser.click("dialog button.danger").await?;
    browser.until_at(MONTH).await?;
    browser.until_shown("確定しました").await
}

/// Records what became of the report.
async fn step(browser: &Browser, choice: &str, person: &str, remark: &str) -> Outcome {
    if !choice.is_empty() {
        browser
            .click(&format!("input[name=kind][value={choice}]"))
            .await?;
    }
    browser.fill_in("[name=person]", person).await?;
    browser.fill_in("[name=remark]", remark).await?;
    browser.click("main form.form button.primary").await?;
    browser.until_shown("記録しました").await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_first_working_day_a_report_goes_from_the_unregistered_calls_to_its_approval()
-> Outcome {
    let setup = Setup::default().registering_agent("tanaka");
    let desk = setup.running_from("2026-12-01T09:10:00").start().await?;
    let mut november = month("2026-11", 50)?;
    // Two calls that nobody registered.
    november.tickets.drain(10..12);
    keep(desk.store(), &november).await?;
    let password = desk.add_user("hokoku", &[Role::Reporter], None).await?;
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "hokoku", &password).await?;
    register_all(&browser, &desk).await?;
    reconcile(&browser, &desk).await?;
    let remark = [("text", "11月は旅費の精算の問合せが多かった。")];
    write(&browser, &desk, "remarks", &remark).await?;
    freeze(&browser, &desk, 1, "").await?;

    let folder = tempfile::tempdir()?;
    save_into(&browser, folder.path()).await?;
    let xlsx = download(&browser, folder.path(), &format!("{BOOK}を提出用(Excel)")).await?;
    let cells = rows(&xlsx, 10_000)?.rows;
    ensure!(!cells.is_empty(), "the workbook has rows");
    let docx = download(&browser, folder.path(), &format!("{BOOK}を文書(Word)")).await?;
    ensure!(names(&docx)?.contains(&"word/document.xml".to_owned()));
    let pdf = download(&browser, folder.path(), &format!("{BOOK}をPDF")).await?;
    ensure!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
    let zip = names(&download(&browser, folder.path(), "全ての報告書を電子納品(zip)").await?)?;
    for ending in [
        "_第1版.xlsx",
        "_第1版_データ用.xlsx",
        "_第1版.docx",
        "_結合.pdf",
    ] {
        let found = zip.iter().any(|name| name.ends_with(ending));
        ensure!(found, "no {ending}: {zip:?}");
    }

    browser.open(desk.web(), MONTH).await?;
    step(&browser, "", "機構 業務管理係", "").await?;
    step(
        &browser,
        "returned",
        "機構 山本",
        "作業実績が記入されていない",
    )
    .await?;
    let work = [("count", "3"), ("source", "作業台帳 第11号")];
    write(&browser, &desk, "work", &work).await?;
    freeze(&browser, &desk, 2, "作業実績の記入漏れ").await?;
    step(&browser, "", "機構 業務管理係", "").await?;
    step(&browser, "approved", "機構 山本", "").await?;
    browser.until_shown("承認済み").await?;
    let november: Month = "2026-11".parse()?;
    let report = desk.store().report_of(november).await?;
    ensure!(report.state() == SubmissionState::Approved, "{report:?}");
    ensure!(report.editions.len() == 2 && report.steps.len() == 4);
    browser.close().await?;
    desk.stop().await;
    Ok(())
}
