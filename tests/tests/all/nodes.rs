//! Two nodes on one PostgreSQL: one desk, whichever node a call, a page or an agent comes to.

use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::access::Role;
use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_store::Store;
use madoguchi_store::testing::PostgresServer;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::free_port;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::sipp::{Run, Sipp, callee, caller};
use madoguchi_tests::visitor::Visitor;
use madoguchi_web::operator::{self, NewAccount};
use serde_json::Value;

type Outcome = anyhow::Result<()>;

/// Two nodes of a desk, each with phones of its own for agents of its own.
struct Pair {
    server: PostgresServer,
    url: String,
    setups: [Setup; 2],
    ports: [u16; 2],
}

const AGENTS: usize = 12;

impl Pair {
    /// Agents a0 … answer at the first node's phones, b0 … at the second's.
    async fn new() -> anyhow::Result<Self> {
        let server = tokio::task::spawn_blocking(PostgresServer::start).await??;
        let url = server.new_database().await?;
        let ports = [free_port(), free_port()];
        let desk = Setup {
            store_url: Some(url.clone()),
            ..Setup::default()
        };
        let desk = desk.line("wrap_up_s = 0");
        // Every node knows all agents; who is rung where is decided by what they ask for.
        let desk = (0..AGENTS).fold(desk, |desk, n| desk.agent(&format!("a{n}"), ports[0]));
        let setups = ["first", "second"].map(|node| desk.on_node(node));
        Ok(Self {
            server,
            url,
            setups,
            ports,
        })
    }

    async fn start(&self) -> anyhow::Result<[DeskProcess; 2]> {
        let first = DeskProcess::start(&self.setups[0]).await?;
        let second = first.start_beside(&self.setups[1]).await?;
        Ok([first, second])
    }

    /// The phones of all agents: whoever rings them is answered.
    fn phones(&self) -> anyhow::Result<Sipp> {
        let agents = callee().ring().answer().receive("BYE");
        let mut run = Run::wait(self.ports[0]).times(100_000, 10);
        run.timeout = Duration::from_secs(600);
        agents.start(&run)
    }
}

/// So many calls that end by themselves after a moment.
async fn short_calls(desk: &DeskProcess, count: u32) -> Outcome {
    let call = caller().invite().expect(200).ack().pause(1_500).bye();
    let run = Run::call(desk.sip, "5000").times(count, 5);
    call.start(&run)?.succeed().await
}

/// So many calls that nobody ends.
fn long_calls(desk: &DeskProcess, count: u32) -> anyhow::Result<Sipp> {
    let call = caller().invite().expect(200).ack().pause(120_000);
    call.start(&Run::call(desk.sip, "5000").times(count, 20))
}

fn counts(figures: &Value) -> [u64; 5] {
    ["offered", "answered", "abandoned", "waiting", "recovered"]
        .map(|key| figures[key].as_u64().unwrap())
}

/// Both boards and the figures of the API show the same.
async fn all_show(desks: &[&DeskProcess], what: &str, wanted: [u64; 5]) -> Outcome {
    for desk in desks {
        desk.until(what, |today| counts(today) == wanted).await?;
        // The API counts what is in the database, where events come a moment after they are shown.
        let mut stats = desk.get("/api/v1/stats").await?;
        for _ in 0..200 {
            if counts(&stats) == wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            stats = desk.get("/api/v1/stats").await?;
        }
        ensure!(counts(&stats) == wanted, "{what}: {stats:#}");
    }
    Ok(())
}

async fn state_of(desk: &DeskProcess, agent: &str) -> anyhow::Result<String> {
    let agents = desk.get("/api/v1/agents").await?;
    let found = agents.as_array().into_iter().flatten();
    let mut found = found.filter(|entry| entry["agent"] == agent);
    let state = &found.next().context("there is such an agent")?["state"]["state"];
    Ok(state.as_str().unwrap_or_default().to_owned())
}

