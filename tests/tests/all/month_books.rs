//! The month at the command line: published totals are taken in, and every book comes out in every form.

use anyhow::{Context as _, ensure};
use madoguchi_reports::rows::rows;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;

type Outcome = anyhow::Result<()>;

/// 別紙8-2 as it is published, one row of which is wrong.
const PUBLISHED: &str = "別紙8-2：実績作業回数,,,,,,,\n\
    年月,着信件数,応答件数,応答率,一次未回答件数,一次回答率,エスカレーション数,問題解決率\n\
    令和6年4月,1029,1023,99.4%,45,90.6%,21,99.9%\n\
    令和6年5月,458,457,99.8%,23,95.7%,15,99.8%\n\
    令和6年13月,1,1,100.0%,0,100.0%,0,100.0%\n";

#[tokio::test(flavor = "multi_thread")]
async fn published_months_come_in_by_command_and_stand_in_every_book_that_tells_them() -> Outcome {
    let desk = DeskProcess::start(&Setup::default()).await?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let file = at("別紙8-2.csv");
    std::fs::write(&file, PUBLISHED)?;
    let said = desk.failing_command(&["import", "months", &file]).await?;
    ensure!(said.contains("5行目") && said.contains("年月"), "{said}");
    let right = PUBLISHED.lines().take(4).collect::<Vec<_>>().join("\r\n");
    std::fs::write(&file, encoding_rs::SHIFT_JIS.encode(&right).0)?;
    let said = desk.command(&["import", "months", &file]).await?;
    ensure!(
        said == "追加 0、変更 0、変更なし 2、誤り 0\n",
        "the right rows were taken at once, and CP932 says the same: {said}"
    );
    let report = ["report", "--month", "2024-05"];
    let json = desk.command(&report).await?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    let april = &json["months"][0];
    ensure!(
        april["offered"] == 1029 && april["source"] == "imported",
        "{april:#}"
    );
    ensure!(
        april["first_answer_rate"] == "90.6",
        "as it was published: {april:#}"
    );

    for (book, name) in [
        ("report", "ヘルプデスク受付状況報告"),
        ("inquiries", "問合せ対応報告書"),
        ("ledger", "問合せ管理台帳"),
        ("operation", "稼働報告書(問合せ・サービスレベル)"),
        ("knowledge", "ナレッジデータベース"),
    ] {
        let of_book = [&report[..], &["--book", book]].concat();
        let json = desk.command(&of_book).await?;
        let json: serde_json::Value = serde_json::from_str(&json)?;
        ensure!(json["name"] == name, "{book}: {}", json["name"]);
        ensure!(json["month"] == "2024-05" && json["draft"] == true);
        let out = at(&format!("{book}.xlsx"));
        let form = ["--format", "data-xlsx", "--out", &out];
        desk.command(&[&of_book[..], &form].concat()).await?;
        let read = rows(&std::fs::read(&out)?, 100)?.rows;
        ensure!(
            read.concat().iter().any(|cell| cell.contains(name)),
            "{read:?}"
        );
    }
    for (form, begin) in [("docx", &b"PK"[..]), ("pdf", b"%PDF-"), ("xlsx", b"PK")] {
        let out = at(form);
        let form = ["--book", "ledger", "--format", form, "--out", &out];
        desk.command(&[&report[..], &form].concat()).await?;
        let made = std::fs::read(&out).context("written")?;
        ensure!(made.starts_with(begin), "{form:?}");
    }
    Ok(())
}
