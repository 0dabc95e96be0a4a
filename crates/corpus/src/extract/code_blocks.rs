//! Code as its author wrote it, whatever a highlighter made of it.
//!
//! Runs over the tree before the main text is looked for. Each block found is replaced in the tree by one plain `pre > code`,
//! so that the text keeps it too, at a place that can be named. Shapes known: `pre` with or without highlighter spans, tables
//! with a gutter of line numbers, one table row per line, one `div` per line, `code` with `br`, `textarea`.

use dom_query::{Document, NodeRef};

use super::{entities, language_name};
use crate::document::CodeBlock;

/// Takes the code out of `document`, in reading order, and leaves each block behind as a plain `pre`.
pub fn normalise(document: &Document) -> Vec<CodeBlock> {
    let Some(body) = document.body() else { return Vec::new() };
    let mut found = Vec::new();
    collect(body, &mut found);
    let mut blocks = Vec::new();
    for (node, text) in found {
        let language = language_of(&node);
        let class =
            language.as_ref().map(|name| format!(" class=\"language-{}\"", entities::escape(&name.replace('"', ""))));
        let class = class.unwrap_or_default();
        node.replace_with_html(format!("<pre><code{class}>{}</code></pre>", entities::escape(&text)));
        blocks.push(CodeBlock { language, text, offset: None });
    }
    blocks
}

/// Walks down; what is recognised is not looked into. The guard has bounded the depth.
fn collect<'a>(node: NodeRef<'a>, found: &mut Vec<(NodeRef<'a>, String)>) {
    for child in node.children_it(false) {
        if !child.is_element() {
            continue;
        }
        match recognise(&child) {
            Some(text) => {
                let text = without_blank_ends(&text);
                if !text.is_empty() {
                    found.push((child, text));
                }
            }
            None => collect(child, found),
        }
    }
}

fn recognise(node: &NodeRef<'_>) -> Option<String> {
    match &*node.node_name()? {
        "pre" => Some(code_text(node)),
        "table" => code_table(node),
        "textarea" => (node.has_attr("readonly") || has_hint(node, CODE_HINTS)).then(|| code_text(node)),
        // A longer `code` outside `pre` is a block that was laid out with breaks.
        "code" => Some(code_text(node)).filter(|text| text.trim().lines().count() >= 2),
        "div" | "figure" | "section" | "ol" | "ul" | "p" | "td" => code_lines(node),
        _ => None,
    }
}

/// Classes of containers that hold code.
const CODE_HINTS: &[&str] = &[
    "code",
    "codeblock",
    "code-block",
    "code_block",
    "highlight",
    "highlighter",
    "syntaxhighlighter",
    "sourcecode",
    "source-code",
    "sourceCode",
    "prettyprint",
    "hljs",
    "hljs-ln",
    "blob-wrapper",
    "blob-code",
    "js-file-line-container",
    "rouge-table",
    "rouge-code",
    "highlighttable",
    "crayon-table",
    "crayon-code",
    "crayon-pre",
    "codehilite",
    "codehilitetable",
    "snippet",
    "pine",
    "pinescript",
];
/// Classes of what stands beside code: line numbers.
const GUTTER_HINTS: &[&str] = &[
    "gutter",
    "rouge-gutter",
    "lineno",
    "linenos",
    "linenodiv",
    "line-number",
    "line-numbers-rows",
    "linenumber",
    "linenumbers",
    "line_number",
    "lnum",
    "ln",
    "lnt",
    "hljs-ln-numbers",
    "hljs-ln-n",
    "hljs-ln-line-numbers",
    "blob-num",
    "crayon-nums",
    "crayon-num",
    "code-line-number",
    "react-syntax-highlighter-line-number",
];

fn has_hint(node: &NodeRef<'_>, hints: &[&str]) -> bool {
    node.class().is_some_and(|classes| classes.split_whitespace().any(|class| hints.contains(&class)))
}

fn is_gutter(node: &NodeRef<'_>) -> bool {
    has_hint(node, GUTTER_HINTS) || node.has_attr("data-line-number") && node.text().trim().is_empty()
}

fn has_name(node: &NodeRef<'_>, names: &[&str]) -> bool {
    node.node_name().is_some_and(|name| names.contains(&&*name))
}

