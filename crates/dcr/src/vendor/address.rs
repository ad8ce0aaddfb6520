//! Addresses at a provider.

use url::Url;

use crate::provider::Fault;

/// Where a provider's interface is: a URL to which paths are added.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    url: Url,
}

impl Base {
    /// Reads a URL that an administrator entered: `http` or `https`, with nothing after the path.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, Fault> {
        let fault = |rule: &str| Fault { field: field.to_owned(), rule: rule.to_owned() };
        let url = Url::parse(text.trim()).map_err(|_| fault("must be an absolute URL"))?;
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return Err(fault("must be an https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault("must not hold a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(fault("must have neither a query nor a fragment"));
        }
        Ok(Self { url })
    }

    /// Reads an issuer: people also enter the address of its discovery document.
    pub(crate) fn issuer(text: &str) -> Result<Self, Fault> {
        let mut base = Self::parse("issuer", text)?;
        let path = base.url.path();
        if let Some((issuer, _)) = path.split_once("/.well-known/") {
            let issuer = issuer.to_owned();
            base.url.set_path(&issuer);
        }
        Ok(base)
    }

    /// The URL without slashes at its end.
    pub(crate) fn text(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Scheme, host and port alone.
    pub(crate) fn origin(&self) -> Self {
        let mut url = self.url.clone();
        url.set_path("");
        Self { url }
    }

    /// The host.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The parts of the path.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.url.path().split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The URL with a path added; every part is encoded.
    pub(crate) fn at(&self, path: &[&str]) -> String {
        let mut text = self.text().to_owned();
        for part in path {
            text.push('/');
            text.push_str(&encode(part));
        }
        text
    }

    /// A URL that an answer holds, if it is of this origin: a token goes with the call.
    pub(crate) fn pinned(&self, text: &str) -> Option<String> {
        let url = Url::parse(text).ok()?;
        let ours = url.origin() == self.url.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        ours.then(|| url.to_string())
    }
}

/// A text as a part of a path or as a value of a query.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path_are_encoded() {
        let base = Base::parse("issuer", "https://idp.test/t/").unwrap();
        assert_eq!(
            base.at(&["clients", "a/b?c d%"]),
            "https://idp.test/t/clients/a%2Fb%3Fc%20d%25"
        );
        assert_eq!(base.origin().at(&["x"]), "https://idp.test/x");
        assert_eq!(base.path(), ["t"]);
    }

    #[test]
    fn an_issuer_may_be_entered_by_its_discovery_document() {
        for (text, issuer) in [
            ("https://idp.test/.well-known/openid-configuration", "https://idp.test"),
            ("https://idp.test/t/v2.0/.well-known/openid-configuration", "https://idp.test/t/v2.0"),
            (" https://idp.test/t/ ", "https://idp.test/t"),
        ] {
            assert_eq!(Base::issuer(text).unwrap().text(), issuer);
        }
    }

    #[test]
    fn what_is_no_base_is_refused() {
        for (text, rule) in [
            ("idp.test", "absolute"),
            ("ftp://idp.test", "https"),
            ("https://u:p@idp.test", "password"),
            ("https://idp.test/?a=b", "query"),
            ("https://idp.test/#a", "fragment"),
        ] {
            let fault = Base::parse("issuer", text).unwrap_err();
            assert!(fault.field == "issuer" && fault.rule.contains(rule), "{text}: {fault:?}");
        }
    }

    #[test]
    fn only_urls_of_the_same_origin_are_pinned() {
        let base = Base::parse("issuer", "https://idp.test/t").unwrap();
        assert!(base.pinned("https://idp.test/elsewhere?x=1").is_some());
        for text in [
            "http://idp.test/t",
            "https://idp.test:8443/t",
            "https://idp.test.evil.test/t",
            "https://evil.test/t",
            "https://u@idp.test/t",
            "https://idp.test/t#f",
            "/t",
        ] {
            assert_eq!(base.pinned(text), None, "{text}");
        }
    }
}
