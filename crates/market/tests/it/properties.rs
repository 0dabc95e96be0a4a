//! For classes of files: nothing panics, and whatever is taken keeps the promises of `PriceFile`.

use assay_market::{CsvLimits, PriceFile, read_csv};
use proptest::prelude::*;

fn promises_hold(file: &PriceFile) {
    let bars = &file.bars;
    let n = bars.len();
    assert!(n >= 2);
    let columns = [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume];
    assert!(bars.time.len() == n && columns.iter().all(|column| column.len() == n));
    assert!(bars.time.windows(2).all(|pair| pair[0] < pair[1]));
    for i in 0..n {
        let (o, h, l, c, v) = (bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]);
        assert!(0.0 < l && l <= o.min(c) && o.max(c) <= h && h.is_finite() && v >= 0.0 && v.is_finite());
    }
    assert!(file.flags.iter().all(|flag| !flag.to_string().is_empty()));
}

fn taken_or_refused(bytes: &[u8]) {
    match read_csv(bytes, CsvLimits { rows_max: 1000, line_bytes_max: 500, errors_max: 3 }) {
        Ok(file) => promises_hold(&file),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Pieces that bring a random file past the first checks.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "date",
            "time",
            "close",
            "open",
            "high",
            "low",
            "adj close",
            "volume",
            "symbol",
            ",",
            ",",
            ",",
            ";",
            "\t",
            "\n",
            "\n",
            "\"",
            ".",
            "2024-01-02",
            "2024-01-03",
            "2024-01-03 15:30",
            "1/2/2024",
            "3/14/2024",
            "20240102",
            "20240102 093000",
            "1704067200",
            "1704067200000",
            "-1",
            "0",
            "1",
            "1.5",
            "1e308",
            "1e-308",
            "1e999",
            "NaN",
            "null",
            " ",
            "T",
            "Z",
            "+05:30",
            "é",
            "\u{feff}",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        any::<i64>().prop_map(|x| x.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        taken_or_refused(&bytes);
    }

    #[test]
    fn no_pieces_of_files_panic(pieces in prop::collection::vec(piece(), 0..80)) {
        taken_or_refused(pieces.concat().as_bytes());
    }

    #[test]
    fn no_columns_of_numbers_panic(rows in prop::collection::vec((any::<i64>(), prop::array::uniform5(any::<f64>())), 0..12)) {
        let mut text = String::from("time,open,high,low,close,adj close\n");
        for (time, [a, b, c, d, e]) in rows {
            text.push_str(&format!("{time},{a:e},{b:e},{c:e},{d:e},{e:e}\n"));
        }
        taken_or_refused(text.as_bytes());
    }

    #[test]
    fn what_is_written_is_read(closes in prop::collection::vec(1e-3f64..1e6, 2..60), start in 0i64..20_000, newest_first: bool) {
        let mut rows: Vec<String> = closes
            .iter()
            .enumerate()
            .map(|(i, close)| format!("{},{close}\n", (start + i as i64) * 86_400))
            .collect();
        if newest_first {
            rows.reverse();
        }
        let file = read_csv(format!("time,close\n{}", rows.concat()).as_bytes(), CsvLimits::STANDARD).unwrap();
        promises_hold(&file);
        prop_assert_eq!(&file.bars.close, &closes);
        prop_assert_eq!(file.bars.time[0], start * 86_400_000);
    }
}
