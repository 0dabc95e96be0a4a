//! What cannot be used: every refusal names the line, the column, the text and the way round.

use crate::check;
use expect_test::expect;

#[test]
fn nothing_to_read() {
    check(
        "",
        expect![[r#"
        refused: the file is empty; it needs a line of column names such as date,open,high,low,close,volume and rows
    "#]],
    );
    check(
        "\n\n# only a remark\n",
        expect![[r#"
        refused: the file is empty; it needs a line of column names such as date,open,high,low,close,volume and rows
    "#]],
    );
    check(
        "date,close\n",
        expect![[r#"
        refused: 0 of 0 rows can be used, at least 2 are needed
    "#]],
    );
    check(
        "date,close\n2024-01-02,1\n",
        expect![[r#"
        refused: 1 of 1 rows can be used, at least 2 are needed
    "#]],
    );
    check(
        "date,close\n2024-01-02,0\n2024-01-03,.\n2024-01-04,1\n",
        expect![[r#"
        refused: 1 of 3 rows can be used, at least 2 are needed
    "#]],
    );
}

#[test]
fn text_where_a_price_should_be() {
    check(
        "date,open,high,low,close\n2024-01-02,1,2,0.5,abc\n2024-01-03,NaN,2,1,1\n2024-01-04,1,inf,1,1\n2024-01-05,1,2,1\n2024-01-08,1,\"1,234.5\",1,1\n2024-01-09,1,1.2K,1,1\n",
        expect![[r#"
            refused: line 2, column "close": "abc" is no number; write a number such as 1234.5
            line 3, column "open": "NaN" is no finite number; leave the field empty where there is no value
            line 4, column "high": "inf" is no finite number; leave the field empty where there is no value
            line 5: "2024-01-05,1,2,1" has 4 of at least 5 columns; complete the row or take it out
            line 6, column "high": "1,234.5" has a comma in it; write 1234.5: a point for decimals and nothing between thousands
            line 7, column "high": "1.2K" is abbreviated; write all digits
        "#]],
    );
    check(
        "date,close,volume\n2024-01-02,1,-5\n2024-01-03,1,5\n",
        expect![[r#"
        refused: line 2, column "volume": "-5" is a volume below zero; write 0 where the volume is not known
    "#]],
    );
}

#[test]
fn a_long_list_of_problems_is_cut_and_counted() {
    let rows: String = (1..=28).map(|d| format!("2024-02-{d:02},x{d}\n")).collect();
    let error = assay_market::read_csv(
        format!("date,close\n{rows}").as_bytes(),
        assay_market::CsvLimits { errors_max: 2, ..assay_market::CsvLimits::STANDARD },
    )
    .unwrap_err();
    expect![[r#"
        line 2, column "close": "x1" is no number; write a number such as 1234.5
        line 3, column "close": "x2" is no number; write a number such as 1234.5
        and 26 more rows"#]]
    .assert_eq(&error.to_string());
}

#[test]
fn columns_that_cannot_be_told() {
    check(
        "date,open,high\n2024-01-02,1,2\n",
        expect![[r#"
            refused: line 1: there is no close column; found "date", "open", "high"; name the column of prices close
        "#]],
    );
    check(
        "open,close\n1,2\n",
        expect![[r#"
        refused: line 1: there is no time column; found "open", "close"; name one of the columns date, time or timestamp
    "#]],
    );
    check(
        "2024-01-02,1,2\n2024-01-03,1,2\n",
        expect![[r#"
        refused: line 1: there are no column names, and the number of columns does not tell what they are; found "2024-01-02", "1", "2"; put a line such as date,open,high,low,close,volume before the rows
    "#]],
    );
    check(
        "Jan 2 2024,1\nJan 3 2024,1\n",
        expect![[r#"
        refused: line 1: the first field is neither a column name nor a time; found "Jan 2 2024", "1"; write times as 2020-12-31
    "#]],
    );
    check(
        "Exceeded the daily hits limit\n",
        expect![[r#"
        refused: line 1: there is no time column; found "Exceeded the daily hits limit"; name one of the columns date, time or timestamp
    "#]],
    );
    check(
        "date,close\n2024-01-02;1\n2024-01-03;2\n",
        expect![[r#"
        refused: line 2: "2024-01-02;1" has 1 of at least 2 columns; complete the row or take it out
        line 3: "2024-01-03;2" has 1 of at least 2 columns; complete the row or take it out
    "#]],
    );
    check(
        "time,low,high,open,close\n1704067200,1,2,1.2,1.5\n1704153600,1,2,1.5,1.75\n",
        expect![[r#"
        2 bars of 1d, ohlc
        ! no volume
        2024-01-01 1.2 2 1 1.5 0
        2024-01-02 1.5 2 1 1.75 0
    "#]],
    );
    check(
        "1704067200,1,2,1.5,1.4,9\n1704153600,1,2,1.75,1.6,9\n",
        expect![[r#"
            refused: line 1: the high is not the highest or the low not the lowest price in 2 of 2 rows; are the columns in the order open, high, low, close? name them in a first line
        "#]],
    );
}

#[test]
fn files_of_another_kind() {
    check(
        "PK\u{3}\u{4}rest",
        expect![[r#"
        refused: the file is packed; unpack it first
    "#]],
    );
    check(
        "PAR1....",
        expect![[r#"
        refused: the file is Parquet; export it as CSV
    "#]],
    );
    check(
        "<!DOCTYPE html>\n<html>",
        expect![[r#"
        refused: the file is a web page; download the table itself
    "#]],
    );
    check(
        "{\"chart\": 1}",
        expect![[r#"
        refused: the file is JSON; export it as CSV
    "#]],
    );
    check(
        "a\0b",
        expect![[r#"
        refused: the file is no text; export the prices as CSV
    "#]],
    );
}

#[test]
fn times_that_leave_a_doubt() {
    check(
        "date,close\n1/2/2024,1\n2/2/2024,2\n3/2/2024,3\n",
        expect![[r#"
        refused: line 2, column "date": "1/2/2024" and every other date may be month/day or day/month; write dates as 2020-12-31
    "#]],
    );
    check(
        "date,close\n1/13/2024,1\n14/1/2024,2\n",
        expect![[r#"
        refused: line 2, column "date": "1/13/2024" and other dates have the month now first, now second; write dates as 2020-12-31
    "#]],
    );
    check(
        "date,close\n1/13/2024,1\n2/30/2024,2\n",
        expect![[r#"
            refused: line 3, column "date": "2/30/2024" is no date of the calendar; write dates as 2020-12-31
        "#]],
    );
    check(
        "date,close\n2024-01-02,1\n03/01/2024,2\n2024-01-04,3\n",
        expect![[r#"
        refused: line 3, column "date": "03/01/2024" is written in another way than "2024-01-02" in line 2; write all times in one way
    "#]],
    );
    check(
        "date,close\n2024-01-02,1\n2024-01-03 15:30,2\n",
        expect![[r#"
        refused: line 3, column "date": "2024-01-03 15:30" is written in another way than "2024-01-02" in line 2; write all times in one way
    "#]],
    );
    check(
        "date,close\n45293,1\n45294,2\n",
        expect![[r#"
            refused: line 2, column "date": "45293" may be a row number, a year or a spreadsheet's day number; write times as 2020-12-31 or 2020-12-31T15:30:00Z
            line 3, column "date": "45294" may be a row number, a year or a spreadsheet's day number; write times as 2020-12-31 or 2020-12-31T15:30:00Z
        "#]],
    );
    check(
        "date,close\n2024-02-30,1\nyesterday,2\n",
        expect![[r#"
        refused: line 2, column "date": "2024-02-30" is no date of the calendar; write times as 2020-12-31 or 2020-12-31T15:30:00Z
        line 3, column "date": "yesterday" is no time; write times as 2020-12-31 or 2020-12-31T15:30:00Z
    "#]],
    );
}

#[test]
fn rows_out_of_order() {
    check(
        "date,close\n2024-01-02,1\n2024-01-04,2\n2024-01-03,3\n2024-01-05,4\n2024-01-01,5\n",
        expect![[r#"
            refused: line 4: 2024-01-03T00:00:00.000Z comes after 2024-01-04T00:00:00.000Z, but the rows before are oldest first; 1 more row breaks the order; sort the file by time
        "#]],
    );
    check(
        "date,close\n2024-01-05,1\n2024-01-03,2\n2024-01-04,3\n",
        expect![[r#"
            refused: line 4: 2024-01-04T00:00:00.000Z comes after 2024-01-03T00:00:00.000Z, but the rows before are newest first; sort the file by time
        "#]],
    );
}

#[test]
fn several_markets_in_one_file() {
    check(
        "date,symbol,close\n2024-01-02,AAPL,1\n2024-01-02,MSFT,2\n2024-01-03,AAPL,1\n",
        expect![[r#"
        refused: line 3, column "symbol": "MSFT" is another symbol than "AAPL" before; give each symbol a file of its own
    "#]],
    );
}
