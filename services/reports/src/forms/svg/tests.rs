use super::*;
use crate::document::{Block, DocCell, Value, sample, with_commas};

/// All charts of the sample, drawn.
fn charts() -> Vec<(Chart, String)> {
    let report = sample::report();
    let blocks = report.chapters.iter().flat_map(|chapter| &chapter.blocks);
    let charts = blocks.filter_map(|block| match block {
        Block::Chart(chart) => Some(chart.clone()),
        _ => None,
    });
    let draw = |one: Chart| {
        let drawn = chart(&report, &one).unwrap();
        (one, drawn)
    };
    charts.map(draw).collect()
}

#[test]
fn a_chart_is_named_and_told_for_who_cannot_see_it_and_is_well_formed() {
    let charts = charts();
    assert_eq!(charts.len(), 3);
    for (chart, drawn) in charts {
        let id = &chart.id;
        assert!(drawn.contains(&format!("aria-labelledby=\"{id}-title {id}-desc\"")));
        assert!(drawn.contains(&format!("<title id=\"{id}-title\">{} ", chart.number)));
        assert!(drawn.contains("の題&lt;名&gt;</title>") && drawn.contains(&chart.alt));
        let opened = drawn.matches('<').count();
        let closed = drawn.matches("</").count() + drawn.matches("/>").count();
        // Each element ends by itself or by a second tag of its own.
        assert_eq!(opened, closed + drawn.matches("</").count(), "{drawn}");
        assert!(!drawn.contains("style=") && !drawn.contains("<style"));
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}

#[test]
fn a_line_is_broken_where_there_is_no_value() {
    let (_, lines) = charts().remove(1);
    let paths = lines.split("<path class=\"line\" d=\"").skip(1);
    let paths: Vec<_> = paths.map(|rest| rest.split('"').next().unwrap()).collect();
    let wait = paths.last().unwrap();
    // 30 days, of which the 7th, 14th, 21st and 28th have none.
    assert_eq!(wait.matches('M').count(), 5, "{wait}");
    assert_eq!(wait.matches('L').count(), 30 - 4 - 5, "{wait}");
}

#[test]
fn a_heat_map_has_its_number_in_every_cell() {
    let (_, heat) = charts().remove(2);
    assert_eq!(heat.matches("<rect class=\"heat\"").count(), 19 * 6);
    let texts = heat.matches("<text ").count();
    assert_eq!(texts, 19 * 6 + 19 + 6);
    assert_eq!(heat.matches(">－</text>").count(), 10);
}

#[test]
fn bars_with_a_rate_have_it_as_a_line_over_an_axis_of_its_own() {
    let (_, bars) = charts().remove(0);
    // Two series of six months, and the two of the legend.
    assert_eq!(bars.matches("<rect class=\"bar\"").count(), 2 * 6 + 2);
    assert_eq!(bars.matches("<path class=\"line\"").count(), 2);
    assert!(bars.contains(">％</text>") && bars.contains(">1,500</text>"));
}

#[test]
fn a_bar_of_nothing_is_not_drawn_and_its_number_stands() {
    let mut report = sample::report();
    let (mut of, _) = charts().remove(0);
    of.series.truncate(1);
    let tables = report
        .chapters
        .iter_mut()
        .flat_map(|chapter| &mut chapter.blocks);
    for block in tables {
        let Block::Table(table) = block else { continue };
        if table.id != of.table {
            continue;
        }
        let at = table.columns.iter().position(|one| one.id == of.series[0]);
        for row in &mut table.rows {
            let crate::document::DocCell::Figure(figure) = &mut row.cells[at.unwrap()] else {
                continue;
            };
            figure.value = crate::document::Value::Count(0);
        }
    }
    let drawn = chart(&report, &of).unwrap();
    // The legend, and the five months that are published; the first counts nothing.
    assert_eq!(drawn.matches("<rect ").count(), 6, "{drawn}");
    assert!(!drawn.contains("height=\"0\"") && drawn.contains(">0</text>"));
}

#[test]
fn a_chart_of_what_the_book_does_not_hold_is_none() {
    let report = sample::report();
    let (mut missing, _) = charts().remove(0);
    missing.series = vec!["no_such_column".to_owned()];
    assert_eq!(chart(&report, &missing), None);
    missing.table = "no_such_table".to_owned();
    assert_eq!(chart(&report, &missing), None);
}

#[test]
fn numbers_above_bars_do_not_touch_each_other() {
    for count in [9, 99, 128, 1_029] {
        let mut report = sample::report();
        let (of, _) = charts().remove(0);
        let chapters = report.chapters.iter_mut();
        for block in chapters.flat_map(|chapter| &mut chapter.blocks) {
            let Block::Table(table) = block else { continue };
            if table.id != of.table {
                continue;
            }
            table.rows = vec![table.rows[0].clone(); 12];
            for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
                if let DocCell::Figure(figure) = cell
                    && let Value::Count(of) = &mut figure.value
                {
                    *of = count;
                }
            }
        }
        let drawn = chart(&report, &of).unwrap();
        let text = with_commas(count);
        let end = format!("text-anchor=\"middle\" fill=\"currentColor\">{text}");
        let texts = drawn.split("<text x=\"").skip(1);
        let texts = texts.filter(|rest| rest.split('<').next().unwrap().ends_with(&end));
        let places = texts.map(|rest| rest.split('"').next().unwrap().parse().unwrap());
        let mut places: Vec<f64> = places.collect();
        places.sort_by(f64::total_cmp);
        for two in places.windows(2) {
            // Places have one decimal.
            assert!(two[1] - two[0] > wide(&text) - 0.2, "{text}: {places:?}");
        }
        assert!(count > 9 || places.len() == 2 * 12, "{places:?}");
    }
}
