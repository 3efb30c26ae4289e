//! 通話の表の列 on screens: which columns of a table of calls hold what, tried with rows that are pasted.

use askama::Template;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::call::CallRecord;
use madoguchi_core::call_table::{CALL_TABLE, CALL_TABLE_ID, CallTableColumns};
use madoguchi_core::id::LineName;
use madoguchi_core::setup::FieldError;
use madoguchi_core::time::Instant;
use madoguchi_observe::call_table::CallTable;
use madoguchi_observe::counting::Rules;
use madoguchi_reports::rows::each_row;

use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::Values;
use crate::kit::record::{Context, Effect, Record, Screen};
use crate::kit::record_routes;
use crate::text;

/// Rows that are tried.
const ROWS_AT_MOST: usize = 50;
/// The longest text that is tried.
const SAMPLE_BYTES_AT_MOST: usize = 20_000;

pub(super) fn routes() -> Routes {
    record_routes!(single CallTableColumns, at: "/admin/desk/call-table")
}

type F<'c> = Field<'c, CallTableColumns>;

impl Record for CallTableColumns {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: CALL_TABLE,
        action: Action::CallTableChange,
        effect: Effect::Stored,
        label: "通話の表の列",
        not_found: "通話の表の列",
        list: "/admin/desk/call-table",
        one: "/admin/desk/call-table",
        only: Some(CALL_TABLE_ID),
        takes_effect: "madoguchi import calls は、次の取込みから、この列で読みます。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let column = |name, label, hint: &'static str, access: Access<Self, String>| {
            F::text(name, label, access).hint(hint)
        };
        vec![
            column("start", "始まりの日時の列", "1行目にある列の名前のとおりに入力します。日時は 2026-11-24 10:00:00 や 2026/11/24 10:00:00 などを読みます。日付と時刻が別の列にあるときは、日付+時刻 のように、2つの名前を + でつなぎます。", access!(start))
                .section("始まりと番号")
                .required(),
            column("from", "発信者の番号の列", "", access!(from)).required(),
            column("to", "着信した番号の列", "", access!(to)).required(),
            column("id", "通話の番号の列(省略可)", "通話を見分ける番号の列です。省略すると、始まりの日時と番号で見分けます。", access!(id)),
            column("answer", "応答した日時の列", "待ち時間の列があれば、省略できます。", access!(answer))
                .section("応答と終わり"),
            column("wait", "待ち時間の列", "秒数、分:秒、1分5秒 など。応答した日時の列があれば、省略できます。", access!(wait)),
            column("end", "終わりの日時の列", "通話時間の列があれば、省略できます。", access!(end)),
            column("talk", "通話時間の列", "秒数、分:秒、1分5秒 など。終わりの日時の列があれば、省略できます。", access!(talk)),
            column("extension", "応答した内線の列(省略可)", "", access!(extension)),
            column("result", "結果の列(省略可)", "省略すると、応答した日時があるものを、応答と数えます。", access!(result))
                .section("結果"),
            F::lines("answered_words", "応答を表す言葉", access!(answered_words))
                .hint("結果の列にあれば応答と数える言葉。1行に1つ。ANSWERED、応答 など。"),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        "通話の表の列".to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }

    async fn trial(
        &self,
        _: Option<&Self>,
        values: &Values,
        context: &Context<'_>,
    ) -> Result<Option<String>, WebError> {
        let sample = values.get("sample").to_owned();
        let is_tried = values.is_trial() && self.faults().is_empty() && !sample.is_empty();
        let outcome = is_tried.then(|| try_out(self, &sample, context));
        let part = TrialPart { sample, outcome };
        Ok(Some(part.render()?))
    }
}

#[derive(Template)]
#[template(path = "call_table_trial.html")]
struct TrialPart {
    sample: String,
    outcome: Option<Outcome>,
}

#[derive(Default)]
struct Outcome {
    /// Why nothing could be read.
    fault: Option<String>,
    calls: Vec<CallRow>,
    not_counted: usize,
    repeated: usize,
    /// Rows that cannot be taken, and why.
    skipped: Vec<(usize, String)>,
}

struct CallRow {
    at: String,
    direction: &'static str,
    line: String,
    outcome: String,
    wait: String,
    talk: String,
}

fn try_out(columns: &CallTableColumns, sample: &str, context: &Context<'_>) -> Outcome {
    if sample.len() > SAMPLE_BYTES_AT_MOST {
        return Outcome {
            fault: Some("貼り付けた行が多すぎます。数行にしてください。".to_owned()),
            ..Outcome::default()
        };
    }
    let mut rows = Vec::new();
    // Spreadsheets put tabs between cells that are copied.
    let read = each_row(sample.as_bytes(), (ROWS_AT_MOST, 0), |row| {
        rows.push(row);
        true
    });
    let rules = rules(context);
    let Some((head, rows)) = rows.split_first().filter(|_| read.is_ok()) else {
        return Outcome {
            fault: Some("貼り付けた行を、表として読めません。".to_owned()),
            ..Outcome::default()
        };
    };
    let mut table = match CallTable::new(&head.cells, columns, &rules) {
        Ok(table) => table,
        Err(missing) => {
            return Outcome {
                fault: Some(format!("{missing}。")),
                ..Outcome::default()
            };
        }
    };
    let calendars = context.web.desk.calendars();
    let is_open = |line: &LineName, at: Instant| calendars.of_line(line).status(at).open;
    for row in rows {
        table.take(row.number, &row.cells, &is_open);
    }
    let import = table.finish();
    let calls = import
        .events
        .chunk_by(|one, next| one.call == next.call)
        .filter_map(CallRecord::fold);
    Outcome {
        fault: None,
        calls: calls.map(|call| call_row(&call, context)).collect(),
        not_counted: import.counts.not_about_calls,
        repeated: import.counts.repeated,
        skipped: import
            .skipped
            .into_iter()
            .map(|skipped| (skipped.line, skipped.reason))
            .collect(),
    }
}

fn rules(context: &Context<'_>) -> Rules {
    let setup = &context.setup;
    Rules::new(
        setup.lines.iter().map(|line| &line.config),
        setup.agents.iter().map(|agent| &agent.config),
        setup.trunks.iter().map(|trunk| &trunk.config),
        &setup.feature_codes,
        &setup.observe,
    )
}

fn call_row(call: &CallRecord, context: &Context<'_>) -> CallRow {
    let dates = context.web.settings.dates;
    CallRow {
        at: format!(
            "{} {}",
            dates.date(call.arrived_at.date()),
            text::time_with_seconds(call.arrived_at)
        ),
        direction: text::direction(call.direction),
        line: call.line.to_string(),
        outcome: text::outcome(call),
        wait: text::duration(call.wait()),
        talk: text::duration(call.talk()),
    }
}