/// A table whose rows are lines of code, or whose one row is a gutter and the code.
fn code_table(table: &NodeRef<'_>) -> Option<String> {
    let rows: Vec<NodeRef<'_>> = table.descendants_it().filter(|node| has_name(node, &["tr"])).collect();
    let is_cell = |cell: &NodeRef<'_>| has_name(cell, &["td", "th"]);
    let cells: Vec<Vec<NodeRef<'_>>> =
        rows.iter().map(|row| row.children_it(false).filter(is_cell).collect()).collect();
    let all = || cells.iter().flatten();
    let hinted = has_hint(table, CODE_HINTS)
        || ancestors(table, 2).any(|node| has_hint(&node, CODE_HINTS))
        || all().any(|cell| has_hint(cell, CODE_HINTS) || is_gutter(cell));
    let narrow = cells.iter().all(|row| row.len() <= 2);
    let all_code = all().all(|cell| is_gutter(cell) || is_number(&cell.text()) || holds_only_code(cell));
    let numbered = cells.iter().all(|row| row.len() == 2 && is_number(&row[0].text()) && holds_only_code(&row[1]));
    if cells.is_empty() || !narrow || !((hinted && (all_code || all().any(is_gutter))) || numbered) {
        return None;
    }
    let mut out = String::new();
    for row in &cells {
        for (i, cell) in row.iter().enumerate() {
            let gutter = is_gutter(cell) || (i == 0 && row.len() == 2 && is_number(&cell.text()));
            if !gutter {
                let line = code_text(cell);
                // A cell with one line of code often has white space of the page's own source around it.
                let line = if holds_only_code(cell) { line } else { line.trim_end().to_owned() };
                out.push_str(line.strip_suffix('\n').unwrap_or(&line));
                out.push('\n');
            }
        }
    }
    Some(out)
}

/// Digits and white space, as a gutter holds; nothing at all is no number.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace())
}

fn holds_only_code(cell: &NodeRef<'_>) -> bool {
    has_hint(cell, CODE_HINTS)
        || cell.children_it(false).all(|child| {
            has_name(&child, &["pre", "code"])
                || child.is_text() && child.text().trim().is_empty()
                || has_name(&child, &["div"]) && holds_only_code(&child)
        })
}

/// One element, or one `br`, per line.
fn code_lines(node: &NodeRef<'_>) -> Option<String> {
    let monospace = node.attr("style").is_some_and(|style| {
        let style = style.to_ascii_lowercase();
        ["monospace", "consolas", "courier", "menlo"].iter().any(|font| style.contains(font))
    });
    if !monospace && !has_hint(node, CODE_HINTS) {
        return None;
    }
    if node.descendants_it().any(|inner| has_name(&inner, &["pre", "table", "textarea", "h1", "h2", "h3", "form"])) {
        return None;
    }
    let text = code_text(node);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let looks_like_code = |line: &&&str| {
        line.starts_with("  ") || line.contains(['=', '(', '{', '}', ';', '[']) || line.trim_start().starts_with("//")
    };
    let code_like = lines.iter().filter(looks_like_code).count();
    (lines.len() >= 2 && code_like * 2 >= lines.len()).then_some(text)
}

/// The text of a node as code: breaks and blocks end lines, line numbers and buttons are left out.
fn code_text(node: &NodeRef<'_>) -> String {
    let mut out = String::new();
    push_code(node, &mut out, has_name(node, &["pre", "textarea", "code"]));
    out
}

fn push_code(node: &NodeRef<'_>, out: &mut String, preformatted: bool) {
    let children: Vec<NodeRef<'_>> = node.children_it(false).collect();
    let between_lines = children.iter().any(is_line);
    for child in &children {
        if child.is_text() {
            let text = child.text();
            if between_lines && text.trim_matches([' ', '\n', '\t']).is_empty() {
                continue;
            }
            let text = text.replace('\u{a0}', " ");
            if preformatted {
                out.push_str(&text);
            } else {
                push_flowing(&text, out);
            }
            continue;
        }
        if !child.is_element() || is_gutter(child) || has_name(child, &["button", "script", "style", "template"]) {
            continue;
        }
        if has_name(child, &["br"]) {
            out.push('\n');
        } else if is_line(child) {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            let from = out.len();
            push_code(child, out, preformatted || has_name(child, &["pre", "code"]));
            if out.len() == from || !out.ends_with('\n') {
                out.push('\n');
            }
        } else {
            push_code(child, out, preformatted || has_name(child, &["pre", "code"]));
        }
    }
}

