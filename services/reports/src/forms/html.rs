//! The book as a fragment of HTML: headings, tables with heads and captions, charts as pictures with what
//! they show. Every figure says what it counts and may be a link; nothing in it can be markup.

use std::fmt::Write as _;

use crate::document::{
    Block, Chapter, Chart, DocCell, DocRow, DocTable, Document, Figure, Value, japanese_time,
};
use crate::forms::markup::escape;
use crate::forms::svg;

/// A figure and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct FigureAt<'a> {
    /// The table's id.
    pub table: &'a str,
    /// The row's id.
    pub row: &'a str,
    /// The column's id.
    pub column: &'a str,
    /// The figure.
    pub figure: &'a Figure,
}

/// The chapters of a book, as sections. `href` gives the page that shows what a figure counts.
pub fn chapters(document: &Document, href: &dyn Fn(FigureAt<'_>) -> Option<String>) -> String {
    let mut page = Page {
        html: String::new(),
        document,
        href,
    };
    for chapter in &document.chapters {
        page.chapter(chapter);
    }
    page.html
}

/// One chapter of a book, as a section: a whole book is too much for a page.
pub fn chapter(
    document: &Document,
    chapter: &Chapter,
    href: &dyn Fn(FigureAt<'_>) -> Option<String>,
) -> String {
    let mut page = Page {
        html: String::new(),
        document,
        href,
    };
    page.chapter(chapter);
    page.html
}

/// 目次: a link to each chapter of the same page.
pub fn contents(document: &Document) -> String {
    contents_with(document, None, &|chapter| format!("#{}", chapter.id))
}

/// 目次 whose links lead where `href` says. The chapter of the id `shown` is the one that is open.
pub fn contents_with(
    document: &Document,
    shown: Option<&str>,
    href: &dyn Fn(&Chapter) -> String,
) -> String {
    let mut html = String::from("<nav class=\"contents\" aria-label=\"目次\"><ol>");
    for chapter in &document.chapters {
        let (link, name) = (href(chapter), chapter_name(chapter));
        let current = match shown {
            Some(id) if id == chapter.id => " aria-current=\"page\"",
            _ => "",
        };
        let link = escape(&link);
        html.push_str(&format!("<li><a href=\"{link}\"{current}>{name}</a></li>"));
    }
    html.push_str("</ol></nav>");
    html
}

struct Page<'a> {
    html: String,
    document: &'a Document,
    href: &'a dyn Fn(FigureAt<'_>) -> Option<String>,
}

