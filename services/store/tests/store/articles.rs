//! Articles with their versions, and the feed of what searches must take up.

use madoguchi_core::article::{Article, ArticleFile, Content, FileKind, StageKind};
use madoguchi_core::audience::{Audience, Viewer};
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::id::{ArticleId, UserId};
use madoguchi_core::time::Instant;
use madoguchi_store::{
    ArticleFilter, ArticleProgress, Autosave, Settled, ShownFilter, Store, StoreError,
};

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, postgres] [
    an_article_is_read_as_it_was_kept,
    nobody_overwrites_unseen,
    each_article_has_a_number_that_is_never_given_again,
    a_draft_that_is_thrown_away_takes_its_files_along,
    what_was_typed_and_not_saved_is_kept_for_who_typed_it,
    what_waits_for_somebody_is_counted,
    a_file_is_kept_with_its_article_or_not_at_all,
    what_readers_see_is_fed_to_the_searches_and_nothing_else,
    what_is_due_is_published_and_ends_by_itself,
    lists_show_to_each_what_is_theirs,
    a_settled_call_is_counted_and_fed,
]);

fn entry(at: i64) -> AuditEntry {
    AuditEntry::of_system(Instant(at), Action::ArticleWrite, "", Fields::new())
}

fn content(question: &str, audience: Audience) -> Content {
    Content {
        question: question.to_owned(),
        answer: "﨑髙①〜😀\0".to_owned(),
        category: "f09".into(),
        audience,
        review_on: "2026-04-01".parse().ok(),
        ..Content::default()
    }
}

fn draft(id: &str) -> Article {
    let content = content("旅費の精算", Audience::Portal);
    Article::new(id, content, &UserId::new("editor"), Instant(1))
}

async fn save(store: &Store, article: &Article, at: i64) -> Result<Article, StoreError> {
    change!(store, entry(at), save_article(article, Instant(at)))?;
    Ok(store.lookup_article(&article.id).await?.unwrap())
}

async fn save_with_file(store: &Store, article: &Article, hash: &str) -> Result<(), StoreError> {
    let mut tx = store.begin(entry(1)).await?;
    tx.add_article_file(hash, "eA==").await?;
    tx.save_article(article, Instant(1)).await?;
    tx.commit().await
}

async fn published(store: &Store, id: &str, audience: Audience, at: i64) -> Article {
    let article = Article::imported(id, content(id, audience), Instant(at));
    save(store, &article, at).await.unwrap()
}

async fn fed(store: &Store, after: i64) -> Vec<ArticleId> {
    let feed = store.knowledge_changes(after, 100).await.unwrap();
    feed.into_iter().map(|(_, id)| id).collect()
}

async fn an_article_is_read_as_it_was_kept(place: Place) {
    let store = place.open().await;
    let kept = save(&store, &draft("a"), 1).await.unwrap();
    assert_eq!(kept.revision, 1);
    let said = &kept.newest().unwrap().content;
    assert_eq!(said.answer, "﨑髙①〜😀\0");
    assert_eq!(said.question, "旅費の精算");
    assert_eq!(store.lookup_article(&"b".into()).await.unwrap(), None);
}

async fn a_file_is_kept_with_its_article_or_not_at_all(place: Place) {
    let store = place.open().await;
    let mut article = draft("a");
    for (revision, hash, kept) in [(0, "aa", true), (0, "bb", false), (7, "cc", false)] {
        article.revision = revision;
        let saved = save_with_file(&store, &article, hash).await;
        assert_eq!(saved.is_ok(), kept, "{revision}");
        let file = store.lookup_article_file(hash).await.unwrap();
        assert_eq!(file.is_some(), kept, "{hash}");
    }
    // The same file once more, in another article.
    let other = draft("b");
    save_with_file(&store, &other, "aa").await.unwrap();
}

