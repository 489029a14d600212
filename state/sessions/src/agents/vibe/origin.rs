//! Forks of the older form: a resume without a terminal begins a new folder with a copy of all
//! messages, and nothing names the old one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::error::StoreError;
use crate::files;
use crate::piece::Piece;
use crate::tolerant::or_default;

/// Session of the older form, as far as it is known before it is read.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) messages: PathBuf,
    /// Id of the first prompt.
    pub(super) prompt: Option<String>,
    pub(super) start: Option<Timestamp>,
}

/// Part of a session that was copied.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) parent: Head,
    /// Number of copied messages.
    pub(super) copied: usize,
}

/// Returns the origins of the forks among sessions, by their ids.
pub(super) fn origins(heads: Vec<Head>) -> Vec<(String, Origin)> {
    let mut families = HashMap::<_, Vec<_>>::new();
    for head in heads {
        if let Some(prompt) = &head.prompt {
            families.entry(prompt.clone()).or_default().push(head);
        }
    }
    families.retain(|_, family| family.len() > 1);
    let mut origins = Vec::new();
    for mut family in families.into_values() {
        family.sort_by(|one, other| (one.start, &one.id).cmp(&(other.start, &other.id)));
        let read = |head: Head| Some((ids(&head.messages).ok()?, head));
        let family: Vec<_> = family.into_iter().filter_map(read).collect();
        for (place, (own, head)) in family.iter().enumerate() {
            // Of the older sessions with the most of these messages, the first one is the parent.
            let common =
                |ids: &[Option<String>]| own.iter().zip(ids).take_while(|(one, other)| one == other).count();
            let older = family[..place].iter().rev();
            let parent = older.max_by_key(|(ids, _)| common(ids));
            if let Some((ids, parent)) = parent.filter(|(ids, _)| common(ids) > 0) {
                origins.push((head.id.clone(), Origin { parent: parent.clone(), copied: common(ids) }));
            }
        }
    }
    origins
}

/// Returns the ids of all messages. A tool's has none.
fn ids(messages: &Path) -> Result<Vec<Option<String>>, StoreError> {
    #[derive(Deserialize)]
    struct Message {
        #[serde(default, deserialize_with = "or_default")]
        message_id: Option<String>,
    }
    let mut ids = Vec::new();
    files::each_line(messages, |_, json| {
        ids.push(serde_json::from_str::<Message>(json).ok().and_then(|message| message.message_id));
        Ok(true)
    })?;
    Ok(ids)
}

/// Returns the parent's copied messages, without which they would count as the fork's own.
pub(super) fn pieces(origin: &Origin) -> Result<[Piece; 2], StoreError> {
    let Head { id, messages, start, .. } = &origin.parent;
    let (mut copied, mut lines) = (Vec::new(), 0);
    files::each_line(messages, |_, json| {
        copied.extend_from_slice(json.as_bytes());
        copied.push(b'\n');
        lines += 1;
        Ok(lines < origin.copied)
    })?;
    let meta = json!({ "session_id": id, "start_time": start }).to_string();
    Ok([
        Piece::context(messages, copied),
        Piece::context(messages.with_file_name("meta.json"), meta.into_bytes()),
    ])
}
