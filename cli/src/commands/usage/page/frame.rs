//! The page around the charts: figures, headings, tables and styles.

use std::fmt::Write as _;

use super::chart;
use super::words::{escaped, number_of};
use crate::args::By;
use crate::commands::usage::groups::{Amount, Group, Groups};

/// Mark of our own pages, by which one may replace another.
pub(super) const GENERATOR: &str = "<meta name=\"generator\" content=\"threadkeep usage\">";

const STYLE: &str = include_str!("style.css");
/// Classes and names of the parts.
const LEGEND: [(&str, &str); 4] = [
    ("fresh", "input, not cached"),
    ("cached", "cached input"),
    ("written", "output"),
    ("reasoning", "reasoning"),
];

/// A part of the page.
pub(super) struct Section {
    heading: String,
    body: String,
}

impl Section {
    pub(super) fn of_time(groups: &Groups) -> Section {
        let heading = match groups.by {
            By::Week => "By week",
            By::Month => "By month",
            _ => "By day",
        };
        let used: Vec<&Group> =
            groups.rows.iter().filter(|group| group.amount != Amount::default()).collect();
        let mut body = legend() + &chart::over_time(&groups.rows);
        body.push_str("<details><summary>Numbers</summary>\n");
        body.push_str(&table(&used, None, &groups.total));
        body.push_str("</details>\n");
        Section { heading: heading.to_owned(), body }
    }

    pub(super) fn of_groups(heading: &str, groups: &Groups) -> Section {
        let rows: Vec<&Group> = groups.rows.iter().collect();
        let body = table(&rows, Some(chart::largest(&groups.rows)), &groups.total);
        Section { heading: heading.to_owned(), body }
    }
}

/// Makes the page.
pub(super) fn page(title: &str, about: &str, total: &Amount, sections: &[Section]) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{GENERATOR}\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p class=\"note\">{about}</p>\n"
    );
    html.push_str("<dl class=\"figures\">\n");
    let tokens = total.tokens;
    for (name, number, part) in [
        ("total", tokens.total, String::new()),
        ("input", tokens.input, share("cached", tokens.cached_input, tokens.input)),
        ("output", tokens.output, share("reasoning", tokens.reasoning, tokens.output)),
    ] {
        let _ = writeln!(
            html,
            "<div><dt>{name}</dt><dd>{}</dd><dd class=\"note\">{part}</dd></div>",
            number_of(number)
        );
    }
    for (name, part) in [("sub-agents", total.subagents), ("hidden", total.hidden)] {
        if part.requests > 0 {
            let _ = writeln!(
                html,
                "<div><dt>{name}</dt><dd>{}</dd><dd class=\"note\">in no other number</dd></div>",
                number_of(part.tokens.total)
            );
        }
    }
    html.push_str("</dl>\n");
    for Section { heading, body } in sections {
        let _ = write!(html, "<section>\n<h2>{}</h2>\n{body}</section>\n", escaped(heading));
    }
    html.push_str(
        "<p class=\"note\">Cached tokens are a part of the input, and reasoning tokens a part of the output. \
         Prices are not known here.</p>\n</main>\n</body>\n</html>\n",
    );
    html
}

fn share(name: &str, part: i64, whole: i64) -> String {
    let percent = part.saturating_mul(100).checked_div(whole).unwrap_or(0);
    format!("{} {name} ({percent} %)", number_of(part))
}

fn legend() -> String {
    let entry = |(class, name): (&str, &str)| format!("<li><i class=\"{class}\"></i>{name}</li>");
    format!("<ul class=\"legend\">{}</ul>\n", LEGEND.map(entry).concat())
}

/// Makes a table, with a bar in each row if the largest bar is given.
fn table(groups: &[&Group], largest: Option<i64>, total: &Amount) -> String {
    let bar = |amount: &Amount| {
        largest.map(|largest| format!("<td class=\"chart\">{}</td>", chart::of_group(amount, largest)))
    };
    let mut html = String::from("<div class=\"scroll\"><table>\n<thead><tr><th></th>");
    html.push_str(if largest.is_some() { "<th></th>" } else { "" });
    for title in ["input", "of which cached", "output", "of which reasoning", "total", "requests"] {
        let _ = write!(html, "<th class=\"number\">{title}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for group in groups {
        let label = escaped(&group.label);
        let _ = write!(
            html,
            "<tr><th class=\"label\" title=\"{label}\">{label}</th>{}",
            bar(&group.amount).unwrap_or_default()
        );
        html.push_str(&numbers(&group.amount));
        html.push_str("</tr>\n");
    }
    let empty = if largest.is_some() { "<td></td>" } else { "" };
    let _ = write!(
        html,
        "</tbody>\n<tfoot><tr><th class=\"label\">total</th>{empty}{}</tr></tfoot>\n",
        numbers(total)
    );
    html + "</table></div>\n"
}

fn numbers(amount: &Amount) -> String {
    let tokens = amount.tokens;
    let requests = i64::try_from(amount.requests).unwrap_or(i64::MAX);
    let all = [tokens.input, tokens.cached_input, tokens.output, tokens.reasoning, tokens.total, requests];
    all.map(|number| format!("<td class=\"number\">{}</td>", number_of(number))).concat()
}
