//! 月次: what people write for a month, published months, and what becomes of a report.

use madoguchi_core::access::Role;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{Edition, LevelFact, Month, StepKind};
use madoguchi_reports::document::{
    Block, Chapter, DocCell, DocColumn, DocRow, DocTable, Document, Drill, Figure, MonthCell,
    Parts, Population, Rows, Value,
};
use madoguchi_reports::frozen::{Basis, Frozen};
use madoguchi_store::AuditFilter;

use super::people::send;
use super::*;
use crate::query::escape;

const MONTH: &str = "/monthly/2026-10";

pub(super) async fn writer(house: &House) -> Client {
    let mut client = house.user("sekinin", &[Role::Supervisor]).await;
    let (status, html) = house.open(&mut client, "/monthly").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    client
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    fields.collect::<Vec<_>>().join("&")
}

/// Opens a form and sends it; gives where it was sent to as well.
pub(super) async fn write(
    house: &House,
    client: &mut Client,
    path: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String, String, String) {
    let (status, html) = house.open(client, path).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let action = html.split("<form method=\"post\" action=\"/monthly").nth(1);
    let action = action.unwrap_or_else(|| panic!("no form: {html}"));
    let action = action.split('"').next().unwrap().replace("&#38;", "&");
    let action = format!("/monthly{action}");
    let (status, place, html) = house.submit(client, &action, &form(fields)).await;
    (status, place, html, action)
}

async fn facts(house: &House) -> Vec<LevelFact> {
    let october: Month = "2026-10".parse().unwrap();
    house.store.level_facts(october, october).await.unwrap()
}

const DETECTION: [(&str, &str); 5] = [
    ("system", "indirect"),
    ("at", "2026-10-07T10:00"),
    ("noticed_at", "2026-10-07T10:14"),
    ("what", NASTY),
    ("proof", "障害報告書 第3号"),
];

#[tokio::test]
async fn a_fact_is_entered_once_corrected_with_a_reason_and_withdrawn_with_one() {
    let house = house().await;
    let mut client = writer(&house).await;
    let new = format!("{MONTH}/facts/new?kind=detection");
    let (status, place, html, action) = write(&house, &mut client, &new, &DETECTION).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(place, format!("{MONTH}/facts?done=created"));
    let (status, ..) = house.submit(&mut client, &action, &form(&DETECTION)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "a double click");
    let kept = facts(&house).await;
    assert_eq!(kept.len(), 1);
    let (_, html) = house.open(&mut client, &place).await;
    assert!(!html.contains(NASTY) && html.contains("&#60;script&#62;"));
    assert!(html.contains("2026年(令和8年)10月7日 10:00"), "{html}");

    let one = format!("{MONTH}/facts/{}", kept[0].id);
    let (_, html) = house.open(&mut client, &one).await;
    assert!(html.contains("value=\"2026-10-07T10:14\""), "{html}");
    let mut late = DETECTION.to_vec();
    late[2].1 = "2026-10-07T10:16";
    let silent = format!("{}&version=1", form(&late));
    let (status, _, html) = house.submit(&mut client, &one, &silent).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("訂正の理由を入力してください。"), "{html}");
    late.push(("change_reason", "通知の記録を確認した"));
    let said = format!("{}&version=1", form(&late));
    let (status, _, html) = house.submit(&mut client, &one, &said).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, &one).await;
    assert!(
        html.contains("機構に通知した日時：2026-10-07 10:14 → 2026-10-07 10:16"),
        "{html}"
    );
    assert!(html.contains("通知の記録を確認した"));

    let remove = format!("{one}/remove");
    let (status, _, html) = house.submit(&mut client, &remove, "version=2").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("取り消す理由を確認してください"));
    let body = format!("version=2&{}", form(&[("reason", "二重に記入した")]));
    let (status, place, _) = house.submit(&mut client, &remove, &body).await;
    assert_eq!(
        (status, place),
        (
            StatusCode::SEE_OTHER,
            format!("{MONTH}/facts?done=entry-withdrawn")
        )
    );
    assert!(facts(&house).await.is_empty());
    let filter = AuditFilter {
        action: Some(Action::LevelFactChange),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&filter).await.unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!(records[0].entry.after["reason"], "二重に記入した");
    assert_eq!(records[1].entry.before["noticed_at"], "2026-10-07T10:14");
}

