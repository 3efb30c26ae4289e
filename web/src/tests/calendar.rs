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
    // The same can be done once more: what is in force are the rules.
    let (status, html) = house.open(&mut boss, &format!("{range}?{asked}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("変わる日　4日"), "{html}");
    for nonsense in [
        "from=2026-11-24",
        "from=x&to=y",
        "from=2026-01-01&to=2026-12-31&rule=closed",
    ] {
        let (status, _) = house.get(&format!("{range}?{nonsense}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{nonsense}");
    }
}

/// A calendar for lines, made on its screen.
async fn macs(house: &House, boss: &mut Client) {
    let body = format!(
        "version=0&name=MACS&hours=8%3A15-20%3A00&sat={}&second_saturday=no",
        crate::query::escape("9:00-12:00")
    );
    let (status, place, html) = house.submit(boss, "/admin/calendars/new", &body).await;
    assert_eq!(
        place, "/admin/calendars/named/MACS?done=created",
        "{status} {html}"
    );
}

fn open(house: &House, line: &str, time: &str) -> bool {
    let at = Instant::from_tokyo(time.parse().unwrap());
    let calendars = house.desk.calendars();
    calendars.of_line(&line.into()).status(at).open
}

#[tokio::test]
async fn a_line_follows_the_calendar_that_was_chosen_on_its_screen() {
    let house = house().await;
    let mut boss = house.boss.clone();
    macs(&house, &mut boss).await;
    let (_, html) = house.open(&mut boss, "/admin/desk/lines/new").await;
    assert!(html.contains("<option value=\"MACS\""), "{html}");
    let line = "version=0&name=macs&numbers=6000&ring_timeout_s=15&away_after_no_answers=3\
                &wrap_up_s=30&priority=0&max_waiting=0&max_wait_s=0&announce_every_s=30\
                &closing_limit_s=600&calendar=";
    let (status, _, html) = house
        .submit(&mut boss, "/admin/desk/lines/new", &format!("{line}none"))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("受付カレンダーはありません"), "{html}");
    let (status, _, html) = house
        .submit(&mut boss, "/admin/desk/lines/new", &format!("{line}MACS"))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    for (time, desk, own) in [
        ("2026-11-24T08:05:00", true, false),
        ("2026-11-24T19:59:00", false, true),
        ("2026-11-14T15:00:00", true, false),
        ("2026-11-21T09:00:00", false, true),
    ] {
        assert_eq!(open(&house, "help", time), desk, "{time}");
        assert_eq!(open(&house, "macs", time), own, "{time}");
    }
    let at = "at=2026-11-24T19:00:00%2B09:00";
    let (_, told) = house.get(&format!("/api/v1/hours?{at}&line=macs")).await;
    assert!(told.contains("\"open\":true"), "{told}");
    let (_, told) = house.get(&format!("/api/v1/hours?{at}")).await;
    assert!(told.contains("\"open\":false"), "{told}");
    let (status, _) = house.get("/api/v1/hours?line=none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, html) = house.get("/board").await;
    assert!(html.contains("macs <span class=\"hours open\">"), "{html}");
    // A line's calendar does not go from under it.
    let (status, _, html) = house
        .submit(&mut boss, "/admin/calendars/named/MACS/remove", "version=1")
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    assert!(open(&house, "macs", "2026-11-24T19:59:00"));
}

#[tokio::test]
async fn days_of_a_calendar_are_changed_and_taken_back_without_touching_the_desks() {
    let house = house().await;
    let mut boss = house.boss.clone();
    macs(&house, &mut boss).await;
    let day = "/admin/calendar/2026-12-28%40MACS";
    let (status, html) = house.open(&mut boss, day).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("8:15から20:00まで受付") && html.contains("MACS"),
        "{html}"
    );
    let (status, place, _) = house.submit(&mut boss, day, "rule=closed&version=0").await;
    assert_eq!(
        (status, place.as_str()),
        (
            StatusCode::SEE_OTHER,
            "/admin/calendar/2026-12-28%40MACS?done=saved"
        )
    );
    let hours = |name: Option<&str>| {
        let calendars = house.desk.calendars();
        let date = "2026-12-28".parse().unwrap();
        calendars.named(name).day_hours(date).hours
    };
    assert_eq!(hours(Some("MACS")), None);
    assert!(hours(None).is_some());
    let (_, html) = house.get("/admin/calendar?year=2026&calendar=MACS").await;
    assert!(
        html.contains("規則と違う日") && html.contains("2026-12-25@MACS"),
        "{html}"
    );
    assert!(html.contains("<option value=\"MACS\" selected>"));
    let (_, html) = house.get("/admin/calendar?year=2026").await;
    assert!(!html.contains("規則と違う日"));
    // Several days, as one change that is undone as one.
    house.let_pass(Millis::from_secs(60));
    let range = "/admin/calendar/range";
    let asked = "calendar=MACS&from=2026-11-24&to=2026-11-29&rule=until&which=open&closes=15%3A00";
    let (status, html) = house.open(&mut boss, &format!("{range}?{asked}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("変わる日　5日"),
        "Saturday is an open day of it"
    );
    let seen = html.split("name=\"seen\" value=\"").nth(1).unwrap();
    let seen = crate::query::escape(seen.split('"').next().unwrap());
    let body = format!("{asked}&seen={seen}");
    let (status, place, _) = house.submit(&mut boss, range, &body).await;
    assert_eq!(
        (status, place.as_str()),
        (
            StatusCode::SEE_OTHER,
            "/admin/calendar/range?done=saved&calendar=MACS"
        )
    );
    let (_, html) = house.open(&mut boss, range).await;
    assert!(!html.contains("まとめて変えた履歴"), "not the desk's");
    let (_, html) = house
        .open(&mut boss, &format!("{range}?calendar=MACS"))
        .await;
    let at = html.split("name=\"at\" value=\"").nth(1).unwrap();
    let undo = format!("calendar=MACS&at={}&by=boss", at.split('"').next().unwrap());
    house.let_pass(Millis::from_secs(60));
    let (status, ..) = house
        .submit(&mut boss, "/admin/calendar/range/undo", &undo)
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let kept = house.store.list_settings(CALENDAR_DAY).await.unwrap();
    assert_eq!(kept.len(), 1, "the day that was closed before");
    for path in [
        "/admin/calendar?calendar=none",
        "/admin/calendar/range?calendar=none",
        "/admin/calendars/named/none",
    ] {
        assert_eq!(house.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let gone = "/admin/calendar/2026-12-28%40none";
    let (status, _, html) = house.submit(&mut boss, gone, "rule=closed&version=0").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("もうありません"));
}

#[tokio::test]
async fn hours_that_cannot_be_read_stand_at_their_field() {
    let house = house().await;
    let mut boss = house.boss.clone();
    for (body, told) in [
        ("name=a&hours=8", "始まりと終わりの時刻を"),
        ("name=a&hours=9%3A00-9%3A00", "始まりの時刻より後"),
        ("name=a&sun=maybe", "休みの日は「休み」"),
        ("name=", "名前を入力してください"),
    ] {
        let (status, _, html) = house.submit(&mut boss, "/admin/calendars/new", body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(html.contains(told), "{told}: {html}");
    }
}
