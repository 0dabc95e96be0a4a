//! Every key there is, with its default and what it does. `config show`, the README's table and the refusal of unknown
//! keys all read this one list.

/// One key. In the environment and `.env` under this name, in TOML in lower case.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What holds when nobody says anything; `None` means "not set".
    pub default: Option<&'static str>,
    /// Never shown.
    pub secret: bool,
    /// One line.
    pub what: &'static str,
}

const fn key(name: &'static str, default: Option<&'static str>, what: &'static str) -> Key {
    Key { name, default, secret: false, what }
}

const fn secret(name: &'static str, what: &'static str) -> Key {
    Key { name, default: None, secret: true, what }
}

/// All of them, in the order they are shown.
pub static KEYS: [Key; 20] = [
    key("ASSAY_DIR", None, "directory of the database and the reports"),
    key("ASSAY_LISTEN", Some("127.0.0.1:8000"), "address of the console and the message engine"),
    key("MAX_CONCEPTS_PER_DAY", Some("50"), "new concepts a UTC day; the rest wait for the next day"),
    key("QSTASH_DAILY_LIMIT", Some("450"), "billed message attempts a UTC day, worst case reserved beforehand"),
    key("WEB_REQUESTS_PER_DAY", Some("2000"), "requests to web sites a UTC day"),
    key("R2_STORAGE_ALERT_GB", Some("8"), "stored gigabytes at which the backup alert fires (10 are free)"),
    key("QSTASH_URL", None, "Upstash QStash instead of the built-in engine"),
    secret("QSTASH_TOKEN", "token to publish with"),
    secret("QSTASH_CURRENT_SIGNING_KEY", "verifies deliveries"),
    secret("QSTASH_NEXT_SIGNING_KEY", "verifies deliveries after a key rotation"),
    key("ASSAY_PUBLIC_URL", None, "where Upstash reaches our webhooks"),
    key("ASSAY_DOCUMENTS", None, "folder of HTML, Markdown, text and .pine files to read"),
    key("ASSAY_CONTACT", None, "mail or web address for the User-Agent; needed before any page is fetched"),
    key("ASSAY_FEE_BP", Some("5"), "fee per side in basis points"),
    key("ASSAY_SLIPPAGE_BP", Some("2"), "slippage per side in basis points"),
    key("ASSAY_THREADS", Some("0"), "threads of a sweep; 0 means all cores"),
    key("ASSAY_GRID_MAX", Some("1000000"), "largest parameter grid that is swept"),
    key(
        "ASSAY_PERMUTATIONS_MAX",
        Some("1000"),
        "permuted markets a search at most; 0 to 10000, without any nothing is plausible",
    ),
    key(
        "ASSAY_GPU",
        Some("auto"),
        "auto: a graphics card searches large grids on permuted markets; on: whatever Vulkan, Metal or DirectX device there is; off",
    ),
    key("ASSAY_LOG", Some("info"), "error, warn, info, debug or trace"),
];

/// The key called `name`, which must be in the list.
pub fn known(name: &str) -> &'static Key {
    find(name).expect("the code only asks for keys of the list")
}

/// The key called `name`, if there is one.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known key most like `name`, if it is near enough to be a slip of the finger.
pub fn nearest(name: &str) -> Option<&'static Key> {
    let upper = name.to_uppercase();
    let near = KEYS.iter().map(|key| (strsim::damerau_levenshtein(key.name, &upper), key)).min_by_key(|(d, _)| *d)?;
    (near.0 <= 1 + upper.len() / 4).then_some(near.1)
}

/// Whether a variable of the process, among many that are not ours, was meant for us: it bears one of our prefixes, or is
/// one or two slips away from a name of ours.
pub fn meant_for_us(name: &str) -> bool {
    let prefixed = ["ASSAY_", "QSTASH_"].iter().any(|prefix| name.starts_with(prefix));
    // The JS and Python clients' own settings may share the environment with us.
    let clients_own = ["QSTASH_DEV", "QSTASH_REGION"].iter().any(|own| name.starts_with(own));
    let slip = KEYS.iter().any(|key| key.name.len() >= 10 && strsim::damerau_levenshtein(key.name, name) <= 2);
    (prefixed || slip) && !clients_own
}
