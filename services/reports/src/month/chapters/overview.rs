//! 第1 概況

mod indicators;

use std::cmp::Ordering;

use madoguchi_core::month::{Judged, Level, Verdict};

use self::indicators::indicators;
use crate::document::{Block, Chapter};
use crate::month::cells::{self, column, day, heading, number, row, sentence, table, text};
use crate::month::counted::CountedMonth;
use crate::month::making::Making;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let mut blocks = vec![heading("1　当月の要点"), heading("(1)　現状")];
    blocks.extend(state(making).into_iter().map(sentence));
    blocks.push(heading("(2)　計画との差異"));
    blocks.extend(against_plan(making).into_iter().map(sentence));
    blocks.push(heading("(3)　今後の予測"));
    blocks.push(sentence(expected(making)));
    blocks.push(heading("(4)　対応策"));
    blocks.extend(measures(making).into_iter().map(sentence));
    blocks.push(Block::Table(indicators(making)));
    blocks.push(heading("2　前月報告会での指示事項と対応"));
    blocks.push(instructions(making));
    making.chapter("第1", "overview", "概況", blocks)
}

/// The month in sentences, from its figures.
fn state(making: &Making<'_, '_>) -> Vec<String> {
    let month = making.month;
    let name = month.data.month.name();
    if let Some(source) = making.published_only() {
        let mut sentences = vec![format!(
            "{name}の件数及び率は、公表値（{source}）による。この月の通話は、この窓口に記録されていない。"
        )];
        let has_tickets = month.data.tickets.iter().next().is_some();
        sentences.extend(has_tickets.then(|| tickets(month)));
        return sentences;
    }
    let (offered, answered) = (month.offered.len(), month.answered.len());
    let comma = |count: usize| crate::document::with_commas(cells::size(count));
    let mut sentences = Vec::new();
    if offered == 0 {
        sentences.push(format!("{name}の着信はなかった。"));
    } else {
        // With as many digits as its verdict needs.
        let mut judged = making.judged.iter();
        let judged = judged.find(|one| one.item.level == Level::AnswerRate);
        let rate = judged.and_then(|one| one.value.as_deref());
        let rate = rate.map_or("－".to_owned(), |rate| format!("{rate}％"));
        sentences.push(format!(
            "{name}の着信は{}件で、うち{}件に応答した（応答率{rate}）。{}",
            comma(offered),
            comma(answered),
            compared(making),
        ));
    }
    let without: usize = month.no_ticket.values().map(Vec::len).sum();
    sentences.push(format!(
        "応答した通話のうち、{}件を問合せとして登録し、{}件を対象外とした。一次未回答は{}件、問題未解決は{}件である。",
        comma(month.registered.len()),
        comma(without),
        comma(month.first_unanswered.len()),
        comma(month.unsolved.len()),
    ));
    if !month.unregistered.is_empty() {
        sentences.push(format!(
            "{}件の通話が未登録であり、件数は確定していない。",
            comma(month.unregistered.len())
        ));
    }
    sentences.push(tickets(month));
    sentences
}

/// What became of tickets, whatever they came by.
fn tickets(month: &CountedMonth<'_>) -> String {
    let comma = |count: usize| crate::document::with_commas(cells::size(count));
    format!(
        "当月に初めて事業者へ引き渡した問合せは{}件、アプリケーション機能分析を始めたものは{}件である。\
         当月末に完了していない問合せは{}件である。",
        comma(month.escalated.len()),
        comma(month.analyses.len()),
        comma(month.carried.left.len()),
    )
}

/// How the month stands to the last one and to that of last year.
fn compared(making: &Making<'_, '_>) -> String {
    let month = making.month.data.month;
    let offered = cells::size(making.month.offered.len());
    let mut sentences = String::new();
    for (name, other) in [("前月", month.previous()), ("前年同月", month.before(12))] {
        let Some(known) = making.months.get(other) else {
            continue;
        };
        let before = number(known.summary.offered);
        let difference = crate::document::with_commas((offered - before).abs());
        sentences.push_str(&match offered.cmp(&before) {
            Ordering::Greater => format!("{name}より{difference}件多い。"),
            Ordering::Less => format!("{name}より{difference}件少ない。"),
            Ordering::Equal => format!("{name}と同数である。"),
        });
    }
    sentences
}

/// The items of 別紙6 that were met and missed.
fn against_plan(making: &Making<'_, '_>) -> Vec<String> {
    let own = making.input.scope.system;
    let of_book = |one: &&Judged| own.is_none_or(|system| one.item.system == system);
    let judged: Vec<&Judged> = making.judged.iter().filter(of_book).collect();
    let missed: Vec<&&Judged> = judged
        .iter()
        .filter(|one| one.verdict == Verdict::Missed)
        .collect();
    let met = judged
        .iter()
        .filter(|one| one.verdict == Verdict::Met)
        .count();
    let nothing = judged.len() - met - missed.len();
    let mut sentences = Vec::new();
    if missed.is_empty() {
        sentences.push(format!(
            "サービスレベルの評価項目は、対象のあった{met}項目の全てで目標を達成した（対象なし{nothing}項目）。"
        ));
    } else {
        sentences.push(format!(
            "サービスレベルの評価項目のうち、{}項目で目標を達成できなかった（達成{met}項目、対象なし{nothing}項目）。",
            missed.len()
        ));
    }
    for one in missed {
        let item = one.item;
        let value = one.value.as_deref().unwrap_or("－");
        let unit = match item.formula() {
            madoguchi_core::month::Formula::Count => "件",
            _ => "％",
        };
        sentences.push(format!(
            "項番{}「{}」は、目標{}に対し、実績{value}{unit}である。",
            item.number(),
            item.level.label(),
            item.goal_text(),
        ));
    }
    sentences
}

fn expected(making: &Making<'_, '_>) -> String {
    match &making.outlook {
        Some(outlook) if !outlook.days.is_empty() => {
            let calls: f64 = outlook.days.iter().map(|day| day.calls).sum();
            let next = making.month.data.month.next().name();
            format!("{next}の着信は{calls:.0}件と予測する（表10-1）。")
        }
        _ => "予測に足りる実績がないため、翌月の着信の予測は示さない。".to_owned(),
    }
}

fn measures(making: &Making<'_, '_>) -> Vec<String> {
    let missed = |one: &&Judged| one.verdict == Verdict::Missed;
    if making.judged.iter().any(|one| missed(&one)) {
        return vec![
            "目標を達成できなかった項目について、原因、改善案及び日程を第7の改善状況報告に示す。"
                .to_owned(),
        ];
    }
    vec!["目標を達成できなかった項目はなく、引き続き現在の体制で対応する。".to_owned()]
}

fn instructions(making: &Making<'_, '_>) -> Block {
    let written = &making.input.written.instructions;
    if written.is_empty() {
        return sentence("前月の報告会での指示事項はない。");
    }
    let columns = vec![
        column("number", "項番"),
        column("what", "指示事項"),
        column("state", "対応状況"),
        column("due", "完了（予定）日"),
    ];
    let rows = (1..).zip(written).map(|(n, one)| {
        let n: usize = n;
        row(
            format!("instruction_{n}"),
            vec![
                text(n.to_string()),
                text(&one.text),
                text(if one.done {
                    format!("【完了】{}", one.response)
                } else {
                    one.response.clone()
                }),
                day(one.by_day),
            ],
        )
    });
    let rows = rows.collect();
    Block::Table(table(
        "表1-2",
        "instructions",
        "指示事項と対応",
        columns,
        rows,
    ))
}
