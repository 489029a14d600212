//! `memories diff`: changes of the folder of memories since the last consolidation.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::memories::changes;
use threadkeep_app::opening::Index;
use threadkeep_app::{Message, command};
use threadkeep_memories::{Change, ChangeKind, MOST_DIFF, WorkspaceDiff};

use super::{folder, text};
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Diff<'a> {
    pub(super) root: Option<&'a Path>,
}

/// Changes; `None` without a baseline.
struct Changes {
    root: PathBuf,
    diff: Option<WorkspaceDiff>,
}

#[async_trait(?Send)]
impl Run for Diff<'_> {
    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let index = Index::existing(dirs, *screen).await?;
        let root = folder(dirs, self.root, &index.state.memories()).await?.path;
        index.close().await?;
        let diff = changes(&root)?;
        Ok(Box::new(Changes { root, diff }))
    }
}

/// Renders a change for programs.
pub(super) fn json_of(change: &Change) -> Value {
    let (kind, from) = match &change.kind {
        ChangeKind::Added => ("added", None),
        ChangeKind::Modified => ("modified", None),
        ChangeKind::Deleted => ("deleted", None),
        ChangeKind::Renamed { from } => ("renamed", Some(from.to_string_lossy())),
        ChangeKind::ModeChanged => ("mode_changed", None),
        ChangeKind::TypeChanged => ("type_changed", None),
        _ => ("changed", None),
    };
    json!({ "path": change.path.to_string_lossy(), "kind": kind, "from": from })
}

impl Answer for Changes {
    fn json(&self) -> Value {
        let diff = self.diff.as_ref();
        let changes = diff.map(|diff| diff.changes.iter().map(json_of).collect::<Vec<_>>());
        let refused = diff.map(|diff| {
            diff.refused.iter().map(|refused| refused.path.to_string_lossy()).collect::<Vec<_>>()
        });
        let unified = diff.map(|diff| String::from_utf8_lossy(diff.unified()));
        json!({ "root": self.root, "changes": changes, "left_out": refused, "diff": unified })
    }

    fn text(&self, screen: &Screen) -> String {
        match &self.diff {
            Some(diff) if diff.is_empty() && diff.refused.is_empty() => {
                "no changes since the last consolidation\n".to_owned()
            }
            Some(diff) => text::lines(&String::from_utf8_lossy(&diff.to_markdown(MOST_DIFF))),
            None => {
                let run: Message = ("no baseline yet; ", command("memories run"), " makes one").into();
                screen.render(run) + "\n"
            }
        }
    }
}
