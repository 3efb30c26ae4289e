//! 第2 件数

use madoguchi_core::id::{CategoryId, DivisionId};
use madoguchi_core::ticket::{Channel, System, Ticket};

use super::super::entry::division_of;
use crate::document::{Block, Chapter, DocCell, DocRow, DocTable, Population};
use crate::month::cells::{self, column, measured, row, table, text, total};
use crate::month::chapters;
use crate::month::making::Making;
use crate::month::summary::function_of;

/// The rows of 別紙8-1 that belong to 問合せ対応.
const WORK: [u32; 2] = [25, 26];

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let mut work = chapters::work(making, &WORK);
    work.number = "表2-3".to_owned();
    work.title = "問合せ対応の実績と想定回数（別紙8-1）".to_owned();
    work.notes = vec![
        "問合せ対応の業務区分で受け付けたものの件数（受付月）であり、ヘルプデスクで受け付けたものを含まない。"
            .to_owned(),
    ];
    let blocks = vec![
        Block::Table(inquiries(making)),
        Block::Table(functions(making)),
        Block::Table(work),
    ];
    cells::chapter("第2", "counts", "件数", blocks)
}

/// 業務区分 in their order, those out of use only if tickets name them.
pub(super) fn divisions(making: &Making<'_, '_>) -> Vec<(DivisionId, String)> {
    let (input, month) = (making.input, making.month);
    let is_named = |id: &DivisionId| {
        let tickets = month.data.tickets.iter();
        tickets
            .into_iter()
            .any(|ticket| division_of(input, ticket) == Some(id))
    };
    let all = input.rules.divisions.list().into_iter();
    all.filter(|(id, division)| !division.retired || is_named(id))
        .map(|(id, division)| (id.clone(), division.name.clone()))
        .collect()
}

/// 表2-1
fn inquiries(making: &mut Making<'_, '_>) -> DocTable {
    let mut columns = vec![column("division", "業務区分"), column("system", "システム")];
    for channel in Channel::ALL {
        columns.push(measured(channel.as_str(), channel.label(), "件"));
    }
    columns.push(measured("total", "計", "件"));
    let mut rows: Vec<DocRow> = Vec::new();
    let received = making.month.received.clone();
    for (id, name) in divisions(making) {
        for system in System::ALL {
            let all = received.iter().copied();
            let of: Vec<&Ticket> = all
                .filter(|ticket| {
                    division_of(making.input, ticket) == Some(&id) && ticket.fields.system == system
                })
                .collect();
            let key = format!("{id}_{}", system.as_str());
            let mut cells = vec![text(&name), text(system.label())];
            cells.extend(by_channel(making, &key, &of));
            rows.push(row(key, cells));
        }
    }
    let mut cells = vec![text("計"), text("")];
    cells.extend(by_channel(making, "all", &received));
    rows.push(total("total", cells));
    let mut table = table(
        "表2-1",
        "inquiries",
        "業務区分及びシステム別の問合せ",
        columns,
        rows,
    );
    table.notes = vec!["件数は、いずれも受付月による。".to_owned()];
    table
}

fn by_channel<'a>(making: &mut Making<'a, '_>, key: &str, tickets: &[&'a Ticket]) -> Vec<DocCell> {
    let mut cells = Vec::new();
    for channel in Channel::ALL {
        let of = tickets.iter().copied();
        let of: Vec<_> = of
            .filter(|ticket| ticket.fields.channel == channel)
            .collect();
        let name = format!("{key}_{}", channel.as_str());
        cells.push(making.tickets(&name, Population::Received, &of));
    }
    cells.push(making.tickets(key, Population::Received, tickets));
    cells
}

/// 表2-2
fn functions(making: &mut Making<'_, '_>) -> DocTable {
    let divisions = divisions(making);
    let mut columns = vec![column("function", "業務機能")];
    for (id, name) in &divisions {
        columns.push(measured(id.as_str(), name, "件"));
    }
    columns.push(measured("total", "計", "件"));
    let received = making.month.received.clone();
    let categories = &making.input.rules.categories;
    let of_function = |function: &CategoryId| -> Vec<&Ticket> {
        let all = received.iter().copied();
        all.filter(|ticket| function_of(ticket, categories) == *function)
            .collect()
    };
    let known = categories.under(None).into_iter();
    let mut functions: Vec<(CategoryId, String, Vec<&Ticket>)> = known
        .map(|(id, category)| (id.clone(), category.name.clone(), of_function(id)))
        .filter(|(id, _, of)| {
            let category = categories.get(id);
            !of.is_empty() || category.is_some_and(|one| !categories.is_retired(one))
        })
        .collect();
    let none = CategoryId::default();
    let of_none = of_function(&none);
    functions.push((none, "未分類".to_owned(), of_none));
    let mut rows: Vec<DocRow> = Vec::new();
    for (id, name, of) in functions {
        let key = match id.is_none() {
            true => "function_none".to_owned(),
            false => format!("function_{id}"),
        };
        let cells = by_division(making, &key, &name, &of, &divisions);
        rows.push(row(key, cells));
    }
    let cells = by_division(making, "functions", "計", &received, &divisions);
    rows.push(total("total", cells));
    let mut table = table(
        "表2-2",
        "functions",
        "業務機能及び業務区分別の問合せ",
        columns,
        rows,
    );
    table.notes = vec!["件数は、いずれも受付月による。".to_owned()];
    table
}

fn by_division<'a>(
    making: &mut Making<'a, '_>,
    key: &str,
    name: &str,
    tickets: &[&'a Ticket],
    divisions: &[(DivisionId, String)],
) -> Vec<DocCell> {
    let mut cells = vec![text(name)];
    for (id, _) in divisions {
        let of = tickets.iter().copied();
        let of: Vec<_> = of
            .filter(|ticket| division_of(making.input, ticket) == Some(id))
            .collect();
        cells.push(making.tickets(&format!("{key}_{id}"), Population::Received, &of));
    }
    cells.push(making.tickets(key, Population::Received, tickets));
    cells
}
