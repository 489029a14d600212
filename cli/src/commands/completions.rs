//! `completions`: a shell's completion script.

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::{Value, json};

use crate::args::Cli;
use crate::output::{Answer, Screen};

/// A script, and the shell it is for.
pub(super) struct Script {
    shell: Shell,
    script: String,
}

impl Script {
    pub(super) fn of(shell: Shell) -> Script {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "threadkeep", &mut script);
        Script { shell, script: String::from_utf8_lossy(&script).into_owned() }
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
