//! Measures filters side by side in a real Envoy: `target/bench/envoy.json`.
//!
//! `--beside FILE.wasm` measures another build of the key filter in the same run, and
//! `--tokens-beside FILE.wasm` another build of the one with every method. `--rounds N` and
//! `--requests N` change how much is measured, `--only PREFIX` which chains are (beside those that
//! they are compared with).

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use gatekey_benches::envoy::{self, Chain, Parts, Plan, Verified, Verifier};
use gatekey_benches::folder;
use gatekey_benches::population::Population;
use gatekey_benches::report::{line, write};
use gatekey_benches::tokens::{Provider, Signature};
use gatekey_core::time::UnixMillis;
use lexopt::{Arg, ValueExt as _};
use serde::Serialize;

const CREDENTIALS: usize = 100_000;

/// The file that others read; `null` stands for what was not measured.
#[derive(Serialize)]
struct Report {
    empty_chain_us: f64,
    sdk_noop_added_us: Option<f64>,
    api_key_auth_added_us: Option<f64>,
    key_auth_added_us: Option<f64>,
    jwt_authn_added_us: Option<f64>,
    jwt_authn_cached_added_us: Option<f64>,
    jwt_authn_es256_added_us: Option<f64>,
    known_token_added_us: Option<f64>,
    first_token_rs256_added_us: Option<f64>,
    first_token_es256_added_us: Option<f64>,
}

fn main() -> Result<()> {
    let mut plan = Plan::default();
    let mut beside: Vec<PathBuf> = Vec::new();
    let mut tokens_beside: Vec<PathBuf> = Vec::new();
    let mut only: Option<String> = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("beside") => beside.push(arguments.value()?.into()),
            Arg::Long("tokens-beside") => tokens_beside.push(arguments.value()?.into()),
            Arg::Long("only") => only = Some(arguments.value()?.string()?),
            Arg::Long("rounds") => plan.rounds = arguments.value()?.parse()?,
            Arg::Long("requests") => plan.requests = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let bench = folder("GATEKEY_BENCH_DIR")?;
    let noop = |file| bench.join(file);
    let filter = folder("GATEKEY_FILTERS_DIR")?.join("gatekey_key_auth.wasm");
    let mut chains = vec![
        Chain::Empty,
        Chain::Noop("sdk_noop", noop("gatekey_sdk_noop.wasm")),
        Chain::Noop("sdk_noop_trimmed", noop("gatekey_sdk_noop_trimmed.wasm")),
        Chain::ApiKeyAuth,
        Chain::KeyAuth("key_auth".to_owned(), filter),
        Chain::EmptyWithToken,
        Chain::JwtAuthn(Signature::Rs256, Verified::EachTime),
        Chain::JwtAuthn(Signature::Rs256, Verified::Once),
        Chain::JwtAuthn(Signature::Es256, Verified::EachTime),
    ];
    let module = folder("GATEKEY_FILTERS_DIR")?.join("gatekey_application_auth.wasm");
    chains.extend(with_tokens("", &module));
    for path in beside {
        let name = path.file_stem().context("`--beside` takes a file")?;
        chains.push(Chain::KeyAuth(name.to_string_lossy().into_owned(), path));
    }
    for path in tokens_beside {
        let name = path.file_stem().context("`--tokens-beside` takes a file")?.to_string_lossy();
        chains.extend(with_tokens(&format!("_{name}"), &path));
    }
    if let Some(prefix) = only {
        chains.retain(|chain| !chain.checks() || chain.name().starts_with(&prefix));
    }

    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = UnixMillis(now.try_into()?);
    let population = Population::new(CREDENTIALS, now)?;
    let provider = Provider::new(now)?;
    let parts = Parts { envoy: folder("GATEKEY_ENVOY")?, folder: bench.join("envoy") };
    line(format_args!(
        "Envoy, one worker, {CREDENTIALS} keys; {} rounds of {} requests per chain",
        plan.rounds, plan.requests
    ));
    let rounds = envoy::run(&parts, &chains, &population, &provider, plan)?;

    let noop = rounds.added(1);
    line(format_args!(
        "  {:<24} {:>10} {:>10} {:>14}",
        "chain", "CPU us", "added us", "x sdk_noop"
    ));
    for (at, chain) in chains.iter().enumerate() {
        let (total, added) = (rounds.total(at), rounds.added(at));
        let name = chain.name();
        line(format_args!("  {name:<24} {total:>10.2} {added:>10.2} {:>14.2}", added / noop));
    }
    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
    let added = |name: &str| {
        let at = chains.iter().position(|chain| chain.name() == name)?;
        Some(hundredths(rounds.added(at)))
    };
    let report = Report {
        empty_chain_us: hundredths(rounds.total(0)),
        sdk_noop_added_us: added("sdk_noop"),
        api_key_auth_added_us: added("api_key_auth"),
        key_auth_added_us: added("key_auth"),
        jwt_authn_added_us: added("jwt_authn"),
        jwt_authn_cached_added_us: added("jwt_authn_cached"),
        jwt_authn_es256_added_us: added("jwt_authn_es256"),
        known_token_added_us: added("known_token"),
        first_token_rs256_added_us: added("first_token_rs256"),
        first_token_es256_added_us: added("first_token_es256"),
    };
    write(&bench, "envoy.json", &report)
}

/// The chains with tokens that a module is measured in.
fn with_tokens(ending: &str, module: &Path) -> Vec<Chain> {
    let chains = [
        ("known_token", Signature::Rs256, Verified::Once, Verifier::Host),
        ("first_token_rs256", Signature::Rs256, Verified::EachTime, Verifier::Host),
        ("first_token_es256", Signature::Es256, Verified::EachTime, Verifier::Host),
        ("first_token_rs256_in_guest", Signature::Rs256, Verified::EachTime, Verifier::Guest),
        ("first_token_es256_in_guest", Signature::Es256, Verified::EachTime, Verifier::Guest),
        ("first_token_ed25519_in_guest", Signature::Ed25519, Verified::EachTime, Verifier::Guest),
    ];
    let chain = |(name, signature, verified, verifier)| {
        Chain::Tokens(format!("{name}{ending}"), module.to_owned(), signature, verified, verifier)
    };
    chains.into_iter().map(chain).collect()
}
