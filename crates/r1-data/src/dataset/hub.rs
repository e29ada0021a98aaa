//! Files of the Hugging Face Hub, from its cache on this machine or, where allowed, from the network.
//!
//! ```no_run
//! use r1_data::dataset::gsm8k;
//!
//! let problems = gsm8k::load("hf://datasets/openai/gsm8k/main/test-00000-of-00001.parquet")?;
//! # Ok::<(), r1_data::DataError>(())
//! ```

use std::{env, path::PathBuf};

use hf_hub::{Cache, Repo, RepoType, api::sync::ApiBuilder};

use crate::DataError;

/// The Hub as this machine sees it: a cache in the layout of Hugging Face's own tools, and a server.
#[derive(Debug, Clone)]
pub(super) struct Hub {
    cache: PathBuf,
    endpoint: Option<String>,
    is_offline: bool,
}

impl Hub {
    /// As Hugging Face's own tools do: the cache is `HF_HUB_CACHE`, else `HF_HOME/hub`, else
    /// `~/.cache/huggingface/hub`; the server is `HF_ENDPOINT`; and with `HF_HUB_OFFLINE=1` nothing is
    /// downloaded.
    pub(super) fn from_env() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let cache = set("HF_HUB_CACHE").map_or_else(|| Cache::from_env().path().clone(), PathBuf::from);
        let on = |value: String| matches!(value.to_lowercase().as_str(), "1" | "on" | "yes" | "true");
        Self { cache, endpoint: set("HF_ENDPOINT"), is_offline: set("HF_HUB_OFFLINE").is_some_and(on) }
    }

    /// Only what is in this cache.
    #[cfg(test)]
    pub(super) fn offline(cache: impl Into<PathBuf>) -> Self {
        Self { cache: cache.into(), endpoint: None, is_offline: true }
    }

    /// A cache, and a server for the rest.
    #[cfg(test)]
    pub(super) fn online(cache: impl Into<PathBuf>, endpoint: impl Into<String>) -> Self {
        Self { cache: cache.into(), endpoint: Some(endpoint.into()), is_offline: false }
    }

    /// The file on this machine that an address names: `hf://datasets/OWNER/NAME/FILE` for data sets and
    /// `hf://OWNER/NAME/FILE` for models, with `NAME@REVISION` for another revision than `main`.
    ///
    /// What is in the cache is taken from there and not looked up again.
    ///
    /// # Errors
    /// [`DataError::Hub`] when the address names no file, when the file is not in the cache and downloads are
    /// off, or when the download fails.
    pub(super) fn fetch(&self, address: &str) -> Result<PathBuf, DataError> {
        let wrong = |reason: String| DataError::Hub { address: address.to_owned(), reason };
        let File { repo, file } = parse(address).ok_or_else(|| {
            wrong("expected `hf://datasets/OWNER/NAME/FILE` or `hf://OWNER/NAME/FILE`".into())
        })?;
        let cache = Cache::new(self.cache.clone());
        // A revision that is a commit has no name in the cache that would point to it.
        let commit = self.cache.join(repo.folder_name()).join("snapshots").join(repo.revision()).join(&file);
        if let Some(path) = cache.repo(repo.clone()).get(&file).or(commit.is_file().then_some(commit)) {
            return Ok(path);
        }
        if self.is_offline {
            return Err(wrong(self.absent(&repo, &file)));
        }
        let mut builder = ApiBuilder::from_cache(cache).with_progress(false).with_retries(3);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        let path = builder.build().and_then(|api| api.repo(repo).download(&file));
        path.map_err(|error| wrong(format!("cannot be downloaded: {error}")))
    }

    fn absent(&self, repo: &Repo, file: &str) -> String {
        let kind = repo.folder_name().split_once("--").map_or("models", |(kind, _)| kind).to_owned();
        let name = repo.folder_name()[kind.len() + 2..].replace("--", "/");
        let (option, hint) = match kind.as_str() {
            "datasets" => (" --repo-type dataset", ""),
            _ => ("", " (the address names a model; data sets begin with `hf://datasets/`)"),
        };
        format!(
            "it is not in the cache `{}`, and downloads are off (HF_HUB_OFFLINE){hint}; run `hf download {name} \
             {file}{option} --revision {}` where there is a network and bring the cache here",
            self.cache.display(),
            repo.revision(),
        )
    }
}

struct File {
    repo: Repo,
    file: String,
}

