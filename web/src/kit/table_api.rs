//! A large list as the document of the API tells of it.

use super::table::Listing;
use super::table_filter::FilterValues;
use crate::api_operation::ApiOperation;
use crate::state::Web;

/// The operation with the filters, the orders and the pages of a list.
pub(crate) fn narrowed<L: Listing>(web: &Web, mut operation: ApiOperation) -> ApiOperation {
    for filter in L::filters(web, &FilterValues::default()) {
        let choices = filter.choices.iter().filter(|it| !it.value.is_empty());
        let told: Vec<_> = choices
            .clone()
            .map(|choice| format!("{}：{}", choice.value, choice.label))
            .collect();
        operation = match filter.kind {
            "select" if !filter.open => {
                let about = format!("{}({})", filter.label, told.join("、"));
                operation.choice(filter.name, &about, choices.map(|it| it.value.as_str()))
            }
            // What these are depends on the settings of a desk.
            "select" => operation.query(filter.name, &format!("{}(識別名)", filter.label)),
            "date" => {
                let about = format!("{}(例：2026-11-24)", filter.label);
                operation.query(filter.name, &about)
            }
            _ => operation.query(filter.name, filter.label),
        };
    }
    let orders = L::COLUMNS.iter().flat_map(|column| column.orders);
    let orders: Vec<_> = orders
        .map(|order| order.0)
        .filter(|it| !it.is_empty())
        .collect();
    if !orders.is_empty() {
        let about = "並べ方。指定しないときは、一覧の画面と同じです。";
        operation = operation.choice("sort", about, orders);
    }
    operation
        .query(
            "after",
            "続きを読むときに、前の答えのafterを指定します。読む間に追加や変更があっても、同じ行は1回だけ届きます。",
        )
        .query("before", "前へ戻るときに、行の位置を指定します。")
}
