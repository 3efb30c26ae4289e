//! How what goes to the database and comes from it is kept from others on the way.

use std::net::IpAddr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::store::Kind;

/// The way to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// It does not leave the machine.
    Local,
    /// Encrypted, and the server proves who it is.
    Verified,
    /// Encrypted, but whoever sits between may be taken for the server.
    Unverified,
    /// Not encrypted, or only if the server happens to offer it.
    Plain,
}

impl Transport {
    /// The way to the database at `address`; `None` if it cannot be read.
    pub fn of(address: &str) -> Option<Self> {
        match Kind::of(address).ok()? {
            Kind::SqliteFile | Kind::SqliteMemory => Some(Self::Local),
            Kind::Postgres => address.parse().ok().map(|options| Self::to(&options)),
        }
    }

    fn to(options: &PgConnectOptions) -> Self {
        let host = options.get_host().trim_matches(['[', ']']);
        let loopback = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if options.get_socket().is_some()
            || host.starts_with('/')
            || host == "localhost"
            || loopback
        {
            return Self::Local;
        }
        match options.get_ssl_mode() {
            PgSslMode::VerifyFull => Self::Verified,
            PgSslMode::VerifyCa | PgSslMode::Require => Self::Unverified,
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_machine_unencrypted_is_told_from_what_does_not() {
        let cases = [
            ("sqlite:///var/lib/desk.sqlite", Transport::Local),
            ("postgres://desk@127.0.0.1/desk", Transport::Local),
            ("postgres://desk@[::1]/desk", Transport::Local),
            (
                "postgres://desk@localhost/desk?sslmode=disable",
                Transport::Local,
            ),
            ("postgres://desk@db.example/desk", Transport::Plain),
            (
                "postgres://desk@10.0.0.5/desk?sslmode=prefer",
                Transport::Plain,
            ),
            (
                "postgres://desk@db.example/desk?sslmode=disable",
                Transport::Plain,
            ),
            (
                "postgres://desk@db.example/desk?sslmode=require",
                Transport::Unverified,
            ),
            (
                "postgres://desk@db.example/desk?sslmode=verify-ca",
                Transport::Unverified,
            ),
            (
                "postgres://desk@db.example/desk?sslmode=verify-full",
                Transport::Verified,
            ),
        ];
        for (address, expected) in cases {
            assert_eq!(Transport::of(address), Some(expected), "{address}");
        }
        assert_eq!(Transport::of("mysql://db.example/desk"), None);
    }
}
