//! 回線

use super::*;

const NEW: &str = "/admin/desk/lines/new";

fn place(name: &str) -> String {
    format!("/admin/desk/line/{}", escape(name))
}

#[tokio::test]
async fn a_line_is_made_changed_removed_and_brought_back() {
    let house = house().await;
    let (status, to, _) = house.send_form(NEW, &line("夜間 窓口", &[])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let path = place("夜間 窓口");
    assert_eq!(to, format!("{path}?done=created"));
    let html = house.page(&to).await;
    assert!(html.contains("登録しました") && html.contains("value=\"15\""));
    // At once where lines are chosen.
    assert!(house.page("/calls").await.contains(">夜間 窓口</option>"));

    let changed = [
        ("ring_timeout_s", "２０"),
        ("strategy", "ring_all"),
        ("version", "1"),
    ];
    house.take(&path, &line("x", &changed)).await;
    let kept = house.desk.setup();
    let kept = &kept.line("夜間 窓口").expect("the name stays").config;
    assert_eq!(kept.ring_timeout_s, 20);
    let html = house.page(&path).await;
    assert!(html.contains("1人を呼び出す時間：15秒 → 20秒"), "{html}");

    let restore = "version=1&replaces=2";
    house.take(&format!("{path}/restore"), restore).await;
    assert_eq!(
        house
            .desk
            .setup()
            .line("夜間 窓口")
            .unwrap()
            .config
            .ring_timeout_s,
        15
    );

    let ask = house.page(&format!("{path}/remove")).await;
    assert!(ask.contains("5100への新しい電話は、つながらなくなります。"));
    house.take(&format!("{path}/remove"), "version=3").await;
    assert!(house.desk.setup().line("夜間 窓口").is_none());
    let list = house.page("/admin/desk/lines").await;
    assert!(list.contains("削除した回線") && list.contains(&path));
    assert!(
        house
            .page(&path)
            .await
            .contains("この回線は削除されています")
    );
    house
        .take(&format!("{path}/restore"), "version=2&replaces=4")
        .await;
    assert_eq!(
        house
            .desk
            .setup()
            .line("夜間 窓口")
            .unwrap()
            .config
            .ring_timeout_s,
        20
    );
}

#[tokio::test]
async fn faults_stand_at_their_fields_and_nothing_is_kept() {
    let house = house().await;
    for (differs, told) in [
        (("numbers", "総合"), "「総合」は電話番号ではありません"),
        (("numbers", ""), "電話番号を1つ以上書いてください"),
        (("ring_timeout_s", "0"), "1以上の値にしてください"),
        (("wrap_up_s", "十"), "数字で入力してください"),
        (("closing_limit_s", "100000"), "86400以下の値にしてください"),
        (("strategy", "moon"), "一覧から選んでください"),
        (
            ("numbers", "５０００"),
            "「５０００」は、回線「help」が使っています",
        ),
        (("numbers", "201"), "は、回線「夜間」が使っています"),
        (("trunk", "moon"), "「moon」という外線はありません"),
    ] {
        let html = house.refuse(NEW, &line("夜間", &[differs])).await;
        assert!(html.contains(told), "{told}: {html}");
        assert!(html.contains("入力を確認してください。保存していません。"));
    }
    for name in [
        "help",
        "internal",
        "",
        &"あ".repeat(41),
        "<script>alert(1)</script>\u{7}",
    ] {
        let html = house.refuse(NEW, &line(name, &[])).await;
        assert!(
            html.contains("<p class=\"field-error\" id=\"f1-error\">"),
            "{name}"
        );
        assert!(html.contains("<a href=\"#f1\">名前</a>"));
        assert!(!html.contains("<script>alert"));
    }
    assert!(house.store.list_settings("line").await.unwrap().is_empty());
    // What was typed is still there.
    let html = house
        .refuse(NEW, &line("夜間", &[("wrap_up_s", "x7")]))
        .await;
    assert!(html.contains("value=\"x7\"") && html.contains("value=\"夜間\""));
}

#[tokio::test]
async fn two_people_do_not_overwrite_each_other() {
    let house = house().await;
    house.take(NEW, &line("夜間", &[])).await;
    house
        .refuse(NEW, &line("夜間", &[("numbers", "5200")]))
        .await;
    let path = place("夜間");
    let first = line("夜間", &[("wrap_up_s", "10"), ("version", "1")]);
    house.take(&path, &first).await;
    let late = line("夜間", &[("wrap_up_s", "20"), ("version", "1")]);
    for (path, body, how) in [
        (
            path.clone(),
            late.as_str(),
            "入力した内容は、下に残っています",
        ),
        (
            format!("{path}/remove"),
            "version=1",
            "まだ何も行っていません",
        ),
        (
            format!("{path}/restore"),
            "version=1&replaces=1",
            "まだ何も行っていません",
        ),
    ] {
        let (status, _, html) = house.send_form(&path, body).await;
        assert_eq!(status, StatusCode::CONFLICT, "{path}");
        for told in [
            "この回線は、別の画面で先に変更されています(2026年(令和8年)11月24日 10:00)。",
            how,
            "<dt>後処理の時間</dt><dd>30秒 → 10秒</dd>",
        ] {
            assert!(html.contains(told), "{path}: {told}: {html}");
        }
    }
    assert_eq!(
        house.desk.setup().line("夜間").unwrap().config.wrap_up_s,
        10
    );
    // A fault does not hide that somebody else was quicker.
    let html = house
        .refuse(
            &path,
            &line("夜間", &[("wrap_up_s", "x"), ("version", "1")]),
        )
        .await;
    assert!(html.contains("name=\"version\" value=\"1\""));
}

#[tokio::test]
async fn who_comes_second_keeps_what_they_typed_and_sees_what_another_changed() {
    let house = house().await;
    house.take(NEW, &line("夜間", &[])).await;
    let path = place("夜間");
    let mut sato = house.user("sato", &[Role::Administrator]).await;
    let first = line("夜間", &[("wrap_up_s", "10"), ("version", "1")]);
    let (status, ..) = house.submit(&mut sato, &path, &first).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let late = line("夜間", &[("numbers", "5200"), ("version", "1")]);
    let (status, _, html) = house.send_form(&path, &late).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        html.contains("この回線は、satoが先に変更しました("),
        "{html}"
    );
    assert!(
        html.contains(">5200</textarea>"),
        "the own text is still there"
    );
    let setup = house.desk.setup();
    let kept = &setup.line("夜間").unwrap().config;
    assert_eq!(kept.numbers, ["5100"], "nothing is overwritten unseen");
    // Who has seen it saves what they mean.
    assert!(html.contains("name=\"version\" value=\"2\""), "{html}");
    let again = line("夜間", &[("numbers", "5200"), ("version", "2")]);
    house.take(&path, &again).await;
    assert_eq!(
        house.desk.setup().line("夜間").unwrap().config.numbers,
        ["5200"]
    );
    // What another has removed is not made anew; what was typed is told.
    let (status, ..) = house
        .submit(&mut sato, &format!("{path}/remove"), "version=3")
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let late = line("夜間", &[("wrap_up_s", "77"), ("version", "3")]);
    let (status, _, html) = house.send_form(&path, &late).await;
    assert_eq!(status, StatusCode::CONFLICT);
    for told in [
        "この回線は、satoが先に削除しました(",
        "入力した内容",
        "<dd>77秒</dd>",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert!(house.desk.setup().line("夜間").is_none());
}

#[tokio::test]
async fn a_number_that_another_has_by_now_is_not_brought_back() {
    let house = house().await;
    house.take(NEW, &line("夜間", &[])).await;
    let path = place("夜間");
    house.take(&format!("{path}/remove"), "version=1").await;
    house.take(NEW, &line("休日", &[])).await;
    let html = house
        .refuse(&format!("{path}/restore"), "version=1&replaces=2")
        .await;
    assert!(html.contains("が使っています"), "{html}");
    // Made anew under the old name, it goes on where it was.
    house.take(NEW, &line("夜間", &[("numbers", "5200")])).await;
    let kept = house.store.setting_history("line", "夜間").await.unwrap();
    assert_eq!(kept.len(), 3);
}

#[tokio::test]
async fn a_line_that_goes_is_taken_from_its_agents_as_was_told() {
    let house = house().await;
    house.take(NEW, &line("夜間", &[])).await;
    for (id, extension, more) in [
        (
            "suzuki",
            "202",
            &[("duty:夜間", "1"), ("duty:help", "2")][..],
        ),
        ("ito", "203", &[("duty:夜間", "3"), ("name", "伊藤")][..]),
    ] {
        let body = agent(id, extension, more);
        house.take("/admin/desk/agents/new", &body).await;
    }
    let path = place("夜間");
    let ask = house.page(&format!("{path}/remove")).await;
    assert!(
        ask.contains(": 伊藤(ほかに受け持つ回線がありません)、鈴木 一郎"),
        "{ask}"
    );
    house.take(&format!("{path}/remove"), "version=1").await;
    let setup = house.desk.setup();
    let duties = |id| setup.agent(id).unwrap().config.lines.clone();
    let left: Vec<_> = duties("suzuki").into_iter().map(|duty| duty.line).collect();
    assert_eq!(left, ["help"]);
    assert_eq!(duties("ito"), []);
    let history = house.page("/admin/desk/agent/suzuki").await;
    assert!(
        history.contains("受け持つ回線：help(副担当)、夜間(主担当) → help(副担当)"),
        "{history}"
    );
}

#[tokio::test]
async fn a_name_that_the_file_gained_is_the_files() {
    let house = house().await;
    house.take(NEW, &line("夜間", &[])).await;
    house
        .take(&format!("{}/remove", place("夜間")), "version=1")
        .await;
    house
        .desk
        .file
        .lock()
        .unwrap()
        .lines
        .push(LineConfig::new("夜間", vec!["5100".to_owned()]));
    assert!(house.desk.apply_setup().await);
    let html = house.page(&place("夜間")).await;
    assert!(html.contains("設定ファイルで定めています") && !html.contains("履歴"));
    let list = house.page("/admin/desk/lines").await;
    assert!(!list.contains("削除した回線"));
    let (status, ..) = house
        .send_form(
            &format!("{}/restore", place("夜間")),
            "version=1&replaces=2",
        )
        .await;
    assert_ne!(status, StatusCode::SEE_OTHER);
}
