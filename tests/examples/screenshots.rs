//! `make screenshots`: pictures of every screen of the sample desk, for the documents.
//!
//! Starts the program given first as a demonstration, waits until some calls have come, and
//! photographs each screen as somebody sees it who works with it. `screenshots PROGRAM FOLDER light month` takes
//! those alone whose names begin with `month`; `dark` in the place of `light` those of the dark look.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use fantoccini::Locator;
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::month::Month;
use madoguchi_tests::browser::{Browser, Look, until_shown};
use madoguchi_tests::free_port;
use madoguchi_tests::observed::story;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Screens: the name of the picture, who sees it, and where it is.
/// `{next}` is the month after this one, `{last}` the one before.
const SCREENS: [(&str, &str, &str); 59] = [
    ("reception", "tanaka", "/reception?new=plain"),
    ("unregistered", "yamada", "/reception/unregistered"),
    ("tickets", "yamada", "/tickets"),
    ("ticket", "yamada", "/tickets"),
    ("ticket-new", "yamada", "/tickets/new"),
    ("people", "yamada", "/people"),
    ("person", "yamada", "/people"),
    ("people-import", "yamada", "/people/import"),
    ("phrases", "yamada", "/admin/phrases"),
    ("months", "yamada", "/monthly"),
    ("month", "yamada", "/monthly/{last}"),
    (
        "month-book",
        "yamada",
        "/monthly/{last}/book?edition=1&chapter=levels",
    ),
    ("month-running", "yamada", "/monthly/running"),
    ("month-shifts", "yamada", "/monthly/{next}/shifts"),
    ("staffing", "yamada", "/monthly/staffing"),
    ("divisions", "admin", "/admin/desk/divisions"),
    ("vendors", "admin", "/admin/desk/vendors"),
    ("departments", "admin", "/admin/desk/departments"),
    ("board", "yamada", "/board"),
    ("board-agent", "tanaka", "/board"),
    ("calls", "yamada", "/calls"),
    ("call", "yamada", "/calls"),
    ("call-figures", "yamada", "/calls/figures"),
    ("account", "tanaka", "/account"),
    ("password", "tanaka", "/account/password"),
    ("second-factor", "tanaka", "/account/second-factor"),
    ("tokens", "tanaka", "/account/tokens"),
    ("refused", "tanaka", "/admin/users"),
    ("users", "admin", "/admin/users"),
    ("user", "admin", "/admin/users?text=tanaka"),
    ("user-new", "admin", "/admin/users/new"),
    ("inventory", "admin", "/admin/users/inventory"),
    ("calendar", "admin", "/admin/calendar"),
    ("calendar-day", "admin", "/admin/calendar/2026-12-12"),
    (
        "calendar-range",
        "admin",
        "/admin/calendar/range?from=2026-12-21&to=2026-12-25&rule=until&closes=15%3A00",
    ),
    ("retention", "admin", "/admin/retention"),
    ("operations", "admin", "/admin/operations"),
    ("desk", "admin", "/admin/desk"),
    ("lines", "admin", "/admin/desk/lines"),
    ("line-new", "admin", "/admin/desk/lines/new"),
    ("agents", "admin", "/admin/desk/agents"),
    ("targets", "admin", "/admin/desk/targets"),
    ("categories", "admin", "/admin/desk/categories"),
    ("announcements", "admin", "/admin/announcements"),
    ("audit", "ito", "/audit"),
    ("faq", "matsumoto", "/faq"),
    (
        "faq-results",
        "matsumoto",
        "/faq?q=%E6%97%85%E8%B2%BB%E3%81%AE%E7%B2%BE%E7%AE%97",
    ),
    ("faq-article", "matsumoto", "/faq/ryohi-001"),
    ("faq-contact", "matsumoto", "/faq/contact"),
    (
        "knowledge",
        "matsumoto",
        "/knowledge?q=%E6%97%85%E8%B2%BB%E3%81%AE%E7%B2%BE%E7%AE%97",
    ),
    ("articles", "matsumoto", "/articles"),
    ("article", "matsumoto", "/articles/ryohi-001"),
    ("article-edit", "matsumoto", "/articles/ryohi-001/edit"),
    ("article-import", "matsumoto", "/articles/import"),
    ("attention", "matsumoto", "/articles/attention"),
    ("access-report", "matsumoto", "/articles/access-report"),
    (
        "synonyms",
        "matsumoto",
        "/articles/synonyms?term=%E5%B9%B4%E4%BC%91",
    ),
    (
        "synonym-new",
        "matsumoto",
        "/articles/synonyms/new?term=%E5%B9%B4%E4%BC%91",
    ),
    (
        "word-new",
        "matsumoto",
        "/articles/words/new?term=%E5%BA%B6%E5%8B%99%E4%BA%8B%E5%8B%99",
    ),
];

