//! Agents in lists, searches and reports, and the words about them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::agents::{SESSION, ids, user, with_claude};
use crate::fixture::{Fixture, Result, copy};

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
fn a_sheet_names_the_agent_and_the_nickname() -> Result {
    let rows = |fixture: &Fixture| -> Result<Vec<String>> {
        let sheet = fixture.run(&["threads", "show", "01a2036e-6cdf"])?.stdout;
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_meant = |line: &&str| line.starts_with("agent  ") || line.starts_with("nickname  ");
        Ok(sheet.lines().filter(is_meant).map(words).collect())
    };
    assert_eq!(rows(&Fixture::bundled()?)?, ["nickname Boyle"]);
    assert_eq!(rows(&with_both()?)?, ["agent codex", "nickname Boyle"]);
    Ok(())
}

#[test]
fn one_damaged_line_is_said_to_be_skipped() -> Result {
    let fixture = with_both()?;
    let path = user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{SESSION}.jsonl"));
    fs::write(&path, fs::read_to_string(&path)? + "{\n{\"type\":\"mode\"}\n")?;
    let said = fixture.run(&["threads"])?;
    assert!(said.stderr.contains("1 damaged line of claude was skipped, such as in"), "{}", said.all());
    Ok(())
}

#[test]
fn a_program_reads_rows_of_plain_values() -> Result {
    let fixture = with_both()?;
    fs::remove_file(user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{SESSION}.jsonl")))?;
    let read = |arguments: &[&str]| fixture.say(fixture.command(arguments).env_remove("COLUMNS").output()?);
    let listed = read(&["agents"])?;
    assert!(listed.stderr.contains("Claude Code has deleted 1 session"), "{}", listed.all());
    let rows: Vec<Vec<&str>> = listed.stdout.lines().map(|row| row.split('\t').collect()).collect();
    assert!(rows.len() > 2 && rows.iter().all(|row| row.len() == 6), "{}", listed.all());
    assert!(rows[1..].iter().all(|row| row[3].parse::<u64>().is_ok()), "{}", listed.all());
    assert_eq!(read(&["-q", "agents"])?.stderr, "");
    let id = ids(&fixture.json(&["threads", "--agent", "claude", "--limit", "1"])?)[0].to_owned();
    fixture.json(&["keep", &id, "--yes"])?;
    let kept = read(&["kept"])?.stdout;
    let bytes = kept.lines().nth(1).and_then(|row| row.split('\t').nth(3)).ok_or("bytes")?;
    assert!(bytes.parse::<u64>().is_ok(), "{kept}");
    Ok(())
}

#[test]
fn sessions_that_their_agent_has_deleted_are_marked_and_can_be_listed_alone() -> Result {
    let fixture = with_both()?;
    let forks = fixture.json(&["threads", "--agent", "claude", "--limit", "100"])?;
    let forks = forks["threads"].as_array().into_iter().flatten();
    let fork = forks.clone().find(|thread| thread["forked_from_id"].is_string()).ok_or("a fork")?;
    let fork = fork["id"].as_str().ok_or("an id")?;
    let none = fixture.run(&["threads", "--gone"])?.stdout;
    assert!(none.starts_with("No current thread of yours matches --gone.\nwithout --gone: "), "{none}");
    for id in [SESSION, fork] {
        fs::remove_file(user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{id}.jsonl")))?;
    }
    let gone = fixture.json(&["threads", "--gone"])?;
    let mut listed = ids(&gone);
    listed.sort_unstable();
    let mut expected = [SESSION, fork];
    expected.sort_unstable();
    assert_eq!(listed, expected);
    let table = wide(&fixture, "140", &["threads", "--gone"])?;
    assert_eq!(table.matches("  gone: ").count(), 2, "{table}");
    assert_eq!(table.matches("  gone: fork: ").count(), 1, "{table}");
    assert!(!wide(&fixture, "140", &["threads", "--agent", "codex"])?.contains("gone: "));
    // It goes with the other filters, and pages go on.
    fixture.json(&["threads", "archive", SESSION])?;
    assert_eq!(ids(&fixture.json(&["threads", "--gone"])?), [fork]);
    assert_eq!(ids(&fixture.json(&["threads", "--gone", "--archived"])?), [SESSION]);
    assert!(ids(&fixture.json(&["threads", "--gone", "--any", "--agent", "codex"])?).is_empty());
    let first = fixture.json(&["threads", "--gone", "--any", "--limit", "1"])?;
    let cursor = first["next_cursor"].as_str().ok_or("a cursor")?;
    let second = fixture.json(&["threads", "--gone", "--any", "--limit", "1", "--cursor", cursor])?;
    let mut both = [ids(&first), ids(&second)].concat();
    both.sort_unstable();
    assert_eq!(both, expected);
    let deleted = fixture.run(&["threads", "--gone", "--deleted"])?;
    assert!(deleted.stderr.contains("`--gone` cannot be used with `--deleted`"), "{}", deleted.all());
    Ok(())
}

#[test]
fn agents_are_listed_with_what_they_have_now_also_if_they_were_removed() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    let claude = || -> Result<Value> {
        let listed = fixture.json(&["agents"])?;
        Ok(listed["agents"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|row| row["agent"] == "claude")
            .cloned()
            .ok_or("a row")?)
    };
    assert_eq!((&claude()?["sessions"], &claude()?["gone"]), (&34.into(), &0.into()));
    let folder = user(&fixture).join(".claude/projects/-home-user-proj-widget");
    fs::remove_file(folder.join(format!("{SESSION}.jsonl")))?;
    assert_eq!((&claude()?["sessions"], &claude()?["gone"]), (&34.into(), &1.into()));

    fixture.json(&["agents", "remove", "claude"])?;
    let row = claude()?;
    assert_eq!((&row["included"], &row["sessions"]), (&false.into(), &34.into()), "{row}");
    let table = wide(&fixture, "120", &["agents"])?;
    assert_eq!((column(&table, "SHOWN")?[0], column(&table, "SESSIONS")?[0]), ("removed", "34"), "{table}");
    let again = "Claude Code is no longer read, and its sessions stay here; `threadkeep agents add claude ";
    assert!(table.contains(again) && !table.contains("agents add NAME"), "{table}");
    // Also if its folder is no longer there.
    fs::remove_dir_all(user(&fixture).join(".claude"))?;
    assert_eq!((&claude()?["sessions"], &claude()?["exists"]), (&34.into(), &false.into()));
    let table = wide(&fixture, "120", &["agents"])?;
    assert!(table.contains("stay here; `threadkeep agents remove claude --forget` erases them"), "{table}");
    fixture.json(&["agents", "remove", "claude", "--forget", "--yes"])?;
    assert!(claude().is_err());
    Ok(())
}

#[test]
fn an_agent_that_was_not_added_is_said_to_be_that() -> Result {
    let fixture = with_both()?;
    let add = "note: gemini is not added; `threadkeep agents add gemini` shows its sessions\n";
    for command in [&["threads"][..], &["usage"], &["search", "Index"]] {
        let said = fixture.run(&[command, &["--agent", "gemini,claude"]].concat())?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), add), "{}", said.all());
    }
    let by_agent = || fixture.run(&["usage", "--by", "agent"]);
    assert!(!by_agent()?.all().contains("not added"), "no folder of another agent is here");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/gemini/home");
    copy(&example, &user(&fixture), &|text| text)?;
    let said = by_agent()?;
    let add = "not added: `threadkeep agents add gemini` shows them, too\n";
    assert!(said.stdout.ends_with(add), "{}", said.all());
    fixture.json(&["agents", "add", "gemini"])?;
    assert!(!by_agent()?.all().contains("not added"));
    // What was read of a removed agent is shown.
    fixture.json(&["agents", "remove", "gemini"])?;
    fixture.json(&["threads", "--agent", "gemini"])?;
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

