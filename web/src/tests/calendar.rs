//! The reception calendar on screens.

use axum::http::StatusCode;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::CALENDAR_DAY;
use madoguchi_store::AuditFilter;

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
        "<span>3日 文化の日</span>、<span>23日 勤労感謝の日</span>",
        "class=\"day off saturday\"",
        "class=\"day open rare saturday\"",
        "class=\"day off holiday\"",
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
    assert!(html.contains("なし → 9:00") && html.contains("value=\"09:00\""));
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
        ("rule=fly", "一覧から選んでください"),
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
    for path in [
        "/admin/calendar/x",
        "/admin/calendar/1800-01-01",
        "/admin/calendar/2026-1-5",
    ] {
        assert_eq!(house.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn several_days_are_looked_at_changed_at_once_and_taken_back_at_once() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let range = "/admin/calendar/range";
    // A day of its own that the change of several takes over, and gives back.
    let one = "/admin/calendar/2026-11-25";
    let closed = "rule=closed&note=%E5%81%9C%E9%9B%BB&version=0";
    house.submit(&mut boss, one, closed).await;
    house.let_pass(Millis::from_secs(60));
    let asked = "from=2026-11-24&to=2026-11-29&rule=until&which=open&closes=15%3A00";
    let (status, html) = house.open(&mut boss, &format!("{range}?{asked}")).await;
    assert_eq!(status, StatusCode::OK);
    for told in [
        "変わる日　4日",
        "まだ保存していません",
        "終日休み　停電",
        "15:00まで受付",
    ] {
        assert!(html.contains(told), "{told}");
    }
    let days = async || {
        let kept = house.store.list_settings(CALENDAR_DAY).await.unwrap();
        let days = kept
            .iter()
            .filter_map(|one| Some((one.id.clone(), one.data.clone()?)));
        days.collect::<Vec<_>>()
    };
    let before = days().await;
    assert_eq!(before.len(), 1, "looking changes nothing");
    let seen = html.split("name=\"seen\" value=\"").nth(1).unwrap();
    let seen = crate::query::escape(seen.split('"').next().unwrap());
    let body = format!("{asked}&seen={seen}");
    let (status, place, _) = house.submit(&mut boss, range, &body).await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, "/admin/calendar/range?done=saved")
    );
    assert_eq!(days().await.len(), 4, "not the weekend");
    let filter = AuditFilter {
        action: Some(Action::CalendarChange),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&filter).await.unwrap();
    let of_day = records.iter().find(|one| one.entry.object == "2026-11-25");
    let entry = &of_day.unwrap().entry;
    assert_eq!(records.len(), 5, "one for the day before, one for each day");
    assert_eq!(
        (&*entry.before["rule"], &*entry.before["note"]),
        ("closed", "停電")
    );
    assert_eq!(
        (&*entry.after["rule"], &*entry.after["closes"]),
        ("until", "15:00")
    );
    // What was looked at is no longer so.
    let (status, _, html) = house.submit(&mut boss, range, &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("変わる日はありません"));
    let other = body.replace("15%3A00", "14%3A00");
    let (status, _, html) = house.submit(&mut boss, range, &other).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("もう一度、内容を確認してください"));
    // One change, one undo, a record for each day.
    let (_, html) = house.open(&mut boss, range).await;
    assert!(html.contains("2026年(令和8年)11月27日まで(4日)"), "{html}");
    let at = html.split("name=\"at\" value=\"").nth(1).unwrap();
    let undo = format!("at={}&by=boss", at.split('"').next().unwrap());
    let place = format!("{range}/undo");
    house.let_pass(Millis::from_secs(60));
    let (status, ..) = house.submit(&mut boss, &place, &undo).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(days().await, before);
    let (status, ..) = house.submit(&mut boss, &place, &undo).await;
    assert_eq!(status, StatusCode::CONFLICT, "it is undone already");
    for nonsense in [
        "from=2026-11-24",
        "from=x&to=y",
        "from=2026-01-01&to=2026-12-31&rule=closed",
    ] {
        let (status, _) = house.get(&format!("{range}?{nonsense}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{nonsense}");
    }
}
