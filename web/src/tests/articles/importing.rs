//! Articles and manuals that are taken in, and the whole that is brought out.

use super::*;

#[tokio::test]
async fn a_manual_is_chosen_where_its_category_is_and_says_its_place_in_few_words() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let page = "<h1>第1章 予約</h1><p>3か月前から予約できます。</p>";
    let file = ("手引き.html", page.as_bytes());
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, file).await;
    assert!(html.contains("「資料の取込み」で選んでください"), "{html}");
    let line = |heading: &str| {
        serde_json::json!({
            "id": "m-1", "question": "予約", "answer": "3か月前から",
            "manual": { "title": "手引き", "path": [heading], "page": 2 },
        })
        .to_string()
    };
    let (_, _, html) = apply(&house, &mut editor, &line(&"章".repeat(201))).await;
    assert!(
        html.contains("章と節の名前は200文字以内にしてください"),
        "{html}"
    );
    let (_, place, _) = apply(&house, &mut editor, &line("第1章 予約")).await;
    assert!(place.contains("done=imported"));
    let (_, html) = house.open(&mut editor, "/articles/m-1").await;
    assert!(
        html.contains("資料『手引き』 第1章 予約(2ページ)"),
        "{html}"
    );
}

#[tokio::test]
async fn sections_that_a_new_manual_does_not_have_any_more_are_named_before_it_is_taken_in() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let line = |id: &str, beside: &[&str]| {
        serde_json::json!({
            "id": id, "question": format!("{id}の節"), "answer": "予約できます", "related": beside,
            "manual": { "title": "手引き", "path": [id] },
        })
    };
    // 1 – 2 – 3: readers see all of them.
    let known = [
        ("m-1", &["m-2"][..]),
        ("m-2", &["m-1", "m-3"]),
        ("m-3", &["m-2"]),
    ];
    for (id, beside) in known {
        let read: Line = serde_json::from_value(line(id, beside)).unwrap();
        let content = read.content(Content::default());
        let article = Article::imported(id, content, now());
        let entry = AuditEntry::of_system(now(), Action::ArticleImport, id, Fields::new());
        let all = vec![(article, entry)];
        house.store.save_articles(all, now()).await.unwrap();
    }
    let new = line("m-1", &[]).to_string();
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("m.jsonl", new.as_bytes())).await;
    assert!(html.contains("新しい資料にない記事が2件あります"), "{html}");
    assert!(html.contains("m-2の節") && html.contains("href=\"/articles/m-3\""));
    let whole: Vec<String> = known
        .map(|(id, beside)| line(id, beside).to_string())
        .into();
    let whole = whole.join("\n");
    let (_, _, html) = bring(
        &house,
        &mut editor,
        IMPORT,
        0,
        ("m.jsonl", whole.as_bytes()),
    )
    .await;
    assert!(!html.contains("新しい資料にない記事"), "{html}");
    assert!(html.contains("取り込むものはありません"), "{html}");
}

/// Takes in what was shown.
async fn apply(house: &House, client: &mut Client, lines: &str) -> (StatusCode, String, String) {
    let part = |name: &str, text: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let body = format!(
        "{}{}--edge--\r\n",
        part("_csrf", &client.csrf),
        part("lines", lines)
    );
    let request = Request::post("/articles/import/apply")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap();
    house.pass(client, request).await
}

#[tokio::test]
async fn the_whole_knowledge_is_brought_out_and_it_is_told() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    for question in ["=HYPERLINK(\"x\")はどこですか。", "旅費はいつですか。"] {
        let draft = body(question, "**手引**の\n- 一\n- 二", 0);
        house.submit(&mut editor, "/articles/new", &draft).await;
    }
    let (status, lines) = house.open(&mut editor, "/articles/export.jsonl").await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| line["stage"] == "draft" && line["visible"] == false)
    );
    let (status, book) = house.open(&mut editor, "/articles/export.xlsx").await;
    assert!(status == StatusCode::OK && book.starts_with("PK"));
    // What was asked stands beside the articles, for those who may see tickets.
    let asked = "xl/worksheets/sheet2.xml";
    assert!(!book.contains(asked));
    let mut both = at_work(&house, "ryoho", &[Role::FaqEditor, Role::Agent]).await;
    let (_, book) = house.open(&mut both, "/articles/export.xlsx").await;
    assert!(book.contains(asked));
    let told = AuditFilter {
        limit: 20,
        ..AuditFilter::default()
    };
    let told = house.store.list_audit(&told).await.unwrap().into_iter();
    let told = told.filter(|record| record.entry.action == Action::ArticleExport);
    assert_eq!(told.count(), 3);
}

