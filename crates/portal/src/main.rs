//! The command `gatekey`; everything is in the library.

use std::process::ExitCode;

/// A token is made of many small pieces: with the system's allocator it costs a fifth more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    gatekey_portal::run().await
}
