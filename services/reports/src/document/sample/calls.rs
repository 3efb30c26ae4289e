//! The chapter of calls: months as they were published, days with gaps, half hours for a 濃淡図.

use super::build::{
    TableBuilder, chapter, chart, count, duration, heading, none, percent, published, table, text,
};
use crate::document::{Block, Chapter, ChartKind, DocCell};

/// 着信件数, 応答件数, 応答率 and エスカレーション数 of 令和6年4月 to 9月.
const PUBLISHED: [(&str, i64, i64, &str, i64); 6] = [
    ("令和6年4月", 1029, 1023, "99.4", 21),
    ("令和6年5月", 458, 457, "99.8", 15),
    ("令和6年6月", 316, 313, "99.1", 14),
    ("令和6年7月", 265, 264, "99.6", 8),
    ("令和6年8月", 236, 235, "99.6", 4),
    ("令和6年9月", 244, 239, "98.0", 6),
];

pub(super) fn received() -> Chapter {
    let counts = table("表2-1", "calls", "当月の受付件数")
        .columns(&[
            ("kind", "区分", None),
            ("count", "件数", Some("件")),
            ("share", "構成比", Some("％")),
        ])
        .row(
            "answered",
            vec![
                text("応答"),
                count(1023, "answered"),
                percent("99.4", 1029, 1023),
            ],
        )
        .row(
            "abandoned",
            vec![text("放棄"), count(6, "abandoned"), percent("0.6", 1029, 6)],
        )
        .total(
            "offered",
            vec![
                text("着信"),
                count(1029, "offered"),
                percent("100.0", 1029, 1029),
            ],
        )
        .note("着信は受付時間内に着信した通話を、着信した月で数える。");
    chapter(
        "第2",
        "received",
        "受付件数",
        vec![
            heading("1 現状"),
            Block::Sentence {
                text: "受付件数は次のとおりである。".to_owned(),
            },
            counts.block(),
            months().block(),
            chart(
                "図2-1",
                "months_chart",
                ChartKind::Bars,
                "months",
                "month",
                &["offered", "answered", "answer_rate"],
            ),
            days().block(),
            chart(
                "図2-2",
                "days_chart",
                ChartKind::Lines,
                "days",
                "date",
                &["offered", "wait"],
            ),
            half_hours().block(),
            chart(
                "図2-3",
                "hours_chart",
                ChartKind::HeatMap,
                "hours",
                "time",
                &["mon", "tue", "wed", "thu", "fri", "sat"],
            ),
        ],
    )
}

/// The form of 別紙 8-2: sixteen columns.
fn months() -> TableBuilder {
    let mut months = table("表2-2", "months", "月別推移(別紙8-2の様式)")
        .wide()
        .columns(&[
            ("month", "年月", None),
            ("indirect_major", "間接業務システム 重大障害", Some("件")),
            ("indirect_normal", "間接業務システム 通常障害", Some("件")),
            (
                "indirect_anomalies",
                "間接業務システム 異常検知",
                Some("件"),
            ),
            ("indirect_signs", "間接業務システム 障害予兆", Some("件")),
            ("macs_major", "MACS 重大障害", Some("件")),
            ("macs_normal", "MACS 通常障害", Some("件")),
            ("macs_anomalies", "MACS 異常検知", Some("件")),
            ("macs_signs", "MACS 障害予兆", Some("件")),
            ("offered", "着信件数", Some("件")),
            ("answered", "応答件数", Some("件")),
            ("answer_rate", "応答率", Some("％")),
            ("first_unanswered", "一次未回答件数", Some("件")),
            ("first_answer_rate", "一次回答率", Some("％")),
            ("escalations", "エスカレーション数", Some("件")),
            ("source", "出所", None),
        ]);

    for (n, (name, offered, answered, rate, escalations)) in PUBLISHED.into_iter().enumerate() {
        let mut cells = vec![text(name)];
        cells.extend((0..8).map(|_| count(0, "facts")));
        if n == 0 {
            cells.extend([
                count(offered, "offered"),
                count(answered, "answered"),
                percent(rate, offered, answered),
                none("締め前"),
                none("締め前"),
                count(escalations, "escalated"),
                text("実測"),
            ]);
        } else {
            cells.extend([
                published(&offered.to_string()),
                published(&answered.to_string()),
                published(&format!("{rate}%")),
                published("23"),
                published("95.7%"),
                published(&escalations.to_string()),
                text("取込み"),
            ]);
        }
        months = months.row(&format!("month-{:02}", n + 4), cells);
    }
    months
}

fn days() -> TableBuilder {
    let mut days = table("表2-3", "days", "日別の受付件数").columns(&[
        ("date", "日付", None),
        ("offered", "着信", Some("件")),
        ("wait", "平均待ち時間", Some("分:秒")),
        ("note", "備考", None),
    ]);
    for (n, date) in super::month().days().enumerate() {
        let row = format!("day-{:02}", n + 1);
        let number = i64::try_from(n).unwrap_or(0);
        let wait = if n % 7 == 6 {
            none("着信がない")
        } else {
            duration(20_000 + number * 1_500)
        };
        let note = if n == 12 {
            text("第2土曜日")
        } else {
            DocCell::Empty
        };
        let cells = vec![
            DocCell::Date { date },
            count(20 + number * 7 % 45, &row),
            wait,
            note,
        ];
        days = days.row(&row, cells);
    }
    days
}

fn half_hours() -> TableBuilder {
    let mut hours = table("表2-4", "hours", "曜日・時間帯別着信件数").columns(&[
        ("time", "時間帯", None),
        ("mon", "月", Some("件")),
        ("tue", "火", Some("件")),
        ("wed", "水", Some("件")),
        ("thu", "木", Some("件")),
        ("fri", "金", Some("件")),
        ("sat", "土", Some("件")),
    ]);
    for half in 0..19_i64 {
        let minute = 480 + half * 30;
        let label = format!("{}:{:02}", minute / 60, minute % 60);
        let mut cells = vec![text(&label)];
        cells.extend((0..5).map(|weekday| count((half * 5 + weekday * 3) % 32, "offered")));
        cells.push(if half > 8 {
            none("閉所")
        } else {
            count(half, "offered")
        });
        hours = hours.row(&format!("half-{half:02}"), cells);
    }
    hours
}
