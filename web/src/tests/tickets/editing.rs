//! What is changed on the page of a ticket, by several people and in rare letters, and what is half typed.

use super::*;

#[tokio::test]
async fn what_two_people_change_apart_is_joined_and_one_field_shows_three_texts() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut tanaka = agent(&house, "tanaka").await;
    let number = register(&house, &mut sato, &[("question", "もとの質問")]).await;
    let place = format!("/tickets/{number}");
    let form = |own: &[(&str, &str)]| {
        let mut all = own.to_vec();
        all.push(("version", "2"));
        fields(&all)
    };
    let by_sato = form(&[("question", "もとの質問"), ("answer", "佐藤の答え")]);
    let (status, ..) = house.submit(&mut sato, &place, &by_sato).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let apart = form(&[("question", "田中が直した質問")]);
    let (status, _, html) = house.submit(&mut tanaka, &place, &apart).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let kept = ticket(&house, &number).await.fields;
    assert_eq!(
        (kept.question.as_str(), kept.answer.as_str()),
        ("田中が直した質問", "佐藤の答え")
    );
    let both = form(&[("question", "もとの質問"), ("answer", "田中の答え")]);
    let (status, _, html) = house.submit(&mut tanaka, &place, &both).await;
    assert_eq!(status, StatusCode::CONFLICT);
    for told in [
        "あなたの入力",
        "田中の答え</dd>",
        "佐藤の答え</dd>",
        "(空欄)",
        "田中の答え</textarea>",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert_eq!(ticket(&house, &number).await.fields.answer, "佐藤の答え");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_beside_its_form_and_what_was_typed_stays() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "動かない")]).await;
    let sent = [
        ("vendor", ""),
        ("route", "direct"),
        ("sent", "調査をお願いします。"),
    ];
    let (status, _, html) = step(&house, &mut client, &number, ("escalate", &sent)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("エスカレーション先を入力してください。"),
        "{html}"
    );
    assert!(html.contains("調査をお願いします。</textarea>"), "{html}");
    let sent = [
        ("vendor", "財務会計の保守"),
        ("route", "direct"),
        ("sent", "調査"),
        ("due", "2026-11-25T10:00"),
    ];
    step(&house, &mut client, &number, ("escalate", &sent)).await;
    let kept = ticket(&house, &number).await;
    assert_eq!(kept.status(), Status::Escalated);
    let (status, _, html) = step(
        &house,
        &mut client,
        &number,
        ("status", &[("status", "done")]),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("エスカレーション先の回答が届いていません"),
        "{html}"
    );
    let seq = kept.escalations[0].seq.to_string();
    let returned = [("escalation", seq.as_str()), ("answer", "修正しました")];
    step(&house, &mut client, &number, ("returned", &returned)).await;
    step(&house, &mut client, &number, ("analysis-begin", &[])).await;
    step(
        &house,
        &mut client,
        &number,
        ("analysis-end", &[("finding", "設定の誤り")]),
    )
    .await;
    let held = [("until", "2026-11-30"), ("reason", "回答待ち")];
    step(&house, &mut client, &number, ("hold", &held)).await;
    assert_eq!(ticket(&house, &number).await.status(), Status::Held);
    step(&house, &mut client, &number, ("resume", &[])).await;
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    for told in ["財務会計の保守", "修正しました", "設定の誤り", "回答待ち"] {
        assert!(html.contains(told), "{told}");
    }
    let (status, ..) = step(&house, &mut client, &number, ("sing", &[])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn long_texts_and_rare_letters_go_through_form_search_workbook_and_back() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let long = "問".repeat(100_000);
    let number = register(&house, &mut client, &[("question", &long)]).await;
    assert_eq!(ticket(&house, &number).await.fields.question, long);
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let too_long = fields(&[("question", &format!("{long}い"))]);
    let (status, _, html) = house.submit(&mut client, &action(&html), &too_long).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("100000文字以内で入力してください"));
    let rare = "﨑髙①〜😀 <b>&\"";
    register(
        &house,
        &mut client,
        &[("question", rare), ("name", "﨑 髙子")],
    )
    .await;
    let (_, html) = house.open(&mut client, "/tickets/R8-00002").await;
    assert!(html.contains("﨑髙①〜😀 &#60;b&#62;&#38;&#34;"), "{html}");
    house.let_pass(Millis(2_000));
    let (_, html) = house
        .open(&mut client, &format!("/tickets?words={}", escape("﨑髙")))
        .await;
    assert!(
        html.contains("R8-00002") && !html.contains("R8-00001"),
        "{html}"
    );
    let request = Request::get(format!("/tickets/download?words={}", escape("😀")))
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let response = house
        .router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let file = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let rows = sheet::rows(&file, 10).unwrap();
    let at = rows[0]
        .iter()
        .position(|head| head == "質問の全文")
        .unwrap();
    assert_eq!(rows[1][at], rare);
    assert_eq!(recorded(&house, Action::TicketExport).await, 1);
}

