//! The command `gatekey`; everything is in the library.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    gatekey_portal::run().await
}
