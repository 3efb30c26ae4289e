//! A small month's report with one of everything, for the tests of the forms: each kind of block, cell,
//! chart and proof, texts that other programs spoil, and a long table. Its numbers of 令和6年度 are those
//! published in 別紙 8-2.

mod build;
mod calls;

use std::sync::Arc;

use madoguchi_core::month::Month;
use madoguchi_core::time::Millis;

use self::build::{
    at, chapter, count, day, duration, heading, lines, none, percent, revision, table, text,
};
use super::{Block, Chapter, DocCell, Document, Drill};

/// Texts that must come back letter for letter, by the name of their row.
pub const TEXTS: [(&str, &str); 26] = [
    ("formula", "=cmd|'/c calc'!A0"),
    ("plus", "+1+1"),
    ("minus", "-2+3"),
    ("at", "@SUM(A1)"),
    ("tab", "\t=1+1"),
    ("wide_equals", "＝1+1"),
    ("wide_plus", "＋1"),
    ("wide_at", "＠A1"),
    ("web", "http://example.jp/?a=1&b=2"),
    ("mail", "mailto:help@example.jp"),
    ("zeros", "00123"),
    ("dash", "1-2"),
    ("date", "2024/4/1"),
    ("power", "1E5"),
    ("long_id", "1234567890123456"),
    ("phone", "+81-3-1234-5678"),
    ("truth", "TRUE"),
    ("escape", "_x000D_ と _x0041_"),
    ("cdata", "]]> &#x0; <b>&amp;</b>"),
    ("rich", "<r><t>太字</t></r>"),
    ("quote", "\"'\"\"」,"),
    ("variants", "﨑 髙 𠮷 葛\u{e0100} か\u{3099} ① ㍿ 😀"),
    ("private", "外字\u{e000}です"),
    ("blanks", "二つ  の空白"),
    ("error", "#N/A"),
    ("percent", "99.4%"),
];

/// Days on both sides of the borders of eras and fiscal years, with how they are written.
pub const DAYS: [(&str, &str); 9] = [
    ("2019-04-30", "平成31年4月30日"),
    ("2019-05-01", "令和元年5月1日"),
    ("2019-12-31", "令和元年12月31日"),
    ("2020-01-01", "令和2年1月1日"),
    ("1989-12-31", "平成元年12月31日"),
    ("1990-01-01", "平成2年1月1日"),
    ("2024-12-31", "令和6年12月31日"),
    ("2025-03-31", "令和7年3月31日"),
    ("2025-04-01", "令和7年4月1日"),
];

/// The month of the report.
pub fn month() -> Month {
    Month::of(day("2024-04-01"))
}

/// The report.
pub fn report() -> Document {
    Document {
        name: "ヘルプデスク受付状況報告".to_owned(),
        month: month(),
        edition: 2,
        draft: false,
        // 00:30 of the 2nd in Tokyo, still the 1st in UTC.
        made_at: at("2024-05-02", 30),
        submitted_to: "日本年金機構".to_owned(),
        submitted_by: "株式会社まどぐち".to_owned(),
        classification: "機密性2".to_owned(),
        seals: vec!["統括責任者".to_owned(), "品質管理責任者".to_owned()],
        revisions: vec![
            revision(1, "2024-05-01", "－"),
            revision(2, "2024-05-02", "表2-1"),
        ],
        chapters: vec![
            summary(),
            calls::received(),
            times(),
            levels(),
            letters(),
            ledger(60),
        ],
    }
}

/// The report with its ledger alone, of so many rows.
pub fn ledger_report(rows: u32) -> Document {
    Document {
        name: "問合せ管理台帳".to_owned(),
        chapters: vec![ledger(rows)],
        ..report()
    }
}

/// The calls and tickets of the selections of [`report`].
pub fn drill() -> Drill {
    let mut drill = Drill::default();
    let calls = |from: u32, count: u32| (from..from + count).map(|n| format!("C{n:05}"));
    let mut add = |name: &str, ids: Vec<String>| {
        let ids = ids.into_iter().map(Arc::from);
        drill.selections.insert(name.to_owned(), ids.collect());
    };
    add("offered", calls(1, 1029).collect());
    add("answered", calls(1, 1023).collect());
    add("abandoned", calls(1024, 6).collect());
    let tickets = (1..=21).map(|n| format!("R6-{n:05}"));
    add("escalated", tickets.collect());
    add("facts", vec!["FACT-1".to_owned()]);
    for n in 0..30 {
        add(
            &format!("day-{:02}", n + 1),
            calls(1 + n * 34, 34).collect(),
        );
    }
    drill
}

