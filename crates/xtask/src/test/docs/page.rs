//! What a page of Markdown shows: its fenced blocks, and where its links lead.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// What stands behind the fence.
    pub(super) language: &'t str,
    /// The line of the fence, counted from 1.
    pub(super) line: usize,
    pub(super) text: String,
    /// What is said to come of it: the `text` block that follows without a word between.
    pub(super) output: Option<String>,
}

impl Block<'_> {
    /// By what a table names the block: its first line.
    pub(super) fn name(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

/// Every fenced block of a page.
pub(super) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<Block<'_>> = None;
    let mut adjacent = false;
    for (number, line) in page.lines().enumerate() {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(language)) => {
                let text = String::new();
                open = Some(Block { language, line: number + 1, text, output: None });
            }
            (None, None) => adjacent &= line.trim().is_empty(),
            (Some(block), Some(_)) => {
                let of = blocks
                    .last_mut()
                    .filter(|last| adjacent && block.language == "text" && last.language == "sh");
                if let Some(of) = of {
                    of.output = Some(block.text.clone());
                }
                adjacent = true;
                blocks.push(block);
            }
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
        }
    }
    blocks
}

/// The targets of a page's links outside of fenced blocks, without fragments.
pub(super) fn links(page: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        let ends = line.split("](").skip(1).filter(|_| !fenced);
        let targets = ends.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        links.extend(targets.filter_map(|target| target.split('#').next()));
    }
    links.retain(|target| !target.is_empty());
    links
}

/// Whether an output has what a page shows of it, line by line and in this order. `...` stands for
/// anything, in a line and between lines.
pub(super) fn shows(output: &str, expected: &str) -> Result<(), String> {
    let mut lines = output.lines();
    for expected in expected.lines().map(str::trim).filter(|l| !l.is_empty() && *l != "...") {
        if !lines.any(|line| fits(line, expected)) {
            return Err(format!("no line is, or none comes later: {expected}"));
        }
    }
    Ok(())
}

fn fits(line: &str, expected: &str) -> bool {
    let mut rest = line;
    expected.split("...").all(|part| match rest.split_once(part.trim()) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_language_line_and_output() {
        let page =
            "a\n```sh\none\n```\n\n```text\nout\n```\n```sh\ntwo\n```\nword\n```text\nno\n```\n";
        let blocks = blocks(page);
        let seen: Vec<_> = blocks.iter().map(|b| (b.language, b.line, b.name())).collect();
        assert_eq!(
            seen,
            [("sh", 2, "one"), ("text", 6, "out"), ("sh", 9, "two"), ("text", 13, "no")]
        );
        assert_eq!(blocks[0].output.as_deref(), Some("out\n"));
        assert_eq!(blocks[2].output, None);
    }

    #[test]
    fn links_are_found_outside_of_blocks() {
        let page = "see [a](a.md#x) and [b](../b.rs), [here](#there)\n```sh\n[c](c.md)\n```\n";
        assert_eq!(links(page), ["a.md", "../b.rs"]);
    }

    #[test]
    fn an_output_shows_lines_in_order_and_leaves_out_what_is_left_out() {
        let output = "HTTP/1.1 401 Unauthorized\r\ndate: x\r\n\r\n{\"message\":\"no\",\"id\":7}";
        assert!(shows(output, "HTTP/1.1 401 Unauthorized\n...\n{\"message\":\"no\"...}").is_ok());
        assert!(shows(output, "{\"message\":\"no\"...}\nHTTP/1.1 401").is_err());
        assert!(shows(output, "HTTP/1.1 200 OK").is_err());
    }
}