impl Page<'_> {
    fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.html.write_fmt(markup);
    }

    fn chapter(&mut self, chapter: &Chapter) {
        let (id, name) = (escape(&chapter.id), chapter_name(chapter));
        self.add(format_args!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-name\"><h2 id=\"{id}-name\">{name}</h2>"
        ));
        for block in &chapter.blocks {
            self.block(block);
        }
        self.html.push_str("</section>");
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { text } => self.add(format_args!("<h3>{}</h3>", escape(text))),
            Block::Sentence { text } => self.add(format_args!("<p>{}</p>", in_lines(text))),
            Block::Remark {
                text,
                author,
                written_at,
            } => self.add(format_args!(
                "<aside class=\"remark\" aria-label=\"加筆\"><p>{}</p><p class=\"by\">{}　{}</p></aside>",
                in_lines(text),
                escape(author),
                japanese_time(*written_at),
            )),
            Block::Table(table) => self.table(table),
            Block::Chart(chart) => self.chart(chart),
        }
    }

    fn chart(&mut self, chart: &Chart) {
        let Some(picture) = svg::chart(self.document, chart) else {
            return;
        };
        let caption = format!("{} {}", chart.number, chart.title);
        let (id, caption) = (escape(&chart.id), escape(&caption));
        self.add(format_args!(
            "<figure id=\"{id}\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
             aria-label=\"{caption}\">{picture}</div><figcaption>{caption}</figcaption></figure>"
        ));
    }

    fn table(&mut self, table: &DocTable) {
        let caption = escape(&format!("{} {}", table.number, table.title));
        let id = escape(&table.id);
        self.add(format_args!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\
             <table id=\"{id}\" class=\"of-book\"><caption>{caption}</caption><thead><tr>"
        ));
        for (at, column) in table.columns.iter().enumerate() {
            let class = if is_number_column(table, at) {
                " class=\"number\""
            } else {
                ""
            };
            let name = escape(&column.heading());
            self.add(format_args!("<th scope=\"col\"{class}>{name}</th>"));
        }
        self.html.push_str("</tr></thead><tbody>");
        for row in &table.rows {
            self.row(table, row);
        }
        self.html.push_str("</tbody></table></div>");
        for note in &table.notes {
            self.add(format_args!("<p class=\"note\">注 {}</p>", in_lines(note)));
        }
    }

    fn row(&mut self, table: &DocTable, row: &DocRow) {
        self.html.push_str(if row.total {
            "<tr class=\"total\">"
        } else {
            "<tr>"
        });
        for (at, cell) in row.cells.iter().enumerate() {
            let column = table
                .columns
                .get(at)
                .map_or("", |column| column.id.as_str());
            match cell {
                DocCell::Figure(figure) => self.figure(FigureAt {
                    table: &table.id,
                    row: &row.id,
                    column,
                    figure,
                }),
                // The first cell names the row.
                cell if at == 0 => self.add(format_args!(
                    "<th scope=\"row\">{}</th>",
                    in_lines(&cell.text())
                )),
                DocCell::Published { text, source } => self.add(format_args!(
                    "<td class=\"number\" data-population=\"stated\" data-source=\"{}\">{}</td>",
                    escape(source),
                    in_lines(text)
                )),
                cell => self.add(format_args!("<td>{}</td>", in_lines(&cell.text()))),
            }
        }
        self.html.push_str("</tr>");
    }

    /// Of what a figure was made, where no page tells it.
    fn proof(&mut self, figure: &Figure) {
        if let Some(parts) = figure.parts {
            self.add(format_args!(
                " data-a=\"{}\" data-b=\"{}\"",
                parts.a, parts.b
            ));
        }
        if let Some((rows, name)) = selection(figure) {
            self.add(format_args!(
                " data-rows=\"{rows}\" data-selection=\"{}\"",
                escape(name)
            ));
        }
    }

    fn figure(&mut self, at: FigureAt<'_>) {
        let figure = at.figure;
        let population = figure.population.as_str();
        let text = escape(&figure.value.text());
        self.add(format_args!(
            "<td class=\"number\" data-population=\"{population}\""
        ));
        match (self.href)(at) {
            // The page that it leads to tells of what the figure was made.
            Some(href) => self.add(format_args!("><a href=\"{}\">{text}</a>", escape(&href))),
            None => {
                self.proof(figure);
                self.add(format_args!(">{text}"));
            }
        }
        if let Value::None(reason) = &figure.value {
            self.add(format_args!(
                "<span class=\"reason\">（{}）</span>",
                escape(reason)
            ));
        }
        self.html.push_str("</td>");
    }
}

fn chapter_name(chapter: &Chapter) -> String {
    escape(&format!("{} {}", chapter.number, chapter.title))
}

/// Text whose lines stay lines.
fn in_lines(text: &str) -> String {
    escape(&text.replace("\r\n", "\n").replace('\r', "\n")).replace('\n', "<br>")
}

fn is_number_column(table: &DocTable, column: usize) -> bool {
    let cells = table.rows.iter().filter_map(|row| row.cells.get(column));
    let mut cells = cells.filter(|cell| !matches!(cell, DocCell::Empty));
    cells.all(|cell| matches!(cell, DocCell::Figure(_) | DocCell::Published { .. }))
}

fn selection(figure: &Figure) -> Option<(&'static str, &str)> {
    let selection = figure.rows.selection()?;
    Some((figure.rows.kind(figure.population).as_str(), selection))
}

#[cfg(test)]
mod tests;
