//! 第8 FAQ・ナレッジ

use madoguchi_core::id::ArticleId;
use madoguchi_core::ticket::TicketFields;

use crate::document::{Block, Chapter, DocCell, DocTable, Parts, Population, Rows, Value};
use crate::month::cells::{
    self, column, count, figure, measured, number, row, sentence, share, table, text,
};
use crate::month::knowledge::KnowledgeFigures;
use crate::month::making::Making;
use crate::month::proof::Proof;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let blocks = match &making.input.knowledge {
        Some(figures) => {
            let log = Rows::AccessLog {
                month: making.month.data.month,
            };
            vec![
                Block::Table(articles(&mut making.proof, figures)),
                Block::Table(uses(&log, figures)),
                Block::Table(missed(&log, figures)),
            ]
        }
        None => vec![sentence("当月にFAQの記録はない。")],
    };
    making.chapter("第8", "knowledge", "FAQ・ナレッジ", blocks)
}

/// 表8-1
fn articles(proof: &mut Proof<'_>, figures: &KnowledgeFigures) -> DocTable {
    let columns = vec![
        column("kind", "区分"),
        measured("before", "前月末", "件"),
        measured("new", "新規", "件"),
        measured("revised", "改訂", "件"),
        measured("retired", "廃止", "件"),
        measured("after", "当月末", "件"),
    ];
    let mut of = |name: &str, population, list: &[ArticleId]| {
        let rows = proof.articles(name, list);
        count(cells::size(list.len()), population, rows)
    };
    let (standing, happened) = (Population::Standing, Population::Happened);
    let cells = vec![
        text("公開中のFAQ"),
        of("shown_before", standing, &figures.shown_before),
        of("new", happened, &figures.new),
        of("revised", happened, &figures.revised),
        of("retired", happened, &figures.retired),
        of("shown_after", standing, &figures.shown_after),
    ];
    let rows = vec![row("articles", cells)];
    let mut table = table("表8-1", "articles", "FAQの公開及び更新", columns, rows);
    table.notes = vec!["前月末及び当月末は各時点、新規、改訂及び廃止は発生月による。".to_owned()];
    table
}

/// 表8-2
fn uses(log: &Rows, figures: &KnowledgeFigures) -> DocTable {
    let columns = vec![
        column("kind", "区分"),
        measured("count", "件数", "件"),
        measured("whole", "分母", "件"),
        measured("share", "割合", "％"),
    ];
    let happened = |value: u64| count(number(value), Population::Happened, log.clone());
    let line = |id: &str, name: &str, part: u64, whole: Option<u64>| {
        let rate = whole.map_or(DocCell::Empty, |whole| {
            let (part, whole) = (number(part), number(whole));
            share(part, whole, Population::Happened, log.clone())
        });
        let whole = whole.map_or(DocCell::Empty, happened);
        row(id, vec![text(name), happened(part), whole, rate])
    };
    let (deflected, visits) = figures.deflected;
    let rows = vec![
        line("views", "閲覧", figures.views, None),
        line("searches", "検索", figures.searches, None),
        line(
            "without_result",
            "結果なし",
            figures.without_result,
            Some(figures.searches),
        ),
        line(
            "opened",
            "結果を開いた検索",
            figures.opened,
            Some(figures.searches),
        ),
        line("deflected", "自己解決", deflected, Some(visits)),
    ];
    let mut table = table("表8-2", "uses", "FAQの利用", columns, rows);
    table.notes = vec![
        "自己解決は、拠点の分かる閲覧のまとまりのうち、その後1時間以内に同じ拠点から着信がなかったものである。"
            .to_owned(),
    ];
    table
}

/// 表8-3
fn missed(log: &Rows, figures: &KnowledgeFigures) -> DocTable {
    let columns = vec![
        column("word", "語"),
        measured("count", "回数", "回"),
        column("measure", "対応"),
    ];
    // People look for names and telephone numbers, too.
    let nobody = TicketFields::default();
    let rows = (1..).zip(&figures.missed_words).map(|(n, (word, times))| {
        let n: usize = n;
        let times = figure(
            Value::Count(number(*times)),
            Population::Happened,
            None::<Parts>,
            log.clone(),
        );
        row(
            format!("word_{n}"),
            vec![
                text(nobody.without_personal_data(word)),
                times,
                text("同義語の登録又はFAQの作成を検討する。"),
            ],
        )
    });
    let rows: Vec<_> = rows.collect();
    table("表8-3", "missed_words", "結果のない検索語", columns, rows)
}
