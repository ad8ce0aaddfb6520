//! The server that takes e-mails.

use core::net::IpAddr;
use core::time::Duration;
use std::path::PathBuf;

use gatekey_core::secret::Secret;
use serde::Deserialize;

use super::ConfigError;

/// A mail server, and who e-mails are from.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: Tls,
    /// Who signs in, when that is asked.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret<String>>,
    /// The sender's address.
    pub from: String,
    /// The sender's name, when the portal's is not to stand there.
    pub from_name: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// How long one step of a delivery may take.
    pub timeout: Duration,
    /// Certificates, as PEM, of which one has to vouch for the server, instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to a mail server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It begins in clear and must change to TLS before anything is said.
    Starttls,
    /// It is TLS from its first byte.
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

/// What the file says.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SmtpLayer {
    /// The server's host name or address.
    host: String,
    /// Its port. Without it 587, 465 or 25, as `tls` is.
    port: Option<u16>,
    /// How the connection is kept secret.
    tls: Option<Tls>,
    /// Who signs in, when that is asked.
    username: Option<String>,
    /// The password; better in `GATEKEY_SMTP_PASSWORD`.
    #[serde(default, deserialize_with = "secret")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    password: Option<Secret<String>>,
    /// The sender's address, where a portal has none of its own.
    from: String,
    /// The sender's name. Without it the portal's.
    from_name: Option<String>,
    /// Where answers go.
    reply_to: Option<String>,
    /// How long one step of a delivery may take, 1 to 60.
    timeout_seconds: Option<u64>,
    /// Certificates, as PEM, of which one has to vouch for the server. Without it the system's.
    ca_file: Option<PathBuf>,
}

fn secret<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Secret<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Secret::new))
}

impl SmtpLayer {
    /// Checks what is said. A password from elsewhere comes before the file's.
    pub(super) fn complete(self, password: Option<Secret<String>>) -> Result<Smtp, ConfigError> {
        let fault = |text: &str| Err(ConfigError(format!("`smtp.{text}")));
        let tls = self.tls.unwrap_or(Tls::Starttls);
        if self.host.is_empty() || self.host.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return fault("host`: must be a host name or an address");
        }
        if tls == Tls::None && !is_loopback(&self.host) {
            return fault("tls`: may be none only for a server on this machine");
        }
        let password = password.or(self.password);
        if self.username.is_some() != password.is_some() {
            return fault("username`: needs a password, and a password needs a username");
        }
        for (name, address) in [("from", Some(&self.from)), ("reply_to", self.reply_to.as_ref())] {
            if address.is_some_and(|address| address.parse::<lettre::Address>().is_err()) {
                return fault(&format!("{name}`: must be an e-mail address"));
            }
        }
        if self.timeout_seconds.is_some_and(|seconds| !(1..=60).contains(&seconds)) {
            return fault("timeout_seconds`: must be 1 to 60");
        }
        Ok(Smtp {
            port: self.port.unwrap_or(match tls {
                Tls::Starttls => 587,
                Tls::Tls => 465,
                Tls::None => 25,
            }),
            host: self.host,
            tls,
            username: self.username,
            password,
            from: self.from,
            from_name: self.from_name,
            reply_to: self.reply_to,
            timeout: Duration::from_secs(self.timeout_seconds.unwrap_or(20)),
            ca_file: self.ca_file,
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Smtp, String> {
        let layer: SmtpLayer = toml::from_str(text).map_err(|error| error.to_string())?;
        layer.complete(None).map_err(|error| error.to_string())
    }

    #[test]
    fn a_host_and_a_sender_are_enough() {
        let smtp = read("host = \"mail.test\"\nfrom = \"portal@mail.test\"").unwrap();
        assert_eq!((smtp.port, smtp.tls), (587, Tls::Starttls));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name_and_passwords_are_not_shown() {
        let base = "host = \"mail.test\"\nfrom = \"portal@mail.test\"\n";
        for (more, blamed) in [
            ("tls = \"none\"", "smtp.tls"),
            ("username = \"u\"", "smtp.username"),
            ("password = \"hunter2\"", "smtp.username"),
            ("reply_to = \"a b\"", "smtp.reply_to"),
            ("timeout_seconds = 0", "smtp.timeout_seconds"),
            ("tsl = \"tls\"", "tsl"),
        ] {
            let error = read(&format!("{base}{more}")).unwrap_err();
            assert!(error.contains(blamed) && !error.contains("hunter2"), "{error}");
        }
        let whole = format!("{base}username = \"u\"\npassword = \"hunter2\"");
        let shown = format!("{:?}", read(&whole).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
