//! Terminal, multiplexer, system and disk.

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, typed};

#[test]
fn the_terminal_has_a_name_a_size_and_colours() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("TERM_PROGRAM", "WezTerm");
    fixture.set("TERM_PROGRAM_VERSION", "20240203");
    fixture.machine.terminals = [true, true, false];
    fixture.machine.size = Some((120, 40));
    fixture.machine.has_color = true;
    let check = fixture.check("terminal.env")?;
    assert_eq!(check["summary"], "WezTerm 20240203 · TERM=xterm-256color");
    let details = &check["details"];
    assert_eq!((&details["size"], &details["multiplexer"]), (&"120x40".into(), &"none".into()));
    assert_eq!(details["stdout is a terminal"], "yes");
    assert_eq!(details["stderr is a terminal"], "no");
    assert_eq!(details["colours"], "on (stdout is a terminal)");
    Ok(())
}

#[test]
fn the_decision_about_colours_has_a_reason() -> Result {
    let mut fixture = Fixture::new()?;
    let mut colors = |set: &[(&str, &str)], is_terminal: bool, has_color: bool| -> Result<String> {
        for (name, value) in set {
            fixture.set(name, value);
        }
        fixture.machine.terminals = [is_terminal; 3];
        fixture.machine.has_color = has_color;
        Ok(fixture.check("terminal.env")?["details"]["colours"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(colors(&[], false, false)?, "off (stdout is not a terminal)");
    assert_eq!(colors(&[], true, false)?, "off (chosen by an option)");
    assert_eq!(colors(&[("TERM", "dumb")], true, false)?, "off (TERM is dumb)");
    assert_eq!(colors(&[("CLICOLOR", "0")], true, false)?, "off (CLICOLOR is 0)");
    assert_eq!(colors(&[("CLICOLOR_FORCE", "1")], false, true)?, "on (CLICOLOR_FORCE is set)");
    assert_eq!(colors(&[("NO_COLOR", "1")], true, false)?, "off (NO_COLOR is set)");
    Ok(())
}

#[test]
fn a_dumb_terminal_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("TERM", "dumb");
    assert_eq!(fixture.check("terminal.env")?["status"], "ok");
    fixture.machine.terminals = [true; 3];
    let check = fixture.check("terminal.env")?;
    assert_eq!(check["status"], "warning");
    let remedy = check["remediation"].as_str().ok_or("no remedy")?;
    assert_eq!(typed(&fixture, remedy, "echo $TERM")?, "xterm-256color");
    Ok(())
}

/// A real server, if tmux is here. A script with its real output otherwise.
#[test]
fn the_options_of_the_tmux_pane_are_shown() -> Result {
    let mut fixture = Fixture::new()?;
    let script = "printf 'extended-keys off\\nallow-passthrough* on\\nset-clipboard external\\n'";
    on_path(&mut fixture, "tmux", script)?;
    fixture.set("TMUX", "/tmp/tmux-0/default,1,0");
    fixture.set("TMUX_PANE", "%0");
    fixture.set("TERM_PROGRAM", "tmux");
    fixture.set("TERM_PROGRAM_VERSION", "3.3a");
    let check = fixture.check("terminal.env")?;
    let details = &check["details"];
    assert_eq!(details["multiplexer"], "tmux 3.3a");
    assert_eq!(details["tmux extended-keys"], "off");
    assert_eq!(details["tmux allow-passthrough"], "on");
    assert_eq!(details["tmux set-clipboard"], "external");
    on_path(&mut fixture, "tmux", "echo 'no server running on /tmp/x' >&2; exit 1")?;
    assert_eq!(fixture.check("terminal.env")?["details"]["tmux options"], "tmux fails");
    fixture.set("PATH", "");
    assert_eq!(fixture.check("terminal.env")?["details"]["tmux options"], "tmux is not on PATH");
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_real_tmux_server_answers() -> Result {
    use std::process::Command;
    let mut fixture = Fixture::new()?;
    fixture.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    if fixture.machine.programs("tmux").is_empty() {
        return Ok(());
    }
    let socket = fixture.folder().join("tmux");
    let tmux = |words: &[&str]| -> Result<String> {
        let output =
            Command::new("tmux").args(["-f", "/dev/null", "-S"]).arg(&socket).args(words).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let pane = tmux(&["new-session", "-d", "-P", "-F", "#{pane_id},#{pid}", "cat"])?;
    let (pane, pid) = pane.split_once(',').ok_or("tmux has no pane")?;
    tmux(&["set-option", "-s", "set-clipboard", "off"])?;
    tmux(&["set-option", "-p", "-t", pane, "allow-passthrough", "on"])?;
    fixture.set("TMUX", &format!("{},{pid},0", socket.display()));
    fixture.set("TMUX_PANE", pane);
    let check = fixture.check("terminal.env");
    tmux(&["kill-server"])?;
    let details = &check?["details"];
    assert_eq!(details["tmux set-clipboard"], "off");
    assert_eq!(details["tmux allow-passthrough"], "on");
    Ok(())
}

#[test]
fn other_multiplexers_say_their_version() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "zellij", "echo zellij 0.43.1")?;
    on_path(&mut fixture, "screen", "echo 'Screen version 4.09.01 (GNU) 20-Aug-23'")?;
    fixture.set("STY", "1.pts-0");
    assert_eq!(fixture.check("terminal.env")?["details"]["multiplexer"], "screen 4.09.01");
    fixture.set("ZELLIJ", "0");
    assert_eq!(fixture.check("terminal.env")?["details"]["multiplexer"], "zellij 0.43.1");
    Ok(())
}

#[test]
fn a_locale_without_utf8_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    assert_eq!(fixture.check("system.environment")?["details"]["locale"], "not set");
    fixture.set("LANG", "de_DE.UTF-8");
    assert_eq!(fixture.check("system.environment")?["status"], "ok");
    fixture.set("LC_CTYPE", "C.utf8");
    assert_eq!(fixture.check("system.environment")?["status"], "ok");
    fixture.set("LC_ALL", "POSIX");
    let check = fixture.check("system.environment")?;
    assert_eq!(
        (&check["status"], &check["summary"]),
        (&"warning".into(), &"LC_ALL is not a UTF-8 locale".into())
    );
    let remedy = check["remediation"].as_str().ok_or("no remedy")?;
    if cfg!(target_os = "linux") {
        assert_eq!(typed(&fixture, remedy, "locale charmap")?, "UTF-8");
    }
    Ok(())
}

#[test]
fn only_the_program_of_an_editor_is_shown() -> Result {
    let mut fixture = Fixture::new()?;
    for (command, shown) in [
        ("/usr/bin/vim -u secret", "vim"),
        ("code --wait", "code"),
        ("'/opt/my editors/ed' --key hidden", "ed"),
        ("TOKEN=hidden vim", "set"),
    ] {
        fixture.set("EDITOR", command);
        assert_eq!(fixture.check("system.environment")?["details"]["EDITOR"], shown);
    }
    Ok(())
}

#[test]
#[cfg(unix)]
fn free_space_is_shown_for_each_place() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.machine.cwd = "/proc".into();
    let check = fixture.check("system.disk")?;
    let details = &check["details"];
    for place in ["agent home", "threadkeep home"] {
        assert!(details[place].as_str().is_some_and(|free| free.ends_with(" GiB free")), "{check}");
    }
    if cfg!(target_os = "linux") {
        assert_eq!(details["current folder"], "unknown");
    }
    Ok(())
}
