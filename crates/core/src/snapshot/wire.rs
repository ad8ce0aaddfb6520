//! Reading and writing the primitive types of the format.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Why bytes are not a document of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The bytes end before the document does.
    Truncated,
    /// Bytes follow the document's end.
    TrailingBytes,
    /// The first bytes name another kind of document or another version.
    UnknownFormat,
    /// A kind, verb or code that this version does not know.
    UnknownCode,
    /// Text that is not UTF-8.
    NotUtf8,
    /// Longer than the format allows.
    TooLarge,
    /// Records out of order.
    Unsorted,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end too early",
            Self::TrailingBytes => "bytes follow the end",
            Self::UnknownFormat => "unknown format or version",
            Self::UnknownCode => "unknown kind, verb or code",
            Self::NotUtf8 => "text is not UTF-8",
            Self::TooLarge => "longer than the format allows",
            Self::Unsorted => "records are out of order",
        })
    }
}

impl core::error::Error for FormatError {}

/// Takes values off the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, FormatError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn str(&mut self) -> Result<&'a str, FormatError> {
        let length = self.u16()?;
        core::str::from_utf8(self.bytes(length.into())?).map_err(|_| FormatError::NotUtf8)
    }

    /// A list; the claimed count reserves nothing, so a lie costs nothing.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, FormatError>,
    ) -> Result<Vec<T>, FormatError> {
        let count = self.u16()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(crate) fn strings(&mut self) -> Result<Vec<String>, FormatError> {
        self.list(|reader| reader.str().map(String::from))
    }

    pub(crate) const fn finish(self) -> Result<(), FormatError> {
        if self.is_empty() { Ok(()) } else { Err(FormatError::TrailingBytes) }
    }
}

/// Text as long as the format can carry: the portal's own limits are far below.
pub(crate) fn push_str(bytes: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.as_bytes().get(..end).unwrap_or_default();
    bytes.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend_from_slice(text);
}

pub(crate) fn push_list<T>(
    bytes: &mut Vec<u8>,
    items: &[T],
    mut push: impl FnMut(&mut Vec<u8>, &T),
) {
    let count = u16::try_from(items.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    items.iter().take(count.into()).for_each(|item| push(bytes, item));
}

pub(crate) fn push_strings(bytes: &mut Vec<u8>, items: &[String]) {
    push_list(bytes, items, |bytes, text| push_str(bytes, text));
}
