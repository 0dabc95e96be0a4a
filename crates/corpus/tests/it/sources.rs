//! A folder on a real file system, and the catalogue that is shipped.

use std::fs;
use std::path::Path;

use assay_corpus::sources::folder::{LIMITS, Limits};
use assay_corpus::sources::{FolderError, as_document, documents, parse_archetype};
use assay_corpus::{Document, SourceKind, mentions};

fn write(dir: &Path, path: &str, body: impl AsRef<[u8]>) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, body).unwrap();
}

fn read(dir: &Path, limits: Limits) -> (Vec<Document>, Vec<FolderError>) {
    let (good, bad): (Vec<_>, Vec<_>) = documents(dir, limits).partition(Result::is_ok);
    (good.into_iter().map(Result::unwrap).collect(), bad.into_iter().map(Result::unwrap_err).collect())
}

fn origins(documents: &[Document]) -> Vec<&str> {
    documents.iter().map(|document| document.origin.as_str()).collect()
}

#[test]
fn a_folder_is_read_in_order_and_what_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "b.md", "# RSI\n\nBuy below 30.");
    write(dir.path(), "a.txt", b"caf\xe9 prices fell");
    write(dir.path(), "sub/deep/c.XHTML", "<html><body><p>Sell in May.</p></body></html>");
    write(dir.path(), "sub/d.pine", "strategy(\"D\")\n");
    write(dir.path(), "sub/picture.png", b"\x89PNG");
    write(dir.path(), ".git/notes.md", "hidden");
    write(dir.path(), "large.txt", vec![b'x'; 2_000]);
    write(dir.path(), "empty.md", "");
    let limits = Limits { bytes_max: 1_000, ..LIMITS };
    let (found, failed) = read(dir.path(), limits);
    assert_eq!(origins(&found), ["a.txt", "b.md", "sub/d.pine", "sub/deep/c.XHTML"]);
    assert!(found.iter().all(|document| document.kind == SourceKind::File));
    assert_eq!(found[0].text, "café prices fell");
    let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed[0].ends_with("empty.md: no document") && failed[1].ends_with("large.txt: larger than 1000 bytes"));
    assert_eq!(read(dir.path(), limits).0, found, "the same folder reads the same");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.txt", "secret words");
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), dir.path().join("file.txt")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("self")).unwrap();
    let (found, failed) = read(dir.path(), LIMITS);
    assert!(found.is_empty());
    assert!(failed.len() == 3 && failed.iter().all(|error| matches!(error, FolderError::Link { .. })));
}

#[test]
fn depth_and_number_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "1/2/3/4/5/6/7/in.txt", "in reach of the walk");
    write(dir.path(), "1/2/3/4/5/6/7/8/out.txt", "out of reach");
    let (found, failed) = read(dir.path(), LIMITS);
    assert_eq!(origins(&found), ["1/2/3/4/5/6/7/in.txt"]);
    assert!(matches!(&failed[..], [FolderError::TooDeep { depth_max: 8, .. }]), "{failed:?}");

    let dir = tempfile::tempdir().unwrap();
    for n in 0..5 {
        write(dir.path(), &format!("{n}.txt"), format!("text number {n}"));
    }
    let (found, failed) = read(dir.path(), Limits { files_max: 3, ..LIMITS });
    assert_eq!(origins(&found), ["0.txt", "1.txt", "2.txt"]);
    assert!(matches!(&failed[..], [FolderError::TooMany { path, .. }] if path.ends_with("3.txt")), "{failed:?}");
    assert!(matches!(&read(&dir.path().join("none"), LIMITS).1[..], [FolderError::Folder { .. }]));
}

#[test]
fn every_entry_of_the_shipped_catalogue_can_be_indexed() {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
    let mut entries: Vec<_> = fs::read_dir(&catalogue).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| path.extension().is_some_and(|ending| ending == "pine"));
    assert!(!entries.is_empty());
    for path in entries {
        let id = path.file_stem().unwrap().to_str().unwrap();
        let archetype = parse_archetype(id, &fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{e}"));
        let document = as_document(&archetype);
        assert_eq!(document.origin, format!("catalogue:{id}"));
        assert!(document.text.starts_with(&archetype.name) && document.text.contains(&archetype.claim), "{id}");
        assert_eq!(document.code[0].text, archetype.pine);
        for mention in mentions(&document.text) {
            assert!(!document.text[mention.range].is_empty());
        }
    }
}
