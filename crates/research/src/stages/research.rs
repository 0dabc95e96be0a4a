//! Research: discover, fetch, read, index. An item is one source, committed on its own.
//!
//! Sources are the catalogue, the operator's folder and the addresses that came with the concept. A source that cannot be
//! had is a row that says why; it never fails the concept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_corpus::extract::extract;
use assay_corpus::fetch::{Fetcher, Retry};
use assay_corpus::index::Prepared;
use assay_corpus::sources::as_document;
use assay_corpus::sources::folder::{LIMITS, documents};
use assay_corpus::{Corpus, Document, DocumentId, Hit, SourceKind};
use assay_storage::{Database, DatabaseError, Tx};
use assay_units::Timestamp;
use assay_world::World;
use tokio::sync::Mutex;
use url::Url;

use super::{StageError, Subject, begin, finish};
use crate::inbox::Job;
use crate::outbox::{self, chain};
use crate::pipeline::Activities;
use crate::propose::catalogue;
use crate::{Stage, timeline};

/// Passages of the catalogue and the folder that may lead to a source.
const HITS_MAX: usize = 40;
/// Sources that a search adds to a concept.
const FOUND_MAX: usize = 8;
/// Quotes kept of one source.
const QUOTES_MAX: usize = 3;

/// What the stage works with.
pub(crate) struct Research<'a> {
    pub database: &'a Database,
    pub corpus: &'a Corpus,
    pub fetcher: Option<&'a Fetcher>,
    pub folder: Option<&'a Folder>,
    pub world: &'a World,
    pub activities: &'a Activities,
}

/// One row of what was read.
struct Source {
    origin: String,
    kind: &'static str,
    title: String,
    status: &'static str,
    detail: String,
    quotes: Vec<String>,
}

impl Research<'_> {
    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Works on a job until its sources are read, and writes the message for the next stage.
    pub async fn run(&self, job: &Job) -> Result<(), StageError> {
        let Some(subject) = Subject::load(self.database, &job.concept)? else {
            return Err(StageError::Broken(format!("concept {} is gone", job.concept)));
        };
        begin(self.database, job, "researching", self.now())?;
        if let Some(folder) = self.folder {
            folder.index(self.database, self.corpus, self.now()).await?;
        }
        let all = subject.urls.len() + 1;
        for (i, url) in subject.urls.iter().enumerate() {
            self.activities.set(
                &job.concept,
                &format!("reading {}", url.host_str().unwrap_or("a page")),
                (i, all),
                (0, 0),
            );
            if !self.is_read(job, url.as_str())? {
                self.page(job, &subject, url).await?;
            }
        }
        self.activities.set(&job.concept, "searching the library", (all - 1, all), (0, 0));
        self.found(job, &subject)?;
        let now = self.now();
        self.database.write(|tx| {
            outbox::put(tx, &job.concept, job.generation, Stage::Validate, 0, now, now)?;
            tx.execute(
                "UPDATE research_concepts SET state = 'researched' WHERE id = ?1 AND generation = ?2 AND state = 'researching'",
                &[job.concept.as_str().into(), job.generation.into()],
            )?;
            finish(tx, job, now)
        })?;
        Ok(())
    }

    fn is_read(&self, job: &Job, origin: &str) -> Result<bool, DatabaseError> {
        let found = self.database.read(|tx| {
            tx.row(
                "SELECT 1 FROM research_sources WHERE concept = ?1 AND generation = ?2 AND origin = ?3",
                &[job.concept.as_str().into(), job.generation.into(), origin.into()],
                |row| row.int(0),
            )
        })?;
        Ok(found.is_some())
    }

    /// One address: fetched, read, stored; or the reason why not.
    async fn page(&self, job: &Job, subject: &Subject, url: &Url) -> Result<(), StageError> {
        let refused = |why: String| Source {
            origin: url.to_string(),
            kind: "page",
            title: url.host_str().unwrap_or_default().to_owned(),
            status: "refused",
            detail: why,
            quotes: vec![],
        };
        let Some(fetcher) = self.fetcher else {
            let why = "no page is fetched before ASSAY_CONTACT says whom a site's operator can write to".to_owned();
            return Ok(self.store(job, &refused(why), None)?);
        };
        let fetched = match fetcher.fetch(url, &job.concept).await {
            Ok(fetched) => fetched,
            Err(error) => {
                let again = match error.retry() {
                    Retry::Never => String::new(),
                    Retry::Later => "; it may pass: `assay concept retry` reads it again".into(),
                    Retry::At(at) => format!("; not before {at}"),
                };
                return Ok(self.store(job, &refused(format!("{}{again}", chain(&error))), None)?);
            }
        };
        let origin = url.to_string();
        let read = {
            let (format, body, origin) = (fetched.format, fetched.body, origin.clone());
            // Extraction is heavy and runs on hostile input: off the threads that answer requests.
            tokio::task::spawn_blocking(move || extract(format, SourceKind::Page, &origin, &body)).await
        };
        match read.map_err(|e| StageError::Broken(e.to_string()))? {
            Err(error) => Ok(self.store(job, &refused(chain(&error)), None)?),
            Ok(document) => {
                let source = Source {
                    origin,
                    kind: "page",
                    title: document.title.clone(),
                    status: "read",
                    detail: format!("{} words, {} blocks of code", document.quality.words, document.code.len()),
                    quotes: vec![],
                };
                self.store(job, &source, Some(&document))?;
                let hits = self.corpus.search_within(&job.concept, &subject.text, HITS_MAX)?;
                self.quote(job, &source.origin, &hits)?;
                Ok(())
            }
        }
    }

    fn store(&self, job: &Job, source: &Source, document: Option<&Document>) -> Result<(), DatabaseError> {
        let now = self.now();
        let prepared = document.map(Prepared::of);
        self.database.write(|tx| {
            if let Some(prepared) = &prepared {
                self.corpus.add_prepared(tx, prepared, Some(&job.concept), now)?;
            }
            insert(tx, job, source)?;
            let what = if source.status == "refused" { "source refused" } else { "source read" };
            timeline::add(tx, &job.concept, now, what, &format!("{}: {}", source.origin, source.detail), None)
        })
    }

    fn quote(&self, job: &Job, origin: &str, hits: &[Hit]) -> Result<(), DatabaseError> {
        let quotes: Vec<&str> =
            hits.iter().filter(|h| h.origin == origin).map(|h| h.quote.trim()).take(QUOTES_MAX).collect();
        self.database.write(|tx| {
            tx.execute(
                "UPDATE research_sources SET quotes = ?4 WHERE concept = ?1 AND generation = ?2 AND origin = ?3",
                &[
                    job.concept.as_str().into(),
                    job.generation.into(),
                    origin.into(),
                    serde_json::json!(quotes).to_string().into(),
                ],
            )?;
            Ok(())
        })
    }

    /// What the catalogue and the folder say about the concept.
    fn found(&self, job: &Job, subject: &Subject) -> Result<(), StageError> {
        let hits = self.corpus.search(&subject.text, HITS_MAX)?;
        let mut by_document: BTreeMap<i64, Vec<&Hit>> = BTreeMap::new();
        let mut order = Vec::new();
        // Pages belong to the concept that named them; a path in the folder has no "//".
        let is_page = |hit: &Hit| ["http://", "https://"].iter().any(|scheme| hit.origin.starts_with(scheme));
        for hit in hits.iter().filter(|hit| !is_page(hit)) {
            let group = by_document.entry(hit.document.0).or_default();
            if group.is_empty() {
                order.push(hit.document.0);
            }
            group.push(hit);
        }
        let now = self.now();
        self.database.write(|tx| {
            for id in order.into_iter().take(FOUND_MAX) {
                let group = &by_document[&id];
                Corpus::link(tx, &job.concept, DocumentId(id), now)?;
                let catalogue = group[0].origin.starts_with("catalogue:");
                let source = Source {
                    origin: group[0].origin.clone(),
                    kind: if catalogue { "catalogue" } else { "file" },
                    title: group[0].title.clone(),
                    status: "read",
                    detail: match group.len() {
                        1 => "one passage answers the concept".into(),
                        n => format!("{n} passages answer the concept"),
                    },
                    quotes: group.iter().map(|hit| hit.quote.trim().to_owned()).take(QUOTES_MAX).collect(),
                };
                insert(tx, job, &source)?;
            }
            Ok::<_, DatabaseError>(())
        })?;
        Ok(())
    }
}