#[tokio::test]
async fn letters_that_others_lose_come_back_from_form_search_and_files() {
    const RARE: &str = "﨑髙①〜😀の差戻し";
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(
        &house,
        &mut client,
        &[("question", RARE), ("name", "﨑山 髙子")],
    )
    .await;
    for word in [RARE, "😀", "﨑山", "①"] {
        let (_, html) = house
            .open(&mut client, &format!("/tickets?words={}", escape(word)))
            .await;
        assert!(html.contains(&number), "{word}");
    }
    let (_, _, list) = call(
        &house,
        ("GET", "/api/v1/tickets?words=%F0%9F%98%80"),
        &[],
        "",
    )
    .await;
    assert_eq!(list["tickets"][0]["fields"]["question"], RARE);
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    assert!(html.contains(RARE));
    let request = Request::get("/tickets/download?format=xlsx")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let book = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let rows = sheet::rows(&book, 10).unwrap();
    assert!(rows[1].iter().any(|cell| cell == RARE), "{rows:?}");
    let long = "問".repeat(100_001);
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let form = fields(&[("question", &long)]);
    let (status, _, html) = house.submit(&mut client, &action(&html), &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("文字以内で入力してください(入力された文字数: 100001)"));
    assert!(html.contains(&long), "what was typed is still there");
}

/// Keeps what is typed into a form of a ticket's page, as its script does.
async fn type_into(house: &House, client: &mut Client, (id, name): (&str, &str), typed: &str) {
    let fields = [
        ("ticket", id),
        ("name", name),
        ("version", "2"),
        ("fields", typed),
    ];
    let (status, _, html) = house.submit(client, "/tickets/typed", &body(&fields)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
}

#[tokio::test]
async fn what_is_typed_on_the_page_of_a_ticket_is_there_again_until_it_is_saved() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut tanaka = agent(&house, "tanaka").await;
    let number = register(&house, &mut sato, &[("question", "差戻しの件")]).await;
    let id = ticket(&house, &number).await.id.to_string();
    let place = format!("/tickets/{number}");
    let note = r#"{"text":"途中までのメモ"}"#;
    type_into(&house, &mut sato, (&id, "note"), note).await;
    let answer = r#"{"answer":"途中までの回答"}"#;
    type_into(&house, &mut sato, (&id, "fields"), answer).await;
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(
        html.contains("途中までのメモ") && html.contains("途中までの回答"),
        "{html}"
    );
    // It is theirs alone; that they write is told to others, and the reception leads back to it.
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(
        !html.contains("途中まで") && html.contains("入力中:見本"),
        "{html}"
    );
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(html.contains("閲覧中:見本"), "{html}");
    let (_, html) = house.open(&mut sato, "/reception?new=plain").await;
    assert!(
        html.contains(&format!("href=\"{place}\">{number}")),
        "{html}"
    );
    // What cannot be read takes nothing away.
    let many: Vec<String> = (0..61).map(|n| format!("\"f{n}\":\"\"")).collect();
    for broken in ["{", "[1]", &format!("{{{}}}", many.join(","))] {
        let fields = [
            ("ticket", id.as_str()),
            ("name", "note"),
            ("fields", broken),
        ];
        let typed = body(&fields);
        let sent = house.submit(&mut sato, "/tickets/typed", &typed).await;
        assert_eq!(sent.0, StatusCode::BAD_REQUEST, "{broken}");
    }
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(html.contains("途中までのメモ"), "{html}");
    // What is saved, or taken away, is kept no more.
    let (status, ..) = step(&house, &mut sato, &number, ("note", &[("text", "メモ")])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    type_into(&house, &mut sato, (&id, "fields"), "").await;
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(!html.contains("途中まで"), "{html}");
    // A form of no ticket is kept nowhere.
    for (ticket, name) in [("nobody", "note"), (id.as_str(), "../x"), ("new", "note")] {
        let fields = [("ticket", ticket), ("name", name), ("fields", note)];
        let sent = house
            .submit(&mut sato, "/tickets/typed", &body(&fields))
            .await;
        assert_eq!(sent.0, StatusCode::NOT_FOUND, "{ticket} {name}");
    }
}
