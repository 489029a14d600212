//! A thread in several files has the metadata of the same conversation in one file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use threadkeep_rollout::{
    AgentHome, BaseProblem, Checkpoint, Extraction, Extractor, RolloutFile, RolloutName, RunOutcome,
    ThreadMetadata,
};
use uuid::Uuid;

use crate::Result;

/// A home whose files are written line by line, as agents write theirs.
pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) home: AgentHome,
}

/// File of such a home: a thread's first one, or a segment.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) name: RolloutName,
    pub(crate) next: u64,
    /// Tokens so far.
    pub(crate) total: i64,
    pub(crate) turns: u64,
}

/// Id of a thread or a segment.
pub(crate) fn id(number: u64) -> Uuid {
    Uuid::from_u128(0x01a2_1000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

impl Home {
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("sessions"))?;
        Ok(Self { home: AgentHome::open(folder.path())?, folder })
    }

    /// Begins a file of `thread`, perhaps a segment, with more fields in its `session_meta`.
    pub(crate) fn begin(&self, thread: Uuid, segment: Option<Uuid>, next: u64, more: &Value) -> Result<File> {
        let mut name = RolloutName::parse(&format!("rollout-2026-11-20T10-00-00-{thread}.jsonl"))?;
        name.segment_id = segment;
        let path = self.folder.path().join("sessions").join(name.to_string());
        let mut file = File { path, name, next, total: 0, turns: 0 };
        let mut meta = json!({"id": thread, "cwd": "/project", "source": "cli"});
        if let (Some(meta), Some(more)) = (meta.as_object_mut(), more.as_object()) {
            meta.extend(more.clone());
        }
        meta["timestamp"] = json!(file.time());
        file.line("session_meta", &meta)?;
        Ok(file)
    }

    /// Begins a segment that builds on `base` up to an ordinal.
    pub(crate) fn segment(&self, base: &File, segment: Uuid, end: u64) -> Result<File> {
        let thread = base.name.thread_id;
        let file = self.begin(thread, Some(segment), end, &json!({"history_base": base.part(end)}))?;
        Ok(File { total: base.total, turns: base.turns, ..file })
    }

    /// Begins a thread that is forked from `base` by reference.
    pub(crate) fn fork(&self, base: &File, thread: Uuid, end: u64) -> Result<File> {
        let more = json!({"forked_from_id": base.name.thread_id, "history_base": base.part(end)});
        Ok(File { total: base.total, ..self.begin(thread, None, end, &more)? })
    }

    pub(crate) fn file(&self, file_id: Uuid) -> Result<RolloutFile> {
        Ok(self.home.find_rollout(file_id)?.ok_or("there is such a file")?)
    }

    pub(crate) fn extract(&self, file_id: Uuid) -> Result<Extraction> {
        self.extract_from(file_id, None)
    }

    pub(crate) fn extract_from(&self, file_id: Uuid, from: Option<&Checkpoint>) -> Result<Extraction> {
        let file = self.file(file_id)?;
        let path = self.home.absolute(&file.path);
        Ok(Extractor::of_home(&self.home).extract(&path, file.compressed, file.name.as_ref(), from)?)
    }
}

impl File {
    pub(crate) fn id(&self) -> Uuid {
        self.name.file_id()
    }

    /// `history_base` of a file that builds on this one. The byte is senseless, as in real files.
    fn part(&self, end: u64) -> Value {
        json!({"thread_id": self.id(), "end_ordinal_exclusive": end, "end_byte_offset": 7})
    }

    fn time(&self) -> String {
        format!("2026-11-20T{:02}:{:02}:00.000Z", 10 + self.next / 60, self.next % 60)
    }

    pub(crate) fn line(&mut self, line_type: &str, payload: &Value) -> Result {
        let line = format!(
            "{{\"timestamp\":\"{}\",\"ordinal\":{},\"type\":\"{line_type}\",\"payload\":{payload}}}\n",
            self.time(),
            self.next
        );
        fs::OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(line.as_bytes())?;
        self.next += 1;
        Ok(())
    }

    pub(crate) fn event(&mut self, payload: &Value) -> Result {
        self.line("event_msg", payload)
    }

    /// Writes a whole turn that used 100 tokens. Returns the ordinal after it.
    pub(crate) fn turn(&mut self, words: &str) -> Result<u64> {
        self.begin_turn(words)?;
        self.event(&json!({"type": "task_complete", "turn_id": format!("{}-{}", self.id(), self.turns)}))?;
        Ok(self.next)
    }

    pub(crate) fn begin_turn(&mut self, words: &str) -> Result {
        self.turns += 1;
        self.total += 100;
        let turn = format!("{}-{}", self.id(), self.turns);
        self.event(&json!({"type": "task_started", "turn_id": turn}))?;
        self.line("turn_context", &json!({"cwd": format!("/{words}"), "model": words}))?;
        let item = json!({"type": "UserMessage", "id": "u", "content": [{"type": "text", "text": words}]});
        self.event(&json!({"type": "item_completed", "turn_id": turn, "item": item}))?;
        let usage = json!({"total_tokens": self.total});
        self.event(&json!({"type": "token_count", "info": {"total_token_usage": usage}}))
    }

