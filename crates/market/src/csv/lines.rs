//! One line at a time from a stream, never more than the limit in memory; and a line's fields.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use super::error::CsvError;

/// The lines of a stream, without their ends and the byte-order mark.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    bytes_max: usize,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R, bytes_max: usize) -> Lines<R> {
        Lines { reader: BufReader::with_capacity(1 << 16, reader), bytes_max, buffer: Vec::new(), number: 0 }
    }

    /// Reads the next line; false at the end of the stream.
    pub(super) fn advance(&mut self) -> Result<bool, CsvError> {
        self.buffer.clear();
        self.number += 1;
        let line = self.number;
        // Room for the line, its two end bytes and one byte that shows that there is more.
        let room = self.bytes_max as u64 + 3;
        let read = (&mut self.reader).take(room).read_until(b'\n', &mut self.buffer);
        if read.map_err(|cause| CsvError::Read { line, cause })? == 0 {
            return Ok(false);
        }
        if line == 1 {
            if let Some(error) = foreign(&self.buffer) {
                return Err(error);
            }
            if self.buffer.starts_with(b"\xEF\xBB\xBF") {
                self.buffer.drain(..3);
            }
        }
        for end in [b'\n', b'\r'] {
            if self.buffer.last() == Some(&end) {
                self.buffer.pop();
            }
        }
        if self.buffer.len() > self.bytes_max {
            return Err(CsvError::LineTooLong { line, bytes_max: self.bytes_max });
        }
        Ok(true)
    }

    /// The line read last.
    pub(super) fn line(&self) -> &[u8] {
        &self.buffer
    }

    /// Its number, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// What people hand over instead of a table.
fn foreign(start: &[u8]) -> Option<CsvError> {
    let head: Vec<u8> = start.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let head = head.trim_ascii_start();
    let not = |found, fix| Some(CsvError::NotCsv { found, fix });
    match start {
        [0x1F, 0x8B, ..] | [b'P', b'K', 3, 4, ..] => not("packed", "unpack it first"),
        [b'P', b'A', b'R', b'1', ..] => not("Parquet", "export it as CSV"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => not("text in UTF-16", "save it as UTF-8"),
        _ if head.starts_with(b"<!doctype") || head.starts_with(b"<html") || head.starts_with(b"<?xml") => {
            not("a web page", "download the table itself")
        }
        _ if head.starts_with(b"{") || head.starts_with(b"[") => not("JSON", "export it as CSV"),
        _ if start.contains(&0) => not("no text", "export the prices as CSV"),
        _ => None,
    }
}

/// Where the fields of a line stand, without blanks and quotes around them. A separator inside quotes belongs to its field.
pub(super) fn split(line: &[u8], separator: u8, fields: &mut Vec<Range<usize>>) {
    fields.clear();
    let (mut start, mut quoted, mut blank) = (0, false, true);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' if quoted => quoted = false,
            // A quote opens only at the start of a field; elsewhere it is a character like others.
            b'"' if blank => (quoted, blank) = (true, false),
            _ if *byte == separator && !quoted => {
                fields.push(bare(line, start..at));
                (start, blank) = (at + 1, true);
            }
            b' ' => {}
            _ => blank = false,
        }
    }
    fields.push(bare(line, start..line.len()));
}

fn bare(line: &[u8], mut range: Range<usize>) -> Range<usize> {
    let trim = |mut range: Range<usize>| {
        while range.start < range.end && line[range.start].is_ascii_whitespace() {
            range.start += 1;
        }
        while range.start < range.end && line[range.end - 1].is_ascii_whitespace() {
            range.end -= 1;
        }
        range
    };
    range = trim(range);
    if range.len() >= 2 && line[range.start] == b'"' && line[range.end - 1] == b'"' {
        range = trim(range.start + 1..range.end - 1);
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn fields_lose_their_blanks_and_quotes() {
        let show = |line: &str, separator: u8| {
            let mut fields = Vec::new();
            split(line.as_bytes(), separator, &mut fields);
            fields.iter().map(|r| format!("[{}]", &line[r.clone()])).collect::<String>()
        };
        let shown = [
            show("a, b ,c", b','),
            show("\"Jan 2, 2024\",\" 4 \",", b','),
            show("x;;", b';'),
            show("", b','),
            show("5\" pipe,2", b','),
            show("\"never closed,1,2", b','),
            show("1\t2", b'\t'),
        ];
        expect![[r#"
            [a][b][c]
            [Jan 2, 2024][4][]
            [x][][]
            []
            [5" pipe][2]
            ["never closed,1,2]
            [1][2]"#]]
        .assert_eq(&shown.join("\n"));
    }
}
