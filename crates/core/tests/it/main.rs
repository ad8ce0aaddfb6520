//! The core from outside: documents, their refusal, and the follower.

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
mod pages;