    pub(crate) fn compress(&self) -> Result {
        let bytes = fs::read(&self.path)?;
        let mut zst = self.path.clone().into_os_string();
        zst.push(".zst");
        fs::write(Path::new(&zst), zstd::encode_all(&bytes[..], 3)?)?;
        Ok(fs::remove_file(&self.path)?)
    }

    pub(crate) fn remove(&self) -> Result {
        Ok(fs::remove_file(&self.path)?)
    }

    pub(crate) fn cut_to(&self, bytes: u64) -> Result {
        Ok(fs::OpenOptions::new().write(true).open(&self.path)?.set_len(bytes)?)
    }
}

/// Title, model, own tokens and inherited ones.
fn short(metadata: &ThreadMetadata) -> (Option<&str>, Option<&str>, Option<i64>, Option<i64>) {
    let tokens = (metadata.own_tokens, metadata.inherited_tokens);
    (metadata.title.as_deref(), metadata.model.as_deref(), tokens.0, tokens.1)
}

#[test]
fn a_thread_goes_on_in_a_second_and_a_third_file() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let mut second = home.segment(&first, id(2), end)?;
    let end = second.turn("paint")?;
    let mut third = home.segment(&second, id(3), end)?;
    third.begin_turn("dry")?;
    let read = home.extract(id(3))?;
    let metadata = &read.metadata;
    assert_eq!(short(metadata), (Some("plan"), Some("dry"), Some(300), Some(0)));
    assert_eq!((metadata.thread_id, metadata.run_outcome), (id(1), RunOutcome::Running));
    assert_eq!(metadata.created_at, Some("2026-11-20T10:00:00Z".parse()?));
    assert_eq!((read.base, read.base_problem, read.lines), (Some(id(2)), None, 5));
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("plan"), Some("paint"), Some(200), Some(0)));
    assert_eq!((home.extract(id(1))?.base, home.extract(id(1))?.lines), (None, 6));

    // Only new lines are read when the file grows, and the bases not at all.
    second.remove()?;
    third.event(&json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": 350}}}))?;
    let grown = home.extract_from(id(3), Some(&read.checkpoint))?;
    assert!(grown.resumed && grown.base_problem.is_none());
    assert_eq!(short(&grown.metadata), (Some("plan"), Some("dry"), Some(350), Some(0)));
    Ok(())
}

#[test]
fn what_was_taken_back_counts_nowhere() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("keep")?;
    let before = first.total;
    first.turn("take back")?;
    first.total = before;
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("again")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("keep"), Some("again"), Some(200), Some(0)));
    // The second revert goes back behind the first line of the second file.
    let mut third = home.segment(&second, id(3), 3)?;
    third.total = 0;
    third.turn("from scratch")?;
    let metadata = home.extract(id(3))?.metadata;
    assert_eq!(short(&metadata), (Some("from scratch"), Some("from scratch"), Some(100), Some(0)));
    // Without a base, a segment begins with nothing but the thread's id.
    let mut fourth = home.begin(id(1), Some(id(4)), 0, &json!({}))?;
    fourth.turn("first words again")?;
    let metadata = home.extract(id(4))?.metadata;
    assert_eq!((metadata.thread_id, metadata.title.as_deref()), (id(1), Some("first words again")));
    Ok(())
}

#[test]
fn a_fork_inherits_tokens_and_settings_and_nothing_else() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("source")?;
    let mut fork = home.fork(&first, id(2), end)?;
    first.turn("later")?;
    let metadata = home.extract(id(2))?.metadata;
    assert_eq!((metadata.thread_id, metadata.forked_from_id), (id(2), Some(id(1))));
    assert_eq!(short(&metadata), (None, Some("source"), Some(0), Some(100)));
    assert_eq!(metadata.run_outcome, RunOutcome::Unknown);
    let end = fork.turn("fork")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("fork"), Some("fork"), Some(100), Some(100)));
    // A fork of the fork, and a segment of the fork.
    home.fork(&fork, id(3), end)?.turn("deeper")?;
    home.segment(&fork, id(4), end)?.turn("longer")?;
    assert_eq!(short(&home.extract(id(3))?.metadata), (Some("deeper"), Some("deeper"), Some(100), Some(200)));
    assert_eq!(short(&home.extract(id(4))?.metadata), (Some("fork"), Some("longer"), Some(200), Some(100)));
    Ok(())
}

#[test]
fn a_base_is_found_compressed_and_elsewhere() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("paint")?;
    let plain = home.extract(id(2))?;
    first.compress()?;
    second.compress()?;
    assert_eq!(home.extract(id(2))?.metadata, plain.metadata);
    let archive = home.folder.path().join("archived_sessions");
    fs::create_dir(&archive)?;
    let file = home.file(id(1))?;
    fs::rename(home.home.absolute(&file.path), archive.join(format!("{}.zst", first.name)))?;
    assert_eq!(home.extract(id(2))?.metadata, plain.metadata);
    Ok(())
}

