use super::*;
use crate::document::sample;

fn page() -> String {
    let href = |at: FigureAt<'_>| {
        let (kind, name) = selection(at.figure)?;
        (kind == "calls").then(|| format!("/report/rows?of={name}&in=\"{}\"", at.table))
    };
    chapters(&sample::report(), &href)
}

/// What stands between a beginning and the next end.
fn between<'a>(html: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let rest = html.split(begin).skip(1);
    rest.map(|rest| rest.split(end).next().unwrap()).collect()
}

#[test]
fn every_table_has_a_caption_and_every_cell_of_a_head_says_what_it_heads() {
    let html = page();
    let report = sample::report();
    let captions = between(&html, "<caption>", "</caption>");
    let expected: Vec<_> = report
        .tables()
        .map(|(_, table)| format!("{} {}", table.number, table.title))
        .collect();
    assert_eq!(captions, expected);
    assert_eq!(
        html.matches("<th ").count(),
        html.matches("<th scope=\"").count()
    );
    assert_eq!(
        html.matches("<th").count(),
        html.matches("<th scope").count() + html.matches("<thead").count()
    );
}

#[test]
fn every_figure_says_what_it_counts() {
    let html = page();
    let report = sample::report();
    let cells = report
        .tables()
        .flat_map(|(_, table)| &table.rows)
        .flat_map(|row| &row.cells);
    let is_number =
        |cell: &&DocCell| matches!(cell, DocCell::Figure(_) | DocCell::Published { .. });
    let first = report.tables().flat_map(|(_, table)| &table.rows);
    let first_published = first.filter(|row| matches!(row.cells[0], DocCell::Published { .. }));
    let figures = cells.filter(is_number).count() - first_published.count();
    assert_eq!(html.matches(" data-population=\"").count(), figures);
    // Where no page tells of what it was made, it says so itself.
    let alone = chapters(&report, &|_| None);
    assert!(alone.contains("data-a=\"1029\" data-b=\"1023\""));
}

#[test]
fn a_figure_is_a_link_where_there_is_a_page_for_it() {
    let html = page();
    assert!(
        html.contains("<a href=\"/report/rows?of=offered&amp;in=&quot;calls&quot;\">1,029</a>")
    );
    let facts = between(&html, "data-selection=\"facts\">", "</td>");
    assert!(!facts.is_empty() && facts.iter().all(|cell| !cell.contains("<a ")));
}

#[test]
fn what_has_no_value_says_why() {
    let html = page();
    assert!(html.contains("－<span class=\"reason\">（対象となる駆け付けがない）</span>"));
}

#[test]
fn text_of_people_is_never_markup() {
    let mut report = sample::report();
    report.chapters[0].title = "<script>alert(1)</script>".to_owned();
    report.chapters[0].id = "\"><img src=x>".to_owned();
    report.chapters[0].blocks.push(Block::Remark {
        text: "</aside><script>".to_owned(),
        author: "<b>".to_owned(),
        written_at: report.made_at,
    });
    let html = chapters(&report, &|_| Some("javascript:\"<".to_owned())) + &contents(&report);
    for markup in ["<script", "<img", "<b>", "\"<", "</aside><script"] {
        assert!(!html.contains(markup), "{markup}");
    }
    assert!(html.contains("&lt;r&gt;&lt;t&gt;太字&lt;/t&gt;&lt;/r&gt;"));
}

#[test]
fn lines_stay_lines_and_remarks_keep_their_author() {
    let html = page();
    assert!(html.contains("11行目の文である。<br>12行目の文である。"));
    assert!(html.contains("一行目<br>二行目<br>三行目"));
    assert!(html.contains("<p class=\"by\">報告 花子　令和6年5月1日 10時00分</p>"));
}

#[test]
fn charts_stand_in_figures_with_their_names() {
    let html = page();
    assert_eq!(html.matches("<figure ").count(), 3);
    assert_eq!(html.matches("<svg ").count(), 3);
    assert!(html.contains("<figcaption>図2-1 図2-1の題&lt;名&gt;</figcaption>"));
}
