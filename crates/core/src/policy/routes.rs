//! The snapshot's own route table: which service a request belongs to, when neither the
//! configuration nor the host says so.
//!
//! The rules are those of Kong's traditional router, as far as they are plain: hosts (exact, then
//! `*.suffix`, then `prefix.*`), longest path prefix, number of header conditions, methods.
//! Regular-expression paths (`~...`) match nothing here. Two routes that match equally well and
//! lead to different services are [`Routed::Unclear`], and so is a path that two servers could
//! read differently: a guess could open the wrong door, and so could taking the request for one
//! that belongs to no service.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::http::Request;
use crate::id::ServiceId;
use crate::snapshot::record::Route;

/// The best match so far: its rank, and the service unless two claim it.
type Best = Option<((u8, usize, usize, bool), Option<ServiceId>)>;

/// What the routes say about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Routed {
    /// It belongs to this service.
    To(ServiceId),
    /// It belongs to no service.
    Nowhere,
    /// It could belong to one.
    Unclear,
}

/// Finds the service whose route matches best.
pub(crate) fn resolve<'r>(
    routes: impl Iterator<Item = &'r Route>,
    request: &Request<'_>,
) -> Routed {
    let Some(path) = canonical_path(request.path) else { return Routed::Unclear };
    let host = host_name(request.authority);
    let mut best: Best = None;
    for route in routes {
        let Some(rank) = rank(route, host, &path, request) else { continue };
        match &mut best {
            Some((best_rank, _)) if rank < *best_rank => {}
            Some((best_rank, service)) if rank == *best_rank => {
                if *service != Some(route.service) {
                    *service = None;
                }
            }
            _ => best = Some((rank, Some(route.service))),
        }
    }
    match best {
        Some((_, Some(service))) => Routed::To(service),
        Some((_, None)) => Routed::Unclear,
        None => Routed::Nowhere,
    }
}

/// How well a route matches: host, path length, header conditions, method; `None` if it does not.
fn rank(
    route: &Route,
    host: &[u8],
    path: &[u8],
    request: &Request<'_>,
) -> Option<(u8, usize, usize, bool)> {
    let host_rank = best_of(&route.hosts, 0, |pattern| host_rank(pattern.as_bytes(), host))?;
    let path_rank = best_of(&route.paths, 0, |prefix| {
        (prefix.starts_with('/') && path.starts_with(prefix.as_bytes())).then_some(prefix.len())
    })?;
    let by_method = best_of(&route.methods, false, |method| {
        (method.as_bytes() == request.method).then_some(true)
    })?;
    let conditions_hold = route.headers.iter().all(|(name, values)| {
        let mut found = request
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name.as_bytes()));
        // A repeated header could show one value to us and another to the upstream.
        let (Some(only), None) = (found.next(), found.next()) else { return false };
        values.iter().any(|value| value.as_bytes().eq_ignore_ascii_case(only.value))
    });
    conditions_hold.then_some((host_rank, path_rank, route.headers.len(), by_method))
}

/// The best rank among alternatives; `any` where there are none to choose from.
fn best_of<T, R: Ord>(items: &[T], any: R, rank: impl FnMut(&T) -> Option<R>) -> Option<R> {
    if items.is_empty() { Some(any) } else { items.iter().filter_map(rank).max() }
}

fn host_rank(pattern: &[u8], host: &[u8]) -> Option<u8> {
    let pattern = host_name(pattern);
    if let Some(suffix) = pattern.strip_prefix(b"*") {
        let at = host.len().checked_sub(suffix.len()).filter(|at| *at > 0)?;
        return host.get(at..)?.eq_ignore_ascii_case(suffix).then_some(2);
    }
    if let Some(prefix) = pattern.strip_suffix(b"*") {
        let start = host.get(..prefix.len()).filter(|_| host.len() > prefix.len())?;
        return start.eq_ignore_ascii_case(prefix).then_some(1);
    }
    pattern.eq_ignore_ascii_case(host).then_some(3)
}

/// The host without port and final dot.
fn host_name(authority: &[u8]) -> &[u8] {
    let host = match authority.iter().rposition(|byte| *byte == b':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some(at) if !authority.ends_with(b"]") => authority.get(..at).unwrap_or(authority),
        _ => authority,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

/// The path without its query, percent-decoded; `None` for a path that two servers could read
/// differently (an encoded slash, dot segments, empty segments, backslashes, control bytes).
/// Some servers drop `;parameters` before they look at a segment, so `..;` is a dot segment too.
pub(crate) fn canonical_path(target: &[u8]) -> Option<Cow<'_, [u8]>> {
    let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let raw = target.get(..end)?;
    let path =
        if raw.contains(&b'%') { Cow::Owned(percent_decode(raw)?) } else { Cow::Borrowed(raw) };
    let mut segments = path.strip_prefix(b"/")?.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let bare = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        let may_be_empty = segments.peek().is_none() && segment.is_empty();
        if bare == b"." || bare == b".." || (bare.is_empty() && !may_be_empty) {
            return None;
        }
    }
    let odd = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'\\' | b'#');
    (!path.iter().any(odd)).then_some(path)
}

