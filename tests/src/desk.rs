//! A whole desk within the test's process, with a clock in the test's hand.

mod history;
mod setup;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use madoguchi::live::LiveDesk;
use madoguchi::serve::Running;
use madoguchi_core::access::Role;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::call::CallRecord;
use madoguchi_core::clock::{Clock, TestClock};
use madoguchi_core::event::CallEvent;
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::live::{AgentState, AgentView};
use madoguchi_core::time::Millis;
use madoguchi_endpoint::settings::{Listen, Transport};
use madoguchi_store::{AuditFilter, CallFilter};
use madoguchi_web::Desk as _;
use madoguchi_web::operator::{self, NewAccount};

use self::history::check_history;
pub use self::history::story;
pub use self::setup::Setup;

/// How long a test waits for something that should come at once or after a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);

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

    /// Where SIP is heard over TLS.
    pub fn sip_tls(&self) -> anyhow::Result<SocketAddr> {
        let tls = |listen: &&Listen| listen.transport == Transport::Tls;
        Ok(self
            .running
            .sip()
            .iter()
            .find(tls)
            .context("SIP is heard over TLS, too")?
            .addr)
    }

    /// Does what SIGHUP asks for.
    pub async fn reload(&self) {
        self.running.reload().await;
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

/// So many seconds.
pub fn secs(secs: i64) -> Millis {
    Millis::from_secs(secs)
}
