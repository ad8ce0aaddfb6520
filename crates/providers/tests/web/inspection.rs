//! What looks at every page finds what is wrong with one.

use core::panic::AssertUnwindSafe;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::panic::catch_unwind;

use gatekey_providers::{Person, Tools, Way};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:";
const ICON: &str = "<link rel=\"icon\" href=\"data:,\">";

/// A server of one page, as long as the test runs.
fn page(body: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 16_384]);
            let html = format!(
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
                 <meta name=\"viewport\" content=\"width=device-width\"><title>A page</title>\
                 {ICON}</head><body><main><h1>A page</h1>{body}</main></body></html>"
            );
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\
                 content-security-policy: {POLICY}\r\ncontent-length: {}\r\n\r\n{html}",
                html.len()
            );
        }
    });
    format!("http://{address}/")
}

/// What a person says who looks at this page; nothing, if nothing is wrong.
fn said_of(tools: &Tools, body: &'static str) -> String {
    let person = Person::new(tools);
    let url = page(body);
    let looked = catch_unwind(AssertUnwindSafe(|| person.visit(&url)));
    let Err(said) = looked else { return String::new() };
    let text = said.downcast_ref::<String>().cloned();
    text.or_else(|| said.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

#[test]
fn nothing_is_said_of_a_good_page() {
    let Some(tools) = Tools::find() else { return };
    let body = "<p>Words.</p><label for=\"a\">Name</label><input id=\"a\">";
    assert_eq!(said_of(&tools, body), "");
}

#[test]
fn a_field_without_a_label_is_found() {
    let Some(tools) = Tools::find() else { return };
    let said = said_of(&tools, "<input type=\"text\" id=\"nameless\">");
    assert!(said.contains("label: ") && said.contains("#nameless"), "{said}");
}

#[test]
fn an_inline_style_is_found() {
    let Some(tools) = Tools::find() else { return };
    let said = said_of(&tools, "<p style=\"color: red\">Words.</p>");
    assert!(said.contains("Content Security Policy"), "{said}");
}

#[test]
fn what_cannot_be_loaded_is_found() {
    let Some(tools) = Tools::find() else { return };
    let said = said_of(&tools, "<img alt=\"A picture\" src=\"https://example.com/a.png\">");
    assert!(said.contains("example.com"), "{said}");
}

#[test]
fn what_is_too_wide_for_a_phone_is_found() {
    let Some(tools) = Tools::find() else { return };
    let word = "<p>A-word-that-nobody-can-break-because-it-has-no-place-for-that-\
                AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</p>";
    let said = said_of(&tools, word);
    assert!(said.contains("too wide"), "{said}");
}

#[test]
fn a_button_that_tab_does_not_reach_is_found() {
    let Some(tools) = Tools::find() else { return };
    let person = Person::who(&tools, Way::Keyboard, "en");
    person.visit(&page("<button tabindex=\"-1\">Go</button><a href=\"#x\">Away</a>"));
    person.follow("Away");
    let pressed = catch_unwind(AssertUnwindSafe(|| person.press("Go")));
    assert!(pressed.is_err());
}
