//! What carriers tell of callers, from the INVITE to the screen: a number that is withheld leaves
//! no trace, and why there is none is kept and shown.

use anyhow::ensure;
use madoguchi_core::access::Role;
use madoguchi_core::event::EventKind;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::visitor::Visitor;

type Outcome = anyhow::Result<()>;

/// What a carrier knows, and nobody else may.
const SECRET: &str = "451112222";

/// One call with this From and these header lines, hung up by the caller.
async fn call(peer: &Peer, n: usize, from: &str, more: &str) -> Outcome {
    let id = format!("carrier{n}");
    let invite = String::from_utf8(peer.request("INVITE", "5000", &id, 1, more))?;
    let lines = invite
        .split("\r\n")
        .map(|line| match line.split_once(": ") {
            Some(("From", _)) => format!("From: {from};tag=f{id}"),
            _ => line.to_owned(),
        });
    let invite = lines.collect::<Vec<_>>().join("\r\n");
    peer.send(invite.as_bytes()).await?;
    let accepted = peer.final_response().await?;
    ensure!(accepted.status == 200, "{}", accepted.status);
    peer.send(&peer.in_dialog("ACK", &accepted, 1)?).await?;
    peer.send(&peer.in_dialog("BYE", &accepted, 2)?).await?;
    ensure!(peer.final_response().await?.status == 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_number_leaves_no_trace_and_the_reason_is_shown() -> Outcome {
    let desk = Setup::default().start().await?;
    let password = desk.add_user("chief", &[Role::Supervisor], None).await?;
    let peer = Peer::new(desk.sip).await?;
    let asserted = format!("P-Asserted-Identity: <tel:+81{SECRET};isub={SECRET}>\r\n");
    let anonymous = "<sip:anonymous@anonymous.invalid>";
    let calls = [
        (
            format!("\"Anonymous\" {anonymous}"),
            format!("{asserted}Privacy: id\r\n"),
        ),
        (
            format!("<sip:0{SECRET}@carrier.example>"),
            format!("{asserted}privacy: user;ID\r\n"),
        ),
        (
            "\"Unavailable\" <sip:unavailable@unknown.invalid>".to_owned(),
            String::new(),
        ),
        (
            format!("\"Interaction with other service\" {anonymous}"),
            String::new(),
        ),
        (format!("\"Coin line/payphone\" {anonymous}"), String::new()),
        (
            "<sip:03-9876-5432;isub=77;cpc=ordinary@carrier.example>".to_owned(),
            String::new(),
        ),
    ];
    for (n, (from, more)) in calls.iter().enumerate() {
        call(&peer, n, from, more).await?;
    }
    desk.until("all calls are over", |figures| figures.abandoned() == 6)
        .await?;
    let mut visitor = Visitor::sign_in(desk.web(), "chief", &password).await?;
    let mut pages = Vec::new();
    for page in ["/calls", "/api/v1/calls", "/board", "/api/v1/board"] {
        pages.push(visitor.get(page).await?.text());
    }
    let shown = pages.concat();
    for word in [
        "非通知",
        "表示圏外",
        "サービス競合",
        "公衆電話",
        "0398765432",
    ] {
        ensure!(shown.contains(word), "{word}");
    }
    let payphones = visitor
        .get("/calls?number=%E5%85%AC%E8%A1%86%E9%9B%BB%E8%A9%B1")
        .await?;
    ensure!(payphones.text().contains("公衆電話"));
    ensure!(!payphones.text().contains("サービス競合"));
    let search = visitor
        .get(&format!("/api/v1/calls?number={SECRET}"))
        .await?
        .text();
    ensure!(search.contains("\"total\":0"), "{search}");
    let folder = desk.folder.path().to_owned();
    let histories = desk.end().await?;
    for history in &histories {
        let EventKind::Arrived { from, .. } = &history[0].kind else {
            anyhow::bail!("a call begins with its arrival");
        };
        ensure!(from.number().is_empty() == from.no_number_reason().is_some());
        pages.push(serde_json::to_string(history)?);
    }
    ensure!(pages.iter().all(|page| !page.contains(SECRET)));
    ensure!(
        pages
            .iter()
            .any(|page| page.contains("\"from_isub\":\"77\""))
    );
    // Neither in the database nor in the journal beside it.
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path)?;
                let mut windows = bytes.windows(SECRET.len());
                ensure!(
                    !windows.any(|window| window == SECRET.as_bytes()),
                    "{path:?}"
                );
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_with_parameters_reach_their_line() -> Outcome {
    let desk = Setup::default().start().await?;
    let peer = Peer::new(desk.sip).await?;
    for (n, user) in [
        "5000;npdi;rn=0399999999",
        "5000%3Bphone-context=%2B81",
        "5000;isub=12;ext=3;oli=00",
        "50-00;cpc=ordinary",
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("number{n}");
        peer.send(&peer.request("INVITE", user, &id, 1, "")).await?;
        let accepted = peer.final_response().await?;
        ensure!(accepted.status == 200, "{user}: {}", accepted.status);
        peer.send(&peer.in_dialog("ACK", &accepted, 1)?).await?;
        peer.send(&peer.in_dialog("BYE", &accepted, 2)?).await?;
        peer.final_response().await?;
    }
    let histories = desk.end().await?;
    for history in &histories {
        let EventKind::Arrived { to, .. } = &history[0].kind else {
            anyhow::bail!("a call begins with its arrival");
        };
        ensure!(to.number() == "5000", "{to:?}");
    }
    ensure!(histories.len() == 4);
    Ok(())
}
