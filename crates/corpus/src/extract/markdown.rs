//! Markdown: fenced and indented code byte for byte, and the text without its marks.

use super::text::{is_item, unwrap};
use super::{Found, language_name};
use crate::document::{CodeBlock, Extractor};

/// Reads a document. Its title is its front matter's, or its first heading.
pub fn read(source: &str) -> Found {
    let (front_title, body) = front_matter(source);
    let mut parts = Parts::default();
    let mut lines = body.lines().peekable();
    let (mut after_blank, mut in_list) = (true, false);
    while let Some(line) = lines.next() {
        if let Some(fence) = Fence::open(line) {
            let mut code = Vec::new();
            for line in lines.by_ref() {
                if fence.closes(line) {
                    break;
                }
                code.push(strip_indent(line, fence.indent));
            }
            parts.push_code(language_name(fence.language), &code.join("\n"));
            after_blank = true;
            continue;
        }
        let indented = line.starts_with("    ") || line.starts_with('\t');
        if indented && after_blank && !in_list && !line.trim().is_empty() {
            let mut code = vec![dedent(line)];
            while let Some(next) = lines.peek() {
                if !(next.starts_with("    ") || next.starts_with('\t') || next.trim().is_empty()) {
                    break;
                }
                code.push(dedent(next));
                lines.next();
            }
            parts.push_code(None, code.join("\n").trim_end());
            after_blank = true;
            continue;
        }
        after_blank = line.trim().is_empty();
        if is_item(line) && !line.trim_start().starts_with('#') {
            in_list = true;
        } else if !after_blank && !line.starts_with([' ', '\t']) {
            in_list = false;
        }
        parts.prose.push(line.to_owned());
    }
    parts.end_prose();
    Found {
        title: front_title.or(parts.heading),
        text: parts.text,
        code: parts.code,
        extractor: Extractor::Markdown,
        link_density: 0.0,
        noindex: false,
    }
}

#[derive(Default)]
struct Parts {
    text: String,
    prose: Vec<String>,
    code: Vec<CodeBlock>,
    heading: Option<String>,
}

impl Parts {
    fn end_prose(&mut self) {
        let prose = without_comments(&self.prose.join("\n"));
        self.prose.clear();
        let mut kept: Vec<String> = Vec::new();
        for line in prose.lines() {
            let line = line.trim_end();
            let mark = line.trim();
            let underline = !mark.is_empty() && (mark.chars().all(|c| c == '=') || mark.chars().all(|c| c == '-'));
            if underline {
                if let Some(above) = kept.last().filter(|above| !above.trim().is_empty()) {
                    self.heading.get_or_insert_with(|| above.trim().to_owned());
                }
                kept.push(String::new());
            } else if let Some(heading) = heading(line) {
                let heading = inline(heading);
                self.heading.get_or_insert_with(|| heading.clone());
                kept.extend([String::new(), heading, String::new()]);
            } else {
                let line = if is_item(line) { line } else { line.trim_start() };
                kept.push(inline(line.trim_start_matches("> ").trim_start_matches('>')));
            }
        }
        // A line end inside a paragraph is a space.
        let text = unwrap(&kept.join("\n"), |_| true);
        let text = text.trim_matches('\n');
        if !text.is_empty() {
            self.part();
            let mut blank = false;
            for line in text.lines() {
                if line.is_empty() && blank {
                    continue;
                }
                blank = line.is_empty();
                self.text.push_str(line);
                self.text.push('\n');
            }
            self.text.truncate(self.text.trim_end().len());
        }
    }

    fn push_code(&mut self, language: Option<String>, code: &str) {
        self.end_prose();
        if code.trim().is_empty() {
            return;
        }
        self.part();
        self.code.push(CodeBlock { language, text: code.to_owned(), offset: Some(self.text.len()) });
        self.text.push_str(code);
    }

    fn part(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
    }
}

struct Fence<'a> {
    mark: char,
    length: usize,
    indent: usize,
    language: &'a str,
}