#[test]
fn sessions_that_gemini_is_about_to_delete_are_warned_of() -> Result {
    let fixture = Fixture::bundled()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/gemini/home");
    copy(&example, &user(&fixture), &|text| text.replace("2026-11-", "2019-11-"))?;
    let settings = user(&fixture).join(".gemini/settings.json");
    let retention =
        |value: Value| fs::write(&settings, json!({ "general": { "sessionRetention": value } }).to_string());
    fixture.json(&["agents", "add", "gemini"])?;
    let sessions = fixture.json(&["threads", "--agent", "gemini", "--all", "--limit", "100"])?;
    let sessions = ids(&sessions).len();
    let warning =
        |keep: &str| format!("Gemini CLI will delete {sessions} sessions within a week; {keep} the files");
    let listed = fixture.run(&["agents"])?;
    let keeps = "`threadkeep keep --ending` keeps";
    assert!(listed.stdout.contains(&warning(keeps)), "{}", listed.all());
    let rows = fixture.json(&["agents"])?;
    let row = rows["agents"].as_array().into_iter().flatten().find(|row| row["agent"] == "gemini");
    assert_eq!(row.ok_or("a row")?["deleted_soon"], sessions);
    let doctor = fixture.run(&["doctor", "--all"])?;
    assert!(doctor.stdout.contains(&warning("what was read stays, and")[..60]), "{}", doctor.all());
    for kept in [json!({ "enabled": false }), json!({ "maxAge": "99999d" })] {
        retention(kept)?;
        let listed = fixture.run(&["agents"])?;
        assert!(!listed.stdout.contains("will delete"), "{}", listed.all());
    }
    fs::remove_file(&settings)?;
    let listed = fixture.run(&["agents"])?;
    assert!(listed.stdout.contains(&warning(keeps)), "{}", listed.all());
    fixture.json(&["keep", "--ending", "--yes"])?;
    let listed = fixture.run(&["agents"])?;
    assert!(!listed.stdout.contains("will delete"), "kept: {}", listed.all());
    Ok(())
}

