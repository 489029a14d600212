//! A folder with one file for each key, named by the key's id.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::{KeyId, ProtectionClass, ProviderError, private};

/// Most bytes of a file. Ours have a few hundred.
const MOST: u64 = 16 << 10;

/// Folder of the keys of one class.
#[derive(Debug, Clone)]
pub(super) struct KeyFolder {
    path: PathBuf,
    class: ProtectionClass,
}

impl KeyFolder {
    pub(super) fn new(path: PathBuf, class: ProtectionClass) -> Self {
        Self { path, class }
    }

    /// Returns the path of a key's file.
    pub(super) fn file(&self, key_id: &KeyId) -> PathBuf {
        self.path.join(key_id.as_str())
    }

    /// Creates the folder if it does not exist, and checks that it is this user's alone.
    pub(super) fn prepare(&self) -> Result<(), ProviderError> {
        private::folder(&self.path)
    }

    /// Checks that it is this user's alone, if it exists.
    pub(super) fn check(&self) -> Result<(), ProviderError> {
        private::check_folder(&self.path)
    }

    /// Stores a new key, and waits until it is on the disk. A file that was only half written is
    /// listed like any other.
    pub(super) fn store(&self, key_id: &KeyId, content: &[u8]) -> Result<(), ProviderError> {
        self.prepare()?;
        let path = self.file(key_id);
        let failed = |source| ProviderError::Io { action: "create", path: path.clone(), source };
        let mut file = private::create_new(&path).map_err(failed)?;
        let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| self.sync());
        written.map_err(|error| {
            // If this fails, too, the file is found as a key without a binding.
            let _ = fs::remove_file(&path);
            failed(error)
        })
    }

    /// Reads a key's file, into memory that is cleared when it is dropped.
    pub(super) fn load(&self, key_id: &KeyId) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let path = self.file(key_id);
        let mut file = private::open(&path)?;
        let length = file.metadata().map_err(private::failed("read", &path))?.len();
        if length > MOST {
            return Err(ProviderError::Damaged { path });
        }
        // Of the whole length from the start: a buffer that grows leaves copies behind.
        let mut content = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or(0)]);
        file.read_exact(&mut content).map_err(private::failed("read", &path))?;
        Ok(content)
    }

    /// Deletes a key's file. Returns false if there is none.
    pub(super) fn delete(&self, key_id: &KeyId) -> Result<bool, ProviderError> {
        let path = self.file(key_id);
        match fs::remove_file(&path).and_then(|()| self.sync()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(ProviderError::Io { action: "delete", path, source }),
        }
    }

    /// Lists the keys of the class, in the order of their ids.
    pub(super) fn list(&self) -> Result<Vec<KeyId>, ProviderError> {
        let failed = |source| ProviderError::Io { action: "list", path: self.path.clone(), source };
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut keys = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let key_id = name.to_str().and_then(|name| name.parse::<KeyId>().ok());
            keys.extend(key_id.filter(|key_id| key_id.class() == self.class));
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }
}
