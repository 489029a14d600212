//! The journal of a publication, so that a killed one loses no edit of the user.
//!
//! A publication exchanges a new file with the file in the root, and looks afterwards at what came
//! out. If it is killed in between, the user's edit lies under a number in our folder. The journal
//! says to which path the number belongs.

use std::io;

use gix_hash::ObjectId;

use super::folder::{Folder, is_in_the_way};
use super::snapshot::{Entry, Kind};

/// A change of one path that is not a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) path: Vec<u8>,
    /// The file that the agent was given.
    pub(super) given: Option<Entry>,
    /// The file that it left.
    pub(super) new: Option<Entry>,
}

/// Encodes steps. The number of a step is its position.
pub(super) fn encode(steps: &[Step]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for step in steps {
        bytes.extend_from_slice(
            format!("{} {} ", encode_entry(step.given), encode_entry(step.new)).as_bytes(),
        );
        bytes.extend_from_slice(&step.path);
        bytes.push(0);
    }
    bytes
}

/// Decodes steps. The journal was synced before the first of them began, so it is whole.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Vec<Step>> {
    let mut records: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    records.pop();
    let step = |record: &[u8]| -> Option<Step> {
        let mut fields = record.splitn(3, |byte| *byte == b' ');
        let given = decode_entry(fields.next()?)?;
        let new = decode_entry(fields.next()?)?;
        Some(Step { path: fields.next()?.to_owned(), given, new })
    };
    let steps: Option<Vec<Step>> = records.into_iter().map(step).collect();
    steps.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn encode_entry(entry: Option<Entry>) -> String {
    let Some(entry) = entry else { return "-".to_owned() };
    let kind = match entry.kind {
        Kind::File => 'f',
        Kind::Executable => 'x',
        Kind::Link => 'l',
        Kind::Folder => 'd',
    };
    format!("{kind}{}", entry.id)
}

fn decode_entry(field: &[u8]) -> Option<Option<Entry>> {
    let (kind, id) = field.split_first()?;
    let kind = match kind {
        b'-' => return Some(None),
        b'f' => Kind::File,
        b'x' => Kind::Executable,
        b'l' => Kind::Link,
        b'd' => Kind::Folder,
        _ => return None,
    };
    Some(Some(Entry { kind, id: ObjectId::from_hex(id).ok()? }))
}

/// Name of a step's file in our folder.
pub(super) fn file_of(number: usize) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// Gives edits of the user back that a killed publication had moved to `files`.
pub(super) fn settle(root: &Folder, files: &Folder, steps: &[Step]) -> io::Result<()> {
    for (number, step) in steps.iter().enumerate() {
        let file = file_of(number);
        match files.kind(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            kind => kind?,
        };
        let found = Entry::at(files, &file)?;
        if found.is_some() && (found == step.given || found == step.new) {
            continue;
        }
        let (parent, name) = match root.create_parent(&step.path) {
            // A file took the folder's place: the edit goes next to it.
            Err(error) if is_in_the_way(&error) => {
                let last = step.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                put_back(files, &file, root, last)?;
                continue;
            }
            parent => parent?,
        };
        match step.new {
            Some(new) if Entry::at(&parent, name)? == step.new => {
                give_back(files, &file, &parent, name, new)?;
            }
            _ => put_back(files, &file, &parent, name)?,
        }
        parent.sync()?;
    }
    Ok(())
}

/// Gives an edit of the user its name back, which `ours` has. If the user saves again meanwhile,
/// the later edit gets the name.
pub(super) fn give_back(
    files: &Folder,
    file: &[u8],
    parent: &Folder,
    name: &[u8],
    ours: Entry,
) -> io::Result<()> {
    let mut placed = Some(ours);
    loop {
        let edit = Entry::at(files, file)?;
        match files.exchange(file, parent, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return put_back(files, file, parent, name);
            }
            Ok(false) => return files.rename(file, parent, name),
            result => result?,
        };
        if Entry::at(files, file)? == placed {
            return Ok(());
        }
        // A later edit came out, and the earlier one has the name.
        placed = edit;
    }
}

/// Moves an edit of the user back to its name, or next to it if the name is taken.
pub(super) fn put_back(files: &Folder, file: &[u8], parent: &Folder, name: &[u8]) -> io::Result<()> {
    let (mut free, mut number) = (name.to_owned(), 0);
    loop {
        match files.rename_new(file, parent, &free) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                free = [name, format!(".saved-{number}").as_bytes()].concat();
            }
            result => return result,
        }
    }
}
