//! What the chains are asked with: header lines, made before anything is measured.

use std::collections::BTreeMap;

use anyhow::Result;

use super::chain::{Chain, Presented};
use crate::population::{KEY_HEADER, Population, malformed_key, unknown_key};
use crate::tokens::{Provider, forged};

/// So many that every chain remembers them all.
const FEW: usize = 500;
/// So many that no chain remembers one until it comes again.
const MANY: usize = 20_000;

#[derive(Debug)]
pub(super) struct Traffic(BTreeMap<Presented, Vec<String>>);

impl Traffic {
    /// The lines for these chains.
    pub(super) fn new(
        chains: &[Chain],
        population: &Population,
        provider: &Provider,
    ) -> Result<Self> {
        let mut traffic = BTreeMap::new();
        for presented in chains.iter().map(Chain::presented) {
            if traffic.contains_key(&presented) {
                continue;
            }
            let lines = match presented {
                Presented::Key => population.keys().map(key_line).collect(),
                Presented::FewTokens(signature) => token_lines(&provider.tokens(signature, FEW)?),
                Presented::ManyTokens(signature) => token_lines(&provider.tokens(signature, MANY)?),
            };
            traffic.insert(presented, lines);
        }
        Ok(Self(traffic))
    }

    /// Lines with good credentials.
    pub(super) fn good(&self, presented: Presented) -> &[String] {
        self.0.get(&presented).map_or(&[], Vec::as_slice)
    }

    /// Lines with bad ones.
    pub(super) fn bad(&self, presented: Presented) -> Vec<String> {
        match presented {
            Presented::Key => {
                [unknown_key(), malformed_key()].iter().map(|key| key_line(key)).collect()
            }
            Presented::FewTokens(_) | Presented::ManyTokens(_) => {
                let good = self.good(presented).iter().take(3);
                let mut bad: Vec<_> =
                    good.map(|line| [&forged(line.trim_end()), "\r\n"].concat()).collect();
                bad.push(token_line("x.y.z"));
                bad
            }
        }
    }
}

fn key_line(key: &str) -> String {
    [KEY_HEADER, ": ", key, "\r\n"].concat()
}

fn token_line(token: &str) -> String {
    ["authorization: Bearer ", token, "\r\n"].concat()
}

fn token_lines(tokens: &[String]) -> Vec<String> {
    tokens.iter().map(|token| token_line(token)).collect()
}
