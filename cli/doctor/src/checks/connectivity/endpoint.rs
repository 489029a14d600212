//! Servers that the agent talks to with its present settings and credentials.

use threadkeep_app::text::shell_word;

use crate::agent::Provider;
use crate::context::Context;
use crate::probe::{Failure, Target};

/// Server of the provider `openai`, for a key.
const API: &str = "https://api.openai.com/v1";

/// Server of the provider `openai`, for an account.
const ACCOUNT: &str = "https://chatgpt.com/backend-api/codex";

/// Server that renews the login of an account.
const LOGIN: &str = "https://auth.openai.com/oauth/token";

/// Name of that server in the report, and the variable that sets it.
pub(super) const LOGIN_LABEL: &str = "login";
pub(super) const LOGIN_VARIABLE: &str = "CODEX_REFRESH_TOKEN_URL_OVERRIDE";

/// Variable with the URL of a model on this machine.
const LOCAL: &str = "CODEX_OSS_BASE_URL";

/// Credentials that the agent would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Auth {
    /// A key of the provider `openai`.
    ApiKey,
    /// An account; false if its login is still missing.
    Account(bool),
    /// A key in a variable.
    Variable(String),
    /// A command, a token in the settings, or the credentials of AWS.
    Own(&'static str),
    /// None.
    None,
}

/// Provider in use, its server and its credentials.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) provider: Provider,
    pub(super) auth: Auth,
    /// Base of the provider's URLs.
    pub(super) base: Result<Target, Failure>,
    /// Command that shows or removes a URL that cannot be used.
    pub(super) remedy: String,
}

impl Endpoint {
    /// Finds the server that the agent uses, or says why it is not known.
    pub(super) fn of(context: &Context) -> Result<Endpoint, String> {
        if context.dirs.is_without_agent() {
            return Err(
                "not checked: Codex has no home here, and other agents' servers are not known".to_owned()
            );
        }
        let agent = context.agent();
        if agent.is_unknown() {
            return Err("not checked: config.toml cannot be read, so the provider is not known".to_owned());
        }
        let provider = agent.provider();
        let auth = auth(context, &provider);
        let Some(base) = base(context, &provider, &auth) else {
            return Err(format!("not checked: no settings for the provider {}", provider.id));
        };
        let is_variable = matches!(provider.id.as_str(), "ollama" | "lmstudio")
            && context.machine.variable(LOCAL).is_some();
        let remedy = if is_variable {
            format!("unset {LOCAL}")
        } else {
            format!("grep -n base_url {}", shell_word(&agent.path.display().to_string()))
        };
        Ok(Endpoint { base: Target::parse(&base), provider, auth, remedy })
    }

    /// Describes the credentials.
    pub(super) fn auth(&self) -> String {
        match &self.auth {
            Auth::ApiKey => "API key".to_owned(),
            Auth::Account(true) => "account".to_owned(),
            Auth::Account(false) => "account, without a login".to_owned(),
            Auth::Variable(name) => format!("key in {name}"),
            Auth::Own(what) => (*what).to_owned(),
            Auth::None => "none".to_owned(),
        }
    }

    /// Describes the provider.
    pub(super) fn provider(&self) -> String {
        let Provider { id, name, .. } = &self.provider;
        if id == name { id.clone() } else { format!("{id} ({name})") }
    }

    /// Lists servers that the agent can work without.
    pub(super) fn optional(&self, context: &Context) -> Vec<(&'static str, Result<Target, Failure>)> {
        let mut optional = Vec::new();
        if let Auth::Account(_) = self.auth {
            let login = context.machine.variable(LOGIN_VARIABLE);
            optional.push((LOGIN_LABEL, Target::parse(login.as_deref().unwrap_or(LOGIN))));
            if let Some(url) = context.agent().setting("chatgpt_base_url") {
                optional.push(("account", Target::parse(url)));
            }
        }
        optional
    }
}

fn auth(context: &Context, provider: &Provider) -> Auth {
    let machine = &context.machine;
    let has = |name| machine.variable(name).is_some();
    let value = |key| context.agent().value(&["model_providers", &provider.id, key]);
    if let Some(name) = &provider.env_key {
        return Auth::Variable(name.clone());
    }
    if provider.id.starts_with("amazon-bedrock") || value("aws").is_some() {
        return Auth::Own("AWS");
    }
    if value("experimental_bearer_token").is_some() {
        return Auth::Own("token in config.toml");
    }
    if value("auth").is_some() {
        return Auth::Own("command");
    }
    if !provider.requires_openai_auth {
        return Auth::None;
    }
    let stored = context.auth();
    let is_key = match stored.mode.as_deref() {
        Some(mode) => mode.eq_ignore_ascii_case("apikey"),
        None => stored.has_key && !stored.has_tokens,
    };
    if has("OPENAI_API_KEY") || has("CODEX_API_KEY") || (is_key && !has("CODEX_ACCESS_TOKEN")) {
        Auth::ApiKey
    } else {
        // An agent without credentials asks for a login, too.
        Auth::Account(stored.has_tokens || stored.has_identity || has("CODEX_ACCESS_TOKEN"))
    }
}

/// Finds the base URL: of the settings, or built into the agent.
fn base(context: &Context, provider: &Provider, auth: &Auth) -> Option<String> {
    let (agent, machine) = (context.agent(), &context.machine);
    let local = |port: &str| {
        let port = machine.variable("CODEX_OSS_PORT").unwrap_or_else(|| port.to_owned());
        machine.variable(LOCAL).unwrap_or_else(|| format!("http://localhost:{port}/v1"))
    };
    let region = || {
        let set = agent.text(&["model_providers", &provider.id, "aws", "region"]).map(str::to_owned);
        let set =
            set.or_else(|| machine.variable("AWS_REGION")).or_else(|| machine.variable("AWS_DEFAULT_REGION"));
        set.unwrap_or_else(|| "us-east-1".to_owned())
    };
    let of_openai = || if let Auth::Account(_) = auth { ACCOUNT } else { API }.to_owned();
    // The agent takes no table with the name of one of its own providers.
    match provider.id.as_str() {
        "openai" => Some(agent.setting("openai_base_url").map_or_else(of_openai, str::to_owned)),
        "ollama" => Some(local("11434")),
        "lmstudio" => Some(local("1234")),
        "amazon-bedrock" => Some(format!("https://bedrock-mantle.{}.api.aws/openai/v1", region())),
        "amazon-bedrock-runtime" => {
            Some(format!("https://bedrock-runtime.{}.amazonaws.com/openai/v1", region()))
        }
        id => {
            agent.value(&["model_providers", id])?;
            Some(provider.base_url.clone().unwrap_or_else(of_openai))
        }
    }
}
