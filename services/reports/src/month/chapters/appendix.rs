//! 付録: terms and formulas with their sources, 突合せ, 版の間の差異, and where the numbers of tables and
//! charts are.

use crate::document::{Block, Chapter, Chart, DocTable, Document, Population, Rows, Value};
use crate::forms::data::{Place, places};
use crate::month::HELP_DESK_REPORT;
use crate::month::cells::{column, figure, row, sentence, table, text};
use crate::month::making::Making;
use crate::month::result::Check;

/// A term: what it means, and the place in the source.
const TERMS: [(&str, &str, &str); 17] = [
    (
        "着信",
        "受付時間内に窓口の番号に届いた通話。再送、転送及び担当者の呼び直しでは増えない。",
        "要件定義書 表5.5.3-2",
    ),
    (
        "応答",
        "着信のうち、担当者と会話ができる状態になったもの。案内音声は応答に含めない。",
        "要件定義書 表5.5.3-2",
    ),
    (
        "放棄",
        "着信のうち、応答しないまま終わったもの。理由別に示す。",
        "要件定義書 表5.5.3-2",
    ),
    (
        "短時間放棄",
        "放棄のうち、設定した秒数に満たずに発信者が切断したもの（内数）。",
        "当社の定義",
    ),
    (
        "時間外着信",
        "受付時間外に届いた通話。着信にも応答率にも含めない。",
        "当社の定義",
    ),
    (
        "電話応答率",
        "月間応答件数÷月間着信件数×100",
        "調達仕様書 別紙6 項番7",
    ),
    (
        "一次未回答件数",
        "応答した通話のうち、一次回答より先にアプリケーション機能分析又はエスカレーションとした問合せがあるもの、\
         及び基準日時に一次回答のない問合せがあるもの。",
        "調達仕様書 別紙6 項番8、別紙8-1 項番24",
    ),
    (
        "一次回答率",
        "（1－一次未回答件数÷月間応答件数）×100",
        "調達仕様書 別紙6 項番8",
    ),
    (
        "問題未解決件数",
        "応答した通話のうち、基準日時に完了していない問合せがあるもの。後日の再開は、過去の月を変えない。",
        "調達仕様書 別紙6 項番9",
    ),
    (
        "問題解決率",
        "（1－問題未解決件数÷月間応答件数）×100",
        "調達仕様書 別紙6 項番9",
    ),
    (
        "回答所要時間",
        "入電から一次回答までの、対応時間内の時間。障害及び緊急の対応を除く。",
        "調達仕様書 別紙6 項番4（MACSは項番3）",
    ),
    (
        "エスカレーション数",
        "当月に初めて事業者へ引き渡した問合せの数。一つの問合せは1回だけ数える。",
        "調達仕様書 別紙8-2",
    ),
    (
        "対象外",
        "応答した通話のうち、間違い電話など用件のないもの。理由を記録し、応答件数に含める。",
        "当社の定義",
    ),
    (
        "システム可用性",
        "（1－サービス全停止時間÷計画サービス時間）×100。小数第3位まで示す。",
        "調達仕様書 別紙6 項番1",
    ),
    (
        "障害通知・エスカレーション",
        "検知から通知まで15分以内、検知から切り分け及び関連事業者の呼出しまで30分以内。各々の率を判定する。",
        "要件定義書 5.6.4、調達仕様書 別紙6 項番3（MACSは項番2）",
    ),
    (
        "免責",
        "インフラ災害、ハードウェア、アプリケーションなどに起因するもの。理由と根拠を示して算定から除く。",
        "要件定義書 5.6.9",
    ),
    (
        "支払い割合",
        "未達成の月が連続2回で97％、3回で93％、4回以上で90％。翌月分の費用に適用する。",
        "要件定義書 表5.6-8",
    ),
];

/// 付録A
pub(super) fn terms(making: &Making<'_, '_>) -> Chapter {
    let columns = vec![
        column("term", "用語"),
        column("meaning", "意味・算定方法"),
        column("source", "引用元の文書名と箇所"),
    ];
    let rows = (1..).zip(TERMS).map(|(n, (term, meaning, source))| {
        let n: usize = n;
        row(
            format!("term_{n}"),
            vec![text(term), text(meaning), text(source)],
        )
    });
    let rows = rows.collect();
    let mut table = table("表A-1", "terms", "用語一覧と算定方法", columns, rows);
    table.notes = vec![
        "月日及び時刻は日本標準時による。着信月は通話が届いた月、受付月は問合せを受け付けた月、発生月は出来事のあった月である。"
            .to_owned(),
        "率は件数から求め、小数第2位を四捨五入する。分母が0のときは「－」とする。".to_owned(),
    ];
    making.chapter(
        "付録A",
        "terms_appendix",
        "用語一覧と算定方法",
        vec![Block::Table(table)],
    )
}

