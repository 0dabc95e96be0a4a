//! `assay trials`: the ledger of looks, by data set or search by search.

use std::process::ExitCode;

use assay_research::trials::{self, Account};

use crate::app::App;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Characters of a hash that a person needs to tell two data sets apart.
const HASH_SHOWN: usize = 12;

/// Shows the accounts of all data sets, or the latest searches of one.
pub fn trials(config: Config, symbol: Option<&str>, limit: u32, json: bool) -> Result<ExitCode, AppError> {
    let app = App::open(config)?;
    let accounts = trials::accounts(&app.database)?;
    match symbol {
        None => show_accounts(&accounts, json),
        Some(symbol) => {
            let account = named(&accounts, symbol).ok_or_else(|| unknown(&accounts, symbol))?;
            let searches = trials::searches(&app.database, &account.prices, limit)?;
            if json {
                output::json(&searches);
            } else {
                let rows: Vec<Vec<String>> = searches
                    .iter()
                    .map(|s| {
                        vec![
                            s.at.clone(),
                            s.raw.to_string(),
                            format!("{:.1}", s.effective),
                            s.concept.clone(),
                            s.strategy.clone(),
                        ]
                    })
                    .collect();
                output::print(&output::table(&["AT", "SETS TRIED", "INDEPENDENT", "CONCEPT", "STRATEGY"], &rows));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// By symbol, or by the first characters of its hash where a symbol was imported anew and has two accounts.
fn named<'a>(accounts: &'a [Account], wanted: &str) -> Option<&'a Account> {
    let by_symbol = accounts.iter().find(|a| a.symbol.eq_ignore_ascii_case(wanted));
    by_symbol.or_else(|| accounts.iter().find(|a| wanted.len() >= HASH_SHOWN && a.prices.starts_with(wanted)))
}

fn unknown(accounts: &[Account], symbol: &str) -> AppError {
    let error = AppError::text(Exit::NotFound, format!("{symbol}: nothing was ever tried on a data set of this name"));
    match accounts {
        [] => error.hint("no look at any data was taken yet; `assay run \"golden cross\"` takes some"),
        _ => error.hint(format!(
            "looked at so far: {}",
            accounts.iter().map(|a| a.symbol.as_str()).collect::<Vec<_>>().join(", ")
        )),
    }
}

fn show_accounts(accounts: &[Account], json: bool) {
    if json {
        return output::json(&accounts);
    }
    if accounts.is_empty() {
        return output::print("No look at any data was taken yet.\n");
    }
    let rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|a| {
            let day = |at: &str| at.chars().take(10).collect::<String>();
            vec![
                a.symbol.clone(),
                a.prices.chars().take(HASH_SHOWN).collect(),
                a.searches.to_string(),
                a.strategies.to_string(),
                a.raw.to_string(),
                format!("{:.1}", a.effective),
                day(&a.first_at),
                day(&a.last_at),
            ]
        })
        .collect();
    let head = ["SYMBOL", "PRICES", "SEARCHES", "STRATEGIES", "SETS TRIED", "INDEPENDENT", "FIRST", "LAST"];
    output::print(&output::table(&head, &rows));
}
