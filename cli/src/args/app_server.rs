//! Arguments of `app-server` and `rpc`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use threadkeep_app_server::METHODS;

#[derive(Clone, Debug, Args)]
pub(crate) struct AppServerArgs {
    /// The socket of a server in the background [default: app-server/socket in the folder for the
    /// databases]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<AppServerCommand>,
}

impl AppServerArgs {
    /// Returns true if the process serves clients until it is stopped.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub(crate) fn serves(&self) -> bool {
        matches!(self.command, None | Some(AppServerCommand::Serve))
    }
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum AppServerCommand {
    /// Start a server in the background, one a home
    Start,
    /// Stop the server in the background, once it has finished its requests
    Stop,
    /// Show the server in the background
    Status,
    /// Stop the server in the background, and start it again
    Restart,
    /// Print the JSON Schema of every method
    Schema {
        /// Print TypeScript types instead
        #[arg(long)]
        typescript: bool,
    },
    /// Serve clients on the socket
    #[command(hide = true)]
    Serve,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RpcArgs {
    /// The method, such as `thread/list`; all are listed below
    #[arg(value_name = "METHOD")]
    pub(crate) method: String,
    /// Its parameters, a JSON object, such as '{"limit": 5}'; `threadId` may be shortened or be a
    /// name, as an ID of other commands
    #[arg(value_name = "JSON")]
    pub(crate) params: Option<String>,
    /// The server's socket [default: that of this home's server]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

/// Returns what stands below the help of `rpc`: the methods, which the server declares.
pub(super) fn rpc_help() -> String {
    format!(
        "Methods: {}.\n`threadkeep app-server schema` prints the parameters and the answer of each.\n\n\
         Exit codes: 0 the server's answer is printed; 2 the server refused the request, or none is running.",
        METHODS.join(", ")
    )
}