async fn until_state(desk: &DeskProcess, agent: &str, state: &str, within: Duration) -> Outcome {
    let began = tokio::time::Instant::now();
    loop {
        let found = state_of(desk, agent).await?;
        if found == state {
            return Ok(());
        }
        ensure!(began.elapsed() < within, "{agent} is {found}, not {state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Somebody who may set every agent's state, at a node's pages.
async fn chief(url: &str, desk: &DeskProcess) -> anyhow::Result<Visitor> {
    let store = Store::open(url).await?;
    let password = operator::one_time_password();
    let account = NewAccount {
        login: "chief",
        name: "chief",
        roles: &[Role::Supervisor],
        agent: None,
        password: &password,
        must_change: false,
    };
    operator::add_account(&store, &account, SystemClock.now()).await?;
    store.close().await;
    Visitor::sign_in(desk.web, "chief", &password).await
}

async fn set_state(visitor: &mut Visitor, agent: &str, command: &str) -> Outcome {
    let path = format!("/agents/{agent}/state");
    let answer = visitor
        .submit("/board", &path, &format!("command={command}"))
        .await?;
    ensure!(answer.status == 303, "{}", answer.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_board_shows_the_whole_desk_also_after_a_node_was_killed_and_is_back() -> Outcome {
    let pair = Pair::new().await?;
    let [mut first, second] = pair.start().await?;
    let phones = pair.phones()?;
    short_calls(&first, 20).await?;
    short_calls(&second, 15).await?;
    all_show(&[&first, &second], "35 calls", [35, 35, 0, 0, 0]).await?;
    first.kill_and_restart().await?;
    all_show(&[&first, &second], "after a restart", [35, 35, 0, 0, 0]).await?;
    short_calls(&first, 5).await?;
    short_calls(&second, 5).await?;
    all_show(&[&first, &second], "ten more", [45, 45, 0, 0, 0]).await?;
    phones.kill().await
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_killed_node_end_on_every_board_once_and_stay_so_when_it_is_back() -> Outcome {
    let pair = Pair::new().await?;
    let [mut first, second] = pair.start().await?;
    let third = first.start_beside(&pair.setups[1].on_node("third")).await?;
    let phones = pair.phones()?;
    let calls = long_calls(&first, AGENTS as u32 + 3)?;
    let talking = [AGENTS as u64 + 3, AGENTS as u64, 0, 3, 0];
    all_show(&[&first, &second, &third], "12 talk, 3 wait", talking).await?;
    let board = second.get("/api/v1/board").await?;
    let waiting = board["desk"]["waiting"].as_array().map(Vec::len);
    ensure!(waiting == Some(3), "the other node's callers: {board:#}");
    until_state(&second, "a0", "talking", Duration::from_secs(5)).await?;
    first.kill().await?;
    calls.kill().await?;
    let ended = [AGENTS as u64 + 3, AGENTS as u64, 3, 0, AGENTS as u64];
    all_show(&[&second, &third], "all have their end", ended).await?;
    until_state(&second, "a0", "ready", Duration::from_secs(5)).await?;
    let today = second.today().await?;
    ensure!(today["abandoned_by_reason"]["system_error"] == 3);
    first.restart().await?;
    all_show(&[&first, &second, &third], "it is back", ended).await?;
    short_calls(&first, 4).await?;
    let more = [ended[0] + 4, ended[1] + 4, 3, 0, ended[4]];
    all_show(&[&first, &second, &third], "four more", more).await?;
    phones.kill().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_true_ends_of_a_node_that_was_held_up_replace_those_that_another_one_set() -> Outcome {
    let pair = Pair::new().await?;
    let lease = |setup: &Setup| {
        let mut setup = setup.clone();
        setup.node_lease_s = 5;
        setup
    };
    let first = DeskProcess::start(&lease(&pair.setups[0])).await?;
    let second = first.start_beside(&lease(&pair.setups[1])).await?;
    let phones = pair.phones()?;
    // They hang up while the node is held up, and repeat it until somebody listens.
    let call = caller().invite().expect(200).ack().pause(6_000).bye();
    let mut run = Run::call(first.sip, "5000").times(4, 20);
    run.timeout = Duration::from_secs(60);
    let calls = call.start(&run)?;
    all_show(&[&first, &second], "four talk", [4, 4, 0, 0, 0]).await?;
    first.signal("STOP").await?;
    let what = "the other node has ended them";
    second.until(what, |today| today["recovered"] == 4).await?;
    first.signal("CONT").await?;
    calls.succeed().await?;
    all_show(&[&first, &second], "they ended in order", [4, 4, 0, 0, 0]).await?;
    let (here, there) = (first.today().await?, second.today().await?);
    ensure!(here == there, "{here:#}\n{there:#}");
    ensure!(
        here["avg_talk_ms"]
            .as_u64()
            .is_some_and(|talk| talk > 5_000)
    );
    phones.kill().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_refused_while_another_process_has_it_and_its_calls_go_on() -> Outcome {
    let pair = Pair::new().await?;
    let [first, second] = pair.start().await?;
    let phones = pair.phones()?;
    let calls = long_calls(&first, 4)?;
    all_show(&[&first, &second], "four talk", [4, 4, 0, 0, 0]).await?;
    let refusal = DeskProcess::refusal(&pair.setups[0]).await?;
    ensure!(refusal.contains("機械の名前「first」"), "{refusal}");
    let refusal = first.refusal_of_a_second(&pair.setups[0]).await?;
    ensure!(refusal.contains("データディレクトリ"), "{refusal}");
    all_show(&[&first, &second], "they talk on", [4, 4, 0, 0, 0]).await?;
    calls.kill().await?;
    phones.kill().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_logs_out_at_one_node_is_not_rung_at_the_other() -> Outcome {
    let pair = Pair::new().await?;
    let one = |setup: &Setup| Setup {
        agents: setup.agents[..2].to_vec(),
        ..setup.clone()
    };
    let (first, second) = (
        one(&pair.setups[0]).at_real_time().start().await?,
        one(&pair.setups[1]).at_real_time().start().await?,
    );
    ensure!(first.command("a0", AgentCommand::LogOut).await);
    second.until_agent("a0", AgentState::LoggedOut).await?;
    let reason = "昼休み".to_owned();
    let lunch = AgentState::Away {
        reason: reason.clone(),
    };
    ensure!(second.command("a1", AgentCommand::Away { reason }).await);
    first.until_agent("a1", lunch).await?;
    ensure!(second.command("a0", AgentCommand::Ready).await);
    first.until_agent("a0", AgentState::Ready).await?;
    let (first_folder, second_folder) = (first.stop().await, second.stop().await);
    drop((first_folder, second_folder));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_talks_at_one_node_is_not_rung_at_the_other() -> Outcome {
    let pair = Pair::new().await?;
    let mut setups = pair.setups.clone();
    for setup in &mut setups {
        setup.agents.truncate(1);
    }
    let first = DeskProcess::start(&setups[0]).await?;
    let second = first.start_beside(&setups[1]).await?;
    let phones = pair.phones()?;
    let talk = long_calls(&first, 1)?;
    all_show(&[&first, &second], "one talks", [1, 1, 0, 0, 0]).await?;
    until_state(&second, "a0", "talking", Duration::from_secs(3)).await?;
    // The one agent is busy: the caller at the other node waits, and their phone stays quiet.
    let waits = long_calls(&second, 1)?;
    all_show(&[&first, &second], "one waits", [2, 1, 0, 1, 0]).await?;
    let calls = second.get("/api/v1/calls?kind=waiting").await?;
    let id = calls["calls"][0]["call"].as_str().context("one waits")?;
    let call = second.get(&format!("/api/v1/calls/{id}")).await?;
    let rung = call["events"].to_string().contains("\"ringing\"");
    ensure!(!rung, "{call:#}");
    talk.kill().await?;
    waits.kill().await?;
    phones.kill().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_the_page_has_confirmed_survives_a_kill_at_that_moment() -> Outcome {
    let pair = Pair::new().await?;
    let mut first = DeskProcess::start(&pair.setups[0]).await?;
    let mut chief = chief(&pair.url, &first).await?;
    for (command, state) in [
        ("log_out", "logged_out"),
        ("ready", "ready"),
        ("away", "away"),
    ] {
        set_state(&mut chief, "a0", command).await?;
        first.kill_and_restart().await?;
        let found = state_of(&first, "a0").await?;
        ensure!(found == state, "{command}: {found}");
    }
    // Also if the store never heard of it. This run has seen the visitor before.
    chief.get("/board").await?;
    tokio::task::block_in_place(|| pair.server.stop())?;
    set_state(&mut chief, "a1", "log_out").await?;
    first.kill().await?;
    tokio::task::block_in_place(|| pair.server.start_again())?;
    first.restart().await?;
    let found = state_of(&first, "a1").await?;
    ensure!(found == "logged_out", "{found}");
    Ok(())
}
