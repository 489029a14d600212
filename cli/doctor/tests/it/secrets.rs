//! Secrets in every input that the checks of this machine read, and none in any text of the report.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use crate::fixture::{Fixture, Result};
use crate::programs::{path, script};

/// Makes secrets, and remembers the part of each that must not be seen.
struct Secrets {
    random: Rng,
    hidden: Vec<String>,
}

impl Secrets {
    /// Returns random text, which must not be seen. A digit and both cases make it look like a key.
    fn random(&mut self, length: usize) -> String {
        let mut text = String::from("aZ7");
        text.extend(std::iter::repeat_with(|| self.random.alphanumeric()).take(length - 3));
        self.hidden.push(text.clone());
        text
    }

    /// Returns a key of some vendor.
    fn key(&mut self) -> String {
        match self.random.u8(0..6) {
            0 => format!("sk-proj-{}", self.random(40)),
            1 => format!("sk-ant-{}", self.random(40)),
            2 => format!("ghp_{}", self.random(36)),
            3 => format!("glpat-{}", self.random(20)),
            4 => format!("npm_{}", self.random(36)),
            _ => format!("xoxb-{}", self.random(24)),
        }
    }

    /// Returns a URL with secrets in its credentials, its path and its query.
    fn url(&mut self) -> String {
        let (user, word, path, query) = (self.random(12), self.random(12), self.random(12), self.random(12));
        format!("https://{user}:{word}@example.org/v1/{path}?key={query}")
    }

    /// Returns a text with a key in it, as settings and outputs have them.
    fn text(&mut self) -> String {
        match self.random.u8(0..4) {
            0 => format!("before {} after", self.key()),
            1 => format!("password={}", self.random(16)),
            2 => self.url(),
            _ => self.key(),
        }
    }
}

/// Returns the agent's settings with a secret in every place for text.
fn config(secrets: &mut Secrets) -> String {
    let mut text = String::new();
    for key in
        ["model", "approval_policy", "sandbox_mode", "default_permissions", "cli_auth_credentials_store"]
    {
        text += &format!("{key} = \"{}\"\n", secrets.text());
    }
    let (provider, profile) = (secrets.key(), secrets.key());
    text += &format!("model_provider = \"{provider}\"\nprofile = \"{profile}\"\n");
    if secrets.random.bool() {
        text += &format!("[profiles.\"{profile}\"]\nmodel = \"{}\"\n", secrets.text());
    }
    if secrets.random.bool() {
        let (name, url, variable) = (secrets.text(), secrets.url(), secrets.random(20));
        text += &format!("[model_providers.\"{provider}\"]\nname = \"{name}\"\nbase_url = \"{url}\"\n");
        text += &format!(
            "env_key = \"{variable}\"\nhttp_headers = {{ Authorization = \"{}\" }}\n",
            secrets.random(20)
        );
    }
    text += &format!("[features]\n\"{}\" = true\nother = \"{}\"\n", secrets.key(), secrets.random(20));
    text += &format!("[sandbox_workspace_write]\nwritable_roots = [\"/srv/{}\"]\n", secrets.random(20));
    let required = secrets.random.bool();
    let (name, argument, value) = (secrets.key(), secrets.random(20), secrets.random(20));
    text += &format!(
        "[mcp_servers.\"{name}\"]\nrequired = {required}\ncommand = \"/opt/{}/tool\"\n",
        secrets.random(20)
    );
    text += &format!(
        "args = [\"{argument}\"]\nenv = {{ X = \"{value}\" }}\nenv_vars = [\"{}\"]\n",
        secrets.random(20)
    );
    text +=
        &format!("[mcp_servers.b]\nrequired = {required}\ncommand = \"x --key {}\"\n", secrets.random(20));
    text += &format!(
        "[mcp_servers.c]\nurl = \"{}\"\nbearer_token_env_var = \"{}\"\n",
        secrets.url(),
        secrets.random(20)
    );
    text += &format!("[mcp_servers.c.http_headers]\nX = \"{}\"\n", secrets.random(20));
    text
}

fn environment(fixture: &mut Fixture, secrets: &mut Secrets) {
    for name in ["OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "MY_PASSWORD"] {
        fixture.set(name, &secrets.random(20));
    }
    for name in [
        "TERM",
        "TERM_PROGRAM",
        "TERM_PROGRAM_VERSION",
        "COLORTERM",
        "LC_TERMINAL",
        "LANG",
        "LC_ALL",
        "CARGO_HOME",
    ] {
        let text = secrets.text();
        if secrets.random.bool() {
            fixture.set(name, &text);
        }
    }
    fixture.set("EDITOR", &format!("KEY={} vi", secrets.random(20)));
    fixture.set("VISUAL", &format!("code --key {}", secrets.random(20)));
    let multiplexer = ["TMUX", "ZELLIJ", "STY"][secrets.random.usize(0..3)];
    fixture.set(multiplexer, &format!("/tmp/{},1,0", secrets.random(20)));
    fixture.set("TMUX_PANE", &secrets.random(20));
    fixture.machine.terminals = [secrets.random.bool(); 3];
}

