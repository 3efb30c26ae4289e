//! A desk under attack: 20 honest calls a second go on while a test does its worst, and afterwards
//! every call was connected at once, the figures are exact and the memory is back.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::desk::Setup;
use crate::process::DeskProcess;
use crate::sipp::{Run, callee, caller};

/// Honest calls a second.
pub const RATE: u32 = 20;
/// The trunk of the honest callers speaks from here; 127.0.0.1 is where phones are.
pub const TRUNK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));
/// Strangers speak from here, or from any other address of 127.0.0.0/8.
pub const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 66));

/// Enough for calls of half a second at this rate, on a slow machine.
const AGENTS: usize = 60;
const TALK_MS: u64 = 500;
/// Calls before the attack, after which the memory is that of a desk at work.
const WARM_UP_SECS: u32 = 5;
const LONGEST_WAIT_MS: u64 = 1_000;
/// What may be left of an attack in memory.
const MEMORY_LEFT_KIB: u64 = 20 * 1_024;
/// Memory that moves less than this for so long is that of a desk that has started.
const STEADY_KIB: u64 = 512;
const STEADY_SECS: u32 = 8;
const STEADY_WITHIN_SECS: u32 = 90;
/// Within so long the memory is back: the longest timer that holds something of a stranger (32 s,
/// RFC 3261 timer H) and the time-outs of connections.
const MEMORY_WITHIN: Duration = Duration::from_secs(90);

/// Two attacks at once on a small machine would delay each other's honest calls.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Besieges a desk with these settings: `attack` runs beside `seconds` of honest calls. The desk
/// must still be as it was; then it is given back.
///
/// The trunk of the settings is replaced by one that speaks from [`TRUNK`], so that the attacker is
/// a stranger wherever else they speak from.
pub async fn siege(
    setup: Setup,
    seconds: u32,
    attack: impl AsyncFnOnce(&DeskProcess) -> anyhow::Result<()>,
) -> anyhow::Result<DeskProcess> {
    siege_of_calls(setup, seconds, 0, attack).await
}

/// The same, where so many calls are the attack's own: answered and counted like the honest ones.
pub async fn siege_of_calls(
    setup: Setup,
    seconds: u32,
    own_calls: u32,
    attack: impl AsyncFnOnce(&DeskProcess) -> anyhow::Result<()>,
) -> anyhow::Result<DeskProcess> {
    let _alone = ONE_AT_A_TIME.lock().await;
    let port = crate::free_port();
    let mut setup = (0..AGENTS).fold(setup, |setup, n| setup.agent(&format!("siege{n}"), port));
    setup.trunk = format!("sources = [{{ net = \"{TRUNK}/32\" }}]");
    let desk = DeskProcess::start(&setup).await?;
    let agents = callee().ring().answer().receive("BYE");
    let mut waiting = Run::wait(port).times(1_000_000, 10);
    waiting.timeout = Duration::from_secs(3_600);
    let agents = agents.start(&waiting)?;
    calls(&desk, WARM_UP_SECS)
        .await
        .context("before the attack")?;
    let before_kib = steady_kib(&desk).await?;
    let (called, attacked) = tokio::join!(calls(&desk, seconds), attack(&desk));
    attacked.context("the attack itself went wrong")?;
    called.context("honest calls during the attack")?;
    let all = u64::from(RATE * (WARM_UP_SECS + seconds) + own_calls);
    let figures = desk
        .until(
            "every honest call was answered, and nothing else counted",
            |today| {
                ["offered", "answered"]
                    .iter()
                    .all(|key| today.get(key) == Some(&all.into()))
            },
        )
        .await?;
    let longest = figures
        .get("max_wait_ms")
        .and_then(serde_json::Value::as_u64);
    let longest = longest.context("somebody waited")?;
    ensure!(longest < LONGEST_WAIT_MS, "a caller waited {longest} ms");
    until_memory_is_back(&desk, before_kib).await?;
    agents.kill().await?;
    Ok(desk)
}

/// So many seconds of honest calls, every one connected and ended well.
async fn calls(desk: &DeskProcess, seconds: u32) -> anyhow::Result<()> {
    let mut run = Run::call(desk.sip, "5000")
        .times(RATE * seconds, RATE)
        .from_address(TRUNK);
    run.timeout = Duration::from_secs(u64::from(seconds) + 40);
    let call = caller().invite().expect(200).ack().pause(TALK_MS).bye();
    call.start(&run)?.succeed().await
}

/// The memory when it grows no more: at the start the search builds its dictionary.
async fn steady_kib(desk: &DeskProcess) -> anyhow::Result<u64> {
    let (mut last, mut steady_secs) = (desk.own_kib()?, 0);
    for _ in 0..STEADY_WITHIN_SECS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = desk.own_kib()?;
        let moved = now.abs_diff(last) > STEADY_KIB;
        steady_secs = if moved { 0 } else { steady_secs + 1 };
        last = now;
        if steady_secs == STEADY_SECS {
            break;
        }
    }
    Ok(last)
}

async fn until_memory_is_back(desk: &DeskProcess, before_kib: u64) -> anyhow::Result<()> {
    let began = tokio::time::Instant::now();
    loop {
        let left_kib = desk.own_kib()?.saturating_sub(before_kib);
        if left_kib <= MEMORY_LEFT_KIB {
            return Ok(());
        }
        ensure!(
            began.elapsed() < MEMORY_WITHIN,
            "{left_kib} KiB more than before the attack are still held"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
