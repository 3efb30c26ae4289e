//! A desk at which as much is to be shown as a page can show is still light.

use std::collections::BTreeSet;

use anyhow::ensure;
use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_core::event::{CallEvent, EndCause, EventKind};
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use madoguchi_tests::browser::Browser;
use madoguchi_tests::desk::{Desk, Setup, secs};

use super::Outcome;

/// The day on which all the calls came.
const DAY: &str = "2026-11-20";

#[tokio::test(flavor = "multi_thread")]
async fn the_fullest_pages_weigh_less_than_150_kilobytes() -> Outcome {
    let mut setup = Setup::default();
    for n in 0..40 {
        setup = setup.registering_agent(&format!("agent{n}"));
    }
    let desk = setup.start().await?;
    let roles = [Role::Supervisor, Role::Administrator, Role::Auditor];
    let password = desk.add_user("boss", &roles, Some("agent7")).await?;
    for n in 0..60 {
        add_call(&desk, n).await?;
        add_user(&desk, n).await?;
    }
    let browser = Browser::start(1280, 800).await?;
    browser.sign_in(desk.web(), "boss", &password).await?;
    let calls = format!("/calls?from={DAY}&to={DAY}");
    for path in [
        "/board",
        &calls,
        "/admin/users",
        "/audit",
        "/admin/calendar",
    ] {
        let address = format!("http://{}{path}", desk.web());
        let (weight, parts) = browser.weigh(&address).await?;
        ensure!(weight < 150_000, "{path}: {weight}\n{parts}");
        // Style sheets and scripts come compressed and once.
        ensure!(weight > 10_000, "{path} is not full: {weight}");
    }
    browser.close().await?;
    desk.end().await?;
    Ok(())
}

async fn add_call(desk: &Desk, n: i64) -> Outcome {
    let start = Instant::from_tokyo(format!("{DAY}T10:00:00").parse()?) + secs(n * 60);
    let kinds = [
        EventKind::Arrived {
            from: format!("03{:08}", 12_345_678 + n).as_str().into(),
            to: "5000".into(),
            open: true,
        },
        EventKind::Answered {
            agent: Some("agent7".into()),
        },
        EventKind::Ended {
            cause: EndCause::Caller,
        },
        EventKind::WrapUpEnded {
            agent: "agent7".into(),
        },
    ];
    let events = (0..).zip(kinds).map(|(seq, kind)| CallEvent {
        call: format!("crowd-{n}").as_str().into(),
        seq,
        at: start + secs(i64::from(seq) * 10),
        node: "n".into(),
        line: "help".into(),
        kind,
    });
    desk.store().append(&events.collect::<Vec<_>>()).await?;
    Ok(())
}

async fn add_user(desk: &Desk, n: i64) -> Outcome {
    let now = desk.clock.now();
    let user = User {
        id: UserId::new(format!("crowd-{n}")),
        login: format!("user{n}"),
        name: format!("名前の長い利用者 {n}"),
        roles: BTreeSet::from([Role::Agent, Role::Supervisor, Role::Reporter]),
        agent: None,
        oidc_subject: None,
        must_change_password: false,
        password_changed_at: Some(now),
        second_factor: false,
        failures: 0,
        failed_at: None,
        disabled_at: None,
        created_at: now,
        last_used_at: Some(now),
        version: 0,
    };
    let fields = Fields::from([
        ("login".to_owned(), user.login.clone()),
        ("name".to_owned(), user.name.clone()),
        ("roles".to_owned(), "agent,supervisor,reporter".to_owned()),
    ]);
    let entry = |action| AuditEntry {
        at: now,
        actor: Actor::System,
        address: "2001:db8:1234:5678:9abc:def0:1234:5678".to_owned(),
        action,
        object: user.id.as_str().to_owned(),
        before: fields.clone(),
        after: fields.clone(),
    };
    let store = desk.store();
    let mut tx = store.begin(entry(Action::UserCreate)).await?;
    tx.add_user(&user, None).await?;
    tx.commit().await?;
    store.append_audit(&[entry(Action::UserChange)]).await?;
    Ok(())
}
