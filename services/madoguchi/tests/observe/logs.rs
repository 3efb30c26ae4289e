//! What a PBX writes of its calls: tables, and a queue_log that grows and is rotated.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use madoguchi_core::call::CallRecord;
use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;

use super::{NINE, command, desk, interrupt, just_now, printed, run, set, store, until_answered};

#[tokio::test]
async fn a_table_of_calls_is_imported_by_the_columns_of_the_screen_and_again_changes_nothing() {
    let folder = desk();
    let file = folder.path().join("calls.csv");
    let table = "開始,発信,着信,応答,終了,内線\r\n\
        2026-11-24 09:00:00,0451110000,0312345678,2026-11-24 09:00:12,2026-11-24 09:01:12,201\r\n\
        2026-11-24 09:05:00,0451110000,0312345678,,2026-11-24 09:05:30,\r\n";
    std::fs::write(&file, table).unwrap();
    let import = ["import", "calls", file.to_str().unwrap()];
    let refused = run(folder.path(), &import, b"");
    assert_eq!(refused.status.code(), Some(2));
    let columns = r#"{"start":"開始","from":"発信","to":"着信","answer":"応答","end":"終了","extension":"内線"}"#;
    set(folder.path(), "call_table", "columns", columns).await;
    let first = printed(&run(folder.path(), &import, b""));
    assert!(
        first.contains("呼 2、新しい記録 7、取込済みの記録 0"),
        "{first}"
    );
    let second = printed(&run(folder.path(), &import, b""));
    assert!(
        second.contains("新しい記録 0、取込済みの記録 7"),
        "{second}"
    );
}

/// A call of queue_log that came `secs` after nine, was answered after 10 s and talked for 20 s.
fn answered(secs: u32, id: &str) -> String {
    let at = |after: u32| NINE + secs + after;
    [
        (0, "NONE|ENTERQUEUE||0451110000|1"),
        (10, "SIP/201|CONNECT|10|x|3"),
        (30, "SIP/201|COMPLETECALLER|10|20|1"),
    ]
    .map(|(after, event)| format!("{}|{id}|q|{event}\n", at(after)))
    .concat()
}

