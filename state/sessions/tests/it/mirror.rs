//! Sessions as rollouts: readers of rollouts see in them what the sessions have.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use threadkeep_rollout::{Extractor, MIRROR_ARCHIVE, Projector, RolloutName, ThreadKind};
use threadkeep_sessions::{
    Environment, Mirror, Purpose, Relation, Session, SessionStore, ThreadIds, store, stores,
};

use crate::facts::{Result, copy, homes, same};

/// Mirrors a home of an agent's example. Returns the folder with the mirror, and the sessions.
fn mirrored(store: &dyn SessionStore, home: &Path) -> Result<(tempfile::TempDir, Vec<Session>)> {
    let folder = tempfile::tempdir()?;
    let place = store.places(&Environment::new(home)).remove(0);
    let open = store.open(&place)?;
    let sessions: Vec<_> =
        open.sessions().iter().map(|found| open.read(found)).collect::<std::result::Result<_, _>>()?;
    let report = Mirror::new(folder.path()).sync(store, &place)?.ok_or("no one else works on it")?;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(report.written, sessions.len() as u64);
    let again = Mirror::new(folder.path()).sync(store, &place)?.ok_or("no one else works on it")?;
    assert_eq!((again.found, again.written, again.gone), (report.found, 0, 0));
    Ok((folder, sessions))
}

fn compare(folder: &Path, agent: &str, session: &Session) -> Result {
    let ids = ThreadIds::new(agent, []);
    let id = ids.of(session.identity());
    let known = Mirror::new(folder).sessions(agent)?.into_iter().find(|known| known.thread_id == id);
    let file = known.ok_or("a mirrored session")?.file;
    assert_eq!(file.starts_with(MIRROR_ARCHIVE), session.archived);
    let path = folder.join(agent).join(&file);
    let name = RolloutName::parse(file.rsplit('/').next().unwrap_or_default())?;
    let read = Extractor::new().extract(&path, false, Some(&name), None)?;
    assert!(read.skipped.is_empty());
    let metadata = read.metadata;
    same("cwd", &json!(metadata.cwd), &json!(session.cwd))?;
    same("branch", &json!(metadata.git_branch), &json!(session.git_branch))?;
    same("version", &json!(metadata.cli_version), &json!(session.agent_version))?;
    if session.model.is_some() {
        same("model", &json!(metadata.model), &json!(session.model))?;
    }
    same("name", &json!(metadata.name), &json!(session.title.as_ref().map(|title| &title.text)))?;
    let ms = |at: Option<jiff::Timestamp>| json!(at.map(jiff::Timestamp::as_millisecond));
    // Where a session has no time, the file's name stands for it.
    let created = session.created_at.or(metadata.created_at);
    same("created", &ms(metadata.created_at), &ms(created))?;
    same("updated", &ms(metadata.updated_at), &ms(session.updated_at.or(created)))?;
    let parent = session.parent.as_ref();
    let of = |relation| parent.filter(|it| it.relation == relation).map(|it| ids.of(it.identity()));
    if session.kind == ThreadKind::Subagent {
        assert_eq!(metadata.kind, session.kind);
    }
    same("parent", &json!(metadata.parent_thread_id), &json!(of(Relation::Subagent)))?;
    same("fork of", &json!(metadata.forked_from_id), &json!(of(Relation::Fork)))?;
    let own = session.tokens(Purpose::Conversation, false);
    let has_requests = session.requests.iter().any(|request| request.purpose == Purpose::Conversation);
    if has_requests {
        same("own tokens", &json!(metadata.own_tokens), &json!(own.input + own.output))?;
    }
    let projection = Projector::new().project(&path, false, Some(&name), None)?;
    for purpose in [Purpose::Conversation, Purpose::Subagent, Purpose::Hidden] {
        let own = session.tokens(purpose, false);
        let days = projection.usage.iter().filter(|day| day.purpose == purpose);
        let used = days.map(|day| day.tokens).sum::<threadkeep_rollout::TokenUsage>();
        let name = |kind| format!("{kind} of {}", purpose.as_str());
        same(&name("input"), &json!(used.input), &json!(own.input))?;
        same(&name("cached"), &json!(used.cached_input), &json!(own.cached_input))?;
        same(&name("output"), &json!(used.output), &json!(own.output))?;
    }
    let inherited = projection.turns.iter().filter(|turn| turn.inherited).count();
    same("turns", &json!(projection.turns.len()), &json!(session.turns.len()))?;
    same("own turns", &json!(projection.turns.len() - inherited), &json!(session.own_turns().count()))?;
    for (span, turn) in projection.turns.iter().zip(&session.turns) {
        let first_line = |text: Option<&str>| text.map(|text| text.chars().take(40).collect::<String>());
        same("words", &json!(first_line(span.first_words.as_deref())), &json!(first_line(turn.prompt())))?;
    }
    Ok(())
}

