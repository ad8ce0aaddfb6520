//! Delivery over SMTP.

use core::fmt;

use lettre::address::AddressError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use uuid::Uuid;

use super::render::Rendered;
use crate::config::{self, Smtp};

/// A connection to the mail server, made for each e-mail.
pub(crate) struct Transport(AsyncSmtpTransport<Tokio1Executor>);

impl fmt::Debug for Transport {
    /// It holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport(..)")
    }
}

/// Why an e-mail was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It may be taken later.
    Later(String),
    /// It never will be.
    Never(String),
}

/// Who an e-mail is from.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) reply_to: Option<String>,
}

impl Transport {
    /// Makes ready what the configuration names; nothing is connected to yet.
    pub(crate) fn new(smtp: &Smtp) -> Result<Self, String> {
        let tls = match smtp.tls {
            config::Tls::None => Tls::None,
            config::Tls::Starttls => Tls::Required(parameters(smtp)?),
            config::Tls::Tls => Tls::Wrapper(parameters(smtp)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(smtp.timeout));
        if let (Some(username), Some(password)) = (&smtp.username, &smtp.password) {
            let password = password.expose().clone();
            builder = builder.credentials(Credentials::new(username.clone(), password));
        }
        Ok(Self(builder.build()))
    }

    /// Hands an e-mail over. Its id makes a second delivery after a crash known as the same.
    pub(super) async fn send(
        &self,
        id: Uuid,
        sender: &Sender,
        to: &str,
        mail: Rendered,
    ) -> Result<(), Fault> {
        let message = message(id, sender, to, mail).map_err(Fault::Never)?;
        match self.0.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Fault::Never(error.to_string())),
            Err(error) => Err(Fault::Later(error.to_string())),
        }
    }
}

fn parameters(smtp: &Smtp) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.ca_file {
        let at = |fault: String| format!("`smtp.ca_file`: `{}`: {fault}", path.display());
        let pem = std::fs::read(path).map_err(|error| at(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| at(error.to_string()))?;
        builder =
            builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build().map_err(|error| format!("`smtp.tls`: {error}"))
}

/// Builds the message. Every header goes through its own type, which encodes what it holds: no
/// value can end a line.
fn message(id: Uuid, sender: &Sender, to: &str, mail: Rendered) -> Result<Message, String> {
    let address = |what: &str, text: &str| {
        let fault = |error: AddressError| format!("{what} cannot be an e-mail address: {error}");
        text.parse::<Address>().map_err(fault)
    };
    let from = address("the sender", &sender.address)?;
    let message_id = format!("<{id}@{}>", from.domain());
    // A name with a line break in it is no header at all.
    let name: String = sender.name.chars().filter(|c| !c.is_control()).collect();
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let subject: String = mail.subject.chars().filter(|c| !c.is_control()).collect();
    let mut builder = Message::builder()
        .from(Mailbox::new(name, from))
        .to(Mailbox::new(None, address("the recipient", to)?))
        .subject(subject)
        .message_id(Some(message_id))
        .header(AutoSubmitted);
    if let Some(reply_to) = &sender.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address("the reply-to", reply_to)?));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .map_err(|error| error.to_string())
}

/// Tells answering machines to keep silent (RFC 3834).
#[derive(Clone, Copy, Debug)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn core::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str) -> Rendered {
        Rendered { subject: subject.into(), text: "text".into(), html: "<p>text</p>".into() }
    }

    fn sender(name: &str) -> Sender {
        Sender { name: name.into(), address: "portal@x.test".into(), reply_to: None }
    }

    #[test]
    fn no_value_becomes_a_header_of_its_own() {
        let evil = "A\r\nBcc: everybody@x.test\r\n\r\nbody";
        let made = message(Uuid::nil(), &sender(evil), "ann@x.test", mail(evil)).unwrap();
        let text = String::from_utf8(made.formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().all(|line| !line.to_lowercase().starts_with("bcc")), "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(head.contains("Message-ID: <00000000-0000-0000-0000-000000000000@x.test>"));
    }

    #[test]
    fn addresses_that_are_none_are_given_up() {
        for to in ["ann@x.test\r\nBcc: b@x.test", "ann", "a@x.test, b@x.test", ""] {
            assert!(message(Uuid::nil(), &sender("P"), to, mail("s")).is_err(), "{to}");
        }
    }
}
