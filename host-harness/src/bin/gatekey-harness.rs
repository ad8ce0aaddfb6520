//! The command `gatekey-harness`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatekey_host_harness::cli::main()
}
