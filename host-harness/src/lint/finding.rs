//! What the linter can find, each with a code that stays.

use core::fmt;

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It loads, but something will not be as expected.
    Warning,
    /// It does not load, or the file is wrong.
    Error,
}

impl Severity {
    /// Lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding: where, what it means, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code, such as `L020`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: an import, an export, a path in a JSON file.
    pub place: String,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, severity, place, message, advice } = self;
        write!(f, "{} {code} {place}: {message}", severity.as_str())?;
        if advice.is_empty() { Ok(()) } else { write!(f, "; {advice}") }
    }
}

/// A kind of finding: its code and its advice.
pub(super) type Kind = (&'static str, &'static str);

/// The kinds, in the order of their codes.
pub(super) mod kinds {
    use super::Kind;

    pub(in crate::lint) const NO_MARKER: Kind =
        ("L001", "export one function named `proxy_abi_version_0_2_1`");
    pub(in crate::lint) const SEVERAL_MARKERS: Kind = ("L002", "export exactly one marker");
    pub(in crate::lint) const OLD_ABI: Kind =
        ("L003", "build with an SDK that speaks ABI 0.2.0 or 0.2.1");
    pub(in crate::lint) const NO_MEMORY: Kind = ("L010", "export the memory as `memory`");
    pub(in crate::lint) const NO_ALLOCATOR: Kind =
        ("L011", "export `proxy_on_memory_allocate` as `(i32) -> i32`");
    pub(in crate::lint) const TWO_ALLOCATORS: Kind =
        ("L012", "export one allocator, so that it is clear which one hosts take");
    pub(in crate::lint) const ALLOCATOR_TYPE: Kind = ("L013", "give it the type `(i32) -> i32`");
    pub(in crate::lint) const NO_INITIALISER: Kind =
        ("L014", "export `_initialize`: without it constructors and set-up code never run");
    pub(in crate::lint) const TWO_INITIALISERS: Kind =
        ("L015", "export `_initialize` alone: hosts run it and leave `_start` out");
    pub(in crate::lint) const INITIALISER_TYPE: Kind =
        ("L016", "let it take nothing and give nothing");
    pub(in crate::lint) const ABSENT_IMPORT: Kind =
        ("L020", "do not call it: a function that nothing calls is not imported");
    pub(in crate::lint) const IMPORT_TYPE: Kind = ("L021", "import it with the type the host has");
    pub(in crate::lint) const TRAPPING_IMPORT: Kind =
        ("L022", "make sure that no path reaches it on this host");
    pub(in crate::lint) const UNKNOWN_MODULE: Kind =
        ("L023", "import from `env` and `wasi_snapshot_preview1` only");
    pub(in crate::lint) const SOMETIMES_IMPORT: Kind =
        ("L024", "avoid it, or say which builds of the host you need");
    pub(in crate::lint) const NOT_A_FUNCTION: Kind = ("L025", "hosts offer functions only");
    pub(in crate::lint) const WEAK_RANDOM: Kind =
        ("L026", "make no secret, nonce or salt from it on this host");
    pub(in crate::lint) const HOST_ENVIRONMENT: Kind =
        ("L027", "on this host it reads the environment of the whole worker process");
    pub(in crate::lint) const CALLBACK_TYPE: Kind = ("L030", "give it the type that the ABI names");
    pub(in crate::lint) const NEVER_CALLED: Kind = ("L031", "do not rely on it on this host");
    pub(in crate::lint) const UNKNOWN_CALLBACK: Kind =
        ("L032", "check the spelling: no host calls an export of this name");
    pub(in crate::lint) const NO_CALLBACK: Kind =
        ("L033", "export at least one `proxy_on_...` function");
    pub(in crate::lint) const FEATURE_REFUSED: Kind =
        ("L040", "turn this target feature off when compiling");
    pub(in crate::lint) const FEATURE_DEPENDS: Kind =
        ("L041", "turn it off, or say which builds of the host you need");
    pub(in crate::lint) const FEATURE_OPT_IN: Kind = ("L042", "");
    pub(in crate::lint) const MEMORY_OVER_LIMIT: Kind =
        ("L050", "ask for less at the start and grow when needed");
    pub(in crate::lint) const MEMORY_UNBOUNDED: Kind =
        ("L051", "declare a maximum (`--max-memory` of the linker)");
    pub(in crate::lint) const MEMORY_64: Kind = ("L052", "build for wasm32");
    pub(in crate::lint) const MEMORY_SHARED: Kind =
        ("L053", "build without threads: a VM has one thread");
    pub(in crate::lint) const SEVERAL_MEMORIES: Kind =
        ("L054", "hosts read and write the memory exported as `memory`, and no other");
    pub(in crate::lint) const MEMORY_IMPORTED: Kind = ("L055", "define the memory in the module");
    pub(in crate::lint) const TOO_LARGE: Kind =
        ("L060", "build for size, strip names and debug information");
    pub(in crate::lint) const NAMES_KEPT: Kind = ("L061", "");
    pub(in crate::lint) const DEBUG_KEPT: Kind =
        ("L062", "strip it from what is deployed: `strip = true` in the Cargo profile");
    pub(in crate::lint) const HAS_START: Kind =
        ("L064", "use `_initialize`: a start section runs before the host is ready");
    pub(in crate::lint) const META_TYPE: Kind = ("L080", "see the page on filter metadata");
    pub(in crate::lint) const META_UNKNOWN: Kind =
        ("L081", "Kong knows `config_schema` and `metrics`");
    pub(in crate::lint) const META_PATTERN: Kind =
        ("L082", "write a regular expression that compiles");
    pub(in crate::lint) const SCHEMA_TYPE: Kind =
        ("L090", "give the keyword a value of the type that JSON Schema names");
    pub(in crate::lint) const SCHEMA_REF: Kind = ("L091", "point `$ref` at something in this file");
    pub(in crate::lint) const SCHEMA_EXTERNAL: Kind =
        ("L092", "keep the schema in one file: hosts fetch nothing");
    pub(in crate::lint) const SCHEMA_DIALECT: Kind =
        ("L093", "name a dialect: `http://json-schema.org/draft-04/schema#` is what Kong reads");
    pub(in crate::lint) const SCHEMA_UNKNOWN: Kind = ("L094", "");
    pub(in crate::lint) const SCHEMA_PATTERN: Kind =
        ("L095", "write a regular expression that compiles");
    pub(in crate::lint) const START_FAILED: Kind =
        ("L100", "start-up must end, and end well, whatever the configuration");
    pub(in crate::lint) const START_REFUSED: Kind =
        ("L101", "pass a configuration with `--config`");
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        (code, advice): Kind,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { code, severity, place: place.into(), message: message.into(), advice }
    }

    pub(super) fn error(kind: Kind, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, kind, place, message)
    }

    pub(super) fn warning(
        kind: Kind,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, kind, place, message)
    }

    pub(super) fn info(kind: Kind, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, kind, place, message)
    }
}
