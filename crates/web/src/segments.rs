//! Paths of the API and of pages, put together from parts that somebody else named.

/// A path of parts, each of which stays one segment whatever it holds: `segments!["apis", id]` is
/// `/apis/ID`.
macro_rules! segments {
    ($($part:expr),+ $(,)?) => {{
        let mut path = String::new();
        $(
            path.push('/');
            path.push_str(&$crate::encoding::Escaped(&$part).to_string());
        )+
        path
    }};
}

pub(crate) use segments;

#[cfg(test)]
mod tests {
    #[test]
    fn a_part_cannot_leave_its_place() {
        assert_eq!(segments!["apis", "a/../b", 7], "/apis/a%2F..%2Fb/7");
    }
}
