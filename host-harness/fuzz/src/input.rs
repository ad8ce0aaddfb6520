//! How inputs are written: as text that a person can read, taken as bytes.

use gatekey_host_harness::{Request, UpstreamReply};

use crate::gate;

/// The separator of the parts of an input.
const RULE: &[u8] = b"\n----\n";

/// The parts of an input.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    core::iter::from_fn(move || {
        let all = rest?;
        let at = all.windows(RULE.len()).position(|window| window == RULE);
        let (part, more) = match at {
            Some(at) => (all.get(..at)?, all.get(at + RULE.len()..)),
            None => (all, None),
        };
        rest = more;
        Some(part)
    })
}

/// The input with every `{key}` replaced by the good key.
///
/// # Errors
///
/// When there is no key, which would be a mistake here.
pub fn filled(data: &[u8]) -> Result<Vec<u8>, String> {
    Ok(replaced(data, b"{key}", gate::key()?.text.as_bytes()))
}

/// The bytes with every `from` replaced.
#[must_use]
pub fn replaced(data: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = after;
        } else {
            out.push(*first);
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    out
}

/// Head and body: they are parted by an empty line.
fn message(data: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let at = data.windows(2).position(|window| window == b"\n\n");
    let (head, body) = match at {
        Some(at) => (data.get(..at), data.get(at + 2..)),
        None => (Some(data), None),
    };
    (head.unwrap_or_default().split(|byte| *byte == b'\n').collect(), body.unwrap_or_default())
}

/// Name and value: they are parted by a colon and a space.
#[must_use]
pub fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let at = line.windows(2).position(|window| window == b": ");
    match at {
        Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 2..).unwrap_or_default()),
        None => (line, b""),
    }
}

/// A request: `METHOD AUTHORITY PATH`, a line for each header field, an empty line, the body.
#[must_use]
pub fn request(data: &[u8]) -> Request {
    let mut request = Request::bare();
    for (name, value) in pseudo(data).chain(fields(data)) {
        request = request.header(name, value);
    }
    let body = body(data);
    if body.is_empty() { request } else { request.body(body) }
}

/// The pseudo-headers of such a request.
pub fn pseudo(data: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let first = head(data).next().unwrap_or_default();
    let names = [&b":method"[..], b":authority", b":path"];
    let words = first.splitn(3, |byte| *byte == b' ');
    names.into_iter().zip(words).filter(|(_, word)| !word.is_empty())
}

/// The lines before the body.
pub fn head(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    message(data).0.into_iter()
}

/// What is behind the empty line.
#[must_use]
pub fn body(data: &[u8]) -> &[u8] {
    message(data).1
}

/// The header fields of such a request as the client wrote them. A proxy takes a second set of
/// pseudo-headers from nobody.
pub fn fields(data: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head(data).skip(1).map(field).filter(|(name, _)| !name.starts_with(b":"))
}

/// A reply: the status, a line for each header field, an empty line, the body. Words in the place
/// of the status stand for what is no reply.
#[must_use]
pub fn reply(data: &[u8]) -> UpstreamReply {
    let mut lines = head(data);
    let mut reply = match lines.next().unwrap_or_default() {
        b"reset" => return UpstreamReply::reset(),
        b"cut" => return UpstreamReply::cut_off(),
        b"refused" => return UpstreamReply::connect_error(),
        b"never" => return UpstreamReply::never(),
        b"not started" => return UpstreamReply::not_started(),
        first => UpstreamReply::status(status(first)),
    };
    for line in lines {
        let (name, value) = field(line);
        reply = reply.header(name, value);
    }
    reply.body(body(data))
}

/// The number, or 200.
#[must_use]
pub fn status(line: &[u8]) -> u16 {
    core::str::from_utf8(line).ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_placeholders() {
        let all: Vec<_> = parts(b"a\n----\nb\n\n----\n").collect();
        assert_eq!(all, [&b"a"[..], b"b\n", b""]);
        assert_eq!(parts(b"").count(), 1);
        assert_eq!(replaced(b"x{a}y{a", b"{a}", b"1"), b"x1y{a");
    }

    #[test]
    fn fields_are_bytes_with_their_repeats() {
        let data = b"GET a.test /p q\napikey: \xff: 1\napikey\n:path: /other\n\nbody\n\n";
        let all: Vec<_> = fields(data).collect();
        assert_eq!(all, [(&b"apikey"[..], &b"\xff: 1"[..]), (b"apikey", b"")]);
        let expected = Request::bare()
            .header(":method", "GET")
            .header(":authority", "a.test")
            .header(":path", "/p q")
            .header("apikey", b"\xff: 1")
            .header("apikey", "")
            .body("body\n\n");
        assert_eq!(request(data), expected);
    }
}
