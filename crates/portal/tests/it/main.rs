//! Integration tests of the portal.
