//! Long answers on a terminal, through the user's pager.

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};

use threadkeep_app::{Fault, messages};

use super::Screen;

/// Pager, if the environment names none.
const DEFAULT: &str = "less";
/// Options of `less`, if the environment has none: quit if all fits, show styles, keep the screen.
const LESS: &str = "FRX";

/// Destination of an answer that comes in parts: a pager on a terminal, stdout otherwise.
pub(crate) struct Pager<'a> {
    screen: &'a Screen,
    pager: Option<Child>,
}

impl<'a> Pager<'a> {
    /// Starts the pager. If it cannot run, the answer goes to stdout.
    pub(crate) fn start(screen: &'a Screen) -> Pager<'a> {
        let named = std::env::var("PAGER").unwrap_or_else(|_| DEFAULT.to_owned());
        let named = named.trim();
        let is_wanted = screen.is_terminal && !named.is_empty() && named != "cat";
        let pager = is_wanted.then(|| spawn(named).ok()).flatten();
        if pager.is_some() {
            // Ctrl-C belongs to the pager, which must not lose the terminal to the shell.
            #[cfg(unix)]
            let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
        }
        Pager { screen, pager }
    }

    /// Writes a part. Returns false if the reader has gone.
    pub(crate) fn part(&mut self, text: &str) -> Result<bool, Fault> {
        let Some(input) = self.pager.as_mut().and_then(|pager| pager.stdin.as_mut()) else {
            return self.screen.part(text);
        };
        let plain;
        let text = if self.screen.has_color() {
            text
        } else {
            plain = anstream::adapter::strip_str(text).to_string();
            &plain
        };
        match input.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => {
                let why = messages::of_io(&error);
                Err(Fault::without_hint(format!("cannot write to the pager: {why}")).because(&error))
            }
            Ok(()) => Ok(true),
        }
    }
}

impl Drop for Pager<'_> {
    /// Waits until the user has read enough.
    fn drop(&mut self) {
        if let Some(pager) = &mut self.pager {
            drop(pager.stdin.take());
            let _ = pager.wait();
        }
    }
}

/// Runs a pager: by a shell only if its name has more than words.
fn spawn(named: &str) -> io::Result<Child> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_./+=,:@%".contains(c);
    let mut command = if cfg!(unix) && !named.chars().all(is_plain) {
        let mut shell = Command::new("sh");
        shell.args(["-c", named]);
        shell
    } else {
        let mut words = named.split_ascii_whitespace();
        let mut command = Command::new(words.next().unwrap_or(DEFAULT));
        command.args(words);
        command
    };
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    command.stdin(Stdio::piped()).spawn()
}
