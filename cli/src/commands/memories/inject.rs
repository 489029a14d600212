//! `memories inject`: the consolidated memory, as an agent would be given it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::{Fault, Message, messages};
use threadkeep_memories::StageOneOutputs as _;
use threadkeep_memories::files::MEMORY_SUMMARY;
use uuid::Uuid;

use super::sections::{cited, shown};
use super::{boxed, folder, next, text};
use crate::command::{Answered, Context, Run};
use crate::output::color::{DIM, paint};
use crate::output::{Answer, Screen};

/// Most bytes that are read. An agent's own limit is far below it.
const MOST_BYTES: u64 = 256 << 10;

/// The command.
pub(super) struct Inject<'a> {
    pub(super) cwd: Option<&'a Path>,
    pub(super) root: Option<&'a Path>,
}

/// Text for an agent, and the threads that it cites.
struct Injected {
    file: PathBuf,
    /// Empty without a consolidated memory, and if nothing in it is about the folder.
    text: String,
    is_consolidated: bool,
    cited: Vec<Uuid>,
    next: Message,
}

#[async_trait(?Send)]
impl Run for Inject<'_> {
    async fn run(&self, Context { dirs, screen, config, .. }: &Context<'_>) -> Answered {
        let index = Index::existing(dirs, *screen).await?;
        let store = index.state.memories();
        let file = folder(dirs, self.root, &store).await?.path.join(MEMORY_SUMMARY);
        let whole = read(&file).map_err(|error| {
            let why = messages::of_io(&error);
            Fault::without_hint(format!("cannot read {}: {why}", file.display())).because(&error)
        })?;
        let cwd = self.cwd.map(|cwd| std::path::absolute(cwd).unwrap_or_else(|_| cwd.to_owned()));
        let is_consolidated = whole.is_some();
        let text = whole.map(|whole| shown(&whole, cwd.as_deref())).unwrap_or_default();
        let memories = store.list().await.map_err(boxed)?;
        let cited = cited(&text, memories.iter().map(|memory| memory.thread.id));
        // What is given to agents is kept longer.
        if index.access == Access::Write && !cited.is_empty() {
            store.record_usage(&cited, Timestamp::now()).await.map_err(boxed)?;
        }
        index.close().await?;
        let next = next(config, " does it.");
        Ok(Box::new(Injected { file, text, is_consolidated, cited, next }))
    }
}

/// Reads the beginning of the file; `None` if there is none.
fn read(file: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?.take(MOST_BYTES).read_to_end(&mut bytes)?,
    };
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

impl Answer for Injected {
    fn json(&self) -> Value {
        json!({ "file": self.file, "text": self.text, "cited": self.cited })
    }

    fn text(&self, _screen: &Screen) -> String {
        text::lines(&self.text)
    }

    fn aside(&self, screen: &Screen) -> String {
        if !self.text.trim().is_empty() {
            return String::new();
        }
        if self.is_consolidated {
            return "The consolidated memory is empty.\n".to_owned();
        }
        let next = screen.render(self.next.clone());
        format!("Nothing is consolidated yet.\n{}\n", paint(DIM, &next))
    }
}
