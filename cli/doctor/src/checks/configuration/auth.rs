//! `auth.credentials`: which credentials there are, and if they fit each other. Never their values.

use threadkeep_app::dirs::path_word;

use super::worst;
use crate::agent::{Auth, AuthFile, Provider, is_variable};
use crate::check::Finding;
use crate::context::Context;
use crate::remedy;

/// Variables in which the agent finds credentials.
const VARIABLES: &[&str] = &["OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN"];
/// Values of `auth_mode`. Another one is not shown, because any text may stand there.
const MODES: &[&str] = &["apikey", "chatgpt", "chatgptAuthTokens", "agentIdentity"];
/// Values of `cli_auth_credentials_store`.
const STORES: &[&str] = &["file", "keyring", "auto", "ephemeral"];

pub(super) fn check(context: &Context) -> Finding {
    let (auth, config) = (context.auth(), context.agent());
    let provider = config.provider();
    let store = config.text(&["cli_auth_credentials_store"]).unwrap_or("file");
    let store = STORES.iter().find(|known| **known == store).copied().unwrap_or("unknown");
    let is_set = |name: &&&str| context.machine.variable(name).is_some();
    let present: Vec<String> = VARIABLES.iter().filter(is_set).map(|name| (*name).to_owned()).collect();
    let mut problems = of_file(context, auth);
    problems.extend(of_provider(context, &provider));
    problems.extend(mixed(context, auth, &present));
    let has_any = auth.has_key || auth.has_tokens || auth.has_identity;
    let finding = match worst(problems, "signals") {
        Some(problem) => problem,
        None if !provider.requires_openai_auth => {
            Finding::ok(format!("provider {} needs no account", provider.id))
        }
        None if has_any => Finding::ok(format!("{} stored", stored(auth))),
        None if !present.is_empty() => Finding::ok("credentials are in the environment"),
        None if store != "file" => Finding::ok(format!("credentials are kept in the store {store}")),
        None if context.machine.programs("codex").is_empty() => Finding::idle("no agent and no credentials"),
        None => Finding::warning("the agent is not logged in", remedy::agent(context, "login")),
    };
    let yes = |is_there| if is_there { "yes" } else { "no" };
    let mode = auth.mode.as_deref().map_or("not set", |mode| {
        MODES.iter().find(|known| **known == mode).copied().unwrap_or("another one")
    });
    finding
        .detail("storage mode", store)
        .detail("auth file", auth.path.display().to_string())
        .detail("file", file(&auth.file))
        .detail("stored mode", mode)
        .detail("key stored", yes(auth.has_key))
        .detail("tokens stored", yes(auth.has_tokens))
        .detail("identity stored", yes(auth.has_identity))
        .list("environment", present)
        .detail("account needed", yes(provider.requires_openai_auth))
        .detail("provider's variable", of_variable(context, &provider))
}

/// Returns the problems of the file itself.
fn of_file(context: &Context, auth: &Auth) -> Vec<Finding> {
    let word = path_word(&auth.path);
    match &auth.file {
        AuthFile::Broken => {
            return vec![Finding::fail("auth.json is damaged", remedy::agent(context, "login"))];
        }
        AuthFile::Unreadable(why) => {
            let what = format!("auth.json cannot be read: {why}");
            return vec![Finding::fail(what, format!("ls -ld {word}"))];
        }
        AuthFile::Missing => return Vec::new(),
        AuthFile::Fine => {}
    }
    let mut problems = Vec::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = auth.path.metadata().map_or(0, |file| file.permissions().mode());
        if mode & 0o077 != 0 {
            problems.push(Finding::warning("other users may read auth.json", format!("chmod 600 {word}")));
        }
    }
    let lacks = match auth.mode.as_deref() {
        Some("apikey") if !auth.has_key => Some("auth.json lacks the key that its mode needs"),
        Some("chatgpt" | "chatgptAuthTokens") if !auth.has_tokens => {
            Some("auth.json lacks the tokens that its mode needs")
        }
        Some("agentIdentity") if !auth.has_identity => {
            Some("auth.json lacks the identity that its mode needs")
        }
        _ => None,
    };
    problems.extend(lacks.map(|what| Finding::warning(what, remedy::agent(context, "login"))));
    problems
}

/// Returns the problem of the variable that the provider needs.
fn of_provider(context: &Context, provider: &Provider) -> Option<Finding> {
    let variable = provider.env_key.as_deref()?;
    if !is_variable(variable) {
        let what = "env_key of the provider is not a variable's name";
        return Some(Finding::warning(what, remedy::edit(context, &context.agent().path, None)));
    }
    let is_missing = context.machine.variable(variable).is_none();
    is_missing.then(|| Finding::warning(format!("{variable} is not set"), remedy::set_secret(variable)))
}

/// Returns the problems of credentials of several kinds, of which only one is used.
fn mixed(context: &Context, auth: &Auth, present: &[String]) -> Vec<Finding> {
    let mut problems = Vec::new();
    if auth.has_tokens {
        problems.extend(present.iter().map(|name| {
            Finding::warning(format!("{name} is set, and an account is stored"), format!("unset {name}"))
        }));
        if auth.has_key && auth.mode.is_none() {
            let what = "a key and an account are stored, and no mode";
            problems.push(Finding::warning(what, remedy::agent(context, "login")));
        }
    }
    problems
}

fn stored(auth: &Auth) -> &'static str {
    match (auth.has_tokens, auth.has_key) {
        (true, _) => "an account is",
        (false, true) => "a key is",
        (false, false) => "an identity is",
    }
}

fn file(file: &AuthFile) -> String {
    match file {
        AuthFile::Missing => "missing".to_owned(),
        AuthFile::Unreadable(why) => why.clone(),
        AuthFile::Broken => "not JSON".to_owned(),
        AuthFile::Fine => "ok".to_owned(),
    }
}

fn of_variable(context: &Context, provider: &Provider) -> String {
    match provider.env_key.as_deref() {
        None => "none".to_owned(),
        Some(variable) if !is_variable(variable) => "not a name".to_owned(),
        Some(variable) => {
            let is_set = context.machine.variable(variable).is_some();
            format!("{variable} ({})", if is_set { "set" } else { "not set" })
        }
    }
}
