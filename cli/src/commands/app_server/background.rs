//! `app-server start|stop|status|restart`: a server in the background.

use std::process::Command as Process;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::telemetry::Owner;
use threadkeep_app::text::clean;
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, command};
use threadkeep_app_server::daemon::{Place, Running, serve, start, stop};
use tokio::task::LocalSet;

use super::options;
use super::stdio::Ended;
use crate::args::{AppServerArgs, AppServerCommand};
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::exit::Code;
use crate::output::json::{at, ms};
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Background<'a> {
    pub(super) command: AppServerCommand,
    pub(super) args: &'a AppServerArgs,
}

/// The server's own process.
pub(super) struct Serve<'a>(pub(super) &'a AppServerArgs);

/// The server after the command.
struct State {
    command: AppServerCommand,
    /// Server that runs, or was stopped.
    server: Option<Running>,
}

#[async_trait(?Send)]
impl Run for Serve<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("app-server")
    }

    fn owner(&self) -> Owner {
        Owner::AppServer
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let place = Place::new(&context.dirs, self.0.socket.as_deref());
        let served = serve(&place, options(context), std::io::stdout());
        LocalSet::new().run_until(served).await?;
        Ok(Box::new(Ended))
    }
}

#[async_trait(?Send)]
impl Run for Background<'_> {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    fn for_homes(&self) -> ForHomes {
        ForHomes::One
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let place = Place::new(&context.dirs, self.args.socket.as_deref());
        let server = match self.command {
            AppServerCommand::Start => Some(start(&place, self.process(context)?).await?),
            AppServerCommand::Restart => {
                stop(&place).await?;
                Some(start(&place, self.process(context)?).await?)
            }
            AppServerCommand::Stop => stop(&place).await?,
            _ => place.running()?,
        };
        Ok(Box::new(State { command: self.command, server }))
    }
}

impl Background<'_> {
    /// Returns the command line of the server's own process.
    fn process(&self, context: &Context<'_>) -> Result<Process, Fault> {
        // A home that is not there, or not ours, is reported here and not by the server.
        context.dirs.agent_home()?;
        context.dirs.check()?;
        context.dirs.check_text()?;
        let mut process = Process::new(std::env::current_exe()?);
        let given = &context.screen.given;
        for (option, folder) in [("--home", &given.home), ("--sqlite-home", &given.sqlite_home)] {
            if let Some(folder) = folder {
                process.arg(option).arg(folder);
            }
        }
        process.args(["app-server", "serve"]);
        if let Some(socket) = &self.args.socket {
            process.arg("--socket").arg(socket);
        }
        Ok(process)
    }
}

impl Answer for State {
    fn json(&self) -> Value {
        let is_running = self.server.is_some() && !matches!(self.command, AppServerCommand::Stop);
        let server = self.server.as_ref();
        json!({
            "running": is_running,
            "pid": server.map(|server| server.pid),
            "version": server.map(|server| &server.version),
            "started_at": at(server.map(|server| server.started_at)),
            "started_at_ms": ms(server.map(|server| server.started_at)),
            "socket": server.map(|server| &server.socket),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let clock = Clock::system();
        match (&self.command, &self.server) {
            (AppServerCommand::Stop, _) if screen.quiet => String::new(),
            (AppServerCommand::Stop, Some(server)) => format!("stopped the server, process {}\n", server.pid),
            (AppServerCommand::Stop, None) => "no server was running; nothing to do\n".to_owned(),
            (_, Some(server)) => {
                let mut sheet = Sheet::default();
                sheet.row("process", server.pid.to_string());
                sheet.row("since", clock.full(server.started_at));
                sheet.row("version", clean(&server.version).into_owned());
                sheet.whole("socket", clean(&server.socket.display().to_string()).into_owned());
                sheet.render(screen)
            }
            (_, None) => {
                screen.render(("no server is running; ", command("app-server start"), " starts one")) + "\n"
            }
        }
    }

    fn code(&self) -> Code {
        match (&self.command, &self.server) {
            (AppServerCommand::Status, None) => Code::Problems,
            _ => Code::Fine,
        }
    }
}