#[tokio::test]
async fn what_is_wrong_with_a_fact_stands_at_its_field_and_nothing_is_kept() {
    let house = house().await;
    let mut client = writer(&house).await;
    let new = format!("{MONTH}/facts/new?kind=outage");
    for (at, until, what, exempt, told) in [
        (
            "",
            "2026-10-07T11:00",
            "停止",
            "",
            "始まりを入力してください。",
        ),
        (
            "2026-10-07T10:00",
            "",
            "停止",
            "",
            "終わりを入力してください。",
        ),
        (
            "2026-10-07T10:00",
            "2026-10-07T11:00",
            "",
            "",
            "内容を入力してください。",
        ),
        (
            "2026-10-07T10:00",
            "2026-10-07T10:00",
            "停止",
            "",
            "始まりより後の日時",
        ),
        (
            "2026-10-31T23:00",
            "2026-11-01T01:00",
            "停止",
            "",
            "月ごとに分けて",
        ),
        ("昨日", "2026-10-07T11:00", "停止", "", "日付と時刻を"),
        (
            "2026-10-07T10:00",
            "2026-10-07T11:00",
            "停止",
            "停電",
            "理由と根拠の両方",
        ),
    ] {
        let fields = [
            ("system", "macs"),
            ("at", at),
            ("until", until),
            ("what", what),
            ("exempt_reason", exempt),
        ];
        let (status, _, html, _) = write(&house, &mut client, &new, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}: {html}");
        assert!(html.contains(told), "{told}: {html}");
        assert!(
            html.contains("<option value=\"macs\" selected>"),
            "what was typed stays"
        );
    }
    assert!(facts(&house).await.is_empty());
}