/// Outside `pre` a line end in the page's source is white space; spaces before code were non-breaking and are kept.
fn push_flowing(text: &str, out: &mut String) {
    for (i, line) in text.split('\n').enumerate() {
        if i == 0 {
            out.push_str(line);
        } else if !line.trim().is_empty() {
            if !out.is_empty() && !out.ends_with(['\n', ' ']) {
                out.push(' ');
            }
            out.push_str(line.trim_start_matches([' ', '\t']));
        }
    }
}

fn is_line(node: &NodeRef<'_>) -> bool {
    has_name(node, &["div", "p", "li", "tr", "pre"])
        || has_name(node, &["code"]) && has_hint(node, &["line", "code-line"])
        // Some highlighters end their lines by style alone.
        || has_name(node, &["span"])
            && (has_hint(node, &["line", "code-line", "cl"]) || node.has_attr("data-line"))
            && node.next_sibling().is_some_and(|next| next.is_element() && has_name(&next, &["span"]))
            && !node.text().ends_with('\n')
}

/// The language that the page names, on the block, on the `code` in it or close above it.
fn language_of(node: &NodeRef<'_>) -> Option<String> {
    let inner = node.descendants_it().filter(|inner| has_name(inner, &["code", "pre"])).take(2);
    let own = std::iter::once(*node).chain(inner).chain(ancestors(node, 3));
    own.into_iter().find_map(|node| {
        for name in ["data-lang", "data-language", "data-code-language", "lang-name"] {
            if let Some(language) = node.attr(name).and_then(|value| language_name(&value)) {
                return Some(language);
            }
        }
        let classes = node.class()?;
        let mut classes = classes.split_whitespace().peekable();
        while let Some(class) = classes.next() {
            for prefix in ["language-", "lang-", "highlight-source-", "brush:", "sourceCode-"] {
                if let Some(rest) = class.strip_prefix(prefix) {
                    let named = rest.trim_end_matches(';');
                    let named = if named.is_empty() { classes.peek().copied().unwrap_or("") } else { named };
                    return language_name(named.trim_end_matches(';'));
                }
            }
            if ["pine", "pinescript", "pine-script", "python", "mql4", "mql5", "easylanguage", "afl", "r", "rust"]
                .contains(&class)
            {
                return language_name(class);
            }
        }
        None
    })
}

fn ancestors<'a>(node: &NodeRef<'a>, max: usize) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    node.ancestors(Some(max)).into_iter()
}