fn parse(address: &str) -> Option<File> {
    let path = address.strip_prefix("hf://")?;
    let (kind, path) = match path.strip_prefix("datasets/") {
        Some(path) => (RepoType::Dataset, path),
        None => (RepoType::Model, path),
    };
    let mut parts = path.splitn(3, '/');
    let (owner, name, file) = (parts.next()?, parts.next()?, parts.next()?);
    let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
    let inside = |part: &str| !part.is_empty() && part != "." && part != "..";
    let whole = [owner, name, revision].into_iter().chain(file.split('/')).all(inside);
    let repo = Repo::with_revision(format!("{owner}/{name}"), kind, revision.to_owned());
    whole.then(|| File { repo, file: file.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        path::Path,
        thread,
    };

    use super::*;

    /// A cache with one file of a data set, as Hugging Face's tools leave it.
    fn fill(cache: &Path) {
        let repo = cache.join("datasets--owner--name");
        fs::create_dir_all(repo.join("snapshots/c0ffee/main")).unwrap();
        fs::create_dir_all(repo.join("refs")).unwrap();
        fs::write(repo.join("refs/main"), "c0ffee").unwrap();
        fs::write(repo.join("snapshots/c0ffee/main/train.jsonl"), "{}").unwrap();
    }

    #[test]
    fn what_is_in_the_cache_is_found_offline() {
        let cache = tempfile::tempdir().unwrap();
        fill(cache.path());
        let hub = Hub::offline(cache.path());
        for address in
            ["hf://datasets/owner/name/main/train.jsonl", "hf://datasets/owner/name@c0ffee/main/train.jsonl"]
        {
            assert_eq!(fs::read(hub.fetch(address).unwrap()).unwrap(), b"{}", "{address}");
        }
    }

    #[test]
    fn what_is_not_is_named_with_the_way_to_get_it() {
        let cache = tempfile::tempdir().unwrap();
        fill(cache.path());
        let hub = Hub::offline(cache.path());
        let error = hub.fetch("hf://datasets/owner/name/main/test.jsonl").unwrap_err().to_string();
        let shown = cache.path().display();
        assert_eq!(
            error,
            format!(
                "`hf://datasets/owner/name/main/test.jsonl`: it is not in the cache `{shown}`, and downloads are off \
                 (HF_HUB_OFFLINE); run `hf download owner/name main/test.jsonl --repo-type dataset --revision main` \
                 where there is a network and bring the cache here"
            )
        );
        let error = hub.fetch("hf://owner/name@v2/train.jsonl").unwrap_err().to_string();
        assert!(error.contains("data sets begin with `hf://datasets/`"), "{error}");
        assert!(error.contains("`hf download owner/name train.jsonl --revision v2`"), "{error}");
        for address in [
            "hf://",
            "hf://owner",
            "hf://owner/name",
            "hf://datasets/owner/name/",
            "hf://a/b/../../c",
            "hf://a/../c",
            "http://x",
        ] {
            let error = hub.fetch(address).unwrap_err().to_string();
            assert!(
                error.ends_with("expected `hf://datasets/OWNER/NAME/FILE` or `hf://OWNER/NAME/FILE`"),
                "{error}"
            );
        }
    }

    /// A server that has one file and answers ranges of it as the Hub does, until it is asked for another.
    fn serve(listener: TcpListener, content: &'static [u8]) -> Vec<String> {
        let mut asked = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                lines.push(line.trim().to_owned());
            }
            let Some(first) = lines.first().cloned() else { continue };
            asked.push(first.clone());
            if first.contains("/stop ") {
                return asked;
            }
            if !first.contains("/datasets/owner/name/resolve/main/a.jsonl ") {
                let _ = stream
                    .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                continue;
            }
            let range = lines
                .iter()
                .find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(String::from));
            let (start, end) = range.as_deref().and_then(|range| range.split_once('-')).unwrap_or(("0", ""));
            let start: usize = start.parse().unwrap();
            let end = end.parse().map_or(content.len() - 1, |end: usize| end.min(content.len() - 1));
            let body = &content[start..=end];
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{end}/{}\r\n\
                 ETag: \"e1\"\r\nX-Repo-Commit: c0ffee\r\nConnection: close\r\n\r\n",
                body.len(),
                content.len()
            );
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).unwrap();
        }
        asked
    }

    #[test]
    fn what_is_missing_is_downloaded_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || serve(listener, b"{\"n\": 1}\n"));
        let cache = tempfile::tempdir().unwrap();
        let hub = Hub::online(cache.path(), &endpoint);
        let address = "hf://datasets/owner/name/a.jsonl";
        let path = hub.fetch(address).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{\"n\": 1}\n");
        // Now it is in the cache, also for those who are offline.
        assert_eq!(Hub::offline(cache.path()).fetch(address).unwrap(), path);
        assert_eq!(hub.fetch(address).unwrap(), path);
        let error = hub.fetch("hf://datasets/owner/name/b.jsonl").unwrap_err().to_string();
        assert!(error.starts_with("`hf://datasets/owner/name/b.jsonl`: cannot be downloaded: "), "{error}");
        assert!(hub.fetch("hf://datasets/owner/name/stop").is_err());
        let asked = server.join().unwrap();
        let downloads = asked.iter().filter(|line| line.contains("/a.jsonl ")).count();
        assert!((1..=2).contains(&downloads), "one question about the file and one for it: {asked:?}");
    }
}