#[tokio::test]
async fn a_remark_of_two_people_at_once_is_not_lost() {
    let house = house().await;
    let mut first = writer(&house).await;
    let mut second = house.user("hoka", &[Role::Supervisor]).await;
    let new = format!("{MONTH}/remarks/new?chapter=notes");
    let fields = [
        ("chapter", "notes"),
        ("heading", "measures"),
        ("text", "一"),
    ];
    let (status, ..) = write(&house, &mut first, &new, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let remarks = async || {
        house
            .store
            .remarks("2026-10".parse().unwrap())
            .await
            .unwrap()
    };
    let id = remarks().await[0].id.clone();
    let one = format!("{MONTH}/remarks/{id}");
    house.open(&mut first, &one).await;
    house.open(&mut second, &one).await;
    let body = |text, version| {
        let fields = [
            ("chapter", "notes"),
            ("heading", "measures"),
            ("text", text),
        ];
        format!("{}&version={version}", form(&fields))
    };
    let (status, ..) = house.submit(&mut second, &one, &body("二", 1)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _, html) = house.submit(&mut first, &one, &body("三", 1)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("見本が先に変更しました"), "{html}");
    assert!(html.contains(">三</textarea>") && html.contains("name=\"version\" value=\"2\""));
    assert_eq!(remarks().await[0].text, "二");
    let (status, ..) = house.submit(&mut first, &one, &body("三", 2)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let kept = remarks().await;
    assert_eq!((kept.len(), kept[0].text.as_str()), (1, "三"));
    let elsewhere = format!("/monthly/2026-09/remarks/{id}");
    let (status, _) = house.open(&mut first, &elsewhere).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "of another month");
}

#[tokio::test]
async fn 対策_and_原因区分_are_written_for_a_row_of_the_report() {
    let house = house().await;
    let mut client = writer(&house).await;
    let new = format!("{MONTH}/row-notes/new");
    let fields = [
        ("column", "cause"),
        ("row", "R8-00012"),
        ("text", "回線の障害"),
    ];
    let (status, _, html, _) = write(&house, &mut client, &new, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let list = format!("{MONTH}/row-notes");
    let (_, html) = house.open(&mut client, &list).await;
    assert!(
        html.contains("回線の障害") && html.contains("R8-00012"),
        "{html}"
    );
    // Nothing was missed, so that no row takes it; it stays.
    assert!(
        html.contains("「回線の障害」は、今の表に「R8-00012」の行がないため、報告に載りません。"),
        "{html}"
    );
    let (_, html) = house.open(&mut client, MONTH).await;
    assert!(html.contains("対策・原因区分"), "{html}");
    let nothing = [("column", "cause"), ("row", " "), ("text", "")];
    let (status, _, _, _) = write(&house, &mut client, &new, &nothing).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn instructions_and_work_are_written_and_work_once_for_each_number() {
    let house = house().await;
    let mut client = writer(&house).await;
    let new = format!("{MONTH}/instructions/new");
    let fields = [
        ("text", "応答率を上げること"),
        ("by_day", "令和8年11月30日"),
    ];
    let (status, _, html, _) = write(&house, &mut client, &new, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house
        .open(&mut client, &format!("{MONTH}/instructions"))
        .await;
    assert!(
        html.contains("2026年(令和8年)11月30日") && html.contains("対応中"),
        "{html}"
    );
    let undated = [("text", "済み"), ("done", "yes")];
    let (_, _, html, _) = write(&house, &mut client, &new, &undated).await;
    assert!(html.contains("完了した日を入力してください"), "{html}");

    let new = format!("{MONTH}/work/new");
    let fields = |count| {
        [
            ("number", "14"),
            ("count", count),
            ("source", "作業依頼書の台帳"),
        ]
    };
    let (status, _, html, _) = write(&house, &mut client, &new, &fields("48")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (status, _, html, _) = write(&house, &mut client, &new, &fields("50")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("この作業実績は、すでに記入されています"),
        "{html}"
    );
    let month = "2026-10".parse().unwrap();
    let kept = house.store.work_counts(month, month).await.unwrap();
    assert_eq!((kept.len(), kept[0].count), (1, 48));
    let faq = [
        ("number", "23"),
        ("count", "1"),
        ("source", "FAQの見直しの記録"),
    ];
    let (status, _, html, _) = write(&house, &mut client, &new, &faq).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, &format!("{MONTH}/work")).await;
    assert!(html.contains("23 (ヘルプ)FAQ"), "{html}");
}

const PUBLISHED: &str = "\u{feff}年月,重大障害,通常障害,異常検知,障害予兆,重大障害,通常障害,異常検知,障害予兆,着信件数,応答件数,応答率,一次未回答件数,一次回答率,エスカレーション数,問題解決率\n\
令和6年4月,0,1,1,0,1,1,0,0,\"1,029\",1023,99.4%,45,90.6%,21,99.9%\n\
令和6年5月,0,0,2,0,0,0,1,0,458,多数,99.8%,23,95.7%,15,99.8%\n";

#[tokio::test]
async fn a_file_of_months_that_is_too_large_leads_back_to_its_form() {
    let house = house().await;
    let mut client = writer(&house).await;
    super::people::refuse_too_large(&house, &mut client, "/monthly/published/import").await;
    assert!(house.store.published_months().await.unwrap().is_empty());
}

#[tokio::test]
async fn published_months_are_shown_then_taken_with_their_text_and_faults_are_named() {
    let house = house().await;
    let mut client = writer(&house).await;
    let (status, _) = house.open(&mut client, "/monthly/published/import").await;
    assert_eq!(status, StatusCode::OK);
    let upload = [("file", Some("別紙8-2.csv"), PUBLISHED.as_bytes())];
    let import = "/monthly/published/import";
    let (status, _, html) = send(&house, &mut client, (import, &upload)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    for told in [
        "追加1か月、変更0か月、変更なし0か月",
        "3行目の「応答件数」：「多数」を件数として読み取れません。この行は取り込みません。",
        "90.6%",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert!(house.store.published_months().await.unwrap().is_empty());
    let lines = html.split("name=\"lines\" value=\"").nth(1).unwrap();
    let lines = lines.split('"').next().unwrap().replace("&#34;", "\"");
    let apply = [("lines", None, lines.as_bytes())];
    for _ in 0..2 {
        let path = "/monthly/published/import/apply";
        let (status, place, html) = send(&house, &mut client, (path, &apply)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        assert_eq!(place, "/monthly/published?done=published-imported");
    }
    let kept = house.store.published_months().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].first_answer_rate, "90.6%");
    assert_eq!(kept[0].source, "別紙8-2.csv");
    let forged = [("lines", None, &b"{}"[..])];
    let path = "/monthly/published/import/apply";
    let (status, ..) = send(&house, &mut client, (path, &forged)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let mut agent = house.user("sato", &[Role::Agent]).await;
    let (status, html) = house.open(&mut agent, "/monthly/published").await;
    assert!(status == StatusCode::OK && html.contains("1,029"), "{html}");
    assert!(!html.contains("/monthly/published/import"));
}

/// A chapter with a figure of two calls, one of two tickets, and one made of the first.
fn chapter() -> Chapter {
    let row = |id: &str, name: &str, rows: Rows| DocRow {
        id: id.to_owned(),
        cells: vec![
            DocCell::Text {
                text: name.to_owned(),
            },
            DocCell::Figure(Figure {
                value: Value::Count(2),
                population: Population::Arrived,
                parts: Some(Parts { a: 1_029, b: 2 }),
                rows,
            }),
        ],
        total: false,
    };
    let selection = |name: &str| name.to_owned();
    let of_month = |month: &str, cell: &str| Rows::Months {
        cells: vec![MonthCell {
            month: month.parse().unwrap(),
            cell: cell.to_owned(),
        }],
    };
    let rows = vec![
        row(
            "offered",
            "着信",
            Rows::Calls {
                selection: selection("calls/offered"),
            },
        ),
        row(
            "open",
            NASTY,
            Rows::Tickets {
                selection: selection("tickets/open"),
            },
        ),
        row(
            "sum",
            "計",
            Rows::Cells {
                cells: vec!["counts/offered/count".to_owned()],
            },
        ),
        row(
            "before",
            "前月",
            of_month("2026-09", "months/2026-09/offered"),
        ),
        row(
            "nowhere",
            "前月の別表",
            of_month("2026-09", "counts/x/count"),
        ),
        row("same", "当月", of_month("2026-10", "counts/offered/count")),
        row(
            "faq",
            "FAQ",
            Rows::Articles {
                selection: selection("articles/new"),
            },
        ),
        row(
            "log",
            "閲覧",
            Rows::AccessLog {
                month: "2026-10".parse().unwrap(),
            },
        ),
        row(
            "ticket",
            "問合せ",
            Rows::Ticket {
                id: "gone".to_owned(),
                number: "R8-00001".to_owned(),
            },
        ),
    ];
    let column = |id: &str, name: &str| DocColumn {
        id: id.to_owned(),
        name: name.to_owned(),
        unit: None,
    };
    let table = DocTable {
        number: "表2-1".to_owned(),
        id: "counts".to_owned(),
        title: "当月の受付件数".to_owned(),
        columns: vec![column("name", "区分"), column("count", "件数")],
        rows,
        notes: Vec::new(),
        wide: false,
    };
    Chapter {
        number: "第2".to_owned(),
        id: "calls".to_owned(),
        title: "受付件数".to_owned(),
        blocks: vec![Block::Table(table)],
    }
}

/// An edition with a book of one chapter.
async fn freeze(house: &House, number: u32) {
    freeze_books(house, number, &["ヘルプデスク受付状況報告"]).await;
}

/// An edition with books of one chapter each.
pub(super) async fn freeze_books(house: &House, number: u32, names: &[&str]) {
    let month: Month = "2026-10".parse().unwrap();
    let book = |name: &str| Document {
        name: name.to_owned(),
        month,
        edition: number,
        draft: number == 0,
        made_at: now(),
        submitted_to: String::new(),
        submitted_by: String::new(),
        classification: String::new(),
        seals: Vec::new(),
        revisions: Vec::new(),
        chapters: vec![chapter()],
    };
    let selections = [
        ("calls/offered", ["c1", "c2"]),
        ("tickets/open", ["t1", "gone"]),
        ("articles/new", ["a1", "gone"]),
    ];
    let selections = selections.map(|(name, ids)| (name.to_owned(), ids.map(Into::into).into()));
    let frozen = Frozen {
        books: names.iter().map(|name| book(name)).collect(),
        figures: serde_json::Map::new(),
        drill: Drill {
            selections: selections.into(),
            ..Drill::default()
        },
        basis: Basis::default(),
    };
    let packed = frozen.pack().unwrap();
    let edition = Edition {
        month,
        number,
        made_at: now(),
        made_by: "sekinin".to_owned(),
        reason: "遅れて届いた通話".to_owned(),
        program: "0.1.0".to_owned(),
        sha256: packed.sha256,
        bytes: 0,
    };
    let entry = AuditEntry::of_system(now(), Action::ReportFreeze, "2026-10", Fields::new());
    let mut tx = house.store.begin(entry).await.unwrap();
    tx.add_edition(&edition, &packed.bytes).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_report_is_handed_in_sent_back_and_approved_and_the_list_tells_how_far_it_is() {
    let house = house().await;
    let mut client = writer(&house).await;
    let (_, html) = house.open(&mut client, "/monthly").await;
    assert!(html.contains("令和8年10月"), "{html}");
    assert!(
        !html.contains("期限超過"),
        "the desk knows nothing of any month before: {html}"
    );
    let october = Instant::from_tokyo("2026-10-05T09:00:00".parse().unwrap());
    let arrived = EventKind::Arrived {
        from: "0312345678".into(),
        to: "5000".into(),
        open: true,
    };
    let reason = AbandonReason::CallerHangup;
    let call = [arrived, EventKind::Abandoned { reason }].into_iter();
    let call = (0..).zip(call).map(|(seq, kind)| CallEvent {
        at: october + Millis::from_secs(i64::from(seq) * 10),
        ..event("october", seq, 0, kind)
    });
    house.store.append(&call.collect::<Vec<_>>()).await.unwrap();
    let (_, html) = house.open(&mut client, "/monthly").await;
    // The fifth open day of November is the 9th: the 3rd is a holiday.
    assert!(
        html.contains("2026年(令和8年)11月9日 <span class=\"mark\">期限超過"),
        "{html}"
    );
    let (_, html) = house.open(&mut client, MONTH).await;
    assert!(!html.contains("次の記録"), "nothing is 確定 yet");
    assert_eq!(html.matches("期限超過").count(), 1, "{html}");
    freeze(&house, 1).await;
    let (_, html) = house.open(&mut client, MONTH).await;
    assert!(
        html.contains("<td data-label=\"作成者\">見本</td>"),
        "a name, not a login: {html}"
    );
    let fields = [
        ("on", "2026-11-20"),
        ("person", NASTY),
        ("remark", "窓口に提出"),
    ];
    let (status, place, html, action) = write(&house, &mut client, MONTH, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(place, format!("{MONTH}?done=step-recorded"));
    let (status, ..) = house.submit(&mut client, &action, &form(&fields)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "a double click");
    let report = async || {
        house
            .store
            .report_of("2026-10".parse().unwrap())
            .await
            .unwrap()
    };
    assert_eq!(report().await.steps.len(), 1);
    let other = [("on", "2026-11-21"), ("person", "ほか"), ("remark", "")];
    let (status, ..) = house.submit(&mut client, &action, &form(&other)).await;
    assert_eq!(status, StatusCode::CONFLICT, "somebody else was faster");

    let silent = [
        ("kind", "returned"),
        ("on", "2026-11-24"),
        ("person", "機構 太郎"),
        ("remark", ""),
    ];
    let (status, _, html, _) = write(&house, &mut client, MONTH, &silent).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("備考を入力してください。"), "{html}");
    let said = [
        ("kind", "returned"),
        ("on", "2026-11-24"),
        ("person", "機構 太郎"),
        ("remark", "表6-1の注を直すこと"),
    ];
    let (status, ..) = write(&house, &mut client, MONTH, &said).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = house.open(&mut client, "/monthly").await;
    assert!(
        html.contains("<span class=\"mark\">差戻し</span>"),
        "{html}"
    );
    assert!(html.contains("要確認1件"), "the menu tells of it: {html}");
    freeze(&house, 2).await;
    let again = [
        ("on", "2026-11-24"),
        ("person", "機構 太郎"),
        ("remark", ""),
    ];
    let (status, ..) = write(&house, &mut client, MONTH, &again).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let approved = [
        ("kind", "approved"),
        ("on", "2026-11-24"),
        ("person", "機構 太郎"),
        ("remark", ""),
    ];
    let (status, ..) = write(&house, &mut client, MONTH, &approved).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = house.open(&mut client, MONTH).await;
    assert!(
        html.contains("承認済み") && !html.contains("次の記録"),
        "{html}"
    );
    assert!(!html.contains(NASTY));
    let kinds: Vec<_> = report().await.steps.iter().map(|step| step.kind).collect();
    use StepKind::{Approved, Returned, Submitted};
    assert_eq!(kinds, [Submitted, Returned, Submitted, Approved]);
}

#[tokio::test]
async fn an_edition_is_handed_out_under_its_japanese_name_and_the_taking_is_recorded() {
    let house = house().await;
    let mut client = writer(&house).await;
    freeze(&house, 1).await;
    let path = format!("{MONTH}/download?edition=1&form=json");
    let request = Request::get(&path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let named = response.headers()["content-disposition"].to_str().unwrap();
    let name = escape("ヘルプデスク受付状況報告_令和08年10月_第1版.json");
    assert!(
        named.ends_with(&format!("filename*=UTF-8''{name}")),
        "{named}"
    );
    for wrong in [
        "edition=2&form=json",
        "edition=1&form=exe",
        "edition=1&form=json&book=9",
    ] {
        let path = format!("{MONTH}/download?{wrong}");
        let (status, _) = house.open(&mut client, &path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let filter = AuditFilter {
        action: Some(Action::ReportExport),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&filter).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].entry.object, "2026-10");
}

#[tokio::test]
async fn who_reads_figures_sees_the_months_and_writes_nothing() {
    let house = house().await;
    freeze(&house, 1).await;
    let mut agent = house.user("sato", &[Role::Agent]).await;
    for path in ["/monthly", MONTH, "/monthly/published"] {
        let (status, html) = house.open(&mut agent, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(
            !html.contains("次の記録") && !html.contains("/facts"),
            "{path}"
        );
    }
    for path in [
        "/monthly/settings",
        "/monthly/targets",
        "/monthly/published/import",
        "/monthly/2026-10/facts",
        "/monthly/2026-10/facts/new",
        "/monthly/2026-10/remarks",
        "/monthly/2026-10/improvements",
    ] {
        let (status, _) = house.open(&mut agent, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let steps = format!("{MONTH}/steps?kind=submitted&seq=1&edition=1");
    let (status, ..) = house
        .submit(&mut agent, &steps, "on=2026-11-20&person=x")
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let mut auditor = house.user("kansa", &[Role::Auditor]).await;
    let (status, _) = house.open(&mut auditor, "/monthly").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    for path in [
        "/monthly/2026-12",
        "/monthly/2026-13",
        "/monthly/x",
        "/monthly?year=1",
    ] {
        let (status, _) = house.open(&mut agent, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn targets_of_ones_own_are_higher_than_those_of_the_contract() {
    let house = house().await;
    let mut client = writer(&house).await;
    let path = "/monthly/targets";
    let fields = |rate| {
        form(&[
            ("answer_rate", rate),
            ("answer_min", "20"),
            ("version", "0"),
        ])
    };
    let (status, _, html) = house.submit(&mut client, path, &fields("90")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("契約の目標(90%)より高くしてください"),
        "{html}"
    );
    let (status, _, html) = house.submit(&mut client, path, &fields("９５.5")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, path).await;
    assert!(html.contains("電話応答率：なし → 95.5%以上"), "{html}");
    let kept = house.store.own_targets().await.unwrap();
    assert_eq!(kept.answer_rate.map(|rate| rate.0), Some(955));
    let settings = form(&[
        ("submitted_to", "日本年金機構"),
        ("create_on_open_day", "3"),
        ("due_on_open_day", "2"),
        ("cut_off_open_days", "0"),
        ("payment_run", "same_item"),
        ("version", "0"),
    ]);
    let (_, _, html) = house
        .submit(&mut client, "/monthly/settings", &settings)
        .await;
    assert!(html.contains("作成する日より前にはできません"), "{html}");
}

#[tokio::test]
async fn a_figure_that_others_counted_leads_to_where_they_are() {
    let house = house().await;
    freeze(&house, 1).await;
    let mut client = writer(&house).await;
    let figure = |cell: &str| format!("{MONTH}/figure?edition=1&cell={}", escape(cell));
    let open = async |client: &mut Client, row: &str| {
        let path = figure(&format!("counts/{row}/count"));
        let (status, html) = house.open(client, &path).await;
        assert_eq!(status, StatusCode::OK, "{html}");
        html
    };
    // Of another month, the newest edition or else the month as it is now.
    let html = open(&mut client, "before").await;
    let link = "/monthly/2026-09/figure?book=0&#38;cell=months%2F2026-09%2Foffered";
    assert!(html.contains("元の月の数値"), "{html}");
    assert!(html.contains(&format!("href=\"{link}\"")), "{html}");
    let path = link.replace("&#38;", "&");
    let (status, _) = house.open(&mut client, &path).await;
    assert_eq!(status, StatusCode::OK);
    let html = open(&mut client, "nowhere").await;
    assert!(html.contains("この数値は載っていません"), "{html}");
    let html = open(&mut client, "same").await;
    assert!(
        html.contains("2026-10/figure?book=0&#38;cell=counts%2Foffered%2Fcount&#38;edition=1"),
        "{html}"
    );
    assert!(
        html.contains("第1版 表2-1 当月の受付件数 着信 件数"),
        "{html}"
    );
    let html = open(&mut client, "faq").await;
    assert!(
        html.contains("FAQ番号") && html.contains("gone(今は記録がありません)"),
        "{html}"
    );
    let html = open(&mut client, "log").await;
    assert!(
        html.contains("/articles/access-report?month=2026-10"),
        "{html}"
    );
    let html = open(&mut client, "ticket").await;
    assert!(html.contains("gone(今は記録がありません)"), "{html}");
}

#[tokio::test]
async fn a_figure_opens_into_its_calls_and_hides_numbers_from_who_may_not_see_them() {
    let house = house().await;
    freeze(&house, 1).await;
    let mut client = writer(&house).await;
    let figure = |cell: &str| format!("{MONTH}/figure?edition=1&cell={}", escape(cell));
    let offered = figure("counts/offered/count");
    let (status, html) = house.open(&mut client, &offered).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    for told in [
        "着信 件数",
        "1,029",
        "href=\"/calls/c1\"",
        "0312345678",
        "2件",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert!(!html.contains(NASTY));
    let mut manager = house.user("kanri", &[Role::Administrator]).await;
    let (status, html) = house.open(&mut manager, &offered).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        !html.contains("0312345678") && !html.contains("/calls/c1"),
        "{html}"
    );
    assert!(html.contains("表示する権限がありません"), "{html}");
    let (_, html) = house.open(&mut client, &figure("counts/open/count")).await;
    assert!(html.contains("gone(今は記録がありません)"), "{html}");
    assert!(!html.contains(NASTY));
    let (_, html) = house.open(&mut client, &figure("counts/sum/count")).await;
    assert!(html.contains("計算に使った数値"), "{html}");
    assert!(html.contains("cell=counts%2Foffered%2Fcount"), "{html}");
    for wrong in ["counts/offered/name", "counts/offered", "x/y/z", ""] {
        let (status, _) = house.open(&mut client, &figure(wrong)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let filter = AuditFilter {
        action: Some(Action::ReportDrill),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&filter).await.unwrap();
    assert_eq!(records.len(), 3, "calls twice and tickets once");
}

async fn offered(house: &House, client: &mut Client, edition: &str) -> (u64, serde_json::Value) {
    let path = format!("/monthly/2026-11/download?form=json&edition={edition}");
    let (status, text) = house.open(client, &path).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let months = json["months"].as_array().unwrap();
    let month = months.iter().find(|one| one["month"] == "2026-11").unwrap();
    (month["offered"].as_u64().unwrap(), json)
}

#[tokio::test]
async fn a_month_is_frozen_once_and_what_comes_late_makes_the_next_edition() {
    let house = house().await;
    house.set_time(Instant::from_tokyo("2026-12-01T10:00:00".parse().unwrap()));
    let mut client = writer(&house).await;
    let month = "/monthly/2026-11";
    let checks = format!("{month}/checks");
    let freeze = format!("{month}/freeze");
    let (status, html) = house.open(&mut client, &checks).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("理由のない差が1件"), "c1 is 未登録: {html}");
    let (_, html) = house.open(&mut client, &freeze).await;
    assert!(html.contains("突合せに、理由のない差があります"), "{html}");
    let (status, _, html) = house.submit(&mut client, &freeze, "edition=1").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    let said = |sums: &str, reason: &str| {
        form(&[
            ("check", "registered"),
            ("sums", sums),
            ("reason", reason),
            ("version", "0"),
        ])
    };
    let (status, ..) = house.submit(&mut client, &checks, &said("9 9", "x")).await;
    assert_eq!(status, StatusCode::CONFLICT, "other sums");
    let (status, _, html) = house.submit(&mut client, &checks, &said("1 0", " ")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    let (status, _, html) = house
        .submit(&mut client, &checks, &said("1 0", NASTY))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, &checks).await;
    assert!(
        html.contains("確定の妨げになる差はありません") && !html.contains(NASTY),
        "{html}"
    );
    let (_, html) = house.open(&mut client, &freeze).await;
    assert!(html.contains("第1版を確定する"), "{html}");
    for _ in 0..2 {
        let (status, place, html) = house.submit(&mut client, &freeze, "edition=1").await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        assert_eq!(place, format!("{month}?done=report-frozen"));
    }
    let report = async || {
        house
            .store
            .report_of("2026-11".parse().unwrap())
            .await
            .unwrap()
    };
    assert_eq!(report().await.editions.len(), 1, "a double click");
    let (first, json) = offered(&house, &mut client, "1").await;
    assert_eq!(first, 2);
    assert!(json["service_levels"].is_array() && json["draft"] == false);
    let improvements = house
        .store
        .improvements("2026-11".parse().unwrap(), "2026-11".parse().unwrap());
    assert!(
        !improvements.await.unwrap().is_empty(),
        "one of two was not answered"
    );

    let (_, _, html) = house
        .submit(&mut client, &freeze, "edition=2&reason=x")
        .await;
    assert!(html.contains("前の版と違うところがありません"), "{html}");
    let arrived = EventKind::Arrived {
        from: "0399999999".into(),
        to: "5000".into(),
        open: true,
    };
    let reason = AbandonReason::CallerHangup;
    let late = [
        event("c9", 0, 100, arrived),
        event("c9", 1, 130, EventKind::Abandoned { reason }),
    ];
    house.store.append(&late).await.unwrap();
    let (status, _, html) = house
        .submit(&mut client, &freeze, "edition=2&reason=")
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("次の版を作る理由を入力してください"),
        "{html}"
    );
    house.let_pass(Millis::from_secs(61));
    let (_, html) = house.open(&mut client, &freeze).await;
    assert!(
        html.contains("第1版との差異") && html.contains("表2-1 着信 件数"),
        "{html}"
    );
    let body = form(&[("edition", "2"), ("reason", "遅れて届いた通話")]);
    let (status, _, html) = house.submit(&mut client, &freeze, &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (second, json) = offered(&house, &mut client, "2").await;
    assert_eq!((first, second), (2, 3));
    let revisions = json["revisions"].to_string();
    assert!(revisions.contains("遅れて届いた通話"), "{revisions}");
    let (again, _) = offered(&house, &mut client, "1").await;
    assert_eq!(again, 2, "the first one never changes");
    let (status, html) = house
        .open(&mut client, &format!("{month}/book?edition=2"))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("href=\"figure?book=0&amp;cell="), "{html}");
    let (_, _, html) = house
        .submit(&mut client, "/monthly/2026-12/freeze", "edition=1")
        .await;
    assert!(html.contains("月が終わってから確定してください"), "{html}");
}
