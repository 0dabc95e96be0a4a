//! Character references in text that never meets a real HTML parser, and the escapes for text that will.

/// `&`, `<` and `>` made safe.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Numeric references and the few names that every page uses; anything else stays as it is.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest reference that we know is shorter than 12 bytes.
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    let number =
        |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| *c != '\0');
    if let Some(code) = name.strip_prefix('#') {
        return match code.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => number(hexadecimal, 16),
            None => number(code, 10),
        };
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "times" => '×',
        "minus" => '−',
        "le" => '≤',
        "ge" => '≥',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_all_else_is_left_alone() {
        for (text, expected) in [
            ("a &lt; b &amp;&amp; c", "a < b && c"),
            ("&#62;&#x3E;&#X3e;", ">>>"),
            ("AT&T &unknown; & &#0; &#xffffffff; &", "AT&T &unknown; & &#0; &#xffffffff; &"),
            ("&&lt;é&ééééééééé;", "&<é&ééééééééé;"),
        ] {
            assert_eq!(decode(text), expected);
        }
        assert_eq!(decode(&escape("a<b>&c;")), "a<b>&c;");
    }
}
