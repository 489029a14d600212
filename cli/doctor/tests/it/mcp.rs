//! MCP servers in the agent's settings.

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, script};

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
