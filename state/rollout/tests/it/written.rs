//! Homes whose files are written line by line, as agents write theirs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use threadkeep_rollout::{AgentHome, Checkpoint, Extraction, Extractor, RolloutFile, RolloutName};
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
