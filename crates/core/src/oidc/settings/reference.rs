//! The settings as a table for readers.

use alloc::borrow::Cow;
use alloc::string::String;

use super::fields::{Absent, FIELDS, MEANINGS};

const PREFACE: &str = "\
# Settings of an OpenID Connect strategy

The object that a strategy has under `configs.\"openid-connect\"`. Whatever is not in this table is \
refused by name, and so is a value that breaks its rule. No secret can be in it: the secret of the \
gateway's own client stands in the gateway's configuration.

Kong has the settings marked so under the same name. Where our default differs from Kong's, ours is \
the stricter one. A list that names claims is a path into nested objects, outermost first.

";

/// Every setting as a page of Markdown: name, rule, default, whether Kong has it too, and meaning.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(PREFACE);
    out.push_str("| setting | must be | default | Kong's | meaning |\n|---|---|---|---|---|\n");
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
