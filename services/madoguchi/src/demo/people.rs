//! The people of the sample desk: one for each role at least.

use madoguchi_core::access::Role;
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};
use madoguchi_web::operator::{self, NewAccount};

struct Person {
    login: &'static str,
    name: &'static str,
    /// The first is what the sample is of.
    roles: &'static [Role],
    agent: Option<&'static str>,
}

const PEOPLE: [Person; 7] = [
    Person {
        login: "tanaka",
        name: "田中 恵",
        roles: &[Role::Agent],
        agent: Some("tanaka"),
    },
    Person {
        login: "yamada",
        name: "山田 修",
        roles: &[Role::Supervisor],
        agent: None,
    },
    Person {
        login: "matsumoto",
        name: "松本 幸",
        // Who also answers turns tickets into FAQ.
        roles: &[Role::FaqEditor, Role::Agent],
        agent: None,
    },
    Person {
        login: "kato",
        name: "加藤 誠",
        roles: &[Role::FaqApprover],
        agent: None,
    },
    Person {
        login: "kobayashi",
        name: "小林 葵",
        roles: &[Role::Reporter],
        agent: None,
    },
    Person {
        login: "ito",
        name: "伊藤 健",
        roles: &[Role::Auditor],
        agent: None,
    },
    Person {
        login: "admin",
        name: "渡辺 直子",
        roles: &[Role::Administrator],
        agent: None,
    },
];

/// Gives all of them this password, which is of use as long as the sample runs.
pub(super) async fn add(store: &Store, password: &str, now: Instant) -> Result<(), StoreError> {
    for person in &PEOPLE {
        let known = store.lookup_login(person.login).await?;
        match known {
            Some(known) => {
                operator::reset_password(store, &known.user.id, password, false, now).await?;
            }
            None => {
                let account = NewAccount {
                    login: person.login,
                    name: person.name,
                    roles: person.roles,
                    agent: person.agent,
                    password,
                    must_change: false,
                };
                operator::add_account(store, &account, now).await?;
            }
        }
    }
    Ok(())
}

/// Who there is, to be read.
pub(super) fn list() -> String {
    let line = |person: &Person| {
        let roles: Vec<_> = person.roles.iter().map(|role| role.label()).collect();
        let (login, name, roles) = (person.login, person.name, roles.join("、"));
        format!("    {login:<10} {name} ({roles})\n")
    };
    PEOPLE.iter().map(line).collect()
}
