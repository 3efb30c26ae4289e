//! A real Chromium, driven as a person would.

mod axe;
mod keyboard;
mod look;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::process::{Child, Command};

pub use self::look::Look;
use crate::free_port;

/// A browser and the process that drives it. Both end when it goes out of scope.
pub struct Browser {
    /// Drives the page.
    pub client: Client,
    /// Where the driver is.
    driver: SocketAddr,
    /// What the driver calls the browser.
    session: String,
    _driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser with a window of this size.
    pub async fn start(width: u32, height: u32) -> anyhow::Result<Self> {
        Self::start_with(width, height, &[]).await
    }

    /// Starts a browser with more arguments.
    pub async fn start_with(width: u32, height: u32, more: &[&str]) -> anyhow::Result<Self> {
        Self::launch(width, height, more, &json!({})).await
    }

    /// Starts a browser in which no page may run scripts.
    pub async fn start_without_scripts(width: u32, height: u32) -> anyhow::Result<Self> {
        let preferences = json!({ "profile.managed_default_content_settings.javascript": 2 });
        Self::launch(width, height, &[], &preferences).await
    }

    async fn launch(
        width: u32,
        height: u32,
        more: &[&str],
        preferences: &serde_json::Value,
    ) -> anyhow::Result<Self> {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver (Debian packages chromium and chromium-driver) did not start")?;
        let profile = tempfile::tempdir()?;
        let mut arguments = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let mut capabilities = serde_json::Map::new();
        capabilities.insert(
            "goog:chromeOptions".to_owned(),
            json!({ "args": arguments, "binary": "/usr/bin/chromium", "prefs": preferences }),
        );
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        // A machine that does much at once needs a while.
        for _ in 0..600 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            if let Ok(client) = builder
                .capabilities(capabilities.clone())
                .connect(&format!("http://{address}"))
                .await
            {
                let session = client.session_id().await?;
                return Ok(Self {
                    client,
                    driver: address,
                    session: session.context("the driver names no session")?,
                    _driver: driver,
                    _profile: profile,
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("chromium (Debian package chromium) did not start")
    }

    /// Opens a page of a desk.
    pub async fn open(&self, web: SocketAddr, path: &str) -> anyhow::Result<()> {
        Ok(self.client.goto(&format!("http://{web}{path}")).await?)
    }

    /// Clicks what a CSS selector finds, as soon as it is there.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        self.at_once(selector, async |found| found.click().await)
            .await
    }

    /// Fills in what a CSS selector finds, as soon as it is there.
    pub async fn fill_in(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        self.at_once(selector, async |field| field.clear().await)
            .await?;
        self.at_once(selector, async |field| field.send_keys(text).await)
            .await
    }

    /// Does something with what a CSS selector finds. Parts of a live page are replaced at any time: what was
    /// found and is not there any more, or not yet, is looked for again, as somebody with a mouse would.
    async fn at_once<T>(
        &self,
        selector: &str,
        act: impl AsyncFn(&Element) -> Result<T, CmdError>,
    ) -> anyhow::Result<T> {
        let mut last = None;
        for _ in 0..200 {
            let done = match self.client.find(Locator::Css(selector)).await {
                Ok(found) => act(&found).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(done) => return Ok(done),
                Err(error) if is_passing(&error) => last = Some(error),
                Err(error) => return Err(error).context(selector.to_owned()),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let last = last.context("it was tried")?;
        Err(last).with_context(|| format!("{selector} is not there"))
    }

    /// The text of what a CSS selector finds, as soon as it is there.
    pub async fn text(&self, selector: &str) -> anyhow::Result<String> {
        self.at_once(selector, async |found| found.text().await)
            .await
    }

    /// Ends the browser before what it looks at ends.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.client.clone().close().await?)
    }

    /// Waits until the page shows a text.
    pub async fn until_shown(&self, wanted: &str) -> anyhow::Result<()> {
        until_shown(&self.client, wanted).await
    }

    /// Waits until a script finds something true.
    pub async fn until_true(&self, script: &str) -> anyhow::Result<()> {
        let mut last = serde_json::Value::Null;
        for _ in 0..600 {
            // While a page gives way to another, nothing can be asked of it.
            match self.client.execute(script, Vec::new()).await {
                Ok(found) if found == true => return Ok(()),
                Ok(found) => last = found,
                Err(error) => last = json!(error.to_string()),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let source = self.client.source().await?;
        anyhow::bail!("never true, but {last}: {script}\n{source}")
    }

    /// Waits until the page at this path is open.
    pub async fn until_at(&self, path: &str) -> anyhow::Result<()> {
        for _ in 0..600 {
            if self.client.current_url().await?.path() == path {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let at = self.client.current_url().await?;
        anyhow::bail!("{path} was not opened, but {at}")
    }

    /// Signs in as a person does, and waits until the first page is there.
    pub async fn sign_in(
        &self,
        web: SocketAddr,
        login: &str,
        password: &str,
    ) -> anyhow::Result<()> {
        self.sign_in_at(&format!("http://{web}"), login, password)
            .await
    }

    /// Proves who is signed in once more, by the password.
    pub async fn prove(&self, web: SocketAddr, password: &str) -> anyhow::Result<()> {
        self.open(web, "/account/confirm?next=/account").await?;
        self.fill_in("#password", password).await?;
        self.click("form button.primary").await?;
        self.until_at("/account").await
    }

    /// Signs in at a desk with this address.
    pub async fn sign_in_at(&self, desk: &str, login: &str, password: &str) -> anyhow::Result<()> {
        self.client.goto(&format!("{desk}/sign-in")).await?;
        self.give_password(login, password).await
    }

    /// Signs in on the page that is open.
    pub async fn give_password(&self, login: &str, password: &str) -> anyhow::Result<()> {
        let client = &self.client;
        for (field, text) in [("login", login), ("password", password)] {
            let field = client.find(Locator::Id(field)).await?;
            field.send_keys(text).await?;
        }
        client
            .find(Locator::Css("form button.primary"))
            .await?
            .click()
            .await?;
        for _ in 0..600 {
            if !client.current_url().await?.path().starts_with("/sign-in") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("{login} cannot sign in:\n{}", client.source().await?)
    }
}

impl Drop for Browser {
    /// A driver that is killed leaves its browser behind, so it is asked to end it first; one that
    /// was closed is not there any more.
    fn drop(&mut self) {
        let Ok(mut driver) = TcpStream::connect(self.driver) else {
            return;
        };
        let request = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.session, self.driver
        );
        let _ended = driver
            .set_read_timeout(Some(Duration::from_secs(10)))
            .and_then(|()| driver.write_all(request.as_bytes()))
            // The answer comes when the browser has ended.
            .and_then(|()| driver.read(&mut [0; 64]));
    }
}

/// Whether what was asked for may be there a moment later.
fn is_passing(error: &CmdError) -> bool {
    let is_covered = matches!(error, CmdError::Standard(said) if said.error == ErrorStatus::ElementClickIntercepted);
    is_covered
        || error.is_no_such_element()
        || error.is_stale_element_reference()
        || error.is_element_not_interactable()
}

/// Waits until the page's text contains `wanted`.
pub async fn until_shown(client: &Client, wanted: &str) -> anyhow::Result<()> {
    let mut text = String::new();
    for _ in 0..600 {
        // While a page gives way to another, its parts cannot be read.
        if let Ok(shown) = main_text(client).await {
            text = shown;
        }
        if text.contains(wanted) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("「{wanted}」 is not shown:\n{text}")
}

async fn main_text(client: &Client) -> anyhow::Result<String> {
    Ok(client.find(Locator::Css("main")).await?.text().await?)
}
