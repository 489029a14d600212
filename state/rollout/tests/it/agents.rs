//! Agents that write rollouts step by step, and know what each request used.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::{Value, json};
use threadkeep_rollout::{RolloutName, TokenUsage};
use uuid::Uuid;

use crate::Result;
use crate::written::id;

/// Tokens and number of requests by day and model.
pub(crate) type ByDay = BTreeMap<(Date, Option<String>), (TokenUsage, u64)>;

/// Step of an agent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Turn,
    Request(TokenUsage),
    /// A request of an agent that is killed before it counts it.
    Killed(TokenUsage),
    /// Another process goes on, and its counter begins again.
    Restart,
    Compaction,
    /// Turns are taken back, and perhaps the counter goes back with them.
    RollBack(usize, bool),
    NextDay,
    Model(u8),
    ForkByReference,
    ForkWithCopiedLines,
    /// A sub-agent of its own, and with copied lines.
    SubAgent,
    SubAgentWithHistory,
    /// A further file of the thread.
    Segment,
    /// A further file that leaves out the last turns; perhaps the counter goes back with them.
    Revert(usize, bool),
    /// Another thread goes on.
    Switch(usize),
}

fn usage() -> impl Strategy<Value = TokenUsage> {
    (1_000..900_000_i64, 0..100_i64, 100..90_000_i64, 0..100_i64).prop_map(
        |(input, cached, output, reasoning)| TokenUsage {
            input,
            cached_input: input * cached / 100,
            output,
            reasoning: output * reasoning / 100,
            total: input + output,
        },
    )
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Turn),
        12 => usage().prop_map(Step::Request),
        3 => usage().prop_map(Step::Killed),
        1 => Just(Step::Restart),
        1 => Just(Step::Compaction),
        2 => (0..4_usize, any::<bool>()).prop_map(|(turns, back)| Step::RollBack(turns, back)),
        2 => Just(Step::NextDay),
        2 => any::<u8>().prop_map(|model| Step::Model(model % 3)),
        1 => Just(Step::ForkByReference),
        1 => Just(Step::ForkWithCopiedLines),
        1 => Just(Step::SubAgent),
        1 => Just(Step::SubAgentWithHistory),
        1 => Just(Step::Segment),
        1 => (0..3_usize, any::<bool>()).prop_map(|(turns, back)| Step::Revert(turns, back)),
        2 => any::<usize>().prop_map(Step::Switch),
    ]
}

/// File that agents write.
pub(crate) struct File {
    pub(crate) name: RolloutName,
    /// Type and payload of each line.
    lines: Vec<(&'static str, Value)>,
    pub(crate) text: String,
    /// Ordinal of the next line.
    next: u64,
    /// Ordinal and counter before each turn.
    turns: Vec<(u64, TokenUsage)>,
    counter: TokenUsage,
    is_open: bool,
    /// Usage of its own requests.
    pub(crate) used: ByDay,
}

/// Agents at work in one home.
pub(crate) struct Agents {
    has_records: bool,
    pub(crate) files: Vec<File>,
    /// The newest file of each thread.
    heads: Vec<usize>,
    /// Place in `heads` of the thread that goes on.
    current: usize,
    tick: u32,
    day: i32,
    model: u8,
    ids: u64,
}

impl Agents {
    pub(crate) fn new(has_records: bool) -> Result<Self> {
        let mut agents = Self {
            has_records,
            files: Vec::new(),
            heads: Vec::new(),
            current: 0,
            tick: 0,
            day: 0,
            model: 0,
            ids: 0,
        };
        agents.begin(None, 0, json!({}))?;
        Ok(agents)
    }

    fn today(&self) -> Date {
        jiff::civil::date(2026, 11, 20) + jiff::Span::new().days(self.day)
    }

    fn file(&mut self) -> &mut File {
        &mut self.files[self.heads[self.current]]
    }

    fn line(&mut self, line_type: &'static str, payload: Value) {
        self.tick += 1;
        let time = format!("{}T{:02}:{:02}:00.000Z", self.today(), self.tick / 60 % 24, self.tick % 60);
        let file = self.file();
        let ordinal = file.next;
        file.next += 1;
        file.text += &format!(
            "{{\"timestamp\":\"{time}\",\"ordinal\":{ordinal},\"type\":\"{line_type}\",\"payload\":{payload}}}\n"
        );
        file.lines.push((line_type, payload));
    }

    fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        id(self.ids)
    }

    /// Begins a file, of a thread of its own or as a segment of `thread`.
    fn begin(&mut self, thread: Option<Uuid>, next: u64, more: Value) -> Result {
        let new = self.next_id();
        let mut name = RolloutName::parse(&format!("rollout-2026-11-20T10-00-00-{new}.jsonl"))?;
        if let Some(thread) = thread {
            (name.thread_id, name.segment_id) = (thread, Some(new));
        }
        let mut meta = json!({"id": name.thread_id, "cwd": "/project", "source": "cli"});
        if let (Some(meta), Some(more)) = (meta.as_object_mut(), more.as_object()) {
            meta.extend(more.clone());
        }
        meta["timestamp"] = json!(format!("{}T00:00:00.000Z", self.today()));
        let used = ByDay::new();
        let counter = TokenUsage::default();
        self.files.push(File {
            name,
            lines: Vec::new(),
            text: String::new(),
            next,
            turns: Vec::new(),
            counter,
            is_open: false,
            used,
        });
        let new = self.files.len() - 1;
        if thread.is_some() {
            self.heads[self.current] = new;
        } else {
            self.heads.push(new);
            self.current = self.heads.len() - 1;
        }
        self.line("session_meta", meta);
        Ok(())
    }

