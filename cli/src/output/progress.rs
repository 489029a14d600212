//! The progress of an index run: a bar on a terminal, nothing on a pipe.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use threadkeep_app::text::{bytes, count};
use threadkeep_backfill::{Phase, ProgressUpdate};

/// Line for work of which the amount is known.
const MEASURED: &str = "{prefix} {bar} {percent:>3}%  {msg}";
/// A run that ends sooner needs no bar, which would only flicker.
const PATIENCE: Duration = Duration::from_millis(150);

/// Shows how far a run is, while it lives.
#[derive(Debug)]
pub(crate) struct Progress {
    draws: bool,
    colours: bool,
    began: Instant,
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress {
    /// Begins; `draws` if stderr is a terminal that may be drawn upon.
    pub(crate) fn new(draws: bool, colours: bool) -> Progress {
        Progress { draws, colours, began: Instant::now(), bar: Mutex::new(None) }
    }

    /// Shows an update of the backfill.
    pub(crate) fn show(&self, update: &ProgressUpdate) {
        let what = match update.phase {
            Phase::Waiting => "waiting for another process",
            Phase::Listing => "looking for rollouts",
            Phase::Comparing => "comparing with the index",
            Phase::Indexing => "indexing",
            _ => "finishing",
        };
        let message = match update.phase {
            Phase::Indexing => format!(
                "{}/{} files, {} of {}",
                count(update.done_items),
                count(update.total_items),
                bytes(update.done_bytes),
                bytes(update.total_bytes)
            ),
            _ => String::new(),
        };
        let by_bytes = update.phase == Phase::Indexing;
        let (done, total) = if by_bytes {
            (update.done_bytes, update.total_bytes)
        } else {
            (update.done_items, update.total_items)
        };
        self.draw(what, message, done, total);
    }

    /// Shows how many of the files were read.
    pub(crate) fn show_files(&self, what: &'static str, done: u64, total: u64) {
        self.draw(what, format!("{}/{} files", count(done), count(total)), done, total);
    }

    /// Shows a step and how far it is.
    pub(crate) fn draw(&self, what: &'static str, message: String, done: u64, total: u64) {
        let is_over = what == "indexing" && total == 0;
        if !self.draws || self.began.elapsed() < PATIENCE || is_over {
            return;
        }
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        // Each change draws the line. A new one is drawn once all is known.
        let is_new = bar.is_none();
        let new = || ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let bar = bar.get_or_insert_with(new);
        // Without a total there are no percents.
        bar.set_style(self.style(if total > 0 { MEASURED } else { "{prefix}" }));
        bar.set_prefix(what);
        bar.set_length(total.max(1));
        bar.set_position(done);
        bar.set_message(Cow::Owned(message));
        if is_new {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.tick();
        }
    }

    fn style(&self, template: &str) -> ProgressStyle {
        let bar = if self.colours { "{wide_bar:.cyan/dim}" } else { "{wide_bar}" };
        let style = ProgressStyle::with_template(&template.replace("{bar}", bar));
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        style.progress_chars("━╸─")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}
