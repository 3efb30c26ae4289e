//! 第2 受付件数

use madoguchi_core::event::AbandonReason;

use super::{days, month_table, slots};
use crate::document::{Block, Chapter, Chart, ChartKind, DocCell, DocTable, Population};
use crate::month::cells::{column, measured, row, size, stated, table, text, total};
use crate::month::data::MonthCall;
use crate::month::making::Making;
use crate::month::site_kind::SiteKind;
use crate::month::summary::MonthSummary;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let mut blocks = vec![
        Block::Table(received(making)),
        Block::Table(month_table::table(making)),
        Block::Chart(months_chart()),
    ];
    let (days, day_chart) = days::table(making);
    blocks.extend([Block::Table(days), Block::Chart(day_chart)]);
    let (slots, heat_map) = slots::table(making);
    blocks.extend([Block::Table(slots), Block::Chart(heat_map)]);
    blocks.push(Block::Table(sites(making)));
    making.chapter("第2", "calls", "受付件数", blocks)
}

/// Why callers were not answered, in words.
const fn reason(reason: AbandonReason) -> &'static str {
    match reason {
        AbandonReason::CallerHangup => "発信者切断",
        AbandonReason::MaxWait => "最大待ち時間超過",
        AbandonReason::QueueFull => "待ち呼数超過",
        AbandonReason::NoAgent => "要員不在",
        AbandonReason::DeskClosedWhileWaiting => "受付終了",
        AbandonReason::SystemError => "システム障害",
    }
}

/// A row of 表2-1.
struct Line<'a> {
    id: String,
    name: String,
    calls: Vec<&'a MonthCall>,
    /// It is a part of 着信.
    is_part: bool,
    /// 別紙 8-2 has it.
    published: bool,
    of: Box<dyn Fn(&MonthSummary) -> u64>,
}

/// 表2-1
fn received(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("kind", "区分"),
        measured("count", "件数", "件"),
        measured("share", "構成比", "％"),
        measured("last_month", "前月", "件"),
        measured("last_year", "前年同月", "件"),
    ];
    let month = making.month.data.month;
    let whole = making.month.offered.len();
    let mut rows = Vec::new();
    for line in lines(making) {
        let cell = format!("received/{}/count", line.id);
        let cells = vec![
            text(&line.name),
            making.calls(&line.id, &line.calls),
            if line.is_part {
                making.share_of(&line.id, &line.calls, whole)
            } else {
                DocCell::Empty
            },
            making.earlier(
                month.previous(),
                Population::Arrived,
                line.published,
                &cell,
                &line.of,
            ),
            making.earlier(
                month.before(12),
                Population::Arrived,
                line.published,
                &cell,
                &line.of,
            ),
        ];
        rows.push(row(line.id, cells));
    }
    let mut table = table("表2-1", "received", "当月の受付件数", columns, rows);
    table.notes = vec![
        "着信＝応答＋放棄（＋集計時に応対前のもの）。時間外着信、発信は着信に含めない。".to_owned(),
        "件数は、いずれも着信月（発信は発信した月）による。".to_owned(),
    ];
    table
}

