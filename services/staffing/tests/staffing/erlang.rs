//! Erlang A, B and C against rows that were computed in another way (scripts/erlang-reference.py), and
//! against a file of such rows that `MADOGUCHI_ERLANG_CSV` names.

use std::collections::BTreeMap;

use madoguchi_staffing::erlang::{Load, Outcome, Performance, Queue, a, b, c, p_wait_exact};

/// The rows of this directory.
const REFERENCE: &str = include_str!("erlang-reference.csv");
/// A file of rows with the same columns.
const FILE: &str = "MADOGUCHI_ERLANG_CSV";

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(row: &Row, column: &str) -> Option<f64> {
    let text = row.get(column)?;
    text.parse().ok()
}

fn queue(row: &Row) -> Queue {
    let input = |column| number(row, column).unwrap();
    let load = Load::new(input("lambda_per_h"), input("aht_s")).unwrap();
    let agents = row["agents"].parse().unwrap();
    Queue::new(load, agents, input("target_s")).unwrap()
}

fn figures(row: &Performance) -> [(&'static str, f64); 11] {
    [
        ("p_wait", row.p_wait),
        ("p_abandon", row.p_abandon),
        ("mean_wait_all_s", row.mean_wait_all_s),
        ("mean_wait_served_s", row.mean_wait_served_s),
        ("sl_of_offered", row.sl_of_offered),
        ("sl_of_answered", row.sl_of_answered),
        ("sl_excl_short_aband", row.sl_excl_short_aband),
        ("abandoned_within_target", row.abandoned_within_target),
        ("occupancy", row.occupancy),
        ("mean_queue", row.mean_queue),
        ("p90_wait_all_s", row.p90_wait_all_s),
    ]
}

/// All figures of a row agree to 1e-9, relative where they are large.
fn agrees(row: &Row, performance: &Performance) {
    for (column, found) in figures(performance) {
        let Some(wanted) = number(row, column) else {
            continue;
        };
        let off = (found - wanted).abs() / wanted.abs().max(1.0);
        assert!(off < 1e-9, "{row:?}\n{column}: {found}");
        // What is small must have its digits, too.
        let digits = (found - wanted).abs() <= 1e-9 * wanted.abs() + 1e-15;
        assert!(digits, "{row:?}\n{column}: {found}");
    }
}

#[test]
fn erlang_a_agrees_with_sums_over_the_states() {
    let rows = rows(REFERENCE);
    assert_eq!(rows.len(), 9);
    for row in rows {
        let patience = number(&row, "patience_s").unwrap();
        agrees(&row, &a(&queue(&row), patience).unwrap());
    }
}

#[test]
fn every_row_and_column_of_the_file_agrees() {
    let Ok(file) = std::env::var(FILE) else {
        eprintln!("{FILE} names no file: nothing more to compare with");
        return;
    };
    let rows = rows(&std::fs::read_to_string(file).unwrap());
    assert!(rows.len() > 50);
    for row in rows {
        let queue = queue(&row);
        if row["model"] == "A" {
            let patience = number(&row, "patience_s").unwrap();
            agrees(&row, &a(&queue, patience).unwrap());
            continue;
        }
        match c(&queue) {
            Outcome::Steady(performance) => agrees(&row, &performance),
            Outcome::Insufficient => assert_eq!(row["mean_wait_all_s"], "inf", "{row:?}"),
        }
        let exact = p_wait_exact(queue.load(), queue.agents());
        let exact = exact.map(|(above, below)| format!("{above}/{below}"));
        if !row["p_wait_exact"].is_empty() && c(&queue) != Outcome::Insufficient {
            assert_eq!(exact.as_ref(), row.get("p_wait_exact"), "{row:?}");
        }
    }
}

fn steady(calls: f64, aht: f64, agents: u32) -> Outcome {
    let load = Load::new(calls, aht).unwrap();
    c(&Queue::new(load, agents, 20.0).unwrap())
}

#[test]
fn b14_agents_that_do_not_suffice_are_told_and_give_no_number() {
    for (calls, aht, agents) in [
        (15.0, 480.0, 2),
        (20.0, 480.0, 2),
        (60.0, 60.0, 1),
        (60_000.0, 60.0, 1_000),
        (0.1 * 3.0, 12_000.0, 1),
    ] {
        assert_eq!(
            steady(calls, aht, agents),
            Outcome::Insufficient,
            "{calls} {agents}"
        );
    }
    assert!(matches!(steady(0.0, 480.0, 1), Outcome::Steady(_)));
    assert!(matches!(steady(14.99, 480.0, 2), Outcome::Steady(_)));
}

#[test]
fn known_values_of_erlang_b_and_c() {
    let Outcome::Steady(row) = steady(15.0, 480.0, 4) else {
        unreachable!("four agents suffice for two Erlang")
    };
    assert!((row.p_wait - 4.0 / 23.0).abs() < 1e-15);
    assert!((row.mean_wait_all_s - 960.0 / 23.0).abs() < 1e-12);
    assert_eq!(b(0.0, 3), 0.0);
    assert_eq!(b(2.0, 0), 1.0);
    // A = N = 1,000: neither powers nor factorials would be numbers.
    assert!((b(1_000.0, 1_000) - 0.024_811).abs() < 1e-5);
    assert!(b(1e-3, 5_000) >= 0.0);
}

#[test]
fn at_the_ends_of_patience_stand_erlang_b_and_c() {
    let queue = Queue::new(Load::new(15.0, 480.0).unwrap(), 3, 20.0).unwrap();
    let nobody_waits = a(&queue, 1e-4).unwrap();
    assert!((nobody_waits.p_abandon - b(2.0, 3)).abs() < 1e-6);
    let everybody_waits = a(&queue, 1e9).unwrap();
    assert!((everybody_waits.p_wait - 4.0 / 9.0).abs() < 1e-6);
    // Patience like the handling time: the states are Poisson.
    let row = a(&queue, 480.0).unwrap();
    let fewer = (-2.0_f64).exp() * (1.0 + 2.0 + 2.0);
    assert!((row.p_wait - (1.0 - fewer)).abs() < 1e-14);
}

#[test]
fn no_input_within_the_bounds_gives_anything_but_a_share() {
    for calls in [1e-9, 0.5, 30.0, 5_000.0, 1e6] {
        for aht in [1e-3, 60.0, 86_400.0] {
            for patience in [1e-3, 30.0, 86_400.0, 1e9] {
                for agents in [1, 7, 400, 5_000] {
                    for target in [0.0, 20.0, 86_400.0] {
                        let load = Load::new(calls, aht).unwrap();
                        let queue = Queue::new(load, agents, target).unwrap();
                        let row = a(&queue, patience).unwrap();
                        for (column, found) in figures(&row) {
                            let seconds = column.contains("wait_") || column == "mean_queue";
                            assert!(
                                found >= 0.0 && (found <= 1.0 + 1e-9 || seconds),
                                "{queue:?} {patience} {column} {found}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn more_agents_and_fewer_calls_never_make_it_worse() {
    let rate = |calls: f64, agents| {
        let queue = Queue::new(Load::new(calls, 480.0).unwrap(), agents, 20.0).unwrap();
        a(&queue, 120.0).unwrap().answer_rate()
    };
    for agents in 1..40 {
        assert!(rate(100.0, agents + 1) > rate(100.0, agents));
        assert!(rate(100.0, agents) < rate(90.0, agents));
    }
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    for calls in [-1.0, f64::NAN, f64::INFINITY, 1e6 + 1.0] {
        assert!(Load::new(calls, 480.0).is_err(), "{calls}");
    }
    for aht in [0.0, -1.0, f64::NAN, 86_401.0] {
        assert!(Load::new(15.0, aht).is_err(), "{aht}");
    }
    let load = Load::new(15.0, 480.0).unwrap();
    assert!(Queue::new(load, 0, 20.0).is_err());
    assert!(Queue::new(load, 5_001, 20.0).is_err());
    assert!(Queue::new(load, 4, f64::NAN).is_err());
    let queue = Queue::new(load, 4, 20.0).unwrap();
    for patience in [0.0, -5.0, f64::NAN, f64::INFINITY] {
        assert!(a(&queue, patience).is_err(), "{patience}");
    }
}
