//! `completions`: a shell's completion script.

use async_trait::async_trait;
use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::{Value, json};

use super::completion_scripts::complete;
use crate::args::Cli;
use crate::command::{Answered, Context, Needs, Run};
use crate::output::{Answer, Screen};

/// The command, with the shell.
pub(super) struct Completions(pub(super) Shell);

/// A script, and its shell.
struct Script {
    shell: Shell,
    script: String,
}

#[async_trait(?Send)]
impl Run for Completions {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, _context: &Context<'_>) -> Answered {
        let mut script = Vec::new();
        clap_complete::generate(self.0, &mut Cli::command(), "threadkeep", &mut script);
        let script = complete(self.0, &Cli::command(), &String::from_utf8_lossy(&script));
        Ok(Box::new(Script { shell: self.0, script }))
    }
}

impl Answer for Script {
    fn json(&self) -> Value {
        json!({ "shell": self.shell.to_string(), "script": self.script })
    }

    fn text(&self, _screen: &Screen) -> String {
        self.script.clone()
    }
}
