//! `madoguchi kb`: the knowledge from the command line.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use madoguchi_core::article::{Article, ArticleAudience, Content};
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::time::Instant;
use madoguchi_kb::{
    Audience, Entry, Evaluation, GradedQuery, Hit, Parts, Piece, Query, Source, Viewer, evaluate,
};
use madoguchi_store::Store;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{CliError, Format, complain, open_store, print};
use crate::config::Config;
use crate::knowledge;

/// Articles that are kept in one transaction.
const AT_ONCE: usize = 500;
/// Faults that are told one by one.
const FAULTS: usize = 20;
const ID_LETTERS: usize = 64;

#[derive(Debug, clap::Subcommand)]
pub(super) enum KbCommand {
    /// FAQ を取り込み、公開します(1行に1件の JSON)
    Import {
        /// {"id","question","answer","category","keywords"} の並ぶファイル
        file: PathBuf,
    },
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
        /// FAQ のファイル(1行に1件の JSON)
        #[arg(long)]
        docs: PathBuf,
        /// 質問のファイル: {"query", "relevant": {"id": 点数}}
        #[arg(long)]
        queries: PathBuf,
    },
    /// 検索の索引を、データベースから作り直します(動いている窓口の検索は止まりません)
    Rebuild,
}

/// A line of a file of articles.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    question: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    audience: Option<ArticleAudience>,
    #[serde(default)]
    reading: Option<String>,
}

pub(super) async fn run(
    command: KbCommand,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    match command {
        KbCommand::Import { file } => import(&file, config, data_dir).await,
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
        KbCommand::Eval { docs, queries } => eval(&docs, &queries, config, data_dir),
        KbCommand::Rebuild => rebuild(config, data_dir).await,
    }
}

/// Keeps all articles of the file or none. One that is the same already is left as it is; one that
/// differs gets a new version.
async fn import(file: &Path, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let lines: Vec<Line> = read_lines(file)?;
    let mut faults = Vec::new();
    let mut known = HashSet::new();
    for (n, line) in (1..).zip(&lines) {
        let mut fault = |message: String| faults.push(format!("{n}件目: {message}"));
        if !is_id(&line.id) {
            fault(format!(
                "id「{}」は、英数字と「-」「_」「.」で{ID_LETTERS}文字以内にしてください。",
                line.id
            ));
        }
        if !known.insert(line.id.as_str()) {
            fault(format!("id「{}」が重複しています。", line.id));
        }
        for one in content(line).faults() {
            fault(one.message);
        }
    }
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
    let store = open_store(config, data_dir).await?;
    let done = keep(&store, &lines, SystemClock.now()).await;
    store.close().await;
    let (new, changed) = done?;
    let same = lines.len() - new - changed;
    print(&format!(
        "取り込みました: 新規{new}件、変更{changed}件、変更なし{same}件\n"
    ));
    Ok(())
}

/// How many were new, and how many changed.
async fn keep(store: &Store, lines: &[Line], now: Instant) -> Result<(usize, usize), CliError> {
    let failed = |error: madoguchi_store::StoreError| {
        CliError::Failed(anyhow::anyhow!("FAQ を保存できません: {error}"))
    };
    let (mut new, mut changed) = (0, 0);
    for some in lines.chunks(AT_ONCE) {
        let mut batch = Vec::new();
        for line in some {
            let content = content(line);
            let article = match store.lookup_article(&line.id).await.map_err(failed)? {
                Some(article) if is_same(&article, &content, now) => continue,
                Some(mut article) => {
                    article.import(content, now);
                    changed += 1;
                    article
                }
                None => {
                    new += 1;
                    Article::imported(&line.id, content, now)
                }
            };
            let entry = AuditEntry {
                at: now,
                actor: Actor::System,
                address: String::new(),
                action: Action::ArticleImport,
                object: line.id.clone(),
                before: Fields::new(),
                after: Fields::from([("question".to_owned(), line.question.clone())]),
            };
            batch.push((article, entry));
        }
        store.save_articles(&batch, now).await.map_err(failed)?;
    }
    Ok((new, changed))
}

