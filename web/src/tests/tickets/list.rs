//! The list of tickets: whose they are, what is due and who is waited for.

use super::*;

#[tokio::test]
async fn the_list_shows_mine_and_what_is_due() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut tanaka = agent(&house, "tanaka").await;
    let mine = [
        ("question", "佐藤の件"),
        ("received_at", "2026-11-24T09:35"),
    ];
    for (client, own) in [
        (&mut sato, mine),
        (&mut tanaka, [("question", "田中の件"), ("site", "")]),
    ] {
        let owner = {
            let (_, html) = house.open(client, "/tickets/new").await;
            let select = html.split("name=\"owner\"").nth(1).unwrap();
            let chosen = select.split(" selected").next().unwrap();
            chosen
                .rsplit("value=\"")
                .next()
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        };
        let mut all = own.to_vec();
        all.push(("owner", &owner));
        register(&house, client, &all).await;
    }
    house.let_pass(Millis(2_000));
    let (_, html) = house.open(&mut sato, "/tickets?state=open&owner=me").await;
    assert!(
        html.contains("佐藤の件") && !html.contains("田中の件"),
        "{html}"
    );
    // 9:35 from 10:00: five minutes are left of thirty.
    let (_, html) = house.open(&mut sato, "/tickets?due=near").await;
    assert!(
        html.contains("佐藤の件") && html.contains("残り4分") && !html.contains("田中の件"),
        "{html}"
    );
    assert!(
        html.contains("期限間近(1件)") && html.contains("超過(0件)"),
        "{html}"
    );
    // Whatever else is asked for narrows what is due, too.
    for (more, is_there) in [
        (&*format!("&words={}", escape("佐藤")), true),
        (&*format!("&words={}", escape("田中")), false),
        ("&state=done", false),
        ("&number=0399990000", false),
        ("&mark=incident", false),
        ("&from=2026-11-24", true),
        ("&to=2026-11-23", false),
    ] {
        let (status, html) = house
            .open(&mut sato, &format!("/tickets?due=near{more}"))
            .await;
        assert_eq!(status, StatusCode::OK, "{more}");
        assert_eq!(html.contains("佐藤の件"), is_there, "{more}: {html}");
    }
    let (status, _) = house.open(&mut sato, "/tickets?state=nonsense").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_waits_for_a_vendor_or_a_caller_longer_than_it_was_meant_to_is_listed() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let vendor = register(&house, &mut sato, &[("question", "保守に渡した件")]).await;
    let caller = register(&house, &mut sato, &[("question", "返事を待つ件")]).await;
    let urgent = [("question", "急ぐ件"), ("urgent", "yes")];
    register(&house, &mut sato, &urgent).await;
    let escalate = [
        ("vendor", "保守"),
        ("sent", "見てください"),
        ("remind_at", "2026-11-24T10:01"),
    ];
    let hold = [("until", "2026-11-24"), ("reason", "確認")];
    for (number, taken) in [
        (&vendor, ("escalate", &escalate[..])),
        (&caller, ("hold", &hold[..])),
    ] {
        let (status, _, html) = step(&house, &mut sato, number, taken).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    }
    let (_, html) = house.open(&mut sato, "/tickets?waits=vendor").await;
    assert!(!html.contains("保守に渡した件"), "not yet: {html}");
    let (_, html) = house.open(&mut sato, "/tickets?waits=caller").await;
    assert!(
        html.contains("返事を待つ件") && !html.contains("急ぐ件"),
        "{html}"
    );
    house.let_pass(Millis::from_secs(120));
    let (_, html) = house.open(&mut sato, "/tickets?waits=vendor").await;
    assert!(
        html.contains("保守に渡した件") && !html.contains("返事を待つ件"),
        "{html}"
    );
    let (_, html) = house.open(&mut sato, "/tickets?mark=urgent").await;
    assert!(
        html.contains("急ぐ件") && !html.contains("保守に渡した件"),
        "{html}"
    );
}