fn percent_decode(raw: &[u8]) -> Option<Vec<u8>> {
    let mut path = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            path.push(*byte);
            continue;
        }
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let decoded = digit(bytes.next()?)? << 4 | digit(bytes.next()?)?;
        if matches!(decoded, b'/' | b'\\' | b'%' | b'?' | b'#' | b';') {
            return None;
        }
        path.push(decoded);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::Routed::{Nowhere, To, Unclear};
    use super::*;
    use crate::http::Header;
    use crate::id::RouteId;

    const A: ServiceId = ServiceId::from_bytes([1; 16]);
    const B: ServiceId = ServiceId::from_bytes([2; 16]);

    fn route(service: ServiceId, hosts: &[&str], paths: &[&str], methods: &[&str]) -> Route {
        let own = |list: &[&str]| list.iter().map(|item| String::from(*item)).collect();
        Route {
            id: RouteId::from_bytes([0; 16]),
            service,
            hosts: own(hosts),
            paths: own(paths),
            methods: own(methods),
            headers: vec![],
        }
    }

    fn get<'a>(authority: &'a str, path: &'a str, headers: &'a [Header<'a>]) -> Request<'a> {
        Request { method: b"GET", authority: authority.as_bytes(), path: path.as_bytes(), headers }
    }

    fn check(routes: &[Route], authority: &str, path: &str, expected: Option<ServiceId>) {
        let expected = expected.map_or(Nowhere, To);
        assert_eq!(
            resolve(routes.iter(), &get(authority, path, &[])),
            expected,
            "{authority} {path}"
        );
    }

    #[test]
    fn the_longest_prefix_and_the_most_exact_host_win() {
        let routes = [route(A, &[], &["/"], &[]), route(B, &[], &["/flights"], &[])];
        check(&routes, "x.test", "/flights/1?next=/hotels", Some(B));
        check(&routes, "x.test", "/hotels", Some(A));
        let routes = [route(A, &["*.test"], &["/flights"], &[]), route(B, &["api.test"], &[], &[])];
        check(&routes, "API.test.:8443", "/flights", Some(B));
        check(&routes, "other.test", "/flights", Some(A));
        check(&routes, "test", "/flights", None);
        check(&[route(A, &["api.*"], &[], &[])], "api.org", "/", Some(A));
        check(&[route(A, &["[::1]"], &[], &[])], "[::1]:80", "/", Some(A));
    }

    #[test]
    fn methods_and_headers_are_conditions() {
        check(&[route(A, &[], &[], &["POST"])], "x", "/", None);
        check(&[route(A, &[], &[], &["GET"]), route(B, &[], &[], &[])], "x", "/", Some(A));
        let mut versioned = route(A, &[], &[], &[]);
        versioned.headers = vec![("x-version".into(), vec!["2".into()])];
        let routes = [versioned, route(B, &[], &[], &[])];
        let header = Header { name: b"X-Version", value: b"2" };
        assert_eq!(resolve(routes.iter(), &get("x", "/", &[header])), To(A));
        assert_eq!(resolve(routes.iter(), &get("x", "/", &[header, header])), To(B));
    }

    #[test]
    fn what_is_ambiguous_is_unclear_not_unknown() {
        let routes = [route(A, &[], &["/x"], &[]), route(B, &[], &["/x"], &[])];
        assert_eq!(resolve(routes.iter(), &get("x", "/x", &[])), Unclear);
        assert_eq!(resolve(routes.iter(), &get("x", "/y/../z", &[])), Unclear);
        check(&[routes[0].clone(), routes[0].clone()], "x", "/x", Some(A));
        check(&[route(A, &[], &["~/x.*"], &[])], "x", "/x", None);
    }

    #[test]
    fn paths_that_can_be_read_in_two_ways_are_refused() {
        for bad in [
            "",
            "flights",
            "*",
            "/a//b",
            "/a/./b",
            "/a/../b",
            "/..",
            "/a/%2e%2e/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00b",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a#b",
            "/a%25",
            "/a%3bb",
            "http://x/",
            "/a/..;/b",
            "/a/.;v=1",
            "/;",
            "/a/;v=1/b",
        ] {
            assert_eq!(canonical_path(bad.as_bytes()), None, "{bad}");
        }
        for (good, canonical) in [
            ("/", "/"),
            ("/a/", "/a/"),
            ("/a%20b?x=//..", "/a b"),
            ("/a;v=1/b", "/a;v=1/b"),
            ("/a%C3%BC", "/aü"),
        ] {
            assert_eq!(
                canonical_path(good.as_bytes()).as_deref(),
                Some(canonical.as_bytes()),
                "{good}"
            );
        }
    }
}