fn append(file: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.append(true).create(true).open(file).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_queue_log_is_followed_as_it_grows_and_when_it_is_rotated_or_emptied() {
    let folder = desk();
    let log = folder.path().join("queue_log");
    let import = [
        "import",
        "queue-log",
        log.to_str().unwrap(),
        "--line",
        "総合",
    ];
    let mut following = command(folder.path(), &[&import[..], &["--follow"]].concat());
    let child = following.stdout(Stdio::piped()).spawn().unwrap();
    // A line comes in two halves.
    let first = answered(0, "1.1");
    let (one, other) = first.split_at(first.len() - 12);
    append(&log, one);
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    append(&log, other);
    assert_eq!(until_answered(folder.path(), 1), (1, 1));
    // Who writes has the old file open, and goes on with it for a while.
    let mut options = std::fs::OpenOptions::new();
    let mut old = options.append(true).open(&log).unwrap();
    std::fs::rename(&log, folder.path().join("queue_log.1")).unwrap();
    std::fs::write(&log, "").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    old.write_all(answered(100, "1.2").as_bytes()).unwrap();
    append(&log, &answered(200, "1.3"));
    assert_eq!(until_answered(folder.path(), 3), (3, 3));
    // Emptied in its place, and shorter than it was.
    let last = answered(300, "1.4");
    let without_end = last.split_inclusive('\n').take(2).collect::<String>();
    std::fs::write(&log, without_end).unwrap();
    assert_eq!(until_answered(folder.path(), 4), (4, 4));
    interrupt(&child);
    let told = printed(&child.wait_with_output().unwrap());
    assert!(told.contains("呼 4"), "{told}");
    // What was followed is known to who reads the files.
    for (file, calls) in [("queue_log.1", 2), ("queue_log", 1)] {
        let file = folder.path().join(file);
        let again = [
            &["import", "queue-log", file.to_str().unwrap()][..],
            &import[3..],
        ]
        .concat();
        let told = printed(&run(folder.path(), &again, b""));
        let expected = format!("呼 {calls}、新しい記録 0、");
        assert!(told.contains(&expected), "{told}");
    }
}

#[test]
fn a_call_of_which_one_phone_answered_is_answered_however_often_its_rows_are_imported() {
    let folder = desk();
    let file = folder.path().join("Master.csv");
    let row = |phone: &str, answer: &str, end: &str, disposition: &str| {
        format!(
            "\"\",\"0451110000\",\"0312345678\",\"ctx\",\"\",\"PJSIP/trunk-01\",\"PJSIP/{phone}\",\"Dial\",\"\",\
             \"2026-11-24 09:00:00\",\"{answer}\",\"2026-11-24 {end}\",1,1,\"{disposition}\",\"DOCUMENTATION\",\
             \"1.1\",\"\"\n"
        )
    };
    append(&file, &row("202-02", "", "09:00:10", "NO ANSWER"));
    let import = ["import", "cdr", file.to_str().unwrap()];
    let first = printed(&run(folder.path(), &import, b""));
    assert!(first.contains("呼 1、新しい記録 3、"), "{first}");
    append(
        &file,
        &row("201-03", "2026-11-24 09:00:10", "09:01:10", "ANSWERED"),
    );
    let second = printed(&run(folder.path(), &import, b""));
    assert!(
        second.contains("呼 1、新しい記録 2、") && second.contains("重複した行 0"),
        "{second}"
    );
    assert_eq!(until_answered(folder.path(), 1), (1, 1));
    let third = printed(&run(folder.path(), &import, b""));
    assert!(third.contains("新しい記録 0、"), "{third}");
}

#[tokio::test]
async fn a_queue_log_that_is_imported_once_leaves_no_call_open_and_names_the_agents_of_the_desk() {
    let folder = desk();
    let log = folder.path().join("queue_log");
    let without_end = format!("{}|1.2|q|NONE|ENTERQUEUE||0451110001|1\n", NINE + 100);
    append(&log, &(answered(0, "1.1") + &without_end));
    let import = [
        "import",
        "queue-log",
        log.to_str().unwrap(),
        "--line",
        "総合",
    ];
    let is_later = SystemClock.now() > Instant(i64::from(NINE + 100 + 25 * 3_600) * 1_000);
    printed(&run(folder.path(), &import, b""));
    let store = store(folder.path()).await;
    let record = async |id: &str| {
        let call = CallId::new(format!("queue_log/総合/{id}"));
        CallRecord::fold(&store.events_of(&call).await.unwrap()).unwrap()
    };
    assert_eq!(record("1.1").await.agent(), Some(&"sato".into()));
    // A day after its last line, by the clock on the wall.
    assert_eq!(record("1.2").await.abandoned.is_some(), is_later);
    store.close().await;
}

#[tokio::test]
async fn a_call_that_one_log_left_open_ends_with_the_start_that_the_next_one_tells_of() {
    let folder = desk();
    let begun = just_now() - 7_200;
    let logs = [
        format!(
            "{begun}|1.1|q|NONE|ENTERQUEUE||0451110000|1\n{}|1.1|q|SIP/201|CONNECT|9|x|3\n",
            begun + 9
        ),
        format!("{}|NONE|NONE|NONE|QUEUESTART|\n", begun + 3_600),
    ];
    let mut ends = Vec::new();
    for (number, text) in logs.iter().enumerate() {
        let log = folder.path().join(format!("queue_log.{number}"));
        append(&log, text);
        let file = log.to_str().unwrap();
        for _ in 0..2 {
            let import = ["import", "queue-log", file, "--line", "総合"];
            printed(&run(folder.path(), &import, b""));
        }
        let store = store(folder.path()).await;
        let call = CallId::new("queue_log/総合/1.1");
        let record = CallRecord::fold(&store.events_of(&call).await.unwrap()).unwrap();
        ends.push(record.ended_at);
        store.close().await;
    }
    let last_line = Instant(i64::from(begun + 9) * 1_000);
    assert_eq!(ends, [None, Some(last_line)]);
}
