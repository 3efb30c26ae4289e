//! Tables: widths as in the PDF, header rows that are repeated on every page.

use super::xml::{Written, Xml, bold, element, empty, paragraph_with, run, twips, value};
use crate::book::{CellText, Row, Table};

/// Behind rows that sum up others.
const TOTAL: &str = "F5F5F5";
/// Behind the names of the columns.
const HEAD: &str = "E8E8E8";

/// The table without its caption.
pub(super) fn table(xml: &mut Xml, table: &Table) -> Written {
    let widths: Vec<String> = table.fit.widths.iter().map(|width| twips(*width)).collect();
    let style = format!("Table{:.0}", table.fit.size * 10.0);
    element(xml, "w:tbl", &[], |xml| {
        properties(xml, table)?;
        element(xml, "w:tblGrid", &[], |xml| {
            widths
                .iter()
                .try_for_each(|width| empty(xml, "w:gridCol", &[("w:w", width)]))
        })?;
        head(xml, table, &widths, &style)?;
        table
            .rows
            .iter()
            .try_for_each(|row| body_row(xml, row, &widths, &style))
    })
}

fn properties(xml: &mut Xml, table: &Table) -> Written {
    let total: f64 = table.fit.widths.iter().sum();
    element(xml, "w:tblPr", &[], |xml| {
        value(xml, "w:tblStyle", "BookTable")?;
        empty(xml, "w:tblW", &[("w:w", &twips(total)), ("w:type", "dxa")])?;
        empty(xml, "w:tblLayout", &[("w:type", "fixed")])?;
        if table.number.is_empty() {
            return Ok(());
        }
        value(xml, "w:tblCaption", &table.caption())
    })
}

fn head(xml: &mut Xml, table: &Table, widths: &[String], style: &str) -> Written {
    element(xml, "w:tr", &[], |xml| {
        element(xml, "w:trPr", &[], |xml| {
            empty(xml, "w:cantSplit", &[])?;
            empty(xml, "w:tblHeader", &[])
        })?;
        for (name, width) in table.heads.iter().zip(widths) {
            let align = |xml: &mut Xml| value(xml, "w:jc", "center");
            cell(xml, width, Some(HEAD), |xml| {
                paragraph_with(xml, style, align, |xml| bold(xml, name))
            })?;
        }
        Ok(())
    })
}

fn body_row(xml: &mut Xml, row: &Row, widths: &[String], style: &str) -> Written {
    element(xml, "w:tr", &[], |xml| {
        if row.kept_together {
            element(xml, "w:trPr", &[], |xml| empty(xml, "w:cantSplit", &[]))?;
        }
        let fill = row.total.then_some(TOTAL);
        for (text, width) in row.cells.iter().zip(widths) {
            cell(xml, width, fill, |xml| words(xml, text, row.total, style))?;
        }
        Ok(())
    })
}

fn words(xml: &mut Xml, cell: &CellText, total: bool, style: &str) -> Written {
    let align = if cell.right { "right" } else { "left" };
    paragraph_with(
        xml,
        style,
        |xml| value(xml, "w:jc", align),
        |xml| match cell.text.as_str() {
            "" => Ok(()),
            text if total => bold(xml, text),
            text => run(xml, text),
        },
    )
}

/// A cell of some width.
pub(super) fn cell(
    xml: &mut Xml,
    width: &str,
    fill: Option<&str>,
    content: impl FnOnce(&mut Xml) -> Written,
) -> Written {
    element(xml, "w:tc", &[], |xml| {
        element(xml, "w:tcPr", &[], |xml| {
            empty(xml, "w:tcW", &[("w:w", width), ("w:type", "dxa")])?;
            if let Some(fill) = fill {
                let shade = [("w:val", "clear"), ("w:color", "auto"), ("w:fill", fill)];
                empty(xml, "w:shd", &shade)?;
            }
            value(xml, "w:vAlign", "center")
        })?;
        content(xml)
    })
}
