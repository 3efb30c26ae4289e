//! Tickets that are merged, and parts that are split off.

use super::*;

#[tokio::test]
async fn merged_tickets_lead_to_the_last_and_a_merge_is_undone() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    for question in ["一つ目", "二つ目", "三つ目"] {
        register(&house, &mut client, &[("question", question)]).await;
    }
    for (from, into) in [("R8-00001", "R8-00002"), ("R8-00002", "r8-3")] {
        let path = format!("/tickets/{from}/merge");
        for _ in 0..2 {
            let merge = body(&[("into", into), ("version", "2")]);
            let (status, _, html) = house.submit(&mut client, &path, &merge).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        }
    }
    let (status, place, _) = house.open_from(&mut client, "/tickets/R8-00001").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(place, "/tickets/R8-00003?from=R8-00001");
    let (_, html) = house.open(&mut client, &place).await;
    assert!(
        html.contains("R8-00001は、R8-00003に統合されています"),
        "{html}"
    );
    assert!(html.contains("一つ目") && html.contains("二つ目"));
    // Callers still have its number, and say it in their own way.
    for number in [
        "R8-00001",
        "r8-1",
        "%E4%BB%A4%E5%92%8C8%E5%B9%B4%E5%BA%A6%E3%81%AE1%E7%95%AA",
    ] {
        let path = format!("/tickets?words={number}");
        let (_, html) = house.open(&mut client, &path).await;
        assert!(html.contains("/tickets/R8-00001"), "{number}: {html}");
        assert!(!html.contains("三つ目"), "{number}");
    }
    let (status, _, html) = house
        .submit(
            &mut client,
            "/tickets/R8-00003/merge",
            &body(&[("into", "R8-00001")]),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("統合先がこの問合せ自身になります"), "{html}");
    for _ in 0..2 {
        let (status, place, _) = house
            .submit(&mut client, "/tickets/R8-00002/undo-merge", "")
            .await;
        assert_eq!(
            (status, place.as_str()),
            (StatusCode::SEE_OTHER, "/tickets/R8-00002?done=unmerged")
        );
    }
    let (_, place, _) = house.open_from(&mut client, "/tickets/R8-00001").await;
    assert_eq!(place, "/tickets/R8-00002?from=R8-00001");
}

#[tokio::test]
async fn a_part_is_split_off_with_its_contacts_once() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "旅費と給与")]).await;
    let contact = ticket(&house, &number)
        .await
        .contacts()
        .next()
        .unwrap()
        .id
        .to_string();
    let form = body(&[
        ("id", "split-1"),
        ("question", "給与のこと"),
        ("contact", &contact),
        ("version", "2"),
    ]);
    let path = format!("/tickets/{number}/split");
    for _ in 0..2 {
        let (status, place, html) = house.submit(&mut client, &path, &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        assert_eq!(place, "/tickets/R8-00002?done=split");
    }
    assert_eq!(ticket(&house, &number).await.contacts().count(), 0);
    let made = ticket(&house, "R8-00002").await;
    assert_eq!(made.contacts().count(), 1);
    assert_eq!(made.fields.question, "給与のこと");
    let stolen = body(&[
        ("id", made.id.as_str()),
        ("question", "ほか"),
        ("version", "2"),
    ]);
    let other = register(&house, &mut client, &[("question", "別の件")]).await;
    let path = format!("/tickets/{other}/split");
    let (status, ..) = house.submit(&mut client, &path, &stolen).await;
    assert_eq!(status, StatusCode::CONFLICT, "another's id");
}

#[tokio::test]
async fn a_part_with_a_number_that_no_ticket_may_hold_is_warned_of_before_it_is_split_off() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let number = register(&house, &mut sato, &[("question", "二つの件")]).await;
    let place = format!("/tickets/{number}/split");
    let mut fields = vec![("id", "part"), ("question", "番号は123456789018です")];
    let (status, _, html) = house.submit(&mut sato, &place, &body(&fields)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    assert!(html.contains("個人番号のように見えます") && html.contains("123456789018"));
    fields.push(("sensitive_confirmed", "yes"));
    let (status, _, html) = house.submit(&mut sato, &place, &body(&fields)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
}
