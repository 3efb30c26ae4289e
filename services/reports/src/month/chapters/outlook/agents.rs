//! 表10-2, 表10-4, 表10-5: how many agents each half hour needs.

use super::expected::{decimal, expected, lacks, percent};
use crate::document::{DocCell, DocRow, DocTable, Value};
use crate::month::cells::{column, measured, number, row, table, text};
use crate::month::outlook::{ByPatience, NeededAgents, PatienceSlot};

/// Why there is no number: agents that never work off what comes, or no number of agents does.
const SHORT: &str = "不足";

/// The half hours of a day, in a table of this number, id and title.
pub(super) fn needed_agents(
    (place, id, title): (&str, &str, &str),
    slots: &[NeededAgents],
) -> DocTable {
    let columns = vec![
        column("slot", "時間帯"),
        measured("calls", "予測", "件"),
        measured("agents", "目標を満たす人数", "人"),
        measured("one_less_rate", "1人減らした場合の応答率", "％"),
        measured("one_less_wait", "1人減らした場合の平均待ち", "分:秒"),
    ];
    let rows = slots.iter().map(|slot| {
        row(
            format!("slot_{}", slot.slot),
            vec![
                text(&slot.slot),
                decimal(slot.calls),
                people(slot.agents),
                slot.one_less_rate.map_or_else(short, percent),
                slot.one_less_wait_ms.map_or_else(short, wait),
            ],
        )
    });
    let mut table = table(place, id, title, columns, rows.collect());
    table.notes =
        vec!["待ち行列が際限なく伸びる人数では、「－」（不足）とし、値を示さない。".to_owned()];
    table
}

/// 表10-4
pub(super) fn by_patience(patiences: &ByPatience) -> DocTable {
    let secs = (1_usize..).zip(patiences.secs);
    let people = secs.map(|(n, secs)| {
        let name = format!("待ち許容時間{secs}秒で目標を満たす人数");
        measured(&format!("patience_{n}"), &name, "人")
    });
    let within = patiences.service_level_ms as f64 / 1_000.0;
    let mut columns = vec![column("slot", "時間帯"), measured("calls", "予測", "件")];
    columns.extend(people);
    columns.extend([
        measured("erlang_c_wait", "放棄がないとした場合の平均待ち", "分:秒"),
        measured(
            "erlang_c_level",
            &format!("放棄がないとした場合の{within}秒以内の応答率"),
            "％",
        ),
    ]);
    let rows = patiences.slots.iter().map(patience_row).collect();
    let mut table = table(
        "表10-4",
        "agents_by_patience",
        "待ち許容時間別の必要人数",
        columns,
        rows,
    );
    table.notes = vec![
        "待ち許容時間は、放棄が少ないと実績から求められないため、3通りの場合の人数を並べて示す。人数は、時間帯ごとに、その着信が続くとして求めた（アーランA）。"
            .to_owned(),
        "放棄がないとした場合は、表10-2の人数による参考の値である（アーランC）。待ち行列が際限なく伸びる人数では、「－」（不足）とし、値を示さない。"
            .to_owned(),
    ];
    table
}

fn patience_row(slot: &PatienceSlot) -> DocRow {
    let waiting = slot.nobody_gives_up;
    let mut cells = vec![text(&slot.slot), decimal(slot.calls)];
    cells.extend(slot.agents.map(people));
    cells.extend([
        waiting.map_or_else(short, |one| wait(one.wait_ms)),
        waiting.map_or_else(short, |one| percent(one.service_level)),
    ]);
    row(format!("slot_{}", slot.slot), cells)
}

fn people(agents: Option<u64>) -> DocCell {
    agents.map_or_else(short, |agents| expected(Value::Count(number(agents))))
}

fn wait(ms: i64) -> DocCell {
    expected(Value::Duration(ms))
}

fn short() -> DocCell {
    lacks(SHORT)
}
