//! Many tickets are changed at once: each by a step of its own, once, and what cannot be changed is told.

use super::*;

/// What the list offers to be chosen: number and version of each ticket.
async fn offered(house: &House, client: &mut Client, path: &str) -> Vec<String> {
    let (status, html) = house.open(client, path).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let boxes = html.split("name=\"chosen\" value=\"").skip(1);
    boxes
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

async fn three(house: &House, client: &mut Client) {
    for question in ["一", "二", "三"] {
        register(house, client, &[("question", question), ("answer", "答え")]).await;
    }
}

#[tokio::test]
async fn what_is_chosen_is_changed_once_with_a_step_and_a_record_each() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    three(&house, &mut sato).await;
    let chosen = offered(&house, &mut sato, "/tickets").await;
    assert_eq!(chosen, ["R8-00003 2", "R8-00002 2", "R8-00001 2"]);
    let before = recorded(&house, Action::TicketChange).await;
    let user = house.store.lookup_login("sato").await.unwrap().unwrap();
    let form = body(&[
        ("chosen", &chosen[0]),
        ("chosen", &chosen[1]),
        ("owner", user.user.id.as_str()),
        ("status", "in_progress"),
        ("system", "macs"),
        ("urgency", "high"),
        ("tags", "旅費、年度末"),
    ]);
    for _ in 0..2 {
        let (status, _, html) = house.submit(&mut sato, "/tickets/bulk", &form).await;
        assert_eq!(status, StatusCode::OK, "{html}");
        assert!(
            html.contains("2件を変更しました。") && !html.contains("変更していない"),
            "{html}"
        );
    }
    assert_eq!(recorded(&house, Action::TicketChange).await, before + 2);
    for number in ["R8-00003", "R8-00002"] {
        let kept = ticket(&house, number).await;
        assert_eq!(kept.status(), Status::InProgress);
        assert_eq!(kept.fields.owner, Some(user.user.id.clone()));
        assert_eq!(kept.fields.tags.len(), 2);
        let events = house.store.ticket_events(&kept.id).await.unwrap();
        let steps = events.len() - 2;
        assert!(steps >= 4, "{events:#?}");
    }
    assert_eq!(ticket(&house, "R8-00001").await.version, 2);
    // Tags are taken away as they are put on.
    let off = body(&[("chosen", "R8-00003 0"), ("tags_off", "旅費")]);
    house.submit(&mut sato, "/tickets/bulk", &off).await;
    let kept = ticket(&house, "R8-00003").await;
    assert_eq!(kept.fields.tags.into_iter().collect::<Vec<_>>(), ["年度末"]);
}

#[tokio::test]
async fn what_cannot_be_changed_is_told_with_its_reason_and_the_rest_is_taken() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut ito = agent(&house, "ito").await;
    three(&house, &mut sato).await;
    let chosen = offered(&house, &mut sato, "/tickets").await;
    // Somebody else closes one meanwhile, and hands another to a vendor.
    step(
        &house,
        &mut ito,
        "R8-00001",
        ("status", &[("status", "done")]),
    )
    .await;
    step(&house, &mut ito, "R8-00002", ("analysis-begin", &[])).await;
    let mut all: Vec<(&str, &str)> = chosen.iter().map(|one| ("chosen", one.as_str())).collect();
    all.extend([("chosen", "R8-00009 1"), ("status", "answered")]);
    let (_, _, html) = house.submit(&mut sato, "/tickets/bulk", &body(&all)).await;
    assert!(
        html.contains("1件を変更しました。") && html.contains("3件は変更していません。"),
        "{html}"
    );
    for why in [
        "ほかの人が先に変更しました",
        "この番号の問合せは見つかりません",
    ] {
        assert!(html.contains(why), "{why}: {html}");
    }
    assert_eq!(ticket(&house, "R8-00003").await.status(), Status::Answered);
    assert_eq!(ticket(&house, "R8-00001").await.status(), Status::Done);
    // By what is seen now the rules say what is in the way.
    let chosen = offered(&house, &mut sato, "/tickets").await;
    let mut all: Vec<(&str, &str)> = chosen.iter().map(|one| ("chosen", one.as_str())).collect();
    all.push(("status", "answered"));
    let (_, _, html) = house.submit(&mut sato, "/tickets/bulk", &body(&all)).await;
    for why in [
        "完了した問合せです",
        "機能分析が終わっていません",
        "1件は、すでにそのとおりでした",
    ] {
        assert!(html.contains(why), "{why}: {html}");
    }
}