#[test]
fn readers_of_rollouts_see_what_the_sessions_have() -> Result {
    let mut failed = Vec::new();
    // Rollouts of Codex are read as they are.
    for store in stores().into_iter().filter(|store| store.name() != "codex") {
        let (folder, sessions) = mirrored(store, &homes(store.name())?[0])?;
        for session in &sessions {
            if let Err(error) = compare(folder.path(), store.name(), session) {
                failed.push(format!("{}: {}: {error}", store.name(), session.native_id));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

#[test]
fn two_agents_may_have_the_same_id() -> Result {
    let folder = tempfile::tempdir()?;
    let mirror = Mirror::new(folder.path());
    let chosen = "11111111-2222-4333-8444-555555555555";
    for _ in 0..2 {
        for agent in ["claude", "gemini", "qwen"] {
            let store = store(agent).ok_or("an agent that this build knows")?;
            let place = store.places(&Environment::new(&homes(agent)?[0])).remove(0);
            mirror.sync(store, &place)?;
        }
        let mut threads = Vec::new();
        for agent in ["claude", "gemini", "qwen"] {
            let known = mirror.sessions(agent)?.into_iter().find(|known| known.native_id == chosen);
            threads.push(known.ok_or("a mirrored session")?.thread_id);
        }
        assert_eq!(threads[0].to_string(), chosen, "the first has its own");
        assert!(threads[1] != threads[0] && threads[2] != threads[0] && threads[1] != threads[2]);
    }
    Ok(())
}

#[test]
fn a_session_that_its_agent_deletes_stays_and_a_deleted_thread_does_not() -> Result {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    copy(&homes("claude")?[0], &home)?;
    let store = store("claude").ok_or("an agent that this build knows")?;
    let place = home.join(".claude");
    let mirror = Mirror::new(folder.path().join("mirror"));
    let sync = || mirror.sync(store, &place)?.ok_or_else(|| Box::<dyn std::error::Error>::from("locked"));
    sync()?;
    let project = place.join("projects/-home-user-proj-widget");
    let id = "e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa";
    let session = project.join(format!("{id}.jsonl"));
    let written = fs::read(&session)?;
    fs::remove_file(&session)?;
    assert_eq!(sync()?.gone, 1);
    assert_eq!(sync()?.gone, 0);
    let of_id = || -> Result<_> {
        let known = mirror.sessions("claude")?.into_iter().find(|known| known.native_id == id);
        known.ok_or_else(|| "still known".into())
    };
    let known = of_id()?;
    let rollout = mirror.folder().join("claude").join(&known.file);
    assert!(known.gone_since.is_some() && rollout.exists());

    // It comes back.
    fs::write(&session, &written)?;
    assert_eq!(sync()?.written, 1);
    assert_eq!(of_id()?.gone_since, None);

    // The thread is deleted, and the session is still there.
    assert!(mirror.lock()?.ok_or("locked")?.erase("claude", known.thread_id)?);
    assert!(!rollout.exists());
    let without = || mirror.clone().without([known.thread_id].into());
    assert_eq!(without().sync(store, &place)?.ok_or("locked")?.written, 0);
    assert!(!rollout.exists() && of_id()?.deleted);
    // Neither a removed list nor a forgotten agent brings it back.
    fs::remove_file(mirror.folder().join("claude.json"))?;
    assert!(without().sync(store, &place)?.ok_or("locked")?.written > 0);
    assert!(!rollout.exists() && of_id()?.deleted);
    mirror.lock()?.ok_or("locked")?.forget("claude")?;
    without().sync(store, &place)?;
    assert!(!rollout.exists() && of_id()?.deleted);
    // Once it is restored, it is mirrored again.
    assert_eq!(sync()?.written, 1);
    assert!(rollout.exists() && !of_id()?.deleted);
    // A pass erases what a killed deletion has left.
    without().sync(store, &place)?;
    assert!(!rollout.exists());
    sync()?;

    // A disk that is not mounted has deleted nothing.
    fs::rename(&home, folder.path().join("elsewhere"))?;
    assert_eq!(sync()?.gone, 0);
    Ok(())
}

/// Session of Claude Code with a prompt and an answer for each word.
pub(crate) struct Story {
    pub(crate) place: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) lines: Vec<String>,
}

impl Story {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let place = folder.join(".claude");
        let project = place.join("projects/p");
        fs::create_dir_all(&project)?;
        let path = project.join("11111111-2222-4333-8444-555555555555.jsonl");
        Ok(Self { place, path, lines: Vec::new() })
    }

    pub(crate) fn add(&mut self, words: &str) {
        let n = self.lines.len();
        let line = |n: usize, kind: &str, message: serde_json::Value| {
            let (uuid, at) =
                (format!("00000000-0000-4000-8000-{n:012}"), format!("2026-11-28T08:{n:02}:00Z"));
            json!({ "type": kind, "uuid": uuid, "timestamp": at, "cwd": "/p", "message": message })
                .to_string()
        };
        let usage = json!({ "input_tokens": 10, "output_tokens": 2 });
        let content = json!([{ "type": "text", "text": "Done." }]);
        let answer = json!({ "id": format!("m{n}"), "model": "m", "stop_reason": "end_turn", "usage": usage, "content": content });
        self.lines.push(line(n, "user", json!({ "role": "user", "content": words })));
        self.lines.push(line(n + 1, "assistant", answer));
    }

    /// Writes the lines from one on, as if the agent had erased those before.
    pub(crate) fn write(&self, from: usize) -> Result {
        self.write_all(&self.lines[from..])
    }

    pub(crate) fn write_all(&self, lines: &[String]) -> Result {
        Ok(fs::write(&self.path, lines.join("\n") + "\n")?)
    }
}

#[test]
fn a_session_that_has_grown_is_appended_to() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    let store = store("claude").ok_or("an agent that this build knows")?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    let mut synced = |words: Option<&str>| -> Result<_> {
        match words {
            Some(words) => story.add(words),
            None => {
                // The last turn goes on.
                let answer = story.lines.last().ok_or("an answer")?;
                let more = answer.replace("\"id\":\"m", "\"id\":\"n").replace("-000000000", "-100000000");
                story.lines.push(more.replace("Done.", "Really."));
            }
        }
        story.write(0)?;
        mirror.sync(store, &story.place)?;
        let rollout = mirror.folder().join("claude").join(mirror.sessions("claude")?.remove(0).file);
        let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&rollout)?);
        Ok((fs::read(&rollout)?, inode, rollout))
    };
    let (before, inode, _) = synced(Some("one"))?;
    let (after, same, _) = synced(Some("two"))?;
    assert!(after.len() > before.len() && after.starts_with(&before));
    assert_eq!(same, inode, "the same file");
    let (before, (after, same, rollout)) = (after, synced(None)?);
    assert!(after.len() > before.len() && !after.starts_with(&before));
    assert_eq!(same, inode, "the same file");
    // A kill in mid-append leaves a torn line, which the next pass completes.
    fs::write(rollout, &after[..after.len() - 7])?;
    assert!(synced(Some("three"))?.0.starts_with(&after));
    Ok(())
}

