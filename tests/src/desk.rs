//! A whole desk within the test's process, with a clock in the test's hand.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chrono::NaiveDateTime;
use madoguchi::config::Config;
use madoguchi::live::LiveDesk;
use madoguchi::serve::{self, Running, Start};
use madoguchi_core::access::Role;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::call::CallRecord;
use madoguchi_core::clock::{Clock, SystemClock, TestClock};
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::id::CallId;
use madoguchi_core::live::{AgentState, AgentView};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_endpoint::settings::{Listen, Transport};
use madoguchi_store::{AuditFilter, CallFilter};
use madoguchi_web::Desk as _;
use madoguchi_web::operator::{self, NewAccount};

use crate::faq;

/// How long a test waits for something that should come at once or after a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A desk to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Lines of `[[line]]`.
    pub line: String,
    /// Agents: id, and the port of a phone that needs no registration.
    pub agents: Vec<(String, Option<u16>)>,
    /// More settings of `[sip]`.
    pub sip: String,
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
        add(&format!(
            "[sip]\nlisten = [\"udp://127.0.0.1:{sip_port}\", \"udp://[::1]:{sip_port}\", \
             \"tcp://127.0.0.1:{sip_port}\"]\n\
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

/// A running desk.
pub struct Desk {
    running: Running,
    /// Where SIP is heard over UDP.
    pub sip: SocketAddr,
    /// The clock in the test's hand.
    pub clock: Arc<TestClock>,
    /// Where its files are.
    pub folder: tempfile::TempDir,
}

impl Desk {
    /// Where pages and API are.
    pub fn web(&self) -> SocketAddr {
        self.running.web()
    }

    /// Where SIP is heard over TCP.
    pub fn sip_tcp(&self) -> anyhow::Result<SocketAddr> {
        let tcp = |listen: &&Listen| listen.transport == Transport::Tcp;
        Ok(self
            .running
            .sip()
            .iter()
            .find(tcp)
            .context("SIP is heard over TCP, too")?
            .addr)
    }

    /// Where SIP is heard over UDP and IPv6.
    pub fn sip_v6(&self) -> anyhow::Result<SocketAddr> {
        let v6 = |listen: &&Listen| listen.addr.is_ipv6();
        Ok(self
            .running
            .sip()
            .iter()
            .find(v6)
            .context("SIP is heard over IPv6, too")?
            .addr)
    }

    /// Adds a user with these roles; gives the password, which need not be changed.
    pub async fn add_user(
        &self,
        login: &str,
        roles: &[Role],
        agent: Option<&str>,
    ) -> anyhow::Result<String> {
        let password = operator::one_time_password();
        self.add_user_with(login, roles, agent, &password).await?;
        Ok(password)
    }

    /// Adds a user with this password, which need not be changed.
    pub async fn add_user_with(
        &self,
        login: &str,
        roles: &[Role],
        agent: Option<&str>,
        password: &str,
    ) -> anyhow::Result<()> {
        let account = NewAccount {
            login,
            name: login,
            roles,
            agent,
            password,
            must_change: false,
        };
        operator::add_account(self.running.store(), &account, self.clock.now()).await?;
        Ok(())
    }

    /// The newest audit record of an action, when there is one.
    pub async fn until_recorded(&self, action: Action) -> anyhow::Result<AuditEntry> {
        let filter = AuditFilter {
            action: Some(action),
            limit: 1,
            ..AuditFilter::default()
        };
        for _ in 0..500 {
            if let Some(record) = self.store().list_audit(&filter).await?.pop() {
                return Ok(record.entry);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("nothing was recorded")
    }

    /// The calls that a filter lets through, when the store has some.
    pub async fn wait_for_store(&self, filter: &CallFilter) -> anyhow::Result<Vec<CallRecord>> {
        for _ in 0..200 {
            let calls = self.store().list_calls(filter).await?.calls;
            if !calls.is_empty() {
                return Ok(calls);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("no call has come to the store")
    }

    /// The store of the desk.
    pub fn store(&self) -> &madoguchi_store::Store {
        self.running.store()
    }

    /// The desk as pages see it.
    pub fn live(&self) -> &LiveDesk {
        self.running.live()
    }

    /// The figures of the running day.
    pub fn figures(&self) -> Figures {
        self.running.live().today().total
    }

    /// The agents as the board shows them.
    pub fn agents(&self) -> Vec<AgentView> {
        self.running.live().snapshot().agents.clone()
    }

    /// One agent's state.
    pub fn agent(&self, id: &str) -> AgentState {
        let agents = self.agents();
        let found = agents.into_iter().find(|agent| agent.agent.as_str() == id);
        found.map_or(AgentState::LoggedOut, |agent| agent.state)
    }

    /// Asks for a state of an agent.
    pub async fn command(&self, id: &str, command: madoguchi_core::live::AgentCommand) -> bool {
        self.running.live().command(id.into(), command).await
    }

    /// Waits until the figures are as wanted.
    pub async fn until(
        &self,
        what: &str,
        wanted: impl Fn(&Figures) -> bool,
    ) -> anyhow::Result<Figures> {
        self.wait(what, || {
            Some(self.figures()).filter(|figures| wanted(figures))
        })
        .await
    }

    /// Waits until an agent is in a state.
    pub async fn until_agent(&self, id: &str, state: AgentState) -> anyhow::Result<()> {
        let what = format!("{id} is {state:?}");
        self.wait(&what, || (self.agent(id) == state).then_some(()))
            .await
    }

    /// Waits until `look` sees something.
    pub async fn wait<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> anyhow::Result<T> {
        let seen = async {
            loop {
                if let Some(seen) = look() {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, seen).await {
            Ok(seen) => Ok(seen),
            Err(_) => bail!(
                "in vain: {what}\n{:#?}\n{:#?}",
                self.figures(),
                self.agents()
            ),
        }
    }

    /// Stops the desk; gives where its data are.
    pub async fn stop(self) -> tempfile::TempDir {
        self.running.stop().await;
        self.folder
    }

    /// The events of all calls, call by call, as the store has them. Ends the desk, and fails if
    /// it left anything behind: a waiting caller, a reserved agent, a gap in the events, figures
    /// that differ from a fold of the store.
    pub async fn end(self) -> anyhow::Result<Vec<Vec<CallEvent>>> {
        // The last events may still be on their way to the board and the store.
        let mut histories = self.check().await;
        for _ in 0..100 {
            if histories.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            histories = self.check().await;
        }
        let histories = histories?;
        self.running.stop().await;
        Ok(histories)
    }

    async fn check(&self) -> anyhow::Result<Vec<Vec<CallEvent>>> {
        let snapshot = self.running.live().snapshot();
        let busy =
            |agent: &AgentView| matches!(agent.state, AgentState::Ringing | AgentState::Talking);
        let quiet = snapshot.waiting.is_empty() && !snapshot.agents.iter().any(busy);
        ensure!(quiet, "something is left behind: {snapshot:#?}");
        ensure!(
            self.running.live().status().backlog == 0,
            "events wait in the journal"
        );
        let live = self.figures();
        let store = self.running.store().clone();
        let all = CallFilter {
            limit: 100_000,
            ..CallFilter::default()
        };
        let mut folded = Figures::default();
        let mut histories = Vec::new();
        let today = self.clock.now().date();
        for call in store.list_calls(&all).await?.calls.iter().rev() {
            let events = store.events_of(&call.call).await?;
            check_history(&call.call, &events)?;
            let record = CallRecord::fold(&events).context("a call begins")?;
            ensure!(record == *call, "the list shows what the events tell");
            if record.arrived_at.date() == today {
                folded.add(&record, FiguresSettings::default());
            }
            histories.push(events);
        }
        ensure!(
            folded == live,
            "live figures equal the fold:\n{folded:#?}\n{live:#?}"
        );
        Ok(histories)
    }
}

/// Events are numbered without gaps, time does not run backwards, and the call has ended.
fn check_history(call: &CallId, events: &[CallEvent]) -> anyhow::Result<()> {
    let mut last = Instant(i64::MIN);
    for (seq, event) in (0..).zip(events) {
        ensure!(event.seq == seq && event.at >= last, "{call}: {events:#?}");
        last = event.at;
    }
    let ended = events.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::Ended { .. } | EventKind::Abandoned { .. }
        )
    });
    ensure!(ended, "{call} has not ended: {events:#?}");
    Ok(())
}

/// The kinds of events of a call in short, for comparison.
pub fn story(events: &[CallEvent]) -> String {
    let mut text = String::new();
    for event in events {
        let word = match &event.kind {
            EventKind::Arrived { open: true, .. } => "arrived".to_owned(),
            EventKind::Arrived { open: false, .. } => "arrived-closed".to_owned(),
            EventKind::Accepted => "accepted".to_owned(),
            EventKind::Barred { reason } => format!("barred:{}", reason.as_str()),
            EventKind::Queued => "queued".to_owned(),
            EventKind::Ringing { agent } => format!("ring:{agent}"),
            EventKind::RingEnded { agent, outcome } => format!("{outcome:?}:{agent}"),
            EventKind::Answered { agent: Some(agent) } => format!("answered:{agent}"),
            EventKind::Answered { agent: None } => "answered".to_owned(),
            EventKind::Held { by } => format!("held:{by:?}"),
            EventKind::Resumed { by } => format!("resumed:{by:?}"),
            EventKind::Transferred { .. } => "transferred".to_owned(),
            EventKind::Abandoned { reason } => format!("abandoned:{}", reason.as_str()),
            EventKind::Ended { cause } => format!("ended:{cause:?}"),
            EventKind::WrapUpEnded { .. } => "wrapped-up".to_owned(),
            EventKind::Dialled { outside, .. } => format!("dialled:{outside}"),
            EventKind::Superseded { by } => format!("superseded:{by}"),
        };
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{word} ");
    }
    text.trim_end().to_owned()
}

/// So many seconds.
pub fn secs(secs: i64) -> Millis {
    Millis::from_secs(secs)
}
