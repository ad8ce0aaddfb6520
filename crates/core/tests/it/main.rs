//! The core from outside: documents, their refusal, the follower, and what tokens are read from.

#![cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]

#[cfg(test)]
mod documents;
#[cfg(test)]
mod example;
#[cfg(test)]
#[path = "../fixture/mod.rs"]
mod fixture;
#[cfg(test)]
mod follower;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod tokens;
