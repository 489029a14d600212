//! `usage`: the same total by every key, for people, pipes and programs, and as a page.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::fixture::{Fixture, Result};
use super::written::{Rollout, id};

const KEYS: [&str; 6] = ["day", "week", "month", "model", "folder", "thread"];

/// Adds up the rows of a document.
fn sum(usage: &Value) -> Result<Value> {
    let rows = usage["rows"].as_array().ok_or("an array")?;
    let names = ["input", "cached_input", "output", "reasoning", "total", "requests"];
    let add = |name: &str| rows.iter().filter_map(|row| row[name].as_i64()).sum::<i64>();
    Ok(names
        .iter()
        .map(|name| ((*name).to_owned(), Value::from(add(name))))
        .collect::<serde_json::Map<_, _>>()
        .into())
}

/// Checks that every key has the same total, which its rows add up to. Returns it.
fn total(fixture: &Fixture, options: &[&str]) -> Result<Value> {
    let of = |key: &str| fixture.json(&[&["usage", "--by", key], options].concat());
    let total = of("day")?["total"].clone();
    for key in KEYS {
        let usage = of(key)?;
        assert_eq!(usage["total"], total, "by {key}");
        assert_eq!(sum(&usage)?, total, "by {key}");
    }
    Ok(total)
}

/// A home with the files of another.
fn copied(home: &Path) -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    let status = std::process::Command::new("cp").arg("-r").arg(home).arg(fixture.home()).status()?;
    assert!(status.success());
    Ok(fixture)
}

#[test]
fn every_key_has_the_same_total() -> Result {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for home in ["home", "home-0.171", "home-tools"] {
        let fixture = copied(&examples.join(home))?;
        let before = total(&fixture, &[])?;
        assert!(before["total"].as_i64() > Some(0), "{home}");
        assert_eq!(
            before["total"].as_i64(),
            Some(before["input"].as_i64().unwrap_or(0) + before["output"].as_i64().unwrap_or(0))
        );
        // Its rollout is gone, and its tokens were used.
        let rollout = fixture.json(&["threads"])?["threads"][0]["rollout_path"].clone();
        fs::remove_file(fixture.home().join(rollout.as_str().ok_or("a path")?))?;
        total(&fixture, &[])?;
        let deleted = fixture.json(&["threads"])?["threads"][0]["id"].clone();
        fixture.json(&["threads", "delete", deleted.as_str().ok_or("an id")?, "--yes"])?;
        let after = total(&fixture, &[])?;
        assert!(after["total"].as_i64() < before["total"].as_i64(), "{home}: what is deleted is gone");
    }
    Ok(())
}

