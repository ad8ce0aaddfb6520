//! The pages that somebody sees who signs in to a client: plain HTML, no script.
//!
//! Names of clients, scopes and portals are other people's text: every one goes through
//! [`escape`].

use core::fmt::Write;
use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Digest;

use crate::authorization::redirect;

const STYLE: &str = "\
body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1b1f24}\
main{max-width:24rem;margin:10vh auto;padding:2rem;background:#fff;border:1px solid #d0d7de;\
border-radius:.5rem;overflow-wrap:anywhere}\
h1{font-size:1.25rem;margin:0 0 1rem}\
label{display:block;margin:1rem 0 .25rem;font-weight:600}\
input{box-sizing:border-box;width:100%;font:inherit;padding:.5rem;border:1px solid #6e7781;\
border-radius:.25rem}\
button{font:inherit;margin:1.5rem .5rem 0 0;padding:.5rem 1rem;border-radius:.25rem;\
border:1px solid #6e7781;background:#fff;color:inherit;cursor:pointer}\
button.main{background:#0b5cad;border-color:#0b5cad;color:#fff}\
[role=alert]{color:#a40e26;font-weight:600}\
@media (prefers-color-scheme:dark){body{background:#16191d;color:#e6e9ec}\
main{background:#1f2429;border-color:#444c56}input,button{background:#16191d;color:inherit}\
[role=alert]{color:#ff9b9b}}";

/// The style's place in the content security policy.
static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| {
    format!("'sha256-{}'", STANDARD.encode(Digest::sha256(STYLE.as_bytes()).as_bytes()))
});

/// Text as HTML shows it, in an element or in a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // What turns the direction of text around could make it say something else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The form that somebody signs in with.
#[derive(Debug)]
pub(super) struct SignInPage<'p> {
    pub(super) portal: &'p str,
    pub(super) client: &'p str,
    /// What was typed before, or is expected.
    pub(super) username: &'p str,
    /// Why it has to be tried again.
    pub(super) fault: Option<&'p str>,
    pub(super) token: &'p str,
}

impl SignInPage<'_> {
    pub(super) fn show(&self, status: StatusCode, redirect_uri: &str) -> Response {
        let (portal, client) = (escape(self.portal), escape(self.client));
        let mut main = format!(
            "<h1>Sign in to {portal}</h1><p><strong>{client}</strong> wants to know who you \
             are.</p>"
        );
        if let Some(fault) = self.fault {
            // Writing to a string cannot fail.
            let _ = write!(main, "<p role=\"alert\">{}</p>", escape(fault));
        }
        let _ = write!(
            main,
            "<form method=\"post\">\
             <input type=\"hidden\" name=\"token\" value=\"{token}\">\
             <label for=\"username\">E-mail</label>\
             <input id=\"username\" name=\"username\" type=\"email\" value=\"{username}\" \
             autocomplete=\"username\" maxlength=\"250\" required>\
             <label for=\"password\">Password</label>\
             <input id=\"password\" name=\"password\" type=\"password\" \
             autocomplete=\"current-password\" maxlength=\"256\" required>\
             <button class=\"main\" name=\"action\" value=\"sign-in\">Sign in</button>\
             <button name=\"action\" value=\"deny\" formnovalidate>Cancel</button></form>",
            token = escape(self.token),
            username = escape(self.username),
        );
        page(status, "Sign in", &main, Some(redirect_uri))
    }
}

/// The question whether a client may.
#[derive(Debug)]
pub(super) struct ConsentPage<'p> {
    pub(super) client: &'p str,
    pub(super) email: &'p str,
    pub(super) scopes: Vec<(&'p str, Option<&'p str>)>,
    pub(super) token: &'p str,
}

impl ConsentPage<'_> {
    pub(super) fn show(&self, redirect_uri: &str) -> Response {
        let client = escape(self.client);
        let to = redirect::origin(redirect_uri).unwrap_or_default();
        let mut main = format!(
            "<h1>Allow {client}?</h1><p>You are signed in as {email}. <strong>{client}</strong> \
             wants to:</p><ul>",
            email = escape(self.email)
        );
        if self.scopes.is_empty() {
            main.push_str("<li>act for you</li>");
        }
        for (name, description) in &self.scopes {
            let said = match (*name, *description) {
                (_, Some(description)) if !description.is_empty() => escape(description),
                ("openid", _) => "know that it is you".to_owned(),
                ("profile", _) => "see your name".to_owned(),
                ("email", _) => "see your e-mail address".to_owned(),
                ("offline_access", _) => "stay signed in when you are away".to_owned(),
                (name, _) => format!("use <code>{}</code>", escape(name)),
            };
            let _ = write!(main, "<li>{said}</li>");
        }
        let _ = write!(
            main,
            "</ul><p>You go on to {to}.</p><form method=\"post\">\
             <input type=\"hidden\" name=\"token\" value=\"{token}\">\
             <button class=\"main\" name=\"action\" value=\"allow\">Allow</button>\
             <button name=\"action\" value=\"deny\">Cancel</button>\
             <button name=\"action\" value=\"switch\">Use another account</button></form>",
            to = escape(&to),
            token = escape(self.token),
        );
        page(StatusCode::OK, "Allow access", &main, Some(redirect_uri))
    }
}

/// A request that cannot go on, told to the person: the browser cannot be sent anywhere.
pub(super) fn stopped(status: StatusCode, reason: &str) -> Response {
    let main = format!("<h1>This did not work</h1><p>{}</p>", escape(reason));
    page(status, "This did not work", &main, None)
}

/// Nothing may be loaded, framed or run. Forms may lead here, and on to the client.
fn page(status: StatusCode, title: &str, main: &str, redirect_uri: Option<&str>) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{main}</main></body></html>"
    );
    let onward = redirect_uri.and_then(redirect::origin).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src {}; form-action 'self' {onward}; frame-ancestors 'none'; \
         base-uri 'none'",
        *STYLE_SOURCE
    );
    let policy = HeaderValue::try_from(policy.trim_end())
        .unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let fixed = HeaderValue::from_static;
    let headers: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (X_FRAME_OPTIONS, fixed("DENY")),
        // With `no-referrer` browsers would send the form with `Origin: null`, as another site's.
        (REFERRER_POLICY, fixed("same-origin")),
        (CACHE_CONTROL, fixed("no-store")),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_becomes_markup() {
        assert_eq!(
            escape("<b a='1' c=\"2\">&\u{202e}x\n\u{2066}"),
            "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;x "
        );
    }

    #[test]
    fn a_page_runs_nothing_and_leads_only_to_the_client() {
        let shown = stopped(StatusCode::BAD_REQUEST, "x");
        let policy = shown.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
        assert!(policy.contains("form-action 'self' ;"), "{policy}");
        let consent = ConsentPage { client: "c", email: "e", scopes: Vec::new(), token: "t" };
        let shown = consent.show("https://a.test/cb;x?y");
        let policy = shown.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("form-action 'self' https://a.test;"), "{policy}");
    }
}
