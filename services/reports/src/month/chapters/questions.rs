//! 第4 問合せの内容

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::id::CategoryId;
use madoguchi_core::month::NotedColumn;
use madoguchi_core::ticket::{Channel, Ticket};

use crate::document::{Block, Chapter, DocCell, DocRow, DocTable, Population};
use crate::month::cells::{self, column, length, measured, row, share, size, table, text, total};
use crate::month::data::MonthCall;
use crate::month::lengths::LengthSum;
use crate::month::making::{Making, gist};
use crate::month::row_notes::NO_ARTICLE;
use crate::month::summary::function_of;

/// Matters that 表4-2 names at the most.
const TOP: usize = 10;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let blocks = vec![
        Block::Table(functions(making)),
        Block::Table(top(making)),
        Block::Table(channels(making)),
    ];
    making.chapter("第4", "questions", "問合せの内容", blocks)
}

/// What a function of 表 3.1-1 was asked about.
#[derive(Default)]
struct Function<'a> {
    tickets: Vec<&'a Ticket>,
    answered: Vec<&'a MonthCall>,
    unanswered: Vec<&'a MonthCall>,
    escalated: Vec<&'a Ticket>,
}

/// 表4-1
fn functions(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("function", "機能"),
        measured("count", "件数（受付月）", "件"),
        measured("share", "構成比", "％"),
        measured("last_month", "前月", "件"),
        measured("first_answer_rate", "一次回答率（着信月）", "％"),
        measured("escalated", "エスカレーション（発生月）", "件"),
        measured("answer_time", "平均回答所要時間", "分:秒"),
    ];
    let mut each = share_out(making);
    let categories = &making.input.rules.categories;
    let mut names: Vec<(CategoryId, String)> = categories
        .under(None)
        .into_iter()
        .filter(|(id, category)| !categories.is_retired(category) || each.contains_key(*id))
        .map(|(id, category)| (id.clone(), category.name.clone()))
        .collect();
    names.push((CategoryId::default(), "未分類".to_owned()));
    let mut rows = Vec::new();
    for (id, name) in names {
        let of = each.remove(&id).unwrap_or_default();
        let key = if id.is_none() { "none" } else { id.as_str() };
        let mut cells = vec![text(name)];
        cells.extend(figures(making, key, &of, Some(&id)));
        rows.push(row(format!("function_{key}"), cells));
    }
    let whole = Function {
        tickets: making.month.received.clone(),
        answered: making.month.registered.clone(),
        unanswered: making.month.first_unanswered.clone(),
        escalated: making.month.escalated.clone(),
    };
    let mut cells = vec![text("計")];
    cells.extend(figures(making, "", &whole, None));
    rows.push(total("total", cells));
    let mut table = table("表4-1", "functions", "業務機能別の問合せ", columns, rows);
    table.wide = true;
    table.notes = vec![
        "件数は受付月、エスカレーションは発生月による。一次回答率は、その機能の問合せに登録した応答の件数を分母とし、\
         電話以外を含まない。"
            .to_owned(),
        "平均回答所要時間は、電話で受け付け、一次回答をした問合せの平均である（障害及び緊急を除く）。".to_owned(),
    ];
    table
}

fn share_out<'a>(making: &Making<'a, '_>) -> BTreeMap<CategoryId, Function<'a>> {
    let categories = &making.input.rules.categories;
    let month = making.month;
    let mut each: BTreeMap<CategoryId, Function<'_>> = BTreeMap::new();
    for ticket in &month.received {
        let of = each.entry(function_of(ticket, categories)).or_default();
        of.tickets.push(ticket);
    }
    for ticket in &month.escalated {
        let of = each.entry(function_of(ticket, categories)).or_default();
        of.escalated.push(ticket);
    }
    let of_call = |call: &MonthCall| {
        let ticket = month.first_ticket(call)?;
        Some(function_of(ticket, categories))
    };
    for call in &month.registered {
        if let Some(function) = of_call(call) {
            each.entry(function).or_default().answered.push(call);
        }
    }
    for call in &month.first_unanswered {
        if let Some(function) = of_call(call) {
            each.entry(function).or_default().unanswered.push(call);
        }
    }
    each
}

