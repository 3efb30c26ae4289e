//! The index on disk: damaged, of another layout, rebuilt under searches, shared by processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use madoguchi_kb::{
    Audience, Change, Feed, KbError, Knowledge, Language, Positions, Rebuild, SynonymGroup,
    UserWord, Viewer,
};

use crate::{dictionary, entry, found, open, rebuild, sample};

/// The folder of the index in use.
fn current(folder: &Path) -> PathBuf {
    let text = fs::read_to_string(folder.join("current")).unwrap();
    folder.join(text.split(' ').next().unwrap())
}

/// Files of segments of both indexes.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["all", "portal"]
        .iter()
        .flat_map(|name| fs::read_dir(current(folder).join(name)).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|kind| kind == "store" || kind == "term")
        })
        .collect();
    files.sort();
    files
}

/// SearchSlots over a byte in the middle of a file; tells whether there was one.
pub(crate) fn damage(folder: &Path) -> bool {
    // Files of segments that are in use no more may still lie there: all are damaged.
    let files = segments(folder);
    for file in &files {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::write(file, bytes).unwrap();
    }
    !files.is_empty()
}

#[test]
fn each_damaged_file_is_noticed_and_healed_by_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    rebuild(&open(folder.path()), sample(), 7);
    for at in 0..segments(folder.path()).len() {
        let file = segments(folder.path())[at].clone();
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::write(&file, bytes).unwrap();
        let knowledge = open(folder.path());
        assert_eq!(
            knowledge.position(Feed::Articles).unwrap(),
            None,
            "{}",
            file.display()
        );
        rebuild(&knowledge, sample(), 7);
        assert!(!found(&knowledge, "旅費", Viewer::Portal).is_empty());
        drop(knowledge);
        assert_eq!(
            open(folder.path()).position(Feed::Articles).unwrap(),
            Some(7)
        );
    }
}

/// Every file of both indexes, the lists of segments among them.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["all", "portal"]
        .iter()
        .flat_map(|name| fs::read_dir(current(folder).join(name)).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| path.metadata().unwrap().len() > 0)
        .collect();
    files.sort();
    files
}

/// Ways to spoil what a file holds.
fn spoilt(bytes: &[u8]) -> Vec<Vec<u8>> {
    let flipped = |at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 0x55;
        bytes
    };
    let last = bytes.len() - 1;
    let mut all: Vec<Vec<u8>> = (0..=8).map(|n| flipped(last * n / 8)).collect();
    // The end of a file tells where its parts are.
    all.extend((1..=8).filter(|n| *n <= last).map(|n| flipped(last - n)));
    all.push(Vec::new());
    all.push(bytes[..bytes.len() / 2].to_vec());
    all.push(vec![0; bytes.len()]);
    all.push(vec![0xff; bytes.len()]);
    all.push(b"\x00\xff garbage".repeat(50));
    all
}

/// Puts a copy of one folder in the place of another.
fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[test]
fn whatever_is_damaged_the_index_opens_without_a_panic_and_what_was_found_is_built_anew() {
    let (kept, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    rebuild(&open(kept.path()), sample(), 7);
    let expected = found(&open(kept.path()), "旅費", Viewer::Portal);
    let place = folder.path().join("knowledge");
    let files = all_files(kept.path());
    assert!(files.len() > 10);
    let (mut ways, mut noticed, mut set_aside) = (0, 0, 0);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let file = place.join(file.strip_prefix(kept.path()).unwrap());
        for (way, damaged) in spoilt(&bytes).into_iter().enumerate() {
            copy(kept.path(), &place);
            fs::write(&file, damaged).unwrap();
            let knowledge = open(&place);
            ways += 1;
            if knowledge.position(Feed::Articles).unwrap().is_none() {
                noticed += 1;
                set_aside += usize::from(place.join("damaged").is_dir());
                if way == 0 {
                    rebuild(&knowledge, sample(), 7);
                    drop(knowledge);
                    assert_eq!(open(&place).position(Feed::Articles).unwrap(), Some(7));
                }
                continue;
            }
            // What does no harm may stay.
            assert_eq!(knowledge.position(Feed::Articles).unwrap(), Some(7));
            let hits = found(&knowledge, "旅費", Viewer::Portal);
            assert_eq!(hits, expected, "{} {way}", file.display());
        }
    }
    assert!(noticed > ways / 2, "{noticed} of {ways}");
    // Of some only the position is not to be trusted.
    assert!(set_aside > noticed / 2, "{set_aside} of {noticed}");
}

#[test]
fn a_file_that_is_missing_or_cut_off_is_noticed() {
    for spoil in [
        (|file: &Path| fs::remove_file(file).unwrap()) as fn(&Path),
        |file| fs::write(file, []).unwrap(),
        |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        },
    ] {
        let folder = tempfile::tempdir().unwrap();
        rebuild(&open(folder.path()), sample(), 7);
        let meta = current(folder.path()).join("portal").join("meta.json");
        for file in [segments(folder.path())[0].clone(), meta] {
            spoil(&file);
            let knowledge = open(folder.path());
            assert_eq!(
                knowledge.position(Feed::Articles).unwrap(),
                None,
                "{}",
                file.display()
            );
            rebuild(&knowledge, sample(), 7);
            drop(knowledge);
            assert_eq!(
                open(folder.path()).position(Feed::Articles).unwrap(),
                Some(7)
            );
            if !file.exists() {
                break;
            }
        }
    }
}

