//! A server in the background.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::client::{Client, ids};
use crate::agents::with_claude;
use crate::fixture::{Fixture, Result};

/// Kills the process of a number at once.
fn kill(pid: i32) -> Result {
    Ok(kill_process(Pid::from_raw(pid).ok_or("a process has a number")?, Signal::KILL)?)
}

fn pid(state: &serde_json::Value) -> Result<i32> {
    Ok(i32::try_from(state["pid"].as_i64().ok_or("a server has a process")?)?)
}

#[test]
fn one_server_a_home_answers_people_and_clients_until_it_is_stopped() -> Result {
    let fixture = Fixture::bundled()?;
    assert_eq!(fixture.run(&["app-server", "status"])?.code, Some(1));
    let none = fixture.run(&["rpc", "thread/list"])?;
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("`threadkeep app-server start` starts one"), "{}", none.all());

    let started = fixture.json(&["app-server", "start"])?;
    assert_eq!(started["running"], true);
    let folder = fixture.sqlite_home().join("app-server");
    let mode = |path| Ok::<_, std::io::Error>(fs::metadata(path)?.permissions().mode() & 0o777);
    assert_eq!((mode(folder.clone())?, mode(folder.join("socket"))?), (0o700, 0o600));
    let second = fixture.run(&["app-server", "start"])?;
    assert_eq!(second.code, Some(2));
    assert!(second.stderr.contains("a server is running for this home already"), "{}", second.all());
    assert_eq!(fixture.json(&["app-server", "status"])?["pid"], started["pid"]);

    let listed = fixture.json(&["rpc", "thread/list", r#"{"sourceKinds": ["exec"]}"#])?;
    assert!(ids(&listed).len() > 10, "{listed}");
    // A thread is named as for other commands.
    let whole = ids(&listed)[0].to_owned();
    for typed in [&whole, &whole[..13]] {
        let read = fixture.json(&["rpc", "thread/read", &json!({ "threadId": typed }).to_string()])?;
        assert_eq!(read["thread"]["id"], whole, "{typed}");
    }
    let help = fixture.run(&["rpc", "--help"])?.stdout;
    assert!(help.contains("thread/goal/set") && help.contains("doctor/report"), "{help}");
    let refused = fixture.run(&["rpc", "thread/list", r#"{"limit": "many"}"#])?;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("`limit`: invalid type"), "{}", refused.all());
    for params in ["{", "[]", "null", "7", "\"text\""] {
        let refused = fixture.run(&["rpc", "thread/list", params])?;
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.stderr.contains(r#"hint: pass an object, such as '{"limit": 5}'"#),
            "{}",
            refused.all()
        );
    }
    // Each refusal says what to type next.
    for (method, params, hint) in [
        ("thread/lists", "{}", "did you mean `thread/list`? `threadkeep rpc --help` lists the methods"),
        ("nothing", "{}", "`threadkeep rpc --help` lists the methods"),
        ("thread/list", r#"{"limit": -1}"#, "`threadkeep app-server schema` has the parameters"),
        ("thread/read", r#"{"threadId": "nobody"}"#, "`threadkeep threads` lists the threads"),
        ("thread/goal/get", "{}", "`threadkeep app-server schema` has the parameters"),
        ("memory/run", "{}", "features"),
        ("device/key/create", r#"{"accountUserId": "a", "clientId": "c"}"#, "allow_software"),
    ] {
        let refused = fixture.run(&["rpc", method, params])?;
        assert_eq!(refused.code, Some(2), "{}", refused.all());
        let hinted =
            refused.stderr.lines().find_map(|line| line.trim().strip_prefix("hint: ")).unwrap_or_default();
        assert!(hinted.contains(hint), "{}", refused.all());
    }

    let restarted = fixture.json(&["app-server", "restart"])?;
    assert_ne!(restarted["pid"], started["pid"]);
    assert_eq!(fixture.json(&["app-server", "stop"])?["running"], false);
    assert!(!folder.join("socket").exists());
    assert_eq!(fixture.run(&["app-server", "status"])?.code, Some(1));
    assert!(fixture.run(&["app-server", "stop"])?.stdout.contains("no server was running"));
    Ok(())
}

/// Memory of a server that runs for long is bounded by few arenas of glibc's.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_server_starts_itself_again_with_few_arenas() -> Result {
    let fixture = Fixture::bundled()?;
    let client = Client::stdio(&fixture)?;
    let started = fixture.json(&["app-server", "start"])?;
    for pid in [client.process()?.id().cast_signed(), pid(&started)?] {
        let environment = fs::read(format!("/proc/{pid}/environ"))?;
        let mut variables = environment.split(|byte| *byte == 0);
        assert!(variables.any(|variable| variable == b"MALLOC_ARENA_MAX=2"), "{pid}");
    }
    fixture.json(&["app-server", "stop"])?;
    assert_eq!(client.end()?, Some(0));
    Ok(())
}

#[test]
fn help_is_a_success_and_a_wrong_word_a_failure() -> Result {
    let fixture = Fixture::bundled()?;
    for command in ["start", "stop", "status", "restart", "schema"] {
        let help = fixture.run(&["app-server", command, "--help"])?;
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{command}");
        let wrong = fixture.run(&["app-server", command, "--bad"])?;
        assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""), "{command}");
        let usage = format!("hint: usage: threadkeep app-server {command}");
        assert!(wrong.stderr.contains(&usage), "{}", wrong.all());
    }
    for wrong in [&["app-server", "nope"][..], &["app-server", "--bad"], &["rpc"], &["rpc", "--bad"]] {
        let refused = fixture.run(wrong)?;
        assert_eq!(refused.code, Some(2), "{}", refused.all());
        assert!(refused.stderr.contains("hint: "), "{}", refused.all());
    }
    assert!(!fixture.sqlite_home().exists(), "nothing was started");
    Ok(())
}

#[test]
fn a_killed_server_leaves_nothing_to_clean_up() -> Result {
    let fixture = Fixture::bundled()?;
    for _ in 0..3 {
        let started = fixture.json(&["app-server", "start"])?;
        let mut client = Client::socket(&fixture)?;
        client.send("thread/list", json!({}))?;
        kill(pid(&started)?)?;
        // The system takes a moment to end it.
        while fixture.run(&["app-server", "status"])?.code == Some(0) {}
        assert!(client.line().is_err() || client.line().is_err() || client.line().is_err());
    }
    let started = fixture.json(&["app-server", "start"])?;
    assert!(
        !ids(&Client::socket(&fixture)?.call("thread/list", json!({ "sourceKinds": ["exec"] }))?).is_empty()
    );
    // A pid file that names another process is not taken for a server.
    fixture.json(&["app-server", "stop"])?;
    let record = json!({
        "pid": 1, "version": "0", "started_at": "2026-01-01T00:00:00Z", "socket": "/nowhere", "process": 0
    });
    fs::write(fixture.sqlite_home().join("app-server/server.json"), record.to_string())?;
    assert_eq!(fixture.run(&["app-server", "status"])?.code, Some(1));
    assert_ne!(fixture.json(&["app-server", "start"])?["pid"], started["pid"]);
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn a_server_that_starts_or_stops_is_no_error() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["app-server", "start"])?;
    fixture.json(&["app-server", "stop"])?;
    // It holds the lock before it has a record, and after it has removed it.
    let lock = fs::File::open(fixture.sqlite_home().join("app-server/lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    assert_eq!(fixture.run(&["app-server", "status"])?.code, Some(1));
    assert!(fixture.run(&["app-server", "stop"])?.stdout.contains("no server was running"));
    let second = fixture.run(&["app-server", "start"])?;
    assert!(second.stderr.contains("a server is running for this home already"), "{}", second.all());
    Ok(())
}

#[test]
fn a_client_that_dies_in_mid_line_disturbs_no_other() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["app-server", "start"])?;
    let mut other = Client::socket(&fixture)?;
    for _ in 0..20 {
        let mut dying = UnixStream::connect(fixture.sqlite_home().join("app-server/socket"))?;
        dying.write_all(
            br#"{"id":0,"method":"initialize","params":{"clientInfo":{"name":"it","version":"1"}}}"#,
        )?;
        dying.write_all(b"\n{\"id\":1,\"method\":\"thread/list\"}\n{\"id\":2,\"met")?;
        drop(dying);
        other.call("thread/list", json!({}))?;
    }
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn a_socket_is_only_made_where_no_other_user_comes() -> Result {
    let fixture = Fixture::bundled()?;
    let open = fixture.path().join("open");
    fs::create_dir(&open)?;
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755))?;
    let socket = |folder: &str| fixture.path().join(folder).join("s").to_string_lossy().into_owned();
    let refused = fixture.run(&["app-server", "start", "--socket", &socket("open")])?;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("other users can enter"), "{}", refused.all());
    let started = fixture.json(&["app-server", "start", "--socket", &socket("own")])?;
    assert_eq!(started["socket"], "[tmp]/own/s");
    assert_eq!(fs::metadata(fixture.path().join("own"))?.permissions().mode() & 0o777, 0o700);
    fixture.json(&["rpc", "thread/list", "--socket", &socket("own")])?;
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn a_socket_takes_no_place_of_anything_else() -> Result {
    let (fixture, other) = (Fixture::bundled()?, Fixture::bundled()?);
    let own = fixture.path().join("own");
    fs::create_dir(&own)?;
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700))?;
    let path = own.join("socket");
    let socket = path.to_string_lossy().into_owned();
    let refused = |fixture: &Fixture, reason: &str| -> Result {
        let refused = fixture.run(&["app-server", "start", "--socket", &socket])?;
        assert_eq!(refused.code, Some(2), "{}", refused.all());
        assert!(refused.stderr.contains(reason), "{}", refused.all());
        Ok(())
    };
    fs::write(&path, "notes")?;
    refused(&fixture, "it is not a socket")?;
    assert_eq!(fs::read_to_string(&path)?, "notes");
    fs::remove_file(&path)?;
    fixture.json(&["app-server", "start", "--socket", &socket])?;
    refused(&other, "another server listens there")?;
    fixture.json(&["rpc", "thread/list", "--socket", &socket])?;
    // At its end, it leaves alone what came into its place.
    fs::remove_file(&path)?;
    fs::write(&path, "notes")?;
    fixture.json(&["app-server", "stop"])?;
    assert_eq!(fs::read_to_string(&path)?, "notes");
    Ok(())
}

