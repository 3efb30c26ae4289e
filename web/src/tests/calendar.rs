//! The reception calendar on screens.

use axum::http::StatusCode;
use madoguchi_core::setup::CALENDAR_DAY;

use super::*;

const DAY: &str = "/admin/calendar/2026-12-28";

#[tokio::test]
async fn a_year_shows_holidays_and_second_saturdays() {
    let house = house().await;
    let (status, html) = house.get("/admin/calendar?year=2026").await;
    assert_eq!(status, StatusCode::OK);
    for told in [
        "2026年度",
        "title=\"文化の日　受付なし　\"",
        "title=\"第2土曜日　8:00から17:30まで受付　\"",
        "title=\"年末年始　受付なし　\"",
    ] {
        assert!(html.contains(told), "{told}");
    }
    assert!(html.len() < 150_000, "{}", html.len());
}

#[tokio::test]
async fn a_day_is_changed_undone_and_told() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let body = "rule=open&opens=09%3A00&closes=12%3A00&note=%E4%BB%95%E4%BA%8B&version=0";
    let (status, place, html) = house.submit(&mut boss, DAY, body).await;
    assert_eq!(place, format!("{DAY}?done=saved"), "{status} {html}");
    let (_, html) = house.open(&mut boss, DAY).await;
    assert!(html.contains("9:00から12:00まで受付") && html.contains("value=\"09:00\""));
    let (status, ..) = house.submit(&mut boss, DAY, "rule=usual&version=1").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(
        house
            .store
            .list_settings(CALENDAR_DAY)
            .await
            .unwrap()
            .is_empty()
    );
    let restore = format!("{DAY}/restore");
    let (status, ..) = house
        .submit(&mut boss, &restore, "version=1&replaces=2")
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let kept = house.store.list_settings(CALENDAR_DAY).await.unwrap();
    assert!(
        kept[0].data.as_deref().unwrap().contains("09:00"),
        "{kept:?}"
    );
    assert_eq!(kept[0].version, 3);
    let (_, html) = house.get("/admin/calendar?year=2026").await;
    assert!(html.contains("規則と違う日"));
}

#[tokio::test]
async fn nonsense_is_refused_in_words_and_two_people_do_not_overwrite_each_other() {
    let house = house().await;
    let mut boss = house.boss.clone();
    for (body, told) in [
        ("rule=open&opens=12%3A00&closes=09%3A00", "開始の時刻より後"),
        ("rule=until&closes=", "終了の時刻を"),
        ("rule=fly", "この日の扱いを選んで"),
    ] {
        let (status, _, html) = house.submit(&mut boss, DAY, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(told), "{told}");
    }
    let closed = "rule=closed&version=0";
    assert_eq!(
        house.submit(&mut boss, DAY, closed).await.0,
        StatusCode::SEE_OTHER
    );
    let late = "rule=special_day&version=0";
    assert_eq!(
        house.submit(&mut boss, DAY, late).await.0,
        StatusCode::CONFLICT
    );
    for path in ["/admin/calendar/x", "/admin/calendar/1800-01-01"] {
        assert_eq!(house.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
