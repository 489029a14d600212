//! The commands. Each makes an answer; printing it is the screen's business.

mod audit;
mod backfill;
mod completions;
mod config;
mod goal_edit;
mod goal_sheet;
mod goal_store;
mod goal_text;
mod goals;
mod problems;
mod resolve;
mod sandbox;
mod status;
mod status_figures;
mod status_sheet;
mod threads_close;
mod threads_delete;
mod threads_edit;
mod threads_list;
mod threads_show;
mod threads_table;
mod threads_tree;
mod tree_drawing;

use crate::args::{Cli, Command, ThreadsArgs, ThreadsCommand};
use crate::config::{ConfigFile, Settings};
use crate::exit::{Code, fault};
use crate::homes::Homes;
use crate::output::{Answer, Screen};
use threads_close::Change;
use threads_edit::Edit;

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
        Command::Goals(args) => {
            goal_store::refuse_if_off(&file.settings(screen)?, &file)?;
            Box::new(goals::goals(&homes, &args.command, screen).await?)
        }
        Command::Logs(_) => anyhow::bail!("logs cannot be shown yet"),
        Command::Threads(args) => threads(&homes, args, &file.settings(screen)?, screen).await?,
        Command::Completions { shell } => Box::new(completions::Script::of(*shell)),
    })
}

async fn threads(
    homes: &Homes,
    args: &ThreadsArgs,
    settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<Box<dyn Answer>> {
    Ok(match &args.command {
        None => Box::new(threads_list::list(homes, &args.list, settings, screen).await?),
        Some(ThreadsCommand::Show { id, no_refresh }) => {
            Box::new(threads_show::show(homes, id, *no_refresh, settings, screen).await?)
        }
        Some(ThreadsCommand::Tree(args)) => Box::new(threads_tree::tree(homes, args, screen).await?),
        Some(ThreadsCommand::Close { id }) => {
            Box::new(threads_close::change(homes, Change::Close, id, screen).await?)
        }
        Some(ThreadsCommand::Resume { id }) => {
            Box::new(threads_close::change(homes, Change::Resume, id, screen).await?)
        }
        Some(ThreadsCommand::Rename { id, name, .. }) => {
            let edit = Edit::Rename(name.as_deref());
            Box::new(threads_edit::edit(homes, id, edit, settings, screen).await?)
        }
        Some(ThreadsCommand::Archive { id }) => {
            Box::new(threads_edit::edit(homes, id, Edit::Archive, settings, screen).await?)
        }
        Some(ThreadsCommand::Unarchive { id }) => {
            Box::new(threads_edit::edit(homes, id, Edit::Unarchive, settings, screen).await?)
        }
        Some(ThreadsCommand::Memory { id, mode }) => {
            Box::new(threads_edit::edit(homes, id, Edit::Memory(*mode), settings, screen).await?)
        }
        Some(ThreadsCommand::Delete { id, yes }) => {
            Box::new(threads_delete::delete(homes, id, *yes, screen).await?)
        }
    })
}

fn no_index(homes: &Homes) -> anyhow::Error {
    fault(
        format!("there is no index in {}", homes.sqlite_home.display()),
        "`threadkeep backfill` makes it from the rollouts",
    )
}
