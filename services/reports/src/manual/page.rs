//! Pages (HTML): headings, paragraphs, items and tables; scripts, styles and menus are left out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    CharacterTokens, EndTag, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
    TokenizerOpts, states,
};

use super::pieces::{ManualError, Piece, Pieces, UNFOLDED, item_mark, one_line, plain, table};

/// How much of a page may come before it says in which letters it is written (bytes).
const HEAD: usize = 1_024;

pub(super) fn read(file: &[u8]) -> Result<(Option<String>, Pieces), ManualError> {
    if file.len() as u64 > UNFOLDED {
        return Err(ManualError::TooLarge);
    }
    let (text, _, _) = encoding(file).decode(file);
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(text.as_ref()));
    let _done = tokenizer.feed(&queue);
    tokenizer.end();
    let mut page = tokenizer.sink.0.into_inner();
    page.end_paragraph();
    Ok((page.title, page.pieces))
}

/// The letters in which a page says that it is written; UTF-8 if it does not.
fn encoding(file: &[u8]) -> &'static encoding_rs::Encoding {
    let head = String::from_utf8_lossy(file.get(..HEAD).unwrap_or(file)).to_lowercase();
    let said = head.split("charset=").nth(1).unwrap_or_default();
    let said = said.trim_start_matches(['"', '\'']);
    let name = said.split(['"', '\'', '>', ';', ' ', '/']).next();
    let known = name.and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()));
    known.unwrap_or(encoding_rs::UTF_8)
}

#[derive(Default)]
struct Sink(RefCell<Page>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            TagToken(tag) if tag.kind == StartTag => return page.begin(&tag),
            TagToken(tag) if tag.kind == EndTag => page.end(&tag.name),
            CharacterTokens(text) if page.hidden == 0 && !page.in_reading => {
                page.text.push_str(&text)
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Page {
    title: Option<String>,
    pieces: Pieces,
    text: String,
    /// How deep in what is not read.
    hidden: usize,
    /// A reading above letters is not read, either.
    in_reading: bool,
    /// The lists in which it is, the outermost first: how many items a numbered one had.
    lists: Vec<Option<u32>>,
    /// What stands before the item that is being read.
    mark: String,
    /// The rows of the outermost table, and how deep in tables it stands.
    rows: Vec<Vec<String>>,
    depth: usize,
    /// A cell of it was begun, which reaches over so many columns and rows.
    in_cell: Option<(usize, usize)>,
    /// What stands in the columns of the following rows, too, and in how many of them.
    reaching: BTreeMap<usize, (usize, String)>,
}

/// What of a page is not the text of a manual.
fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "nav" | "noscript" | "template" | "svg"
    )
}

