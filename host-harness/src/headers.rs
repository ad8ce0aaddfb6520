//! Header maps as proxies keep them: ordered, byte-valued, names in lower case, repeats kept.

/// An ordered list of header fields.
///
/// Names are lower-cased on the way in, as both Envoy and nginx do; values are raw bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Headers {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a field, whether or not the name is there already.
    pub fn add(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.fields.push((name.as_ref().to_ascii_lowercase(), value.as_ref().to_vec()));
    }

    /// Leaves exactly one field of this name, at the place of the first one.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = name.as_ref().to_ascii_lowercase();
        let mut value = Some(value.as_ref().to_vec());
        self.fields.retain_mut(|(field, old)| {
            if *field != name {
                return true;
            }
            value.take().map(|new| *old = new).is_some()
        });
        if let Some(value) = value {
            self.fields.push((name, value));
        }
    }

    /// Removes every field of this name.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) {
        let name = name.as_ref().to_ascii_lowercase();
        self.fields.retain(|(field, _)| *field != name);
    }

    /// The first value of this name.
    #[must_use]
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref().to_ascii_lowercase();
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_slice())
    }

    /// Every value of this name, in order.
    #[must_use]
    pub fn get_all(&self, name: impl AsRef<[u8]>) -> Vec<&[u8]> {
        let name = name.as_ref().to_ascii_lowercase();
        let values = self.fields.iter().filter(|(field, _)| *field == name);
        values.map(|(_, value)| value.as_slice()).collect()
    }

    /// Every value of this name with commas between them, as `request.headers` properties show it.
    #[must_use]
    pub fn joined(&self, name: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        let values = self.get_all(name);
        if values.is_empty() { None } else { Some(values.join(&b","[..])) }
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many fields there are, pseudo-headers included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in fields {
            headers.add(name, value);
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_collapses_repeats_in_place() {
        let mut headers: Headers = [("A", "1"), ("b", "2"), ("a", "3")].into_iter().collect();
        headers.set("a", "4");
        assert_eq!(headers, [("a", "4"), ("b", "2")].into_iter().collect());
        headers.set("c", "5");
        assert_eq!(headers.get("C"), Some(&b"5"[..]));
    }

    #[test]
    fn repeats_are_kept_and_removed_together() {
        let mut headers: Headers = [("x", "1"), ("x", "2")].into_iter().collect();
        assert_eq!(headers.get("x"), Some(&b"1"[..]));
        assert_eq!(headers.joined("x"), Some(b"1,2".to_vec()));
        headers.remove("X");
        assert!(headers.is_empty());
        assert_eq!(headers.joined("x"), None);
    }
}