fn lines<'a>(making: &Making<'a, '_>) -> Vec<Line<'a>> {
    let month = making.month;
    let line = |id: &str, name: &str, calls: Vec<&'a MonthCall>| Line {
        id: id.to_owned(),
        name: name.to_owned(),
        calls,
        is_part: true,
        published: false,
        of: Box::new(|_| 0),
    };
    let mut lines = vec![
        Line {
            published: true,
            of: Box::new(|one| one.offered),
            ..line("offered", "着信", month.offered.clone())
        },
        Line {
            published: true,
            of: Box::new(|one| one.answered),
            ..line("answered", "応答", month.answered.clone())
        },
        Line {
            of: Box::new(MonthSummary::all_abandoned),
            ..line("abandoned", "放棄", month.all_abandoned())
        },
    ];
    for why in AbandonReason::ALL {
        let calls = month.abandoned.get(&why).cloned().unwrap_or_default();
        let name = format!("　{}", reason(why));
        lines.push(Line {
            of: Box::new(move |one| one.abandoned.get(&why).copied().unwrap_or(0)),
            ..line(&format!("abandoned_{}", why.as_str()), &name, calls)
        });
        if why == AbandonReason::CallerHangup {
            lines.push(Line {
                of: Box::new(|one| one.short),
                ..line("short", "　　うち短時間", month.short.clone())
            });
        }
    }
    if !month.waiting.is_empty() {
        lines.push(line("waiting", "応対前", month.waiting.clone()));
    }
    lines.extend([
        Line {
            is_part: false,
            of: Box::new(|one| one.after_hours),
            ..line("after_hours", "時間外着信", month.after_hours.clone())
        },
        Line {
            is_part: false,
            of: Box::new(|one| one.outbound),
            ..line("outbound", "発信", month.outbound.clone())
        },
        Line {
            is_part: false,
            of: Box::new(|one| one.outbound_answered),
            ..line(
                "outbound_answered",
                "　うち発信応答",
                month.outbound_answered.clone(),
            )
        },
    ]);
    lines
}

fn months_chart() -> Chart {
    Chart {
        number: "図2-1".to_owned(),
        id: "months_chart".to_owned(),
        title: "着信件数、応答件数及び応答率の月別推移".to_owned(),
        alt: "年度の各月の着信件数と応答件数を棒で、応答率を折れ線で示すグラフ。数値は表2-2のとおり。"
            .to_owned(),
        kind: ChartKind::Bars,
        table: "months".to_owned(),
        labels: "month".to_owned(),
        series: ["offered", "answered", "answer_rate"].map(str::to_owned).into(),
    }
}

/// 表2-5
fn sites(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("kind", "拠点区分"),
        measured("sites", "拠点数", "か所"),
        measured("offered", "着信", "件"),
        measured("share", "構成比", "％"),
        measured("each", "1拠点当たり", "件"),
        measured("last_month", "前月", "件"),
    ];
    let whole = making.month.offered.len();
    let previous = making.month.data.month.previous();
    let mut rows = Vec::new();
    for kind in SiteKind::ALL {
        let calls = making.month.sites.get(&kind).cloned().unwrap_or_default();
        let name = format!("site_{}", kind.as_str());
        let cell = format!("sites/{}/offered", kind.as_str());
        let sites = kind.sites();
        let each = sites.map(|sites| {
            let rows = making.proof.calls(&name, &calls);
            let sites = i64::try_from(sites).unwrap_or(1);
            crate::month::cells::mean(size(calls.len()), sites, Population::Arrived, rows)
        });
        rows.push(row(
            kind.as_str(),
            vec![
                text(kind.label()),
                sites.map_or(DocCell::Empty, |sites| {
                    stated(sites, "要件定義書 表2.2-2（令和6年3月末時点）")
                }),
                making.calls(&name, &calls),
                making.share_of(&name, &calls, whole),
                each.unwrap_or(DocCell::Empty),
                making.earlier(previous, Population::Arrived, false, &cell, |one| {
                    one.sites.get(&kind).copied().unwrap_or(0)
                }),
            ],
        ));
    }
    let all = making.month.offered.clone();
    rows.push(total(
        "total",
        vec![
            text("計"),
            DocCell::Empty,
            making.calls("offered", &all),
            making.share_of("offered", &all, whole),
            DocCell::Empty,
            making.earlier(
                previous,
                Population::Arrived,
                true,
                "sites/total/offered",
                |one| one.offered,
            ),
        ],
    ));
    let mut table = table("表2-5", "sites", "拠点区分別の着信件数", columns, rows);
    table.notes = vec![
        "拠点は、問合せに記録した拠点による。記録がないときは、発信番号と職員名簿による。"
            .to_owned(),
    ];
    table
}
