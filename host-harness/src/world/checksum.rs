//! CRC-32 as nginx computes it.

/// Reflected, polynomial 0xEDB88320, over all bits inverted.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn known_values_and_a_known_collision() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b"cred/plumless"), crc32(b"cred/buckeroo"));
    }
}
