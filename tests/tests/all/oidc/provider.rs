//! The provider comes and goes, changes its keys, and is believed for good reasons alone.

use anyhow::ensure;
use fantoccini::Locator;
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_core::time::Millis;
use madoguchi_tests::browser::{Browser, until_shown};
use madoguchi_tests::certificate::Certificate;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::identity::Arrangement;
use madoguchi_tests::walker::Walker;
use reqwest::StatusCode;

use super::{add_user, desk};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_away_the_desk_starts_and_passwords_still_do() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let desk = desk(&arrangement, "").await?;
    let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    client
        .goto(&format!("{}/calls", arrangement.desk()))
        .await?;
    let button = Locator::LinkText("職員認証基盤でログイン");
    client.find(button).await?.click().await?;
    until_shown(client, "職員認証基盤に接続できません。しばらくしてから").await?;
    // The page that says so takes the password, and leads to where the person wanted to go.
    browser.give_password("boss", &password).await?;
    ensure!(client.current_url().await?.path() == "/calls");
    client.clone().close().await?;
    // It is found as soon as it is there: without a restart, after a short rest.
    let provider = arrangement.start().await?;
    desk.clock.run_from(desk.clock.now() + Millis::from_secs(6));
    let seen = Walker::new(&[])?
        .sign_in(&arrangement.desk(), "megumi")
        .await?;
    ensure!(
        seen.status == StatusCode::OK && seen.url.path() == "/board",
        "{seen:#?}"
    );
    // It goes away while somebody is there, and what was known of it is no help.
    let walker = Walker::new(&[])?;
    let back = walker.to_callback(&arrangement.desk(), "megumi").await?;
    provider.stop().await?;
    let seen = walker.open(&back).await?;
    ensure!(seen.status == StatusCode::SERVICE_UNAVAILABLE, "{seen:#?}");
    ensure!(
        seen.html.contains("職員認証基盤に接続できません"),
        "{seen:#?}"
    );
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_provider_is_taken_up() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, "").await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let seen = Walker::new(&[])?
        .sign_in(&arrangement.desk(), "megumi")
        .await?;
    ensure!(seen.url.path() == "/board", "{seen:#?}");
    provider.stop().await?;
    let provider = arrangement.start().await?;
    let seen = Walker::new(&[])?
        .sign_in(&arrangement.desk(), "megumi")
        .await?;
    ensure!(seen.url.path() == "/board", "{seen:#?}");
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_take_our_secret_is_not_believed() -> anyhow::Result<()> {
    let arrangement = Arrangement::default();
    let provider = arrangement.start().await?;
    let settings = arrangement.settings().replace("a secret", "another secret");
    let setup = Setup {
        web_port: arrangement.desk_port,
        ..Setup::default()
    };
    let desk = setup.at_real_time().web(&settings).start().await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let seen = Walker::new(&[])?
        .sign_in(&arrangement.desk(), "megumi")
        .await?;
    ensure!(seen.status == StatusCode::BAD_GATEWAY, "{seen:#?}");
    ensure!(seen.html.contains("応答を確認できなかった"), "{seen:#?}");
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_where_the_settings_name_it() -> anyhow::Result<()> {
    let certificate = Certificate::of_private_authority()?;
    let other = Certificate::of_private_authority()?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("ca.pem"), &certificate.authority)?;
    std::fs::write(file("other.pem"), &other.authority)?;
    let mut arrangement = Arrangement {
        certificate: Some(certificate.clone()),
        algorithm: "ES256",
        ..Arrangement::default()
    };
    let provider = arrangement.start().await?;
    let ca = |name: &str| format!("ca_file = \"{}\"", file(name).display());
    let stranger = desk(&arrangement, &ca("other.pem")).await?;
    let start = format!("{}/sign-in/oidc", arrangement.desk());
    let seen = Walker::new(&[])?.open(&start).await?;
    ensure!(seen.status == StatusCode::SERVICE_UNAVAILABLE, "{seen:#?}");
    stranger.end().await?;
    provider.stop().await?;

    arrangement.desk_port = Arrangement::default().desk_port;
    let provider = arrangement.start().await?;
    let desk = desk(&arrangement, &ca("ca.pem")).await?;
    add_user(&desk, "tanaka", "megumi").await?;
    let walker = Walker::new(&[&certificate.authority])?;
    let seen = walker.sign_in(&arrangement.desk(), "megumi").await?;
    ensure!(seen.url.path() == "/board", "{seen:#?}");
    provider.stop().await?;
    desk.end().await?;
    Ok(())
}
