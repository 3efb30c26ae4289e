//! A FAQ that was used: what its pages show then.

use anyhow::Context;
use madoguchi_core::article::Content;
use madoguchi_core::audience::{Audience, Viewer};
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_core::id::{CategoryId, UserId};
use madoguchi_core::portal::{Inquiry, NOTICE, Notice, NoticeKind};
use madoguchi_core::time::Millis;
use madoguchi_store::{Feedback, NewInquiry, NewVersion, Rating, Referrer, Search, View};
use madoguchi_tests::desk::Desk;
use madoguchi_web::{SYNONYM_KIND, WORD_KIND};

/// An article with two versions, the newer of which is being written.
async fn written(desk: &Desk) -> anyhow::Result<()> {
    let now = desk.clock.now();
    let content = Content {
        question: "パスワードを忘れたときは、どうすればよいですか。".to_owned(),
        answer: "| 状態 | 対応 |\n| --- | --- |\n| 忘れた | 再設定 |".to_owned(),
        category: "f08".into(),
        audience: Audience::Portal,
        ..Content::default()
    };
    let found = desk.store().lookup_article(&"login-001".into()).await?;
    let mut article = found.context("the FAQ holds it")?;
    article.import(content.clone(), now);
    let newer = Content {
        answer: "[再設定](/faq)します。担当の山田さんに聞きました。".to_owned(),
        ..content
    };
    article.edit(newer, &UserId::new("somebody"), now)?;
    let entry = madoguchi_tests::faq::entry("login-001", now);
    let mut tx = desk.store().begin(entry).await?;
    tx.save_article(&article, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Fills the log; gives the id of a notice.
pub(super) async fn used(desk: &Desk) -> anyhow::Result<String> {
    let (store, now) = (desk.store(), desk.clock.now());
    let notice = Notice {
        kind: NoticeKind::Incident,
        title: "旅費システムを利用できません".to_owned(),
        body: "復旧の見込みは、11時にお知らせします。".to_owned(),
        readers: Audience::Portal,
        from: now - Millis::from_secs(60),
        until: None,
    };
    let synonyms = serde_json::json!({ "terms": ["ぬりかべ", "旅費"] });
    let word = serde_json::json!({ "surface": "ぬりかべ", "reading": "ヌリカベ" });
    for (kind, id, data) in [
        (NOTICE, "outage", serde_json::to_string(&notice)?),
        (
            "phrase",
            "aisatsu",
            r#"{"code":"aisatsu","title":"あいさつ","text":"{氏名}様"}"#.to_owned(),
        ),
        (SYNONYM_KIND, "own", synonyms.to_string()),
        (WORD_KIND, "own", word.to_string()),
    ] {
        let version = NewVersion {
            kind,
            id: id.to_owned(),
            replaces: 0,
            data: Some(data),
        };
        let entry = AuditEntry::of_system(now, Action::NoticeChange, id, Fields::new());
        let mut tx = store.begin(entry).await?;
        tx.save_setting(&version).await?;
        tx.commit().await?;
    }
    written(desk).await?;
    for (n, results) in [(1, 0), (2, 3)] {
        let search = Search {
            id: format!("search-{n}"),
            at: now,
            viewer: Viewer::Portal,
            query: format!("ぬりかべ{n}"),
            category: CategoryId::default(),
            results,
            site: Some("本部".to_owned()),
            user: None,
        };
        store.log_search(&search).await?;
    }
    let view = View {
        id: "view".to_owned(),
        at: now,
        article: "login-001".into(),
        viewer: Viewer::Portal,
        site: Some("本部".to_owned()),
        visit: "visit".to_owned(),
        way: Referrer::Search,
    };
    store.log_view(&view).await?;
    let feedback = Feedback {
        article: "login-001".into(),
        version: 1,
        voter: "voter".to_owned(),
        at: now,
        site: None,
        word: Rating {
            helped: false,
            comment: "画面の名前が違います。".to_owned(),
        },
    };
    store.give_feedback(&feedback).await?;
    let inquiry = NewInquiry {
        id: "inquiry".to_owned(),
        at: now,
        inquiry: Inquiry {
            site: "本部".to_owned(),
            name: "佐藤".to_owned(),
            extension: "1234".to_owned(),
            text: "再設定のメールが届きません。".to_owned(),
            article: Some("login-001".into()),
            query: "パスワード".to_owned(),
            person: None,
        },
    };
    let mut tx = store.begin_unrecorded().await?;
    tx.add_inquiry(&inquiry).await?;
    tx.commit().await?;
    Ok("outage".to_owned())
}