#[test]
fn a_server_that_no_command_can_find_ends() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["app-server", "start"])?;
    let mut client = Client::socket(&fixture)?;
    fs::remove_dir_all(fixture.sqlite_home().join("app-server"))?;
    // The connection ends with it.
    while client.line().is_ok() {}
    fixture.json(&["app-server", "start"])?;
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn a_record_that_was_overwritten_is_written_again() -> Result {
    let fixture = Fixture::bundled()?;
    let started = fixture.json(&["app-server", "start"])?;
    fs::write(fixture.sqlite_home().join("app-server/server.json"), "{")?;
    let mut status = fixture.run(&["app-server", "status", "--json"])?;
    while status.code != Some(0) {
        assert!(status.stderr.contains("is damaged"), "{}", status.all());
        status = fixture.run(&["app-server", "status", "--json"])?;
    }
    assert_eq!(fixture.json(&["app-server", "status"])?["pid"], started["pid"]);
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn a_signal_lets_requests_finish() -> Result {
    for signal in [Signal::TERM, Signal::INT] {
        let fixture = Fixture::bundled()?;
        let mut client = Client::stdio(&fixture)?;
        let id = client.send("thread/list", json!({}))?;
        client.answer(id)?;
        kill_process(Pid::from_child(client.process()?), signal)?;
        assert_eq!(client.end()?, Some(0));
        // Closed cleanly: nothing is left in a log.
        assert!(!fixture.sqlite_home().join("state_5.sqlite-wal").exists());
    }
    Ok(())
}

#[test]
fn the_first_agent_moves_the_home_away_from_a_running_server() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["app-server", "start"])?;
    let mut client = Client::socket(&fixture)?;
    let list = fixture.json(&["threads", "--limit", "1"])?;
    let id = list["threads"][0]["id"].as_str().ok_or("a thread")?;
    let rename = |name: &str| json!({ "threadId": id, "name": name });
    client.call("thread/name/set", rename("First name"))?;
    let said = fixture.run(&["agents", "add", "claude"])?;
    insta::assert_snapshot!(said.stderr.lines().next().unwrap_or_default(), @"note: the server that is running does not show them, and refuses changes: `threadkeep --sqlite-home [tmp]/home/threadkeep app-server stop` ends it, and `threadkeep app-server start` starts one that does");
    let (_, why) = client.refused("thread/name/set", rename("Second name"))?;
    assert!(why.contains("home/threadkeep was taken over to "), "{why}");
    assert_eq!(fixture.json(&["threads", "show", id])?["thread"]["name"], "First name");
    let old = fixture.path().join("home/threadkeep").display().to_string();
    assert_eq!(fixture.run(&["--sqlite-home", &old, "app-server", "stop"])?.code, Some(0));
    assert_eq!(fixture.run(&["--sqlite-home", &old, "app-server", "status"])?.code, Some(1));
    // The second one finds the home where it was.
    assert!(!fixture.run(&["agents", "add", "claude"])?.stderr.contains("app-server"));
    Ok(())
}
