//! The program as tests start it. It is `madoguchi` itself, built with the features of the tests:
//! building that one as well would compile every dependency a second time.

use std::process::ExitCode;

fn main() -> ExitCode {
    madoguchi::cli::main()
}
