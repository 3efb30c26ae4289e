//! The people of the sample desk: one for each role.

use madoguchi_core::access::Role;
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};
use madoguchi_web::operator::{self, NewAccount};

struct Person {
    login: &'static str,
    name: &'static str,
    role: Role,
    agent: Option<&'static str>,
}

const PEOPLE: [Person; 7] = [
    Person {
        login: "tanaka",
        name: "田中 恵",
        role: Role::Agent,
        agent: Some("tanaka"),
    },
    Person {
        login: "yamada",
        name: "山田 修",
        role: Role::Supervisor,
        agent: None,
    },
    Person {
        login: "matsumoto",
        name: "松本 幸",
        role: Role::FaqEditor,
        agent: None,
    },
    Person {
        login: "kato",
        name: "加藤 誠",
        role: Role::FaqApprover,
        agent: None,
    },
    Person {
        login: "kobayashi",
        name: "小林 葵",
        role: Role::Reporter,
        agent: None,
    },
    Person {
        login: "ito",
        name: "伊藤 健",
        role: Role::Auditor,
        agent: None,
    },
    Person {
        login: "admin",
        name: "渡辺 直子",
        role: Role::Administrator,
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
                    roles: &[person.role],
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
        format!(
            "    {:<10} {} ({})\n",
            person.login,
            person.name,
            person.role.label()
        )
    };
    PEOPLE.iter().map(line).collect()
}
