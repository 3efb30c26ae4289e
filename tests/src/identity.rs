//! A real identity provider: npm's `oidc-provider`, as a process (`tests/oidc/provider.mjs`).

use std::process::Stdio;

use anyhow::{Context, ensure};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::certificate::Certificate;
use crate::free_port;

/// Where the desk and the provider are, and how they know each other.
#[derive(Debug, Clone)]
pub struct Arrangement {
    /// The port of the desk's pages.
    pub desk_port: u16,
    /// The port of the provider.
    pub port: u16,
    /// The provider serves over TLS.
    pub certificate: Option<Certificate>,
    /// The algorithm of its signatures.
    pub algorithm: &'static str,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self {
            desk_port: free_port(),
            port: free_port(),
            certificate: None,
            algorithm: "RS256",
        }
    }
}

/// What the provider and the desk both know. Its signs have to be escaped on the way.
const SECRET: &str = "a secret of the tests: +/&=%";

impl Arrangement {
    /// The address of the desk.
    pub fn desk(&self) -> String {
        format!("http://127.0.0.1:{}", self.desk_port)
    }

    /// The address of the provider.
    pub fn issuer(&self) -> String {
        let scheme = self.certificate.as_ref().map_or("http", |_| "https");
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The desk's settings of the provider.
    pub fn settings(&self) -> String {
        format!(
            "[web.oidc]\nname = \"職員認証基盤\"\nissuer = \"{}\"\nclient_id = \"madoguchi\"\n\
             client_secret = \"{SECRET}\"\nredirect_url = \"{}\"",
            self.issuer(),
            self.redirect()
        )
    }

    fn redirect(&self) -> String {
        format!("{}/sign-in/oidc/callback", self.desk())
    }

    /// Starts the provider. Every time it has a new key.
    pub async fn start(&self) -> anyhow::Result<IdentityProvider> {
        let folder = env!("CARGO_MANIFEST_DIR");
        let settings = json!({
            "redirect": self.redirect(),
            "secret": SECRET,
            "port": self.port,
            "algorithm": self.algorithm,
            "certificate": self.certificate.as_ref().map(|certificate| &certificate.pem),
            "key": self.certificate.as_ref().map(|certificate| &certificate.key),
        });
        let mut child = Command::new("node")
            .args(["oidc/provider.mjs", &settings.to_string()])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("node did not start; run scripts/install-test.sh")?;
        let output = child.stdout.take().context("its output is ours")?;
        let mut lines = BufReader::new(output).lines();
        let first = lines.next_line().await?.unwrap_or_default();
        ensure!(
            first == self.issuer(),
            "the identity provider did not start; run scripts/install-test.sh: {first}"
        );
        Ok(IdentityProvider {
            child,
            _output: lines,
        })
    }
}

/// A running provider.
#[derive(Debug)]
pub struct IdentityProvider {
    child: Child,
    /// Whoever speaks to a closed pipe is ended.
    _output: Lines<BufReader<ChildStdout>>,
}

impl IdentityProvider {
    /// Ends it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}
