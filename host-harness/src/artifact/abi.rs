//! Which version of the ABI a module speaks, and which of its imports a host has.

use wasmtime::Module;

use crate::abi::wasi;
use crate::error::ArtifactError;
use crate::profile::Profile;

/// A version of the Proxy-Wasm ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AbiVersion {
    /// 0.1.0: the headers callbacks do not learn whether the message ends there.
    V0_1_0,
    /// 0.2.0
    V0_2_0,
    /// 0.2.1
    V0_2_1,
}

/// What the first marker of a module says.
pub(super) fn version(module: &Module) -> Result<AbiVersion, ArtifactError> {
    let mut found = Vec::new();
    for export in module.exports() {
        match export.name() {
            "proxy_abi_version_0_2_1" => return Ok(AbiVersion::V0_2_1),
            "proxy_abi_version_0_2_0" => return Ok(AbiVersion::V0_2_0),
            "proxy_abi_version_0_1_0" => return Ok(AbiVersion::V0_1_0),
            name if name.starts_with("proxy_abi_version_") => found.push(name.to_owned()),
            _ => {}
        }
    }
    Err(ArtifactError::MissingAbiMarker { found })
}

/// The imports that a host lacks.
pub(super) fn missing(module: &Module, abi: AbiVersion, profile: &Profile) -> Vec<String> {
    let (host, functions) = (&profile.interface, &profile.runtime.missing_functions);
    let lacking = module.imports().filter(|import| {
        let (module, name) = (import.module(), import.name());
        functions.iter().any(|function| function == name)
            || match module {
                "env" => host.by_version && !belongs(name, abi),
                "wasi_unstable" if !host.wasi_unstable => true,
                _ => !host.wide_wasi && wasi::is_wide(name),
            }
    });
    lacking.map(|import| format!("{}.{}", import.module(), import.name())).collect()
}

/// Whether a version of the ABI has this function. Most are in all three.
fn belongs(name: &str, abi: AbiVersion) -> bool {
    match name {
        "proxy_get_configuration"
        | "proxy_continue_request"
        | "proxy_continue_response"
        | "proxy_clear_route_cache" => abi == AbiVersion::V0_1_0,
        "proxy_continue_stream" | "proxy_close_stream" => abi >= AbiVersion::V0_2_0,
        "proxy_get_log_level" => abi >= AbiVersion::V0_2_1,
        _ => true,
    }
}
