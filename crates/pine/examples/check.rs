//! Checks every script of a folder and says what it cannot hold: `cargo run --example check -- FOLDER`.

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("readable").filter_map(|e| e.ok().map(|e| e.path())).collect();
    files.sort();
    let (mut good, mut all) = (0, 0);
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "pine")) {
        let text = String::from_utf8_lossy(&std::fs::read(file).expect("readable")).into_owned();
        all += 1;
        match assay_pine::check(&text) {
            Ok(_) => good += 1,
            Err(refusal) => {
                println!("{}: {}", file.file_name().unwrap_or_default().to_string_lossy(), refusal.0[0]);
            }
        }
    }
    println!("{good} of {all}");
}