/// 付録B
pub(super) fn reconciliation(making: &Making<'_, '_>, checks: &[Check]) -> Chapter {
    let columns = vec![
        column("what", "検査"),
        column("left_is", "左辺の内容"),
        column("left", "左辺"),
        column("right_is", "右辺の内容"),
        column("right", "右辺"),
        column("difference", "差"),
        column("verdict", "判定"),
        column("reason", "差の理由"),
        column("author", "記入者"),
    ];
    let stated = |value: i64, source: &str| {
        let source = source.to_owned();
        let rows = Rows::Source { source };
        figure(Value::Count(value), Population::Stated, None, rows)
    };
    let rows = checks.iter().map(|check| {
        row(
            &check.id,
            vec![
                text(&check.what),
                text(&check.left_is),
                stated(check.left, &check.left_is),
                text(&check.right_is),
                stated(check.right, &check.right_is),
                stated(check.left - check.right, "左辺－右辺"),
                text(if check.agrees() {
                    "一致"
                } else {
                    "不一致"
                }),
                text(check.reason.clone().unwrap_or_default()),
                text(check.explained_by.clone().unwrap_or_default()),
            ],
        )
    });
    let rows = rows.collect();
    let mut table = table("表B-1", "reconciliation", "数値の突合せ結果", columns, rows);
    table.wide = true;
    making.chapter(
        "付録B",
        "reconciliation_appendix",
        "数値の突合せ結果",
        vec![Block::Table(table)],
    )
}

/// 付録C
pub(super) fn differences(making: &Making<'_, '_>) -> Chapter {
    let written = &making.input.written.differences;
    let blocks = if written.is_empty() {
        vec![sentence("版の間の差異はない。")]
    } else {
        let columns = vec![
            column("place", "表・項目"),
            column("before", "前の版"),
            column("after", "この版"),
            column("cause", "原因（通話・問合せ番号）"),
        ];
        let rows = (1..).zip(written).map(|(n, one)| {
            let n: usize = n;
            row(
                format!("difference_{n}"),
                vec![
                    text(&one.place),
                    text(&one.before),
                    text(&one.after),
                    text(&one.cause),
                ],
            )
        });
        let rows = rows.collect();
        vec![Block::Table(table(
            "表C-1",
            "differences",
            "版の間の差異",
            columns,
            rows,
        ))]
    };
    making.chapter("付録C", "differences_appendix", "版の間の差異", blocks)
}

/// 付録D
pub(super) fn sources(making: &Making<'_, '_>, chapters: &[Chapter]) -> Chapter {
    let columns = vec![
        column("number", "図表番号"),
        column("title", "名称"),
        column("file", "ファイル"),
        column("sheet", "シート"),
        column("range", "範囲"),
        column("csv", "CSV"),
        column("sha256", "SHA-256（CSV）"),
    ];
    let file = format!("{}_データ用.xlsx", file_name(making));
    let blocks = chapters.iter().flat_map(|chapter| &chapter.blocks);
    let blocks: Vec<&Block> = blocks.collect();
    let tables: Vec<&DocTable> = blocks.iter().copied().filter_map(table_in).collect();
    // What the tables of a month are made of can be written as CSV.
    let places = places(tables.iter().copied()).unwrap_or_default();
    let placed = |id: &str| {
        let mut all = tables.iter().copied().zip(&places);
        all.find(|(table, _)| table.id == id)
    };
    let line = |(id, number, title): (&str, &str, &str), place: &Place, range: String| {
        let mut cells = vec![text(number), text(title), text(&file)];
        cells.extend([&place.sheet, &range, &place.csv, &place.sha256].map(text));
        row(id, cells)
    };
    let rows = blocks.iter().filter_map(|block| match block {
        Block::Table(table) => {
            let (_, place) = placed(&table.id)?;
            let named = (&*table.id, &*table.number, &*table.title);
            Some(line(named, place, place.area()))
        }
        Block::Chart(chart) => {
            let (table, place) = placed(&chart.table)?;
            let named = (&*chart.id, &*chart.number, &*chart.title);
            Some(line(named, place, place.areas_of(&shown_by(chart, table))))
        }
        _ => None,
    });
    let rows = rows.collect();
    let mut table = table("表D-1", "sources", "図表の元データ一覧", columns, rows);
    table.wide = true;
    table.notes = vec![
        "シート及び範囲は、データ用のファイルのもので、範囲は列の名前の行を含む。".to_owned(),
        format!(
            "CSVは、納品用のファイル（zip）の「元データ」の「{HELP_DESK_REPORT}」にある。\
             SHA-256は、そのCSV（UTF-8、BOM付き）の値である。"
        ),
    ];
    making.chapter(
        "付録D",
        "sources_appendix",
        "図表の元データ一覧",
        vec![Block::Table(table)],
    )
}

fn file_name(making: &Making<'_, '_>) -> String {
    let cover = &making.input.cover;
    let document = Document {
        name: HELP_DESK_REPORT.to_owned(),
        month: making.month.data.month,
        edition: cover.edition,
        draft: cover.draft,
        made_at: making.input.made_at,
        submitted_to: String::new(),
        submitted_by: String::new(),
        classification: String::new(),
        seals: Vec::new(),
        revisions: Vec::new(),
        chapters: Vec::new(),
    };
    document.file_name()
}

fn table_in(block: &Block) -> Option<&DocTable> {
    match block {
        Block::Table(table) => Some(table),
        _ => None,
    }
}

/// The columns of its table that a chart shows, by their places.
fn shown_by(chart: &Chart, table: &DocTable) -> Vec<usize> {
    let ids = std::iter::once(&chart.labels).chain(&chart.series);
    let at = ids.filter_map(|id| table.columns.iter().position(|known| known.id == *id));
    at.collect()
}
