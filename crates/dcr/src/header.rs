//! What the headers of an answer say.

use gatekey_core::secret::Secret;

use crate::call::Reply;
use crate::timestamp;

/// Longer than this nobody is made to wait because of a header.
const LONGEST_WAIT: u64 = 3_600;

impl Reply {
    /// An answer from its parts. Names of headers are compared without case; `now` is in seconds
    /// since 1970.
    pub fn read<'h>(
        status: u16,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: Vec<u8>,
        now: u64,
    ) -> Self {
        let (mut after, mut reset, mut next_page) = (None, None, None);
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("retry-after") {
                after = retry_after(value, now);
            } else if name.eq_ignore_ascii_case("x-rate-limit-reset")
                || name.eq_ignore_ascii_case("x-ratelimit-reset")
            {
                // Auth0 and Okta: the second at which the limit is reset.
                reset = value.trim().parse::<u64>().ok().map(|time| time.saturating_sub(now));
            } else if name.eq_ignore_ascii_case("link") {
                next_page = next_page.or_else(|| next_link(value));
            }
        }
        let wait = match status {
            // Limits are told with every answer; they matter when one was hit.
            429 => after.or(reset),
            _ => after,
        };
        let wait = wait.map(|seconds| seconds.min(LONGEST_WAIT));
        let retry_after_seconds = wait.and_then(|seconds| u32::try_from(seconds).ok());
        Self { status, retry_after_seconds, next_page, body: Secret::new(body) }
    }
}

/// Seconds, or a date.
fn retry_after(value: &str, now: u64) -> Option<u64> {
    let value = value.trim();
    let date = || timestamp::parse_http(value).map(|time| time.saturating_sub(now));
    value.parse().ok().or_else(date)
}

/// The target of `rel="next"` in a `Link` header (RFC 8288).
fn next_link(value: &str) -> Option<String> {
    value.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim();
            parameter.strip_prefix("rel=").is_some_and(|rel| rel.trim_matches('"') == "next")
        });
        next.then(|| target.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_772_366_400;

    fn read(status: u16, name: &str, value: &str) -> Reply {
        Reply::read(status, [(name, value)], Vec::new(), NOW)
    }

    #[test]
    fn waits_are_read_in_every_form() {
        for (name, value, seconds) in [
            ("Retry-After", "7", Some(7)),
            ("retry-after", "Sun, 01 Mar 2026 12:00:30 GMT", Some(30)),
            ("retry-after", "Sun, 01 Mar 2026 11:00:30 GMT", Some(0)),
            ("X-Rate-Limit-Reset", "1772366412", Some(12)),
            ("x-ratelimit-reset", "1772366400", Some(0)),
            ("retry-after", "99999999", Some(3_600)),
            ("retry-after", "soon", None),
        ] {
            assert_eq!(read(429, name, value).retry_after_seconds, seconds, "{name}: {value}");
        }
        let both = [("x-rate-limit-reset", "1772366412"), ("retry-after", "3")];
        assert_eq!(Reply::read(429, both, Vec::new(), NOW).retry_after_seconds, Some(3));
        assert_eq!(read(200, "x-rate-limit-reset", "1772366412").retry_after_seconds, None);
        assert_eq!(read(503, "retry-after", "3").retry_after_seconds, Some(3));
    }

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        let links =
            "<https://o.test/c?limit=2>; rel=\"self\", <https://o.test/c?after=x>; rel=\"next\"";
        assert_eq!(read(200, "Link", links).next_page.as_deref(), Some("https://o.test/c?after=x"));
        let pair =
            [("link", "<https://o.test/1>; rel=\"self\""), ("link", "<https://o.test/2>;rel=next")];
        let reply = Reply::read(200, pair, Vec::new(), NOW);
        assert_eq!(reply.next_page.as_deref(), Some("https://o.test/2"));
        assert_eq!(read(200, "link", "<https://o.test/c>; rel=\"prev\"").next_page, None);
    }
}
