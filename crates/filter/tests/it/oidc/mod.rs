//! The compiled filter and an identity provider that answers, fails or lies.

mod calls;
mod documents;
mod failures;
mod fleet;
mod hosts;
mod provider;
mod scene;
mod secrets;