/// Words of the prompts, input tokens, and bytes of a rollout.
pub(crate) type Told = (Vec<String>, i64, Vec<u8>);

/// Brings a mirror with one session up to date.
pub(crate) fn told(mirror: &Mirror, place: &Path) -> Result<Told> {
    mirror.sync(store("claude").ok_or("an agent that this build knows")?, place)?;
    let known = mirror.sessions("claude")?.remove(0);
    let path = mirror.folder().join("claude").join(&known.file);
    let name = RolloutName::parse(&known.file)?;
    let read = Projector::new().project(&path, false, Some(&name), None)?;
    assert!(read.skipped.is_empty());
    let words = read.turns.into_iter().filter_map(|turn| turn.first_words).collect();
    let used = read.usage.iter().map(|day| day.tokens.input).sum();
    Ok((words, used, fs::read(path)?))
}

#[test]
fn a_session_whose_file_has_a_new_name_is_found_there() -> Result {
    let folder = tempfile::tempdir()?;
    let mut story = Story::new(folder.path())?;
    story.add("one");
    story.write(0)?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    let before = told(&mirror, &story.place)?;
    let moved = story.place.join("projects/q");
    fs::rename(story.place.join("projects/p"), &moved)?;
    assert_eq!(told(&mirror, &story.place)?, before);
    assert_eq!(mirror.sessions("claude")?[0].source, moved.join(story.path.file_name().ok_or("a name")?));
    Ok(())
}
