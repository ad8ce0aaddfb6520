//! The rules: a module against what every host asks of it, and against one host.

use wasmparser::MemoryType;

use super::finding::{Finding, kinds};
use super::host_functions::{CALLBACKS, find, spelled};
use super::hosts::{Abi, Host, Offer, Taken};
use super::module::{Kind, Module};

const PAGE: u64 = 64 << 10;

/// The marker that counts: hosts take the first they find.
pub(super) fn abi(module: &Module) -> Option<Abi> {
    module.exports.iter().find_map(|export| Abi::of_marker(&export.name))
}

/// What holds whoever the host is.
pub(super) fn everywhere(module: &Module, max_size: Option<u64>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(limit) = max_size.filter(|limit| module.size as u64 > *limit) {
        let message = format!("{} bytes, and {limit} are allowed", module.size);
        findings.push(Finding::error(kinds::TOO_LARGE, "module", message));
    }
    if let Some(names) = module.customs.iter().find(|custom| custom.name == "name") {
        let message = format!("the name section takes {} bytes; backtraces show names", names.size);
        findings.push(Finding::info(kinds::NAMES_KEPT, "module", message));
    }
    if module.debug_bytes() > 0 {
        let message = format!("{} bytes of debug information are left in", module.debug_bytes());
        findings.push(Finding::warning(kinds::DEBUG_KEPT, "module", message));
    }
    if module.has_start {
        let message = "there is a start section";
        findings.push(Finding::warning(kinds::HAS_START, "module", message));
    }
    for export in &module.exports {
        let name = export.name.as_str();
        let known = find(CALLBACKS, name).is_some() || name == "proxy_on_memory_allocate";
        if name.starts_with("proxy_on_") && !known {
            let message = "not a callback of any version of the ABI";
            findings.push(Finding::warning(kinds::UNKNOWN_CALLBACK, name, message));
        }
    }
    findings
}

/// What one host says.
pub(super) fn on(host: Host, module: &Module) -> Vec<Finding> {
    let mut findings = Vec::new();
    marker(host, module, &mut findings);
    exports(module, &mut findings);
    imports(host, module, &mut findings);
    callbacks(host, module, &mut findings);
    features(host, module, &mut findings);
    memories(host, module, &mut findings);
    findings
}

fn marker(host: Host, module: &Module, findings: &mut Vec<Finding>) {
    let markers: Vec<&str> = module
        .exports
        .iter()
        .map(|export| export.name.as_str())
        .filter(|name| name.starts_with("proxy_abi_version_"))
        .collect();
    let known = markers.iter().filter(|name| Abi::of_marker(name).is_some()).count();
    if known == 0 {
        let message = match markers.as_slice() {
            [] => "there is no `proxy_abi_version_...` export".to_owned(),
            _ => format!("no host knows `{}`", markers.join("`, `")),
        };
        findings.push(Finding::error(kinds::NO_MARKER, "exports", message));
    }
    if known > 1 {
        let message = format!("several markers: `{}`", markers.join("`, `"));
        findings.push(Finding::warning(kinds::SEVERAL_MARKERS, "exports", message));
    }
    if host == Host::Spec && abi(module) == Some(Abi::V010) {
        let message = "ABI 0.1.0 was never published as a specification";
        findings.push(Finding::warning(kinds::OLD_ABI, "exports", message));
    }
}

fn exports(module: &Module, findings: &mut Vec<Finding>) {
    match module.export("memory") {
        Some(export) if export.kind == Kind::Memory => {}
        Some(_) => {
            let message = "it is exported, but not a memory";
            findings.push(Finding::error(kinds::NO_MEMORY, "memory", message));
        }
        None => {
            let message = "no memory is exported under this name";
            findings.push(Finding::error(kinds::NO_MEMORY, "memory", message));
        }
    }
    let allocators = ["malloc", "proxy_on_memory_allocate"];
    let there: Vec<_> = allocators.iter().filter_map(|name| module.export(name)).collect();
    match there.as_slice() {
        [] => {
            let message = "neither `proxy_on_memory_allocate` nor `malloc` is exported";
            findings.push(Finding::error(kinds::NO_ALLOCATOR, "exports", message));
        }
        [_] => {}
        _ => {
            let message = "both allocators are exported; every host here takes `malloc`";
            findings.push(Finding::warning(kinds::TWO_ALLOCATORS, "malloc", message));
        }
    }
    if let Some(taken) = there.first() {
        expect_type(&taken.name, &taken.kind, "i:i", kinds::ALLOCATOR_TYPE, findings);
    }
    let initialisers = ["_initialize", "_start"];
    let there: Vec<_> = initialisers.iter().filter_map(|name| module.export(name)).collect();
    match there.as_slice() {
        [] => {
            let message = "neither `_initialize` nor `_start` is exported";
            findings.push(Finding::warning(kinds::NO_INITIALISER, "exports", message));
        }
        [_] => {}
        _ => {
            let message = "both are exported";
            findings.push(Finding::warning(
                kinds::TWO_INITIALISERS,
                "_initialize, _start",
                message,
            ));
        }
    }
    for export in there {
        expect_type(&export.name, &export.kind, ":", kinds::INITIALISER_TYPE, findings);
    }
}

fn expect_type(
    name: &str,
    kind: &Kind,
    expected: &str,
    finding: super::finding::Kind,
    findings: &mut Vec<Finding>,
) {
    let message = match kind {
        Kind::Function(ty) if ty == expected => return,
        Kind::Function(ty) => {
            format!("it has the type `{}` instead of `{}`", spelled(ty), spelled(expected))
        }
        Kind::Memory => "it is a memory, not a function".to_owned(),
        Kind::Other(what) => format!("it is a {what}, not a function"),
    };
    findings.push(Finding::error(finding, name, message));
}

