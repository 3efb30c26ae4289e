//! `madoguchi staffing`: what becomes of callers with so many agents. The columns have the names that
//! docs/staffing.md explains.

use madoguchi_staffing::erlang::{self, Load, Outcome, Performance, Queue, QueueFault};
use serde_json::{Value, json};

use super::error::CliError;
use super::output::{Format, print};

/// Patiences that stand beside the one that was given, in seconds.
const PATIENCES: [f64; 3] = [60.0, 120.0, 300.0];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 1時間当たりの着信件数
    #[arg(long, value_name = "CALLS", allow_hyphen_values = true)]
    calls_per_hour: String,
    /// 平均処理時間(通話と後処理)の秒数
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    aht: String,
    /// 待ち許容時間(放棄するまでの時間)の平均の秒数。省略時は放棄がないものとして計算します(アーランC)
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    patience: Option<String>,
    /// 担当者の人数
    #[arg(long, value_name = "AGENTS", allow_hyphen_values = true)]
    agents: String,
    /// 目標の待ち時間の秒数(サービスレベル)
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "20",
        allow_hyphen_values = true
    )]
    target: String,
    /// 出力の形式
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<(), CliError> {
    let (queue, patience) = args.read().map_err(usage)?;
    match args.format {
        Format::Json => {
            let answer = answer(&queue, patience).map_err(usage)?;
            let text = serde_json::to_string_pretty(&answer).map_err(anyhow::Error::from)?;
            print(&format!("{text}\n"));
        }
        Format::Table => print(&table(&queue, patience).map_err(usage)?),
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn usage(fault: QueueFault) -> CliError {
    CliError::Usage(fault.to_string())
}

impl Args {
    fn read(&self) -> Result<(Queue, Option<f64>), QueueFault> {
        let calls = number(&self.calls_per_hour).ok_or(QueueFault::Calls)?;
        let aht = number(&self.aht).ok_or(QueueFault::Aht)?;
        let target = number(&self.target).ok_or(QueueFault::Target)?;
        let agents = self.agents.trim().parse();
        let agents = agents.map_err(|_| QueueFault::Agents)?;
        let queue = Queue::new(Load::new(calls, aht)?, agents, target)?;
        let patience = self.patience.as_ref();
        let patience = patience.map(|text| number(text).ok_or(QueueFault::Patience));
        let patience = patience.transpose()?;
        if let Some(patience) = patience {
            erlang::a(&queue, patience)?;
        }
        Ok((queue, patience))
    }
}

/// A decimal; neither NaN nor infinite.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// Erlang A with Erlang C beside it, or Erlang C alone.
fn answer(queue: &Queue, patience: Option<f64>) -> Result<Value, QueueFault> {
    let erlang_c = match erlang::c(queue) {
        Outcome::Steady(performance) => Some(performance),
        Outcome::Insufficient => None,
    };
    let erlang_c = columns(queue, "C", None, erlang_c.as_ref());
    let Some(patience) = patience else {
        return Ok(erlang_c);
    };
    let performance = erlang::a(queue, patience)?;
    let mut answer = columns(queue, "A", Some(patience), Some(&performance));
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("erlang_c".to_owned(), erlang_c);
    }
    Ok(answer)
}

/// The columns of one row; where agents do not suffice (不足), nothing is a number.
fn columns(
    queue: &Queue,
    model: &str,
    patience: Option<f64>,
    performance: Option<&Performance>,
) -> Value {
    let load = queue.load();
    let exact = erlang::p_wait_exact(load, queue.agents()).filter(|_| model == "C");
    let of = |figure: fn(&Performance) -> f64| performance.map(figure);
    json!({
        "model": model,
        "lambda_per_h": load.calls_per_hour(),
        "aht_s": load.aht_secs(),
        "patience_s": patience,
        "agents": queue.agents(),
        "target_s": queue.target_secs(),
        "offered_erl": load.offered(),
        "state": if performance.is_some() { "steady" } else { "insufficient" },
        "note": if performance.is_some() { "" } else { "不足" },
        "p_wait": of(|row| row.p_wait),
        "p_wait_exact": exact.map(|(above, below)| format!("{above}/{below}")),
        "p_abandon": of(|row| row.p_abandon),
        "mean_wait_all_s": of(|row| row.mean_wait_all_s),
        "mean_wait_served_s": of(|row| row.mean_wait_served_s),
        "sl_of_offered": of(|row| row.sl_of_offered),
        "sl_of_answered": of(|row| row.sl_of_answered),
        "sl_excl_short_aband": of(|row| row.sl_excl_short_aband),
        "abandoned_within_target": of(|row| row.abandoned_within_target),
        "occupancy": of(|row| row.occupancy),
        "mean_queue": of(|row| row.mean_queue),
        "p90_wait_all_s": of(|row| row.p90_wait_all_s),
    })
}

/// The same for people: beside it one agent less, other patiences, and Erlang C.
fn table(queue: &Queue, patience: Option<f64>) -> Result<String, QueueFault> {
    let (load, agents) = (queue.load(), queue.agents());
    let mut text = format!(
        "着信\t1時間に{}件\n平均処理時間\t{}秒\n呼量\t{:.3}アーラン\n担当者\t{agents}人\n\n",
        load.calls_per_hour(),
        load.aht_secs(),
        load.offered(),
    );
    text.push_str(&format!(
        "区分\t応答率\t{}秒以内の応答\t待つ割合\t平均待ち時間(応答)\t90%の人の待ち時間\t稼働率\n",
        queue.target_secs()
    ));
    if let Some(patience) = patience {
        let fewer = Queue::new(load, agents.saturating_sub(1), queue.target_secs()).ok();
        let mut rows = vec![(*queue, patience)];
        rows.extend(fewer.map(|fewer| (fewer, patience)));
        let others = PATIENCES.into_iter().filter(|other| *other != patience);
        rows.extend(others.map(|other| (*queue, other)));
        for (queue, patience) in rows {
            let name = format!("{}人、待ち許容{patience}秒", queue.agents());
            text.push_str(&line(&name, &erlang::a(&queue, patience)?));
        }
    }
    let name = format!("{agents}人、放棄なし(アーランC、参考)");
    match erlang::c(queue) {
        Outcome::Steady(performance) => text.push_str(&line(&name, &performance)),
        Outcome::Insufficient => {
            text.push_str(&format!("{name}\t－(不足)\t－\t－\t－\t－\t－\n"));
        }
    }
    Ok(text)
}

fn line(name: &str, row: &Performance) -> String {
    format!(
        "{name}\t{:.1}%\t{:.1}%\t{:.1}%\t{:.1}秒\t{:.1}秒\t{:.1}%\n",
        row.answer_rate() * 100.0,
        row.sl_of_offered * 100.0,
        row.p_wait * 100.0,
        row.mean_wait_served_s,
        row.p90_wait_all_s,
        row.occupancy * 100.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(calls: &str, patience: Option<&str>, agents: &str) -> Args {
        Args {
            calls_per_hour: calls.to_owned(),
            aht: "480".to_owned(),
            patience: patience.map(str::to_owned),
            agents: agents.to_owned(),
            target: "20".to_owned(),
            format: Format::Json,
        }
    }

    fn json_of(args: &Args) -> Value {
        let (queue, patience) = args.read().unwrap();
        answer(&queue, patience).unwrap()
    }

    #[test]
    fn the_columns_are_those_of_the_reference() {
        let answer = json_of(&args("15", Some("120"), "4"));
        // erlang.csv, A12.
        for (column, wanted) in [
            ("p_wait", 0.120_162_023_222),
            ("p_abandon", 0.065_067_024_520_5),
            ("mean_wait_served_s", 3.948_959_353_19),
            ("sl_of_offered", 0.893_467_062_223),
            ("p90_wait_all_s", 12.373_876_209_6),
        ] {
            let found = answer[column].as_f64().unwrap();
            assert!((found - wanted).abs() < 1e-9, "{column} {found}");
        }
        assert_eq!(answer["erlang_c"]["p_wait_exact"], "4/23");
        assert_eq!(json_of(&args("15", None, "4"))["model"], "C");
    }

    #[test]
    fn b14_too_few_agents_are_called_so_and_never_a_number() {
        let answer = json_of(&args("15", None, "2"));
        assert_eq!(answer["note"], "不足");
        for (column, value) in answer.as_object().unwrap() {
            let input = ["lambda_per_h", "aht_s", "agents", "target_s", "offered_erl"];
            assert!(
                !value.is_number() || input.contains(&column.as_str()),
                "{column} {value}"
            );
        }
        let (queue, _) = args("15", None, "2").read().unwrap();
        assert!(table(&queue, None).unwrap().contains("－(不足)"));
    }

    #[test]
    fn what_is_no_number_or_too_large_is_told_in_words() {
        let cases = [
            args("NaN", None, "4"),
            args("-1", None, "4"),
            args("十五", None, "4"),
            args("inf", None, "4"),
            args("15", None, "0"),
            args("15", None, "5001"),
            args("15", None, "3.5"),
            args("15", Some("0"), "4"),
            args("15", Some("1e10"), "4"),
        ];
        for case in cases {
            let fault = case.read().unwrap_err().to_string();
            assert!(fault.contains("指定してください"), "{case:?}: {fault}");
        }
    }
}
