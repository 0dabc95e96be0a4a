//! The bundled data sets are what `data/ORIGIN.md` says.

use crate::shown;
use assay_market::bundled;
use assay_units::Timestamp;
use expect_test::expect;

const ORIGIN: &str = include_str!("../../../../data/ORIGIN.md");

#[test]
fn bundled_sets_read_as_expected() {
    let all: Vec<String> = bundled::all().iter().map(|set| format!("{}: {}", set.symbol, shown(&set.read()))).collect();
    expect![[r#"
        SPX: 5031 bars of 1d, ohlc, volume
        ! the open of 2004 of 5031 bars equals the close before, first at line 3: gaps and fills at the open mean little there
        1999-01-04 1229.22998 1248.810059 1219.099976 1228.099976 877000000
        1999-01-05 1228.099976 1246.109985 1228.099976 1244.780029 775000000
        1999-01-06 1244.780029 1272.5 1244.780029 1272.339966 986900000
        1999-01-07 1272.339966 1272.339966 1257.680054 1269.72998 863000000
        NDQ: 5031 bars of 1d, ohlc, volume
        1999-01-04 2207.540039 2233.570068 2192.679932 2208.050049 936660000
        1999-01-05 2207.75 2251.77002 2206.48999 2251.27002 948350000
        1999-01-06 2286.129883 2320.949951 2286.129883 2320.860107 1252650000
        1999-01-07 2293.27002 2333.699951 2284.23999 2326.090088 1200900000
        WTI: 8321 bars of 1d, close
        ! no open, high and low: they repeat the close
        ! no volume
        1986-01-02 25.56 25.56 25.56 25.56 0
        1986-01-03 26 26 26 26 0
        1986-01-06 26.53 26.53 26.53 26.53 0
        1986-01-07 25.85 25.85 25.85 25.85 0
    "#]].assert_eq(&all.concat());
}

#[test]
fn their_ticks_are_hundredths() {
    for set in bundled::all() {
        assert_eq!(set.read().bars.mintick, Some(0.01), "{}", set.symbol);
    }
}

#[test]
fn the_table_of_origin_agrees_with_the_files() {
    let bodies: [(&str, &[u8]); 3] = [
        ("spx.csv", include_bytes!("../../../../data/spx.csv")),
        ("ndq.csv", include_bytes!("../../../../data/ndq.csv")),
        ("wti.csv", include_bytes!("../../../../data/wti.csv")),
    ];
    for (set, (name, body)) in bundled::all().iter().zip(bodies) {
        let bars = set.read().bars;
        let row = ORIGIN.lines().find(|line| line.starts_with(&format!("| `{name}` | {} |", set.symbol))).unwrap();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let day = |t: i64| Timestamp::from_millis(t).utc_day().to_string();
        assert_eq!(cells[4].replace(',', ""), bars.len().to_string());
        assert_eq!(cells[5], day(bars.time[0]));
        assert_eq!(cells[6], day(bars.time[bars.len() - 1]));
        assert_eq!(cells[8].trim_matches('`'), assay_units::ContentHash::of(body).to_string());
        assert_eq!(bars.periods_per_year(), 252.0);
    }
}
