//! The ledger of a predecessor: brought, its columns told apart, looked at, taken in, and brought again.

use encoding_rs::SHIFT_JIS;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::ticket::{Status, Ticket};
use madoguchi_store::{AuditFilter, TicketFilter};

use super::people::send;
use super::*;
use crate::query::escape;

async fn supervisor(house: &House) -> Client {
    let mut client = house.user("sekinin", &[Role::Supervisor]).await;
    let (status, html) = house.open(&mut client, "/tickets/import").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    client
}

/// Brings a file; gives the page of what it would do.
async fn bring(house: &House, client: &mut Client, file: &[u8]) -> String {
    let parts = [
        ("ledger", None, "旧台帳".as_bytes()),
        ("file", Some("daicho.csv"), file),
    ];
    let (status, place, html) = send(house, client, ("/tickets/import", &parts)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (status, html) = house.open(client, &place).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    html
}

/// The fields of the form of columns, as they are chosen, some of them otherwise.
fn form(html: &str, other: &[(&str, &str)]) -> String {
    let form = html
        .split("action=\"/tickets/import/check\"")
        .nth(1)
        .unwrap();
    let mut pairs = Vec::new();
    for name in ["id", "ledger"] {
        let value = form
            .split(&format!("name=\"{name}\" value=\""))
            .nth(1)
            .unwrap();
        pairs.push((name.to_owned(), value.split('"').next().unwrap().to_owned()));
    }
    for select in form.split("<select name=\"").skip(1) {
        let name = select.split('"').next().unwrap();
        let options = select.split("</select>").next().unwrap();
        let chosen = options
            .split("<option value=\"")
            .find(|one| one.contains("selected"));
        let chosen = chosen.map_or("", |one| one.split('"').next().unwrap());
        let other = other.iter().find(|(known, _)| *known == name);
        let value = other.map_or(chosen, |(_, value)| value);
        pairs.push((name.to_owned(), value.to_owned()));
    }
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

async fn take(house: &House, client: &mut Client, form: &str) {
    let (status, place, html) = house.submit(client, "/tickets/import/apply", form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(place, "/tickets?done=ledger-imported");
}

async fn tickets(house: &House, words: &str) -> Vec<Ticket> {
    let filter = TicketFilter {
        words: words.to_owned(),
        limit: 100,
        ..TicketFilter::default()
    };
    let mut found = Vec::new();
    for row in house
        .store
        .list_tickets(&filter)
        .await
        .unwrap()
        .into_iter()
        .rev()
    {
        found.push(house.store.lookup_ticket(&row.id).await.unwrap().unwrap());
    }
    found
}

async fn recorded(house: &House) -> Vec<std::collections::BTreeMap<String, String>> {
    let filter = AuditFilter {
        action: Some(Action::TicketImport),
        limit: 100,
        ..AuditFilter::default()
    };
    let found = house.store.list_audit(&filter).await.unwrap();
    found.into_iter().map(|record| record.entry.after).collect()
}

const HEAD: &str =
    "管理番号,受付日,受付時刻,お問い合わせ内容,対応内容,完了日,状態,種別,依頼者,メモ欄";

#[tokio::test]
async fn a_ledger_in_cp932_becomes_tickets_that_say_where_they_came_from() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    let text = format!(
        "{HEAD}\r\nA-1,令和6年4月1日,8:30,\"機構の\r\n「構」が\"\"表示\"\"されない\",設定を直した,R6.4.2,完了,旅費・出張,年金 花子,急ぎ\r\n\
         A-2,2024/5/7,,保留中の件,,,保留,,,\r\nA-3,昨日,,日付の誤り,,,,,,\r\n"
    );
    let (file, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost);
    let html = bring(&house, &mut client, &file).await;
    assert!(html.contains("追加2件、変更0件、変更なし0件"), "{html}");
    let fault = "4行目の「受付日」：「昨日」は日時として読み取れません。この行は取り込みません。";
    assert!(html.contains(fault), "{html}");
    assert!(tickets(&house, "").await.is_empty(), "nothing is kept yet");
    // The column that no head tells is chosen by hand.
    let other = form(&html, &[("column-9", "tags")]);
    let (status, _, html) = house
        .submit(&mut client, "/tickets/import/check", &other)
        .await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("<option value=\"tags\" selected>"), "{html}");
    take(&house, &mut client, &form(&html, &[])).await;
    // The file is gone with it: what is sent twice is told so.
    let again = form(&html, &[]);
    let (status, ..) = house
        .submit(&mut client, "/tickets/import/apply", &again)
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let html = bring(&house, &mut client, &file).await;
    assert!(html.contains("追加0件、変更0件、変更なし2件"), "{html}");
    assert!(
        html.contains("<option value=\"tags\" selected>"),
        "kept for the next time"
    );
    assert!(!html.contains(">取り込む</button>"));
    let found = tickets(&house, "A-1").await;
    let [one] = found.as_slice() else {
        panic!("found by the number that it had: {found:?}");
    };
    assert_eq!(one.number.to_string(), "R6-00001");
    assert_eq!(
        one.fields.question,
        "機構の\r\n「構」が\"表示\"されない".replace("\r\n", "\n")
    );
    assert_eq!(one.fields.tags, ["急ぎ".to_owned()].into());
    assert_eq!(one.fields.category, Some("f09".into()));
    assert_eq!(one.status(), Status::Done);
    assert_eq!(one.done_at.unwrap().date().to_string(), "2024-04-02");
    assert_eq!(
        tickets(&house, "保留中の件").await[0].status(),
        Status::Held
    );
    let (_, html) = house.open(&mut client, "/tickets/R6-00001").await;
    assert!(
        html.contains("旧台帳　A-1") && html.contains("前の台帳からの取込み"),
        "{html}"
    );
    let recorded = recorded(&house).await;
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    let after = |name: &str| recorded[0].get(name).map(String::as_str);
    assert_eq!((after("new"), after("faults")), (Some("2"), Some("1")));
}

#[tokio::test]
async fn a_ledger_that_comes_again_changes_what_nobody_touched_here() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    let file = |first: &str, second: &str| {
        format!(
            "\u{feff}番号,受付日,質問,回答\n1,2024-04-01,一つ目,{first}\n2,2024-04-02,二つ目😀,{second}\n"
        )
    };
    let html = bring(&house, &mut client, file("", "").as_bytes()).await;
    take(&house, &mut client, &form(&html, &[])).await;
    let answered = "text=%E3%81%93%E3%81%93%E3%81%A7%E6%9B%B8%E3%81%84%E3%81%9F&version=0";
    let note = "/tickets/R6-00002/steps/note";
    let (status, _, html) = house.submit(&mut client, note, answered).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let html = bring(&house, &mut client, file("答え", "別の答え").as_bytes()).await;
    assert!(html.contains("追加0件、変更1件、変更なし0件"), "{html}");
    assert!(
        html.contains("取り込んだ後にR6-00002として変更されています"),
        "{html}"
    );
    take(&house, &mut client, &form(&html, &[])).await;
    let kept = tickets(&house, "").await;
    let answers: Vec<_> = kept
        .iter()
        .map(|it| (it.fields.answer.as_str(), it.status()))
        .collect();
    assert_eq!(
        answers,
        [("答え", Status::Answered), ("", Status::Received)]
    );
}