    fn turn(&mut self) {
        let turn = self.next_id();
        if self.file().is_open {
            self.line("event_msg", json!({"type": "task_complete"}));
        }
        let file = self.file();
        file.turns.push((file.next, file.counter));
        file.is_open = true;
        let model = format!("model-{}", self.model);
        self.line("event_msg", json!({"type": "task_started", "turn_id": turn}));
        self.line("turn_context", json!({"cwd": "/project", "model": model}));
        let item = json!({"type": "UserMessage", "id": "u", "content": [{"type": "text", "text": "go on"}]});
        self.line("event_msg", json!({"type": "item_completed", "turn_id": turn, "item": item}));
    }

    /// Makes a request, and counts it unless the agent is killed before.
    fn request(&mut self, used: TokenUsage, is_killed: bool) {
        if is_killed && !self.has_records {
            // Nothing is left of it.
            return;
        }
        if !self.file().is_open {
            self.turn();
        }
        let key = (self.today(), Some(format!("model-{}", self.model)));
        let by_day = self.file().used.entry(key).or_default();
        by_day.0 += used;
        by_day.1 += 1;
        let usage = |tokens: TokenUsage| {
            json!({"input_tokens": tokens.input, "cached_input_tokens": tokens.cached_input,
                "output_tokens": tokens.output, "reasoning_output_tokens": tokens.reasoning,
                "total_tokens": tokens.total})
        };
        if self.has_records {
            self.line("token_usage_record", json!({"usage": usage(used)}));
        }
        if is_killed {
            self.file().is_open = false;
            return;
        }
        self.file().counter += used;
        let info = json!({"total_token_usage": usage(self.file().counter), "last_token_usage": usage(used)});
        self.line("event_msg", json!({"type": "token_count", "info": info}));
    }

    fn part(&mut self, end: u64) -> Value {
        json!({"thread_id": self.file().name.file_id(), "end_ordinal_exclusive": end, "end_byte_offset": 7})
    }

    /// Begins a thread with a copy of the current file's lines.
    fn copy(&mut self, more: Value) -> Result {
        let (lines, counter) = (self.file().lines.clone(), self.file().counter);
        self.begin(None, 0, more)?;
        for (line_type, payload) in lines {
            self.line(line_type, payload);
        }
        self.file().counter = counter;
        Ok(())
    }

    pub(crate) fn take(&mut self, step: Step) -> Result {
        let (thread, counter, next) = {
            let file = self.file();
            (file.name.thread_id, file.counter, file.next)
        };
        let turns_left = |file: &File, turns: usize| file.turns.len().saturating_sub(turns);
        match step {
            Step::Turn => self.turn(),
            Step::Request(used) => self.request(used, false),
            Step::Killed(used) => self.request(used, true),
            Step::Restart => self.file().counter = TokenUsage::default(),
            Step::Compaction => {
                self.line("compacted", json!({"message": "so far", "replacement_history": []}));
                self.line("event_msg", json!({"type": "context_compacted"}));
            }
            Step::RollBack(turns, goes_back) => {
                self.line("event_msg", json!({"type": "thread_rolled_back", "num_turns": turns}));
                let file = self.file();
                let left = turns_left(file, turns);
                if let Some((_, before)) = file.turns.get(left).copied().filter(|_| goes_back) {
                    file.counter = before;
                }
                file.turns.truncate(left);
                file.is_open = false;
            }
            Step::NextDay => self.day += 1,
            Step::Model(model) => {
                self.model = model;
                let settings = json!({"model": format!("model-{model}"), "cwd": "/project"});
                self.line(
                    "event_msg",
                    json!({"type": "thread_settings_applied", "thread_settings": settings}),
                );
            }
            Step::ForkByReference => {
                let base = self.part(next);
                self.begin(None, next, json!({"forked_from_id": thread, "history_base": base}))?;
                self.file().counter = counter;
            }
            Step::ForkWithCopiedLines => self.copy(json!({"forked_from_id": thread}))?,
            Step::SubAgent => {
                let source = json!({"subagent": {"thread_spawn": {"parent_thread_id": thread, "depth": 1}}});
                self.begin(None, 0, json!({"source": source}))?;
            }
            Step::SubAgentWithHistory => {
                let own = self.file().lines.len() + 1;
                self.copy(json!({"forked_from_id": thread, "subagent_history_start_ordinal": own}))?;
            }
            Step::Segment => {
                let base = self.part(next);
                self.begin(Some(thread), next, json!({"history_base": base}))?;
                self.file().counter = counter;
            }
            Step::Revert(turns, goes_back) => {
                let left = turns_left(self.file(), turns);
                let (end, before) = self.file().turns.get(left).copied().unwrap_or((next, counter));
                let base = self.part(end);
                self.begin(Some(thread), end, json!({"history_base": base}))?;
                self.file().counter = if goes_back { before } else { counter };
            }
            Step::Switch(thread) => self.current = thread % self.heads.len(),
        }
        // Settings hold for one thread; the next turn of another has its own.
        if matches!(
            step,
            Step::Model(_) | Step::Switch(_) | Step::ForkByReference | Step::Segment | Step::Revert(..)
        ) {
            self.file().is_open = false;
        }
        Ok(())
    }
}