/// Where one thing has to be chosen before the screen is there.
const CHOICES: [(&str, &str); 4] = [
    ("call", "table.calls tbody a"),
    ("user", "main tbody a"),
    ("ticket", "main tbody a"),
    ("person", "main tbody a"),
];

/// How long callers come before the pictures are taken.
const CALLS: Duration = Duration::from_secs(60);

/// Pages of books: the book, and for each picture what its page shows.
const PAGES: [(&str, &[(&str, &str)]); 2] = [
    (
        "report",
        &[
            ("page-months", "表2-2"),
            ("page-slots", "図2-3"),
            ("page-levels", "表6-1"),
            ("page-outlook", "翌月の日別の予測"),
        ],
    ),
    ("ledger", &[("page-ledger", "表1-1")]),
];

/// What is asked in the pictures of a call.
const QUESTION: &str = "旅費の精算が差し戻された";
/// The calls of the observed PBX last so many times two seconds.
const OBSERVED_PACE: i64 = 45;
/// Somebody whom the desk knows rings at the agent's phone within so long.
const RINGS_WITHIN: Duration = Duration::from_secs(300);
const LOOKED_EVERY: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().context("the program, and a folder")?;
    let folder = PathBuf::from(arguments.next().context("a folder for the pictures")?);
    let dark = arguments.next().as_deref() == Some("dark");
    let begin = arguments.next().unwrap_or_default();
    std::fs::create_dir_all(&folder)?;
    let desk = Demo::start(Path::new(&program)).await?;
    tokio::time::sleep(CALLS).await;
    if "call".starts_with(&begin) {
        photograph_call(&desk, &folder).await?;
    }
    if "month".starts_with(&begin) {
        photograph_month_end(&desk, &folder).await?;
    }
    if "page".starts_with(&begin) {
        photograph_pages(Path::new(&program), &desk, &folder).await?;
    }
    if "observe".starts_with(&begin) {
        photograph_observing(&folder).await?;
    }
    for look in Look::ALL.into_iter().filter(|look| look.dark == dark) {
        photograph(&desk, look, &folder, &begin).await?;
    }
    Ok(())
}

async fn photograph(desk: &Demo, look: Look, folder: &Path, begin: &str) -> anyhow::Result<()> {
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    browser.look(look).await?;
    client.goto(&format!("{}/sign-in", desk.address)).await?;
    if "sign-in".starts_with(begin) {
        save(&browser, folder, "sign-in", look).await?;
    }
    let mut signed_in = "";
    let screens = SCREENS.into_iter();
    for (name, login, path) in screens.filter(|(name, ..)| name.starts_with(begin)) {
        if signed_in != login {
            client.delete_all_cookies().await?;
            let (address, password) = (&desk.address, &desk.password);
            browser.sign_in_at(address, login, password).await?;
            signed_in = login;
        }
        let path = path.replace("{next}", &this_month().next().to_string());
        let path = path.replace("{last}", &this_month().previous().to_string());
        client.goto(&format!("{}{path}", desk.address)).await?;
        if let Some((_, link)) = CHOICES.iter().find(|(of, _)| *of == name) {
            client.find(Locator::Css(link)).await?.click().await?;
        }
        if name.starts_with("board") {
            until_shown(client, "今日の応答率").await?;
        }
        save(&browser, folder, name, look).await?;
    }
    client.clone().close().await?;
    Ok(())
}

