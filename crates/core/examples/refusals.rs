//! Prints every reason for a refusal: what `cargo xtask generate` writes.

#[allow(clippy::print_stdout, reason = "its output is its purpose")]
fn main() {
    print!("{}", gatekey_core::check::refusals_reference());
}
