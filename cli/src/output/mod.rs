//! Everything that is printed goes through a [`Screen`], and every answer through its one method
//! [`Screen::answer`].

pub(crate) mod color;
pub(crate) mod ids;
pub(crate) mod json;
pub(crate) mod pager;
pub(crate) mod pipe;
pub(crate) mod progress;
mod question;
pub(crate) mod sheet;
pub(crate) mod table;

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::dirs::Given;
use threadkeep_app::label::thread_label;
use threadkeep_app::text::{clean, fit, wrap};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, Message, Observer, messages};
use threadkeep_backfill::{ProgressUpdate, StopHandle};
use threadkeep_state::Thread;
use uuid::Uuid;

use crate::args::{Color, Global};
use crate::exit::Code;
use crate::interrupt::Interrupt;
use color::{BOLD, DIM, RED, YELLOW, paint};
use progress::Progress;

/// Width of a terminal that does not say.
const DEFAULT_WIDTH: usize = 100;
/// Least width; on a narrower terminal lines wrap.
const LEAST_WIDTH: usize = 40;

/// Result of a command, for programs and for people.
pub(crate) trait Answer {
    /// Returns the answer for programs.
    fn json(&self) -> Value;
    /// Returns the answer for people: whole lines, with styles that are stripped where there are no
    /// colours.
    fn text(&self, screen: &Screen) -> String;
    /// Returns what people should know next to the answer, in whole lines. It follows the answer,
    /// or goes to stderr where a program reads the answer.
    fn aside(&self, screen: &Screen) -> String {
        let _ = screen;
        String::new()
    }
    /// Returns the text that is printed.
    fn rendered(&self, screen: &Screen) -> String {
        if screen.json { json::document(&self.json(), screen.is_terminal) } else { self.text(screen) }
    }
    /// Returns what was done, in figures and without anything that belongs to a thread, for the
    /// tool's own log.
    fn done(&self) -> String {
        String::new()
    }
    /// Returns true if the command changed something, also if its answer cannot be printed.
    fn changed(&self) -> bool {
        false
    }
    /// Returns the thread that was changed, if it still exists.
    fn thread(&self) -> Option<Uuid> {
        None
    }
    /// Returns the exit code.
    fn code(&self) -> Code {
        Code::Fine
    }
}