/// Blank lines around a block are the page's, not the author's.
fn without_blank_ends(text: &str) -> String {
    let text = text.trim_end();
    let blank = text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum::<usize>();
    text[blank..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "//@version=6\nstrategy(\"RSI < 30 & up\")\nif ta.rsi(close, 14) < 30\n    strategy.entry(\"L\", strategy.long)\n\n    x = 1";

    fn blocks(html: &str) -> Vec<CodeBlock> {
        normalise(&Document::from(format!("<html><body><p>before</p>{html}<p>after</p></body></html>")))
    }

    /// One rendering per line of code, numbered from 1.
    fn each(line: impl Fn(usize, &str) -> String) -> String {
        CODE.lines().enumerate().map(|(i, text)| line(i + 1, &entities::escape(text))).collect()
    }

    #[test]
    fn every_shape_gives_the_code_back_byte_for_byte() {
        let code = entities::escape(CODE);
        let nbsp = |text: &str| text.replace(' ', "&nbsp;");
        let spans = code.replace("if", "<span class=\"k\">if</span>").replace("30", "<span class='mi'>30</span>");
        let numbers: String = (1..=CODE.lines().count()).map(|n| format!("{n}\n")).collect();
        let shapes = [
            ("pre", format!("<pre>{code}</pre>")),
            ("pre code with language", format!("<pre><code class=\"language-pinescript\">\n{code}\n</code></pre>")),
            (
                "highlighter spans",
                format!("<div class=\"highlight\"><pre><span></span><code>{spans}\n</code></pre></div>"),
            ),
            (
                "line numbers inside",
                format!("<pre><code>{}</code></pre>", each(|n, t| format!("<span class=\"lineno\">{n}</span>{t}\n"))),
            ),
            (
                "gutter table",
                format!(
                    "<table class=\"rouge-table\"><tbody><tr><td class=\"rouge-gutter gl\"><pre class=\"lineno\">{numbers}</pre></td><td class=\"rouge-code\"><pre>{code}\n</pre></td></tr></tbody></table>"
                ),
            ),
            (
                "gutter table of divs",
                format!(
                    "<div class=\"syntaxhighlighter\"><table><tr><td class=\"gutter\">{}</td><td class=\"code\"><div class=\"container\">{}</div></td></tr></table></div>",
                    each(|n, _| format!("<div class=\"line\">{n}</div>")),
                    each(|n, t| format!("<div class=\"line number{n}\"><code>{}</code></div>", nbsp(t)))
                ),
            ),
            (
                "row per line",
                format!(
                    "<table class=\"highlight\">{}</table>",
                    each(|n, t| format!(
                        "<tr>\n<td class=\"blob-num\" data-line-number=\"{n}\"></td>\n<td class=\"blob-code\">{t}</td>\n</tr>"
                    ))
                ),
            ),
            (
                "div per line",
                format!(
                    "<div class=\"code\">\n{}</div>",
                    each(|_, t| format!("<div>{}</div>\n", if t.is_empty() { "<br>".into() } else { nbsp(t) }))
                ),
            ),
            (
                "monospace div per line",
                format!(
                    "<div style=\"font-family: Consolas, monospace\"><div>{}</div></div>",
                    each(|_, t| format!("<div><span>{}</span></div>", nbsp(t)))
                ),
            ),
            (
                "code with br",
                format!("<p><code>{}</code></p>", each(|_, t| format!("{}<br>\n", nbsp(t))).replace("<br>\n", "<br>")),
            ),
            ("pre with br", format!("<pre>{}</pre>", each(|_, t| format!("{t}<br/>")))),
            (
                "spans as lines",
                format!("<pre><code>{}</code></pre>", each(|_, t| format!("<span class=\"line\">{t}</span>\n"))),
            ),
            (
                "spans as lines without line ends",
                format!("<pre><code>{}</code></pre>", each(|_, t| format!("<span class=\"line\">{t}</span>"))),
            ),
            ("textarea", format!("<textarea readonly>{code}</textarea>")),
        ];
        for (name, html) in shapes {
            let found = blocks(&html);
            assert_eq!(found.len(), 1, "{name}: {found:#?}");
            assert_eq!(found[0].text, CODE, "{name}");
        }
    }

    #[test]
    fn the_language_is_read_from_where_the_page_names_it() {
        for (html, language) in [
            ("<pre><code class=\"hljs language-Pine\">a = 1</code></pre>", Some("pine")),
            ("<pre class=\"brush: python; gutter: false\">a = 1</pre>", Some("python")),
            ("<div class=\"highlight-source-rust\"><div><pre>a = 1</pre></div></div>", Some("rust")),
            ("<pre data-lang=\"PineScript\">a = 1</pre>", Some("pine")),
            ("<pre>a = 1</pre>", None),
        ] {
            assert_eq!(blocks(html)[0].language.as_deref(), language, "{html}");
        }
    }

    #[test]
    fn what_is_no_code_is_left_in_the_text() {
        for html in [
            "<p>Use <code>ta.rsi(close, 14)</code> here.</p>",
            "<table><tr><th>1</th><td>S&amp;P 500</td></tr><tr><th>2</th><td>Nasdaq</td></tr></table>",
            "<table class=\"highlight\"><tr><td>Fee</td><td>0.1 %</td><td>per side</td></tr></table>",
            "<div class=\"highlight\"><p>Important words.</p><p>More of them.</p></div>",
            "<pre>  \n </pre>",
        ] {
            assert_eq!(blocks(html), [], "{html}");
        }
    }
}
