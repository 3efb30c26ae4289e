//! Which file of a crate names which other: a small reader of `use`, of trees of it, and of paths in
//! the text. It knows no macros and no types, which is enough for paths that are written out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module by its names from the crate on; the crate itself has none.
pub(super) type Module = Vec<String>;

/// Whom every module of a crate names, tests left out.
pub(super) struct Modules(BTreeMap<Module, BTreeSet<Module>>);

impl Modules {
    pub(super) fn read(src: &Path) -> Self {
        let mut texts = BTreeMap::new();
        collect(src, &mut Vec::new(), &mut texts);
        let named = texts.iter().map(|(module, text)| {
            let code = code(text);
            let written = paths(&tokens(&code));
            let named = written
                .iter()
                .filter_map(|path| resolve(module, path, &written));
            let named = named.filter_map(|path| longest(&texts, &path));
            let others = named.filter(|other| other != module);
            (module.clone(), others.collect())
        });
        Self(named.collect())
    }

    /// Whether one names the other.
    pub(super) fn names(&self, one: &[&str], other: &[&str]) -> bool {
        let named = self.0.get(&owned(one));
        named.is_some_and(|named| named.contains(&owned(other)))
    }

    /// Each circle: modules that all reach each other, with whom of them they name.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<_, _> = self.0.keys().map(|one| (one, self.reach(one))).collect();
        let mut circles: Vec<BTreeSet<&Module>> = Vec::new();
        for (one, reached) in &reach {
            let is_known = circles.iter().any(|circle| circle.contains(one));
            if is_known || !reached.contains(one) {
                continue;
            }
            let is_back = |other: &Module| reach.get(other).is_some_and(|its| its.contains(one));
            circles.push(
                reached
                    .iter()
                    .copied()
                    .filter(|other| is_back(other))
                    .collect(),
            );
        }
        let shown = circles.iter().map(|circle| self.shown(circle));
        shown.collect()
    }

    fn shown(&self, circle: &BTreeSet<&Module>) -> Vec<String> {
        let shown = circle.iter().map(|module| {
            let named = self.0.get(*module).into_iter().flatten();
            let named = named.filter(|named| circle.contains(named));
            let named: Vec<_> = named.map(|named| named.join("::")).collect();
            format!("{} names {}", module.join("::"), named.join(", "))
        });
        shown.collect()
    }

    fn reach(&self, module: &Module) -> BTreeSet<&Module> {
        let (mut open, mut seen) = (vec![module], BTreeSet::new());
        while let Some(next) = open.pop() {
            for named in self.0.get(next).into_iter().flatten() {
                if seen.insert(named) {
                    open.push(named);
                }
            }
        }
        seen
    }
}

fn owned(names: &[&str]) -> Module {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The text of every file, by its module.
fn collect(folder: &Path, above: &mut Module, texts: &mut BTreeMap<Module, String>) {
    let entries = fs::read_dir(folder).expect("the sources stand beside the tests");
    for entry in entries {
        let path = entry.expect("a folder can be read to its end").path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == "tests" {
            continue;
        }
        above.push(name);
        if path.is_dir() {
            collect(&path, above, texts);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let is_root = *above == ["lib"];
            let module = if is_root { Vec::new() } else { above.clone() };
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            texts.insert(module, text);
        }
        above.pop();
    }
}

/// The text without its tests and comments.
fn code(text: &str) -> String {
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Names, `::`, and every other character alone.
fn tokens(code: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), code);
    while let Some(first) = rest.chars().next() {
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = if is_name(first) {
            rest.find(|letter| !is_name(letter)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        if !token.trim().is_empty() {
            tokens.push(token);
        }
        rest = behind;
    }
    tokens
}

/// All paths, with the trees of `use` written out. `mod name;` is the path `mod::name`. Who may see
/// something (`pub(in …)`) is no path: nobody is named.
fn paths<'a>(tokens: &[&'a str]) -> Vec<Vec<&'a str>> {
    let (mut paths, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if let ["pub", "(", "in"] = tokens.get(at..at + 3).unwrap_or_default() {
            while tokens.get(at).is_some_and(|token| *token != ")") {
                at += 1;
            }
        }
        if let ["mod", name, ";"] = tokens.get(at..at + 3).unwrap_or_default() {
            paths.push(vec!["mod", name]);
        }
        at = path(tokens, at, &[], &mut paths).max(at + 1);
    }
    paths
}

