//! Parameters in the form encoding: of bodies, of queries, and of the two halves of `Basic`.

use core::fmt;

use gatekey_core::secret::Secret;

use super::refusal::{Code, Refusal};

/// More parameters than this are not read.
const MOST_PARAMETERS: usize = 64;

/// The parameters of a request. Some are secret, so none is shown.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<(String, Secret<String>)>);

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Form {
    /// Reads parameters. None may come twice; one without a value counts as absent.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, Refusal> {
        let mut form = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if seen.len() == MOST_PARAMETERS {
                return Err(Refusal::request("There are too many parameters"));
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default());
            let value = decode(halves.next().unwrap_or_default());
            let (Some(name), Some(value)) = (name, value) else {
                return Err(Refusal::request("A parameter is not form-encoded UTF-8"));
            };
            if seen.contains(&name) {
                // The one parameter that may be repeated names resources; here is only one.
                return Err(match name.as_str() {
                    "resource" => Refusal::new(Code::InvalidTarget, "There is only one resource"),
                    _ => Refusal::request("A parameter came more than once"),
                });
            }
            if !value.is_empty() {
                form.0.push((name.clone(), Secret::new(value)));
            }
            seen.push(name);
        }
        Ok(form)
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.expose().as_str())
    }

    /// The value of a parameter that has to be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::request(format!("The parameter `{name}` is missing")))
    }

    /// Every parameter, in the order they came.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()))
    }
}

/// Decodes one half of a pair; nothing if it is not UTF-8, or an escape is broken.
pub(crate) fn decode(encoded: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(*rest.next()?)?, digit(*rest.next()?)?);
                high << 4 | low
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Encodes parameters.
pub(crate) fn encode<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        escape(&mut text, name);
        text.push('=');
        escape(&mut text, value);
    }
    text
}

fn escape(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            other => {
                into.push('%');
                for half in [other >> 4, other & 15] {
                    into.extend(char::from_digit(half.into(), 16).map(|c| c.to_ascii_uppercase()));
                }
            }
        }
    }
}

/// A URI with more parameters in its query.
pub(crate) fn with_query<'p>(
    uri: &str,
    pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
) -> String {
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", encode(pairs))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(encoded: &str) -> Code {
        match Form::parse(encoded.as_bytes()) {
            Err(Refusal::Told(code, _)) => code,
            other => panic!("{encoded}: {other:?}"),
        }
    }

    #[test]
    fn values_are_decoded_and_empty_ones_are_absent() {
        let form = Form::parse(b"a=1+2%2B3&b=&c&&d=%C3%A9&e=x=y").unwrap();
        assert_eq!(form.get("a"), Some("1 2+3"));
        assert_eq!((form.get("b"), form.get("c")), (None, None));
        assert_eq!(form.get("d"), Some("\u{e9}"));
        assert_eq!(form.get("e"), Some("x=y"));
        assert!(matches!(form.required("b"), Err(Refusal::Told(Code::InvalidRequest, _))));
    }

    #[test]
    fn what_comes_twice_or_is_broken_is_refused() {
        for broken in ["a=1&a=1", "a=&a=1", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "a=%FF", "%+1=x"] {
            assert_eq!(refused(broken), Code::InvalidRequest, "{broken}");
        }
        assert_eq!(refused("resource=a&resource=b"), Code::InvalidTarget);
        let many: Vec<_> = (0..=MOST_PARAMETERS).map(|n| format!("p{n}=1")).collect();
        assert_eq!(refused(&many.join("&")), Code::InvalidRequest);
    }

    #[test]
    fn names_show_and_values_do_not() {
        let form = Form::parse(b"client_secret=hunter2").unwrap();
        assert_eq!(format!("{form:?}"), "[\"client_secret\"]");
    }

    #[test]
    fn parameters_join_a_query_that_is_there() {
        for (uri, joined) in [
            ("https://x.test/cb", "https://x.test/cb?a=b%20c"),
            ("https://x.test/cb?", "https://x.test/cb?a=b%20c"),
            ("https://x.test/cb?k=v", "https://x.test/cb?k=v&a=b%20c"),
        ] {
            assert_eq!(with_query(uri, [("a", "b c")]), joined);
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again(pairs in prop::collection::btree_map(".{1,8}", ".{1,16}", 0..8)) {
            let text = encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            prop_assert!(text.is_ascii());
            let form = Form::parse(text.as_bytes()).unwrap();
            let read: Vec<_> = form.pairs().collect();
            let sent: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            prop_assert_eq!(read, sent);
        }

        #[test]
        fn nothing_that_arrives_panics(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            if let Ok(form) = Form::parse(&bytes) {
                prop_assert!(form.pairs().all(|(_, value)| !value.is_empty()));
            }
        }
    }
}