#[test]
fn another_layout_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    rebuild(&open(folder.path()), sample(), 7);
    let place = folder.path().join("current");
    let text = fs::read_to_string(&place).unwrap();
    for other in [
        text.replace(' ', " 999"),
        "index-99 1-0\n".to_owned(),
        String::new(),
    ] {
        fs::write(&place, other).unwrap();
        let knowledge = open(folder.path());
        assert_eq!(knowledge.position(Feed::Articles).unwrap(), None);
        assert!(found(&knowledge, "旅費", Viewer::Desk).is_empty());
        rebuild(&knowledge, sample(), 8);
        drop(knowledge);
        assert_eq!(
            open(folder.path()).position(Feed::Articles).unwrap(),
            Some(8)
        );
    }
}

fn unreadable() -> KbError {
    serde_json::from_str::<u8>("").unwrap_err().into()
}

#[test]
fn searches_go_on_while_the_index_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    rebuild(&knowledge, sample(), 1);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let mut searches = 0;
            while !ended.load(Ordering::Relaxed) || searches == 0 {
                assert!(!found(&knowledge, "旅費", Viewer::Portal).is_empty());
                searches += 1;
            }
        });
        for position in 2..4 {
            rebuild(&knowledge, sample(), position);
        }
        // One that fails half way leaves the old one.
        let failing = sample()
            .into_iter()
            .take(3)
            .map(Ok)
            .chain([Err(unreadable())]);
        assert!(knowledge.rebuild(failing, Positions::default()).is_err());
        ended.store(true, Ordering::Relaxed);
        searching.join().unwrap();
    });
    assert_eq!(knowledge.position(Feed::Articles).unwrap(), Some(3));
}

#[test]
fn who_only_searches_keeps_nobody_from_changing() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path());
    rebuild(&writer, sample(), 1);
    let reader = open(folder.path());
    assert!(!found(&reader, "旅費", Viewer::Portal).is_empty());
    let mut one = entry("new", Audience::Portal);
    one.question = "ぬりかべ申請の出し方".to_owned();
    writer
        .apply(Feed::Articles, &[Change::Put(Box::new(one.clone()))], 2)
        .unwrap();
    assert_eq!(
        found(&writer, "ぬりかべ申請", Viewer::Portal)
            .first()
            .unwrap(),
        "new"
    );
    // Two that change are one too many, and it is told so.
    let refused = reader
        .apply(Feed::Articles, &[Change::Put(Box::new(one))], 3)
        .unwrap_err();
    assert!(refused.is_busy(), "{refused}");
    assert!(!found(&reader, "旅費", Viewer::Portal).is_empty());
}

fn question(id: &str, question: &str) -> madoguchi_kb::Entry {
    madoguchi_kb::Entry {
        question: question.to_owned(),
        ..entry(id, Audience::Portal)
    }
}

#[test]
fn an_entry_that_comes_twice_in_a_rebuild_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    let twice = [
        ("a", "旅費の精算"),
        ("b", "給与の明細"),
        ("a", "研修の日程"),
    ];
    let twice = twice.map(|(id, text)| question(id, text));
    rebuild(&knowledge, twice.to_vec(), 1);
    assert!(found(&knowledge, "旅費", Viewer::Desk).is_empty());
    assert_eq!(found(&knowledge, "研修", Viewer::Portal), ["a"]);
}

#[test]
fn synonyms_are_taken_up_at_once_and_words_by_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let knowledge = open(folder.path());
    rebuild(&knowledge, vec![question("a", "旅費の精算")], 1);
    let field = Language::of_the_field();
    let group = SynonymGroup {
        terms: vec!["ぬりかべ".to_owned(), "旅費".to_owned()],
    };
    let with = field.clone().and(Vec::new(), vec![group]);
    assert_eq!(knowledge.set_language(&with).unwrap(), Rebuild::NotNeeded);
    assert_eq!(found(&knowledge, "ぬりかべ", Viewer::Portal), ["a"]);
    let word = UserWord {
        surface: "ぬりかべ".to_owned(),
        reading: "ヌリカベ".to_owned(),
        parts: Vec::new(),
    };
    let with = field.and(vec![word], Vec::new());
    assert_eq!(knowledge.set_language(&with).unwrap(), Rebuild::Needed);
    rebuild(&knowledge, vec![question("b", "ぬりかべの手当")], 3);
    assert_eq!(knowledge.language(), with);
    assert_eq!(found(&knowledge, "ヌリカベ", Viewer::Portal), ["b"]);
    drop(knowledge);
    let again = Knowledge::open(folder.path(), &dictionary(), &with, None).unwrap();
    assert_eq!(again.position(Feed::Articles).unwrap(), Some(3));
}
