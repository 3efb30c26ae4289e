//! `make run`: what the sample desk says at the terminal.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_tests::process::program;
use madoguchi_tests::{free_port, http_client};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

type Outcome = anyhow::Result<()>;

fn start(folder: &Path, web: u16, sip: u16) -> anyhow::Result<Child> {
    let mut command = Command::new(program());
    command.arg("--data-dir").arg(folder.join("data"));
    command.args(["demo", "--web-port", &web.to_string()]);
    command.args(["--sip-port", &sip.to_string()]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command.spawn()?)
}

/// Whether there is a word of Japanese in every line that says anything.
fn is_japanese(text: &str) -> bool {
    let says = |line: &&str| !line.trim().is_empty();
    let mut lines = text.lines().filter(says);
    lines.all(|line| line.chars().any(|letter| letter >= '\u{3040}'))
}

/// What it says that does not start.
async fn refusal(web: u16, sip: u16) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let output = start(folder.path(), web, sip)?.wait_with_output();
    let output = tokio::time::timeout(Duration::from_secs(60), output).await;
    let output = output.context("the sample desk goes on")??;
    ensure!(!output.status.success() && output.stdout.is_empty());
    Ok(String::from_utf8(output.stderr)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_in_japanese_with_the_option_that_helps() -> Outcome {
    let pages = TcpListener::bind(("127.0.0.1", 0))?;
    let told = refusal(pages.local_addr()?.port(), free_port()).await?;
    ensure!(told.contains("--web-port") && is_japanese(&told), "{told}");
    ensure!(
        told.lines().count() == 1 && !told.contains("os error"),
        "{told}"
    );
    drop(pages);
    let phones = UdpSocket::bind(("127.0.0.1", 0))?;
    let told = refusal(free_port(), phones.local_addr()?.port()).await?;
    ensure!(told.contains("--sip-port") && is_japanese(&told), "{told}");
    ensure!(
        told.lines().count() == 1 && !told.contains("os error"),
        "{told}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_desk_says_where_its_pages_are_and_nothing_but_japanese() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (web, sip) = (free_port(), free_port());
    let mut desk = start(folder.path(), web, sip)?;
    let mut lines = BufReader::new(desk.stdout.take().context("piped")?).lines();
    let mut said = String::new();
    while !said.contains("Ctrl+C") {
        let line = tokio::time::timeout(Duration::from_secs(120), lines.next_line());
        let line = line.await??.context("the sample desk ended")?;
        said.push_str(&line);
        said.push('\n');
    }
    for address in [
        format!("http://127.0.0.1:{web}/\n"),
        format!("http://127.0.0.1:{web}/faq\n"),
        format!("127.0.0.1:{sip}\n"),
    ] {
        ensure!(said.contains(&address), "{address}: {said}");
    }
    let portal = format!("http://127.0.0.1:{web}/faq");
    let portal = http_client().build()?.get(portal).send().await?;
    ensure!(portal.status().is_success(), "{portal:?}");
    // Calls come and go meanwhile.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let pid = desk.id().context("it runs")?.to_string();
    let told = Command::new("kill").args(["-s", "TERM", &pid]).status();
    ensure!(told.await?.success());
    while let Some(line) = lines.next_line().await? {
        said.push_str(&line);
        said.push('\n');
    }
    let mut errors = String::new();
    let mut stderr = desk.stderr.take().context("piped")?;
    stderr.read_to_string(&mut errors).await?;
    ensure!(is_japanese(&said) && errors.is_empty(), "{said}\n{errors}");
    ensure!(desk.wait().await?.success());
    let log = std::fs::read_to_string(folder.path().join("data/madoguchi.log"))?;
    ensure!(!log.contains('\u{1b}'), "colours in a file: {log}");
    Ok(())
}
