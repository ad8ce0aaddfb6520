//! Populates a portal for the benchmarks: `gatekey-populate DATA_DIR DATABASE_URL|- APPLICATIONS
//! REGISTRATIONS KEYS GATEWAYS`. What it made is on standard output, as JSON.

use core::error::Error;
use std::io::Write;

use gatekey_core::secret::Secret;
use gatekey_portal::config::Config;
use gatekey_portal::population::{Size, populate};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("an argument is missing");
    let data_dir = next()?.into();
    let database_url = Some(next()?).filter(|url| url != "-").map(Secret::new);
    let config = Config { data_dir, database_url, ..Config::default() };
    let size = Size {
        applications: next()?.parse()?,
        registrations: next()?.parse()?,
        keys: next()?.parse()?,
        gateways: next()?.parse()?,
    };
    let made = populate(config, size).await?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&made)?)?;
    Ok(())
}
