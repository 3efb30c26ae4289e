//! `madoguchi demo`: a sample desk on this machine alone, with simulated callers that place real
//! SIP calls, so that the board lives from the first minute.

mod actors;
mod directories;
mod month;
mod people;
mod phrases;
mod settings;
mod staffing;
mod tickets;
mod user_agent;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_core::article::Line;
use madoguchi_core::portal::Sites;
use madoguchi_core::time::Instant;
use madoguchi_endpoint::settings::Transport;
use madoguchi_monthly::MonthSettings;
use madoguchi_store::Store;
use madoguchi_web::{Desk, operator};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::user_agent::Account;
use crate::config::{Config, ConfigError};
use crate::knowledge::import;
use crate::live::LiveDesk;
use crate::serve::{self, Start};
use crate::signals::Signals;

/// Between two simulated calls, in milliseconds.
const BETWEEN_CALLS_MS: std::ops::Range<u64> = 3_000..14_000;
/// The phones of the sample desk accept only this; they are heard on 127.0.0.1 alone.
const PASSWORD: &str = "demonstration";

/// The sample FAQ.
const FAQ: &str = include_str!("../../../kb/sample/faq.jsonl");

/// Where the sample desk is found, if not at the usual places.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 画面のポート番号(127.0.0.1)
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    web_port: u16,
    /// 電話(SIP)のポート番号(127.0.0.1)
    #[arg(long, value_name = "PORT", default_value_t = 5060)]
    sip_port: u16,
}

/// The settings of the sample desk.
pub(crate) fn config(args: &Args) -> Result<Config, ConfigError> {
    let path = Path::new("demo.toml");
    let mut config = Config::parse(include_str!("../config/demo.toml"), path)?;
    let sip = SocketAddr::from(([127, 0, 0, 1], args.sip_port));
    config.sip.listen = vec![format!("udp://{sip}"), format!("tcp://{sip}")];
    config.web.listen = SocketAddr::from(([127, 0, 0, 1], args.web_port));
    config.check()?;
    Ok(config)
}

/// Where the sample desk writes its log: at the terminal it would stand between what is said there.
pub(crate) fn log_file(data_dir: &Path) -> PathBuf {
    data_dir.join("madoguchi.log")
}

/// Starts the sample desk and its callers; ends when the operator stops it.
pub(crate) async fn run(config: Config, data_dir: &Path) -> anyhow::Result<()> {
    let agents: Vec<_> = config
        .agents
        .iter()
        .map(|agent| agent.extension.clone())
        .collect();
    let lines: Vec<_> = config
        .lines
        .iter()
        .flat_map(|line| line.numbers.first().cloned())
        .collect();
    let mut signals = Signals::listen()?;
    let running = serve::start(Start {
        demo: true,
        program: serve::own_program(),
        ..Start::new(config, data_dir)
    })
    .await?;
    let desk = running
        .sip()
        .iter()
        .find(|listen| listen.transport == Transport::Udp);
    let Some(desk) = desk.map(|listen| listen.addr) else {
        anyhow::bail!("見本の設定に UDP の待受けがありません")
    };
    let web = running.web();
    let password = operator::one_time_password();
    people::add(running.store(), &password, running.live().now()).await?;
    phrases::add(running.store(), running.live().now()).await?;
    directories::add(running.store(), running.live().now()).await?;
    staffing::add(running.store(), running.live().now()).await?;
    // Before anything else of that month may be there.
    let settings = month_settings(running.live());
    month::add(running.store(), &settings, running.live().now()).await?;
    tickets::add(running.store(), running.live().now()).await?;
    add_faq(running.store(), running.live().now()).await?;
    let greeting = format!(
        "\n  窓口の見本を開始しました。\n\n    画面:          http://{web}/\n    \
         職員向けのFAQ: http://{web}/faq\n    電話(SIP):     {desk}\n\n  \
         次のログイン名で、役割ごとの画面を見られます(今回のパスワードはすべて {password} )。\n\n{}\n  \
         注意と異常は {log} に記録します。\n  \
         模擬の電話が数秒おきにかかります。終了するには Ctrl+C を押してください。\n\n",
        people::list(),
        log = log_file(data_dir).display(),
    );
    // Nobody may be looking.
    let _gone = std::io::stdout().write_all(greeting.as_bytes());
    let mut rng = StdRng::from_seed(rand::random());
    for extension in agents {
        let password = Some(PASSWORD.to_owned());
        let account = Account {
            user: extension,
            password,
            desk,
        };
        let seed = rng.random();
        tokio::spawn(async move {
            if let Err(error) = actors::agent(account, seed).await {
                tracing::warn!(%error, "a simulated agent's phone stopped");
            }
        });
    }
    let callers = tokio::spawn(call_again_and_again(desk, lines, rng));
    signals.stop().await;
    callers.abort();
    serve::stop(running, signals).await;
    Ok(())
}

/// What decides of a month's books here.
fn month_settings(live: &LiveDesk) -> MonthSettings {
    let setup = Desk::setup(live);
    MonthSettings {
        calendars: (*Desk::calendars(live)).clone(),
        categories: setup.categories.clone(),
        figures: setup.targets.figures(),
        sites: Sites::default(),
    }
}

/// Publishes the sample FAQ.
async fn add_faq(store: &Store, now: Instant) -> anyhow::Result<()> {
    let lines = FAQ.lines().map(serde_json::from_str::<Line>);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    import::keep(store, &lines, now).await?;
    Ok(())
}

async fn call_again_and_again(desk: SocketAddr, lines: Vec<String>, mut rng: StdRng) {
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(BETWEEN_CALLS_MS))).await;
        // Some are in the directory, some are not.
        let known = tickets::PEOPLE.get(rng.random_range(0..2 * tickets::PEOPLE.len()));
        let number = match known {
            Some([.., number]) => (*number).to_owned(),
            None => format!("03{:08}", rng.random_range(10_000_000..99_999_999_u32)),
        };
        let Some(line) = lines.get(rng.random_range(0..lines.len().max(1))).cloned() else {
            return;
        };
        let seed = rng.random();
        tokio::spawn(async move {
            if let Err(error) = actors::caller(desk, number, line, seed).await {
                tracing::warn!(%error, "a simulated caller stopped");
            }
        });
    }
}
