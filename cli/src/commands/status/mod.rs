//! `status`: the two directories, the databases with their contents, and the state of the index.
//! Changes not one byte, but for clearing up what an interrupted program left.

mod figures;
mod json;
mod report;
mod sheet;

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_doctor::facts::{self, Facts};
use threadkeep_sqlite::DbState;
use threadkeep_state::{StateOptions, Stores};

use crate::command::{Answered, Context, Needs, Run};
use crate::exit::Code;
use crate::output::{Answer, Screen};
use report::Report;

/// The command.
pub(super) struct Status;

#[async_trait(?Send)]
impl Run for Status {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    /// Looks at everything. Trouble is the answer.
    async fn run(&self, Context { dirs, config, .. }: &Context<'_>) -> Answered {
        let mut facts = Facts::gather(dirs).await;
        if facts.databases.iter().any(|found| matches!(found.state, DbState::NeedsRecovery(_))) {
            // A database that an interrupted program left is cleared up by opening it.
            Stores::new(&StateOptions::new(&dirs.sqlite_home)).clear_up().await;
            facts = Facts::gather(dirs).await;
        }
        let problems = match &facts.contents {
            Ok(Some(_)) => facts::problems(dirs).await,
            _ => Vec::new(),
        };
        Ok(Box::new(Report::new(dirs.absolute(), config.clone(), facts, problems)))
    }
}

impl Answer for Report {
    fn json(&self) -> Value {
        self.document()
    }

    fn text(&self, screen: &Screen) -> String {
        sheet::render(self, screen)
    }

    fn code(&self) -> Code {
        if self.has_trouble() { Code::Problems } else { Code::Fine }
    }
}
