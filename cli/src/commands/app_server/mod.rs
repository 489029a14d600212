//! `app-server`: serves editors and desktop apps over JSON-RPC.

#[cfg(unix)]
mod background;
#[cfg(not(unix))]
#[path = "no_background.rs"]
mod background;
mod documents;
mod schema;
mod stdio;

use threadkeep_app_server::Options;

use crate::args::{AppServerArgs, AppServerCommand};
use crate::command::{Context, Run};
use documents::Documents;

/// Returns the command.
pub(super) fn of(args: &AppServerArgs) -> Box<dyn Run + '_> {
    match args.command {
        None => Box::new(stdio::Stdio),
        Some(AppServerCommand::Schema { typescript }) => Box::new(schema::Schema { typescript }),
        Some(AppServerCommand::Serve) => Box::new(background::Serve(args)),
        Some(command) => Box::new(background::Background { command, args }),
    }
}

/// Returns the options of a server for the context's home.
fn options(context: &Context<'_>) -> Options {
    let (dirs, given) = (context.dirs.clone(), context.screen.given.clone());
    let commands = Documents::new(&dirs, &given);
    let device_keys = context.settings.device_keys.clone();
    Options { dirs, given, device_keys, has_watch: true, commands: Box::new(commands) }
}
