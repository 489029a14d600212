//! Agents in lists, searches and reports, and the words about them.

use crate::agents::with_claude;
use crate::fixture::{Fixture, Result};

/// Claude Code, added to a home of Codex.
fn with_both() -> Result<Fixture> {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["backfill"])?;
    Ok(fixture)
}

/// Runs a command as on a terminal with so many columns.
fn wide(fixture: &Fixture, columns: &str, arguments: &[&str]) -> Result<String> {
    let output = fixture.command(arguments).env("COLUMNS", columns).output()?;
    Ok(fixture.say(output)?.stdout)
}

/// Returns the cells of a column, by the place of its title.
fn column<'a>(table: &'a str, title: &str) -> Result<Vec<&'a str>> {
    let (head, rows) = table.split_once('\n').ok_or("a table")?;
    let start = head.find(title).ok_or_else(|| format!("{title} is in {head}"))?;
    let start = head[..start].chars().count();
    let cell = |row: &'a str| {
        let from = row.char_indices().nth(start).map_or(row.len(), |(n, _)| n);
        row[from..].split_whitespace().next().unwrap_or_default()
    };
    Ok(rows.lines().map(cell).collect())
}

#[test]
fn lists_name_the_agent_of_each_thread() -> Result {
    let fixture = with_both()?;
    let list = wide(&fixture, "140", &["threads", "--limit", "100"])?;
    let agents = column(&list, "AGENT")?;
    assert!(agents.contains(&"codex") && agents.contains(&"claude"), "{list}");
    let tree = wide(&fixture, "140", &["threads", "tree"])?;
    let agents = column(&tree, "AGENT")?;
    assert!(agents.contains(&"codex") && agents.contains(&"claude"), "{tree}");
    assert!(tree.lines().next().is_some_and(|head| head.contains("NICKNAME")), "{tree}");
    let found = wide(&fixture, "140", &["search", "Index", "agents", "--all"])?;
    assert!(found.lines().next().is_some_and(|head| head.contains("  claude")), "{found}");
    // A list of one agent has no such column.
    let alone = Fixture::bundled()?;
    let list = wide(&alone, "140", &["threads"])?;
    assert!(column(&list, "AGENT").is_err(), "{list}");
    Ok(())
}

#[test]
fn usage_is_that_of_the_named_agents() -> Result {
    let fixture = with_both()?;
    let total = |arguments: &[&str]| -> Result<u64> {
        let usage = fixture.json(&[&["usage"], arguments].concat())?;
        Ok(usage["total"]["total"].as_u64().ok_or("a total")?)
    };
    let (all, claude, codex) = (total(&[])?, total(&["--agent", "claude"])?, total(&["--agent", "codex"])?);
    assert!(claude > 0 && codex > 0 && claude + codex == all);
    assert_eq!(total(&["--by", "model", "--agent", "claude"])?, claude);
    assert_eq!(total(&["--agent", "codex,claude"])?, all);
    let count = |agents: &str| -> Result<usize> {
        let list = fixture.json(&["threads", "--all", "--limit", "1000", "--agent", agents])?;
        Ok(list["threads"].as_array().ok_or("threads")?.len())
    };
    assert_eq!(count("codex,claude")?, count("codex")? + count("claude")?);
    Ok(())
}
