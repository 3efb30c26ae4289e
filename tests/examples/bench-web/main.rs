//! `make bench-web`: how long pages, API and signing in take on a desk with 100,000 users,
//! 10,000,000 audit records and 100,000 tickets, while 20 agents type, and the export of all tickets.
//!
//! `bench-web [TICKETS [FOLDER [RECORDS [PART]]]]` measures with other numbers of tickets and audit records; the
//! desk is kept in FOLDER for another measurement. PART is one of `prepare` (fills the folder, and lets the desk
//! take everything in), `pages` and `export`.
//!
//! The desk is measured once it is at rest: after its first start it takes all tickets into the index and
//! makes the draft of last month's report. It searches by words; `make bench-search` measures meaning.
//!
//! Prints a report in Markdown; ends with an error if the 99th percentile of anything (the hashing
//! of passwords apart) reaches 50 ms, or if the memory of an export grows with its rows. Desk and clients share
//! the machine.

mod exports;
mod tickets;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::time::{Instant as Moment, Millis};
use madoguchi_store::Store;
use madoguchi_tests::{free_port, http_client};
use madoguchi_web::operator::{self, NewAccount};
use tokio::process::Command;
use tokio::time::Instant;

const USERS: usize = 100_000;
/// Tickets, if nothing else is said.
const TICKETS: usize = 100_000;
const RECORDS: i64 = 10_000_000;
/// Records in one transaction.
const AT_ONCE: i64 = 10_000;
/// Clients at the same time.
const CLIENTS: usize = 4;
/// Requests of each client to each address.
const REQUESTS: usize = 250;
const LIMIT: Duration = Duration::from_millis(50);
/// A desk at rest uses no more of a processor in a second, in hundredths,
const TICKS_AT_REST: u64 = 5;
/// for so long;
const CALM_SECS: u32 = 5;
/// and is so after so long at the most, and a second more for so many tickets.
const REST_SECS_AT_MOST: usize = 1_200;
const TICKETS_A_SEC: usize = 200;
const PASSWORD: &str = "ume-sakura-ajisai-kiku";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let argument = |n| std::env::args().nth(n);
    let tickets = argument(1).map_or(Ok(TICKETS), |count| count.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = argument(2).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| temporary.path().to_owned());
    let records = argument(3).map_or(Ok(RECORDS), |count| count.parse())?;
    let part = argument(4).unwrap_or_default();
    ensure!(
        ["", "prepare", "pages", "export"].contains(&part.as_str()),
        "no part: {part}"
    );
    let data = folder.join("data");
    if !data.exists() {
        std::fs::create_dir_all(&data)?;
        fill(&data, (tickets, records)).await?;
    }
    let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let desk = start(&folder, web).await?;
    let rests_after = REST_SECS_AT_MOST + tickets / TICKETS_A_SEC;
    until_at_rest(&desk, rests_after).await?;
    let mut slow = Vec::new();
    if matches!(part.as_str(), "" | "pages") {
        measure_pages(web, (tickets, records), &mut slow).await?;
    }
    if matches!(part.as_str(), "" | "export") {
        let client = Client::sign_in(web, "boss").await?;
        exports::measure(&folder, tickets, (&client, &desk), &mut slow).await?;
    }
    if slow.is_empty() {
        print("\nAll requirements are met.\n")?;
    } else {
        print(&format!("\nMissed ({LIMIT:?}): {}.\n", slow.join(", ")))?;
    }
    ensure!(slow.is_empty(), "a requirement is missed");
    Ok(())
}

/// Pages, API and signing in, while agents type.
async fn measure_pages(
    web: SocketAddr,
    (tickets, records): (usize, i64),
    slow: &mut Vec<String>,
) -> anyhow::Result<()> {
    let client = Client::sign_in(web, "boss").await?;
    let typing = tickets::type_meanwhile(web).await?;
    print(&format!(
        "# Pages: latency\n\n`make bench-web`: {USERS} users, {records} audit records, {tickets} tickets, \
         SQLite, search by words, {} agents typing, {CLIENTS} clients at once, {} requests to each address, all on one machine of {} cores.\n\n\
         | what | p50 | p99 | longest |\n| --- | --- | --- | --- |\n",
        typing.len(),
        CLIENTS * REQUESTS,
        std::thread::available_parallelism()?,
    ))?;
    let paths = [
        "/sign-in",
        "/board",
        "/calls",
        "/account",
        "/admin/users",
        "/admin/users?text=777",
        "/admin/users?page=1500",
        "/admin/calendar",
        "/audit",
        "/audit?actor=user777",
        "/audit?action=user.disable",
        "/audit?object=c77",
        "/api/v1/board",
        "/api/v1/calls",
    ];
    let paths = paths.map(str::to_owned).into_iter();
    for path in paths.chain(tickets::paths(tickets)) {
        let times = measure(&client, &path).await?;
        note(slow, &path, times)?;
    }
    let newest = tickets::newest(&client).await?;
    let times = measure(&client, &newest).await?;
    note(slow, "/tickets/{number}", times)?;
    let times = tickets::drafts(&client).await?;
    note(slow, "POST /reception/draft", times)?;
    let times = tickets::saves(&client).await?;
    note(slow, "POST /reception, a new ticket", times)?;
    for one in typing {
        if one.is_finished() {
            one.await?.context("a draft was not kept")?;
        } else {
            one.abort();
        }
    }
    let times = sign_ins(web).await?;
    note(slow, "POST /sign-in, hashing apart", times).context("the report cannot be written")
}

