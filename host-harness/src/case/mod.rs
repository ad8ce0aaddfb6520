//! Declarative cases: worlds, requests and expectations in YAML or JSON files.
//!
//! [`load`] reads files and folders, [`run`] tells one case in a fresh [`World`](crate::World) under
//! a [`Profile`] and reports what did not hold: [`Difference`]s from what the case expects, and
//! [`Finding`]s of the checks that run in every case.
//!
//! ```
//! use gatekey_host_harness::{Artifact, Profile, case};
//!
//! # let folder = std::env::temp_dir().join(format!("gatekey-case-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let file = folder.join("first.yaml");
//! # let bytes = wat::parse_str(r#"(module (memory (export "memory") 1)
//! #     (func (export "proxy_abi_version_0_2_1"))
//! #     (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 1024))"#)?;
//! # let artifact = Artifact::compile(&bytes)?;
//! std::fs::write(&file, "
//! version: 1
//! cases:
//!   - name: a request goes through
//!     steps:
//!       - request:
//!           path: /flights
//!           expect: { outcome: upstream, upstream: { headers: { ':path': /flights } } }
//! ")?;
//! for case in case::load(&[file])? {
//!     let report = case::run(&case, &artifact, &Profile::envoy(), &case::Options::default());
//!     assert!(report.passed(), "{report}");
//! }
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod check;
mod document;
mod error;
mod layer;
mod load;
mod modules;
mod node;
mod play;
#[cfg(feature = "against")]
pub mod reality;
pub mod report;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use check::{Check, Finding};
pub use document::expect::Ending;
pub use error::CaseError;
pub use load::load;
pub use modules::Modules;
pub use play::{Difference, Exchange, Options, run};
pub use report::{Report, Verdict};
pub use schema::schema;

use crate::profile::Profile;
use document::{Allow, Budget, Link, Start, Step, WorldPlan};

/// One case, ready to be run: nothing is left to be read or filled in, but for other modules of its
/// chain.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name of the file, of the case and, if there is a table, of the row, with `/` between them.
    pub name: String,
    /// The file that it was read from.
    pub file: PathBuf,
    profiles: Option<Vec<String>>,
    skip: BTreeMap<String, String>,
    world: WorldPlan,
    chain: Vec<Link>,
    secrets: Vec<String>,
    allow: Allow,
    budget: Budget,
    start: Start,
    steps: Vec<Step>,
}

impl Case {
    /// The names of the profiles to run the case under when nobody says otherwise.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        self.profiles.clone().unwrap_or_else(|| vec!["envoy".to_owned()])
    }

    /// Whether a profile is among those that the case is made for.
    #[must_use]
    pub fn is_for(&self, profile: &str) -> bool {
        self.profiles.as_ref().is_none_or(|only| only.iter().any(|name| name == profile))
    }

    /// Why the case is not run under a profile, if it is not.
    #[must_use]
    pub fn skipped(&self, profile: &Profile) -> Option<String> {
        if let Some(reason) = self.skip.get(&profile.name) {
            return Some(reason.clone());
        }
        match &self.profiles {
            Some(only) if !only.contains(&profile.name) => {
                Some(format!("only for {}", only.join(", ")))
            }
            _ => None,
        }
    }

    /// The texts that must never be told.
    #[must_use]
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// Other modules that the case needs, besides the one under test.
    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        let later = self.steps.iter().filter_map(|step| match step {
            Step::Reconfigure(new) => Some(&new.chain),
            _ => None,
        });
        let links = core::iter::once(&self.chain).chain(later).flatten();
        links.filter_map(|link| link.filter.as_ref().map(|filter| filter.0.as_path()))
    }
}
