//! A desk to be started: its settings, in the words of the settings file.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use chrono::NaiveDateTime;
use madoguchi::config::Config;
use madoguchi::serve::{self, Start};
use madoguchi_core::clock::{Clock, SystemClock, TestClock};
use madoguchi_core::time::Instant;

use super::Desk;
use crate::{faq, process};

/// A desk to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Lines of `[[line]]`.
    pub line: String,
    /// Agents: id, and the port of a phone that needs no registration.
    pub agents: Vec<(String, Option<u16>)>,
    /// More settings of `[sip]`.
    pub sip: String,
    /// SIP is heard over TLS, too.
    pub tls: bool,
    /// More sections of the settings file, before the line.
    pub more: String,
    /// More settings of `[web]`, and sections within it.
    pub web: String,
    /// Where the pages are; a free port if it is 0.
    pub web_port: u16,
    /// Which calls come from a trunk.
    pub trunk: String,
    /// What the clock shows, and whether it runs.
    pub clock: (String, bool),
    /// The name of this node; nodes of one store have different ones.
    pub node: String,
    /// A node that shows no sign of life for so long is gone.
    pub node_lease_s: u32,
    /// The database; SQLite in a folder of the test's if none is given.
    pub store_url: Option<String>,
    /// Agents are 受付可 at the start.
    pub ready: bool,
    /// The desk has the sample FAQ, and its portal is open to this machine.
    pub faq: bool,
    /// The desk keeps its own articles and searches them.
    pub knowledge: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            line: String::new(),
            agents: Vec::new(),
            sip: String::new(),
            tls: false,
            more: String::new(),
            web: String::new(),
            web_port: 0,
            trunk: "sources = [{ net = \"127.0.0.1/32\" }]".to_owned(),
            clock: ("2026-11-24T10:00:00".to_owned(), true),
            node: "node1".to_owned(),
            node_lease_s: 10,
            store_url: None,
            ready: true,
            faq: false,
            knowledge: false,
        }
    }
}

impl Setup {
    /// Adds an agent whose phone listens on a port.
    #[must_use]
    pub fn agent(mut self, id: &str, port: u16) -> Self {
        self.agents.push((id.to_owned(), Some(port)));
        self
    }

    /// Adds an agent whose phone registers.
    #[must_use]
    pub fn registering_agent(mut self, id: &str) -> Self {
        self.agents.push((id.to_owned(), None));
        self
    }

    /// Adds a setting of the line.
    #[must_use]
    pub fn line(mut self, setting: &str) -> Self {
        self.line.push_str(setting);
        self.line.push('\n');
        self
    }

    /// Adds a setting of `[sip]`.
    #[must_use]
    pub fn sip(mut self, setting: &str) -> Self {
        self.sip.push_str(setting);
        self.sip.push('\n');
        self
    }

    /// Lets SIP be heard over TLS with the certificate in this folder.
    #[must_use]
    pub fn encrypted(mut self, folder: &Path) -> Self {
        self.tls = true;
        let file = |name: &str| folder.join(name).display().to_string();
        let (certificate, key) = (file("desk.crt"), file("desk.key"));
        self.sip(&format!(
            "certificate = \"{certificate}\"\ncertificate_key = \"{key}\""
        ))
    }

    /// Adds sections outside the line.
    #[must_use]
    pub fn more(mut self, settings: &str) -> Self {
        self.more.push_str(settings);
        self.more.push('\n');
        self
    }

    /// Adds settings of `[web]`.
    #[must_use]
    pub fn web(mut self, settings: &str) -> Self {
        self.web.push_str(settings);
        self.web.push('\n');
        self
    }

    /// The clock shows what this machine's does, as peers need it that have no other.
    #[must_use]
    pub fn at_real_time(self) -> Self {
        let now = SystemClock.now().in_tokyo().naive_local();
        self.running_from(&now.format("%Y-%m-%dT%H:%M:%S").to_string())
    }

    /// Gives the desk the sample FAQ, searched by words alone, and opens its portal to this machine.
    #[must_use]
    pub fn with_faq(mut self) -> Self {
        self.faq = true;
        self.searching(
            "phone = \"03-9999-0000\"\ninquiry_form = true\n\
             [[portal.site]]\nname = \"本部\"\nnetworks = [\"127.0.0.0/8\"]\nnumbers = [\"0312\"]",
        )
    }

    /// Lets the desk search its own articles, and opens its portal to this machine.
    #[must_use]
    pub fn with_knowledge(self) -> Self {
        self.searching("")
    }

