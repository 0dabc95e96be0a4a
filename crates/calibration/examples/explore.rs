use assay_calibration::{planted::{Mechanism, amplitude::*}, market::*};
use assay_backtest::{Costs, Fill};
use assay_units::Seed;
fn main() {
    let real = RealPrices::bundled();
    for m in Mechanism::ALL {
        let ids: Vec<&str> = match m { Mechanism::Trend => vec!["price_above_average","ema_cross","sma_cross","time_series_momentum","donchian_breakout"], Mechanism::Reversion => vec!["z_score_reversion","rsi_reversal","bollinger_reversion"], _ => vec![m.archetype()] };
        for id in ids {
        let text = &assay_research::propose::catalogue::find(id).unwrap().pine;
        let program = assay_pine::compile(text).unwrap();
        for sharpe in [0.5, 1.0, 1.5] {
            let t = Target { mechanism: m, sharpe, program: &program, costs: Costs{fee:0.0005,slippage:0.0002}, fill: Fill::NextOpen, markets: 100, seed: Seed(1) };
            println!("{} {id} {} grid {:?}", m.as_str(), match solve(&t, &real) { Ok(p) => format!("{p:?}"), Err(e) => e.to_string() }, program.grid_size());
        }}
    }
}
