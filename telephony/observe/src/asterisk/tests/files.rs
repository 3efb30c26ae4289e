//! Files as versions and settings of Asterisk write them, and as tables and databases give them out.

use encoding_rs::SHIFT_JIS;

use super::*;

/// The cells of an answered call as `cdr-csv` writes them with all its columns.
fn cells() -> Vec<String> {
    [
        "",
        "0451110000",
        "0312345678",
        "ctx",
        "\"ポ山田\" <0451110000>",
        "PJSIP/trunk-01",
        "PJSIP/201-02",
        "Dial",
        "PJSIP/201,20",
        "2026-11-24 09:00:00",
        "2026-11-24 09:00:10",
        "2026-11-24 09:01:10",
        "70",
        "60",
        "ANSWERED",
        "DOCUMENTATION",
        "1795478400.1",
        "",
        "",
        "1795478400.1",
        "7",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Places of `cells` in the order of `cdr-custom`.
const CUSTOM: [usize; 19] = [
    4, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 16, 17, 20,
];

fn written(cells: &[String], between: &str) -> String {
    let quoted: Vec<String> = cells
        .iter()
        .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
        .collect();
    quoted.join(between) + "\n"
}

fn cdr(bytes: &[u8]) -> Import {
    let import = read_cdr(bytes, &rules(), &always);
    assert_eq!(import.skipped, []);
    import
}

fn without(cells: &[String], places: &[usize]) -> Vec<String> {
    let kept = cells.iter().enumerate();
    kept.filter(|(at, _)| !places.contains(at))
        .map(|(_, cell)| cell.clone())
        .collect()
}

/// What every file tells of the call.
fn assert_is_told(import: &Import, what: &str) {
    let records = records(import);
    assert_eq!(records.len(), 1, "{what}");
    let record = &records[0];
    assert_eq!(record.outcome(), Outcome::Completed, "{what}");
    assert_eq!(record.wait().unwrap().0, 10_000, "{what}");
    assert_eq!(record.talk().unwrap().0, 60_000, "{what}");
    assert_eq!(record.agent().unwrap().as_str(), "sato", "{what}");
}

#[test]
fn a_call_has_one_name_with_any_of_the_columns_that_settings_leave_out() {
    let first = cells();
    let mut second = cells();
    // The caller is handed on.
    for (place, cell) in [
        (9, "2026-11-24 09:01:10"),
        (10, "2026-11-24 09:01:10"),
        (11, "2026-11-24 09:02:10"),
        (16, "1795478400.3"),
        (20, "8"),
    ] {
        second[place] = cell.to_owned();
    }
    let with_note = |mut cells: Vec<String>| {
        cells[17] = "customers".to_owned();
        cells
    };
    for left_out in [&[][..], &[17], &[16, 17]] {
        let rows = [&first, &second].map(|cells| written(&without(cells, left_out), ","));
        let import = cdr(rows.concat().as_bytes());
        let calls: Vec<_> = import.calls().collect();
        assert_eq!(calls, [&CallId::new("cdr/1795478400.1")], "{left_out:?}");
    }
    let rows =
        [first.clone(), second].map(|cells| written(&without(&with_note(cells), &[16]), ","));
    let calls = cdr(rows.concat().as_bytes()).counts.calls;
    assert_eq!(calls, 1, "a note is no name of a channel");
    // Up to the columns that are always there; a later call with the same note is another one.
    let mut later = first.clone();
    for time in &mut later[9..12] {
        *time = time.replace("09:0", "10:0");
    }
    let rows =
        [first, later].map(|cells| written(&without(&with_note(cells), &[16, 18, 19, 20]), ","));
    assert_eq!(cdr(rows.concat().as_bytes()).counts.calls, 2);
    for columns in [16, 17, 18] {
        let row = written(&cells()[..columns], ",");
        assert_is_told(&cdr(row.as_bytes()), &format!("{columns} columns"));
    }
}

#[test]
fn separators_line_ends_marks_and_letters_of_either_encoding_change_nothing() {
    for order in [(0..21).collect::<Vec<_>>(), CUSTOM.to_vec()] {
        let cells: Vec<String> = order.iter().map(|place| cells()[*place].clone()).collect();
        let expected = cdr(written(&cells, ",").as_bytes()).events;
        for between in [",", ";", "\t"] {
            let text = written(&cells, between).replace('\n', "\r\n");
            let cp932 = SHIFT_JIS.encode(&text).0.into_owned();
            let marked = format!("\u{feff}{text}");
            for file in [text.as_bytes(), &cp932, marked.as_bytes()] {
                assert_eq!(cdr(file).events, expected, "{between:?}");
            }
        }
    }
}

#[test]
fn seconds_with_a_fraction_tell_the_same_as_dates() {
    let epoch = |cells: Vec<String>, is_answered: bool| {
        let cells = cells.into_iter().enumerate();
        let cells = cells.map(|(place, cell)| match place {
            9 => "1795478400.000000".to_owned(),
            10 if is_answered => "1795478410.000000".to_owned(),
            10 => "0.000000".to_owned(),
            11 => "1795478470.000000".to_owned(),
            12 => "70.000000".to_owned(),
            14 if !is_answered => "NO ANSWER".to_owned(),
            // As a number, as some settings have it.
            15 => "3".to_owned(),
            _ => cell,
        });
        cells.collect::<Vec<_>>()
    };
    for order in [(0..21).collect::<Vec<_>>(), CUSTOM.to_vec()] {
        let row = |is_answered: bool| {
            let cells = epoch(cells(), is_answered);
            let cells: Vec<String> = order.iter().map(|place| cells[*place].clone()).collect();
            cdr(written(&cells, ",").as_bytes())
        };
        assert_is_told(&row(true), "seconds");
        let unanswered = &records(&row(false))[0];
        assert!(unanswered.abandoned.is_some());
        assert_eq!(unanswered.wait().unwrap().0, 70_000);
    }
}

#[test]
fn a_first_row_with_names_tells_any_order_and_what_a_database_has_for_times() {
    // As a database keeps it: no end and no answer, but how long it lasted.
    let names = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,\
                 amaflags,accountcode,uniqueid,userfield,did";
    let places = [9, 4, 1, 2, 3, 5, 6, 7, 8, 12, 13, 14, 15, 0, 16, 17, 2];
    let of_database: Vec<String> = places.iter().map(|place| cells()[*place].clone()).collect();
    for head in [
        names.to_owned(),
        names.to_uppercase(),
        format!("\u{feff}{names}"),
    ] {
        for between in [",", ";", "\t"] {
            let text = head.replace(',', between) + "\n" + &written(&of_database, between);
            let import = cdr(text.as_bytes());
            assert_is_told(&import, "database");
            assert_eq!((import.counts.lines, import.counts.not_about_calls), (2, 1));
        }
    }
    let mut unanswered = of_database.clone();
    unanswered[11] = "NO ANSWER".to_owned();
    unanswered[10] = "0".to_owned();
    let text = format!("{names}\n{}", written(&unanswered, ","));
    assert_eq!(records(&cdr(text.as_bytes()))[0].wait().unwrap().0, 70_000);
    // The columns of cdr-csv under their names, backwards.
    let names = "\"accountcode\",\"src\",\"dst\",\"dcontext\",\"clid\",\"channel\",\"dstchannel\",\"lastapp\",\
                 \"lastdata\",\"start\",\"answer\",\"end\",\"duration\",\"billsec\",\"disposition\",\"amaflags\",\
                 \"uniqueid\",\"userfield\",\"peeraccount\",\"linkedid\",\"sequence\"";
    let backwards: Vec<&str> = names.split(',').rev().collect();
    let mut cells = cells();
    cells.reverse();
    let text = backwards.join(",") + "\n" + &written(&cells, ",");
    assert_is_told(&cdr(text.as_bytes()), "backwards");
}

fn cel_told(bytes: &[u8], what: &str) {
    let known = HashMap::new();
    let into = CelTarget {
        rules: &rules(),
        is_open: &always,
        now: Instant(0),
        known: &known,
    };
    let import = read_cel(bytes, into);
    assert_eq!(import.skipped, [], "{what}");
    assert_is_told(&import, what);
}

/// The lines of a call, each without what stands behind so many cells.
fn cut(columns: usize) -> String {
    let lines = cel_lines().map(|line| {
        let cells: Vec<&str> = line.split("\",\"").take(columns).collect();
        let line = cells.join("\",\"");
        if columns < 20 { line + "\"" } else { line }
    });
    lines.join("\n")
}

#[test]
fn versions_of_asterisk_write_more_or_fewer_columns_of_cel() {
    for columns in [16, 17, 18, 19, 20] {
        cel_told(cut(columns).as_bytes(), &format!("{columns} columns"));
    }
    let more = cel_lines().map(|line| line + ",\"\",\"more\"").join("\n");
    cel_told(more.as_bytes(), "more columns");
}

#[test]
fn a_file_of_cel_may_have_any_separator_line_end_mark_encoding_and_form_of_time() {
    let text = cel_lines().join("\n");
    let windows = text.replace('\n', "\r\n");
    let named = windows.replace(".500000\",\"\",", ".500000\",\"ポ山田\",");
    assert_ne!(named, windows);
    let cp932 = SHIFT_JIS.encode(&named).0.into_owned();
    let marked = format!("\u{feff}{named}");
    for (what, file) in [
        ("CRLF", windows.as_bytes()),
        ("CP932", &cp932),
        ("a mark", marked.as_bytes()),
        ("semicolons", text.replace("\",\"", "\";\"").as_bytes()),
        ("tabs", text.replace("\",\"", "\"\t\"").as_bytes()),
    ] {
        cel_told(file, what);
    }
    for (form, what) in [
        ("%Y-%m-%d %H:%M:%S.500000", "dates"),
        ("%Y-%m-%d %H:%M:%S", "dates without fractions"),
        ("%Y-%m-%dT%H:%M:%S.500+09:00", "dates with a zone"),
    ] {
        let mut dated = text.clone();
        for secs in [0, 1, 3, 9, 10, 70] {
            let at = 1_795_478_400 + secs;
            let written = Instant(at * 1_000).in_tokyo().format(form).to_string();
            dated = dated.replace(&format!("{at}.500000"), &written);
        }
        assert!(!dated.contains("1795478"), "{dated}");
        cel_told(dated.as_bytes(), what);
    }
}

#[test]
fn a_first_row_with_names_tells_any_order_of_cel() {
    // As a database keeps it.
    let names = [
        "id",
        "eventtype",
        "eventtime",
        "cid_name",
        "cid_num",
        "exten",
        "channame",
        "uniqueid",
        "linkedid",
        "peer",
        "extra",
    ];
    let places = [2, 0, 1, 2, 3, 7, 9, 14, 15, 16, 19];
    let lines = cel_lines().map(|line| {
        let inner = line.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let cells: Vec<&str> = inner.split("\",\"").collect();
        let cells: Vec<String> = places
            .iter()
            .map(|place| cells[*place].replace("\"\"", "\""))
            .collect();
        written(&cells, ",")
    });
    let text = names.join(",") + "\n" + &lines.concat();
    cel_told(text.as_bytes(), "a database");
    let known = HashMap::new();
    let into = CelTarget {
        rules: &rules(),
        is_open: &always,
        now: Instant(0),
        known: &known,
    };
    let import = read_cel(text.as_bytes(), into);
    assert_eq!((import.counts.lines, import.counts.not_about_calls), (9, 1));
}