async fn each_article_has_a_number_that_is_never_given_again(place: Place) {
    let store = place.open().await;
    let first = save(&store, &draft("b"), 1).await.unwrap();
    let second = save(&store, &draft("a"), 2).await.unwrap();
    let number = second.number.unwrap();
    assert!(Some(number) > first.number);
    let id = store.lookup_article_id(number).await.unwrap();
    assert_eq!(id, Some("a".into()));
    change!(store, entry(3), delete_article(&second)).unwrap();
    assert_eq!(store.lookup_article(&"a".into()).await.unwrap(), None);
    assert_eq!(store.lookup_article_id(number).await.unwrap(), None);
    let again = save(&store, &draft("a"), 4).await.unwrap();
    assert!(again.number.unwrap() > number);
    let filter = ArticleFilter {
        text: again.number.unwrap().to_string(),
        limit: 10,
        ..ArticleFilter::default()
    };
    let found = store.page_articles(&filter).await.unwrap().rows;
    assert!(found.len() == 1 && found[0].id.as_str() == "a" && found[0].number == again.number);
}

fn with_file(mut article: Article, hash: &str) -> Article {
    let mut content = article.newest().unwrap().content.clone();
    content.files = vec![ArticleFile {
        hash: hash.to_owned(),
        name: "画面.png".to_owned(),
        kind: FileKind::Png,
        bytes: 1,
    }];
    article
        .edit(content, &UserId::new("editor"), Instant(1))
        .unwrap();
    article
}

async fn a_draft_that_is_thrown_away_takes_its_files_along(place: Place) {
    let store = place.open().await;
    for (id, hash) in [("a", "aa"), ("b", "bb"), ("c", "aa")] {
        let article = with_file(draft(id), hash);
        save_with_file(&store, &article, hash).await.unwrap();
    }
    let is_kept = async |hash: &str| store.lookup_article_file(hash).await.unwrap().is_some();
    for id in ["a", "b"] {
        let article = store.lookup_article(&id.into()).await.unwrap().unwrap();
        let mut late = article.clone();
        late.revision += 1;
        let refused = change!(store, entry(2), delete_article(&late));
        assert!(matches!(refused, Err(StoreError::Changed { .. })), "{id}");
        assert_eq!(
            store.lookup_article(&id.into()).await.unwrap().as_ref(),
            Some(&article)
        );
        change!(store, entry(2), delete_article(&article)).unwrap();
    }
    assert!(is_kept("aa").await, "another article has it");
    assert!(!is_kept("bb").await);
    // A draft behind what was published.
    let published = published(&store, "d", Audience::Portal, 3).await;
    let mut next = with_file(published, "dd");
    save_with_file(&store, &next, "dd").await.unwrap();
    next = store.lookup_article(&"d".into()).await.unwrap().unwrap();
    next.discard_draft().unwrap();
    let kept = save(&store, &next, 5).await.unwrap();
    assert_eq!(kept.versions.len(), 1);
    assert!(!is_kept("dd").await);
}

async fn what_was_typed_and_not_saved_is_kept_for_who_typed_it(place: Place) {
    let store = place.open().await;
    let (one, other) = (UserId::new("one"), UserId::new("other"));
    for (at, form) in [(1, "{}"), (2, "{\"answer\":\"\0\"}")] {
        let autosave = Autosave {
            at: Instant(at),
            form: form.to_owned(),
        };
        store.keep_autosave(&one, None, &autosave).await.unwrap();
    }
    let kept = store.lookup_autosave(&one, None).await.unwrap().unwrap();
    assert_eq!(kept.at, Instant(2));
    assert_eq!(store.lookup_autosave(&other, None).await.unwrap(), None);
    assert_eq!(
        store
            .lookup_autosave(&one, Some(&"a".into()))
            .await
            .unwrap(),
        None
    );
    // What nobody came back to makes room.
    let later = Autosave {
        at: Instant(100 * 86_400_000),
        form: "{}".to_owned(),
    };
    store
        .keep_autosave(&other, Some(&"a".into()), &later)
        .await
        .unwrap();
    assert_eq!(store.lookup_autosave(&one, None).await.unwrap(), None);
    unrecorded!(store, forget_autosave(&other, Some(&"a".into()))).unwrap();
    assert_eq!(
        store
            .lookup_autosave(&other, Some(&"a".into()))
            .await
            .unwrap(),
        None
    );
}

