//! The commands. Each makes an answer; printing it is the screen's business.

mod audit;
mod backfill;
mod completions;
mod config;
mod problems;
mod sandbox;
mod status;
mod status_sheet;
mod threads_edit;
mod threads_list;
mod threads_show;
mod threads_table;

use threadkeep_rollout::AgentHome;
use threadkeep_state::{StateError, Thread};
use uuid::Uuid;

use crate::args::{Cli, Command, ThreadsArgs, ThreadsCommand};
use crate::config::{ConfigFile, Settings};
use crate::exit::{Code, fault};
use crate::homes::Homes;
use crate::index::Index;
use crate::output::text::fit;
use crate::output::{Answer, Screen};
use crate::pass;

/// Runs the command and prints its answer.
pub(crate) fn run(cli: &Cli, screen: &Screen) -> anyhow::Result<Code> {
    // One thread is enough: SQLite, the reading of rollouts and the looking for them have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(answer(cli, screen))?;
    // A person who never answers a question must not keep the process alive.
    runtime.shutdown_background();
    screen.answer(&*answer)
}

async fn answer(cli: &Cli, screen: &Screen) -> anyhow::Result<Box<dyn Answer>> {
    if let Command::Completions { shell } = &cli.command {
        return Ok(Box::new(completions::Script::of(*shell)));
    }
    let homes = Homes::find(&cli.global)?;
    let file = ConfigFile::read(&homes.absolute().sqlite_home);
    Ok(match &cli.command {
        Command::Config(args) => Box::new(config::Config::of(&args.command, file)),
        Command::Status => Box::new(status::status(&homes, file, screen).await),
        Command::Backfill(args) => {
            file.settings(screen)?;
            Box::new(backfill::backfill(&homes, args, screen).await?)
        }
        Command::Audit(args) => {
            file.settings(screen)?;
            Box::new(audit::audit(&homes, args, screen).await?)
        }
        Command::Threads(args) => threads(&homes, args, &file.settings(screen)?, screen).await?,
        Command::Completions { shell } => Box::new(completions::Script::of(*shell)),
    })
}

async fn threads(
    homes: &Homes,
    args: &ThreadsArgs,
    _settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<Box<dyn Answer>> {
    Ok(match &args.command {
        None => Box::new(threads_list::list(homes, &args.list, screen).await?),
        Some(ThreadsCommand::Show { id, no_refresh }) => {
            Box::new(threads_show::show(homes, id, *no_refresh, screen).await?)
        }
        Some(edit) => Box::new(threads_edit::edit(homes, edit, screen).await?),
    })
}

/// Finds the thread that is meant; when it is not there, once more after the index was brought up to date.
async fn find(index: &Index, home: &AgentHome, id: &str, screen: &Screen) -> anyhow::Result<Thread> {
    match look_up(index, id).await {
        Err(error) if is_unknown(&error) => {
            let refreshed = pass::refresh(index, home, screen).await?;
            if let Some(reason) = &refreshed.incomplete {
                screen.note(reason);
            }
            let found = look_up(index, id).await;
            if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || found.is_err()) {
                screen.note(&failures);
            }
            found
        }
        found => found,
    }
}

/// How much of a title is shown beside a candidate's id.
const TITLE_WIDTH: usize = 50;

async fn look_up(index: &Index, id: &str) -> anyhow::Result<Thread> {
    let threads = index.state.threads();
    let id: Uuid = match threads.resolve(id).await {
        Err(StateError::AmbiguousPrefix { prefix, candidates, more }) => {
            let number =
                if more { format!("more than {}", candidates.len()) } else { candidates.len().to_string() };
            let mut hint = "give more of it:".to_owned();
            for candidate in candidates {
                let thread = match Uuid::try_parse(&candidate) {
                    Ok(id) => threads.get(id).await?,
                    Err(_) => None,
                };
                let title = thread.as_ref().map(threads_table::what).unwrap_or_default();
                hint.push_str(&format!("\n{candidate}  {}", fit(&title, TITLE_WIDTH)));
            }
            return Err(fault(format!("`{prefix}` is the beginning of {number} thread ids"), hint));
        }
        resolved => resolved?,
    };
    threads.get(id).await?.ok_or_else(|| StateError::NotFound { id }.into())
}

fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StateError::NotFound { .. } | StateError::NoSuchPrefix { .. }))
}

fn no_index(homes: &Homes) -> anyhow::Error {
    fault(
        format!("there is no index in {}", homes.sqlite_home.display()),
        "`threadkeep backfill` makes it from the rollouts",
    )
}
