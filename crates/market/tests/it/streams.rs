//! Files larger than memory, made up while they are read.

use std::io::{self, Read};

use assay_market::{CsvError, CsvLimits, read_csv};

/// A price file of `rows` rows, one an hour, that never exists as a whole.
struct Endless {
    rows: u64,
    row: u64,
    served: u64,
    pending: Vec<u8>,
}

impl Endless {
    fn new(rows: u64) -> Endless {
        Endless { rows, row: 0, served: 0, pending: b"time,open,high,low,close,volume\n".to_vec() }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() && self.row < self.rows {
            let close = 100.0 + (self.row % 97) as f64 / 8.0;
            let line = format!("{},{close},{},{},{close},7\n", START_S + self.row * 3600, close + 1.0, close - 1.0);
            self.pending = line.into_bytes();
            self.row += 1;
        }
        let n = buffer.len().min(self.pending.len());
        buffer[..n].copy_from_slice(&self.pending[..n]);
        self.pending.drain(..n);
        self.served += n as u64;
        Ok(n)
    }
}

/// One line of any length.
struct OneByte {
    byte: u8,
    left: u64,
}

impl Read for OneByte {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        buffer[..n].fill(self.byte);
        self.left -= n as u64;
        Ok(n)
    }
}

/// 2000-01-01, in seconds.
const START_S: u64 = 946_684_800;
/// About 48 bytes a row.
const TWO_GIGABYTES_OF_ROWS: u64 = 45_000_000;

#[test]
fn two_gigabytes_are_refused_at_the_row_limit_and_not_read_to_the_end() {
    let mut source = Endless::new(TWO_GIGABYTES_OF_ROWS);
    let limits = CsvLimits { rows_max: 10_000, ..CsvLimits::STANDARD };
    let error = read_csv(&mut source, limits).unwrap_err();
    assert_eq!(error.to_string(), "line 10002: more than 10000 rows; split the file or use a longer interval");
    assert!(source.served < 2_000_000, "read {} bytes of two thousand million", source.served);
}

#[test]
fn a_line_without_end_is_refused_at_its_limit() {
    for byte in [b'1', b' ', b'"', b','] {
        let mut source = OneByte { byte, left: 2 << 30 };
        let error = read_csv(&mut source, CsvLimits::STANDARD).unwrap_err();
        assert!(matches!(error, CsvError::LineTooLong { line: 1, bytes_max: 65_536 }), "{error}");
        assert!((2u64 << 30) - source.left < 1 << 20);
    }
}

#[test]
fn blank_lines_count_too() {
    let mut source = b"date,close\n".chain(OneByte { byte: b'\n', left: 2 << 30 });
    let error = read_csv(&mut source, CsvLimits { rows_max: 1000, ..CsvLimits::STANDARD }).unwrap_err();
    assert!(matches!(error, CsvError::TooManyRows { line: 1002, .. }), "{error}");
    let error = read_csv(OneByte { byte: b'\n', left: 2 << 30 }, CsvLimits::STANDARD).unwrap_err();
    assert!(matches!(error, CsvError::Empty), "{error}");
}

#[test]
fn a_file_of_bad_rows_is_given_up() {
    let mut source = b"date,close\n"
        .chain(OneByte { byte: b'x', left: 100 })
        .chain("\nyesterday,1".repeat(20_000).leak().as_bytes());
    let error = read_csv(&mut source, CsvLimits::STANDARD).unwrap_err().to_string();
    assert!(error.ends_with("and at least 9980 more rows"), "{error}");
    assert_eq!(error.lines().count(), 21);
}

#[test]
fn two_hundred_thousand_rows_are_read() {
    let file = read_csv(Endless::new(200_000), CsvLimits::STANDARD).unwrap();
    assert_eq!((file.bars.len(), file.interval.to_string()), (200_000, "1h".to_owned()));
    assert_eq!(file.bars.time[199_999], 946_684_800_000 + 199_999 * 3_600_000);
    assert!(file.has_ohlc && file.has_volume && file.flags.is_empty(), "{:?}", file.flags);
}

#[test]
fn exactly_the_limit_is_taken() {
    let limits = CsvLimits { rows_max: 50, ..CsvLimits::STANDARD };
    assert_eq!(read_csv(Endless::new(50), limits).unwrap().bars.len(), 50);
    assert!(read_csv(Endless::new(51), limits).is_err());
    let bare = "2024-01-02,1\n2024-01-03,2\n";
    assert!(read_csv(bare.as_bytes(), CsvLimits { rows_max: 2, ..limits }).is_ok());
    assert!(read_csv(bare.as_bytes(), CsvLimits { rows_max: 1, ..limits }).is_err());
}

#[test]
fn a_stream_that_fails_says_where() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let error = read_csv(b"date,close\n2024-01-02,1\n".chain(Broken), CsvLimits::STANDARD).unwrap_err();
    assert_eq!(error.to_string(), "line 3: the file could not be read");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
}
