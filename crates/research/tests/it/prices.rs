//! Imported data sets.

use assay_research::prices::PricesError;

use crate::house::{House, Options, closes_only, tiny};

#[tokio::test]
async fn imported_prices_survive_a_restart_to_the_bit() {
    let mut house = House::new(Options::default());
    let before = house.program().prices.load("TINY").unwrap();
    house.crash().await;
    let (set, bars) = house.program().prices.load("TINY").unwrap();
    assert_eq!(*bars, tiny().bars);
    assert_eq!((set.hash, set.rows, set.interval.as_str()), (before.0.hash, 600, "1d"));
    assert_eq!((set.first_at, set.last_at), (before.0.first_at, before.0.last_at));
    let listed = house.program().prices.list().unwrap();
    assert_eq!(listed.last().map(|set| set.symbol.as_str()), Some("TINY"), "after the bundled ones");
}

#[tokio::test]
async fn a_second_import_replaces_the_first_under_the_same_symbol() {
    let house = House::new(Options::default());
    let prices = &house.program().prices;
    prices.import(&closes_only(), "TINY", "Closes", "a test", house.now()).unwrap();
    let (set, bars) = prices.load("TINY").unwrap();
    assert_eq!(set.name, "Closes");
    assert!(bars.volume.iter().all(|volume| *volume == 0.0));
    assert_eq!(prices.list().unwrap().iter().filter(|set| set.symbol == "TINY").count(), 1);
}

#[tokio::test]
async fn symbols_that_cannot_be_used_are_refused_and_store_nothing() {
    let house = House::new(Options::default());
    let prices = &house.program().prices;
    let before = prices.list().unwrap().len();
    let import = |symbol: &str| prices.import(&tiny(), symbol, "x", "a test", house.now()).unwrap_err();
    for symbol in ["", "tiny", "A/B", "../X", "A B", "É", &"A".repeat(21)] {
        assert!(matches!(import(symbol), PricesError::BadSymbol { .. }), "{symbol:?}");
    }
    for set in prices.list().unwrap().iter().filter(|set| set.symbol != "TINY") {
        assert!(matches!(import(&set.symbol), PricesError::Bundled { .. }), "{}", set.symbol);
    }
    assert_eq!(prices.list().unwrap().len(), before);
    assert!(matches!(prices.load("NONE"), Err(PricesError::Unknown { .. })));
}