fn level(name: &str) -> Option<u8> {
    let level: u8 = name.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

impl Page {
    fn begin(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if is_hidden(name) && !tag.self_closing {
            self.hidden += 1;
        }
        match name {
            "script" => return TokenSinkResult::RawData(states::RawKind::ScriptData),
            "style" | "noscript" => return TokenSinkResult::RawData(states::RawKind::Rawtext),
            "title" if self.hidden == 0 => {
                self.end_paragraph();
                return TokenSinkResult::RawData(states::RawKind::Rcdata);
            }
            "br" => self.text.push(' '),
            "rt" | "rp" => self.in_reading = true,
            "rb" => self.in_reading = false,
            "table" => {
                self.end_paragraph();
                self.depth += 1;
            }
            "tr" if self.depth == 1 => {
                self.end_row();
                self.rows.push(Vec::new());
            }
            "td" | "th" if self.depth == 1 => {
                self.end_cell();
                self.in_cell = Some((reach(tag, "colspan"), reach(tag, "rowspan")));
            }
            _ if self.depth > 0 && is_block(name) => self.text.push(' '),
            _ if is_block(name) => {
                self.end_paragraph();
                self.begin_block(name);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        if is_hidden(name) {
            self.hidden = self.hidden.saturating_sub(1);
        }
        match name {
            "title" if self.hidden == 0 => {
                let title = one_line(&std::mem::take(&mut self.text));
                let title = Some(title).filter(|title| !title.is_empty());
                self.title = self.title.take().or(title);
            }
            "rt" | "rp" | "ruby" => self.in_reading = false,
            "td" | "th" if self.depth == 1 => self.end_cell(),
            "table" if self.depth > 0 => self.end_table(),
            _ if self.depth > 0 => {}
            _ => {
                if let Some(level) = level(name) {
                    let text = one_line(&std::mem::take(&mut self.text));
                    if !text.is_empty() {
                        self.pieces.push((Piece::Heading(level, text), None));
                    }
                } else if is_block(name) {
                    self.end_paragraph();
                    match name {
                        "ol" | "ul" => drop(self.lists.pop()),
                        "li" => self.mark.clear(),
                        _ => {}
                    }
                }
            }
        }
    }

    fn begin_block(&mut self, name: &str) {
        match name {
            "ol" => self.lists.push(Some(0)),
            "ul" => self.lists.push(None),
            "li" => {
                let is_inner = self.lists.len() > 1;
                let number = self
                    .lists
                    .last_mut()
                    .and_then(Option::as_mut)
                    .map(|number| {
                        *number += 1;
                        *number
                    });
                self.mark = item_mark(is_inner, number);
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let text = one_line(&std::mem::take(&mut self.text));
        if text.is_empty() {
            return;
        }
        let text = format!("{}{}", std::mem::take(&mut self.mark), plain(&text));
        self.pieces.push((Piece::Text(text), None));
    }

    fn end_cell(&mut self) {
        let cell = plain(&one_line(&std::mem::take(&mut self.text)));
        let Some((columns, rows)) = self.in_cell.take() else {
            return;
        };
        self.reach_down();
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        for at in 0..columns {
            let text = if at == 0 { cell.clone() } else { String::new() };
            if rows > 1 {
                self.reaching.insert(row.len(), (rows - 1, text.clone()));
            }
            row.push(text);
        }
    }

    /// Fills the next columns with what reaches into them from rows above.
    fn reach_down(&mut self) {
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        while let Some((rows, text)) = self.reaching.get_mut(&row.len()) {
            let at = row.len();
            row.push(text.clone());
            *rows -= 1;
            if *rows == 0 {
                self.reaching.remove(&at);
            }
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        self.reach_down();
    }

    fn end_table(&mut self) {
        if self.depth == 1 {
            self.end_row();
            self.reaching.clear();
        }
        self.depth -= 1;
        if self.depth > 0 {
            return;
        }
        let rows = std::mem::take(&mut self.rows);
        self.pieces
            .extend(table(rows).map(|text| (Piece::Text(text), None)));
    }
}

/// Over how many columns or rows a cell reaches: one at least, and not more than any table has.
fn reach(tag: &Tag, name: &str) -> usize {
    let said = tag.attrs.iter().find(|attr| &*attr.name.local == name);
    let said = said.and_then(|attr| attr.value.trim().parse().ok());
    said.unwrap_or(1).clamp(1, 100)
}

fn is_block(name: &str) -> bool {
    level(name).is_some()
        || matches!(
            name,
            "p" | "div"
                | "li"
                | "ul"
                | "ol"
                | "dl"
                | "dt"
                | "dd"
                | "section"
                | "article"
                | "body"
                | "header"
                | "footer"
                | "main"
                | "blockquote"
                | "pre"
                | "hr"
                | "figure"
                | "figcaption"
                | "nav"
                | "head"
                | "html"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_reaches_over_rows_and_columns_leaves_the_others_in_their_places() {
        let file = "<table><tr><th>用語<th>意味<th>担当</tr><tr><td rowspan=2>管理者<td>課長<td>甲</tr>\
            <tr><td>副管理者<td>乙</tr><tr><td colspan=2>ほか<td>丙</table>";
        let (_, pieces) = read(file.as_bytes()).unwrap();
        let table = "| 用語 | 意味 | 担当 |\n| --- | --- | --- |\n| 管理者 | 課長 | 甲 |\n\
            | 管理者 | 副管理者 | 乙 |\n| ほか |  | 丙 |";
        assert_eq!(pieces, [(Piece::Text(table.to_owned()), None)]);
    }

    #[test]
    fn headings_paragraphs_items_and_tables_are_read() {
        let file = "<!doctype html><head><meta charset=utf-8><title>手引き</title><style>p{}</style></head>\
            <body><nav><p>目次</p></nav><h1>第1章 <b>予約</b></h1><p>受付は<br>8時&amp;9時<script>x('<p>')</script></p>\
            <svg><title>図</title></svg><ul><li>項目<li>次</ul><ol><li><p><ruby>開<rt>ひら</ruby>く<ul><li>鍵</ul><li>閉める</ol><table><tr><th>区分<th>料金</tr><tr><td><p>平日</p><td>300円</table><h2>1.1</h2>終わり";
        let (title, pieces) = read(file.as_bytes()).unwrap();
        let pieces: Vec<Piece> = pieces.into_iter().map(|(piece, _)| piece).collect();
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(title.as_deref(), Some("手引き"));
        assert_eq!(
            pieces,
            [
                Piece::Heading(1, "第1章 予約".to_owned()),
                text("受付は 8時&9時"),
                text("- 項目"),
                text("- 次"),
                text("1. 開く"),
                text("- 鍵"),
                text("2. 閉める"),
                text("| 区分 | 料金 |\n| --- | --- |\n| 平日 | 300円 |"),
                Piece::Heading(2, "1.1".to_owned()),
                text("終わり"),
            ]
        );
    }

    #[test]
    fn a_page_may_be_written_in_other_letters() {
        let page = "<meta http-equiv=Content-Type content=\"text/html; charset=Shift_JIS\"><h1>予約</h1>表";
        let (file, _, _) = encoding_rs::SHIFT_JIS.encode(page);
        let (_, pieces) = read(&file).unwrap();
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0].0, Piece::Heading(1, "予約".to_owned()));
    }
}
