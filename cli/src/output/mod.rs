//! Everything that is printed goes through a [`Screen`], and every answer through its one method [`Screen::answer`].

pub(crate) mod color;
pub(crate) mod json;
pub(crate) mod pipe;
pub(crate) mod progress;
pub(crate) mod sheet;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod time;

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use serde_json::{Value, json};
use threadkeep_redact::redact;
use uuid::Uuid;

use crate::args::{Color, Global};
use crate::exit::{Code, Fault, typed_homes};
use color::{BOLD, DIM, RED, YELLOW, paint};

/// The width when there is no terminal to fit.
const DEFAULT_WIDTH: usize = 100;
/// Below this nothing fits anyway.
const LEAST_WIDTH: usize = 40;

/// What a command has to say, in both languages.
pub(crate) trait Answer {
    /// For programs.
    fn json(&self) -> Value;
    /// For people: whole lines, with styles that are stripped where there are no colours.
    fn text(&self, screen: &Screen) -> String;
    /// What is printed.
    fn rendered(&self, screen: &Screen) -> String {
        if screen.json { json::document(&self.json(), screen.is_terminal) } else { self.text(screen) }
    }
    /// What was done, in figures and without anything that belongs to a thread, for this tool's own log.
    fn done(&self) -> String {
        String::new()
    }
    /// The thread that it was done to, if it is still there.
    fn thread(&self) -> Option<Uuid> {
        None
    }
    /// How the run ends.
    fn code(&self) -> Code {
        Code::Fine
    }
}

/// Where answers, notes and errors go, and in what shape.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// The columns of a line.
    pub(crate) width: usize,
    /// Whether a person is reading stdout as it comes.
    pub(crate) is_terminal: bool,
    /// The options that chose the two directories, to be said again in a command.
    pub(crate) homes: String,
    out: ColorChoice,
    err: ColorChoice,
}

impl Screen {
    pub(crate) fn new(global: &Global) -> Screen {
        let is_terminal = io::stdout().is_terminal();
        let (out, err) = match global.color {
            Color::Auto => (AutoStream::choice(&io::stdout()), AutoStream::choice(&io::stderr())),
            Color::Always => (ColorChoice::Always, ColorChoice::Always),
            Color::Never => (ColorChoice::Never, ColorChoice::Never),
        };
        let width = width(is_terminal);
        Screen {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            width,
            is_terminal,
            homes: typed_homes(global),
            out,
            err,
        }
    }

    /// Makes the commands that a text of ours names such that they work as they stand: with the homes that were typed. One that has
    /// them is left as it is.
    pub(crate) fn typable(&self, text: &str) -> String {
        match self.homes.is_empty() {
            true => text.to_owned(),
            false => ["`", ": "].iter().fold(text.to_owned(), |text, before| {
                let [bare, whole] = ["", &self.homes].map(|homes| format!("{before}threadkeep{homes} "));
                text.replace(&whole, &bare).replace(&bare, &whole)
            }),
        }
    }

    /// Prints an answer and says how the run ends. Nobody reading any more is no error.
    pub(crate) fn answer(&self, answer: &dyn Answer) -> anyhow::Result<Code> {
        self.part(&answer.rendered(self))?;
        Ok(answer.code())
    }

    /// Prints text as it is. `false` when nobody reads any more.
    pub(crate) fn part(&self, text: &str) -> anyhow::Result<bool> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            done => Ok(done.map(|()| true)?),
        }
    }

    /// Tells people something beside the answer, unless they want to be left alone; without the secrets that are in what was
    /// typed.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let text = self.typable(&text::clean(&redact(text)));
            let line = if self.json {
                json::document(&json!({ "note": text }), false)
            } else {
                format!("{} {text}\n", paint(YELLOW, "note:"))
            };
            self.tell(&line);
        }
    }

    /// Says why something could not be done.
    pub(crate) fn fault(&self, fault: &Fault) {
        let (message, hint) = (
            text::clean(&fault.message),
            fault.hint.as_deref().map(clean_lines).map(|hint| self.typable(&hint)),
        );
        if self.json {
            let mut error = json!({ "message": message });
            if let Some(hint) = hint {
                error["hint"] = hint.into();
            }
            if !fault.causes.is_empty() {
                error["causes"] = json!(fault.causes);
            }
            return self.tell(&json::document(&json!({ "error": error }), false));
        }
        let mut lines = format!("{} {message}\n", paint(RED.bold(), "error:"));
        if let Some(hint) = hint {
            lines.push_str(&format!("  {} {}\n", paint(BOLD, "hint:"), hint.replace('\n', "\n    ")));
        }
        for cause in &fault.causes {
            lines.push_str(&format!("  {}\n", paint(DIM, &format!("because: {}", text::clean(cause)))));
        }
        self.tell(&lines);
    }

    /// Asks a person on the terminal, who answers with yes or anything else; `None` when there is nobody to ask.
    pub(crate) async fn ask(&self, question: &str) -> Option<bool> {
        if self.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        self.tell(&format!("{} [y/N] ", clean_lines(question)));
        // On a thread of its own, so that Ctrl-C is still heard.
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = answer.await.ok()?.ok()?;
        Some(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Whether stderr is a terminal that may be drawn upon.
    pub(crate) fn draws_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether stderr has colours.
    pub(crate) fn colours_progress(&self) -> bool {
        self.err != ColorChoice::Never
    }

    fn tell(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.err);
        // When even stderr is closed there is nobody to tell.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// Makes each line of a text of ours harmless.
fn clean_lines(text: &str) -> String {
    text.lines().map(self::text::clean).collect::<Vec<_>>().join("\n")
}

fn width(is_terminal: bool) -> usize {
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let of_environment = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    let width = if is_terminal { of_terminal().or_else(of_environment) } else { of_environment() };
    width.unwrap_or(DEFAULT_WIDTH).max(LEAST_WIDTH)
}