/// Writes programs that print secrets, in a folder that is named by one.
fn programs(fixture: &mut Fixture, secrets: &mut Secrets) -> Result {
    let bin = fixture.folder().join(secrets.key());
    for (name, before) in [
        ("rg", "ripgrep "),
        ("git", "git version "),
        ("tmux", "extended-keys "),
        ("zellij", "zellij "),
        ("screen", "Screen version "),
        ("codex", ""),
        ("threadkeep", ""),
    ] {
        let exit = secrets.random.u8(0..2);
        let output =
            format!("echo '{before}{}'; echo '{}' >&2; exit {exit}", secrets.random(18), secrets.text());
        script(&bin.join(name), &output)?;
    }
    path(fixture, &[&bin]);
    Ok(())
}

fn repository(root: &Path, secrets: &mut Secrets) -> Result {
    fs::create_dir_all(root.join(".git"))?;
    fs::write(root.join(".git/HEAD"), format!("ref: refs/heads/{}\n", secrets.key()))?;
    let config = format!("[remote \"{}\"]\n\turl = {}\n", secrets.random(20), secrets.url());
    fs::write(root.join(".git/config"), config)?;
    Ok(())
}

/// Writes every file of the agent that the checks read.
fn home(fixture: &Fixture, secrets: &mut Secrets) -> Result {
    // Now and then the file is broken, behind its secrets.
    let broken =
        if secrets.random.u8(0..4) == 0 { format!("x = {} =\n", secrets.random(20)) } else { String::new() };
    let settings = config(secrets);
    fixture.write("config.toml", settings + &broken)?;
    let filter = secrets.text();
    fixture.write(
        "threadkeep/config.toml",
        format!("[logs]\nfilter = \"{filter}\"\n\"{}\" = 1\n", secrets.key()),
    )?;
    let auth = serde_json::json!({
        "auth_mode": secrets.random(20),
        "OPENAI_API_KEY": secrets.random(30),
        "tokens": { "id_token": secrets.random(30), "account": { "email": secrets.random(30) } },
        "agent_identity": secrets.random(30),
        "other": [secrets.random(30)],
    });
    fixture.write("auth.json", auth.to_string())?;
    let versions = serde_json::json!({
        "latest_version": format!("9.9.9-{}", secrets.key().replace('_', "-")),
        "last_checked_at": secrets.text(),
        "dismissed_version": secrets.text(),
    });
    fixture.write("version.json", versions.to_string())?;
    let pid = serde_json::json!({ "pid": u32::MAX, "processStartTime": secrets.text() });
    fixture.write("app-server-daemon/app-server.pid", pid.to_string())?;
    let settings = serde_json::json!({ "codexBin": secrets.text(), "remoteControlEnabled": true });
    fixture.write("app-server-daemon/settings.json", settings.to_string())?;
    let session = format!(
        "{{\"cli_version\":\"1.2.3-{}\",\"x\":\"{}\"}}\n",
        secrets.key().replace('_', "-"),
        secrets.text()
    );
    fixture.write("sessions/2026/11/28/rollout-2026-11-28T09-00-00-c.jsonl", session)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_of_any_input_reaches_the_report(seed in any::<u64>()) {
        let mut secrets = Secrets { random: Rng::with_seed(seed), hidden: Vec::new() };
        let seen = report(&mut secrets).map_err(|error| proptest::test_runner::TestCaseError::fail(error.to_string()))?;
        let leaks = seen.lines().filter(|line| secrets.hidden.iter().any(|hidden| line.contains(hidden.as_str())));
        let leaks: Vec<&str> = leaks.collect();
        prop_assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

/// Returns every text of the report of a machine that is full of secrets.
fn report(secrets: &mut Secrets) -> Result<String> {
    let mut fixture = Fixture::new()?;
    environment(&mut fixture, secrets);
    programs(&mut fixture, secrets)?;
    home(&fixture, secrets)?;
    let project = fixture.folder().join(secrets.key());
    repository(&project, secrets)?;
    fixture.machine.cwd = project;
    let report = fixture.report()?;
    Ok(format!("{:#}\n{:#?}", report.document(), report.checks))
}
