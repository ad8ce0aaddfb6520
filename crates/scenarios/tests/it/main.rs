//! The scenario files, run by every subject that needs nothing but this workspace's libraries,
//! and the files' own rules.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod export;
#[cfg(test)]
mod files;
#[cfg(test)]
mod properties;