async fn what_waits_for_somebody_is_counted(place: Place) {
    let store = place.open().await;
    let (editor, approver) = (UserId::new("editor"), UserId::new("approver"));
    for (n, id) in (1..).zip(["a", "b", "c"]) {
        let mut article = save(&store, &draft(id), n).await.unwrap();
        article.submit(&editor, Instant(n)).unwrap();
        if id == "c" {
            article.send_back("短すぎます", Instant(n)).unwrap();
        }
        save(&store, &article, n).await.unwrap();
    }
    let mut shown = published(&store, "d", Audience::Portal, 4).await;
    shown
        .request_withdrawal(&approver, "制度が変わりました", Instant(5))
        .unwrap();
    save(&store, &shown, 5).await.unwrap();
    let work = store.count_work().await.unwrap();
    assert_eq!((work.waiting, work.sent_back, work.portal), (3, 1, 0));
    for (stage, count) in [
        (ArticleProgress::Waiting, 3),
        (ArticleProgress::SentBack, 1),
        (ArticleProgress::InReview, 2),
    ] {
        let filter = ArticleFilter {
            stage: Some(stage),
            limit: 10,
            ..ArticleFilter::default()
        };
        let found = store.page_articles(&filter).await.unwrap().rows;
        let counts = store.article_counts("2026-01-01").await.unwrap();
        assert_eq!(found.len(), count, "{stage:?}");
        assert_eq!((counts.waiting, counts.sent_back), (3, 1));
    }
}

async fn nobody_overwrites_unseen(place: Place) {
    let store = place.open().await;
    let first = save(&store, &draft("a"), 1).await.unwrap();
    let mut one = first.clone();
    let mut other = first;
    let by = UserId::new("editor");
    one.edit(content("一", Audience::Portal), &by, Instant(2))
        .unwrap();
    other
        .edit(content("二", Audience::Portal), &by, Instant(2))
        .unwrap();
    save(&store, &one, 2).await.unwrap();
    let late = save(&store, &other, 3).await;
    assert!(matches!(late, Err(StoreError::Changed { .. })), "{late:?}");
    let kept = store.lookup_article(&"a".into()).await.unwrap().unwrap();
    assert_eq!(kept.newest().unwrap().content.question, "一");
    let again = save(&store, &draft("a"), 4).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
}

async fn what_readers_see_is_fed_to_the_searches_and_nothing_else(place: Place) {
    let store = place.open().await;
    let mut article = save(&store, &draft("a"), 1).await.unwrap();
    article.submit(&UserId::new("editor"), Instant(2)).unwrap();
    let mut article = save(&store, &article, 2).await.unwrap();
    assert_eq!(fed(&store, 0).await, Vec::<ArticleId>::new());
    article
        .approve(&UserId::new("boss"), Instant(3), Instant(3))
        .unwrap();
    let mut article = save(&store, &article, 3).await.unwrap();
    assert_eq!(fed(&store, 0).await, ["a".into()]);
    article
        .request_withdrawal(&UserId::new("editor"), "古い", Instant(4))
        .unwrap();
    let mut article = save(&store, &article, 4).await.unwrap();
    assert_eq!(fed(&store, 1).await, Vec::<ArticleId>::new());
    article.withdraw(&UserId::new("boss"), Instant(5)).unwrap();
    save(&store, &article, 5).await.unwrap();
    assert_eq!(fed(&store, 1).await, ["a".into()]);
    assert_eq!(store.knowledge_position().await.unwrap(), 2);
    assert_eq!(
        store.visible_articles(&"".into(), 10).await.unwrap(),
        Vec::<ArticleId>::new()
    );
}