#[test]
fn an_old_base_is_cut_at_a_byte() -> Result {
    let home = Home::new()?;
    let name = format!("rollout-2026-11-20T10-00-00-{}.jsonl", id(1));
    let line = |line_type: &str, payload: Value| {
        json!({"timestamp": "2026-11-20T10:00:00.000Z", "type": line_type, "payload": payload}).to_string()
            + "\n"
    };
    let said = |words: &str| line("event_msg", json!({"type": "user_message", "message": words}));
    let count = |total: i64| {
        line(
            "event_msg",
            json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": total}}}),
        )
    };
    let kept = [line("session_meta", json!({"id": id(1)})), said("one"), count(10)].concat();
    let all = kept.clone() + &said("two") + &count(20);
    fs::write(home.folder.path().join("sessions").join(&name), &all)?;
    let base = |end: usize| json!({"forked_from_id": id(1), "history_base": {"thread_id": id(1), "end_ordinal_exclusive": 3, "end_byte_offset": end}});
    for (thread, end, tokens) in [(2, kept.len(), 10), (3, all.len(), 20)] {
        home.begin(id(thread), None, 3, &base(end))?;
        let read = home.extract(id(thread))?;
        assert_eq!((read.metadata.inherited_tokens, read.base_problem), (Some(tokens), None));
    }
    home.begin(id(4), None, 3, &base(all.len() + 1))?;
    assert_eq!(home.extract(id(4))?.base_problem, Some(BaseProblem::Cut(id(1))));
    Ok(())
}

#[test]
fn a_base_that_is_missing_or_cut_is_named_and_is_no_error() -> Result {
    let home = Home::new()?;
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    let mut second = home.segment(&first, id(2), end)?;
    second.turn("paint")?;
    let end = second.next;
    home.fork(&second, id(3), end)?.turn("fork")?;
    let whole = home.extract(id(3))?;
    let lone = |file_id| -> Result<(Option<String>, Option<BaseProblem>)> {
        let read = home.extract(file_id)?;
        assert!(read.base.is_some());
        Ok((read.metadata.title, read.base_problem))
    };
    // Cut in its last line, and before it.
    let length = fs::metadata(&second.path)?.len();
    second.cut_to(length - 2)?;
    assert_eq!(lone(id(3))?, (Some("fork".to_owned()), Some(BaseProblem::Cut(id(2)))));
    second.cut_to(length / 2)?;
    assert_eq!(lone(id(3))?.1, Some(BaseProblem::Cut(id(2))));
    assert_eq!(home.extract(id(3))?.metadata.own_tokens, None, "nothing says what the base had used");
    first.remove()?;
    assert_eq!(lone(id(2))?.1, Some(BaseProblem::Missing(id(1))));
    second.remove()?;
    let read = home.extract(id(3))?;
    assert_eq!(lone(id(3))?, (Some("fork".to_owned()), Some(BaseProblem::Missing(id(2)))));

    // When the files are there again, the whole file is read again.
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    let end = first.turn("plan")?;
    home.segment(&first, id(2), end)?.turn("paint")?;
    let again = home.extract_from(id(3), Some(&read.checkpoint))?;
    assert_eq!((again.resumed, &again.metadata), (false, &whole.metadata));
    Ok(())
}

#[test]
fn a_chain_that_leads_back_to_itself_ends() -> Result {
    let home = Home::new()?;
    let base = |file: u64| json!({"history_base": {"thread_id": id(file), "end_ordinal_exclusive": 9}});
    home.begin(id(1), None, 0, &base(1))?.turn("alone")?;
    home.begin(id(2), None, 0, &base(3))?.turn("two")?;
    home.begin(id(3), None, 0, &base(2))?.turn("three")?;
    assert_eq!(home.extract(id(1))?.base_problem, Some(BaseProblem::Missing(id(1))));
    assert_eq!(home.extract(id(2))?.base_problem, Some(BaseProblem::Missing(id(2))));
    Ok(())
}

#[test]
fn a_long_chain_is_read_once() -> Result {
    let home = Home::new()?;
    let mut file = home.begin(id(1), None, 0, &json!({}))?;
    let mut ids = vec![file.id()];
    for number in 2..=300 {
        let end = file.turn("on")?;
        let next = home.segment(&file, id(number), end)?;
        file = next;
        ids.push(file.id());
    }
    let mut extractor = Extractor::of_home(&home.home);
    for (turns, file_id) in ids.into_iter().enumerate() {
        let file = home.file(file_id)?;
        let path = home.home.absolute(&file.path);
        let read = extractor.extract(&path, false, file.name.as_ref(), None)?;
        let tokens = if turns + 1 < 300 { 100 * (turns + 1) } else { 100 * turns };
        assert_eq!((read.metadata.own_tokens, read.base_problem), (Some(i64::try_from(tokens)?), None));
    }
    Ok(())
}
