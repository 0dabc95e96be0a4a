//! Each way a configuration can be wrong, and the words it is refused with.

use super::*;

fn env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_layers(vec![environment(variables)?], PathBuf::from("/data"))
}

fn said(pairs: &[(&str, &str)]) -> String {
    env(pairs).err().map_or_else(|| "accepted".into(), |e| e.to_string())
}

#[test]
fn the_defaults_are_the_free_tiers_with_room_to_spare() {
    let config = env(&[("PATH", "/bin"), ("HOME", "/root")]).unwrap();
    assert_eq!((config.concepts_per_day, config.qstash_daily_limit, config.r2_storage_alert_gb), (50, 450, 8));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert!(config.qstash.is_none());
}

#[test]
fn a_misspelt_key_is_refused_with_the_nearest_name() {
    assert_eq!(
        said(&[("QSTASH_DAYLY_LIMIT", "9")]),
        "environment: unknown key QSTASH_DAYLY_LIMIT; did you mean QSTASH_DAILY_LIMIT?"
    );
    assert_eq!(
        said(&[("MAX_CONCEPT_PER_DAY", "9")]),
        "environment: unknown key MAX_CONCEPT_PER_DAY; did you mean MAX_CONCEPTS_PER_DAY?"
    );
    let toml = read_toml(std::path::Path::new("assay.toml"), "# caps\nmax_concepts_per_dy = 3\n").unwrap_err();
    assert_eq!(toml.to_string(), "assay.toml:2: unknown key max_concepts_per_dy; did you mean max_concepts_per_day?");
    let dotenv = read_dotenv(std::path::Path::new(".env"), "COLOUR=blue").unwrap_err();
    assert_eq!(dotenv.to_string(), ".env:1: unknown key COLOUR; `assay config show` lists the keys");
}

#[test]
fn a_bad_value_is_refused_with_its_place_and_what_would_be_right() {
    assert_eq!(
        said(&[("MAX_CONCEPTS_PER_DAY", "-3")]),
        "environment: MAX_CONCEPTS_PER_DAY = -3: must be a whole number from 1 to 100000"
    );
    assert_eq!(
        said(&[("R2_STORAGE_ALERT_GB", "99999999999999999999")]),
        "environment: R2_STORAGE_ALERT_GB = 99999999999999999999: must be a whole number from 1 to 10"
    );
    assert_eq!(said(&[("ASSAY_FEE_BP", "NaN")]), "environment: ASSAY_FEE_BP = NaN: must be a number from 0 to 1000");
    assert!(said(&[("QSTASH_TOKEN", "hush-hush")]).contains("QSTASH_URL is not"));
}

#[test]
fn a_secret_is_never_shown() {
    let all = [
        ("QSTASH_URL", "not an address"),
        ("QSTASH_TOKEN", "hush-hush"),
        ("QSTASH_CURRENT_SIGNING_KEY", "hush-hush"),
        ("QSTASH_NEXT_SIGNING_KEY", "hush-hush"),
        ("ASSAY_PUBLIC_URL", "https://assay.example"),
    ];
    assert!(!said(&all).contains("hush-hush"));
    let mut good = all;
    good[0].1 = "https://qstash.upstash.io";
    let config = env(&good).unwrap();
    assert_eq!(config.sources["QSTASH_TOKEN"].0, "[secret]");
    assert_eq!(config.secrets(), ["hush-hush", "hush-hush", "hush-hush"]);
}

#[test]
fn later_layers_win_and_their_place_is_kept() {
    let toml = read_toml(std::path::Path::new("assay.toml"), "qstash_daily_limit = 300\nassay_fee_bp = 1.5").unwrap();
    let dotenv = read_dotenv(std::path::Path::new(".env"), "export QSTASH_DAILY_LIMIT=\"200\" # half\n").unwrap();
    let config = Config::from_layers(vec![toml, dotenv], PathBuf::from("/data")).unwrap();
    assert_eq!(config.qstash_daily_limit, 200);
    assert_eq!(config.sources["QSTASH_DAILY_LIMIT"].1.to_string(), ".env:1");
    assert_eq!(config.costs.fee, 0.00015);
}
