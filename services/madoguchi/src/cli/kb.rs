//! `madoguchi kb`: the knowledge from the command line.

mod manual;

use std::path::{Path, PathBuf};

use madoguchi_core::article::Line;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Audience, Entry, Evaluation, Fragment, GradedQuery, Hit, Query, SearchParts, Source, Verdict,
    Viewer, evaluate,
};
use madoguchi_store::{Store, StoreError};
use madoguchi_web::GRADED_QUERY_KIND;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use self::manual::ManualArguments;
use super::data::open_store;
use super::error::CliError;
use super::output::{Format, complain, print};
use crate::config::Config;
use crate::knowledge;
use crate::knowledge::import;

/// Faults that are told one by one.
const FAULTS: usize = 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum KbCommand {
    /// FAQ を取り込み、公開します(1行に1件の JSON)
    Import {
        /// {"id","question","answer","category","keywords"} の並ぶファイル
        file: PathBuf,
    },
    /// 資料を章と節に分けて取り込み、公開します
    Manual(ManualArguments),
    /// 公開中の FAQ を検索します
    Search {
        /// 検索する言葉
        text: String,
        /// 最大の件数
        #[arg(long, default_value_t = 10)]
        limit: usize,
        /// 職員に公開しているものだけを検索します
        #[arg(long)]
        portal: bool,
        /// 見つかった理由も出力します
        #[arg(long)]
        explain: bool,
        /// 出力の形式
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// 検索の良さを、正解のある質問で測ります(一時フォルダーに作った索引を使います)
    Eval {
        /// この窓口の公開中の FAQ と、画面「検索の採点」で採点した質問で測ります
        #[arg(long, conflicts_with_all = ["docs", "queries"])]
        desk: bool,
        /// FAQ のファイル(1行に1件の JSON)
        #[arg(long, required_unless_present = "desk")]
        docs: Option<PathBuf>,
        /// 質問のファイル: {"query", "relevant": {"id": 点数}}
        #[arg(long, required_unless_present = "desk")]
        queries: Option<PathBuf>,
    },
    /// 検索の索引を、データベースから作り直します(動いている窓口の検索は止まりません)
    Rebuild,
}

pub(super) async fn run(
    command: KbCommand,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    match command {
        KbCommand::Import { file } => import(&file, config, data_dir).await,
        KbCommand::Manual(arguments) => manual::run(arguments, config, data_dir).await,
        KbCommand::Search {
            text,
            limit,
            portal,
            explain,
            format,
        } => {
            let viewer = if portal { Viewer::Portal } else { Viewer::Desk };
            let query = Query {
                explain,
                ..Query::new(&text, viewer, limit)
            };
            search(&query, format, config, data_dir).await
        }
        KbCommand::Eval { docs, queries, .. } => {
            let (entries, queries) = match (docs, queries) {
                (Some(docs), Some(queries)) => {
                    let lines: Vec<Line> = read_lines(&docs)?;
                    let entries: Vec<Entry> = lines.into_iter().map(entry).collect();
                    (entries, read_lines(&queries)?)
                }
                _ => of_the_desk(config, data_dir).await?,
            };
            eval(&entries, &queries, config, data_dir)
        }
        KbCommand::Rebuild => rebuild(config, data_dir).await,
    }
}

/// Keeps all articles of the file or none. One that is the same already is left as it is; one that
/// differs gets a new version.
async fn import(file: &Path, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let lines: Vec<Line> = read_lines(file)?;
    let faults = Line::faults(&lines);
    if !faults.is_empty() {
        for fault in faults.iter().take(FAULTS) {
            complain(fault);
        }
        let all = faults.len();
        return Err(CliError::Failed(anyhow::anyhow!(
            "{} に誤りが{all}か所あります。何も取り込んでいません",
            file.display()
        )));
    }
    keep(&lines, config, data_dir).await
}

/// Publishes these articles, and tells what changed.
async fn keep(lines: &[Line], config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let done = import::keep(&store, lines, SystemClock.now()).await;
    store.close().await;
    let (new, changed) =
        done.map_err(|error| CliError::Failed(anyhow::anyhow!("FAQ を保存できません: {error}")))?;
    let same = lines.len() - new - changed;
    print(&format!(
        "取り込みました: 新規{new}件、変更{changed}件、変更なし{same}件\n"
    ));
    Ok(())
}

async fn search(
    query: &Query,
    format: Format,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let knowledge = knowledge::open(&config.knowledge, data_dir, &store)
        .await
        .map_err(CliError::Failed)?;
    let now = SystemClock.now();
    let caught_up = knowledge::catch_up(&store, &knowledge, now).await;
    store.close().await;
    // A desk that is running keeps the index itself.
    if let Err(error) = caught_up
        && !error
            .downcast_ref::<madoguchi_kb::KbError>()
            .is_some_and(madoguchi_kb::KbError::is_busy)
    {
        return Err(CliError::Failed(error));
    }
    let found = knowledge
        .search(query)
        .map_err(|error| CliError::Failed(error.into()))?;
    match format {
        Format::Json => {
            let hits: Vec<_> = found.hits.iter().map(json).collect();
            let all = serde_json::json!({
                "total": found.total,
                "verdict": found.verdict(),
                "near": found.is_near(),
                "hits": hits,
            });
            print(&format!("{all}\n"));
        }
        Format::Table => {
            match found.verdict() {
                Verdict::Answer => {}
                Verdict::Near => print("ぴったり合うものは見つかりませんでした。近いもの:\n"),
                Verdict::None if found.total == 0 => {}
                Verdict::None => {
                    print("見つかりませんでした。言葉の一部だけが合うもの:\n");
                }
            }
            for (n, hit) in (1..).zip(&found.hits) {
                let only = if hit.desk_only { "【窓口内】" } else { "" };
                print(&format!(
                    "{n}. {only}{} ({})\n",
                    text(&hit.question),
                    hit.number
                        .map_or_else(|| hit.id.clone(), |number| number.to_string())
                ));
                print(&format!("   {}\n", text(&hit.excerpt)));
                for reason in &hit.reasons {
                    let part = reason.share * 100.0;
                    let texts = reason.texts.join("、");
                    let between = if texts.is_empty() { "" } else { ": " };
                    print(&format!("   {part:.0}% {}{between}{texts}\n", reason.kind));
                }
            }
            print(&format!("{}件\n", found.total));
        }
    }
    Ok(())
}

fn text(pieces: &[Fragment]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

fn json(hit: &Hit) -> serde_json::Value {
    let reasons = hit.reasons.iter().map(|reason| {
        serde_json::json!({ "kind": reason.kind, "texts": reason.texts, "share": reason.share })
    });
    serde_json::json!({
        "id": hit.id,
        "number": hit.number.map(|number| number.to_string()),
        "score": hit.score,
        "confidence": hit.confidence(),
        "question": text(&hit.question),
        "excerpt": text(&hit.excerpt),
        "passage": hit.passage,
        "category": hit.category,
        "desk_only": hit.desk_only,
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

/// What readers of this desk see, and the questions that were graded on its screen.
async fn of_the_desk(
    config: &Config,
    data_dir: &Path,
) -> Result<(Vec<Entry>, Vec<GradedQuery>), CliError> {
    let store = open_store(config, data_dir).await?;
    let read = async {
        let entries = knowledge::visible_entries(&store, SystemClock.now()).await?;
        let graded = store.list_settings(GRADED_QUERY_KIND).await?;
        let graded = graded.iter().filter_map(|setting| setting.data.as_deref());
        let queries: Result<Vec<GradedQuery>, _> = graded.map(serde_json::from_str).collect();
        Ok::<_, anyhow::Error>((entries, queries?))
    };
    let read = read.await;
    store.close().await;
    let (entries, queries) = read.map_err(CliError::Failed)?;
    if queries.is_empty() {
        return Err(CliError::Failed(anyhow::anyhow!(
            "採点した質問がありません。画面「検索の採点」で、答えになる FAQ に印を付けてください"
        )));
    }
    Ok((entries, queries))
}

fn eval(
    entries: &[Entry],
    queries: &[GradedQuery],
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let evaluation = (|| -> anyhow::Result<Evaluation> {
        let dictionary = knowledge::dictionary(&config.knowledge, data_dir)?;
        let language = knowledge::language(&config.knowledge);
        let encoder = knowledge::encoder(&config.knowledge);
        let folder = Temporary::new()?;
        Ok(evaluate(
            &folder.0,
            &dictionary,
            &language,
            encoder.as_ref(),
            SearchParts::ALL,
            entries,
            queries,
        )?)
    })()?;
    let text = serde_json::to_string_pretty(&evaluation).map_err(anyhow::Error::from)?;
    print(&format!("{text}\n"));
    Ok(())
}

fn entry(line: Line) -> Entry {
    Entry {
        number: None,
        source: Source::Faq,
        audience: Audience::Portal,
        question: line.question,
        answer: madoguchi_reports::markdown::to_text(&line.answer),
        category: line.category,
        keywords: line.keywords,
        reading: line.reading,
        settled: 0,
        updated_at: Instant(0),
        id: line.id.to_string(),
    }
}

async fn rebuild(config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let done = async {
        let asked = feed_everything(&store).await;
        asked.map_err(|error| anyhow::anyhow!("データベースに書き込めません: {error}"))?;
        let knowledge = knowledge::open(&config.knowledge, data_dir, &store).await?;
        knowledge::catch_up(&store, &knowledge, SystemClock.now()).await
    };
    let done = done.await;
    store.close().await;
    match done {
        Ok(done) => print(&format!("索引を作り直しました: {done}件\n")),
        Err(error)
            if error
                .downcast_ref::<madoguchi_kb::KbError>()
                .is_some_and(madoguchi_kb::KbError::is_busy) =>
        {
            print("動いている窓口が、索引を作り直します。\n");
        }
        Err(error) => return Err(CliError::Failed(error)),
    }
    Ok(())
}

async fn feed_everything(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.begin_unrecorded().await?;
    tx.feed_everything(&knowledge::EVERYTHING.into()).await?;
    tx.commit().await
}

/// The lines of a file, each as JSON; blank ones are left out.
fn read_lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, CliError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::of_file(file, "を読めません", &error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            serde_json::from_str(line).map_err(|error: serde_json::Error| {
                let at = error.column();
                let why = match error.classify() {
                    Category::Data => "項目の名前か値が違います",
                    _ => "JSONではありません",
                };
                CliError::Failed(anyhow::anyhow!(
                    "{shown} の{n}行目を読み取れません({at}バイト目の前後)。{why}"
                ))
            })
        })
        .collect()
}

/// A folder that goes with its owner.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> anyhow::Result<Self> {
        let name = format!("madoguchi-eval-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be taken away now, the system takes away some day.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
