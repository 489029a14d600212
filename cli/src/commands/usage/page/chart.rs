//! Charts as SVG: bars over time, and a bar of one group.

use std::fmt::Write as _;

use threadkeep_app::text::short;

use super::words::{escaped, in_words};
use crate::commands::usage::groups::{Amount, Group};

/// Size of the chart over time, and its margins.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Lines of the grid, and most labels below the bars.
const LINES: i64 = 4;
const LABELS: usize = 8;
/// Width of a group's bar, in the units of its own picture.
const BAR: f64 = 100.0;

/// Parts of an amount that add up to it, with the names of their colours.
pub(super) fn parts(amount: &Amount) -> [(&'static str, i64); 4] {
    let tokens = amount.tokens;
    [
        ("fresh", (tokens.input - tokens.cached_input).max(0)),
        ("cached", tokens.cached_input),
        ("written", (tokens.output - tokens.reasoning).max(0)),
        ("reasoning", tokens.reasoning),
    ]
}

fn sum(amount: &Amount) -> i64 {
    parts(amount).iter().map(|(_, part)| part).sum()
}

/// Draws bars next to each other.
pub(super) fn over_time(groups: &[Group]) -> String {
    let largest = groups.iter().map(|group| sum(&group.amount)).max().unwrap_or(0).max(1);
    let step = step(largest);
    let top = (largest + step - 1) / step * step;
    let room = HEIGHT - TOP - BOTTOM;
    let y = |tokens: i64| TOP + room - tokens as f64 / top as f64 * room;
    let slot = (WIDTH - LEFT) / groups.len().max(1) as f64;
    let bar = (slot * 0.78).min(56.0);
    let mut svg = format!(
        "<svg class=\"time\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Tokens over time\">\n"
    );
    for tokens in (0..=top / step).map(|n| n * step) {
        let at = y(tokens);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"axis\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            short(tokens)
        );
    }
    let every = groups.len().div_ceil(LABELS).max(1);
    for (n, group) in groups.iter().enumerate() {
        let x = LEFT + slot * n as f64 + (slot - bar) / 2.0;
        let label = escaped(&group.label);
        let _ = write!(svg, "<g><title>{label}: {}</title>", in_words(&group.amount));
        let mut below = 0;
        for (kind, tokens) in parts(&group.amount).into_iter().filter(|(_, tokens)| *tokens > 0) {
            let (from, to) = (y(below), y(below + tokens));
            let _ = write!(
                svg,
                "<rect class=\"{kind}\" x=\"{x:.1}\" y=\"{to:.1}\" width=\"{bar:.1}\" height=\"{:.1}\"/>",
                from - to
            );
            below += tokens;
        }
        svg.push_str("</g>\n");
        if n % every == 0 {
            let _ = writeln!(
                svg,
                "<text class=\"axis\" x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{label}</text>",
                x + bar / 2.0,
                HEIGHT - 8.0
            );
        }
    }
    svg + "</svg>\n"
}

/// Draws the bar of one group next to the largest.
pub(super) fn of_group(amount: &Amount, largest: i64) -> String {
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {BAR} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    let mut x = 0.0;
    for (kind, tokens) in parts(amount).into_iter().filter(|(_, tokens)| *tokens > 0) {
        let width = tokens as f64 / largest.max(1) as f64 * BAR;
        let _ = write!(svg, "<rect class=\"{kind}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"10\"/>");
        x += width;
    }
    svg + "</svg>"
}

/// Returns the largest bar of some groups.
pub(super) fn largest(groups: &[Group]) -> i64 {
    groups.iter().map(|group| sum(&group.amount)).max().unwrap_or(0)
}

/// Returns a round distance of the grid's lines.
fn step(largest: i64) -> i64 {
    let rough = (largest / LINES).max(1);
    let power = 10_i64.pow(rough.ilog10());
    [1, 2, 5, 10].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(rough)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_has_round_numbers() {
        assert_eq!([1, 4, 9, 37, 1_000, 83_000].map(step), [1, 1, 2, 10, 500, 50_000]);
    }
}
