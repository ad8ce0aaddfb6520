//! Header maps as proxies keep them: ordered, byte-valued, names in lower case, repeats kept.

use core::fmt;
use std::sync::Arc;

use crate::profile::Profile;

/// An ordered list of header fields.
///
/// Names are lower-cased on the way in, as both Envoy and nginx do; values are raw bytes. On a host
/// whose upstream gets other headers than its filters see, this is what the filters see.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Shared until one of the holders changes its own: most copies never are.
    fields: Arc<Vec<Field>>,
}

#[derive(Clone)]
struct Field {
    name: Vec<u8>,
    value: Vec<u8>,
    /// The name as its sender wrote it, if that was not in lower case.
    spelling: Option<Box<[u8]>>,
    sight: Sight,
    sent: Sent,
}

/// Which readers see a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// All.
    Full,
    /// Only those who ask for its name.
    ByName,
    /// None.
    Hidden,
}

/// What the upstream gets of a field.
#[derive(Clone, PartialEq, Eq)]
enum Sent {
    AsRead,
    Instead(Vec<u8>),
    Nothing,
}

impl Field {
    fn new(name: &[u8], value: &[u8]) -> Self {
        let lower = name.to_ascii_lowercase();
        Self {
            spelling: (lower != name).then(|| name.into()),
            name: lower,
            value: value.to_vec(),
            sight: Sight::Full,
            sent: Sent::AsRead,
        }
    }

    fn is(&self, name: &[u8]) -> bool {
        self.sight != Sight::Hidden && self.name.eq_ignore_ascii_case(name)
    }

    fn is_pseudo(&self) -> bool {
        self.name.first() == Some(&b':')
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, value, spelling: _, sight, sent } = self;
        (name, value, sight, sent) == (&other.name, &other.value, &other.sight, &other.sent)
    }
}

impl Eq for Field {}

impl Headers {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of this holder alone.
    fn owned(&mut self) -> &mut Vec<Field> {
        Arc::make_mut(&mut self.fields)
    }

    /// Appends a field, whether or not the name is there already.
    pub fn add(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.owned().push(Field::new(name.as_ref(), value.as_ref()));
    }

