//! The arrows of docs/architecture.md: who may call whom, and through whom foreign crates come in.

mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use self::modules::Modules;

/// Every room and the rooms it may call.
const ARROWS: &[(&str, &[&str])] = &[
    ("madoguchi-core", &[]),
    ("madoguchi-srtp", &[]),
    ("madoguchi-sip", &["madoguchi-srtp"]),
    ("madoguchi-metrics", &[]),
    ("madoguchi-line", &["madoguchi-core"]),
    (
        "madoguchi-endpoint",
        &[
            "madoguchi-sip",
            "madoguchi-srtp",
            "madoguchi-line",
            "madoguchi-core",
            "madoguchi-metrics",
        ],
    ),
    ("madoguchi-observe", &["madoguchi-sip", "madoguchi-core"]),
    ("madoguchi-store", &["madoguchi-core"]),
    ("madoguchi-accounts", &["madoguchi-core", "madoguchi-store"]),
    ("madoguchi-encoder", &[]),
    ("madoguchi-kb", &["madoguchi-core", "madoguchi-encoder"]),
    ("madoguchi-reports", &["madoguchi-core"]),
    ("madoguchi-staffing", &["madoguchi-core"]),
    (
        "madoguchi-monthly",
        &[
            "madoguchi-core",
            "madoguchi-store",
            "madoguchi-reports",
            "madoguchi-staffing",
            "madoguchi-typeset",
        ],
    ),
    (
        "madoguchi-typeset",
        &["madoguchi-core", "madoguchi-reports"],
    ),
    (
        "madoguchi-web",
        &[
            "madoguchi-core",
            "madoguchi-store",
            "madoguchi-accounts",
            "madoguchi-kb",
            "madoguchi-reports",
            "madoguchi-monthly",
            "madoguchi-metrics",
            "madoguchi-observe",
        ],
    ),
];

/// The rooms that may see everything: the wiring, and the tests of the whole house.
const SEES_ALL: &[&str] = &["madoguchi", "madoguchi-tests"];

/// Foreign crates and the only rooms that may name them.
const DOORS: &[(&[&str], &[&str])] = &[
    (
        &["sqlx", "sqlx-core", "sqlx-sqlite", "sqlx-postgres"],
        &["madoguchi-store"],
    ),
    (
        &["tantivy", "lindera", "lindera-tantivy"],
        &["madoguchi-kb"],
    ),
    (&["pulp"], &["madoguchi-encoder"]),
    (&["aes", "aes-gcm", "ctr"], &["madoguchi-srtp"]),
    (
        &["argon2", "chacha20poly1305", "zxcvbn"],
        &["madoguchi-accounts"],
    ),
    (&["calamine", "rust_xlsxwriter"], &["madoguchi-reports"]),
    (
        &["typst", "typst-layout", "typst-pdf", "resvg"],
        &["madoguchi-typeset"],
    ),
    (
        &["rsip", "pcap-parser", "etherparse"],
        &["madoguchi-observe"],
    ),
    (&["openidconnect", "oauth2"], &["madoguchi-web"]),
    (&["prometheus-client"], &["madoguchi-metrics"]),
];

/// Rooms that neither wait nor touch the outside, and what they must not even reach.
const PURE: &[&str] = &[
    "madoguchi-core",
    "madoguchi-sip",
    "madoguchi-srtp",
    "madoguchi-line",
    "madoguchi-observe",
    "madoguchi-encoder",
    "madoguchi-staffing",
];
const IMPURE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "sqlx",
    "rand",
];

/// More files than these may not know each other in a circle: nobody reads more at once.
const FILES_IN_A_CIRCLE: usize = 5;

/// The packages of the workspace and how they depend on each other.
struct House {
    /// Where the sources of our own packages stand, by name.
    sources: BTreeMap<String, PathBuf>,
    /// Direct dependencies of our own packages, without those of tests, by name.
    direct: BTreeMap<String, BTreeSet<String>>,
    /// Names by package id.
    names: BTreeMap<String, String>,
    /// Resolved dependencies by package id, without those of tests.
    resolved: BTreeMap<String, Vec<String>>,
}

impl House {
    fn read() -> Self {
        // For this machine alone: what other systems need was never downloaded.
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .args(["--filter-platform", &host()])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs this test, so it can be run");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo metadata: {errors}");
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        Self {
            sources: sources(&metadata),
            direct: direct(&metadata),
            names: names(&metadata),
            resolved: resolved(&metadata),
        }
    }

    /// Everything that the package reaches, itself left out.
    fn reach(&self, package: &str) -> BTreeSet<&str> {
        let start = self.names.iter().find(|(_, name)| *name == package);
        let mut open: Vec<&String> = start.map(|(id, _)| id).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            for next in self.resolved.get(id).into_iter().flatten() {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen.into_iter()
            .filter_map(|id| self.names.get(id))
            .map(String::as_str)
            .collect()
    }
}

