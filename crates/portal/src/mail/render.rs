//! From words and variables to an e-mail as text and as HTML.
//!
//! Values come from people who may want to look like the portal: they are never markup, in neither
//! form, and never end a line.

use core::fmt::Write;

use serde_json::{Map, Value};

use super::template::{Content, Template};

/// The longest value that is shown.
const LONGEST_VALUE: usize = 1_024;

/// An e-mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// The subject: one line.
    pub(crate) subject: String,
    /// The whole as plain text.
    pub(crate) text: String,
    /// The whole as HTML.
    pub(crate) html: String,
}

/// A part of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'w> {
    Text(&'w str),
    Variable(&'w str),
}

/// Makes an e-mail.
pub(crate) fn render(
    template: Template,
    content: &Content,
    variables: &Map<String, Value>,
) -> Rendered {
    let link = link(template, variables).filter(|_| !content.button_label.trim().is_empty());
    let subject = line(&content.subject, variables);
    let title = line(&content.title, variables);
    let button = line(&content.button_label, variables);
    let mut text = format!("{title}\n\n{}\n", plain(&content.body, variables));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body style=\"margin:0;padding:24px;font-family:system-ui,sans-serif;color:#1a1a1a\">\n\
         <h1 style=\"font-size:20px\">{}</h1>\n{}",
        escaped(&subject),
        escaped(&title),
        marked_up(&content.body, variables)
    );
    if let Some(link) = link {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{button}:\n{link}\n");
        let _ = write!(
            html,
            "<p><a href=\"{0}\" style=\"display:inline-block;padding:10px 16px;background:#1a1a1a;\
             color:#fff;text-decoration:none\">{1}</a></p>\n<p style=\"font-size:13px\">{0}</p>\n",
            escaped(&link),
            escaped(&button)
        );
    }
    html.push_str("</body>\n</html>\n");
    Rendered { subject, text, html }
}

/// Where the button leads.
fn link(template: Template, variables: &Map<String, Value>) -> Option<String> {
    let base = variables.get("portal_url").and_then(Value::as_str)?;
    let (page, with_token) = template.page();
    let token = variables.get("token").and_then(Value::as_str);
    Some(match token.filter(|_| with_token) {
        Some(token) => format!("{base}{page}?token={token}"),
        None => format!("{base}{page}"),
    })
}

/// The names that stand in braces.
pub(crate) fn names(words: &str) -> Vec<String> {
    let names = pieces(words).into_iter().filter_map(|piece| match piece {
        Piece::Variable(name) => Some(name.to_owned()),
        Piece::Text(_) => None,
    });
    names.collect()
}

fn pieces(words: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else { break };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Variable(name.trim()));
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The value of a variable, on one line; of one that has none, nothing.
fn value(variables: &Map<String, Value>, name: &str) -> String {
    let text = variables.get(name).and_then(Value::as_str).unwrap_or_default();
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let is_name = matches!(name, "developer_fullname" | "application_name" | "credential_name");
    // Whoever signs up chooses a name, and an address that gets it: no advertisements.
    if is_name && looks_like_a_link(&text) {
        return String::from("(name withheld)");
    }
    text.chars().take(LONGEST_VALUE).collect()
}

fn looks_like_a_link(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("://") || text.contains("www.") || text.contains("mailto:")
}

/// Words as one line.
fn line(words: &str, variables: &Map<String, Value>) -> String {
    let mut line = String::new();
    for piece in pieces(words) {
        match piece {
            Piece::Text(text) => {
                line.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
            }
            Piece::Variable(name) => line.push_str(&value(variables, name)),
        }
    }
    line.trim().to_owned()
}

/// Words as plain text.
fn plain(words: &str, variables: &Map<String, Value>) -> String {
    let mut plain = String::new();
    for piece in pieces(words) {
        match piece {
            Piece::Text(text) => plain.push_str(&text.replace("**", "").replace('\r', "")),
            Piece::Variable(name) => plain.push_str(&value(variables, name)),
        }
    }
    plain.trim().to_owned()
}

/// Words as HTML: paragraphs, line breaks and bold, nothing else.
fn marked_up(words: &str, variables: &Map<String, Value>) -> String {
    let words = words.replace('\r', "");
    let mut html = String::new();
    for paragraph in words.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        html.push_str("<p>");
        let mut bold = false;
        for piece in pieces(paragraph) {
            match piece {
                Piece::Variable(name) => html.push_str(&escaped(&value(variables, name))),
                Piece::Text(text) => {
                    for (index, part) in text.split("**").enumerate() {
                        if index > 0 {
                            html.push_str(if bold { "</strong>" } else { "<strong>" });
                            bold = !bold;
                        }
                        html.push_str(&escaped(part).replace('\n', "<br>\n"));
                    }
                }
            }
        }
        html.push_str(if bold { "</strong></p>\n" } else { "</p>\n" });
    }
    html
}

/// Text that is no markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn content(subject: &str, body: &str, button_label: &str) -> Content {
        Content {
            subject: subject.into(),
            title: "T".into(),
            body: body.into(),
            button_label: button_label.into(),
        }
    }

    #[test]
    fn a_default_e_mail_says_what_it_is_about_and_where_to_go() {
        let variables = variables(json!({
            "developer_fullname": "Ann", "portal_display_name": "Ports",
            "portal_url": "https://p.test", "token": "t-1"
        }));
        let template = Template::ConfirmAddress;
        let mail = render(template, &template.content(), &variables);
        assert_eq!(mail.subject, "Confirm your e-mail address");
        assert!(mail.text.contains("Hello Ann,"), "{}", mail.text);
        assert!(mail.text.contains("https://p.test/verify-email?token=t-1\n"), "{}", mail.text);
        assert!(mail.html.contains("href=\"https://p.test/verify-email?token=t-1\""));
        assert!(!mail.text.contains("{{"));
    }

    #[test]
    fn values_are_no_markup_and_end_no_line() {
        let variables = variables(json!({
            "developer_fullname": "<b>\r\nBcc: x@y.test **loud** {{ token }}",
            "token": "secret"
        }));
        let words = "{{developer_fullname}}, **hi**\nyou";
        let mail = render(Template::AccessApproved, &content(words, words, ""), &variables);
        assert_eq!(mail.subject, "<b>  Bcc: x@y.test **loud** {{ token }}, **hi** you");
        assert!(
            mail.html
                .contains("&lt;b&gt;  Bcc: x@y.test **loud** {{ token }}, <strong>hi</strong><br>")
        );
        assert!(!mail.text.contains("secret") && !mail.html.contains("<a "));
        assert!(mail.text.contains(", hi\nyou"));
    }

    #[test]
    fn names_that_are_advertisements_are_left_out() {
        let variables = variables(json!({"developer_fullname": "Win at http://x.test"}));
        let mail = render(
            Template::AccessApproved,
            &content("s", "Hi {{developer_fullname}}", ""),
            &variables,
        );
        assert!(mail.text.contains("Hi (name withheld)"), "{}", mail.text);
    }

    #[test]
    fn unknown_and_broken_braces_do_no_harm() {
        let variables = variables(json!({}));
        let mail =
            render(Template::AccessApproved, &content("a{{x}}b {{", "{{}}c", ""), &variables);
        assert_eq!(mail.subject, "ab {{");
        assert!(mail.text.contains("\nc\n"));
    }
}
