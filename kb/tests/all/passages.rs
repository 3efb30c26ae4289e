//! What is long is found, shown and taken out by its passages.

use madoguchi_kb::{Change, Entry, Feed, Knowledge, Query, Verdict};

use super::*;

#[derive(Deserialize)]
struct Chapter {
    id: String,
    question: String,
    answer: String,
}

#[derive(Deserialize)]
struct PassageQuery {
    query: String,
    section: String,
}

fn with_manuals() -> (tempfile::TempDir, Knowledge, Vec<Entry>) {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    let chapters: Vec<Chapter> = read(include_str!("../../sample/long/manuals.jsonl"));
    let chapters: Vec<Entry> = chapters
        .into_iter()
        .map(|chapter| Entry {
            question: chapter.question,
            answer: chapter.answer,
            ..entry(&chapter.id, Audience::Portal)
        })
        .collect();
    rebuild(&knowledge, [sample(), chapters.clone()].concat(), 1);
    (folder, knowledge, chapters)
}

#[test]
fn a_chapter_is_one_result_and_shows_the_passage_that_answers() {
    let (_folder, knowledge, _) = with_manuals();
    let found = knowledge
        .search(&Query::new("マイクの電池", Viewer::Portal, 50))
        .unwrap();
    let best = &found.hits[0];
    assert_eq!(best.id, "m02");
    assert!(
        best.passage.contains("マイクの電池は管理室で"),
        "{}",
        best.passage
    );
    assert!(joined(&best.excerpt).contains("電池"), "{best:?}");
    let chapters = found.hits.iter().filter(|hit| hit.id == "m02").count();
    assert_eq!((chapters, found.total), (1, found.hits.len()));
    // The passage is under its heading, and no other section comes with it.
    assert!(!best.passage.contains("2.1 鍵"), "{}", best.passage);
}

#[test]
fn a_section_is_found_by_what_it_says() {
    let (_folder, knowledge, chapters) = with_manuals();
    let asked: Vec<PassageQuery> = read(include_str!(
        "../../sample/long/manual-queries-tuning.jsonl"
    ));
    let in_section = asked.iter().filter(|asked| {
        let found = knowledge.search(&Query::new(&asked.query, Viewer::Portal, 5));
        let hits = found.unwrap().hits;
        hits.iter().any(|hit| {
            let chapter = chapters.iter().find(|one| one.id == hit.id);
            chapter.is_some_and(|chapter| {
                let begin = chapter.answer.find(&asked.section);
                let place = chapter.answer.find(&hit.passage);
                let next = |at: usize| {
                    let rest = chapter.answer.get(at + 1..).unwrap_or_default();
                    rest.find("\n\n")
                        .map_or(chapter.answer.len(), |to| at + 1 + to)
                };
                begin.zip(place).is_some_and(|(begin, place)| {
                    (begin..next(begin)).contains(&place)
                        || (place..place + hit.passage.len()).contains(&begin)
                })
            })
        })
    });
    let (right, all) = (in_section.count(), asked.len());
    assert!(right * 10 >= all * 7, "{right} of {all}");
}

#[test]
fn all_passages_of_a_chapter_change_and_go_with_it() {
    let (_folder, knowledge, chapters) = with_manuals();
    let listed = || knowledge.newest(Viewer::Portal, None, 0, 500).unwrap();
    let (entries, total) = listed();
    assert_eq!(entries.len(), total);
    assert!(entries.iter().filter(|one| one.id == "m01").count() == 1);
    assert_eq!(
        knowledge.entry("m01", Viewer::Portal).unwrap().as_ref(),
        chapters.first()
    );
    let short = Entry {
        answer: "鳳凰の間だけ残りました。".to_owned(),
        ..chapters[0].clone()
    };
    let put = Change::Put(Box::new(short));
    knowledge.apply(Feed::Articles, &[put], 2).unwrap();
    assert!(
        !found(&knowledge, "ハウリング 調理室 使用料", Viewer::Portal).contains(&"m01".to_owned())
    );
    assert_eq!(found(&knowledge, "鳳凰の間", Viewer::Portal)[0], "m01");
    let gone = Change::Remove("m02".to_owned());
    knowledge.apply(Feed::Articles, &[gone], 3).unwrap();
    assert!(!found(&knowledge, "ハウリング", Viewer::Portal).contains(&"m02".to_owned()));
    assert_eq!(listed().1, total - 1);
}

#[test]
fn rows_and_steps_keep_their_lines() {
    let (_folder, knowledge, _) = with_manuals();
    let search = knowledge.search(&Query::new("大ホール 土日の使用料", Viewer::Portal, 5));
    let best = &search.unwrap().hits[0];
    assert!(
        best.passage.contains("平日 土日\n大ホール 12,000円"),
        "{}",
        best.passage
    );
    assert!(joined(&best.excerpt).contains('\n'), "{best:?}");
}

#[test]
fn what_shares_no_word_was_not_found() {
    let (_folder, knowledge, _) = with_manuals();
    for text in ["ぬりかべ", "asdfghjkl", "", "😀"] {
        let found = knowledge
            .search(&Query::new(text, Viewer::Portal, 5))
            .unwrap();
        assert_eq!(found.verdict(), Verdict::None, "{text}");
    }
    let found = knowledge.search(&Query::new("振込口座を変えたい", Viewer::Portal, 5));
    let found = found.unwrap();
    assert_eq!(found.verdict(), Verdict::Answer);
    let likely: Vec<f32> = found
        .hits
        .iter()
        .map(madoguchi_kb::Hit::confidence)
        .collect();
    assert!(
        likely.iter().all(|one| (0.0..=1.0).contains(one)),
        "{likely:?}"
    );
}
