//! Questions before something is done, and why none was asked.

use std::fs;

use crate::agents::{SESSION, ids, shared, with_claude};
use crate::fixture::Result;
use crate::kept::PARENT;
use crate::terminal;

#[test]
fn an_agent_is_forgotten_after_a_question() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    let listed = || fixture.json(&["threads", "--agent", "claude", "--limit", "100"]);
    assert!(ids(&listed()?).contains(&SESSION));
    let forget = ["agents", "remove", "claude", "--forget"];
    insta::assert_snapshot!(fixture.run(&forget)?.all(), @r"
    exit 2
    --- stderr
    error: nothing was erased: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to erase without asking
    ");
    let (code, said) = terminal::asked(fixture.command(&forget), "", || Ok(()))?;
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(said, @r"
    Claude Code: 34 sessions
    Erase what was read of them, with their names, goals and kept files? [y/N] 
    nothing was erased
    ");
    assert!(ids(&listed()?).contains(&SESSION));
    let (code, said) = terminal::asked(fixture.command(&forget), "y", || Ok(()))?;
    assert!(code == Some(0) && said.contains("erased here: 34 sessions"), "{said}");
    let left = fixture.json(&["threads", "--any", "--all", "--limit", "1000"])?;
    assert!(left["threads"].as_array().ok_or("threads")?.iter().all(|thread| thread["agent"] == "codex"));
    Ok(())
}

#[test]
fn copies_alone_are_forgotten_after_a_question() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    fixture.json(&["agents", "remove", "claude"])?;
    fs::remove_dir_all(shared(&fixture).join("agents"))?;
    let forget = ["agents", "remove", "claude", "--forget"];
    let (code, said) = terminal::asked(fixture.command(&forget), "", || Ok(()))?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Claude Code: 0 sessions, and the kept files of 1 session\n"), "{said}");
    let copy = shared(&fixture).join("kept/claude").join(SESSION);
    assert!(copy.exists());
    let (code, said) = terminal::asked(fixture.command(&forget), "y", || Ok(()))?;
    assert!(code == Some(0) && !copy.exists(), "{said}");
    assert!(said.contains("erased here: 0 sessions, and the kept files of 1 session"), "{said}");
    let again = fixture.run(&forget)?;
    assert!(again.stderr.contains("claude was not added"), "{}", again.all());
    Ok(())
}

#[test]
fn json_asks_nothing_even_on_a_terminal() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    let (code, said) = terminal::asked(fixture.command(&["--json", "keep", "--all"]), "y", || Ok(()))?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("it needs a confirmation, and --json asks nothing"), "{said}");
    assert!(said.contains("pass --yes to copy without asking"), "{said}");
    Ok(())
}

#[test]
fn the_sessions_are_named_before_they_are_kept() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    let (code, said) = terminal::asked(fixture.command(&["keep", SESSION]), "n", || Ok(()))?;
    let title = fixture.json(&["threads", "show", SESSION])?["thread"]["title"].clone();
    let line = format!("e0e8f037-a8cd  {}\n1 session: 1 file, ", title.as_str().ok_or("a title")?);
    assert!(code == Some(0) && said.starts_with(&line), "{said}");
    fixture.json(&["keep", SESSION, "--yes"])?;
    let (_, said) = terminal::asked(fixture.command(&["keep", SESSION, PARENT]), "n", || Ok(()))?;
    assert!(said.ends_with("\nnothing was kept\n") && !said.contains("kept before"), "{said}");
    let (_, said) = terminal::asked(fixture.command(&["keep", "--all"]), "n", || Ok(()))?;
    assert!(said.lines().count() > 12 && said.contains("\nand 23 more\n33 sessions: "), "{said}");
    Ok(())
}
