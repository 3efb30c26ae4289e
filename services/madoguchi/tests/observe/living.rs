//! An observer in the course of its life: stopped, killed and begun anew, with nothing to hear, and with
//! settings that change.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

use madoguchi_core::call::CallRecord;
use madoguchi_core::id::{CallId, RunId};
use serde_json::Value;

use super::{CARRIER, PBX};
use super::{
    NINE, SETTINGS, Sent, call, capture, command, desk, interrupt, leg, printed, run, set, signal,
    store, until_answered,
};

/// Reads a capture on standard input that stays open, and knows its name once it has begun.
fn begin(folder: &Path, arguments: &[&str]) -> (Child, ChildStdin) {
    let mut child = command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    for tried in 0.. {
        if holds() {
            return;
        }
        assert!(tried < 300, "it does not come to hold");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn has_begun(folder: &Path) -> bool {
    let written = std::fs::metadata(folder.join("data").join("observe-1.run"));
    written.is_ok_and(|file| file.len() > 0)
}

fn name() -> CallId {
    CallId::of_observed("a", "caller@carrier")
}

async fn recorded(folder: &Path) -> Option<CallRecord> {
    let store = store(folder).await;
    let events = store.events_of(&name()).await.unwrap();
    store.close().await;
    CallRecord::fold(&events)
}

/// Waits until the call is stored.
async fn until_recorded(folder: &Path) -> CallRecord {
    wait_until(|| has_begun(folder));
    let mut tried = 0;
    loop {
        if let Some(record) = recorded(folder).await {
            return record;
        }
        tried += 1;
        assert!(tried < 300, "the call is not recorded");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The call as far as it has rung.
fn half() -> Vec<Sent> {
    call().into_iter().filter(|sent| sent.0 < 12).collect()
}

#[tokio::test]
async fn an_observer_of_standard_input_that_is_stopped_brings_what_it_saw_to_an_end() {
    for name in ["TERM", "INT"] {
        let folder = desk();
        let (child, mut stdin) = begin(folder.path(), &["observe", "-"]);
        stdin.write_all(&capture(&half())).unwrap();
        let open = until_recorded(folder.path()).await;
        assert_eq!(open.ended_at, None);
        signal(&child, name);
        let told = child.wait_with_output().unwrap();
        drop(stdin);
        assert!(printed(&told).contains("着信 1"));
        let ended = recorded(folder.path()).await.unwrap();
        assert!(
            ended.ended_by_fault() && ended.ended_at.is_some(),
            "{ended:?}"
        );
    }
}

#[tokio::test]
async fn a_call_whose_observer_was_killed_is_cut_off_by_the_next_one_and_by_no_start_of_the_desk() {
    let folder = desk();
    let (mut child, mut stdin) = begin(folder.path(), &["observe", "-"]);
    stdin.write_all(&capture(&half())).unwrap();
    until_recorded(folder.path()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let desk = store(folder.path()).await;
    let (node, next_run) = ("node1".into(), RunId::new("0000000000000001"));
    let ended = desk.end_calls_of_earlier_runs(&node, &next_run).await;
    assert_eq!(ended.unwrap(), 0);
    desk.close().await;
    assert_eq!(recorded(folder.path()).await.unwrap().ended_at, None);
    // The next one sees the end of a call whose beginning it has not seen: that is no call anew.
    let rest: Vec<Sent> = call().into_iter().filter(|sent| sent.0 > 12).collect();
    let told = printed(&run(folder.path(), &["observe", "-"], &capture(&rest)));
    assert!(
        told.contains("着信 0") && told.contains("新しい記録 0"),
        "{told}"
    );
    let cut_off = recorded(folder.path()).await.unwrap();
    assert!(cut_off.ended_by_fault(), "{cut_off:?}");
    // Who reads all of it knows better.
    printed(&run(folder.path(), &["observe", "-"], &capture(&call())));
    let whole = recorded(folder.path()).await.unwrap();
    assert_eq!(whole.talk().map(|talk| talk.0), Some(60_000));
}

#[test]
fn time_goes_on_while_nothing_is_heard() {
    let folder = desk();
    let (mut child, mut stdin) = begin(folder.path(), &["observe", "--print", "-"]);
    let mut sent = call();
    // Something else, until a moment before the call is put aside.
    for secs in [102, 103] {
        let text = format!("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: {secs}\r\nCSeq: 1 OPTIONS\r\n\r\n");
        sent.push((secs, CARRIER, PBX, text));
    }
    stdin.write_all(&capture(&sent)).unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    let row = rows.nth(2).unwrap().unwrap();
    let row: Value = serde_json::from_str(&row).unwrap();
    assert_eq!(
        (&row["kind"], &row["outcome"]),
        (&"call".into(), &"answered".into())
    );
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn settings_that_change_are_in_force_without_a_new_start() {
    let folder = desk();
    let (child, mut stdin) = begin(folder.path(), &["observe", "-"]);
    wait_until(|| has_begun(folder.path()));
    let setting = r#"{"line_numbers":["03-9999-0000 総合"],"direct_lines":["総合"]}"#;
    set(folder.path(), "observe", "observe", setting).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    let legs = leg("caller@carrier", CARRIER, (PBX, "0399990000"), [0, 4, 9]);
    stdin.write_all(&capture(&legs)).unwrap();
    drop(stdin);
    let told = printed(&child.wait_with_output().unwrap());
    assert!(told.contains("着信 1") && told.contains("不明 0"), "{told}");
}

#[test]
fn a_file_that_is_read_tells_of_its_own_time() {
    let folder = desk();
    let file = folder.path().join("call.pcap");
    std::fs::write(&file, capture(&half())).unwrap();
    let told = run(
        folder.path(),
        &["observe", "--print", file.to_str().unwrap()],
        b"",
    );
    let rows = printed(&told);
    let row: Value = serde_json::from_str(rows.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&row["outcome"], &row["end_ms"]),
        (&"open".into(), &Value::Null)
    );
    assert_eq!(row["start_ms"], i64::from(NINE) * 1_000);
}

#[test]
fn a_leg_without_its_caller_is_certain_of_nothing() {
    let folder = desk();
    let settings = format!("{SETTINGS}\n[observe]\ntrunk_addresses = [\"192.0.2.1\"]\n");
    std::fs::write(folder.path().join("desk.toml"), settings).unwrap();
    let sent: Vec<Sent> = call()
        .into_iter()
        .filter(|sent| sent.3.contains("agent@pbx"))
        .collect();
    let rows = printed(&run(
        folder.path(),
        &["observe", "--print", "-"],
        &capture(&sent),
    ));
    let row: Value = serde_json::from_str(rows.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&row["kind"], &row["certainty"]),
        (&"call".into(), &"unknown".into())
    );
}

#[test]
fn what_is_gone_or_cannot_be_read_costs_no_other_capture_of_its_folder() {
    let folder = desk();
    let captures = folder.path().join("captures");
    std::fs::create_dir(&captures).unwrap();
    // A ring of captures has lost the one; the other is no file.
    std::os::unix::fs::symlink("gone", captures.join("1.pcap")).unwrap();
    std::fs::create_dir(captures.join("2.pcap")).unwrap();
    std::fs::write(captures.join("3.pcap"), capture(&call())).unwrap();
    let arguments = ["observe", "--folder", captures.to_str().unwrap()];
    let (child, _stdin) = begin(folder.path(), &arguments);
    let counted = until_answered(folder.path(), 1);
    interrupt(&child);
    assert_eq!(counted, (1, 1));
    assert!(printed(&child.wait_with_output().unwrap()).contains("着信 1"));
}
