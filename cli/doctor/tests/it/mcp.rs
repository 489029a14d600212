//! MCP servers in the agent's settings.

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, script};
use crate::servers::{Server, reply};

#[test]
fn servers_are_counted_by_transport() -> Result {
    let mut fixture = Fixture::new()?;
    assert_eq!(fixture.check("mcp.config")?["summary"], "no MCP servers");
    on_path(&mut fixture, "tool", "touch \"$0.was-run\"")?;
    let absolute = fixture.folder().join("own tools/server");
    script(&absolute, "")?;
    fixture.set("DOCS_TOKEN", "0123456789");
    let servers = format!(
        "[mcp_servers.one]\ncommand = \"tool\"\nargs = [\"--key\", \"hidden\"]\nenv = {{ K = \"hidden\" }}\n\
         [mcp_servers.two]\ncommand = \"{}\"\n\
         [mcp_servers.docs]\nurl = \"https://ada:hidden@example.org/mcp\"\nbearer_token_env_var = \"DOCS_TOKEN\"\n\
         [mcp_servers.old]\ncommand = \"none-such\"\nenabled = false\n",
        absolute.display()
    );
    fixture.write("config.toml", servers)?;
    let check = fixture.check("mcp.config")?;
    assert_eq!((&check["status"], &check["summary"]), (&"ok".into(), &"3 servers · 1 disabled".into()));
    let details = &check["details"];
    assert_eq!((&details["by program"], &details["by HTTP"]), (&"2".into(), &"1".into()));
    assert!(!check.to_string().contains("hidden"));
    assert!(!fixture.folder().join("bin/tool.was-run").exists());
    Ok(())
}

#[test]
fn a_required_server_that_lacks_something_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    for (server, summary, remedy) in [
        ("command = \"/opt/none such/tool\"", "server x lacks its program: tool", "vi ~/.codex/config.toml"),
        (
            "url = \"https://example.org\"\nbearer_token_env_var = \"A_TOKEN\"",
            "server x lacks A_TOKEN",
            "read -rs A_TOKEN && export A_TOKEN",
        ),
        (
            "url = \"https://example.org\"\nenv_http_headers = { X = \"A_TOKEN\" }",
            "server x lacks A_TOKEN",
            "read -rs A_TOKEN && export A_TOKEN",
        ),
        (
            "url = \"https://example.org\"\nenv_vars = [{ name = \"A_TOKEN\" }]",
            "server x lacks A_TOKEN",
            "read -rs A_TOKEN && export A_TOKEN",
        ),
        ("args = []", "server x has neither a command nor a url", "vi ~/.codex/config.toml"),
    ] {
        fixture.write("config.toml", format!("[mcp_servers.x]\nrequired = true\n{server}\n"))?;
        let check = fixture.check("mcp.config")?;
        assert_eq!((&check["status"], &check["summary"]), (&"warning".into(), &summary.into()));
        assert_eq!(check["remediation"], remedy);
    }
    Ok(())
}

#[test]
fn an_optional_server_that_lacks_something_is_a_remark() -> Result {
    let mut fixture = Fixture::new()?;
    let servers = "[mcp_servers.a]\ncommand = \"none-such\"\n[mcp_servers.b]\ncommand = \"neither\"\n";
    fixture.write("config.toml", servers)?;
    fixture.options.only = vec!["mcp.config".to_owned()];
    let report = fixture.report()?.document();
    assert_eq!(report["checks"]["mcp.config"]["status"], "ok");
    let note = &report["notes"][0];
    assert_eq!(note["text"], "optional server a lacks its program: none-such, and 1 more");
    assert_eq!(note["update"], false);
    Ok(())
}

#[test]
fn a_relative_program_begins_at_the_folder_of_its_server() -> Result {
    let mut fixture = Fixture::new()?;
    let folder = fixture.folder().join("servers");
    script(&folder.join("bin/tool"), "")?;
    let server =
        |cwd: &str| format!("[mcp_servers.x]\nrequired = true\ncommand = \"bin/tool\"\ncwd = \"{cwd}\"\n");
    fixture.write("config.toml", server(&folder.to_string_lossy()))?;
    assert_eq!(fixture.check("mcp.config")?["status"], "ok");
    fixture.write("config.toml", server("/"))?;
    assert_eq!(fixture.check("mcp.config")?["status"], "warning");
    Ok(())
}

/// Makes settings with one server over HTTP.
fn over_http(fixture: &Fixture, url: &str, is_required: bool) -> Result {
    fixture
        .write("config.toml", format!("[mcp_servers.docs]\nurl = \"{url}\"\nrequired = {is_required}\n"))?;
    Ok(())
}

#[test]
fn servers_over_http_are_asked_with_head_and_then_get() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let server = Server::new(|head| Some(reply(if head.starts_with("HEAD ") { 501 } else { 405 })))?;
    over_http(&fixture, &server.url("http"), true)?;
    let check = fixture.check("mcp.config")?;
    assert_eq!(check["status"], "ok", "{check}");
    assert_eq!(check["details"]["HTTP answers"], "docs: HTTP 405 Method Not Allowed");
    let methods: Vec<String> = server.asked().iter().map(|head| head[..4].to_owned()).collect();
    assert_eq!(methods, ["HEAD", "GET "]);
    fixture.options.offline = true;
    assert_eq!(fixture.check("mcp.config")?["details"]["HTTP answers"], "not asked: offline");
    assert_eq!(server.connections(), 2);
    Ok(())
}

#[test]
fn a_server_that_does_not_answer_is_a_warning_if_it_is_required() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let closed = format!("http://{}/mcp", listener.local_addr()?);
    drop(listener);
    let lost = Server::of_status(404)?;
    for (url, summary) in [
        (closed.as_str(), "server docs cannot be reached: connect: "),
        (&lost.url("http"), "server docs answers with HTTP 404 Not Found"),
        ("example.org/mcp", "server docs cannot be asked: URL: it is no absolute URL"),
    ] {
        over_http(&fixture, url, true)?;
        let check = fixture.check("mcp.config")?;
        assert_eq!(check["status"], "warning", "{check}");
        assert!(check["summary"].as_str().is_some_and(|text| text.starts_with(summary)), "{check}");
        over_http(&fixture, url, false)?;
        assert_eq!(fixture.check("mcp.config")?["status"], "ok");
    }
    Ok(())
}

#[test]
fn nothing_private_of_a_url_is_sent_or_shown() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let server =
        Server::new(|_| Some("HTTP/1.1 404 hidden\r\nX: hidden\r\nContent-Length: 6\r\n\r\nhidden".into()))?;
    over_http(&fixture, &format!("http://hidden:hidden@{}/v1/hidden?key=hidden", server.address), true)?;
    let check = fixture.check("mcp.config")?;
    assert_eq!(check["summary"], "server docs answers with HTTP 404 Not Found");
    assert!(!check.to_string().contains("hidden"), "{check}");
    assert!(server.asked().iter().all(|head| !head.contains("key=") && !head.contains("uthorization")));
    Ok(())
}
