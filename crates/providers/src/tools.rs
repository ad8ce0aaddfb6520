//! The programs that are needed, where `cargo xtask test` says they are.

use std::env;
use std::path::PathBuf;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Tools {
    pub(crate) envoy: PathBuf,
    pub(crate) filters: PathBuf,
    pub(crate) gatekey: PathBuf,
    pub(crate) node: PathBuf,
    pub(crate) oidc_provider: PathBuf,
    pub(crate) relying_party: PathBuf,
    pub(crate) canaille_python: PathBuf,
    pub(crate) pyjwt_python: PathBuf,
    pub(crate) schemathesis_python: PathBuf,
    pub(crate) axe: PathBuf,
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

impl Tools {
    /// The programs, or `None` where one is not named: then a test is left out, but never on CI.
    ///
    /// # Panics
    ///
    /// On CI, when a variable is not set.
    #[must_use]
    pub fn find() -> Option<Self> {
        Some(Self {
            envoy: needed("GATEKEY_ENVOY")?,
            filters: needed("GATEKEY_FILTERS_DIR")?,
            gatekey: needed("GATEKEY_PROGRAM")?,
            node: needed("GATEKEY_NODE")?,
            oidc_provider: needed("GATEKEY_OIDC_PROVIDER_DIR")?,
            relying_party: needed("GATEKEY_RELYING_PARTY_DIR")?,
            canaille_python: needed("GATEKEY_CANAILLE_PYTHON")?,
            pyjwt_python: needed("GATEKEY_PYJWT_PYTHON")?,
            schemathesis_python: needed("GATEKEY_SCHEMATHESIS_PYTHON")?,
            axe: needed("GATEKEY_AXE_DIR")?.join("node_modules/axe-core/axe.min.js"),
            chromium: needed("GATEKEY_CHROMIUM")?,
            chromedriver: needed("GATEKEY_CHROMEDRIVER")?,
        })
    }
}

fn needed(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).map(PathBuf::from);
    if value.is_none() {
        assert!(env::var_os("CI").is_none(), "`{variable}` is not set");
        println!("left out: `{variable}` is not set, `cargo xtask test` sets it");
    }
    value
}
