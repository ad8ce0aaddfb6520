//! The linter's verdict, for people and as JSON.

use core::fmt;

use serde::Serialize;

use super::finding::{Finding, Severity};

/// Whether a host would load the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It loads.
    Loads,
    /// It loads, and something will not be as expected.
    LoadsWithWarnings,
    /// The host refuses it.
    DoesNotLoad,
}

impl Verdict {
    fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Self::DoesNotLoad,
            Some(Severity::Warning) => Self::LoadsWithWarnings,
            _ => Self::Loads,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loads => "loads",
            Self::LoadsWithWarnings => "loads with warnings",
            Self::DoesNotLoad => "does not load",
        })
    }
}

/// A callback and what it costs on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallbackUse {
    /// Name as exported.
    pub name: String,
    /// When the guest is entered for it; `never` where the host never calls it.
    pub called: String,
}

/// What one host says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostVerdict {
    /// Name of the profile.
    pub profile: String,
    /// Whether it would load the module.
    pub verdict: Verdict,
    /// Exported callbacks: each one costs an entry into the guest, even where it does nothing.
    pub callbacks: Vec<CallbackUse>,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl HostVerdict {
    pub(super) fn new(profile: &str, callbacks: Vec<CallbackUse>, findings: Vec<Finding>) -> Self {
        let verdict = Verdict::of(&findings);
        Self { profile: profile.to_owned(), verdict, callbacks, findings }
    }
}

/// What stands in the module, whoever loads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Size in bytes.
    pub size: usize,
    /// Version of the ABI that the marker names.
    pub abi: Option<&'static str>,
    /// Allocator that hosts take.
    pub allocator: Option<&'static str>,
    /// Initialiser that hosts run.
    pub initialiser: Option<&'static str>,
    /// Proposals beyond WebAssembly 1.0 that the code needs.
    pub features: Vec<&'static str>,
    /// Features the compiler noted in `target_features`, used or not.
    pub target_features: Vec<String>,
    /// Languages and tools named in `producers`.
    pub producers: Vec<String>,
    /// Imports, as `module.name`.
    pub imports: Vec<String>,
    /// Bytes that memories have at the start, and may have at most.
    pub memories: Vec<(u64, Option<u64>)>,
    /// Custom sections and their sizes.
    pub custom_sections: Vec<(String, usize)>,
}

/// Everything the linter found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What stands in the module.
    pub facts: Facts,
    /// What holds for every host, and for the files that come with the module.
    pub findings: Vec<Finding>,
    /// What each host says.
    pub hosts: Vec<HostVerdict>,
}

impl Report {
    /// Whether something is wrong rather than worth knowing.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        let all = self.findings.iter().chain(self.hosts.iter().flat_map(|host| &host.findings));
        all.into_iter().any(|finding| finding.severity == Severity::Error)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Facts { size, abi, allocator, initialiser, features, producers, memories, .. } =
            &self.facts;
        writeln!(
            f,
            "module: {size} bytes, ABI {}, allocator {}, initialiser {}",
            abi.unwrap_or("none"),
            allocator.unwrap_or("none"),
            initialiser.unwrap_or("none")
        )?;
        if !features.is_empty() {
            writeln!(f, "  needs {}", features.join(", "))?;
        }
        for (minimum, maximum) in memories {
            let maximum = maximum.map_or("no maximum".to_owned(), |max| format!("at most {max}"));
            writeln!(f, "  memory: {minimum} bytes at the start, {maximum}")?;
        }
        for producer in producers {
            writeln!(f, "  {producer}")?;
        }
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        for HostVerdict { profile, verdict, callbacks, findings } in &self.hosts {
            writeln!(f, "{profile}: {verdict}")?;
            for CallbackUse { name, called } in callbacks {
                writeln!(f, "  {name}: {called}")?;
            }
            for finding in findings {
                writeln!(f, "  {finding}")?;
            }
        }
        Ok(())
    }
}
