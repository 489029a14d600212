//! The history of one file: its turns are those of `list_turns`, and each can be read again alone.

use std::fs;
use std::path::Path;

use threadkeep_rollout::{
    AgentHome, Chain, ItemsView, Projection, ProjectionCheckpoint, Projector, RolloutName, SpanFile, Turn,
    TurnQuery, list_turns, read_passage, read_span,
};

use crate::{NAME, Result, rollouts};

/// Projects a plain file, named as the tests' rollouts are.
pub(crate) fn project(path: &Path, from: Option<&ProjectionCheckpoint>) -> Result<Projection> {
    Ok(Projector::new().project(path, false, RolloutName::parse(NAME).ok().as_ref(), from)?)
}

/// Every turn of a chain, with its items.
fn all_turns(chain: &Chain) -> Result<Vec<Turn>> {
    let mut query = TurnQuery::default();
    (query.limit, query.view) = (10_000, ItemsView::Full);
    Ok(list_turns(chain, &query)?.turns)
}

/// The homes of every version that is bundled.
pub(crate) fn bundled_homes() -> Result<Vec<AgentHome>> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    ["home", "home-0.171"].map(|home| Ok(AgentHome::open(examples.join(home))?)).into_iter().collect()
}

#[test]
fn spans_are_the_turns_of_list_turns() -> Result {
    let folder = tempfile::tempdir()?;
    let compressed = folder.path().join("compressed.jsonl.zst");
    let mut turns = 0;
    for home in bundled_homes()? {
        for file in home.discover().files {
            let path = home.absolute(&file.path);
            let projection = Projector::new().project(&path, file.compressed, file.name.as_ref(), None)?;
            let wanted = all_turns(&Chain::of_file(&path, false))?;
            fs::write(&compressed, zstd::encode_all(&fs::read(&path)?[..], 3)?)?;
            let name = path.file_name().ok_or("a name")?.to_string_lossy();
            assert_eq!(projection.turns.len(), wanted.len(), "{name}");
            for (span, wanted) in projection.turns.iter().zip(&wanted) {
                let turn = (&*span.id, span.offset, span.status, &span.error, span.duration_ms);
                let times = (span.started_at, span.completed_at);
                let wanted_turn =
                    (&*wanted.id, wanted.offset, wanted.status, &wanted.error, wanted.duration_ms);
                assert_eq!(turn, wanted_turn);
                assert_eq!(times, (wanted.started_at, wanted.completed_at));
                for (path, is_compressed) in [(&path, false), (&compressed, true)] {
                    let file = SpanFile { path, compressed: is_compressed, file: &name, file_id: None };
                    let read = read_span(&file, span, None, ItemsView::Full)?.ok_or("the turn is there")?;
                    assert_eq!(serde_json::to_value(read)?, serde_json::to_value(wanted)?, "{name}");
                }
                turns += 1;
            }
        }
    }
    assert!(turns > 30, "{turns}");
    Ok(())
}

#[test]
fn a_passage_is_read_again_from_its_line() -> Result {
    let folder = tempfile::tempdir()?;
    let (path, compressed) = (folder.path().join(NAME), folder.path().join("c.jsonl.zst"));
    let mut passages = 0;
    for (_, bytes) in rollouts()? {
        fs::write(&path, &bytes)?;
        fs::write(&compressed, zstd::encode_all(&bytes[..], 3)?)?;
        for passage in project(&path, None)?.passages {
            let text = Some((passage.said, passage.text.clone()));
            assert_eq!(read_passage(&path, false, passage.offset, passage.end)?, text);
            assert_eq!(read_passage(&compressed, true, passage.offset, passage.end)?, text);
            assert_eq!(read_passage(&path, false, passage.offset, passage.end - 1)?, None, "another line");
            assert_eq!(read_passage(&path, false, passage.offset + 1, passage.end)?, None);
            passages += 1;
        }
    }
    assert!(passages > 50, "{passages}");
    Ok(())
}
