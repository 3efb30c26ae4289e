//! Tells the program from which commit it is built, where the sources lie in a repository. Read
//! from its files, so that no tool is needed; only for what is given out, so that not every
//! commit builds the program anew while one works on it.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MADOGUCHI_COMMIT");
    let given = std::env::var("MADOGUCHI_COMMIT").ok();
    let released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| released.then(commit).flatten());
    if let Some(commit) = commit {
        println!("cargo::rustc-env=MADOGUCHI_COMMIT={commit}");
    }
}

fn commit() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = repository(&root.join(".git"))?;
    let head_file = folder.join("HEAD");
    println!("cargo::rerun-if-changed={}", head_file.display());
    let head = fs::read_to_string(head_file).ok()?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else {
        return hash(&head);
    };
    // A further working copy shares its references with the first one.
    let shared = fs::read_to_string(folder.join("commondir")).ok();
    let shared = shared.map_or_else(|| folder.clone(), |path| folder.join(path.trim()));
    let file = shared.join(reference);
    println!("cargo::rerun-if-changed={}", file.display());
    if let Ok(text) = fs::read_to_string(file) {
        return hash(&text);
    }
    let packed = fs::read_to_string(shared.join("packed-refs")).ok()?;
    packed
        .lines()
        .find_map(|line| line.strip_suffix(reference))
        .and_then(hash)
}

/// The folder of the repository; `.git` may be a file that names it.
fn repository(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = fs::read_to_string(git).ok()?;
    let named = Path::new(text.trim().strip_prefix("gitdir: ")?);
    Some(git.parent()?.join(named))
}

fn hash(text: &str) -> Option<String> {
    let text = text.trim();
    let is_hash = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| text.chars().take(12).collect())
}