#[test]
fn names_of_agents_are_never_cut_and_places_at_their_beginning() -> Result {
    let fixture = with_claude()?;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents");
    copy(&examples.join("kimicode"), &user(&fixture), &|text| text)?;
    let list = wide(&fixture, "60", &["agents"])?;
    assert!(
        list.lines().any(|line| line.starts_with("kimi-code ") && line.ends_with("/.kimi-code")),
        "{list}"
    );
    let mut rows = list.lines().take_while(|line| !line.starts_with('`'));
    assert!(rows.all(|line| line.chars().count() <= 60), "{list}");
    Ok(())
}

#[test]
fn a_wrong_word_about_agents_is_answered_with_the_right_one() -> Result {
    let fixture = with_claude()?;
    let hint = |arguments: &[&str]| -> Result<String> {
        let said = fixture.run(arguments)?;
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.all());
        let words = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(words.split_once("hint: ").ok_or("a hint")?.1.to_owned())
    };
    let unknown = hint(&["threads", "--agent", "clod"])?;
    assert_eq!(unknown.matches("codex").count(), 1, "{unknown}");
    for word in ["Claude", "claude-code", "Claude Code", "claud"] {
        let unknown = hint(&["agents", "add", word])?;
        assert!(unknown.starts_with("did you mean `claude`? the agents are codex, "), "{unknown}");
    }
    assert_eq!(hint(&["agents", "ad", "claude"])?, "did you mean `threadkeep agents add`?");
    let help = "`threadkeep agents --help` lists the commands for agents";
    assert_eq!(hint(&["agents", "rm", "claude"])?, help);
    assert_eq!(hint(&["agents", "list"])?, "`threadkeep agents` lists the agents");
    let forget = "`--forget` is an option of `threadkeep agents remove`";
    assert_eq!(hint(&["agents", "add", "claude", "--forget"])?, forget);
    Ok(())
}

#[test]
fn an_export_to_a_dash_is_printed() -> Result {
    let fixture = Fixture::bundled()?;
    let printed = fixture.run(&["threads", "export", "@1"])?;
    let dash = fixture.run(&["threads", "export", "@1", "--output", "-"])?;
    assert_eq!((dash.code, &dash.stdout), (Some(0), &printed.stdout));
    assert!(dash.stdout.len() > 100 && !fixture.path().join("-").exists());
    Ok(())
}

#[test]
fn a_session_whose_agent_shortens_an_answer_is_no_damaged_file() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads"])?;
    let path = user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{SESSION}.jsonl"));
    let mut lines = Vec::new();
    for line in fs::read_to_string(&path)?.lines() {
        let mut line: Value = serde_json::from_str(line)?;
        if line["type"] == "assistant" {
            line["message"]["content"] = json!([{ "type": "text", "text": "x" }]);
        }
        lines.push(line.to_string());
    }
    fs::write(&path, lines.join("\n") + "\n")?;
    for _ in 0..2 {
        let indexed = fixture.run(&["backfill"])?;
        assert_eq!(indexed.code, Some(0), "{}", indexed.all());
    }
    let audited = fixture.run(&["audit"])?;
    assert_eq!(audited.code, Some(0), "{}", audited.all());
    Ok(())
}
