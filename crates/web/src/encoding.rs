//! How texts stand in URLs.

use core::fmt::{self, Display, Write};

/// A text as one segment of a path, or as a value of a query: everything but letters, digits and
/// `-._~` is escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<T>(pub(crate) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl Write for Escaping<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                for byte in text.bytes() {
                    match byte {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                            self.0.write_char(char::from(byte))?;
                        }
                        other => write!(self.0, "%{other:02X}")?,
                    }
                }
                Ok(())
            }
        }
        write!(Escaping(f), "{}", self.0)
    }
}

/// A query of names and values, with its question mark; nothing, when there are none.
pub(crate) fn query<N: Display, V: Display>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        // Writing to a string cannot fail.
        let _ = write!(text, "{}={}", Escaped(name), Escaped(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(Escaped("a b/ä?&=#%").to_string(), "a%20b%2F%C3%A4%3F%26%3D%23%25");
        assert_eq!(Escaped("../..").to_string(), "..%2F..");
        assert_eq!(query([("page[size]", 20)]), "?page%5Bsize%5D=20");
        assert_eq!(query::<&str, &str>([]), "");
    }
}
