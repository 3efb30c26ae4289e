//! 月次: when a month may be 確定, and how people are told what has changed since.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{
    EditionChange, Month, REPORT_SETTINGS, REPORT_SETTINGS_ID, ReportSettings,
};
use madoguchi_store::NewVersion;

use super::monthly::freeze_books;
use super::*;
use crate::query::escape;

const OCTOBER: &str = "/monthly/2026-10";
const NOVEMBER: &str = "/monthly/2026-11";

async fn writer(house: &House, now: &str) -> Client {
    house.set_time(Instant::from_tokyo(now.parse().unwrap()));
    let mut client = house.user("sekinin", &[Role::Supervisor]).await;
    let (status, html) = house.open(&mut client, "/monthly").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    client
}

async fn note(house: &House, edition: u32, figures: u64, replaces: i64) {
    let change = EditionChange {
        month: "2026-10".parse().unwrap(),
        edition,
        figures,
    };
    let entry = AuditEntry::of_system(now(), Action::ReportChanged, "2026-10", Fields::new());
    let mut tx = house.store.begin(entry).await.unwrap();
    tx.save_month_entry(&change, replaces, "").await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_has_changed_since_確定_stands_in_the_list_and_on_the_page_of_the_month() {
    let house = house().await;
    let mut client = writer(&house, "2026-11-24T10:00:00").await;
    let told = async |client: &mut Client| {
        let (_, list) = house.open(client, "/monthly?year=2026").await;
        let (_, page) = house.open(client, OCTOBER).await;
        (
            list.matches("確定後に変更あり").count(),
            page.contains("第1版の後に変わった数値があります"),
        )
    };
    freeze_books(&house, 1, &["ヘルプデスク受付状況報告"]).await;
    assert_eq!(told(&mut client).await, (0, false));
    note(&house, 1, 2, 0).await;
    assert_eq!(told(&mut client).await, (1, true));
    let (_, page) = house.open(&mut client, OCTOBER).await;
    assert!(page.contains("第1版との差異</a>を確かめて"), "{page}");
    let mut reader = house.user("sato", &[Role::Agent]).await;
    assert_eq!(told(&mut reader).await, (1, true));
    let (_, page) = house.open(&mut reader, OCTOBER).await;
    assert!(!page.contains("/freeze"), "they may not: {page}");
    // The correction was taken back.
    note(&house, 1, 0, 1).await;
    assert_eq!(told(&mut client).await, (0, false));
    note(&house, 1, 2, 2).await;
    freeze_books(&house, 2, &["ヘルプデスク受付状況報告"]).await;
    assert_eq!(told(&mut client).await, (0, false), "第2版 has it");
}

#[tokio::test]
async fn a_month_is_not_確定_before_its_cut_off_and_the_pages_say_from_when_on() {
    let house = house().await;
    let mut client = writer(&house, "2026-12-01T10:00:00").await;
    let settings = ReportSettings {
        cut_off_open_days: 2,
        ..ReportSettings::default()
    };
    let entry = AuditEntry::of_system(
        now(),
        Action::ReportSettingsChange,
        REPORT_SETTINGS_ID,
        Fields::new(),
    );
    let version = NewVersion {
        kind: REPORT_SETTINGS,
        id: REPORT_SETTINGS_ID.to_owned(),
        replaces: 0,
        data: Some(serde_json::to_string(&settings).unwrap()),
    };
    let mut tx = house.store.begin(entry).await.unwrap();
    tx.save_setting(&version).await.unwrap();
    tx.commit().await.unwrap();

    let freeze = format!("{NOVEMBER}/freeze");
    let (_, page) = house.open(&mut client, NOVEMBER).await;
    assert!(
        page.contains("12月3日 0:00を過ぎると、確定できます") && !page.contains("/freeze"),
        "{page}"
    );
    let (_, page) = house.open(&mut client, &freeze).await;
    assert!(
        page.contains("12月3日 0:00です。締め日時を過ぎてから確定してください"),
        "{page}"
    );
    assert!(!page.contains("第1版を確定する"), "{page}");
    let (status, _, html) = house.submit(&mut client, &freeze, "edition=1").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("確定していません。締め日時を過ぎてから"),
        "{html}"
    );
    house.set_time(Instant::from_tokyo("2026-12-03T00:00:00".parse().unwrap()));
    let mut client = house.user("hoka", &[Role::Supervisor]).await;
    let (_, page) = house.open(&mut client, NOVEMBER).await;
    assert!(
        page.contains("/freeze") && !page.contains("締め日時"),
        "{page}"
    );
}

#[tokio::test]
async fn a_month_without_any_record_is_確定_with_a_reason() {
    let house = house().await;
    let mut client = writer(&house, "2026-11-24T10:00:00").await;
    let freeze = format!("{OCTOBER}/freeze");
    let (_, page) = house.open(&mut client, &freeze).await;
    assert!(
        page.contains("着信も、受け付けた問合せもありません") && page.contains("name=\"reason\""),
        "{page}"
    );
    for silent in ["edition=1", "edition=1&reason=+"] {
        let (status, _, html) = house.submit(&mut client, &freeze, silent).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{silent}");
        assert!(
            html.contains("記録のない月を確定する理由を入力してください"),
            "{html}"
        );
    }
    let month: Month = "2026-10".parse().unwrap();
    let kept = async || house.store.report_of(month).await.unwrap().editions;
    assert!(kept().await.is_empty());
    assert!(
        house
            .store
            .improvements(month, month)
            .await
            .unwrap()
            .is_empty(),
        "nothing was opened either"
    );
    let body = format!("edition=1&reason={}", escape(NASTY));
    let (status, _, html) = house.submit(&mut client, &freeze, &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(kept().await[0].reason, NASTY);
    let (_, page) = house.open(&mut client, OCTOBER).await;
    assert!(page.contains("第1版") && !page.contains(NASTY), "{page}");
    // November has a call.
    house.set_time(Instant::from_tokyo("2026-12-01T10:00:00".parse().unwrap()));
    let mut client = house.user("hoka", &[Role::Supervisor]).await;
    let (_, page) = house.open(&mut client, &format!("{NOVEMBER}/freeze")).await;
    assert!(!page.contains("受け付けた問合せもありません"), "{page}");
}
