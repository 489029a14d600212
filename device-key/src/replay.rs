//! Nonces that have signed, kept in a file while their payloads live, so that no process signs one
//! twice.
//!
//! A line is the end of the payload's life in Unix milliseconds, a space, and the SHA-256 of the
//! nonce. A line that cannot be read was being written when its process was killed, before anything
//! was signed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::private;

/// Dead lines that are kept until the file is written again.
const MOST_DEAD: usize = 64;
/// Default limit of the wait for the lock, as long as that for a provider. A holder that works
/// writes one short line.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// Time between two tries to take the lock.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Record of the nonces that have signed. Clones, and records of other processes at the same path,
/// are the same record.
#[derive(Debug, Clone)]
pub struct UsedNonces {
    path: PathBuf,
    lock_timeout: Duration,
}

/// Use of the record that failed.
#[derive(Debug)]
pub(crate) enum NonceError {
    /// Another process holds the lock.
    Locked { path: PathBuf, after: Duration },
    /// A file cannot be read or written.
    Io(io::Error),
}

impl From<io::Error> for NonceError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Lines of the record: the end of a payload's life, and the hash of its nonce.
type Lines = Vec<(i64, String)>;

impl UsedNonces {
    /// Uses a file, which is created with the first nonce. Next to it is a file for its lock.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), lock_timeout: LOCK_TIMEOUT }
    }

    /// Sets the longest wait for another process that holds the lock. Default: 60 s.
    #[must_use]
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout, ..self }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Records a nonce. Returns false if it is recorded already.
    pub(crate) fn reserve(&self, nonce: &str, expires_at_ms: i64, now_ms: i64) -> Result<bool, NonceError> {
        let hash = hash(nonce);
        let _lock = self.lock()?;
        let (mut lines, ends_whole) = self.read()?;
        if lines.iter().any(|(_, used)| *used == hash) {
            return Ok(false);
        }
        let dead = lines.iter().filter(|(at, _)| *at <= now_ms).count();
        if dead > MOST_DEAD && dead > lines.len() / 2 {
            lines.retain(|(at, _)| *at > now_ms);
            lines.push((expires_at_ms, hash));
            self.rewrite(&lines)?;
        } else {
            let newline = if ends_whole { "" } else { "\n" };
            let mut file = private::open_or_create(&self.path)?;
            io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
            file.write_all(format!("{newline}{expires_at_ms} {hash}\n").as_bytes())?;
        }
        Ok(true)
    }

    /// Removes a nonce for which nothing was signed.
    pub(crate) fn release(&self, nonce: &str) -> Result<(), NonceError> {
        let hash = hash(nonce);
        let _lock = self.lock()?;
        let (mut lines, _) = self.read()?;
        lines.retain(|(_, used)| *used != hash);
        Ok(self.rewrite(&lines)?)
    }

    /// Waits for the lock among all processes, which ends with the file. Fails if another process
    /// holds it for too long: it may be stopped.
    fn lock(&self) -> Result<File, NonceError> {
        if let Some(folder) = self.path.parent() {
            private::folder(folder).map_err(io::Error::other)?;
        }
        let path = self.path.with_extension("lock");
        let lock = private::open_or_create(&path)?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= self.lock_timeout => {
                    return Err(NonceError::Locked { path, after: self.lock_timeout });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_TRIES),
            }
        }
    }

    /// Reads the lines; true if the last one has an end.
    fn read(&self) -> io::Result<(Lines, bool)> {
        let mut text = String::new();
        private::open_or_create(&self.path)?.read_to_string(&mut text)?;
        let parse = |line: &str| {
            let (at, hash) = line.split_once(' ')?;
            Some((at.parse().ok()?, hash.to_owned()))
        };
        Ok((text.lines().filter_map(parse).collect(), text.is_empty() || text.ends_with('\n')))
    }

    fn rewrite(&self, lines: &Lines) -> io::Result<()> {
        let partial = self.path.with_extension("partial");
        let text: String = lines.iter().map(|(at, hash)| format!("{at} {hash}\n")).collect();
        let mut file = private::open_or_create(&partial)?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        fs::rename(partial, &self.path)
    }
}

fn hash(nonce: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T = ()> = std::result::Result<T, NonceError>;

    #[test]
    fn a_nonce_counts_once_and_the_file_stays_small() -> Result {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("keys/nonces");
        let (one, other) = (UsedNonces::new(&path), UsedNonces::new(&path));
        assert!(one.reserve("a", 100, 0)?);
        assert!(!other.reserve("a", 100, 0)?, "another process sees it");
        other.release("a")?;
        assert!(one.reserve("a", 100, 0)?, "nothing was signed for it");
        for n in 0..1_000 {
            assert!(one.reserve(&format!("nonce {n}"), n + 100, n)?);
        }
        let lines = fs::read_to_string(&path)?.lines().count();
        assert!(lines <= 100 + 100 + MOST_DEAD, "{lines}");
        assert!(!one.reserve("nonce 999", 1_099, 999)?);
        Ok(())
    }

    #[test]
    fn a_line_that_a_killed_process_left_does_no_harm() -> Result {
        let folder = tempfile::tempdir()?;
        let nonces = UsedNonces::new(folder.path().join("keys/nonces"));
        assert!(nonces.reserve("a", 100, 0)?);
        let mut file = private::open_or_create(nonces.path())?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        file.write_all(b"10")?;
        assert!(nonces.reserve("b", 100, 0)?);
        assert!(!nonces.reserve("a", 100, 0)? && !nonces.reserve("b", 100, 0)?);
        Ok(())
    }
}