fn is_same(article: &Article, content: &Content, now: Instant) -> bool {
    article
        .published(now)
        .is_some_and(|version| version.content == *content)
}

fn is_id(id: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !id.is_empty() && id.len() <= ID_LETTERS && id.chars().all(fits)
}

fn content(line: &Line) -> Content {
    Content {
        question: line.question.trim().to_owned(),
        answer: line.answer.trim().to_owned(),
        category: line.category.clone(),
        keywords: line.keywords.clone(),
        reading: line.reading.clone(),
        audience: line.audience.unwrap_or(ArticleAudience::Portal),
        ..Content::default()
    }
}

async fn search(
    query: &Query,
    format: Format,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let knowledge = open(config, data_dir)?;
    let store = open_store(config, data_dir).await?;
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
            let all = serde_json::json!({ "total": found.total, "hits": hits });
            print(&format!("{all}\n"));
        }
        Format::Table => {
            for (n, hit) in (1..).zip(&found.hits) {
                let only = if hit.desk_only { "【窓口内】" } else { "" };
                print(&format!(
                    "{n}. {only}{} ({})\n",
                    text(&hit.question),
                    hit.id
                ));
                print(&format!("   {}\n", text(&hit.excerpt)));
                for reason in &hit.reasons {
                    let part = reason.share * 100.0;
                    print(&format!(
                        "   {part:.0}% {}: {}\n",
                        reason.kind,
                        reason.texts.join("、")
                    ));
                }
            }
            print(&format!("{}件\n", found.total));
        }
    }
    Ok(())
}

fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

fn json(hit: &Hit) -> serde_json::Value {
    let reasons = hit.reasons.iter().map(|reason| {
        serde_json::json!({ "kind": reason.kind, "texts": reason.texts, "share": reason.share })
    });
    serde_json::json!({
        "id": hit.id,
        "score": hit.score,
        "question": text(&hit.question),
        "excerpt": text(&hit.excerpt),
        "category": hit.category,
        "desk_only": hit.desk_only,
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

fn eval(docs: &Path, queries: &Path, config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let lines: Vec<Line> = read_lines(docs)?;
    let queries: Vec<GradedQuery> = read_lines(queries)?;
    let entries: Vec<Entry> = lines.into_iter().map(entry).collect();
    let evaluation = (|| -> anyhow::Result<Evaluation> {
        let dictionary = knowledge::dictionary(&config.knowledge, data_dir)?;
        let language = knowledge::language(&config.knowledge);
        let folder = Temporary::new()?;
        Ok(evaluate(
            &folder.0,
            &dictionary,
            &language,
            Parts::ALL,
            &entries,
            &queries,
        )?)
    })()?;
    let text = serde_json::to_string_pretty(&evaluation).map_err(anyhow::Error::from)?;
    print(&format!("{text}\n"));
    Ok(())
}

fn entry(line: Line) -> Entry {
    Entry {
        source: Source::Faq,
        audience: Audience::Portal,
        question: line.question,
        answer: madoguchi_web::markdown::to_text(&line.answer),
        category: line.category,
        keywords: line.keywords,
        reading: line.reading,
        settled: 0,
        updated_at: Instant(0),
        id: line.id,
    }
}

async fn rebuild(config: &Config, data_dir: &Path) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let asked = store.feed_everything(knowledge::EVERYTHING).await;
    let done = async {
        asked.map_err(|error| anyhow::anyhow!("データベースに書き込めません: {error}"))?;
        let knowledge = knowledge::open(&config.knowledge, data_dir)?;
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

fn open(config: &Config, data_dir: &Path) -> Result<madoguchi_kb::Knowledge, CliError> {
    knowledge::open(&config.knowledge, data_dir).map_err(|error| CliError::Failed(error.into()))
}

/// The lines of a file, each as JSON; blank ones are left out.
fn read_lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, CliError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::Failed(anyhow::anyhow!("{shown} を読めません: {error}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            serde_json::from_str(line).map_err(|error| {
                CliError::Failed(anyhow::anyhow!(
                    "{shown} の{n}行目を読み取れません: {error}"
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
