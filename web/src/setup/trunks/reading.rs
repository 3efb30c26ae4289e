//! The form of a trunk, read.

use madoguchi_core::setup::{DialledSource, Fault, RegisterConfig, Sealed, TrunkSourceConfig};

use super::super::form::Values;
use super::super::screen::SetupContext;

/// The longest password, address or user name.
const LETTERS_AT_MOST: usize = 200;

/// The password that was typed, sealed; else the one that is kept; none without a user.
pub(super) fn read_secret(
    values: &Values,
    name: &'static str,
    has_user: bool,
    last: Option<&Sealed>,
    around: &SetupContext<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Sealed> {
    let typed = values.get(name);
    if !has_user {
        if !typed.is_empty() {
            faults.push(Fault::new(name, "利用者名も入力してください"));
        }
        return None;
    }
    if typed.is_empty() {
        if last.is_none() {
            faults.push(Fault::new(name, "入力してください"));
        }
        return last.cloned();
    }
    if typed.chars().count() > LETTERS_AT_MOST {
        let message = format!("{LETTERS_AT_MOST}文字以内で入力してください");
        faults.push(Fault::new(name, message));
        return None;
    }
    let sealed = around.web.seal.seal(typed.as_bytes());
    if sealed.is_none() {
        faults.push(Fault::new(name, "パスワードを保存できません"));
    }
    let at = around.web.desk.now();
    sealed.map(|sealed| Sealed { sealed, at })
}

/// One a line: a network or an address, and a port after a blank.
pub(super) fn read_sources(values: &Values, faults: &mut Vec<Fault>) -> Vec<TrunkSourceConfig> {
    let mut sources = Vec::new();
    for line in values.lines("sources") {
        match read_source(&line) {
            Some(source) => sources.push(source),
            None => {
                let message = format!(
                    "「{line}」を読めません。198.51.100.0/28 か、198.51.100.1 5060 のように入力してください"
                );
                faults.push(Fault::new("sources", message));
            }
        }
    }
    sources
}

fn read_source(line: &str) -> Option<TrunkSourceConfig> {
    let mut words = line.split_whitespace();
    let net = words.next()?;
    let host = |address: std::net::IpAddr| address.into();
    let net = net.parse().or_else(|_| net.parse().map(host)).ok()?;
    let port = words.next().map(str::parse).transpose().ok()?;
    words
        .next()
        .is_none()
        .then_some(TrunkSourceConfig { net, port })
}

/// The choice of this name; the first if there is none.
pub(super) fn chosen<T: Copy + Default>(
    values: &Values,
    field: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> T {
    let wanted = values.get(field);
    let found = all.iter().find(|choice| name(**choice) == wanted);
    found.copied().unwrap_or_default()
}

pub(super) fn read_port(values: &Values, faults: &mut Vec<Fault>) -> Option<u16> {
    let port = values.optional_number("source_port", faults)?;
    let port = u16::try_from(port).ok().filter(|port| *port > 0);
    if port.is_none() {
        faults.push(Fault::new(
            "source_port",
            "1以上65535以下の値にしてください",
        ));
    }
    port
}

/// One a line, by name; nothing is the usual order.
pub(super) fn read_dialled_from(values: &Values, faults: &mut Vec<Fault>) -> Vec<DialledSource> {
    let mut sources = Vec::new();
    for name in values.lines("dialled_from") {
        match DialledSource::lookup(&name) {
            Some(source) => sources.push(source),
            None => {
                let message = format!(
                    "「{name}」を読めません。p-called-party-id、request-uri、to のどれかを入力してください"
                );
                faults.push(Fault::new("dialled_from", message));
            }
        }
    }
    if sources.is_empty() {
        return DialledSource::DEFAULT.to_vec();
    }
    sources
}

pub(super) fn read_register(values: &Values, faults: &mut Vec<Fault>) -> Option<RegisterConfig> {
    let expires_s = values.number("register.expires_s", faults);
    match (
        values.given("register.aor"),
        values.given("register.registrar"),
    ) {
        (None, None) => None,
        (Some(aor), Some(registrar)) => Some(RegisterConfig {
            aor,
            registrar,
            expires_s,
        }),
        (Some(_), None) => {
            faults.push(Fault::new("register.registrar", "登録先も入力してください"));
            None
        }
        (None, Some(_)) => {
            let message = "登録するアドレスも入力してください";
            faults.push(Fault::new("register.aor", message));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_networks_or_addresses_with_or_without_a_port() {
        let read = |line| read_source(line).map(|source| (source.net.to_string(), source.port));
        let some = |net: &str, port| Some((net.to_owned(), port));
        assert_eq!(read("198.51.100.0/28"), some("198.51.100.0/28", None));
        assert_eq!(
            read("198.51.100.1 5060"),
            some("198.51.100.1/32", Some(5060))
        );
        assert_eq!(read("2001:db8::1"), some("2001:db8::1/128", None));
        for wrong in [
            "",
            "carrier",
            "198.51.100.1 x",
            "198.51.100.1 5060 x",
            "1.2.3.4/33",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
