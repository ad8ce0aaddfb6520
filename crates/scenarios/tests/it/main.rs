//! The scenario files, run by every subject that needs nothing but this workspace's libraries,
//! and the files' own rules.

mod corpus;
mod files;
mod properties;
