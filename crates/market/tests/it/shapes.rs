//! The shapes that exchanges, terminals and web sites export.

use crate::check;
use expect_test::expect;

#[test]
fn yahoo_scales_all_prices_by_the_adjusted_close() {
    check(
        "Date,Open,High,Low,Close,Adj Close,Volume\n\
         2020-08-28,504.0,505.8,498.3,500.0,125.0,46907500\n\
         2020-08-31,127.6,131.0,126.0,129.0,129.0,225702700\n\
         2020-09-01,null,null,null,null,null,null\n",
        expect![[r#"
            2 bars of 3d, ohlc, volume
            ! 1 row without a value left out, first at line 4
            ! prices of 1 bar scaled by adjusted close / close, first at line 2
            2020-08-28 126 126.45 124.575 125 46907500
            2020-08-31 127.6 131 126 129 225702700
        "#]],
    );
}

#[test]
fn stooq_daily_and_its_longer_form() {
    check(
        "Date,Open,High,Low,Close,Volume\r\n2024-01-02,187.15,188.44,183.89,185.64,82488700\r\n2024-01-03,184.22,185.88,183.43,184.25,58414500\r\n",
        expect![[r#"
            2 bars of 1d, ohlc, volume
            2024-01-02 187.15 188.44 183.89 185.64 82488700
            2024-01-03 184.22 185.88 183.43 184.25 58414500
        "#]],
    );
    check(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
         AAPL.US,5,20240102,153000,187.1,187.5,187.0,187.2,1000,0\n\
         AAPL.US,5,20240102,153500,187.2,187.4,187.1,187.3,900,0\n",
        expect![[r#"
            2 bars of 5m, ohlc, volume, AAPL.US
            ! times state no zone and were read as UTC
            2024-01-02T15:30Z 187.1 187.5 187 187.2 1000
            2024-01-02T15:35Z 187.2 187.4 187.1 187.3 900
        "#]],
    );
}

#[test]
fn tradingview_with_zones_or_seconds() {
    check(
        "time,open,high,low,close,Volume,Volume MA\n\
         2024-01-02T09:30:00-05:00,1,2,0.5,1.5,10,NaN\n\
         2024-01-02T09:31:00-05:00,1.5,2,1,1.75,11,NaN\n",
        expect![[r#"
            2 bars of 1m, ohlc, volume
            2024-01-02T14:30Z 1 2 0.5 1.5 10
            2024-01-02T14:31Z 1.5 2 1 1.75 11
        "#]],
    );
    check(
        "time,open,high,low,close\n1704067200,1,2,0.5,1.5\n1704153600,1.5,2,1,1.75\n",
        expect![[r#"
        2 bars of 1d, ohlc
        ! no volume
        2024-01-01 1 2 0.5 1.5 0
        2024-01-02 1.5 2 1 1.75 0
    "#]],
    );
}

#[test]
fn daily_bars_keep_the_date_of_their_own_zone() {
    check(
        "time,close\n2024-03-08T00:00:00+09:00,1\n2024-03-09T00:00:00+09:00,2\n",
        expect![[r#"
        2 bars of 1d, close
        ! no open, high and low: they repeat the close
        ! no volume
        2024-03-08 1 1 1 1 0
        2024-03-09 2 2 2 2 0
    "#]],
    );
    check(
        "time,close\n2024-03-08T00:00:00-05:00,1\n2024-03-11T00:00:00-04:00,2\n",
        expect![[r#"
        2 bars of 3d, close
        ! no open, high and low: they repeat the close
        ! no volume
        2024-03-08 1 1 1 1 0
        2024-03-11 2 2 2 2 0
    "#]],
    );
}

#[test]
fn binance_klines_in_milliseconds_and_microseconds() {
    check(
        "1735603200000,92792.05,96250.00,92033.73,93576.00,24688.29,1735689599999,2337046,4300,100,200,0\n\
         1735689600000000,93576.00,95151.15,92888.00,94591.79,10373.32,1735775999999999,975444,1500,50,70,0\n",
        expect![[r#"
            2 bars of 1d, ohlc, volume
            2024-12-31 92792.05 96250 92033.73 93576 24688.29
            2025-01-01 93576 95151.15 92888 94591.79 10373.32
        "#]],
    );
    check(
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n\
         1704067200000,1,2,0.5,1.5,10,1704070799999,1,1,1,1,0\n1704070800000,1.5,2,1,1.75,11,1704074399999,1,1,1,1,0\n",
        expect![[r#"
            2 bars of 1h, ohlc, volume
            2024-01-01 1 2 0.5 1.5 10
            2024-01-01T01:00Z 1.5 2 1 1.75 11
        "#]],
    );
}

#[test]
fn kraken_without_names() {
    check(
        "1704067200,1,2,0.5,1.5,10.5,7\n1704067260,1.5,2,1,1.75,11,9\n",
        expect![[r#"
        2 bars of 1m, ohlc, volume
        2024-01-01 1 2 0.5 1.5 10.5
        2024-01-01T00:01Z 1.5 2 1 1.75 11
    "#]],
    );
}

#[test]
fn histdata_with_semicolons_and_no_names() {
    check(
        "20120201 000000;1.306600;1.306700;1.306560;1.306560;0\n20120201 000100;1.306570;1.306570;1.306470;1.306560;0\n",
        expect![[r#"
            2 bars of 1m, ohlc
            ! no volume
            ! times state no zone and were read as UTC
            2012-02-01 1.3066 1.3067 1.30656 1.30656 0
            2012-02-01T00:01Z 1.30657 1.30657 1.30647 1.30656 0
        "#]],
    );
}

#[test]
fn metatrader_with_tabs_and_without_names() {
    check(
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n\
         2024.01.02\t00:00:00\t1.1035\t1.1039\t1.1031\t1.1038\t410\t0\t2\n\
         2024.01.02\t01:00:00\t1.1038\t1.1046\t1.1038\t1.1040\t812\t0\t1\n",
        expect![[r#"
            2 bars of 1h, ohlc, volume
            ! times state no zone and were read as UTC
            2024-01-02 1.1035 1.1039 1.1031 1.1038 410
            2024-01-02T01:00Z 1.1038 1.1046 1.1038 1.104 812
        "#]],
    );
    check(
        "2024.01.02,00:00,1.1035,1.1039,1.1031,1.1038,410\n2024.01.02,00:01,1.1038,1.1046,1.1038,1.1040,812\n",
        expect![[r#"
            2 bars of 1m, ohlc, volume
            ! times state no zone and were read as UTC
            2024-01-02 1.1035 1.1039 1.1031 1.1038 410
            2024-01-02T00:01Z 1.1038 1.1046 1.1038 1.104 812
        "#]],
    );
}

#[test]
fn fred_has_a_date_a_series_and_holes() {
    check(
        "observation_date,DCOILWTICO\n1986-02-14,15.44\n1986-02-17,.\n1986-02-18,\n1986-02-19,14.58\n",
        expect![[r#"
            2 bars of 5d, close
            ! 2 rows without a value left out, first at line 3
            ! no open, high and low: they repeat the close
            ! no volume
            1986-02-14 15.44 15.44 15.44 15.44 0
            1986-02-19 14.58 14.58 14.58 14.58 0
        "#]],
    );
}

#[test]
fn ecb_has_many_columns_of_which_two_count() {
    check(
        "KEY,FREQ,CURRENCY,TIME_PERIOD,OBS_VALUE,OBS_STATUS\nEXR.D.USD.EUR.SP00.A,D,USD,2024-01-02,1.0956,A\nEXR.D.USD.EUR.SP00.A,D,USD,2024-01-03,1.0919,A\n",
        expect![[r#"
            2 bars of 1d, close
            ! no open, high and low: they repeat the close
            ! no volume
            2024-01-02 1.0956 1.0956 1.0956 1.0956 0
            2024-01-03 1.0919 1.0919 1.0919 1.0919 0
        "#]],
    );
}

#[test]
fn american_dates_newest_first_with_quotes_marks_and_dollars() {
    check(
        "\u{feff}\"Date\",\"Close/Last\",\"Volume\",\"Open\",\"High\",\"Low\"\r\n\
         \"01/17/2024\",\"$182.68\",\"47317430\",\"$181.27\",\"$182.93\",\"$180.30\"\r\n\
         \"01/16/2024\",\"$183.63\",\"65603040\",\"$182.16\",\"$184.26\",\"$180.934\"\r\n",
        expect![[r#"
            2 bars of 1d, ohlc, volume
            ! the file began with its newest bar and was turned round
            2024-01-16 182.16 184.26 180.934 183.63 65603040
            2024-01-17 181.27 182.93 180.3 182.68 47317430
        "#]],
    );
    check(
        "date;close\n3/1/2024 4:00 PM;1\n3/14/2024 4:00 PM;2\n",
        expect![[r#"
        2 bars of 13d, close
        ! no open, high and low: they repeat the close
        ! no volume
        ! times state no zone and were read as UTC
        2024-03-01T16:00Z 1 1 1 1 0
        2024-03-14T16:00Z 2 2 2 2 0
    "#]],
    );
    check(
        "date;close\n14/3/2024;1\n15/3/2024;2\n",
        expect![[r#"
        2 bars of 1d, close
        ! no open, high and low: they repeat the close
        ! no volume
        2024-03-14 1 1 1 1 0
        2024-03-15 2 2 2 2 0
    "#]],
    );
}

#[test]
fn tables_with_an_unnamed_index_or_three_heading_lines() {
    check(
        ",Open,High,Low,Close\n2024-01-02 00:00:00,1,2,0.5,1.5\n2024-01-03 00:00:00,1.5,2,1,1.75\n",
        expect![[r#"
            2 bars of 1d, ohlc
            ! no volume
            2024-01-02 1 2 0.5 1.5 0
            2024-01-03 1.5 2 1 1.75 0
        "#]],
    );
    check(
        "Price,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY\nDate,,,,,\n2024-01-02,1.5,2,0.5,1,10\n2024-01-03,1.75,2,1,1.5,11\n",
        expect![[r#"
            2 bars of 1d, ohlc, volume
            2024-01-02 1 2 0.5 1.5 10
            2024-01-03 1.5 2 1 1.75 11
        "#]],
    );
}

#[test]
fn an_address_above_and_a_symbol_beside() {
    check(
        "https://www.example.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USDT\n\
         1704153600000,2024-01-02 00:00:00,BTCUSDT,1.5,2,1,1.75,11,19\n1704067200000,2024-01-01 00:00:00,BTCUSDT,1,2,0.5,1.5,10,15\n,,,,,,,,\n",
        expect![[r#"
            2 bars of 1d, ohlc, volume, BTCUSDT
            ! the file began with its newest bar and was turned round
            2024-01-01 1 2 0.5 1.5 10
            2024-01-02 1.5 2 1 1.75 11
        "#]],
    );
}

#[test]
fn a_date_and_a_close_are_enough() {
    check(
        "2024-01-02,1.5\n2024-01-03,1.75",
        expect![[r#"
        2 bars of 1d, close
        ! no open, high and low: they repeat the close
        ! no volume
        2024-01-02 1.5 1.5 1.5 1.5 0
        2024-01-03 1.75 1.75 1.75 1.75 0
    "#]],
    );
    check(
        "date,close\n20240102,1.5\n\n20240103,1.75\n",
        expect![[r#"
        2 bars of 1d, close
        ! no open, high and low: they repeat the close
        ! no volume
        2024-01-02 1.5 1.5 1.5 1.5 0
        2024-01-03 1.75 1.75 1.75 1.75 0
    "#]],
    );
    check(
        "month,close\n2024-01,1.5\n2024-02,1.75\n",
        expect![[r#"
            2 bars of 1mo, close
            ! no open, high and low: they repeat the close
            ! no volume
            2024-01-01 1.5 1.5 1.5 1.5 0
            2024-02-01 1.75 1.75 1.75 1.75 0
        "#]],
    );
}
