//! The steps of an article, one by one and in any order.

use proptest::prelude::*;

use super::*;

fn user(name: &str) -> UserId {
    UserId::new(name)
}

fn content(question: &str) -> Content {
    Content {
        question: question.to_owned(),
        answer: "答え".to_owned(),
        ..Content::default()
    }
}

fn published() -> Article {
    let mut article = Article::new("a", content("一"), &user("editor"), Instant(0));
    article.submit(&user("editor"), Instant(1)).unwrap();
    article
        .approve(&user("approver"), Instant(0), Instant(2))
        .unwrap();
    article
}

#[test]
fn who_wrote_or_submitted_a_version_cannot_approve_it() {
    let mut article = Article::new("a", content("一"), &user("one"), Instant(0));
    article
        .edit(content("二"), &user("two"), Instant(1))
        .unwrap();
    article.submit(&user("three"), Instant(2)).unwrap();
    for own in ["one", "two", "three"] {
        let refused = article.approve(&user(own), Instant(0), Instant(3));
        assert_eq!(refused, Err(TransitionError::OwnWork), "{own}");
    }
    article
        .approve(&user("four"), Instant(0), Instant(3))
        .unwrap();
    assert!(article.published(Instant(3)).is_some());
}

#[test]
fn the_published_version_stays_while_the_next_is_written() {
    let mut article = published();
    article
        .edit(content("二"), &user("editor"), Instant(5))
        .unwrap();
    article.submit(&user("editor"), Instant(6)).unwrap();
    assert_eq!(
        article.published(Instant(6)).unwrap().content.question,
        "一"
    );
    article
        .approve(&user("approver"), Instant(100), Instant(7))
        .unwrap();
    assert_eq!(
        article.published(Instant(7)).unwrap().content.question,
        "一"
    );
    assert_eq!(article.due_at(Instant(7)), Some(Instant(100)));
    assert!(!article.publish_due(Instant(99)));
    assert!(article.publish_due(Instant(100)));
    assert_eq!(
        article.published(Instant(100)).unwrap().content.question,
        "二"
    );
    assert_eq!(article.versions.len(), 2);
}

#[test]
fn a_version_that_is_sent_back_becomes_a_draft_with_the_reason() {
    let mut article = Article::new("a", content("一"), &user("editor"), Instant(0));
    article.submit(&user("editor"), Instant(1)).unwrap();
    assert_eq!(
        article.send_back(" ", Instant(2)),
        Err(TransitionError::NoReason)
    );
    article.send_back("画面の名前が違う", Instant(2)).unwrap();
    let stage = &article.next().unwrap().stage;
    assert_eq!(
        *stage,
        Stage::Draft {
            sent_back: Some("画面の名前が違う".to_owned())
        }
    );
}

#[test]
fn what_is_in_review_or_scheduled_is_taken_back_and_must_be_approved_anew() {
    let mut article = published();
    assert_eq!(article.recall(Instant(3)), Err(TransitionError::WrongStage));
    article
        .edit(content("二"), &user("editor"), Instant(3))
        .unwrap();
    for scheduled in [false, true] {
        article.submit(&user("editor"), Instant(4)).unwrap();
        if scheduled {
            let by = user("approver");
            article.approve(&by, Instant(100), Instant(5)).unwrap();
        }
        article.recall(Instant(6)).unwrap();
        assert!(!article.publish_due(Instant(1_000)), "{scheduled}");
        let shown = article.published(Instant(1_000)).unwrap();
        assert_eq!(shown.content.question, "一");
        assert!(!article.next().unwrap().stage.is_sent_back());
    }
}

#[test]
fn a_draft_is_thrown_away_and_what_was_published_stays() {
    let mut article = Article::new("a", content("一"), &user("editor"), Instant(0));
    assert_eq!(article.discard_draft(), Ok(Discarded::Article));
    let mut article = published();
    assert_eq!(article.discard_draft(), Err(TransitionError::WrongStage));
    article
        .edit(content("二"), &user("editor"), Instant(3))
        .unwrap();
    assert_eq!(article.discard_draft(), Ok(Discarded::Draft));
    assert_eq!(article.newest().unwrap().content.question, "一");
    assert!(article.published(Instant(4)).is_some());
}

#[test]
fn a_withdrawal_is_approved_by_somebody_else() {
    let mut article = published();
    article
        .request_withdrawal(&user("editor"), "制度が変わった", Instant(3))
        .unwrap();
    assert!(article.published(Instant(3)).is_some());
    assert_eq!(
        article.withdraw(&user("editor"), Instant(4)),
        Err(TransitionError::OwnWork)
    );
    article.withdraw(&user("approver"), Instant(4)).unwrap();
    assert!(article.published(Instant(4)).is_none());
}