#[test]
fn days_limit_the_usage() -> Result {
    let fixture = Fixture::empty()?;
    for (n, at) in [(1, "2026-10-01T10:00"), (2, "2026-10-04T23:30"), (3, "2026-10-05T00:30")] {
        Rollout { n, at, tokens: 10_i64.pow(n), ..Rollout::default() }.write(&fixture)?;
    }
    let of = |options: &[&str]| -> Result<Value> { Ok(total(&fixture, options)?["total"].clone()) };
    assert_eq!(of(&[])?, 1_110);
    assert_eq!(of(&["--since", "2026-10-04"])?, 1_100);
    assert_eq!(of(&["--until", "2026-10-04"])?, 110);
    assert_eq!(of(&["--since", "2026-10-04", "--until", "2026-10-04"])?, 100);
    let weeks = fixture.json(&["usage", "--by", "week"])?;
    let weeks: Vec<_> =
        weeks["rows"].as_array().ok_or("an array")?.iter().map(|row| (&row["week"], &row["total"])).collect();
    assert_eq!(weeks, [(&json!("2026-W40"), &json!(110)), (&json!("2026-W41"), &json!(1_000))]);
    let none = fixture.run(&["usage", "--since", "2027-01-01"])?;
    insta::assert_snapshot!(none.all(), @r"
    exit 0
    --- stdout
    No tokens were used on these days.
    ");
    let swapped = fixture.run(&["usage", "--since", "2026-10-05", "--until", "2026-10-04"])?;
    insta::assert_snapshot!(swapped.all(), @r"
    exit 2
    --- stderr
    error: --until (2026-10-04) is before --since (2026-10-05)
      hint: give the earlier day with --since
    ");
    Ok(())
}

#[test]
fn a_table_fits_and_a_pipe_gets_plain_numbers() -> Result {
    let fixture = Fixture::bundled()?;
    let at = |columns: &str, by: &str| -> Result<String> {
        let output = fixture.command(&["usage", "--by", by]).env("COLUMNS", columns).output()?;
        Ok(fixture.say(output)?.stdout)
    };
    insta::assert_snapshot!(at("80", "day")?, @r"
    DAY           INPUT  (CACHED)  OUTPUT  (REASONING)    TOTAL
    2019-11-22  846,291   423,137   2,000          280  848,291  ███████████████████
    total       846,291   423,137   2,000          280  848,291
    40 requests; cached is part of input, and reasoning part of output; days are in UTC
    ");
    insta::assert_snapshot!(at("120", "model")?, @r"
    MODEL            INPUT  (CACHED)  OUTPUT  (REASONING)    TOTAL
    mock-model     793,432   396,709   1,800          252  795,232  ████████████████████████████████████████
    gpt-5-codex     23,561    11,780     100           14   23,661  █▎
    gpt-5.1-other   17,563     8,781      50            7   17,613  ▉
    o3              11,735     5,867      50            7   11,785  ▋
    total          846,291   423,137   2,000          280  848,291
    40 requests; cached is part of input, and reasoning part of output; days are in UTC
    ");
    insta::assert_snapshot!(at("50", "folder")?, @r"
    FOLDER                        INPUT  OUTPUT  TOTAL
    /tmp/project/widget            658k    1.1k   659k
    /tmp/project/plain             121k     600   121k
    /tmp/project/detached           36k     200    37k
    /tmp/project/данные ünï 日本    20k     100    20k
    /tmp/project/secret-origin      12k      50    12k
    total                          846k      2k   848k
    40 requests; cached is part of input, and reasoning part of output; days are in UTC
    ");
    for by in KEYS {
        for columns in ["50", "80", "120"] {
            for line in at(columns, by)?.lines().filter(|line| !line.contains("requests")) {
                assert!(line.chars().count() <= columns.parse()?, "{columns}: {line}");
            }
        }
    }
    let piped = fixture.command(&["usage", "--by", "model"]).env_remove("COLUMNS").output()?;
    insta::assert_snapshot!(fixture.say(piped)?.all().replace('\t', "|"), @r"
    exit 0
    --- stdout
    MODEL|INPUT|CACHED|OUTPUT|REASONING|TOTAL|REQUESTS|SUB-AGENTS|HIDDEN
    mock-model|793432|396709|1800|252|795232|36||
    gpt-5-codex|23561|11780|100|14|23661|2||
    gpt-5.1-other|17563|8781|50|7|17613|1||
    o3|11735|5867|50|7|11785|1
    --- stderr
    40 requests; cached is part of input, and reasoning part of output; days are in UTC
    ");
    let threads = fixture.command(&["usage", "--by", "thread"]).env_remove("COLUMNS").output()?;
    let threads = fixture.say(threads)?.stdout;
    assert_eq!(
        threads.lines().next(),
        Some("ID\tINPUT\tCACHED\tOUTPUT\tREASONING\tTOTAL\tREQUESTS\tTHREAD\tSUB-AGENTS\tHIDDEN")
    );
    assert!(threads.lines().all(|line| line.split('\t').count() == 10), "{threads}");
    Ok(())
}

#[test]
fn threads_that_are_many_end_in_one_line_with_their_sum() -> Result {
    let fixture = Fixture::empty()?;
    for n in 1..=30 {
        Rollout { n, tokens: 1, cwd: &format!("/srv/{n}"), ..Rollout::default() }.write(&fixture)?;
    }
    for by in ["thread", "folder"] {
        let said = fixture.run(&["usage", "--by", by])?.stdout;
        assert_eq!(said.lines().count(), 1 + 20 + 1 + 1 + 1, "{said}");
        let rest = said.lines().nth(21).ok_or("a line")?;
        assert!(rest.starts_with("10 more (-v)") && rest.contains(" 10"), "{said}");
        let whole = fixture.run(&["usage", "--by", by, "-v"])?.stdout;
        assert_eq!(whole.lines().count(), 1 + 30 + 1 + 1, "{whole}");
    }
    Ok(())
}

#[test]
fn a_page_needs_nothing_else_and_replaces_only_a_page() -> Result {
    let fixture = Fixture::empty()?;
    Rollout { said: Some("</title><script>alert(1)</script> \u{202e}"), ..Rollout::default() }
        .write(&fixture)?;
    let page = fixture.path().join("usage.html");
    for _ in 0..2 {
        let said = fixture.run(&["usage", "--html", "usage.html"])?;
        assert!(said.code == Some(0) && said.stdout.ends_with("page: [tmp]/usage.html\n"), "{}", said.all());
    }
    let html = fs::read_to_string(&page)?;
    assert!(html.contains("<svg") && html.contains("&lt;script&gt;alert(1)"), "{html}");
    for never in ["<script", "http://", "https://", "<link", "<img", "url(", "@import", "\u{202e}"] {
        assert!(!html.contains(never), "{never}");
    }
    fs::write(&page, "notes of mine")?;
    insta::assert_snapshot!(fixture.run(&["usage", "--html", "usage.html"])?.all(), @r"
    exit 2
    --- stderr
    error: usage.html exists, and is no page of this command
      hint: choose another name, or remove the file
    ");
    assert_eq!(fs::read_to_string(&page)?, "notes of mine");
    Ok(())
}

#[test]
fn a_thread_that_the_index_lost_keeps_its_tokens() -> Result {
    let fixture = Fixture::empty()?;
    for n in 1..=2 {
        Rollout { n, ..Rollout::default() }.write(&fixture)?;
    }
    fixture.json(&["usage"])?;
    fs::remove_file(fixture.database())?;
    fs::remove_file(
        fixture
            .home()
            .join("sessions")
            .join("2026/10/01")
            .join(format!("rollout-2026-10-01T10-00-00-{}.jsonl", id(2))),
    )?;
    let said = fixture.run(&["--json", "usage", "--by", "thread", "--no-refresh"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    let usage: Value = serde_json::from_str(&said.stdout)?;
    assert_eq!((&usage["rows"][0]["thread_id"], &usage["total"]["total"]), (&json!(null), &json!(200)));
    assert_eq!(sum(&usage)?, usage["total"]);
    Ok(())
}