#[tokio::test]
async fn a_workbook_is_taken_in_by_the_names_of_its_columns() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let book = |names: &[&'static str], rows: &[&[&str]]| {
        let columns = names.iter().map(|name| Column {
            name: (*name).into(),
            width: 20,
        });
        let rows = rows
            .iter()
            .map(|row| row.iter().map(|text| Cell::from(*text)).collect());
        let table = Table {
            title: "記事".to_owned(),
            sheet: "記事".to_owned(),
            made_at: now(),
            columns: columns.collect(),
            rows: rows.collect(),
        };
        workbook(&table, Form::Data).unwrap()
    };
    let names = [
        "質問",
        "備考",
        "回答",
        "番号",
        "分類",
        "公開範囲",
        "キーワード",
    ];
    let bad = book(&names, &[&["一", "", "い", "a", "ない分類", "だれか", ""]]);
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &bad)).await;
    assert!(
        html.contains("2行目: 分類「ない分類」は登録されていません")
            && html.contains("2行目: 公開範囲は「職員に公開」か「窓口内」に"),
        "{html}"
    );
    let (_, _, html) = bring(
        &house,
        &mut editor,
        IMPORT,
        0,
        ("a", &book(&["質問"], &[&["一"]])),
    )
    .await;
    assert!(html.contains("列の名前「回答」がありません"), "{html}");
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", b"PK\x03\x04")).await;
    assert!(html.contains("読み取れません"), "{html}");

    let rows: [&[&str]; 3] = [
        &["一", "", "い", "a", "旅費・出張", "窓口内", "宿、泊"],
        &["", "", "", "", "", "", ""],
        &["二", "", "ろ", "", "", "", ""],
    ];
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &book(&names, &rows))).await;
    assert!(html.contains("新しい記事2件"), "{html}");
    let (_, rest) = html.split_once("name=\"lines\" value=\"").unwrap();
    let lines = rest.split('"').next().unwrap().replace("&#34;", "\"");
    apply(&house, &mut editor, &lines).await;
    let kept = house
        .store
        .lookup_article(&"a".into())
        .await
        .unwrap()
        .unwrap();
    let content = &kept.newest().unwrap().content;
    assert_eq!(content.keywords, ["宿", "泊"]);
    assert_eq!(content.audience, Audience::Desk);
    assert!(!content.category.is_none());

    // What a workbook does not say stays: above all, whom the article is for.
    let short = book(&["番号", "質問", "回答"], &[&["a", "一", "は"]]);
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &short)).await;
    let (_, rest) = html.split_once("name=\"lines\" value=\"").unwrap();
    let lines = rest.split('"').next().unwrap().replace("&#34;", "\"");
    apply(&house, &mut editor, &lines).await;
    let kept = house
        .store
        .lookup_article(&"a".into())
        .await
        .unwrap()
        .unwrap();
    let now = &kept.newest().unwrap().content;
    assert_eq!(now.answer, "は");
    assert_eq!(
        (now.audience, &now.category, &now.keywords),
        (content.audience, &content.category, &content.keywords)
    );
}

/// An answer stands in a workbook without its marks; it keeps them when it comes back as it was.
#[tokio::test]
async fn a_workbook_that_comes_back_changes_what_was_changed() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    for question in ["旅費はいつですか。", "=1+1はいつですか。"] {
        let draft = body(question, "**手引**の\n- 一\n- 二", 0);
        house.submit(&mut editor, "/articles/new", &draft).await;
    }
    let request = Request::get("/articles/export.xlsx")
        .header("host", "localhost:8080")
        .header("cookie", &editor.cookie)
        .body(Body::empty())
        .unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let book = axum::body::to_bytes(response.into_body(), usize::MAX);
    let book = book.await.unwrap();
    let (_, _, html) = bring(&house, &mut editor, IMPORT, 0, ("a", &book)).await;
    assert!(
        html.contains("新しい記事0件、変更0件、変更なし2件"),
        "{html}"
    );
}

#[tokio::test]
async fn a_file_is_shown_first_and_then_taken_in_as_drafts() {
    let house = house().await;
    let mut editor = at_work(&house, "hensyu", &[Role::FaqEditor]).await;
    let line = |id: &str, question: &str| {
        serde_json::json!({ "id": id, "question": question, "answer": "手引のとおりです。" })
            .to_string()
    };
    let bad = format!("{}\n{{\"id\":", line("a", "一"));
    let upload = async |editor: &mut Client, text: &str| {
        bring(&house, editor, IMPORT, 0, ("a", text.as_bytes())).await
    };
    let (_, _, html) = upload(&mut editor, &bad).await;
    assert!(html.contains("2行目を読み取れません"), "{html}");
    let good = format!("{}\n\n{}", line("a", "一<script>"), line("b", "二"));
    let (_, _, html) = upload(&mut editor, &good).await;
    assert!(
        html.contains("新しい記事2件") && !html.contains("<script>"),
        "{html}"
    );
    let none = house.store.lookup_article(&"a".into()).await.unwrap();
    assert!(none.is_none(), "nothing is kept yet");
    for _ in 0..2 {
        let (_, place, _) = apply(&house, &mut editor, &good).await;
        assert!(place.contains("done=imported"), "{place}");
    }
    let kept = house
        .store
        .lookup_article(&"a".into())
        .await
        .unwrap()
        .unwrap();
    assert!(kept.published(now()).is_none() && kept.versions.len() == 1);
    assert_eq!(kept.revision, 1, "the second click did nothing");
    let (_, _, html) = upload(&mut editor, &line("b", "二の二")).await;
    assert!(
        html.contains("変更1件") && html.contains("二の二"),
        "{html}"
    );
}