/// `function`: `None` for all together.
fn figures<'a>(
    making: &mut Making<'a, '_>,
    key: &str,
    of: &Function<'a>,
    function: Option<&CategoryId>,
) -> Vec<DocCell> {
    let name = |part: &str| match key {
        "" => part.to_owned(),
        key => format!("function_{key}_{part}"),
    };
    let cell = match key {
        "" => "functions/total/count".to_owned(),
        key => format!("functions/function_{key}/count"),
    };
    let whole = size(making.month.received.len());
    let received = name("received");
    let proof = making.proof.tickets(&received, &of.tickets);
    let previous = making.month.data.month.previous();
    let mut all = LengthSum::default();
    let mut timed = Vec::new();
    for ticket in &of.tickets {
        let is_timed = ticket.fields.channel == Channel::Phone && !ticket.fields.is_exempt();
        if let Some(took) = making.month.took(ticket).filter(|_| is_timed) {
            all.add(took);
            timed.push(*ticket);
        }
    }
    let timed_rows = making.proof.tickets(&name("answer_times"), &timed);
    let answer_time = match length(all.mean(), Population::Received, timed_rows) {
        DocCell::Figure(figure) => DocCell::Figure(crate::document::Figure {
            parts: Some(crate::document::Parts {
                a: cells::number(all.count()),
                b: all.sum().0,
            }),
            ..figure
        }),
        cell => cell,
    };
    vec![
        making.tickets(&received, Population::Received, &of.tickets),
        share(size(of.tickets.len()), whole, Population::Received, proof),
        making.earlier(
            previous,
            Population::Received,
            false,
            &cell,
            |one| match function {
                Some(function) => one.functions.get(function).copied().unwrap_or(0),
                None => one.functions.values().sum(),
            },
        ),
        making.rest_of(&name("first_unanswered"), &of.unanswered, of.answered.len()),
        making.tickets(&name("escalated"), Population::Happened, &of.escalated),
        answer_time,
    ]
}

/// 表4-2
fn top(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("rank", "順位"),
        column("gist", "要旨"),
        measured("count", "件数（受付月）", "件"),
        column("article", "対応FAQ番号"),
        column("measure", "対策"),
    ];
    let mut matters: HashMap<(bool, &str), Vec<&Ticket>> = HashMap::new();
    for ticket in &making.month.received {
        let key = match ticket.fields.articles.first() {
            Some(article) => (true, article.as_str()),
            None => (false, ticket.fields.question.trim()),
        };
        if !key.1.is_empty() {
            matters.entry(key).or_default().push(ticket);
        }
    }
    let mut ranked: Vec<_> = matters
        .into_iter()
        .filter(|(_, all)| all.len() > 1)
        .collect();
    ranked.sort_by(|(one, its), (other, theirs)| (theirs.len(), one).cmp(&(its.len(), other)));
    let mut rows: Vec<DocRow> = Vec::new();
    for (n, (_, tickets)) in (1..).zip(ranked.into_iter().take(TOP)) {
        let n: usize = n;
        let Some(first) = tickets.first() else {
            continue;
        };
        let article = first.fields.articles.first();
        let article = article.and_then(|id| making.input.articles.get(id));
        let (number, gist) = match article {
            Some((number, title)) => (number.clone(), title.clone()),
            None => (NO_ARTICLE.to_owned(), gist(first)),
        };
        let measure = match article {
            Some(_) => "公開中のFAQで案内する。",
            None => "FAQの作成を検討する。",
        };
        // Without an article the number is the same in every row.
        let names: &[&str] = match article {
            Some(_) => &[&number, &gist],
            None => &[&gist],
        };
        let measure = making.noted(NotedColumn::Measure, names, measure);
        rows.push(row(
            format!("matter_{n}"),
            vec![
                text(n.to_string()),
                text(gist),
                making.tickets(&format!("matter_{n}"), Population::Received, &tickets),
                text(number),
                measure,
            ],
        ));
    }
    let mut table = table("表4-2", "matters", "上位の問合せ", columns, rows);
    table.notes = vec![
        "同じFAQを関連付けた問合せ、又は同じ文面の問合せを一つに数え、2件以上のものを載せる。"
            .to_owned(),
    ];
    table
}

/// 表4-3
fn channels(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("channel", "受付経路"),
        measured("count", "件数（受付月）", "件"),
        measured("share", "構成比", "％"),
    ];
    let all = making.month.received.clone();
    let whole = size(all.len());
    let mut rows = Vec::new();
    for channel in Channel::ALL {
        let of = all.iter().copied();
        let of: Vec<_> = of
            .filter(|ticket| ticket.fields.channel == channel)
            .collect();
        let name = format!("channel_{}", channel.as_str());
        let proof = making.proof.tickets(&name, &of);
        rows.push(row(
            channel.as_str(),
            vec![
                text(match channel {
                    Channel::Mail => "電子メール",
                    channel => channel.label(),
                }),
                making.tickets(&name, Population::Received, &of),
                share(size(of.len()), whole, Population::Received, proof),
            ],
        ));
    }
    let proof = making.proof.tickets("received", &all);
    rows.push(total(
        "total",
        vec![
            text("計"),
            making.tickets("received", Population::Received, &all),
            share(whole, whole, Population::Received, proof),
        ],
    ));
    let mut table = table("表4-3", "channels", "受付経路別の問合せ", columns, rows);
    table.notes = vec!["電話以外の問合せは、別紙6 項番7から項番9までの分母に含めない。".to_owned()];
    table
}