async fn what_is_due_is_published_and_ends_by_itself(place: Place) {
    let store = place.open().await;
    let ends = Content {
        expires_at: Some(Instant(200)),
        ..content("一", Audience::Portal)
    };
    let mut article = Article::new("a", ends, &UserId::new("editor"), Instant(1));
    article.submit(&UserId::new("editor"), Instant(2)).unwrap();
    article
        .approve(&UserId::new("boss"), Instant(100), Instant(3))
        .unwrap();
    save(&store, &article, 3).await.unwrap();
    let due = |now: i64| store.publish_due(Instant(now), move |_| entry(now));
    assert_eq!(due(99).await.unwrap(), 0);
    assert_eq!(due(100).await.unwrap(), 1);
    assert_eq!(due(101).await.unwrap(), 0);
    assert_eq!(
        store.visible_articles(&"".into(), 10).await.unwrap(),
        ["a".into()]
    );
    assert_eq!(due(200).await.unwrap(), 1);
    assert_eq!(due(201).await.unwrap(), 0);
    assert_eq!(
        store.visible_articles(&"".into(), 10).await.unwrap(),
        Vec::<ArticleId>::new()
    );
    assert_eq!(fed(&store, 0).await, ["a".into(), "a".into()]);
}

async fn lists_show_to_each_what_is_theirs(place: Place) {
    let store = place.open().await;
    published(&store, "p", Audience::Portal, 1).await;
    published(&store, "d", Audience::Desk, 2).await;
    save(&store, &draft("w"), 3).await.unwrap();
    let ids = async |filter: ShownFilter| {
        let (rows, total) = store.list_shown(&filter).await.unwrap();
        let ids: Vec<_> = rows.into_iter().map(|row| row.id).collect();
        assert_eq!(total, ids.len() as u64);
        ids
    };
    let all = ShownFilter {
        viewer: Viewer::Portal,
        categories: None,
        ids: None,
        offset: 0,
        limit: 10,
    };
    assert_eq!(ids(all.clone()).await, ["p".into()]);
    let desk = ShownFilter {
        viewer: Viewer::Desk,
        ..all
    };
    assert_eq!(ids(desk.clone()).await, ["d".into(), "p".into()]);
    let some = ShownFilter {
        ids: Some(vec!["d".into()]),
        ..desk.clone()
    };
    assert_eq!(ids(some).await, ["d".into()]);
    let none = ShownFilter {
        categories: Some(Vec::new()),
        ..desk
    };
    assert_eq!(ids(none).await, Vec::<ArticleId>::new());
    assert_eq!(
        store.count_shown(Viewer::Portal).await.unwrap(),
        [("f09".into(), 1)]
    );
    let filter = ArticleFilter {
        text: "精算".to_owned(),
        limit: 10,
        ..ArticleFilter::default()
    };
    let rows = store.page_articles(&filter).await.unwrap().rows;
    let counts = store.article_counts("2026-11-25").await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].id.as_str() == "w" && rows[0].stage == StageKind::Draft && !rows[0].visible);
    let found = store.count_articles(&filter, 10).await.unwrap();
    assert_eq!((found, counts.overdue), (1, 2));
    let overdue = store.overdue_articles("2026-11-25", 10).await.unwrap();
    assert_eq!(overdue.len(), 2);
}

async fn a_settled_call_is_counted_and_fed(place: Place) {
    let store = place.open().await;
    published(&store, "a", Audience::Portal, 1).await;
    let settled = |id: &str| Settled {
        id: id.to_owned(),
        at: Instant(5),
        article: "a".into(),
        user: UserId::new("sato"),
        search: None,
        call: Some("c1".to_owned()),
    };
    assert!(unrecorded!(store, log_settled(&settled("1"))).unwrap());
    // The same call again is no second one.
    assert!(!unrecorded!(store, log_settled(&settled("2"))).unwrap());
    assert_eq!(
        store
            .lookup_article(&"a".into())
            .await
            .unwrap()
            .unwrap()
            .settled,
        1
    );
    assert_eq!(fed(&store, 0).await, ["a".into(), "a".into()]);
}
