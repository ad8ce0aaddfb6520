//! The guests of the package `gatekey-guests`, made with the Proxy-Wasm Rust SDK.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use gatekey_host_harness::{Artifact, Profile};

/// Where `GATEKEY_GUESTS_DIR` says, or built once per run, by a cargo of its own: this one holds the
/// lock of its target folder.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(folder) = env::var_os("GATEKEY_GUESTS_DIR") {
        return folder.into();
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    eprintln!("building gatekey-guests into {} ...", target.display());
    let built = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--package", "gatekey-guests", "--examples"])
        .args(["--target", "wasm32-wasip1", "--profile", "filter"])
        .env("CARGO_TARGET_DIR", &target)
        // What the outer build was told for its own target does not fit a guest.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("wasm32-wasip1/filter/examples")
});

pub(crate) fn guest(name: &str) -> Artifact {
    Artifact::from_file(path(name)).unwrap()
}

pub(crate) fn path(name: &str) -> PathBuf {
    FOLDER.join(format!("{name}.wasm"))
}

/// One profile of each family of hosts.
pub(crate) fn hosts() -> [Profile; 3] {
    [Profile::spec(), Profile::envoy(), Profile::ngx_0_6()]
}

pub(crate) fn is_ngx(profile: &Profile) -> bool {
    profile.name.starts_with("ngx")
}