fn imports(host: Host, module: &Module, findings: &mut Vec<Finding>) {
    // Without a marker nothing loads; the imports are judged as if it were there.
    let abi = abi(module).unwrap_or(Abi::V021);
    for import in &module.imports {
        let place = format!("{}.{}", import.module, import.name);
        let ty = match &import.kind {
            Kind::Function(ty) => ty,
            Kind::Memory => {
                let message = "the memory is imported, and no host brings one";
                findings.push(Finding::error(kinds::MEMORY_IMPORTED, place, message));
                continue;
            }
            Kind::Other(what) => {
                let message = format!("a {what} is imported");
                findings.push(Finding::error(kinds::NOT_A_FUNCTION, place, message));
                continue;
            }
        };
        let offer = host.offer(abi, &import.module, &import.name);
        let offered = match &offer {
            Offer::NoModule => {
                let message = format!("this host has no import module `{}`", import.module);
                findings.push(Finding::error(kinds::UNKNOWN_MODULE, place, message));
                continue;
            }
            Offer::Absent => {
                let abi = abi.as_str();
                let message = format!("this host does not offer it to modules of ABI {abi}");
                findings.push(Finding::error(kinds::ABSENT_IMPORT, place, message));
                continue;
            }
            Offer::Works { ty } | Offer::Traps { ty } | Offer::Sometimes { ty, .. } => *ty,
        };
        if ty != offered {
            let (ty, offered) = (spelled(ty), spelled(offered));
            let message = format!("imported as `{ty}`, and this host has `{offered}`");
            findings.push(Finding::error(kinds::IMPORT_TYPE, place, message));
            continue;
        }
        match offer {
            Offer::Traps { .. } => {
                let message = "this host declares it, and traps when it is called";
                findings.push(Finding::warning(kinds::TRAPPING_IMPORT, place, message));
            }
            Offer::Sometimes { on, .. } => {
                let message = format!("only {on}");
                findings.push(Finding::warning(kinds::SOMETIMES_IMPORT, place, message));
            }
            _ if host.is_ngx() && import.name == "random_get" => {
                let message = "this host answers with libc `random()`, which can be predicted";
                findings.push(Finding::warning(kinds::WEAK_RANDOM, place, message));
            }
            _ if host.is_ngx() && import.name == "environ_get" => {
                let message = "variables of nginx itself are visible";
                findings.push(Finding::info(kinds::HOST_ENVIRONMENT, place, message));
            }
            _ => {}
        }
    }
}

fn callbacks(host: Host, module: &Module, findings: &mut Vec<Finding>) {
    let mut called = 0;
    for export in &module.exports {
        let Some(callback) = find(CALLBACKS, &export.name) else { continue };
        match host.never_calls(callback.name) {
            Some(why) => {
                let message = format!("this host never calls it: {why}");
                findings.push(Finding::warning(kinds::NEVER_CALLED, callback.name, message));
            }
            None => called += 1,
        }
        // In ABI 0.1.0 some callbacks took one number less.
        if abi(module) != Some(Abi::V010) {
            expect_type(&export.name, &export.kind, callback.ty, kinds::CALLBACK_TYPE, findings);
        }
    }
    if called == 0 {
        let message = "nothing is exported that this host would call";
        findings.push(Finding::warning(kinds::NO_CALLBACK, "exports", message));
    }
}

fn features(host: Host, module: &Module, findings: &mut Vec<Finding>) {
    for feature in &module.features {
        let (place, kind) = (feature.name(), host.takes(*feature));
        match kind {
            Taken::Yes => {}
            Taken::OptIn => {
                let message = "used; the engines of all five hosts take it by default";
                findings.push(Finding::info(kinds::FEATURE_OPT_IN, place, message));
            }
            Taken::Depends => {
                let message = "used; whether the engine takes it depends on its version and build";
                findings.push(Finding::warning(kinds::FEATURE_DEPENDS, place, message));
            }
            Taken::No => {
                let message = "used, and this host does not take it";
                findings.push(Finding::error(kinds::FEATURE_REFUSED, place, message));
            }
        }
    }
}

fn memories(host: Host, module: &Module, findings: &mut Vec<Finding>) {
    if module.memories.len() > 1 {
        let message = format!("there are {} memories", module.memories.len());
        findings.push(Finding::warning(kinds::SEVERAL_MEMORIES, "memory", message));
    }
    for (index, memory) in module.memories.iter().enumerate() {
        memory_limits(host, format!("memory {index}"), memory, findings);
    }
}

fn memory_limits(host: Host, place: String, memory: &MemoryType, findings: &mut Vec<Finding>) {
    if memory.memory64 {
        let message = "its addresses have 64 bits, and those of the ABI have 32";
        findings.push(Finding::error(kinds::MEMORY_64, place.as_str(), message));
    }
    if memory.shared {
        let message = "it is shared between threads, and hosts read it as unshared";
        findings.push(Finding::error(kinds::MEMORY_SHARED, place.as_str(), message));
    }
    let minimum = memory.initial.saturating_mul(PAGE);
    match host.memory_limit() {
        Some(limit) if minimum > limit => {
            let message = format!("it starts with {minimum} bytes, and this host allows {limit}");
            findings.push(Finding::error(kinds::MEMORY_OVER_LIMIT, place, message));
        }
        None if minimum > 1 << 30 => {
            let message = format!("it starts with {minimum} bytes in each worker");
            findings.push(Finding::warning(kinds::MEMORY_OVER_LIMIT, place, message));
        }
        None if memory.maximum.is_none() => {
            let message = "it has no maximum, and this host sets none: it may grow to 4 GiB";
            findings.push(Finding::info(kinds::MEMORY_UNBOUNDED, place, message));
        }
        _ => {}
    }
}
