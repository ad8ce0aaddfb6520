//! JUnit XML: a suite for each profile and file.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use super::{Report, Verdict};

/// All reports as one JUnit document.
#[must_use]
pub fn document(reports: &[Report]) -> String {
    let mut suites: BTreeMap<(String, String), Vec<&Report>> = BTreeMap::new();
    for report in reports {
        let file = report.file.display().to_string();
        suites.entry((report.profile.clone(), file)).or_default().push(report);
    }
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open(&mut xml, "", "testsuites", &[], reports.iter());
    for ((profile, file), reports) in &suites {
        let name = format!("{profile}: {file}");
        open(&mut xml, "  ", "testsuite", &[("name", &name)], reports.iter().copied());
        for report in reports {
            test(&mut xml, file, report);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn open<'r>(
    xml: &mut String,
    indent: &str,
    element: &str,
    attributes: &[(&str, &str)],
    reports: impl Iterator<Item = &'r Report>,
) {
    let (mut all, mut failed, mut skipped) = (0, 0, 0);
    for report in reports {
        all += 1;
        failed += usize::from(report.verdict == Verdict::Failed);
        skipped += usize::from(matches!(report.verdict, Verdict::Skipped(_)));
    }
    let _ = write!(xml, "{indent}<{element}");
    for (name, value) in attributes {
        let _ = write!(xml, " {name}=\"{}\"", escaped(value));
    }
    let _ =
        writeln!(xml, " tests=\"{all}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\">");
}

fn test(xml: &mut String, file: &str, report: &Report) {
    let (file, name) = (escaped(file), escaped(&report.name));
    let _ = write!(xml, "    <testcase classname=\"{file}\" name=\"{name}\"");
    match &report.verdict {
        Verdict::Passed => xml.push_str("/>\n"),
        Verdict::Skipped(reason) => {
            let reason = escaped(reason);
            let _ = writeln!(xml, ">\n      <skipped message=\"{reason}\"/>\n    </testcase>");
        }
        Verdict::Failed => {
            let (differences, findings) = (report.differences.len(), report.findings.len());
            let text = escaped(&report.to_string());
            let _ = writeln!(
                xml,
                ">\n      <failure message=\"{differences} differences, {findings} findings\">{text}</failure>\n    </testcase>"
            );
        }
    }
}

/// Text as XML 1.0 can carry it, in content and in attributes: what has no form there at all is
/// written as Rust would escape it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(char));
            }
            '\u{fffe}' | '\u{ffff}' | '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                out.extend(char.escape_default());
            }
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_the_document() {
        let text = "<a b=\"c\">&amp;]]>\n\u{0}\u{1b}[31m\u{ffff}é";
        let safe = "&lt;a b=&quot;c&quot;&gt;&amp;amp;]]&gt;&#10;\\u{0}\\u{1b}[31m\\u{ffff}é";
        assert_eq!(escaped(text), safe);
    }
}
