//! The ledger of a predecessor in a real Chromium, and 問合せ管理台帳 at the command line, forth and back.

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::ticket::Status;
use madoguchi_reports::rows::rows;
use madoguchi_store::TicketFilter;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::process::DeskProcess;

type Outcome = anyhow::Result<()>;

/// As a predecessor's ledger is: in CP932, with a line break in quotes, dates of both calendars, and a head
/// that says nothing.
fn predecessor() -> Vec<u8> {
    let text = "管理番号,受付日,お問い合わせ内容,対応内容,状態,欄\r\n\
                A-1,令和6年4月1日,\"機構の\r\n「構」が表示されない\",設定を直した,完了,急ぎ\r\n\
                A-2,昨日,読めない日付,,,\r\n";
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

async fn bring(desk: &Desk, browser: &Browser, file: &std::path::Path) -> Outcome {
    browser.open(desk.web(), "/tickets/import").await?;
    browser.fill_in("#ledger", "旧台帳").await?;
    let chosen = browser.client.find(Locator::Css("#file")).await?;
    chosen.send_keys(&file.to_string_lossy()).await?;
    browser.click("form.form button.primary").await?;
    browser.until_shown("取り込む内容の確認").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predecessors_ledger_is_looked_at_put_right_and_taken_in() -> Outcome {
    let desk = Setup::default().registering_agent("tanaka").start().await?;
    let password = desk.add_user("sekinin", &[Role::Supervisor], None).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("台帳.csv");
    std::fs::write(&file, predecessor())?;
    // It works as an ordinary form.
    let browser = Browser::start_without_scripts(1280, 800).await?;
    browser.sign_in(desk.web(), "sekinin", &password).await?;
    bring(&desk, &browser, &file).await?;
    browser.until_shown("追加1件、変更0件、変更なし0件").await?;
    browser
        .until_shown("3行目の「受付日」：「昨日」は日時として読み取れません")
        .await?;
    browser
        .click("select[name=column-5] option[value=tags]")
        .await?;
    browser
        .click("form[action='/tickets/import/check'] button:not(.primary)")
        .await?;
    browser.until_shown("追加1件").await?;
    browser
        .click("button[formaction='/tickets/import/apply']")
        .await?;
    browser.until_shown("台帳を取り込みました").await?;
    browser.open(desk.web(), "/tickets?words=A-1").await?;
    browser.until_shown("R6-00001").await?;
    browser.open(desk.web(), "/tickets/R6-00001").await?;
    browser.until_shown("旧台帳").await?;
    browser.until_shown("#急ぎ").await?;
    bring(&desk, &browser, &file).await?;
    browser.until_shown("追加0件、変更0件、変更なし1件").await?;
    let filter = TicketFilter {
        limit: 10,
        ..TicketFilter::default()
    };
    let kept = desk.store().list_tickets(&filter).await?;
    ensure!(
        kept.len() == 1 && kept[0].status == Status::Done,
        "{kept:?}"
    );
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_goes_out_in_every_form_and_comes_in_again_as_the_same() -> Outcome {
    let desk = DeskProcess::start(&Setup::default()).await?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let file = at("前の台帳.csv");
    let text = "番号,受付日,質問,回答,欄\n1,R6.4.1,﨑髙①〜😀の件,\"一行目\n二行目\",赤\n2,2024-05-07 9:30,二つ目,,青\n";
    std::fs::write(&file, text)?;
    let import = ["import", "tickets", &file, "--ledger", "旧台帳"];
    let dry = desk
        .command(&[&import[..], &["--dry-run"]].concat())
        .await?;
    ensure!(dry == "追加 2、変更 0、変更なし 0、誤り 0\n", "{dry}");
    let mapping = at("列.json");
    std::fs::write(&mapping, r#"{"欄":"tags"}"#)?;
    let said = desk
        .command(&[&import[..], &["--mapping", &mapping]].concat())
        .await?;
    ensure!(said == dry, "{said}");
    let again = desk.command(&import).await?;
    ensure!(
        again == "追加 0、変更 0、変更なし 2、誤り 0\n",
        "the columns were kept: {again}"
    );
    let days = [
        "tickets",
        "export",
        "--from",
        "2024-04-01",
        "--to",
        "2024-04-30",
        "--format",
    ];
    let json = desk.command(&[&days[..], &["json"]].concat()).await?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    let items = json["items"].as_array().map_or(0, Vec::len);
    ensure!(items == 1, "April alone: {json:#}");
    ensure!(json["items"][0]["whole_question"] == "﨑髙①〜😀の件");
    ensure!(json["items"][0]["former_number"] == "1");
    let csv = desk.command(&[&days[..], &["csv"]].concat()).await?;
    ensure!(
        csv.starts_with('\u{feff}') && csv.contains("\"一行目\n二行目\""),
        "{csv}"
    );
    for (format, more) in [("xlsx", &[][..]), ("csv", &["--encoding", "cp932"])] {
        let out = at(format);
        let year = ["--to", "2024-12-31", "--format", format, "-o", &out];
        desk.command(&[&days[..4], &year, more].concat()).await?;
        let read = rows(&std::fs::read(&out)?, 10)?.rows;
        ensure!(read.len() == 3, "{read:?}");
        let question = if format == "xlsx" {
            "﨑髙①〜😀の件"
        } else {
            "﨑髙①～〓の件"
        };
        ensure!(read[1].iter().any(|cell| cell == question), "{read:?}");
        ensure!(format == "xlsx" || read[1].last().is_some_and(|cell| cell == "U+1F600"));
    }
    for (wrong, told) in [
        (
            ["--from", "2024-04-31", "--to", "2024-05-01"],
            "日付ではありません",
        ),
        (
            ["--from", "2024-05-02", "--to", "2024-05-01"],
            "--to 以前の日",
        ),
    ] {
        let wrong = [&["tickets", "export"][..], &wrong, &["--format", "csv"]].concat();
        let said = desk.command(&wrong).await;
        let said = said
            .err()
            .map_or_else(String::new, |error| error.to_string());
        ensure!(said.contains(told), "{said}");
    }
    Ok(())
}