/// An agent's call from the first ring until it is saved, for the guide.
async fn photograph_call(desk: &Demo, folder: &Path) -> anyhow::Result<()> {
    let browser = Browser::start(1280, 800).await?;
    let (address, password) = (&desk.address, &desk.password);
    browser.sign_in_at(address, "tanaka", password).await?;
    browser.client.goto(&format!("{address}/board")).await?;
    let look = Look::DESK;
    until_rung(&browser).await?;
    save(&browser, folder, "call-1-rings", look).await?;
    browser.client.goto(&format!("{address}/reception")).await?;
    browser.until_shown("通話中").await?;
    save(&browser, folder, "call-2-caller", look).await?;
    browser.fill_in("#question", QUESTION).await?;
    browser
        .until_true("return document.querySelector('[data-take]') !== null")
        .await?;
    save(&browser, folder, "call-3-question", look).await?;
    browser.click("[data-take]").await?;
    browser
        .until_true("return document.getElementById('answer').value !== ''")
        .await?;
    save(&browser, folder, "call-4-answer", look).await?;
    browser.click("button[value=save]").await?;
    browser.until_shown("を保存しました").await?;
    save(&browser, folder, "call-5-saved", look).await?;
    browser.close().await
}

fn this_month() -> Month {
    Month::at(SystemClock.now())
}

/// The days of the report's writer, from the calls that nobody registered to the files that were approved, for
/// the guide. At the sample desk the month before is handed in: it comes back, is mended and handed in again.
async fn photograph_month_end(desk: &Demo, folder: &Path) -> anyhow::Result<()> {
    let browser = Browser::start(1280, 800).await?;
    let (address, password) = (&desk.address, &desk.password);
    browser.sign_in_at(address, "kobayashi", password).await?;
    let (this, month) = (this_month(), this_month().previous());
    let place = format!("{address}/monthly/{month}");
    let photograph = async |name: &str| -> anyhow::Result<()> {
        for look in [Look::PHONE, Look::DESK] {
            browser.look(look).await?;
            save(&browser, folder, name, look).await?;
        }
        Ok(())
    };
    let open =
        async |address: &str| -> anyhow::Result<()> { Ok(browser.client.goto(address).await?) };
    let record = async |choice: &str, person: &str, remark: &str| -> anyhow::Result<()> {
        if !choice.is_empty() {
            let choice = format!("input[name=kind][value={choice}]");
            browser.click(&choice).await?;
        }
        browser.fill_in("[name=person]", person).await?;
        browser.fill_in("[name=remark]", remark).await?;
        browser.click("main form.form button.primary").await?;
        browser.until_shown("記録しました").await
    };
    // Nobody has written down the calls of today yet.
    open(&format!("{address}/reception/unregistered?month={this}")).await?;
    photograph("month-1-unregistered").await?;
    open(&format!("{place}/checks")).await?;
    photograph("month-2-checks").await?;
    open(&place).await?;
    record(
        "returned",
        "機構 山本",
        "問合せの多かった業務が書かれていない。",
    )
    .await?;
    photograph("month-3-returned").await?;
    open(&format!("{place}/remarks/new")).await?;
    let remark = "旅費の精算に関する問合せが多かった。";
    browser.fill_in("[name=text]", remark).await?;
    photograph("month-4-remark").await?;
    browser.click("main form.form button.primary").await?;
    browser.until_shown("登録しました").await?;
    open(&format!("{place}/freeze")).await?;
    browser.fill_in("#reason", "所見の記入漏れ").await?;
    photograph("month-5-freeze").await?;
    browser.click("main form.form button.primary").await?;
    browser.click("dialog button.danger").await?;
    browser.until_shown("確定しました").await?;
    let unfold = "document.querySelector('main details').open = true";
    browser.client.execute(unfold, Vec::new()).await?;
    photograph("month-6-files").await?;
    record("", "機構 業務管理係", "電子納品のzipを提出した。").await?;
    photograph("month-7-handed-in").await?;
    record("approved", "機構 山本", "").await?;
    photograph("month-8-approved").await?;
    browser.close().await
}

