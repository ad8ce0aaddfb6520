//! HTTP as this crate sees it: borrowed bytes in, never text that had to be valid UTF-8.

/// One header field as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name in any case.
    pub name: &'a [u8],
    /// The value: any bytes.
    pub value: &'a [u8],
}

/// A request as the gateway received it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method as sent.
    pub method: &'a [u8],
    /// The client's host, with its port if it sent one (`:authority` or `Host`).
    pub authority: &'a [u8],
    /// The request target as sent, with its query.
    pub path: &'a [u8],
    /// Every header field, in order, repeated ones repeated. Pseudo-headers may be among them;
    /// their names begin with a colon and match nothing here.
    pub headers: &'a [Header<'a>],
}
