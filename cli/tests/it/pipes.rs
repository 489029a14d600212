//! Output that a program reads, and commands that are copied from it.

use super::family::{family, id};
use super::fixture::{Fixture, Result, Said};
use super::written::Rollout;

/// Runs the binary for a pipe.
fn run(fixture: &Fixture, arguments: &[&str]) -> Result<Said> {
    fixture.say(fixture.command(arguments).env_remove("COLUMNS").output()?)
}

/// Returns what a pipe gets.
fn piped(fixture: &Fixture, arguments: &[&str]) -> Result<String> {
    Ok(run(fixture, arguments)?.stdout.replace('\t', " | "))
}

#[test]
fn ids_are_whole_in_a_pipe() -> Result {
    let fixture = family()?;
    fixture.json(&["goals", "set", &id(1), "Grow"])?;
    insta::assert_snapshot!(piped(&fixture, &["threads", "tree"])?, @r"
    ID | THREAD | NICKNAME | LIFE | LAST RUN | UPDATED
    01a21000-0001-7000-8000-0000000001ab | Plan the greenhouse |  | open | completed | 2019-11-21T10:00:00.000Z
    01a21000-0003-7000-8000-0000000003ab | ├─ Count the panes | Fern (scout) | open | completed | 2019-11-20T10:00:00.000Z
    01a21000-0004-7000-8000-0000000004ab | └─ Build it of glass | fork | open | completed | 2019-11-22T10:00:00.000Z
    ");
    let goals = piped(&fixture, &["goals", "list"])?;
    assert!(goals.lines().nth(1).is_some_and(|line| line.starts_with(&format!("{} | 20", id(1)))), "{goals}");
    let sheet = piped(&fixture, &["threads", "show", &id(1)])?;
    for agent in [3, 4] {
        assert!(sheet.contains(&id(agent)), "{sheet}");
    }
    Ok(())
}

#[test]
fn a_pipe_gets_the_answer_alone_and_all_of_it() -> Result {
    let fixture = family()?;
    for (words, note) in [
        (&["goals", "list"][..], "No thread has a goal."),
        (&["threads", "tree", "--before", &id(1)], "No older thread has sub-agents or forks."),
        (&["logs", "--search", "nothing"], "No row matches."),
    ] {
        fixture.json(&["threads", "archive", &id(4)])?;
        let said = run(&fixture, words)?;
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""), "{words:?}");
        assert!(said.stderr.starts_with(note), "{words:?}: {}", said.all());
        assert!(fixture.run(words)?.stdout.starts_with(note), "{words:?}");
    }
    for n in 20..33 {
        let broken = Rollout { n, ..Rollout::default() }.write(&fixture)?;
        std::fs::write(broken, "")?;
    }
    assert_eq!(piped(&fixture, &["backfill"])?.matches("the file is empty").count(), 13);
    assert!(fixture.run(&["backfill"])?.stdout.contains("and 3 more: -v shows all"));
    Ok(())
}

#[test]
fn an_id_is_as_long_as_the_whole_index_needs() -> Result {
    let fixture = family()?;
    // Another thread, on no tree, has an id that is alike.
    let alike = "01a21000-0001-7000-8000-0000000009ab";
    super::family::alike(&fixture, 1, alike)?;
    let tree = fixture.run(&["threads", "tree", "--limit", "1"])?.stdout;
    assert!(tree.contains(&id(1)[..34]), "{tree}");
    assert!(fixture.run(&["complete-values", "ids"])?.stdout.contains(&id(1)[..34]));
    Ok(())
}

#[test]
fn a_line_without_a_thread_has_no_id() -> Result {
    let tree = piped(&family()?, &["threads", "tree", "--depth", "0"])?;
    assert!(tree.contains("\n | └─ … 2 more: --depth 1 shows them |"), "{tree}");
    Ok(())
}

#[test]
fn a_tree_shows_tokens() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "tree", "--tokens"])?.stdout, @r"
    ID                THREAD               NICKNAME      TOKENS  BELOW  LIFE  LAST RUN   UPDATED
    01a21000-0001     Plan the greenhouse                4k      200    open  completed  21 Nov 2019
    ├─ 01a21000-0003  Count the panes      Fern (scout)  200            open  completed  20 Nov 2019
    └─ 01a21000-0004  Build it of glass    fork          1.5k           open  completed  22 Nov 2019
    ");
    let agents = fixture.json(&["threads", "tree", "--tokens"])?["agents"].clone();
    assert_eq!((&agents[0]["own_tokens"], &agents[0]["agents"]["own_tokens"]), (&4_000.into(), &200.into()));
    assert_eq!((&agents[1]["own_tokens"], &agents[1]["agents"]["count"]), (&200.into(), &0.into()));
    assert!(fixture.json(&["threads", "tree"])?["agents"][0]["own_tokens"].is_null());
    Ok(())
}

#[test]
fn the_agent_is_told_which_home_it_should_use() -> Result {
    let fixture = family()?;
    let resume = |arguments: &[&str], home: Option<&str>| -> Result<String> {
        let mut command = fixture.command(&[arguments, &["threads", "show", &id(1)]].concat());
        command.env_remove("CODEX_HOME");
        if let Some(home) = home {
            command.env("CODEX_HOME", fixture.path().join(home));
        }
        let said = fixture.say(command.output()?)?.stdout;
        let line = said.lines().skip_while(|line| !line.starts_with("go on with"));
        Ok(line.take(2).collect::<Vec<_>>().join("\n"))
    };
    let plain = format!("codex resume {}", id(1));
    let set = format!("CODEX_HOME=[tmp]/home {plain}");
    assert!(resume(&["--home", "home"], None)?.contains(&set));
    assert!(resume(&["--home", "home"], Some("other"))?.contains(&set));
    for home in [&["--home", "home/../home"][..], &[]] {
        let said = resume(home, Some("home"))?;
        assert!(said.contains(&plain) && !said.contains("CODEX_HOME"), "{said}");
    }
    let odd = fixture.path().join("it's mine");
    std::fs::rename(fixture.home(), &odd)?;
    let said = resume(&["--home", "it's mine"], None)?;
    assert!(said.contains(&format!(r"CODEX_HOME='[tmp]/it'\''s mine' {plain}")), "{said}");
    Ok(())
}
