//! Pieces of a session that are not its own: the maps of working directories, and of a sub-agent
//! also its lines and fields in the main agent's files.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAIN, line};
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::piece::Piece;

/// Fields of `state.json` that are read of a sub-agent's session. Others are the user's words.
const STATE: [&str; 5] = ["cwd", "createdAt", "forkedFrom", "agents", "custom"];

/// `workspaces.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Workspaces {
    workspaces: serde_json::Map<String, Value>,
}

pub(super) fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let mut names = found.native_id.splitn(2, '/');
    let (id, agent) = (names.next().unwrap_or_default(), names.next());
    let mut pieces = Vec::new();
    for path in found.files.iter().skip(1).filter(|path| path.is_file()) {
        let piece = match (files::name(path), agent) {
            ("state.json", Some(_)) => Piece::context(path, state(path)),
            ("wire.jsonl", Some(agent)) => {
                Piece::context(path, files::lines_with(path, |json| line::is_task(json, agent))?)
            }
            ("session_index.jsonl", _) => Piece::shared_part(path, entries(path, id)?),
            ("workspaces.json", _) => {
                let map: Workspaces = files::document(path)?.unwrap_or_default();
                let source = found.source();
                let is_around = |name: &str| source.ancestors().any(|path| files::name(path) == name);
                let own: serde_json::Map<_, _> =
                    map.workspaces.into_iter().filter(|(name, _)| is_around(name)).collect();
                Piece::shared_part(path, json!({ "workspaces": own }).to_string().into_bytes())
            }
            _ => continue,
        };
        pieces.push(piece);
    }
    if agent.is_some_and(|agent| agent != MAIN) {
        // Only a folder with the main agent's file is one of a session.
        let main = found.source().ancestors().nth(2).map(|agents| agents.join(MAIN).join("wire.jsonl"));
        let missing = main.filter(|main| !pieces.iter().any(|piece| piece.path == *main));
        pieces.extend(missing.map(|main| Piece::context(main, Vec::new())));
    }
    Ok(pieces)
}

/// Returns the lines about a session since the agent last deleted it.
fn entries(path: &Path, id: &str) -> Result<Vec<u8>, StoreError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Line {
        deleted: bool,
    }
    let lines = files::lines_with(path, |json| json.contains(id))?;
    let is_deletion = |line: &&[u8]| serde_json::from_slice(line).is_ok_and(|line: Line| line.deleted);
    let lines: Vec<_> = lines.split_inclusive(|&byte| byte == b'\n').collect();
    let from = lines.iter().rposition(is_deletion).map_or(0, |deletion| deletion + 1);
    Ok(lines[from..].concat())
}

fn state(path: &Path) -> Vec<u8> {
    let state: serde_json::Map<String, Value> = files::document(path).ok().flatten().unwrap_or_default();
    let needed = state.into_iter().filter(|(name, _)| STATE.contains(&name.as_str()));
    Value::Object(needed.collect()).to_string().into_bytes()
}