/// Pages of the books of the month before, as they are printed, for the guide.
async fn photograph_pages(program: &Path, desk: &Demo, folder: &Path) -> anyhow::Result<()> {
    let books = tempfile::tempdir()?;
    for (book, pages) in PAGES {
        let file = books.path().join(format!("{book}.pdf"));
        let month = this_month().previous().to_string();
        let made = Command::new(program)
            .arg("--data-dir")
            .arg(desk.folder.path())
            .args(["report", "--month", &month, "--edition", "1"])
            .args(["--book", book, "--format", "pdf", "--out"])
            .arg(&file)
            .status();
        ensure!(made.await?.success(), "{book} was not made");
        let texts = Command::new("pdftotext")
            .arg(&file)
            .arg("-")
            .output()
            .await?;
        let texts = String::from_utf8(texts.stdout)?;
        let texts: Vec<&str> = texts.split('\u{c}').collect();
        for (name, caption) in pages {
            // In the lists of contents dots lead to the page.
            let is_page = |text: &&str| text.contains(caption) && !text.contains(". . . .");
            let page = texts.iter().position(is_page).context(*caption)? + 1;
            let picture = folder.join(name);
            let drawn = Command::new("pdftoppm")
                .args(["-png", "-r", "72", "-singlefile"])
                .args(["-f", &page.to_string(), "-l", &page.to_string()])
                .args([&file, &picture])
                .status();
            ensure!(drawn.await?.success(), "{name} was not drawn");
            writeln!(std::io::stdout(), "{}.png", picture.display())?;
        }
    }
    Ok(())
}

/// A desk of its own that observes a PBX, for the guide.
async fn photograph_observing(folder: &Path) -> anyhow::Result<()> {
    story(OBSERVED_PACE, async |browser, name| {
        for look in [Look::PHONE, Look::DESK] {
            browser.look(look).await?;
            save(browser, folder, name, look).await?;
        }
        Ok(())
    })
    .await
}

/// Waits until somebody whom the desk knows rings at the agent's phone.
async fn until_rung(browser: &Browser) -> anyhow::Result<()> {
    // The script of the page may not have run yet.
    let rings = "return !!document.querySelector('.pop')?.textContent.includes('確定')";
    for _ in 0..RINGS_WITHIN.as_millis() / LOOKED_EVERY.as_millis() {
        if browser.client.execute(rings, Vec::new()).await? == true {
            return Ok(());
        }
        tokio::time::sleep(LOOKED_EVERY).await;
    }
    bail!("nobody whom the desk knows has called")
}

/// Saves a picture of the whole page.
async fn save(browser: &Browser, folder: &Path, name: &str, look: Look) -> anyhow::Result<()> {
    let script = "document.activeElement.blur(); return document.documentElement.scrollHeight";
    let height = browser.client.execute(script, Vec::new()).await?;
    let height = u32::try_from(height.as_u64().context("a height")?)?;
    let whole = Look {
        height: height.max(look.height),
        ..look
    };
    browser.look(whole).await?;
    let picture = browser.picture().await?;
    browser.look(look).await?;
    let file = folder.join(format!("{name}-{}.png", look.width));
    std::fs::write(&file, picture)?;
    writeln!(std::io::stdout(), "{}", file.display())?;
    Ok(())
}

/// The sample desk.
struct Demo {
    address: String,
    password: String,
    _process: Child,
    folder: tempfile::TempDir,
}

impl Demo {
    async fn start(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (web, sip) = (free_port(), free_port());
        let mut process = Command::new(program)
            .arg("--data-dir")
            .arg(folder.path())
            .args(["demo", "--web-port", &web.to_string()])
            .args(["--sip-port", &sip.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} did not start", program.display()))?;
        let output = process.stdout.take().context("it can be read")?;
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            let Some((_, rest)) = line.split_once("パスワードはすべて") else {
                continue;
            };
            let password = rest.split_whitespace().next().unwrap_or_default();
            return Ok(Self {
                address: format!("http://127.0.0.1:{web}"),
                password: password.to_owned(),
                _process: process,
                folder,
            });
        }
        bail!("the demonstration names no password")
    }
}
