//! Prints every setting of an OpenID Connect strategy: what `cargo xtask generate` writes.

#[allow(clippy::print_stdout, reason = "its output is its purpose")]
fn main() {
    print!("{}", gatekey_core::oidc::settings::reference());
}
