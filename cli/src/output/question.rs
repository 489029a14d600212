//! Questions before something is done.

use std::io::{self, IsTerminal as _};

use threadkeep_app::Fault;

use super::Screen;

impl Screen {
    /// Checks that the user can be asked. `undone` says what is not done without an answer, and
    /// `action` what `--yes` does: `delete`.
    ///
    /// # Errors
    ///
    /// Fails with `--json`, and without a terminal to ask on.
    pub(crate) fn check_can_ask(&self, undone: &str, action: &str) -> Result<(), Fault> {
        let why = if self.json {
            "--json asks nothing"
        } else if !io::stdin().is_terminal() {
            "stdin is not a terminal"
        } else if !io::stderr().is_terminal() {
            "stderr is not a terminal"
        } else {
            return Ok(());
        };
        let why = format!("{undone}: it needs a confirmation, and {why}");
        Err(Fault::new(why, format!("pass --yes to {action} without asking")))
    }

    /// Asks the user on the terminal. Returns true for yes, and false for anything else.
    ///
    /// # Errors
    ///
    /// As [`check_can_ask`](Self::check_can_ask).
    pub(crate) async fn confirm(&self, question: &str, undone: &str, action: &str) -> Result<bool, Fault> {
        self.check_can_ask(undone, action)?;
        self.tell(&format!("{question} [y/N] "));
        // On its own thread, so that Ctrl-C still works.
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = answer.await.ok().and_then(Result::ok).unwrap_or_default();
        Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}
