//! The Proxy-Wasm edge of Gatekey.
//!
//! The only crate that knows the Proxy-Wasm ABI (0.2.1). It holds no decision: it reads a request
//! once, asks [`gatekey_core`], and edits headers or answers. A filter module is one line:
//!
//! ```text
//! gatekey_filter::install!(gatekey_core::METHODS);
//! ```
//!
//! # What a request costs
//!
//! One read of the header map, parsed in place; one write per identity header; on nginx and Kong one
//! read of the raw path; nothing is kept for a stream that neither waits for a call nor awaits a
//! cookie. The module therefore exports no `proxy_on_delete`, nor any other callback that a stream
//! would pay for without needing it.
//!
//! # Panics
//!
//! None are reachable: every host call returns a `Result`, unexpected statuses refuse the request,
//! and arithmetic that could overflow is checked or saturates.
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "outside a guest, stand-ins take the place of host calls")
)]

mod accelerator;
mod callouts;
pub mod config;
mod cookies;
mod decision;
mod documents;
mod fleet;
mod host;
mod limit;
mod metrics;
mod pairs;
mod refusals;
mod report;
mod respond;
mod root;
mod send;
mod stream;
mod vm;

pub use self::accelerator::Accelerated;
pub use self::vm::exports;

/// Defines the exports of a filter module that links the given methods.
///
/// With a second argument, a `&'static dyn Crypto`, tokens can be verified and sessions be kept; the
/// module then also hears of responses, to add cookies to them.
#[macro_export]
macro_rules! install {
    ($methods:expr) => {
        $crate::install!(@callbacks $methods, &$crate::exports::KEYS_ONLY);
    };
    ($methods:expr, $crypto:expr) => {
        const _: () = {
            static ACCELERATED: $crate::exports::Accelerated =
                $crate::exports::Accelerated::new($crypto);
            static ABILITIES: $crate::exports::Abilities = $crate::exports::Abilities {
                crypto: $crypto,
                accelerated: &ACCELERATED,
                entropy: &$crate::exports::Random,
                session_keys: Some($crate::exports::SessionKeys::from_secret),
                calls: &$crate::exports::HOST_CALLS,
            };
            $crate::install!(@callbacks $methods, &ABILITIES);
        };
        $crate::export! {
            fn proxy_on_response_headers(context: u32, _headers: u32, _end_of_stream: u32) -> u32 {
                $crate::exports::response_headers(context)
            }
        }
    };
    (@callbacks $methods:expr, $abilities:expr) => {
        $crate::export! {
            fn proxy_on_context_create(context: u32, parent: u32) {
                $crate::exports::context_create(context, parent);
            }
            fn proxy_on_configure(context: u32, size: u32) -> u32 {
                u32::from($crate::exports::configure(context, size, $methods, $abilities))
            }
            fn proxy_on_tick(context: u32) {
                $crate::exports::tick(context);
            }
            fn proxy_on_request_headers(context: u32, headers: u32, _end_of_stream: u32) -> u32 {
                $crate::exports::request_headers(context, headers)
            }
            fn proxy_on_http_call_response(
                context: u32,
                call: u32,
                headers: u32,
                body: u32,
                _trailers: u32,
            ) {
                $crate::exports::http_call_response(context, call, headers, body);
            }
        }
    };
}

/// Exports functions under their own names.
#[doc(hidden)]
#[macro_export]
macro_rules! export {
    ($(fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {$(
        #[doc(hidden)]
        #[allow(unsafe_code, unreachable_pub, reason = "the ABI finds callbacks by their names")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($arg: $type),*) $(-> $result)? $body
    )*};
}
