//! Base64url as JOSE has it (RFC 7515 2): one spelling for each value.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Reads base64url without padding. Blanks, padding, the other alphabet and bits left over are
/// refused.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