    fn searching(mut self, portal: &str) -> Self {
        self.knowledge = true;
        // Built once on this machine.
        let dictionary = std::env::temp_dir().join("madoguchi-dictionary");
        self.more(&format!(
            "[knowledge]\ndictionary = \"{}\"\nencoder = \"none\"\n[portal]\nnetworks = [\"127.0.0.0/8\"]\n{portal}",
            dictionary.display()
        ))
    }

    /// Sets the clock; it stands still.
    #[must_use]
    pub fn standing_at(mut self, time: &str) -> Self {
        self.clock = (time.to_owned(), false);
        self
    }

    /// Sets the clock; it runs.
    #[must_use]
    pub fn running_from(mut self, time: &str) -> Self {
        self.clock = (time.to_owned(), true);
        self
    }

    /// The settings as a file has them.
    pub fn toml(&self, sip_port: u16, web_port: u16) -> String {
        let mut text = String::new();
        let mut add = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        add(&format!(
            "node = \"{}\"\nnode_lease_s = {}",
            self.node, self.node_lease_s
        ));
        if let Some(url) = &self.store_url {
            add(&format!("[store]\nurl = \"{url}\""));
        }
        let grace = if self.sip.contains("stop_grace_s") {
            ""
        } else {
            "stop_grace_s = 1\n"
        };
        let tls = if self.tls {
            ", \"tls://127.0.0.1:0\""
        } else {
            ""
        };
        add(&format!(
            "[sip]\nlisten = [\"udp://127.0.0.1:{sip_port}\", \"udp://[::1]:{sip_port}\", \
             \"tcp://127.0.0.1:{sip_port}\"{tls}]\n\
             {grace}{}",
            self.sip
        ));
        add(&self.more);
        add(&format!(
            "[web]\nlisten = \"127.0.0.1:{web_port}\"\n{}",
            self.web
        ));
        add("[[line]]\nname = \"help\"\nnumbers = [\"5000\"]");
        for (name, value) in [
            ("greeting", "false"),
            ("wrap_up_s", "0"),
            ("ring_timeout_s", "5"),
        ] {
            if !self.line.contains(name) {
                add(&format!("{name} = {value}"));
            }
        }
        add(&self.line);
        for (n, (id, port)) in self.agents.iter().enumerate() {
            let extension = 201 + n;
            add(&format!(
                "[[agent]]\nid = \"{id}\"\nname = \"{id}\"\nextension = \"{extension}\"\n\
                 lines = [\"help\"]\npassword = \"secret-{id}\"\nready_at_start = {}",
                self.ready
            ));
            if let Some(port) = port {
                add(&format!("contact = \"sip:{extension}@127.0.0.1:{port}\""));
            }
        }
        add(&format!("[[trunk]]\nname = \"carrier\"\n{}", self.trunk));
        text
    }

    /// The same desk, on the node of this name.
    #[must_use]
    pub fn on_node(&self, node: &str) -> Self {
        let with_node = Self {
            node: node.to_owned(),
            ..self.clone()
        };
        if with_node.web.contains("key_file") {
            return with_node;
        }
        with_node.web(&format!("key_file = \"{}\"", shared_key().display()))
    }

    /// Starts the desk.
    pub async fn start(&self) -> anyhow::Result<Desk> {
        self.start_in(tempfile::tempdir()?).await
    }

    /// Starts the desk where another may have left its data.
    pub async fn start_in(&self, folder: tempfile::TempDir) -> anyhow::Result<Desk> {
        let config = Config::parse(&self.toml(0, self.web_port), Path::new("test.toml"))?;
        config.check()?;
        let local: NaiveDateTime = self.clock.0.parse()?;
        let now = Instant::from_tokyo(local);
        let clock = Arc::new(if self.clock.1 {
            TestClock::running_from(now)
        } else {
            TestClock::standing_at(now)
        });
        let start = Start {
            clock: clock.clone(),
            knowledge: self.knowledge,
            program: Some(process::program().to_owned()),
            certificates_every: Duration::from_millis(100),
            ..Start::new(config, folder.path())
        };
        let running = serve::start(start).await?;
        let sip = running
            .sip()
            .first()
            .context("SIP is heard somewhere")?
            .addr;
        let desk = Desk {
            running,
            sip,
            clock,
            folder,
        };
        if self.faq {
            faq::publish(&desk).await?;
        }
        Ok(desk)
    }
}

/// The key that all nodes of a desk have.
fn shared_key() -> &'static Path {
    static KEY: OnceLock<tempfile::NamedTempFile> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut file = tempfile::NamedTempFile::new().expect("a key can be written");
        file.write_all(&[7; 32]).expect("a key can be written");
        file
    });
    key.path()
}
