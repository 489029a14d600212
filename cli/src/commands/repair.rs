//! `repair`: checks the databases whole, and makes those again that are damaged.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::refresh::{self, PassOptions};
use threadkeep_app::text::pad;
use threadkeep_app::{Fault, history, opening, recovered};
use threadkeep_history::HISTORY_DB;
use threadkeep_state::STATE_DB;
use threadkeep_state::health::{HealthError, Repaired};

use crate::args::RepairArgs;
use crate::command::{Answered, Context, Needs, Run};
use crate::exit::Code;
use crate::output::color::{DIM, GREEN, RED, YELLOW, paint};
use crate::output::json::at;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Repair<'a>(pub(super) &'a RepairArgs);

/// Result for each database.
pub(super) struct Outcome(Vec<(&'static str, Result<Repaired, HealthError>)>);

#[async_trait(?Send)]
impl Run for Repair<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("repair")
    }

    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let wanted = |label: &str| {
            self.0.databases.is_empty() || self.0.databases.iter().any(|wanted| wanted.label() == label)
        };
        Ok(Box::new(repair(dirs, wanted, screen).await?))
    }
}

/// Repairs the databases that are wanted, and indexes the rollouts into a new index.
pub(super) async fn repair(
    dirs: &Dirs,
    wanted: impl Fn(&str) -> bool,
    screen: &Screen,
) -> Result<Outcome, Fault> {
    dirs.check()?;
    let stores = opening::stores(dirs);
    let mut all = Vec::new();
    for label in stores.labels().filter(|label| wanted(label)) {
        all.push((label, stores.repair(label).await));
    }
    stores.close().await?;
    let is_new = |(label, result): &(&str, Result<Repaired, HealthError>)| {
        matches!(result, Ok(Repaired::MadeAgain(_)))
            && (*label == STATE_DB.label || *label == HISTORY_DB.label)
    };
    if all.iter().any(is_new) {
        index(dirs, screen).await?;
    }
    // The answer has them.
    recovered::take();
    Ok(Outcome(all))
}

/// Brings the index and the history in line with the rollouts.
pub(super) async fn index(dirs: &Dirs, screen: &Screen) -> Result<(), Fault> {
    let index = opening::Index::for_writing(dirs).await?;
    let home = dirs.agent_home()?;
    refresh::run(&index.state, &home, PassOptions::default(), screen).await?;
    if index.state.history().database().path().exists() {
        history::run(&index, &home, PassOptions::default(), screen).await?;
    }
    index.close().await
}

impl Outcome {
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().map(|(label, result)| {
            let text = match result {
                Ok(Repaired::Missing) => paint(DIM, "not created yet"),
                Ok(Repaired::Sound) => paint(GREEN, "sound"),
                Ok(Repaired::SearchMade) => paint(YELLOW, "its search index was damaged and is made again"),
                Ok(Repaired::InLine) => {
                    paint(YELLOW, "decisions that differed from the file next to it are restored from there")
                }
                Ok(Repaired::MadeAgain(recovery)) => paint(YELLOW, &recovered::describe(label, recovery)),
                Err(error) => paint(RED, &error.to_string()),
            };
            (*label, text)
        })
    }
}

impl Answer for Outcome {
    fn json(&self) -> Value {
        let databases = self.0.iter().map(|(label, result)| {
            let recovery = match result {
                Ok(Repaired::MadeAgain(recovery)) => Some(recovery),
                _ => None,
            };
            let path =
                |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
            json!({
                "label": label,
                "result": match result {
                    Ok(Repaired::Missing) => "missing",
                    Ok(Repaired::Sound) => "sound",
                    Ok(Repaired::SearchMade) => "search_made_again",
                    Ok(Repaired::InLine) => "decisions_restored",
                    Ok(Repaired::MadeAgain(_)) => "made_again",
                    Err(_) => "not_repaired",
                },
                "damage": recovery.and_then(|recovery| recovery.damage.clone()),
                "moved_to": recovery.and_then(|recovery| path(&recovery.moved_to)),
                "snapshot": recovery.and_then(|recovery| path(&recovery.snapshot)),
                "decisions": recovery.map(|recovery| recovery.decisions),
                "salvaged": recovery.map(|recovery| recovery.salvaged),
                "refused": recovery.map(|recovery| recovery.refused),
                "error": result.as_ref().err().map(ToString::to_string),
            })
        });
        json!({ "databases": databases.collect::<Vec<_>>(), "at": at(Timestamp::now()) })
    }

    fn text(&self, _: &Screen) -> String {
        self.lines().map(|(label, text)| format!("{}  {text}\n", pad(label, 7, false))).collect()
    }

    fn changed(&self) -> bool {
        self.0.iter().any(|(_, result)| {
            matches!(result, Ok(Repaired::MadeAgain(_) | Repaired::InLine | Repaired::SearchMade))
        })
    }

    fn code(&self) -> Code {
        if self.0.iter().any(|(_, result)| result.is_err()) { Code::Problems } else { Code::Fine }
    }
}
