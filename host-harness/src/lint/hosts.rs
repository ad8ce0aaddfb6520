//! What each host takes, refuses and never does, as far as it can be told from a module.

use super::features::Feature;
use super::host_functions::{ENV, Reach, Since, WASI, find};

/// A host whose rules the linter knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Spec,
    Envoy,
    /// ngx_wasm_module from 0.6.0.
    Ngx06,
    /// ngx_wasm_module 0.4.0 and 0.5.0.
    Ngx05,
    /// The module as Kong 3.9 pins it.
    Kong39,
}

/// The version of the ABI that a module's marker names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Abi {
    V010,
    V020,
    V021,
}

impl Abi {
    pub(super) fn of_marker(export: &str) -> Option<Self> {
        Some(match export {
            "proxy_abi_version_0_1_0" => Self::V010,
            "proxy_abi_version_0_2_0" => Self::V020,
            "proxy_abi_version_0_2_1" => Self::V021,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::V010 => "0.1.0",
            Self::V020 => "0.2.0",
            Self::V021 => "0.2.1",
        }
    }

    fn names(self, since: Since) -> bool {
        match since {
            Since::Always | Since::Runtime => true,
            Since::Only010 => self == Self::V010,
            Since::V020 => self >= Self::V020,
            Since::V021 => self >= Self::V021,
            Since::Draft => false,
        }
    }
}

/// What becomes of one import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It links and works.
    Works { ty: &'static str },
    /// It links, and traps when it is called.
    Traps { ty: &'static str },
    /// It links on some builds of the host only.
    Sometimes { ty: &'static str, on: &'static str },
    /// The host has nothing of this name.
    Absent,
    /// The host knows no import module of this name.
    NoModule,
}

/// How a host takes a proposal of WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// Its engine takes it, but compilers emit it only when told to, and other hosts may not.
    OptIn,
    /// It depends on the version of the engine and how it was built.
    Depends,
    No,
}

/// Declared by ngx_wasm_module and not implemented: the call traps.
const NGX_TRAPS: [&str; 14] = [
    "proxy_get_log_level",
    "proxy_done",
    "proxy_close_stream",
    "proxy_grpc_call",
    "proxy_grpc_stream",
    "proxy_grpc_send",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_get_status",
    "proxy_resolve_shared_queue",
    "proxy_continue_response",
    "proxy_clear_route_cache",
    "proxy_resume_downstream",
    "proxy_resume_upstream",
];

/// Not in ngx_wasm_module's table at all.
const NGX_ABSENT: [&str; 4] = [
    "proxy_get_header_map_size",
    "proxy_get_buffer_status",
    "emscripten_notify_memory_growth",
    "pthread_equal",
];

const ONLY_WASMTIME: &str = "builds with Wasmtime, whose own WASI fills the gap";
const ONLY_RECENT: &str = "builds with a cpp-host of April 2026 or later";

impl Host {
    pub(super) const ALL: [Self; 5] =
        [Self::Spec, Self::Envoy, Self::Ngx06, Self::Ngx05, Self::Kong39];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Envoy => "envoy",
            Self::Ngx06 => "ngx-0.6",
            Self::Ngx05 => "ngx-0.5",
            Self::Kong39 => "kong-3.9",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|host| host.name() == name)
    }

    pub(super) fn is_ngx(self) -> bool {
        matches!(self, Self::Ngx06 | Self::Ngx05 | Self::Kong39)
    }

    /// What becomes of an import by a module of this ABI.
    pub(super) fn offer(self, abi: Abi, module: &str, name: &str) -> Offer {
        match module {
            "env" => self.offer_env(abi, name),
            "wasi_snapshot_preview1" => self.offer_wasi(name),
            "wasi_unstable" if !self.is_ngx() => self.offer_wasi(name),
            _ => Offer::NoModule,
        }
    }

    fn offer_env(self, abi: Abi, name: &str) -> Offer {
        let Some(function) = find(ENV, name) else { return Offer::Absent };
        let ty = function.ty;
        if !self.is_ngx() {
            return if abi.names(function.from) { Offer::Works { ty } } else { Offer::Absent };
        }
        if NGX_ABSENT.contains(&name) {
            return Offer::Absent;
        }
        if name == "proxy_get_log_level" {
            // Declared with one parameter too many.
            return Offer::Traps { ty: "ii:i" };
        }
        let no_foreign = self != Self::Ngx06 && name == "proxy_call_foreign_function";
        if no_foreign || NGX_TRAPS.contains(&name) {
            return Offer::Traps { ty };
        }
        Offer::Works { ty }
    }

    fn offer_wasi(self, name: &str) -> Offer {
        let Some(function) = find(WASI, name) else { return Offer::Absent };
        let ty = function.ty;
        match function.from {
            Reach::Everywhere => Offer::Works { ty },
            Reach::Envoy | Reach::Stub if self.is_ngx() => {
                Offer::Sometimes { ty, on: ONLY_WASMTIME }
            }
            Reach::Envoy => Offer::Works { ty },
            Reach::Stub if self == Self::Envoy => Offer::Sometimes { ty, on: ONLY_RECENT },
            Reach::Stub => Offer::Absent,
        }
    }

    /// Why the host never calls a callback, if it never does.
    pub(super) fn never_calls(self, callback: &str) -> Option<&'static str> {
        if !self.is_ngx() {
            return None;
        }
        let rest = callback.strip_prefix("proxy_on_")?;
        if rest.starts_with("grpc_") {
            return Some("it makes no gRPC calls");
        }
        match rest {
            "request_trailers" | "response_trailers" => Some("it shows no trailers to filters"),
            "queue_ready" => Some("it tells nobody about queues"),
            "new_connection"
            | "downstream_data"
            | "upstream_data"
            | "downstream_connection_close"
            | "upstream_connection_close" => Some("it filters HTTP only"),
            "foreign_function" if self != Self::Ngx06 => {
                Some("its foreign functions are not there")
            }
            _ => None,
        }
    }

    /// Most bytes of linear memory. nginx has no limit of its own.
    pub(super) fn memory_limit(self) -> Option<u64> {
        (!self.is_ngx()).then_some(1 << 30)
    }

    pub(super) fn takes(self, feature: Feature) -> Taken {
        use Feature as F;
        match feature {
            F::MutableGlobals
            | F::SaturatingFloatToInt
            | F::SignExtension
            | F::MultiValue
            | F::BulkMemory
            | F::ReferenceTypes
            | F::ExtendedConst => Taken::Yes,
            F::Simd => Taken::OptIn,
            F::RelaxedSimd | F::TailCall | F::MultiMemory | F::Threads => Taken::Depends,
            F::Exceptions | F::LegacyExceptions | F::FunctionReferences | F::Gc => match self {
                // V8 has them; the Wasmtime of ngx_wasm_module does not turn them on.
                Self::Envoy => Taken::Depends,
                _ => Taken::No,
            },
            F::Memory64
            | F::SharedEverything
            | F::StackSwitching
            | F::CustomPageSizes
            | F::MemoryControl
            | F::WideArithmetic => Taken::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn there_are_rules_for_every_profile() {
        assert_eq!(Host::ALL.map(Host::name), Profile::NAMES);
    }
}
