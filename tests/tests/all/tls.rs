//! Pages over TLS: what they say, what a browser makes of them, and how a renewed certificate is
//! taken up.

use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::access::Role;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::certificate::Certificate;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::walker::Walker;
use reqwest::StatusCode;
use tempfile::TempDir;

/// A desk with a certificate, and the folder in which that is.
async fn desk(certificate: &Certificate) -> anyhow::Result<(Desk, TempDir)> {
    let folder = tempfile::tempdir()?;
    certificate.write(folder.path())?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let settings = format!(
        "certificate = \"{}\"\ncertificate_key = \"{}\"",
        file("desk.crt"),
        file("desk.key")
    );
    let desk = Setup::default().web(&settings).start().await?;
    Ok((desk, folder))
}

fn client(authority: &str) -> anyhow::Result<reqwest::Client> {
    let authority = reqwest::Certificate::from_pem(authority.as_bytes())?;
    let client = madoguchi_tests::http_client()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([authority])
        .no_proxy();
    Ok(client.build()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cookies_and_headers_are_bound_to_encrypted_connections() -> anyhow::Result<()> {
    let certificate = Certificate::self_signed()?;
    let (desk, _folder) = desk(&certificate).await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let here = format!("https://{}", desk.web());
    let client = client(&certificate.authority)?;
    let page = client.get(format!("{here}/sign-in")).send().await?;
    ensure!(page.status() == StatusCode::OK, "{page:?}");
    let hsts = page.headers().get("strict-transport-security");
    ensure!(
        hsts.context("HSTS")?
            .to_str()?
            .starts_with("max-age=31536000")
    );
    let form = page.headers()["set-cookie"].to_str()?.to_owned();
    ensure!(form.contains("; Secure"), "{form}");
    let html = page.text().await?;
    let (_, token) = html
        .split_once("name=\"_csrf\" value=\"")
        .context("a token")?;
    let token = token.split('"').next().unwrap_or_default();
    let answer = client
        .post(format!("{here}/sign-in"))
        .header("cookie", form.split(';').next().unwrap_or_default())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("login=boss&password={password}&_csrf={token}"))
        .send()
        .await?;
    ensure!(answer.status() == StatusCode::SEE_OTHER, "{answer:?}");
    let cookie = answer.headers()["set-cookie"].to_str()?;
    ensure!(cookie.starts_with("__Host-madoguchi="), "{cookie}");
    for wanted in ["; Secure", "; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        ensure!(cookie.contains(wanted), "{wanted} in {cookie}");
    }
    ensure!(!cookie.contains("Domain"), "{cookie}");
    let session = cookie.split(';').next().unwrap_or_default();
    let board = client
        .get(format!("{here}/board"))
        .header("cookie", session);
    ensure!(board.send().await?.status() == StatusCode::OK);
    // Whoever comes without TLS gets no page.
    let plain = madoguchi_tests::http_client().tls_certs_only([]).no_proxy();
    let plain = plain.build()?.get(format!("http://{}/sign-in", desk.web()));
    ensure!(plain.send().await.is_err());
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_over_tls_and_sees_the_live_board() -> anyhow::Result<()> {
    let (desk, _folder) = desk(&Certificate::self_signed()?).await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    let browser = Browser::start_with(1280, 800, &["--ignore-certificate-errors"]).await?;
    let client = &browser.client;
    let here = format!("https://{}", desk.web());
    browser.sign_in_at(&here, "boss", &password).await?;
    until_shown(client, "お待ちの方はいません").await?;
    let script = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
    let protocol = client.execute(script, Vec::new()).await?;
    ensure!(protocol == "h2", "{protocol}");
    let cookies = client.get_all_cookies().await?;
    let session = cookies
        .iter()
        .find(|cookie| cookie.name() == "__Host-madoguchi");
    ensure!(session.context("a session")?.secure() == Some(true));
    client.clone().close().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_taken_up_without_a_restart() -> anyhow::Result<()> {
    let (old, new) = (Certificate::self_signed()?, Certificate::self_signed()?);
    let (desk, folder) = desk(&old).await?;
    let page = format!("https://{}/sign-in", desk.web());
    let sees = async |trusted: &Certificate| {
        let seen = Walker::new(&[&trusted.authority])?.open(&page).await;
        anyhow::Ok(seen.is_ok_and(|seen| seen.status == StatusCode::OK))
    };
    ensure!(sees(&old).await? && !sees(&new).await?);
    // Half of a renewal, or a damaged one, changes nothing.
    std::fs::write(folder.path().join("desk.crt"), &new.pem)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!(sees(&old).await?, "the key does not fit yet");
    new.write(folder.path())?;
    for _ in 0..100 {
        if sees(&new).await? {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(sees(&new).await? && !sees(&old).await?);
    std::fs::write(folder.path().join("desk.crt"), "damaged")?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    ensure!(sees(&new).await?, "the last good one stays");
    desk.end().await?;
    Ok(())
}