    /// Leaves exactly one field of this name, at the place of the first one.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let mut new = Some(value);
        self.owned().retain_mut(|field| {
            if !field.is(name) {
                return true;
            }
            new.take().map(|new| field.value = new.to_vec()).is_some()
        });
        if new.is_some() {
            self.add(name, value);
        }
    }

    /// Removes every field of this name.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.owned().retain(|field| !field.is(name));
    }

    /// The first value of this name.
    #[must_use]
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        self.fields.iter().find(|field| field.is(name)).map(|field| field.value.as_slice())
    }

    /// Every value of this name, in order.
    #[must_use]
    pub fn get_all(&self, name: impl AsRef<[u8]>) -> Vec<&[u8]> {
        let name = name.as_ref();
        let values = self.fields.iter().filter(|field| field.is(name));
        values.map(|field| field.value.as_slice()).collect()
    }

    /// Every value of this name with commas between them, as `request.headers` properties show it.
    #[must_use]
    pub fn joined(&self, name: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        let values = self.get_all(name);
        if values.is_empty() { None } else { Some(values.join(&b","[..])) }
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.shown().map(|field| (field.name.as_slice(), field.value.as_slice()))
    }

    /// The fields in order, names as their sender wrote them.
    pub fn iter_as_spelled(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.shown()
            .map(|field| (field.spelling.as_deref().unwrap_or(&field.name), field.value.as_slice()))
    }

    fn shown(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.sight == Sight::Full)
    }

    /// How many fields there are, pseudo-headers included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shown().count()
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown().next().is_none()
    }

    /// How many fields a guest is told of.
    pub(crate) fn announced(&self, profile: &Profile) -> usize {
        let counts_pseudo = profile.headers.pseudo_headers_are_counted;
        self.shown().filter(|field| counts_pseudo || !field.is_pseudo()).count()
    }

    /// Whether the upstream gets just what filters read.
    pub(crate) fn are_sent_as_read(&self) -> bool {
        self.fields.iter().all(|field| field.sight == Sight::Full && field.sent == Sent::AsRead)
    }

    /// What the upstream gets: hidden fields too, and original values where a change has no effect.
    pub(crate) fn as_sent(&self) -> Self {
        let plain = |field: &Field| field.sight == Sight::Full && field.sent == Sent::AsRead;
        if self.fields.iter().all(plain) {
            return self.clone();
        }
        let fields = self.fields.iter().filter_map(|field| {
            let value = match &field.sent {
                Sent::AsRead => field.value.clone(),
                Sent::Instead(value) => value.clone(),
                Sent::Nothing => return None,
            };
            Some(Field { value, sight: Sight::Full, sent: Sent::AsRead, ..field.clone() })
        });
        Self { fields: Arc::new(fields.collect()) }
    }

    /// Removes every field of this name from the sight of readers; the upstream still gets them.
    pub(crate) fn hide(&mut self, name: &[u8]) {
        for field in self.owned().iter_mut().filter(|field| field.is(name)) {
            field.sight = Sight::Hidden;
        }
    }

    /// Hides all fields but the pseudo-headers.
    pub(crate) fn hide_all(&mut self) {
        for field in self.owned().iter_mut().filter(|field| !field.is_pseudo()) {
            field.sight = Sight::Hidden;
        }
    }

    /// Sets the first field of this name and leaves the others to the upstream alone. When there
    /// are others, the set one can be read by its name only.
    pub(crate) fn set_first(&mut self, name: &[u8], value: &[u8]) {
        let several = self.fields.iter().filter(|field| field.is(name)).count() > 1;
        let mut rest = self.owned().iter_mut().filter(|field| field.is(name));
        let Some(first) = rest.next() else {
            self.add(name, value);
            return;
        };
        first.value = value.to_vec();
        if several {
            first.sight = Sight::ByName;
        }
        for field in rest {
            field.sight = Sight::Hidden;
        }
    }

    /// From now on the upstream gets what this field holds now, whatever is done to it.
    pub(crate) fn pin(&mut self, name: &[u8]) {
        for field in self.owned().iter_mut().filter(|field| field.is(name)) {
            if field.sent == Sent::AsRead {
                field.sent = Sent::Instead(field.value.clone());
            }
        }
    }

    /// Adds a field that filters read and the upstream does not get, before all others.
    pub(crate) fn show(&mut self, name: &str, value: &[u8]) {
        let field = Field { sent: Sent::Nothing, ..Field::new(name.as_bytes(), value) };
        self.owned().insert(0, field);
    }

    /// Puts the pseudo-headers first, in this order.
    pub(crate) fn order_pseudo(&mut self, order: &[&str]) {
        self.owned().sort_by_key(|field| {
            let place = order.iter().position(|name| field.name == name.as_bytes());
            if field.is_pseudo() { place.unwrap_or(order.len()) } else { order.len() + 1 }
        });
    }

    /// Drops every field whose name this refuses.
    pub(crate) fn keep_names(&mut self, keep: impl Fn(&[u8]) -> bool) {
        self.owned().retain(|field| keep(&field.name));
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

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        f.debug_list()
            .entries(self.fields.iter().map(|field| {
                let mark = match (field.sight, &field.sent) {
                    (Sight::Full, Sent::AsRead) => "",
                    (Sight::Full, Sent::Instead(_)) => " (sent otherwise)",
                    (Sight::Full, Sent::Nothing) => " (not sent)",
                    (Sight::ByName | Sight::Hidden, _) => " (hidden)",
                };
                format!("{}: {}{mark}", text(&field.name), text(&field.value))
            }))
            .finish()
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

    #[test]
    fn readers_and_the_upstream_can_see_different_fields() {
        let mut headers: Headers =
            [(":path", "/a"), ("X-Id", "1"), ("x-id", "2"), ("key", "k")].into_iter().collect();
        headers.hide(b"Key");
        headers.set_first(b"x-id", b"9");
        headers.pin(b":path");
        headers.set(":path", "/b");
        headers.show("host", b"h");
        assert_eq!(headers, headers.clone());
        let read: Vec<_> = headers.iter_as_spelled().collect();
        assert_eq!(read, [(&b"host"[..], &b"h"[..]), (b":path", b"/b")]);
        assert_eq!(headers.get("X-ID"), Some(&b"9"[..]));
        assert_eq!(headers.get("key"), None);
        assert_eq!((headers.len(), headers.announced(&Profile::ngx_0_6())), (2, 1));
        let sent = headers.as_sent();
        let expected = [(":path", "/a"), ("x-id", "9"), ("x-id", "2"), ("key", "k")];
        assert_eq!(sent, expected.into_iter().collect());
        assert_eq!(sent.as_sent(), sent);
        assert_eq!(
            format!("{headers:?}"),
            r#"["host: h (not sent)", ":path: /b (sent otherwise)", "x-id: 9 (hidden)", "x-id: 2 (hidden)", "key: k (hidden)"]"#
        );
    }

    #[test]
    fn pseudo_headers_are_put_first_in_order() {
        let mut headers: Headers =
            [("b", "1"), (":method", "m"), (":else", "e"), (":path", "p")].into_iter().collect();
        headers.order_pseudo(&[":path", ":method"]);
        let names: Vec<&[u8]> = headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [&b":path"[..], b":method", b":else", b"b"]);
    }
}
