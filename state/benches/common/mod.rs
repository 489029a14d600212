//! Parts that several benches have: arguments, rates, medians and rows of a table.

#![allow(dead_code, reason = "no bench uses all of it")]
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fmt::Display;
use std::time::Instant;

pub(crate) use clap::Parser;

pub(crate) type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Arguments of a bench.
#[derive(Parser)]
pub(crate) struct Args {
    /// Size of the work, in the unit of the bench.
    #[arg(long, visible_aliases = ["files", "lines", "operations", "rows", "threads"])]
    pub(crate) size: Option<usize>,
    /// Rounds of which the bench prints the median or the best.
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    /// Work of a process that the bench itself starts.
    #[arg(long, hide = true, num_args = 1..)]
    pub(crate) child: Vec<String>,
    /// Given by `cargo bench`; ignored.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Returns the number of operations per second since an instant.
pub(crate) fn rate(operations: usize, begun: Instant) -> f64 {
    operations as f64 / begun.elapsed().as_secs_f64()
}

pub(crate) fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("a measurement is a number"));
    values[values.len() / 2]
}

/// Prints a row of a table.
pub(crate) fn row<T: Display>(name: &str, figures: impl IntoIterator<Item = T>) {
    let figures: String = figures.into_iter().map(|figure| format!(" {figure:>14}")).collect();
    println!("{name:<36}{figures}");
}
