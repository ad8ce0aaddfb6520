//! The harness on hand-written modules and on one made by the Proxy-Wasm Rust SDK.

mod artifact;
mod guest;
mod stream;
