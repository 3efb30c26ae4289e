//! People and programs at the door of the pages, honest or not, each from an address of their own.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::visitor::Visitor;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};

/// A password that may be kept.
pub(crate) const PASSWORD: &str = "momo-kaki-nashi-budou";
/// An answer comes within this time, whatever else goes on.
const PATIENCE: Duration = Duration::from_secs(60);

/// The address of the attacker of this number among those of the pages.
pub(crate) fn attacker(n: usize) -> IpAddr {
    IpAddr::from([127, 5, (n / 200) as u8, (n % 200 + 1) as u8])
}

/// Speaks HTTP from an address, and follows nobody.
pub(crate) fn client(from: IpAddr) -> anyhow::Result<Client> {
    let client = madoguchi_tests::http_client()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .local_address(from);
    Ok(client.build()?)
}

/// Status, the address that is led to, and the text of the answer.
pub(crate) async fn answer(
    request: RequestBuilder,
) -> anyhow::Result<(StatusCode, String, String)> {
    let response = request.send().await?;
    let place = response.headers().get("location");
    let place = place.map_or(Ok(""), |place| place.to_str())?.to_owned();
    Ok((response.status(), place, response.text().await?))
}

/// Somebody new with a role, who is signed in and has changed the password to [`PASSWORD`].
pub(crate) async fn user(desk: &DeskProcess, login: &str, role: &str) -> anyhow::Result<Visitor> {
    let add = ["account", "add", login, "--name", login, "--role", role];
    let first = desk.command(&add).await?;
    let mut visitor = Visitor::sign_in(desk.web, login, first.trim()).await?;
    let body = format!("current={}&new={PASSWORD}&again={PASSWORD}", first.trim());
    let page = "/account/password";
    let changed = visitor.submit(page, page, &body).await?;
    ensure!(
        changed.status == StatusCode::SEE_OTHER,
        "{}",
        changed.text()
    );
    Ok(visitor)
}

/// A token of somebody's with one scope.
pub(crate) async fn token(desk: &DeskProcess, login: &str, scope: &str) -> anyhow::Result<String> {
    let make = ["account", "token", login, "--name", scope, "--scope", scope];
    Ok(desk.command(&make).await?.trim().to_owned())
}

/// What the desk counts under this name with this label, for somebody with a token.
pub(crate) async fn counted(
    desk: &DeskProcess,
    token: &str,
    name: &str,
    reason: &str,
) -> anyhow::Result<u64> {
    let url = format!("http://{}/metrics", desk.web);
    let request = client(attacker(0))?.get(url).bearer_auth(token);
    let (status, _, text) = answer(request).await?;
    ensure!(status == StatusCode::OK, "{status}: {text}");
    let start = format!("madoguchi_{name}_total{{reason=\"{reason}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(Ok(0), |count| count.parse().context("a count"))
}
