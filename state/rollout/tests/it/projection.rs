//! The history of one file: its turns are those of `list_turns`, and each can be read again alone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use threadkeep_rollout::{
    AgentHome, Chain, ItemsView, Projection, ProjectionCheckpoint, Projector, RolloutName, SpanFile, Turn,
    TurnItem, TurnQuery, list_turns, read_passage, read_span,
};

use crate::written::{Home, id};
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
fn a_turn_shows_the_same_items_in_every_view() -> Result {
    let mut shown = 0;
    for (home, file) in
        bundled_homes()?.iter().flat_map(|home| home.discover().files.into_iter().map(move |f| (home, f)))
    {
        let path = home.absolute(&file.path);
        let projection = Projector::new().project(&path, file.compressed, file.name.as_ref(), None)?;
        let place = SpanFile { path: &path, compressed: file.compressed, file: &file.path, file_id: None };
        let views = [
            ItemsView::None,
            ItemsView::Summary,
            ItemsView::WrittenSummary,
            ItemsView::Full,
            ItemsView::Written,
        ];
        for view in views {
            let mut query = TurnQuery::default();
            (query.limit, query.view) = (10_000, view);
            let wanted = list_turns(&Chain::of_file(&path, file.compressed), &query)?.turns;
            assert_eq!(projection.turns.len(), wanted.len());
            for (span, wanted) in projection.turns.iter().zip(wanted) {
                let read = read_span(&place, span, None, view)?.ok_or("the turn is there")?;
                assert_eq!(items(&read)?, items(&wanted)?, "{view:?} {}", file.path);
                shown += wanted.items.len();
            }
        }
    }
    assert!(shown > 100, "{shown}");
    Ok(())
}

/// Returns the items of a turn, each also as the agent wrote it.
fn items(turn: &Turn) -> Result<Vec<(Value, Option<String>)>> {
    let item = |item: &TurnItem| {
        Ok((serde_json::to_value(item)?, item.written.as_ref().map(|written| written.item.to_string())))
    };
    turn.items.iter().map(item).collect()
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

#[test]
fn a_turn_that_a_fork_cuts_is_read_up_to_there() -> Result {
    let home = Home::new()?;
    let mut source = home.begin(id(1), None, 0, &json!({}))?;
    source.turn("one")?;
    let end = source.turn("two")?;
    for (number, end) in (2..).zip([end, end - 1, end - 3]) {
        let mut fork = home.fork(&source, id(number), end)?;
        fork.turn("own")?;
        let (base, own) = (home.file(id(1))?, home.file(id(number))?);
        let chain = Chain::resolve(&home.home, &own, |_| true)?;
        let mut projector = Projector::of_home(&home.home);
        let mut got = Vec::new();
        let cut = projector.project(&fork.path, false, own.name.as_ref(), None)?.base;
        for (file, cut, inherited) in [(&base, cut, true), (&own, None, false)] {
            let path = home.home.absolute(&file.path);
            let projection = projector.project(&path, false, file.name.as_ref(), None)?;
            let place =
                SpanFile { path: &path, compressed: false, file: &file.path, file_id: file.file_id() };
            for mut span in projection.turns {
                span.inherited = inherited;
                let turn = read_span(&place, &span, cut.as_ref(), ItemsView::Full)?.ok_or("it is there")?;
                got.push(serde_json::to_value(turn)?);
            }
        }
        let wanted: Vec<_> = all_turns(&chain)?.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        assert_eq!(got, wanted, "cut at {end}");
    }
    Ok(())
}

#[test]
fn copied_turns_are_inherited_and_say_nothing() -> Result {
    let home = Home::new()?;
    let mut source = home.begin(id(1), None, 0, &json!({}))?;
    source.turn("copied")?;
    let mut fork = home.begin(id(2), None, 0, &json!({"forked_from_id": id(1)}))?;
    let lines = fs::read_to_string(&source.path)?;
    fs::write(&fork.path, [fs::read_to_string(&fork.path)?, lines].concat())?;
    let name = fork.name;
    let name = Some(&name);
    let mut projector = Projector::of_home(&home.home);
    let copied = projector.project(&fork.path, false, name, None)?;
    assert_eq!((copied.copied_from, copied.base, copied.checkpoint.offset()), (Some(id(1)), None, 0));
    assert!(copied.turns[0].inherited && copied.passages.is_empty() && copied.usage.is_empty());
    assert_eq!(copied.turns[0].first_words.as_deref(), Some("copied"));
    fork.total = 100;
    fork.turn("own")?;
    let read = projector.project(&fork.path, false, name, Some(&copied.checkpoint))?;
    let inherited: Vec<_> = read.turns.iter().map(|turn| turn.inherited).collect();
    assert_eq!((read.from, inherited), (0, vec![true, false]));
    let texts: Vec<_> = read.passages.iter().map(|passage| &*passage.text).collect();
    assert_eq!((texts, read.usage[0].tokens.total), (vec!["own"], 100));
    // The own part goes on without the source.
    source.remove()?;
    fork.turn("more")?;
    let grown = Projector::of_home(&home.home).project(&fork.path, false, name, Some(&read.checkpoint))?;
    assert!(grown.resumed && grown.turns.iter().all(|turn| !turn.inherited));
    assert_eq!(grown.usage[0].tokens.total, 100, "one count of each model");
    assert_eq!(grown.usage.iter().map(|day| day.tokens.total).sum::<i64>(), 200);
    Ok(())
}
