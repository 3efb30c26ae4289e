//! Blind transfers that baresip asks for, as somebody at its keys would.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use madoguchi_core::live::AgentState;
use madoguchi_tests::desk::Desk;
use madoguchi_tests::free_port;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::caller;
use crate::rooms::{self, ROOMS, STAYS, Way};

const MODULES: &str = "/usr/lib/baresip/modules";

/// A phone that baresip plays, and the port at which it takes commands.
struct Softphone {
    _child: Child,
    _folder: tempfile::TempDir,
    control: TcpStream,
}

pub(crate) async fn run(callers: usize) -> anyhow::Result<Outcome> {
    let (desk, ports) =
        rooms::desk(Way::Softphone, |setup, name| setup.registering_agent(name)).await?;
    let colleagues = rooms::colleagues(Way::Softphone, &ports)?;
    let mut phones = Vec::new();
    for room in 0..ROOMS {
        phones.push(Softphone::start(&desk, &format!("a{room}")).await?);
    }
    let all = || {
        let agents = desk.agents();
        let mut ours = agents
            .iter()
            .filter(|view| view.agent.as_str().starts_with('a'));
        ours.all(|view| view.reachable).then_some(())
    };
    desk.wait("every baresip has registered", all).await?;
    let each = callers.div_ceil(ROOMS);
    let sip = desk.sip;
    let callers = async {
        let rooms = (0..ROOMS).map(|room| async move {
            let mut heard = Vec::new();
            for n in 0..each {
                let name = format!("baresip{room}x{n}");
                heard.push(caller::call(sip, &name, STAYS).await?);
            }
            Ok::<_, anyhow::Error>(heard)
        });
        futures::future::try_join_all(rooms).await
    };
    let hands = async {
        let hands = phones
            .iter_mut()
            .enumerate()
            .map(|(room, phone)| phone.hand_on_each(&desk, room));
        futures::future::try_join_all(hands).await
    };
    let heard = tokio::select! {
        heard = callers => heard?.concat(),
        failed = hands => return Err(failed.err().context("no phone ends by itself")?),
    };
    drop(phones);
    let what = Way::Softphone.what();
    rooms::finish(desk, colleagues, (what, heard), |record, events| {
        rooms::is_right(Way::Softphone, record, events)
    })
    .await
}

impl Softphone {
    async fn start(desk: &Desk, agent: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let extension = rooms::extension(desk, agent)?;
        let control = free_port();
        write_settings(folder.path(), desk, (agent, &extension), control)?;
        let child = Command::new("baresip")
            .args(["-f", &folder.path().to_string_lossy()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("baresip (Debian package baresip) did not start")?;
        for _ in 0..100 {
            if let Ok(control) = TcpStream::connect(("127.0.0.1", control)).await {
                return Ok(Self {
                    _child: child,
                    _folder: folder,
                    control,
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("baresip takes no commands")
    }

    /// Hands on every caller half a second after they were answered.
    async fn hand_on_each(&mut self, desk: &Desk, room: usize) -> anyhow::Result<()> {
        let (agent, colleague) = (format!("a{room}"), format!("b{room}"));
        let to = format!("sip:{}@{}", rooms::extension(desk, &colleague)?, desk.sip);
        let mut before = None;
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let agents = desk.agents();
            let view = agents.iter().find(|view| view.agent.as_str() == agent);
            let view = view.context("an agent")?;
            let talks = view.state == AgentState::Talking && view.call != before;
            if !talks {
                continue;
            }
            before.clone_from(&view.call);
            tokio::time::sleep(Duration::from_millis(500)).await;
            self.command("transfer", &to).await?;
        }
    }

    /// Sends a command, as its module for that understands them, and passes over what it says.
    async fn command(&mut self, name: &str, what: &str) -> anyhow::Result<()> {
        let body = format!("{{\"command\":\"{name}\",\"params\":\"{what}\"}}");
        let text = format!("{}:{body},", body.len());
        self.control.write_all(text.as_bytes()).await?;
        let mut said = [0; 65_535];
        let read = self.control.read(&mut said);
        // It tells of much else at the same place.
        let _said = tokio::time::timeout(Duration::from_millis(50), read).await;
        Ok(())
    }
}

fn write_settings(
    folder: &Path,
    desk: &Desk,
    (agent, extension): (&str, &str),
    control: u16,
) -> anyhow::Result<()> {
    let config = format!(
        "sip_listen 127.0.0.1:{sip}\nmodule_path {MODULES}\naudio_source ausine,400\n\
         audio_player aufile,{heard}\naudio_alert aufile,/dev/null\n\
         ctrl_tcp_listen 127.0.0.1:{control}\nmodule g711.so\nmodule ausine.so\nmodule aufile.so\n\
         module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n",
        sip = free_port(),
        heard = folder.join("heard.wav").display(),
    );
    std::fs::write(folder.join("config"), config)?;
    let account = format!(
        "<sip:{extension}@{};transport=udp>;auth_user={extension};auth_pass=secret-{agent};\
         answermode=auto;regint=60;audio_codecs=PCMU/8000/1\n",
        desk.sip
    );
    std::fs::write(folder.join("accounts"), account)?;
    std::fs::write(folder.join("contacts"), "")?;
    Ok(())
}