fn summary() -> Chapter {
    let remark = Block::Remark {
        text: lines(12),
        author: "報告 花子".to_owned(),
        written_at: at("2024-05-01", 600),
    };
    let table = table("表1-1", "key_figures", "主要指標")
        .columns(&[
            ("item", "指標", None),
            ("unit", "単位", None),
            ("target", "目標値", None),
            ("value", "当月", None),
            ("verdict", "判定", None),
        ])
        .row(
            "answer_rate",
            vec![
                text("電話応答率"),
                text("％"),
                text("95.0%以上"),
                percent("99.4", 1029, 1023),
                text("達成"),
            ],
        )
        .row(
            "dispatch",
            vec![
                text("駆け付け時間"),
                text("％"),
                text("100%"),
                none("対象となる駆け付けがない"),
                text("対象なし"),
            ],
        )
        .row(
            "wait",
            vec![
                text("平均待ち時間"),
                text("分:秒"),
                DocCell::Empty,
                duration(109_000),
                DocCell::Empty,
            ],
        )
        .row(
            "calls",
            vec![
                text("着信件数"),
                text("件"),
                DocCell::Empty,
                count(1029, "offered"),
                DocCell::Empty,
            ],
        );
    chapter(
        "第1",
        "summary",
        "概況",
        vec![
            heading("1 当月の要点"),
            Block::Sentence {
                text: "令和6年4月の着信は1,029件、応答は1,023件であり、応答率は99.4%であった。"
                    .to_owned(),
            },
            remark,
            table.block(),
        ],
    )
}

fn times() -> Chapter {
    let table = table("表3-1", "times", "応対時間")
        .columns(&[
            ("kind", "区分", None),
            ("count", "対象件数", Some("件")),
            ("mean", "平均", Some("分:秒")),
            ("longest", "最大", Some("分:秒")),
        ])
        .row(
            "wait",
            vec![
                text("待ち時間"),
                count(9_999_999, "answered"),
                duration(109_000),
                duration(3_599_000),
            ],
        )
        .row(
            "talk",
            vec![
                text("通話時間"),
                count(-5, "answered"),
                duration(3_599_000),
                duration(90_000_000),
            ],
        );
    chapter("第3", "times", "応対時間", vec![table.block()])
}

fn levels() -> Chapter {
    let table = table("表6-1", "levels", "サービスレベル(間接業務システム)")
        .columns(&[
            ("number", "項番", None),
            ("item", "SLA項目", None),
            ("a", "A", None),
            ("b", "B", None),
            ("value", "実績値", Some("％")),
            ("verdict", "判定", None),
        ])
        .row(
            "answer_rate",
            vec![
                count(7, "offered"),
                text("電話応答率"),
                count(1029, "offered"),
                count(1023, "answered"),
                percent("99.417", 1029, 1023),
                text("達成"),
            ],
        )
        .row(
            "dispatch",
            vec![
                count(5, "facts"),
                text("駆け付け時間"),
                count(0, "facts"),
                count(0, "facts"),
                none("対象となる駆け付けがない"),
                text("対象なし"),
            ],
        );
    chapter("第6", "levels", "サービスレベル", vec![table.block()])
}

fn letters() -> Chapter {
    let mut texts = table("表A-1", "texts", &"四十文字の見出しの表".repeat(4)).columns(&[
        ("name", "名前", None),
        ("text", &"漢字四十字の見出し列".repeat(4), None),
    ]);
    for (name, of) in TEXTS {
        texts = texts.row(name, vec![text(name), text(of)]);
    }
    texts = texts
        .row("lines", vec![text("lines"), text(&lines(12))])
        .row(
            "windows_lines",
            vec![text("windows_lines"), text("一行目\r\n二行目\r三行目")],
        )
        .row(
            "controls",
            vec![text("controls"), text("制\u{0}御\u{1f}文\u{fffe}字")],
        );
    let mut dates = table("表A-2", "dates", "日付").columns(&[
        ("text", "書き方", None),
        ("date", "日付", None),
        ("time", "日時", None),
    ]);
    for (date, written) in DAYS {
        let time = DocCell::Time {
            at: at(date, 1_439),
        };
        dates = dates.row(
            date,
            vec![text(written), DocCell::Date { date: day(date) }, time],
        );
    }
    chapter(
        "付録A",
        "letters",
        "文字と日付",
        vec![texts.block(), dates.block()],
    )
}

fn ledger(rows: u32) -> Chapter {
    let mut ledger = table("表L-1", "ledger", "問合せ管理台帳").wide().columns(&[
        ("number", "受付番号", None),
        ("received_at", "受付日時", None),
        ("question", "問合せの要旨", None),
        ("wait", "待ち時間", Some("分:秒")),
    ]);

    for n in 1..=rows {
        // The first came at 2024-03-31T15:00:00Z.
        let came = at("2024-04-01", 0) + Millis(i64::from(n - 1) * 61_000);
        ledger = ledger.row(
            &format!("R6-{n:05}"),
            vec![
                text(&format!("R6-{n:05}")),
                DocCell::Time { at: came },
                text(&format!("問合せ{n:05}の要旨である。")),
                duration(i64::from(n) * 1000),
            ],
        );
    }
    chapter("付録L", "ledger", "台帳", vec![ledger.block()])
}
