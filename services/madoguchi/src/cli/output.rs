//! How commands tell what they found: results to standard output, everything else to standard error.

use std::io::Write;

use clap::ValueEnum;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Writes a result; a reader who has gone away (`| head`) is no error.
pub(super) fn print(text: &str) {
    let _gone = std::io::stdout().write_all(text.as_bytes());
}

/// Tells the operator something that is no result.
pub(super) fn complain(text: &str) {
    // There is nowhere else to say it.
    let _gone = writeln!(std::io::stderr(), "madoguchi: {text}");
}
