//! What one request with a token costs in the guest.

use anyhow::{Result, ensure};
use gatekey_host_harness::{Artifact, Transcript};

use super::cost::Cost;
use super::gateway::{Gateway, Metering, Verifier};
use crate::population::Population;
use crate::tokens::{Provider, Signature};

/// How many tokens are measured.
const TOKENS: usize = 100;

/// What a request presents, and who verifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenCase {
    /// A token that was let through before.
    Known,
    /// A token that is new to a host that verifies.
    FirstByHost(Signature),
    /// A token that is new, verified in the guest.
    First(Signature),
    /// As many bytes that are none.
    Garbage,
}

impl TokenCase {
    /// Every case.
    pub const ALL: [Self; 7] = [
        Self::Known,
        Self::FirstByHost(Signature::Rs256),
        Self::FirstByHost(Signature::Es256),
        Self::First(Signature::Rs256),
        Self::First(Signature::Es256),
        Self::First(Signature::Ed25519),
        Self::Garbage,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Known => "known_token",
            Self::FirstByHost(Signature::Rs256) => "first_token_rs256_by_host",
            Self::FirstByHost(Signature::Es256) => "first_token_es256_by_host",
            Self::FirstByHost(Signature::Ed25519) => "first_token_ed25519_by_host",
            Self::First(Signature::Rs256) => "first_token_rs256",
            Self::First(Signature::Es256) => "first_token_es256",
            Self::First(Signature::Ed25519) => "first_token_ed25519",
            Self::Garbage => "garbage_token",
        }
    }

    const fn signature(self) -> Signature {
        match self {
            Self::Known | Self::Garbage => Signature::Rs256,
            Self::FirstByHost(signature) | Self::First(signature) => signature,
        }
    }
}

/// Measures every case. Medians over many tokens.
///
/// # Errors
///
/// When the filter answers a request wrongly.
pub fn token_costs(filter: &Artifact, population: &Population) -> Result<Vec<(TokenCase, Cost)>> {
    let provider = Provider::new(population.issued_at())?;
    TokenCase::ALL
        .into_iter()
        .map(|case| Ok((case, cost(filter, population, &provider, case)?)))
        .collect()
}

fn cost(
    filter: &Artifact,
    population: &Population,
    provider: &Provider,
    case: TokenCase,
) -> Result<Cost> {
    let verifier = match case {
        TokenCase::First(_) => Verifier::Guest,
        _ => Verifier::Host,
    };
    let mut gateway = Gateway::with_tokens(filter, population, provider, verifier, Metering::Fuel)?;
    let tokens = provider.tokens(case.signature(), 2 * TOKENS)?;
    let (warm_up, measured) = tokens.split_at(TOKENS);
    // Whoever is first meets memory that is not there yet.
    let before = if case == TokenCase::Known { measured } else { warm_up };
    for token in before {
        gateway.expect_token(token, 200)?;
    }
    let mut transcripts = Vec::with_capacity(measured.len());
    for token in measured {
        let garbage = token.replace('.', "~");
        let (token, status) = match case {
            TokenCase::Garbage => (garbage.as_str(), 401),
            _ => (token.as_str(), 200),
        };
        transcripts.push(gateway.expect_token(token, status)?);
    }
    let asked = |transcript: &Transcript| transcript.fuel > 0;
    ensure!(transcripts.iter().all(asked), "no fuel was counted");
    Ok(Cost::over(&transcripts))
}