/// The system that this compiler builds for.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.expect("whoever builds this has rustc");
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .expect("cargo metadata writes names as strings")
        .to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key]
        .as_array()
        .expect("cargo metadata writes lists")
        .iter()
}

fn names(metadata: &Value) -> BTreeMap<String, String> {
    list(metadata, "packages")
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect()
}

fn sources(metadata: &Value) -> BTreeMap<String, PathBuf> {
    list(metadata, "packages")
        .filter(|package| package["source"].is_null())
        .map(|package| {
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            (text(&package["name"]), manifest.with_file_name("src"))
        })
        .collect()
}

fn direct(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    list(metadata, "packages")
        .filter(|package| package["source"].is_null())
        .map(|package| {
            let dependencies = list(package, "dependencies")
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]));
            (text(&package["name"]), dependencies.collect())
        })
        .collect()
}

fn resolved(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let is_for_tests =
        |dependency: &Value| list(dependency, "dep_kinds").all(|kind| kind["kind"] == "dev");
    list(&metadata["resolve"], "nodes")
        .map(|node| {
            let dependencies = list(node, "deps")
                .filter(|dependency| !is_for_tests(dependency))
                .map(|dependency| text(&dependency["pkg"]));
            (text(&node["id"]), dependencies.collect())
        })
        .collect()
}

#[test]
fn rooms_call_only_whom_the_arrows_allow() {
    let house = House::read();
    for (room, dependencies) in &house.direct {
        if SEES_ALL.contains(&room.as_str()) {
            continue;
        }
        let allowed = ARROWS.iter().find(|(name, _)| name == room);
        let (_, allowed) = allowed.unwrap_or_else(|| {
            panic!("{room} is new: draw its arrows in docs/architecture.md and here")
        });
        for ours in dependencies
            .iter()
            .filter(|name| house.direct.contains_key(*name))
        {
            assert!(
                allowed.contains(&ours.as_str()),
                "{room} must not call {ours}"
            );
        }
    }
}

#[test]
fn nobody_calls_the_wiring() {
    let house = House::read();
    for (room, dependencies) in &house.direct {
        assert!(
            room == "madoguchi-tests" || !dependencies.contains("madoguchi"),
            "{room} must not call the wiring"
        );
        assert!(
            !dependencies.contains("madoguchi-tests"),
            "{room} must not call the tests"
        );
    }
}

#[test]
fn foreign_crates_come_in_through_one_door() {
    let house = House::read();
    for (crates, rooms) in DOORS {
        for (room, dependencies) in &house.direct {
            for foreign in crates.iter().filter(|name| dependencies.contains(**name)) {
                assert!(
                    rooms.contains(&room.as_str()),
                    "{foreign} must not come in through {room}"
                );
            }
        }
    }
    assert!(
        house.direct["madoguchi-store"].contains("sqlx"),
        "the test does not see sqlx at all"
    );
}

#[test]
fn pure_rooms_reach_no_runtime_socket_database_or_chance() {
    let house = House::read();
    for room in PURE {
        assert!(
            house.direct.contains_key(*room),
            "{room} is gone from the workspace"
        );
        let reach = house.reach(room);
        for forbidden in IMPURE {
            assert!(!reach.contains(forbidden), "{room} reaches {forbidden}");
        }
    }
    assert!(
        house.reach("madoguchi-endpoint").contains("tokio"),
        "the test does not see tokio at all"
    );
}

#[test]
fn no_files_of_the_pages_know_each_other_in_a_circle() {
    let house = House::read();
    let modules = Modules::read(&house.sources["madoguchi-web"]);
    for (one, other) in [
        (&["auth", "visitor"][..], &["state"][..]),
        (&["users", "edit"], &["users", "change"]),
        (&["features"], &["users"]),
    ] {
        assert!(
            modules.names(one, other),
            "the test does not see that {one:?} names {other:?}"
        );
    }
    let circles = modules.circles().concat();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn no_circle_of_files_is_too_large_to_be_read_at_once() {
    let house = House::read();
    for (room, src) in &house.sources {
        for circle in Modules::read(src).circles() {
            let files = circle.len();
            assert!(
                files <= FILES_IN_A_CIRCLE,
                "{files} files of {room} know each other in a circle:\n{}",
                circle.join("\n")
            );
        }
    }
}