#[tokio::test]
async fn all_that_the_filters_show_are_changed_without_choosing_each() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    three(&house, &mut sato).await;
    house.let_pass(Millis(1_000));
    let (_, html) = house.open(&mut sato, "/tickets?words=%E4%BA%8C").await;
    let hidden = |name: &str| {
        let rest = html.split(&format!("name=\"{name}\" value=\"")).nth(1);
        rest.unwrap().split('"').next().unwrap().to_owned()
    };
    let (at, filter) = (hidden("at"), hidden("filter"));
    house.let_pass(Millis(5));
    let form = body(&[
        ("all", "yes"),
        ("at", &at),
        ("filter", &filter),
        ("tags", "確認"),
    ]);
    for _ in 0..2 {
        let (_, _, html) = house.submit(&mut sato, "/tickets/bulk", &form).await;
        assert!(html.contains("1件を変更しました。"), "{html}");
        assert!(
            html.contains("/tickets?words="),
            "back to the same list: {html}"
        );
    }
    for (number, version) in [("R8-00001", 2), ("R8-00002", 3), ("R8-00003", 2)] {
        assert_eq!(ticket(&house, number).await.version, version, "{number}");
    }
}

#[tokio::test]
async fn a_form_that_says_nothing_changes_nothing() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    three(&house, &mut sato).await;
    for (form, told) in [
        (body(&[("chosen", "R8-00001 2")]), "何を変更するか"),
        (body(&[("status", "done")]), "表の左の欄で選んでください"),
        (
            body(&[("chosen", "R8-00001 2"), ("owner", "nobody-here")]),
            "担当を選び直してください",
        ),
        (
            body(&[("chosen", "R8-00001 2"), ("status", "held")]),
            "1件は変更していません",
        ),
    ] {
        let (_, _, html) = house.submit(&mut sato, "/tickets/bulk", &form).await;
        assert!(html.contains(told), "{told}: {html}");
    }
    assert_eq!(ticket(&house, "R8-00001").await.version, 2);
}

#[tokio::test]
async fn what_is_due_by_either_clock_stands_on_its_page_in_the_menu_and_on_the_board() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    for (question, received_at) in [("近い", "2026-11-24T09:35"), ("遅れた", "2026-11-24T08:30")]
    {
        let own = [("question", question), ("received_at", received_at)];
        register(&house, &mut sato, &own).await;
    }
    register(&house, &mut sato, &[("question", "まだ")]).await;
    // The operating clock of one stands; the contract goes on.
    let held = [("reason", "書類を待つ"), ("until", "")];
    step(&house, &mut sato, "R8-00002", ("hold", &held)).await;
    house.let_pass(Millis(2_000));
    let (_, html) = house.open(&mut sato, "/tickets/due").await;
    assert!(html.contains("超過 1件、期限間近 1件"), "{html}");
    let late = html.find("R8-00002").unwrap();
    assert!(
        late < html.find("R8-00001").unwrap(),
        "the most urgent first"
    );
    assert!(
        html.contains("停止中(") && html.contains("残り4分"),
        "{html}"
    );
    assert!(
        !html.contains("R8-00003") && !html.contains("近い</"),
        "{html}"
    );
    let (_, html) = house.open(&mut sato, "/tickets").await;
    assert!(
        html.contains("<span class=\"waits\" data-due-waits>超過1件、間近1件</span>"),
        "{html}"
    );
    // The list tells the same, and has the same tickets.
    assert!(
        html.contains("期限間近(1件)") && html.contains("超過(1件)"),
        "{html}"
    );
    for (due, numbers) in [
        ("all", [true, true]),
        ("near", [true, false]),
        ("late", [false, true]),
    ] {
        let (_, html) = house.open(&mut sato, &format!("/tickets?due={due}")).await;
        let found = ["R8-00001", "R8-00002"].map(|number| html.contains(number));
        assert_eq!(found, numbers, "{due}");
        assert!(!html.contains("R8-00003"), "{due}");
    }
    let (_, html) = house.open(&mut sato, "/board").await;
    assert!(html.contains("data-near=\"1\" data-late=\"1\""), "{html}");
    // Whoever sees to no tickets is told of none.
    let mut reporter = house.user("kanri", &[Role::Administrator]).await;
    let (_, html) = house.open(&mut reporter, "/board").await;
    assert!(
        !html.contains("data-due") && !html.contains("due-session"),
        "{html}"
    );
    let (status, _) = house.open(&mut reporter, "/tickets/due/part").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