/// Reads the path, or the tree, that begins at `at`; where it ends.
fn path<'a>(
    tokens: &[&'a str],
    mut at: usize,
    above: &[&'a str],
    paths: &mut Vec<Vec<&'a str>>,
) -> usize {
    let mut path = above.to_vec();
    while let Some(token) = tokens.get(at) {
        if *token == "{" && !path.is_empty() && tokens.get(at.wrapping_sub(1)) == Some(&"::") {
            return tree(tokens, at + 1, &path, paths);
        }
        let all = *token == "*" && !path.is_empty();
        if !all && !token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
            break;
        }
        path.push(token);
        at += 1;
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    paths.push(path);
    at
}

/// Reads what stands in `{…}` behind `above`; where it ends.
fn tree<'a>(
    tokens: &[&'a str],
    mut at: usize,
    above: &[&'a str],
    paths: &mut Vec<Vec<&'a str>>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        match *token {
            "}" => return at + 1,
            "," => at += 1,
            "as" => at += 2,
            "self" | "*" => {
                paths.push([above, &["*"]].concat());
                at += 1;
            }
            _ => at = path(tokens, at, above, paths).max(at + 1),
        }
    }
    at
}

/// From the crate on, if it is a path of the crate's own; among all that are written in the module.
fn resolve(module: &Module, path: &[&str], written: &[Vec<&str>]) -> Option<Module> {
    // One word alone leads nowhere, such as that of `pub(super)`.
    let (first, mut rest) = path.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let mut resolved = match *first {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module.split_last()?.1.to_vec(),
        // A module below is known by its name alone.
        child if written.iter().any(|path| **path == ["mod", child]) => {
            [&**module, &[child.to_owned()]].concat()
        }
        _ => return None,
    };
    while let Some(("super", behind)) = rest.split_first().map(|(name, rest)| (*name, rest)) {
        resolved.pop();
        rest = behind;
    }
    resolved.extend(owned(rest));
    Some(resolved)
}

/// The module in which a path ends or something of which it names.
fn longest(texts: &BTreeMap<Module, String>, path: &[String]) -> Option<Module> {
    let mut starts = (0..=path.len())
        .rev()
        .filter_map(|length| path.get(..length));
    starts
        .find(|start| texts.contains_key(*start))
        .map(<[String]>::to_vec)
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let code = "use crate::a::{self, b::{C, d}, e as f};\nuse super::super::g;\nx(self::h::i());";
    let read: BTreeSet<_> = paths(&tokens(code))
        .iter()
        .map(|path| path.join("::"))
        .collect();
    for path in [
        "crate::a::*",
        "crate::a::b::C",
        "crate::a::b::d",
        "crate::a::e",
        "self::h::i",
    ] {
        assert!(read.contains(path), "{path}: {read:?}");
    }
    assert_eq!(
        paths(&tokens("pub(in crate::a) fn b() {}")),
        paths(&tokens(") fn b() {}"))
    );
    let module = owned(&["one", "two", "three"]);
    assert_eq!(
        resolve(&module, &["super", "super", "g"], &[]),
        Some(owned(&["one", "g"]))
    );
}

#[test]
fn circles_are_told_apart() {
    let named = [
        ("a", vec!["b"]),
        ("b", vec!["c"]),
        ("c", vec!["a", "d"]),
        ("d", vec!["e"]),
        ("e", vec!["d"]),
        ("f", vec!["a"]),
    ];
    let modules = named.map(|(module, named)| {
        let named = named.into_iter().map(|named| owned(&[named]));
        (owned(&[module]), named.collect())
    });
    let circles = Modules(BTreeMap::from(modules)).circles();
    assert_eq!(
        circles,
        [
            vec!["a names b", "b names c", "c names a"],
            vec!["d names e", "e names d"],
        ]
    );
}
