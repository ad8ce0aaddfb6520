//! Lists of the API, a page at a time.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use core::convert::Infallible;
use serde::Deserialize;

use crate::encoding::query;

/// How many rows a page shows.
pub(crate) const ROWS: u32 = 25;

/// A part of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct List<T> {
    /// The rows.
    pub(crate) data: Vec<T>,
    /// Which part of how much it is.
    #[serde(default)]
    pub(crate) meta: Meta,
}

/// What is said about a list.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Meta {
    /// The part.
    #[serde(default)]
    pub(crate) page: Part,
}

/// A part of a list, in numbers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Part {
    /// Which part, from 1.
    pub(crate) number: u64,
    /// How many rows a part has.
    pub(crate) size: u64,
    /// How many rows there are, if that is known.
    pub(crate) total: u64,
}

impl Part {
    /// How many parts there are.
    pub(crate) const fn count(&self) -> u64 {
        if self.size == 0 { 1 } else { self.total.div_ceil(self.size) }
    }
}

/// The query of a page with a list: which part, and what is searched for. What it asks of the API
/// is added by the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pairs: Vec<(String, String)>,
    number: Option<u64>,
    given: Vec<(String, String)>,
}

impl Asked {
    /// Of the first part, this many rows.
    pub(crate) fn first(rows: u32) -> Self {
        Self::default().rows(rows)
    }

    /// With a number of rows other than [`ROWS`].
    pub(crate) fn rows(mut self, rows: u32) -> Self {
        self.pairs.push(("page[size]".into(), rows.to_string()));
        self
    }

    /// With a parameter of the API, unless the value is empty.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.pairs.push((name.to_owned(), value));
        }
        self
    }

    /// In this order, when the visitor chose none.
    pub(crate) fn sorted(self, order: &str) -> Self {
        self.with("sort", order)
    }

    /// What the visitor gave in the page's own query, or nothing.
    pub(crate) fn given(&self, name: &str) -> &str {
        let found = self.given.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Which part was asked for, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number.unwrap_or(1)
    }

    /// The query for the API.
    pub(crate) fn query(&self) -> String {
        let mut pairs = self.pairs.clone();
        if !pairs.iter().any(|(name, _)| name == "page[size]") {
            pairs.push(("page[size]".into(), ROWS.to_string()));
        }
        if let Some(number) = self.number {
            pairs.push(("page[number]".into(), number.to_string()));
        }
        query(pairs)
    }

    /// The query of the page for another part of the same list.
    pub(crate) fn at(&self, number: u64) -> String {
        let kept = self.given.iter().filter(|(name, _)| name != "page" && name != "said");
        let kept = kept.map(|(name, value)| (name.as_str(), value.clone()));
        query(kept.chain([("page", number.to_string())]))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let given: Vec<_> = form_urlencoded::parse(query).into_owned().collect();
        let number = given.iter().find(|(name, _)| name == "page");
        let number = number.and_then(|(_, text)| text.parse().ok()).filter(|number| *number > 0);
        Ok(Self { number, given, ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(uri: &str) -> Asked {
        let request = axum::http::Request::builder().uri(uri).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        Asked::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[tokio::test]
    async fn the_visitors_part_is_asked_for_and_the_rest_of_the_query_stays_here() {
        let asked = asked("/x?page=3&q=a%26b").await;
        assert_eq!(asked.given("q"), "a&b");
        let query = asked.clone().with("filter[name][contains]", asked.given("q")).query();
        assert_eq!(
            query,
            "?filter%5Bname%5D%5Bcontains%5D=a%26b&page%5Bsize%5D=25&page%5Bnumber%5D=3"
        );
        assert_eq!(asked.at(4), "?q=a%26b&page=4");
    }

    #[tokio::test]
    async fn a_part_that_cannot_be_is_the_first() {
        for uri in ["/x", "/x?page=0", "/x?page=-1", "/x?page=a"] {
            assert_eq!(asked(uri).await.query(), "?page%5Bsize%5D=25", "{uri}");
        }
    }
}
