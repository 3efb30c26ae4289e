//! The tickets of the measured desk, and the agents who write in them meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::Days;
use madoguchi_core::access::Role;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::service::HELP_DESK;
use madoguchi_core::ticket::{Channel, Requester, Status, TicketChange, TicketFields};
use madoguchi_core::time::{Instant as Moment, Millis};
use madoguchi_store::{NewTicket, Store};
use madoguchi_web::operator::{self, NewAccount};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Client, PASSWORD};

/// The tickets were received in so many days.
pub(super) const DAYS: usize = 10 * 366;
/// Agents who type meanwhile.
const AGENTS: usize = 20;
/// What is typed is kept so often.
const KEPT_EVERY: Duration = Duration::from_secs(2);
/// Tickets in one transaction.
const AT_ONCE: usize = 1_000;
/// Tickets that one client saves.
const SAVED: usize = 200;

const SUBJECTS: [&str; 8] = [
    "旅費の精算",
    "超過勤務の入力",
    "給与明細の表示",
    "年末調整の申告",
    "経費の立替払い",
    "休暇の申請",
    "住所変更の届出",
    "決裁の差戻し",
];
const TROUBLES: [&str; 7] = [
    "ができません",
    "で「承認経路がありません」と表示されます",
    "の締切りを教えてください",
    "の画面が途中で止まります",
    "を取り消したい",
    "の添付書類が分かりません",
    "の金額が合いません",
];