#[test]
fn an_article_ends_with_its_time() {
    let mut article = Article::new(
        "a",
        Content {
            expires_at: Some(Instant(50)),
            ..content("一")
        },
        &user("e"),
        Instant(0),
    );
    article.submit(&user("e"), Instant(1)).unwrap();
    article.approve(&user("a"), Instant(0), Instant(2)).unwrap();
    assert!(article.published(Instant(49)).is_some() && article.published(Instant(50)).is_none());
}

#[test]
fn personal_data_keeps_a_draft_from_review() {
    let mut article = Article::new("a", content("山田さんから"), &user("e"), Instant(0));
    assert_eq!(
        article.submit(&user("e"), Instant(1)),
        Err(TransitionError::PersonalData)
    );
    let confirmed = Content {
        harmless: vec!["山田".to_owned()],
        ..content("山田さんから")
    };
    article.edit(confirmed, &user("e"), Instant(2)).unwrap();
    article.submit(&user("e"), Instant(3)).unwrap();
}

#[test]
fn a_version_of_the_past_tells_since_when_readers_saw_it() {
    let mut article = Article::new("a", content("一"), &user("e"), Instant(0));
    article.submit(&user("e"), Instant(1)).unwrap();
    article
        .approve(&user("a"), Instant(50), Instant(2))
        .unwrap();
    assert_eq!(article.versions[0].at, Instant(2), "it waits");
    assert!(article.publish_due(Instant(60)));
    article.import(content("二"), Instant(90));
    let [first, second] = &article.versions[..] else {
        panic!("{article:?}");
    };
    assert_eq!((&first.stage, first.at), (&Stage::Past, Instant(50)));
    assert_eq!(second.at, Instant(90));
}

#[test]
fn an_older_version_comes_back_as_a_draft() {
    let mut article = published();
    article
        .edit(content("二"), &user("editor"), Instant(5))
        .unwrap();
    assert_eq!(
        article.restore(1, &user("editor"), Instant(6)),
        Err(TransitionError::WrongStage)
    );
    article.submit(&user("editor"), Instant(6)).unwrap();
    article
        .approve(&user("approver"), Instant(0), Instant(7))
        .unwrap();
    article.restore(1, &user("editor"), Instant(8)).unwrap();
    assert_eq!(article.next().unwrap().content.question, "一");
    assert_eq!(
        article.published(Instant(8)).unwrap().content.question,
        "二"
    );
}

proptest! {
    #[test]
    fn whatever_is_done_nothing_is_published_unapproved_and_nothing_is_lost(
        steps in prop::collection::vec((0_u8..11, 0_usize..3), 0..60)
    ) {
        let people = ["one", "two", "three"].map(user);
        let mut article = Article::new("a", content("0"), &people[0], Instant(0));
        let mut said = vec!["0".to_owned()];
        for (at, (step, who)) in steps.into_iter().enumerate() {
            let (now, by) = (Instant(at as i64 + 1), &people[who]);
            let before = article.clone();
            let done = match step {
                0 => article.edit(content(&at.to_string()), by, now),
                1 => article.submit(by, now),
                2 => article.send_back("x", now),
                3 => article.approve(by, Instant(at as i64 + 3), now),
                4 => article.approve(by, Instant(0), now),
                5 => { article.publish_due(now); Ok(()) }
                6 => article.request_withdrawal(by, "x", now),
                7 => article.withdraw(by, now),
                8 => article.recall(now),
                9 => article.discard_draft().map(|_| ()),
                _ => article.restore(1, by, now),
            };
            if done.is_err() {
                prop_assert_eq!(&article, &before);
            } else if step == 0 {
                said.push(at.to_string());
            }
            let published = article.versions.iter().filter(|version| matches!(version.stage, Stage::Published { .. }));
            let published: Vec<_> = published.collect();
            prop_assert!(published.len() <= 1);
            for version in published {
                if let Stage::Published { by, .. } = &version.stage {
                    prop_assert!(!version.authors.contains(by));
                }
            }
            // A draft alone is ever thrown away.
            let drafts = usize::from(step == 9);
            prop_assert!(article.versions.len() + drafts >= before.versions.len());
            prop_assert!(!article.versions.is_empty());
            if step == 8 || step == 9 {
                prop_assert_eq!(article.published(now), before.published(now));
            }
            let numbers: Vec<_> = article.versions.iter().map(|version| version.number).collect();
            prop_assert_eq!(numbers, (1..=article.versions.len() as u32).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_question_in_several_lines_is_one() {
    let line = r#"{"id":"a","question":" 旅費は\r\n\nいつですか。\n","answer":"翌月です。"}"#;
    let line: Line = serde_json::from_str(line).unwrap();
    assert_eq!(
        Line::faults(std::slice::from_ref(&line)),
        Vec::<String>::new()
    );
    let content = line.content(Content::default());
    assert_eq!(content.question, "旅費は いつですか。");
}