/// Destination of answers, notes and errors, and their form.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// Columns of a line.
    pub(crate) width: usize,
    /// True if stdout is a terminal.
    pub(crate) is_terminal: bool,
    /// Directories that were given, which every printed command repeats.
    pub(crate) given: Given,
    /// All homes that were given; several for a command that only reads.
    pub(crate) homes: Vec<PathBuf>,
    /// The home that notes are about, if it is one of several.
    about: Option<PathBuf>,
    out: ColorChoice,
    err: ColorChoice,
    run: Mutex<Option<(Progress, Option<Interrupt>)>>,
    /// True if signals stop the server around the run, and not the run.
    is_of_server: bool,
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
            given: global.given(),
            homes: each_once(&global.home),
            about: None,
            out,
            err,
            run: Mutex::default(),
            is_of_server: false,
        }
    }

    /// Returns the screen for commands that a server runs: nothing is printed, and signals are the
    /// server's.
    pub(crate) fn of_server(given: &Given) -> Screen {
        let home = given.home.iter().cloned().collect();
        let global = Global {
            home,
            sqlite_home: given.sqlite_home.clone(),
            json: true,
            quiet: true,
            ..Global::default()
        };
        Screen { is_of_server: true, ..Screen::new(&global) }
    }

    /// Returns the screen for one of several homes: every command and note names that home.
    pub(crate) fn of_home(&self, home: &Path) -> Screen {
        let given = Given { home: Some(home.to_owned()), ..self.given.clone() };
        let (homes, about) = (vec![home.to_owned()], Some(home.to_owned()));
        Screen { given, homes, about, run: Mutex::default(), ..*self }
    }

    /// Returns true for the screen of one of several homes.
    pub(crate) fn is_of_several(&self) -> bool {
        self.about.is_some()
    }

    /// Returns true if a program reads the answer: nothing is cut, and messages go to stderr.
    pub(crate) fn is_plain(&self) -> bool {
        self.width == table::UNLIMITED
    }

    /// Returns how many things are named: for people who did not ask for all, only the first ones.
    pub(crate) fn most(&self, usual: usize) -> usize {
        if self.verbose || self.is_plain() { usize::MAX } else { usual }
    }

    /// Renders a time: in full for a program, and as short as a list needs for people.
    pub(crate) fn time(&self, time: Timestamp, clock: &Clock) -> String {
        if self.is_plain() { json::at(time).unwrap_or_default() } else { clock.short(time) }
    }

    /// Renders a number: its digits for a program, and with `render` for people.
    pub(crate) fn number(&self, number: u64, render: impl Fn(u64) -> String) -> String {
        if self.is_plain() { number.to_string() } else { render(number) }
    }

    /// Breaks a line for people into lines that fit the terminal. A command is never broken.
    pub(crate) fn lines(&self, line: &str) -> Vec<String> {
        wrap(line, if self.is_terminal { self.width } else { usize::MAX })
    }

    /// Renders a message, with the directories that were given in its commands.
    pub(crate) fn render(&self, message: impl Into<Message>) -> String {
        message.into().render(&self.given)
    }

    /// Prints an answer and returns the exit code. A reader that has gone is not an error.
    pub(crate) fn answer(&self, answer: &dyn Answer) -> Result<Code, Fault> {
        let (mut text, mut aside) = (answer.rendered(self), String::new());
        if !self.json && !self.quiet {
            aside = answer.aside(self);
        }
        if !self.is_plain() {
            text += &std::mem::take(&mut aside);
        }
        let made = |fault: Fault| Fault::new(fault.message, "the change itself was made");
        self.part(&text).map_err(|fault| if answer.changed() { made(fault) } else { fault })?;
        self.tell(&aside);
        Ok(answer.code())
    }

    /// Prints text as it is. Returns false if the reader has gone.
    pub(crate) fn part(&self, text: &str) -> Result<bool, Fault> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => {
                let why = messages::of_io(&error);
                Err(Fault::without_hint(format!("cannot write the output: {why}")).because(&error))
            }
            Ok(()) => Ok(true),
        }
    }

    /// Prints why something could not be done.
    pub(crate) fn fault(&self, fault: &Fault) {
        let message = self.render(fault.message.clone());
        let hint = fault.hint.as_ref().map(|hint| hint.render(&self.given));
        let causes = if self.verbose { fault.causes.as_slice() } else { &[] };
        if self.json {
            let mut error = json!({ "message": message });
            if let Some(hint) = hint {
                error["hint"] = hint.into();
            }
            if !causes.is_empty() {
                error["causes"] = json!(causes);
            }
            return self.tell(&json::document(&json!({ "error": error }), false));
        }
        let message = fitting(&message, "error: ".len(), "  ");
        let mut lines = format!("{} {message}\n", paint(RED.bold(), "error:"));
        if let Some(hint) = hint {
            let hint = fitting(&hint, "  hint: ".len(), "    ");
            lines.push_str(&format!("  {} {hint}\n", paint(BOLD, "hint:")));
        }
        for cause in causes {
            lines.push_str(&format!("  {}\n", paint(DIM, &format!("because: {}", clean(cause)))));
        }
        self.tell(&lines);
    }

    /// Returns true if answers have colours.
    pub(crate) fn has_color(&self) -> bool {
        self.out != ColorChoice::Never
    }

    /// Begins to show progress: a bar on a terminal, nothing on a pipe.
    pub(crate) fn bar(&self) -> Progress {
        Progress::new(!self.quiet && io::stderr().is_terminal(), self.err != ColorChoice::Never)
    }

    /// Shows a step of the run that [`begin`](Observer::begin) began, and how far it is.
    pub(crate) fn show(&self, what: &'static str, message: String, done: u64, total: u64) {
        if let Some((progress, _)) = &*self.running() {
            progress.draw(what, message, done, total);
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<(Progress, Option<Interrupt>)>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.err);
        // If stderr is closed, nothing can be reported.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

impl Observer for Screen {
    /// Prints a note next to the answer, unless the user wants none.
    fn note(&self, note: &Message) {
        if !self.quiet {
            let about = self.about.as_ref().map(|home| format!("{}: ", clean(&home.to_string_lossy())));
            let text = about.unwrap_or_default() + &self.render(note.clone());
            let line = if self.json {
                json::document(&json!({ "note": text }), false)
            } else {
                format!("{} {}\n", paint(YELLOW, "note:"), fitting(&text, "note: ".len(), "  "))
            };
            self.tell(&line);
        }
    }

    fn begin(&self, stop: &StopHandle) {
        let interrupt = (!self.is_of_server).then(|| Interrupt::listen(stop));
        *self.running() = Some((self.bar(), interrupt));
    }

    fn progress(&self, update: &ProgressUpdate) {
        if let Some((progress, _)) = &*self.running() {
            progress.show(update);
        }
    }

    fn end(&self) {
        *self.running() = None;
    }
}

/// Renders a sentence about a thread, and the thread's label on the next line.
pub(crate) fn labelled(said: &str, thread: &Thread, screen: &Screen) -> String {
    format!("{said}\n  {}\n", fit(&thread_label(thread), screen.width.saturating_sub(2)))
}

/// Leaves out homes that were named before.
fn each_once(homes: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let place = |home: &PathBuf| home.canonicalize().unwrap_or_else(|_| home.clone());
    homes.iter().filter(|home| seen.insert(place(home))).cloned().collect()
}

fn width(is_terminal: bool) -> usize {
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let of_environment = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    // A user who sets the width for a pipe wants it laid out for people.
    let width = if is_terminal {
        of_terminal().or_else(of_environment).unwrap_or(DEFAULT_WIDTH)
    } else {
        of_environment().unwrap_or(table::UNLIMITED)
    };
    width.max(LEAST_WIDTH)
}

/// Breaks text on stderr into lines for a terminal, the first after a label and the others after an
/// indent. Lines to choose from stay whole.
fn fitting(text: &str, label: usize, indent: &str) -> String {
    let newline = format!("\n{indent}");
    if !io::stderr().is_terminal() || text.contains('\n') {
        return text.replace('\n', &newline);
    }
    wrap(text, width(true).saturating_sub(label).max(LEAST_WIDTH - label)).join(&newline)
}
