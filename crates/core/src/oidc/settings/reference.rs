//! The settings as a table for readers.

use alloc::borrow::Cow;
use alloc::string::String;

use super::fields::{Absent, FIELDS, MEANINGS};

/// Every setting as a Markdown table: name, what it may be, default, meaning, and whether Kong has
/// it too.
#[must_use]
pub fn reference() -> String {
    let mut out =
        String::from("| setting | must be | default | Kong's | meaning |\n|---|---|---|---|---|\n");
    for (field, (kongs, meaning)) in FIELDS.iter().zip(MEANINGS) {
        let default = match field.default {
            Absent::Refused => Cow::Borrowed("required"),
            Absent::None => Cow::Borrowed("none"),
            Absent::Is(json) | Absent::IsUnlessNull(json) => Cow::Owned(["`", json, "`"].concat()),
        };
        let words = field.kind.words();
        let kongs = if *kongs { "yes" } else { "no" };
        for part in ["| `", field.name, "` | ", &words, " | ", &default, " | ", kongs, " | "] {
            out.push_str(part);
        }
        out.push_str(meaning);
        out.push_str(" |\n");
    }
    out
}