impl<'a> Fence<'a> {
    fn open(line: &'a str) -> Option<Fence<'a>> {
        let bare = line.trim_start_matches(' ');
        let indent = line.len() - bare.len();
        let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = bare.chars().take_while(|c| *c == mark).count();
        let info = bare[length..].trim();
        // A fence inside a list item is indented further; a backtick in the info string makes it inline code.
        if length < 3 || (mark == '`' && info.contains('`')) {
            return None;
        }
        let language =
            info.split([' ', ',', '{', '}']).find(|word| !word.is_empty()).unwrap_or("").trim_start_matches('.');
        Some(Fence { mark, length, indent, language })
    }

    fn closes(&self, line: &str) -> bool {
        let bare = line.trim();
        bare.len() >= self.length && bare.chars().all(|c| c == self.mark)
    }
}

fn strip_indent(line: &str, indent: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(indent)..]
}

fn dedent(line: &str) -> &str {
    line.strip_prefix("    ").or_else(|| line.strip_prefix('\t')).unwrap_or(line.trim_start())
}

fn heading(line: &str) -> Option<&str> {
    let marks = line.bytes().take_while(|b| *b == b'#').count();
    let rest = &line[marks..];
    ((1..=6).contains(&marks) && rest.starts_with(' ')).then(|| rest.trim().trim_end_matches('#').trim_end())
}

/// YAML between two lines of dashes at the top: only its title is read.
fn front_matter(source: &str) -> (Option<String>, &str) {
    let Some((front, body)) = source.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) else {
        return (None, source);
    };
    let title = front.lines().find_map(|line| line.strip_prefix("title:"));
    (title.map(|title| title.trim().trim_matches(['"', '\'']).to_owned()).filter(|title| !title.is_empty()), body)
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// Links become their labels, images go, bold marks and code marks go; single stars may be products and stay.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let image = rest[..at].ends_with('!');
        let link = rest[at + 1..].split_once("](").and_then(|(label, after)| {
            let (_, after) = after.split_once(')')?;
            (!label.contains('[')).then_some((label, after))
        });
        match link {
            Some((label, after)) => {
                out.push_str(&rest[..at - usize::from(image)]);
                if !image {
                    out.push_str(label);
                }
                rest = after;
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out.replace("**", "").replace("__", "").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn code_is_kept_to_the_byte_and_prose_loses_its_marks() {
        let source = "---\ntitle: \"Front\"\n---\n# Heading #\n\nBuy **low**, see [this](http://x/y)\nand `rsi`. ![i](u)\n\n```pinescript title=x\nif a < b\n    c := 1\n\n```\n\n1. one\n\n    still one\n\n2. two\n\ntext\n\n    indented = 1\n\n      more\n\nSetext\n======\n<!-- hidden -->\nend";
        let found = read(source);
        assert_eq!(found.title.as_deref(), Some("Front"));
        assert_eq!(found.code.len(), 2, "{:#?}", found.code);
        assert_eq!(found.code[0].text, "if a < b\n    c := 1\n");
        assert_eq!(found.code[0].language.as_deref(), Some("pine"));
        assert_eq!(found.code[1].text, "indented = 1\n\n  more");
        for block in &found.code {
            assert!(found.text[block.offset.unwrap()..].starts_with(&block.text));
        }
        assert!(found.text.starts_with("Heading\n\nBuy low, see this and rsi."), "{}", found.text);
        assert!(found.text.ends_with("Setext\n\nend") && !found.text.contains("hidden"), "{}", found.text);
    }

    #[test]
    fn an_open_fence_runs_to_the_end() {
        let found = read("~~~\na\n~~\nb");
        assert_eq!(found.code[0].text, "a\n~~\nb");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(source in "(#|`|~|\\[|\\]|\\(|\\)|!|-|=|<!--|-->|\n|    |\t|a|é|>|---){0,80}") {
            let found = read(&source);
            for block in &found.code {
                prop_assert!(found.text[block.offset.unwrap()..].starts_with(&block.text));
            }
        }
    }
}