#[tokio::test]
async fn what_cannot_be_a_ledger_is_a_clear_sentence() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    for (file, told) in [
        (&b"\n"[..], "ファイルに行がありません。"),
        (
            b"PK\x03\x04broken",
            "Excel（.xlsx）かCSVで保存し直してください。",
        ),
    ] {
        let parts = [("ledger", None, &b"x"[..]), ("file", Some("x"), file)];
        let (status, _, html) = send(&house, &mut client, ("/tickets/import", &parts)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(told), "{told}: {html}");
    }
    // What is too large is said beside the field, and the name of the ledger stays.
    let large = vec![b'x'; 13 * 1024 * 1024];
    let parts = [
        ("ledger", None, "旧台帳".as_bytes()),
        ("file", Some("x.csv"), &large[..]),
    ];
    let (status, _, html) = send(&house, &mut client, ("/tickets/import", &parts)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let beside = html.split("id=\"file-error\">").nth(1).unwrap();
    assert!(
        beside.starts_with("ファイルが大きすぎます。12MB以内"),
        "{html}"
    );
    assert!(html.contains("name=\"ledger\" value=\"旧台帳\""), "{html}");
    let html = bring(&house, &mut client, "色,形\n赤,丸\n".as_bytes()).await;
    assert!(
        html.contains("「移行元の番号、受付日時・受付日、質問」にする列を選んでから"),
        "{html}"
    );
    let twice = form(&html, &[("column-0", "question"), ("column-1", "question")]);
    let (status, _, html) = house
        .submit(&mut client, "/tickets/import/check", &twice)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("「質問」を2つの列に選んでいます"), "{html}");
    // What somebody else has brought is nobody else's.
    let mut other = house.user("sekinin2", &[Role::Supervisor]).await;
    house.open(&mut other, "/tickets").await;
    let (status, ..) = house
        .submit(&mut other, "/tickets/import/check", &form(&html, &[]))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let mut agent = house.user("tanto", &[Role::Agent]).await;
    let (status, _) = house.open(&mut agent, "/tickets/import").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
