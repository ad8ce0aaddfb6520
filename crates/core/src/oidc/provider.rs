//! What is known about identity providers.

/// Everything learned from identity providers. Belongs to the driver, as part of its memory.
#[derive(Debug, Default)]
pub(crate) struct Providers;
