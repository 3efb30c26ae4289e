//! What readers of the portal see of the desk's own articles, how soon, and what they never see.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use madoguchi_core::article::{Article, ArticleFile, Content, FileKind};
use madoguchi_core::audience::Audience;
use madoguchi_core::clock::Clock;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Millis;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::faq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome = anyhow::Result<()>;

/// Only in what the portal must not show.
const SECRET: &str = "ヤマネコ";

async fn desk() -> anyhow::Result<Desk> {
    Setup::default()
        .registering_agent("tanaka")
        .with_faq()
        .start()
        .await
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The status and text of a page of the portal.
async fn get(desk: &Desk, path: &str) -> anyhow::Result<(u16, String)> {
    let http = madoguchi_tests::http_client().build()?;
    let url = format!("http://{}{path}", desk.web());
    let response = http.get(url).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

/// The same for addresses longer than a client of good manners sends.
async fn get_raw(desk: &Desk, path: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(desk.web()).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        desk.web()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // Who refuses what is too long may close before all is read.
    let _closed = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).context("an answer")?.parse()?;
    Ok((status, answer))
}

async fn save(desk: &Desk, article: &Article) -> Outcome {
    let now = desk.clock.now();
    let entry = faq::entry(article.id.as_str(), now);
    let mut tx = desk.store().begin(entry).await?;
    tx.save_article(article, now).await?;
    Ok(tx.commit().await?)
}

async fn add(desk: &Desk, id: &str, content: Content) -> Outcome {
    let article = Article::imported(id, content, desk.clock.now());
    save(desk, &article).await
}

fn content(question: &str) -> Content {
    Content {
        question: question.to_owned(),
        answer: format!("{question}の答えです。"),
        category: "f09".into(),
        audience: Audience::Portal,
        ..Content::default()
    }
}

/// How long it takes until the results of a search hold, or hold no more, an article.
async fn until(desk: &Desk, query: &str, id: &str, wanted: bool) -> anyhow::Result<Duration> {
    #[expect(
        clippy::disallowed_methods,
        reason = "readers wait in the world outside"
    )]
    let began = Instant::now();
    let path = format!("/faq/results?q={}", encoded(query));
    let link = format!("/faq/{id}");
    while began.elapsed() < Duration::from_secs(10) {
        let (status, page) = get(desk, &path).await?;
        if status == 200 && page.contains(&link) == wanted {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("in vain: {query} {id} {wanted}")
}

/// The middle one: a machine that does other things may be slow once.
fn usual(mut times: Vec<Duration>) -> anyhow::Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_found_within_a_second_and_what_is_withdrawn_gone() -> Outcome {
    let desk = desk().await?;
    let (mut found, mut gone) = (Vec::new(), Vec::new());
    for n in 0..3 {
        let id = format!("nurikabe-{n}");
        add(&desk, &id, content("ぬりかべ申請の出し方")).await?;
        found.push(until(&desk, "ぬりかべ申請", &id, true).await?);
        let article = desk.store().lookup_article(&id.as_str().into()).await?;
        let mut article = article.context("it is kept")?;
        let now = desk.clock.now();
        article.request_withdrawal(&UserId::new("one"), "制度がなくなりました", now)?;
        article.withdraw(&UserId::new("other"), now)?;
        save(&desk, &article).await?;
        gone.push(until(&desk, "ぬりかべ申請", &id, false).await?);
        ensure!(get(&desk, &format!("/faq/{id}")).await?.0 == 404);
    }
    let (found, gone) = (usual(found)?, usual(gone)?);
    let second = Duration::from_secs(1);
    ensure!(found <= second && gone <= second, "{found:?} {gone:?}");
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_the_desk_or_past_its_time_is_nowhere_in_the_portal() -> Outcome {
    let desk = desk().await?;
    let before = get(&desk, "/faq/category/f09").await?.1;
    let mut hidden = content(&format!("旅費の裏手順{SECRET}"));
    hidden.keywords = vec![format!("{SECRET}番号")];
    hidden.audience = Audience::Desk;
    add(&desk, "hidden", hidden).await?;
    let mut expired = content(&format!("旅費の期限切れ{SECRET}"));
    expired.expires_at = Some(desk.clock.now() - Millis::from_secs(1));
    add(&desk, "expired", expired).await?;
    let mut seen = content("旅費のぬりかべ申請");
    seen.related = vec!["hidden".into(), "expired".into()];
    add(&desk, "seen", seen).await?;
    // The index takes changes in by their order: now it has all of them.
    until(&desk, "ぬりかべ申請", "seen", true).await?;
    let mut pages = vec!["/faq", "/faq/seen", "/faq/feed.xml", "/sitemap.xml"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    pages.push("/faq/category/f09".to_owned());
    // A page says again what was looked for, so these hold nothing but parts of the secret.
    for query in ["旅費の裏手順", "やまねこ", "yamaneko", "ヤマ", "期限切れ"] {
        pages.push(format!("/faq?q={}", encoded(query)));
        pages.push(format!("/faq/results?q={}", encoded(query)));
        pages.push(format!("/faq/suggest?q={}", encoded(query)));
    }
    for path in pages {
        let (status, page) = get(&desk, &path).await?;
        ensure!(status == 200, "{path}: {status}");
        for told in [SECRET, "/faq/hidden", "/faq/expired"] {
            ensure!(!page.contains(told), "{told} in {path}:\n{page}");
        }
    }
    for path in ["/faq/hidden", "/faq/expired", "/knowledge/hidden"] {
        let (status, page) = get(&desk, path).await?;
        ensure!(status != 500 && !page.contains(SECRET), "{path}: {status}");
    }
    // One article more is counted, not three.
    let count = |page: &str| {
        let digits = page.split('件').next().unwrap_or_default();
        let digits: Vec<char> = digits
            .chars()
            .rev()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.into_iter().rev().collect::<String>().parse::<u32>()
    };
    let after = get(&desk, "/faq/category/f09").await?.1;
    ensure!(count(&after)? == count(&before)? + 1, "{after}");
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_queries_do_no_harm() -> Outcome {
    let desk = desk().await?;
    let mut queries: Vec<String> = [
        "AND OR NOT + - \" * ( ) : ~ ^ [ ] { } \\",
        "\0",
        "\u{202e}\u{200f}旅費\u{feff}",
        "<script>alert(1)</script>",
        "'; DROP TABLE articles; --",
        "👨‍👩‍👧‍👦🇯🇵e\u{301}か\u{3099}ｶﾞ",
        "question:旅費 TO *",
    ]
    .map(encoded)
    .to_vec();
    // Lone surrogates, letters that end too early, escapes that are none.
    queries.extend(["%ED%A0%80", "%E6%97", "%FF%FE", "%", "%zz", "%u65C5"].map(str::to_owned));
    queries.extend(["a", "%20", "%22"].map(|part| part.repeat(100_000 / part.len())));
    queries.extend(["旅", "ー"].map(|part| encoded(&part.repeat(10_000))));
    for query in queries {
        for path in ["/faq", "/faq/results", "/faq/suggest"] {
            let (status, page) = get_raw(&desk, &format!("{path}?q={query}")).await?;
            let begin: String = query.chars().take(40).collect();
            ensure!(
                matches!(status, 200 | 400 | 414 | 431),
                "{status} for {path}?q={begin}:\n{page}"
            );
            ensure!(!page.contains("<script>alert"), "{path}?q={begin}");
        }
        let id: String = query.chars().take(300).collect();
        let (status, page) = get_raw(&desk, &format!("/faq/{id}")).await?;
        ensure!(status < 500, "/faq/{id}: {page}");
    }
    ensure!(get(&desk, "/faq?q=%E6%97%85%E8%B2%BB").await?.0 == 200);
    desk.end().await?;
    Ok(())
}

#[tokio::test]
async fn files_of_an_article_are_for_those_who_see_it() -> Outcome {
    let desk = desk().await?;
    let now = desk.clock.now();
    let file = ArticleFile {
        hash: "aa11".to_owned(),
        name: "画面.png".to_owned(),
        kind: FileKind::Png,
        bytes: 8,
    };
    for (id, audience) in [("shown", Audience::Portal), ("hidden", Audience::Desk)] {
        let content = Content {
            question: "画面はどれですか。".to_owned(),
            answer: "![申請の画面](画面.png)".to_owned(),
            audience,
            files: vec![file.clone()],
            ..Content::default()
        };
        let (article, entry) = (Article::imported(id, content, now), faq::entry(id, now));
        let mut tx = desk.store().begin(entry).await?;
        tx.save_article(&article, now).await?;
        tx.add_article_file("aa11", "iVBORw0KGgo=").await?;
        tx.commit().await?;
    }
    let (status, html) = get(&desk, "/faq/shown").await?;
    ensure!(
        status == 200 && html.contains("src=\"/faq/shown/files/aa11\""),
        "{html}"
    );
    ensure!(get(&desk, "/faq/shown/files/aa11").await?.0 == 200);
    for path in [
        "/faq/hidden/files/aa11",
        "/faq/login-001/files/aa11",
        "/faq/shown/files/bb",
    ] {
        let (status, _) = get(&desk, path).await?;
        ensure!(status == 404, "{path}: {status}");
    }
    let (_, html) = get(&desk, "/articles/shown/files/aa11").await?;
    ensure!(html.contains("パスワード"), "editors sign in first: {html}");
    desk.end().await?;
    Ok(())
}
