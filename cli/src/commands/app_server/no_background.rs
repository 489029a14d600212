//! Servers in the background, where there are no Unix sockets: none.

use async_trait::async_trait;
use threadkeep_app::Fault;

use crate::args::{AppServerArgs, AppServerCommand};
use crate::command::{Answered, Context, Run};

/// The command.
pub(super) struct Background<'a> {
    pub(super) command: AppServerCommand,
    pub(super) args: &'a AppServerArgs,
}

/// The server's own process.
pub(super) struct Serve<'a>(pub(super) &'a AppServerArgs);

fn refusal() -> Fault {
    Fault::new(
        "a server in the background needs a Unix system",
        "run `threadkeep app-server` on stdio instead",
    )
}

#[async_trait(?Send)]
impl Run for Background<'_> {
    async fn run(&self, _: &Context<'_>) -> Answered {
        let _ = (self.command, self.args);
        Err(refusal())
    }
}

#[async_trait(?Send)]
impl Run for Serve<'_> {
    async fn run(&self, _: &Context<'_>) -> Answered {
        Err(refusal())
    }
}
