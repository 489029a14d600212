//! A pack: all objects of a baseline in one file, so that few files need syncing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use gix_hash::Kind as Hash;
use gix_hash::ObjectId;
use gix_object::Kind;
use gix_odb::pack::data::entry::Header;
use gix_zlib::stream::deflate::{Compress, FlushCompress};
use gix_zlib::{Compression, Status};

/// A pack that is being written.
pub(super) struct Pack {
    folder: PathBuf,
    file: BufWriter<File>,
    /// Offset of each object.
    offsets: BTreeMap<ObjectId, u32>,
    length: u64,
    compress: Compress,
    buffer: Vec<u8>,
}

impl Pack {
    /// Begins a pack in an empty folder.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(folder.join("new"))?;
        let mut pack = Self {
            folder: folder.to_owned(),
            file: BufWriter::with_capacity(1 << 16, file),
            offsets: BTreeMap::new(),
            length: 0,
            compress: Compress::new(Compression::BEST_SPEED),
            buffer: Vec::new(),
        };
        // The number of objects follows when it is known.
        pack.append(b"PACK\0\0\0\x02\0\0\0\0")?;
        Ok(pack)
    }

    /// Adds an object, unless the pack has it. Fails with [`io::ErrorKind::FileTooLarge`] at 4 GiB,
    /// where the offsets of the index end.
    pub(super) fn add(&mut self, kind: Kind, id: ObjectId, content: &[u8]) -> io::Result<()> {
        if self.offsets.contains_key(&id) {
            return Ok(());
        }
        let offset = u32::try_from(self.length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.offsets.insert(id, offset);
        let mut header = Vec::new();
        let kind = match kind {
            Kind::Blob => Header::Blob,
            Kind::Tree => Header::Tree,
            Kind::Commit => Header::Commit,
            Kind::Tag => Header::Tag,
        };
        kind.write_to(content.len() as u64, &mut header)?;
        self.append(&header)?;
        self.append_compressed(content)
    }

    /// Adds the checksum and the index. Returns the paths of both files, which need syncing.
    pub(super) fn finish(mut self) -> io::Result<[PathBuf; 2]> {
        let count = u32::try_from(self.offsets.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(8))?;
        file.write_all(&count.to_be_bytes())?;
        file.rewind()?;
        let mut hasher = gix_hash::hasher(Hash::Sha1);
        self.buffer.resize(1 << 16, 0);
        loop {
            match file.read(&mut self.buffer)? {
                0 => break,
                length => hasher.update(&self.buffer[..length]),
            }
        }
        let checksum = finalize(hasher)?;
        file.write_all(checksum.as_slice())?;
        let [pack, index] = ["pack", "idx"].map(|end| self.folder.join(format!("pack-{checksum}.{end}")));
        fs::rename(self.folder.join("new"), &pack)?;
        fs::write(&index, index_of(&self.offsets, checksum)?)?;
        Ok([pack, index])
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn append_compressed(&mut self, content: &[u8]) -> io::Result<()> {
        self.compress.reset();
        self.buffer.resize(1 << 16, 0);
        loop {
            let position = |total: u64| usize::try_from(total).expect("content fits into memory");
            let (read, written) = (position(self.compress.total_in()), position(self.compress.total_out()));
            let status = self
                .compress
                .compress(&content[read..], &mut self.buffer, FlushCompress::Finish)
                .map_err(|error| io::Error::other(error.to_string()))?;
            let length = position(self.compress.total_out()) - written;
            self.length += length as u64;
            self.file.write_all(&self.buffer[..length])?;
            if status == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}

/// Encodes the index of a pack, in git's version 1: it needs no second checksum of each object.
fn index_of(offsets: &BTreeMap<ObjectId, u32>, pack: ObjectId) -> io::Result<Vec<u8>> {
    let mut index = Vec::with_capacity(1024 + 24 * offsets.len() + 40);
    let mut ids = offsets.keys().peekable();
    let mut count = 0_u32;
    for first_byte in 0..=u8::MAX {
        while ids.next_if(|id| id.first_byte() == first_byte).is_some() {
            count += 1;
        }
        index.extend_from_slice(&count.to_be_bytes());
    }
    for (id, offset) in offsets {
        index.extend_from_slice(&offset.to_be_bytes());
        index.extend_from_slice(id.as_slice());
    }
    index.extend_from_slice(pack.as_slice());
    let mut hasher = gix_hash::hasher(Hash::Sha1);
    hasher.update(&index);
    index.extend_from_slice(finalize(hasher)?.as_slice());
    Ok(index)
}

fn finalize(hasher: gix_hash::Hasher) -> io::Result<ObjectId> {
    hasher.try_finalize().map_err(|error| io::Error::other(error.to_string()))
}