/// Each line as soon as it is known: a measurement takes a quarter of an hour.
fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn note(slow: &mut Vec<String>, what: &str, mut times: Vec<Duration>) -> std::io::Result<()> {
    times.sort_unstable();
    let at = |part: usize| {
        times
            .get(times.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let longest = times.last().copied().unwrap_or_default();
    if at(99) >= LIMIT {
        slow.push(what.to_owned());
    }
    print(&format!(
        "| {what} | {} | {} | {} |\n",
        millis(at(50)),
        millis(at(99)),
        millis(longest)
    ))
}

async fn fill(data: &Path, (tickets, records): (usize, i64)) -> anyhow::Result<()> {
    let store = Store::open(&format!(
        "sqlite://{}",
        data.join("madoguchi.sqlite").display()
    ))
    .await?;
    let now = SystemClock.now();
    let users: Vec<User> = (0..USERS).map(|n| user(n, now)).collect();
    madoguchi_store::testing::add_users(&store, &users).await?;
    let roles = [Role::Supervisor, Role::Administrator, Role::Auditor];
    let account = NewAccount {
        login: "boss",
        name: "責任者",
        roles: &roles,
        agent: None,
        password: PASSWORD,
        must_change: false,
    };
    operator::add_account(&store, &account, now).await?;
    for chunk in 0..records / AT_ONCE {
        let entries: Vec<_> = (0..AT_ONCE)
            .map(|n| entry(chunk * AT_ONCE + n, records, now))
            .collect();
        store.append_audit(&entries).await?;
    }
    tickets::fill(&store, tickets, now).await?;
    store.close().await;
    Ok(())
}

fn user(n: usize, now: Moment) -> User {
    User {
        id: format!("u{n}").as_str().into(),
        login: format!("user{n}"),
        name: format!("利用者 {n}"),
        roles: [Role::Agent].into(),
        agent: None,
        oidc_subject: None,
        must_change_password: false,
        password_changed_at: None,
        second_factor: false,
        failures: 0,
        failed_at: None,
        disabled_at: None,
        created_at: now,
        last_used_at: (!n.is_multiple_of(3)).then_some(now),
        version: 1,
    }
}

/// A year of records up to now, of which one in a hundred is a change.
fn entry(n: i64, of: i64, now: Moment) -> AuditEntry {
    let who = n % i64::try_from(USERS).unwrap_or(1);
    let action = match n % 100 {
        0 if n % 10_000 == 0 => Action::UserDisable,
        0 => Action::UserChange,
        1..40 => Action::CallsView,
        _ => Action::CallView,
    };
    AuditEntry {
        at: now - Millis((of - n) * (31_530_000_000 / of)),
        actor: Actor::User {
            id: format!("u{who}").as_str().into(),
            login: format!("user{who}"),
        },
        address: format!("10.0.{}.{}", who % 250, who % 200),
        action,
        object: format!("c{}", n % 1_000_003),
        before: Fields::new(),
        after: Fields::from([("number".to_owned(), format!("03{:08}", n % 99_999_999))]),
    }
}

async fn start(folder: &Path, web: SocketAddr) -> anyhow::Result<tokio::process::Child> {
    let text = format!(
        "[sip]\nlisten = [\"udp://127.0.0.1:{}\"]\nkeep_alive_s = 0\n\
         [web]\nlisten = \"{web}\"\nrequests_per_second = 1000000\n\
         [knowledge]\nencoder = \"none\"\n\
         [[line]]\nname = \"desk\"\nnumbers = [\"5000\"]\n",
        free_port()
    );
    std::fs::write(folder.join("desk.toml"), text)?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/madoguchi");
    ensure!(
        program.exists(),
        "build first: cargo build --release -p madoguchi"
    );
    let child = Command::new(program)
        .arg("--config")
        .arg(folder.join("desk.toml"))
        .arg("--data-dir")
        .arg(folder.join("data"))
        .arg("serve")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .kill_on_drop(true)
        .spawn()?;
    for _ in 0..200 {
        let url = format!("http://{web}/healthz");
        if http_client().build()?.get(url).send().await.is_ok() {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the desk did not start")
}

/// Waits until a desk has used hardly any of a processor for some seconds.
async fn until_at_rest(desk: &tokio::process::Child, secs_at_most: usize) -> anyhow::Result<()> {
    let stat = format!("/proc/{}/stat", desk.id().context("the desk ended")?);
    let ticks = || -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(&stat)?;
        let (_, fields) = stat.rsplit_once(") ").context("fields")?;
        let used = fields.split(' ').skip(11).take(2);
        Ok(used.filter_map(|field| field.parse::<u64>().ok()).sum())
    };
    let mut calm = 0;
    for _ in 0..secs_at_most {
        let before = ticks()?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let is_calm = ticks()? - before <= TICKS_AT_REST;
        calm = if is_calm { calm + 1 } else { 0 };
        if calm == CALM_SECS {
            return Ok(());
        }
    }
    anyhow::bail!("the desk did not come to rest in {secs_at_most} s")
}

/// Somebody who is signed in.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    web: SocketAddr,
    cookie: String,
    login: String,
}

impl Client {
    async fn sign_in(web: SocketAddr, login: &str) -> anyhow::Result<Self> {
        let policy = reqwest::redirect::Policy::none();
        let http = http_client().redirect(policy).build()?;
        let mut client = Self {
            http,
            web,
            cookie: String::new(),
            login: login.to_owned(),
        };
        client.send_password().await?;
        Ok(client)
    }

    /// Opens the form and sends it; gives how long the sending took.
    async fn send_password(&mut self) -> anyhow::Result<Duration> {
        let url = format!("http://{}/sign-in", self.web);
        let response = self.http.get(&url).send().await?;
        let form_cookie = cookie(&response).context("a cookie for the form")?;
        let html = response.text().await?;
        let token = html
            .split_once("name=\"_csrf\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .context("a token in the form")?;
        let body = format!("login={}&password={PASSWORD}&_csrf={token}", self.login);
        let began = Instant::now();
        let response = self
            .http
            .post(&url)
            .header("cookie", &form_cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await?;
        let took = began.elapsed();
        ensure!(response.status() == 303, "{}", response.status());
        self.cookie = cookie(&response).context("a session")?;
        Ok(took)
    }

    async fn page(&self, path: &str) -> anyhow::Result<String> {
        let request = self.http.get(format!("http://{}{path}", self.web));
        let response = request.header("cookie", &self.cookie).send().await?;
        Ok(response.error_for_status()?.text().await?)
    }

    async fn post(&self, path: &str, form: &[(String, String)]) -> anyhow::Result<u16> {
        let request = self.http.post(format!("http://{}{path}", self.web));
        let request = request.header("cookie", &self.cookie).form(form);
        let response = request.send().await?;
        let status = response.status();
        ensure!(
            !status.is_client_error() && !status.is_server_error(),
            "{path}: {status}"
        );
        Ok(status.as_u16())
    }

    async fn get(&self, path: &str) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let response = self
            .http
            .get(format!("http://{}{path}", self.web))
            .header("cookie", &self.cookie)
            .send()
            .await?;
        let status = response.status();
        response.bytes().await?;
        ensure!(status.is_success(), "{path}: {status}");
        Ok(began.elapsed())
    }
}

fn cookie(response: &reqwest::Response) -> Option<String> {
    let value = response.headers().get("set-cookie")?.to_str().ok()?;
    Some(value.split(';').next()?.to_owned())
}

async fn measure(client: &Client, path: &str) -> anyhow::Result<Vec<Duration>> {
    client.get(path).await?;
    let asking = (0..CLIENTS).map(|_| {
        let (client, path) = (client.clone(), path.to_owned());
        tokio::spawn(async move {
            let mut times = Vec::new();
            for _ in 0..REQUESTS {
                times.push(client.get(&path).await?);
            }
            anyhow::Ok(times)
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut all = Vec::new();
    for times in asking {
        all.extend(times.await??);
    }
    Ok(all)
}

/// One after another, less what hashing alone takes here at its quickest.
async fn sign_ins(web: SocketAddr) -> anyhow::Result<Vec<Duration>> {
    let hashing = hashing().await?;
    let mut client = Client::sign_in(web, "boss").await?;
    let mut times = Vec::new();
    for _ in 0..200 {
        times.push(client.send_password().await?.saturating_sub(hashing));
    }
    Ok(times)
}

/// How long one hash takes at its quickest.
async fn hashing() -> anyhow::Result<Duration> {
    let timed = tokio::task::spawn_blocking(|| {
        let one = || {
            let began = Instant::now();
            let hash = operator::hash_password(PASSWORD);
            hash.map(|_| began.elapsed())
        };
        (0..50).filter_map(|_| one()).min()
    });
    timed.await?.context("passwords can be hashed")
}