/// Agents, and so many tickets of the last ten years, one in a hundred of them open.
pub(super) async fn fill(store: &Store, tickets: usize, now: Moment) -> anyhow::Result<()> {
    for n in 0..AGENTS {
        let account = NewAccount {
            login: &format!("agent{n}"),
            name: "担当",
            roles: &[Role::Agent],
            agent: None,
            password: PASSWORD,
            must_change: false,
        };
        operator::add_account(store, &account, now).await?;
    }
    for from in (0..tickets).step_by(AT_ONCE) {
        let entry = AuditEntry::of_system(now, Action::TicketChange, "", Fields::new());
        let mut tx = store.begin(entry).await?;
        for n in from..tickets.min(from + AT_ONCE) {
            tx.add_ticket(&ticket(n, tickets, now)?).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn ticket(n: usize, of: usize, now: Moment) -> anyhow::Result<NewTicket> {
    let every = DAYS * 86_400_000 / of;
    let received_at = now - Millis(i64::try_from((of - n) * every)?);
    let pick = |texts: &[&'static str], n: usize| texts.get(n % texts.len()).copied();
    let subject = pick(&SUBJECTS, n).context("a subject")?;
    let trouble = pick(&TROUBLES, n / SUBJECTS.len()).context("a trouble")?;
    let is_open = n.is_multiple_of(100);
    let contact = Contact {
        id: format!("k{n}").as_str().into(),
        call: None,
        channel: Channel::Phone,
        agent: None,
        from: received_at,
        until: Some(received_at + Millis::from_secs(300)),
        outcome: if is_open {
            ContactOutcome::ToAnalysis
        } else {
            ContactOutcome::AnsweredAtOnce
        },
        outcome_at: received_at,
    };
    let mut changes = vec![TicketChange::ContactAdded { contact }];
    if !is_open {
        changes.push(TicketChange::StatusChanged {
            before: Status::Received,
            after: Status::Done,
        });
    }
    let person = n % 22_000;
    Ok(NewTicket {
        id: format!("t{n}").as_str().into(),
        by: None,
        at: received_at,
        happened_at: None,
        received_at,
        fields: TicketFields {
            division: Some(HELP_DESK.into()),
            question: format!("{subject}{trouble}。伝票番号は{n:07}です。"),
            answer: format!("{subject}の手引きの{}ページをご覧ください。", n % 97),
            requester: Requester {
                person: Some(format!("{person:07}").as_str().into()),
                number: format!("03{person:08}"),
                name: format!("職員 {person}"),
                site: format!("第{}年金事務所", person % 433),
                department: "総務課".to_owned(),
            },
            ..TicketFields::default()
        },
        changes,
    })
}

/// The lists, searches and pages that are measured.
pub(super) fn paths(tickets: usize) -> Vec<String> {
    let rare = format!("{:07}", tickets / 2);
    let one = format!("{:07}", tickets % 22_000 / 2);
    // A month of years ago.
    let day = |days: u64| {
        let today = SystemClock.now().date();
        today.checked_sub_days(Days::new(days)).unwrap_or(today)
    };
    let (from, to) = (day(2_030), day(2_000));
    [
        "/reception".to_owned(),
        "/tickets".to_owned(),
        "/tickets?state=open".to_owned(),
        format!("/tickets?words={}", "%E6%97%85%E8%B2%BB"),
        format!("/tickets?words={rare}"),
        "/tickets?words=%E6%9C%88%E3%81%AE%E8%A3%8F%E5%81%B4".to_owned(),
        format!("/tickets?person={one}"),
        "/tickets?due=near".to_owned(),
        "/tickets?state=held".to_owned(),
        "/tickets?system=macs".to_owned(),
        "/tickets?site=%E7%AC%AC7%E5%B9%B4%E9%87%91%E4%BA%8B%E5%8B%99%E6%89%80".to_owned(),
        format!("/tickets?from={from}&to={to}"),
        "/tickets?sort=changed".to_owned(),
        "/api/v1/tickets".to_owned(),
        format!("/reception?ticket=t{}", tickets / 2),
    ]
    .into()
}

/// Somebody's form of the reception, with a text in it.
async fn form(client: &Client, text: &str) -> anyhow::Result<Vec<(String, String)>> {
    let page = client.page("/reception?new=plain").await?;
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    let mut form = Vec::new();
    for name in ["_csrf", "ticket", "version"] {
        form.push((name.to_owned(), value(name).context("a field of the form")?));
    }
    for (name, value) in [
        ("division", HELP_DESK),
        ("question", text),
        ("channel", "phone"),
    ] {
        form.push((name.to_owned(), value.to_owned()));
    }
    Ok(form)
}

/// Agents begin to type, and what they type is kept every two seconds.
pub(super) async fn type_meanwhile(
    web: SocketAddr,
) -> anyhow::Result<Vec<JoinHandle<anyhow::Result<()>>>> {
    let mut typing = Vec::new();
    for n in 0..AGENTS {
        let client = Client::sign_in(web, &format!("agent{n}")).await?;
        let form = form(&client, "").await?;
        typing.push(tokio::spawn(async move {
            let mut every = tokio::time::interval(KEPT_EVERY);
            for typed in 0_u32.. {
                every.tick().await;
                let mut form = form.clone();
                form.push((
                    "answer".to_owned(),
                    format!("{typed}回目の入力です。").repeat(20),
                ));
                client.post("/reception/draft", &form).await?;
            }
            Ok(())
        }));
    }
    Ok(typing)
}

/// The address of the page of the newest ticket.
pub(super) async fn newest(client: &Client) -> anyhow::Result<String> {
    let list = client.page("/api/v1/tickets").await?;
    let list: serde_json::Value = serde_json::from_str(&list)?;
    let number = list
        .pointer("/tickets/0/number")
        .and_then(serde_json::Value::as_str);
    Ok(format!("/tickets/{}", number.context("a ticket")?))
}

/// How long it takes to keep what is typed.
pub(super) async fn drafts(client: &Client) -> anyhow::Result<Vec<Duration>> {
    let mut form = form(client, "").await?;
    form.push(("answer".to_owned(), "測定の入力です。".repeat(20)));
    let mut times = Vec::new();
    for _ in 0..SAVED {
        let began = Instant::now();
        client.post("/reception/draft", &form).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// How long it takes to save a new ticket by the reception.
pub(super) async fn saves(client: &Client) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for n in 0..SAVED {
        let mut form = form(client, &format!("測定の問合せ{n}")).await?;
        form.push(("intent".to_owned(), "save".to_owned()));
        let began = Instant::now();
        let status = client.post("/reception", &form).await?;
        ensure!(status == 303, "saved with {status}");
        times.push(began.elapsed());
    }
    Ok(times)
}
