//! The strategies that come with the program: `catalogue/*.pine`, compiled in.

use std::sync::LazyLock;

use assay_corpus::sources::catalogue::{Archetype, parse_archetype};

macro_rules! entry {
    ($id:literal) => {
        ($id, include_str!(concat!("../../../../catalogue/", $id, ".pine")))
    };
}

/// Name and text of each file.
const FILES: [(&str, &str); 46] = [
    entry!("adx_dmi"),
    entry!("average_envelope"),
    entry!("bollinger_breakout"),
    entry!("bollinger_reversion"),
    entry!("calm_market"),
    entry!("cci_reversal"),
    entry!("chaikin_money_flow"),
    entry!("connors_rsi2"),
    entry!("cumulative_rsi"),
    entry!("day_of_week"),
    entry!("donchian_breakout"),
    entry!("double_sevens"),
    entry!("down_days"),
    entry!("ema_cross"),
    entry!("engulfing"),
    entry!("fifty_two_week_high"),
    entry!("force_index"),
    entry!("gap_fade"),
    entry!("hull_trend"),
    entry!("ichimoku"),
    entry!("internal_bar_strength"),
    entry!("keltner_breakout"),
    entry!("macd_signal_cross"),
    entry!("macd_zero_line"),
    entry!("mfi_reversal"),
    entry!("narrow_range_breakout"),
    entry!("obv_trend"),
    entry!("parabolic_sar"),
    entry!("price_above_average"),
    entry!("regression_slope"),
    entry!("roc_threshold"),
    entry!("rsi_reversal"),
    entry!("sell_in_may"),
    entry!("sma_cross"),
    entry!("squeeze_breakout"),
    entry!("stochastic_cross"),
    entry!("supertrend"),
    entry!("tema_cross"),
    entry!("time_series_momentum"),
    entry!("triple_average"),
    entry!("trix_signal_cross"),
    entry!("turn_of_month"),
    entry!("volume_breakout"),
    entry!("vortex"),
    entry!("williams_r"),
    entry!("z_score_reversion"),
];

/// All archetypes, by id. A test compiles and parses each.
pub fn all() -> &'static [Archetype] {
    static ALL: LazyLock<Vec<Archetype>> = LazyLock::new(|| {
        let parsed = FILES.iter().map(|(id, text)| parse_archetype(id, text));
        parsed.collect::<Result<_, _>>().expect("a test parses every file of the catalogue")
    });
    &ALL
}

/// The archetype called `id`.
pub fn find(id: &str) -> Option<&'static Archetype> {
    all().iter().find(|archetype| archetype.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_compiles_to_a_grid_of_a_size_worth_sweeping() {
        for (id, text) in FILES {
            parse_archetype(id, text).unwrap_or_else(|e| panic!("{id}: {e}"));
            let program = assay_pine::compile(text).unwrap_or_else(|refusal| panic!("{id}:\n{refusal}"));
            let points = program.grid_size().unwrap();
            assert!((2..=1_000).contains(&points), "{id} has {points} points");
            assert!(program.warnings.is_empty(), "{id}: {:?}", program.warnings);
            assert!(program.inputs.iter().all(|input| input.grid.len() > 1), "{id} has an input that changes nothing");
        }
    }

    #[test]
    fn the_list_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".pine").map(str::to_owned))
            .collect();
        there.sort();
        assert_eq!(there, FILES.map(|(id, _)| id.to_owned()));
    }
}
