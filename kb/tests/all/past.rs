//! Answered tickets beside articles: found by the desk alone, and never in the place of an article that
//! fits as well.

use madoguchi_kb::{Change, Entry, Feed, Query, Source, mix};

use super::*;

fn ticket(id: &str, question: &str, answer: &str) -> Entry {
    Entry {
        source: Source::Ticket,
        question: question.to_owned(),
        answer: answer.to_owned(),
        ..super::entry(id, Audience::Desk)
    }
}

fn put(knowledge: &Knowledge, entries: Vec<Entry>, position: i64) {
    let put = entries.into_iter().map(|one| Change::Put(Box::new(one)));
    let changes: Vec<_> = put.collect();
    knowledge.apply(Feed::Tickets, &changes, position).unwrap();
}

fn tickets(knowledge: &Knowledge, text: &str, viewer: Viewer) -> Vec<String> {
    let found = knowledge.search_tickets(&Query::new(text, viewer, 100));
    found.unwrap().hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn tickets_are_found_by_the_desk_alone_and_beside_articles() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    rebuild(&knowledge, sample(), 1);
    let before = found(&knowledge, "複合機", Viewer::Desk);
    let one = ticket(
        "t1",
        "複合機のパネルに灰色の帯が出る",
        "複合機の電源を切り、3分待って入れる",
    );
    put(&knowledge, vec![one], 7);
    assert_eq!(tickets(&knowledge, "複合機 灰色の帯", Viewer::Desk), ["t1"]);
    assert!(tickets(&knowledge, "複合機 灰色の帯", Viewer::Portal).is_empty());
    assert_eq!(
        found(&knowledge, "複合機", Viewer::Desk),
        before,
        "articles as before"
    );
    assert!(
        knowledge
            .suggest("複合機のパネル", Viewer::Desk, 50)
            .unwrap()
            .iter()
            .all(|one| one.id.as_deref() != Some("t1"))
    );
    // Each feed has its own position, also after the next start.
    let position = |knowledge: &Knowledge, feed| knowledge.position(feed).unwrap();
    assert_eq!(position(&knowledge, Feed::Articles), Some(1));
    assert_eq!(position(&knowledge, Feed::Tickets), Some(7));
    drop(knowledge);
    let knowledge = open(folder.path());
    assert_eq!(position(&knowledge, Feed::Tickets), Some(7));
    // A changed text takes the place of the one before; a ticket that answers no more goes.
    put(&knowledge, vec![ticket("t1", "名刺の注文", "総務へ")], 8);
    assert!(tickets(&knowledge, "灰色の帯", Viewer::Desk).is_empty());
    knowledge
        .apply(Feed::Tickets, &[Change::Remove("t1".to_owned())], 9)
        .unwrap();
    assert!(tickets(&knowledge, "名刺の注文", Viewer::Desk).is_empty());
}

#[test]
fn a_hundred_tickets_that_say_the_same_leave_the_article_first() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    let article = Entry {
        question: "旅費の精算が差し戻されたときは".to_owned(),
        answer: "差戻しの理由を確認し、直してから申請し直してください。".to_owned(),
        ..super::entry("faq", Audience::Portal)
    };
    let mut entries = vec![article];
    entries.extend((0..100).map(|n| {
        let question = format!("旅費の精算が差し戻された 第{n}回");
        ticket(&format!("t{n}"), &question, "経理課に電話で確かめてもらう")
    }));
    // Others ask of other things: words that stand in every entry tell nothing apart.
    entries.extend((0..100).map(|n| {
        let question = format!("複合機の紙が詰まる 第{n}回");
        ticket(&format!("u{n}"), &question, "紙を取り除く")
    }));
    rebuild(&knowledge, entries, 1);
    let query = Query {
        fits: true,
        ..Query::new("旅費の精算が差し戻されたときは", Viewer::Desk, 10)
    };
    let articles = knowledge.search(&query).unwrap();
    let mixed = mix(articles, knowledge.search_tickets(&query).unwrap(), 0, 5);
    let sources: Vec<_> = mixed.hits.iter().map(|hit| hit.source).collect();
    assert_eq!(sources, [Source::Faq, Source::Ticket]);
}