fn insert(tx: &Tx<'_>, job: &Job, source: &Source) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT OR IGNORE INTO research_sources (concept, generation, origin, kind, title, status, detail, quotes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            job.concept.as_str().into(),
            job.generation.into(),
            source.origin.clone().into(),
            source.kind.into(),
            source.title.clone().into(),
            source.status.into(),
            source.detail.clone().into(),
            serde_json::json!(source.quotes).to_string().into(),
        ],
    )?;
    Ok(())
}

/// Puts the catalogue into the index, once a start; what is there already stays as it is.
pub fn index_catalogue(database: &Database, corpus: &Corpus, now: Timestamp) -> Result<(), DatabaseError> {
    let documents: Vec<Document> = catalogue::all().iter().map(as_document).collect();
    let prepared: Vec<Prepared<'_>> = documents.iter().map(Prepared::of).collect();
    database.write(|tx| {
        for document in &prepared {
            corpus.add_prepared(tx, document, None, now)?;
        }
        Ok(())
    })
}

/// The operator's documents. Read once a start; files added later are found at the next start.
pub(crate) struct Folder {
    dir: PathBuf,
    indexed: Mutex<bool>,
}

impl Folder {
    pub fn new(dir: PathBuf) -> Folder {
        Folder { dir, indexed: Mutex::new(false) }
    }

    async fn index(&self, database: &Database, corpus: &Corpus, now: Timestamp) -> Result<(), StageError> {
        // Others wait here until the first has read everything.
        let mut indexed = self.indexed.lock().await;
        if *indexed {
            return Ok(());
        }
        let (dir, database, corpus) = (self.dir.clone(), database.clone(), corpus.clone());
        let work = tokio::task::spawn_blocking(move || -> Result<(), DatabaseError> {
            for found in documents(&dir, LIMITS) {
                match found {
                    Ok(document) => {
                        let prepared = Prepared::of(&document);
                        database.write(|tx| corpus.add_prepared(tx, &prepared, None, now).map(|_| ()))?;
                    }
                    Err(error) => tracing::warn!(event = "document_refused", "{}", chain(&error)),
                }
            }
            Ok(())
        });
        work.await.map_err(|e| StageError::Broken(e.to_string()))??;
        *indexed = true;
        Ok(())
    }
}
