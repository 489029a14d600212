//! Table of the shapes. The order matters: the first rule that matches wins.

use crate::pem;
use crate::shape::{RULE, Rule};
use crate::shape_check;

/// Every rule.
pub(crate) const TABLE: &[Rule] = &[
    Rule {
        kind: "private-key",
        finds: "PEM and PGP private keys, also cut off before their end, and with escaped line breaks",
        starts: &["-----BEGIN "],
        pattern: pem::PATTERN,
        inside_words: true,
        ..RULE
    },
    Rule {
        kind: "url-credentials",
        finds: "user name and password in front of a URL's host; host and path stay",
        starts: &["://"],
        lead: Some(r"://[^\s/?#@:]{0,64}:"),
        pattern: r#"://(?<secret>[^\s/?#@:"'`<>\\]*:[^\s/?#"'`<>\\]+)@"#,
        inside_words: true,
        check: |secret| {
            secret.split_once(':').is_some_and(|(_, password)| !shape_check::is_placeholder(password))
        },
    },
    Rule {
        kind: "anthropic-key",
        finds: "Anthropic API and admin keys and OAuth tokens",
        starts: &["sk-ant-"],
        pattern: "sk-ant-[A-Za-z0-9_-]{16,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "openrouter-key",
        finds: "OpenRouter API keys",
        starts: &["sk-or-"],
        pattern: "sk-or-[A-Za-z0-9_-]{20,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "openai-key",
        finds: "OpenAI keys of users, projects, service accounts and administrators, and keys of others in that format",
        starts: &["sk-"],
        pattern: "sk-(?:(?:proj|svcacct|admin|service|None)-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{20,}[A-Za-z0-9_-]*)",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "github-token",
        finds: "GitHub tokens: personal (classic and fine-grained), OAuth, of users and servers of an app, refresh",
        starts: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: "(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{20,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "gitlab-token",
        finds: "GitLab tokens: personal, deploy, runner, trigger, feed, agent, SCIM, CI job",
        starts: &[
            "glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glagent-", "glsoat-", "glcbt-", "gloas-",
            "glimt-",
        ],
        pattern: r"gl[a-z]{2,5}-[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)*",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "aws-access-key-id",
        finds: "AWS access key ids, of users and of sessions; their secrets are found by name",
        starts: &["AKIA", "ASIA", "ABIA", "ACCA"],
        pattern: r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?-u:\b)",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "google-api-key",
        finds: "Google API keys",
        starts: &["AIza"],
        pattern: "AIza[A-Za-z0-9_-]{30,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "google-oauth",
        finds: "Google OAuth access and refresh tokens and client secrets",
        starts: &["ya29.", "1//0", "GOCSPX-"],
        pattern: r"(?:ya29\.|1//0|GOCSPX-)[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "slack-token",
        finds: "Slack tokens of bots, users, apps, workspaces and configurations",
        starts: &[
            "xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xapp-",
        ],
        pattern: r"(?:xoxe\.)?(?:xox[a-z]|xapp)-[A-Za-z0-9_-]{10,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "slack-token",
        finds: "Slack tokens of browser sessions, which are percent-encoded",
        starts: &["xoxd-"],
        pattern: "xoxd-[A-Za-z0-9%+/_-]{10,}=*",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "slack-webhook",
        finds: "the path of Slack's incoming webhooks and workflow triggers",
        starts: &["hooks.slack.com/"],
        pattern: "hooks.slack.com/(?:services|workflows|triggers)/(?<secret>[A-Za-z0-9_/+-]{16,})",
        check: shape_check::looks_random,
        inside_words: true,
        ..RULE
    },
    Rule {
        kind: "discord-webhook",
        finds: "the path of Discord's webhooks",
        starts: &["discord.com/api/", "discordapp.com/api/"],
        pattern: r"discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/(?<secret>[0-9]{15,22}/[A-Za-z0-9_-]{40,})",
        inside_words: true,
        ..RULE
    },
    Rule {
        kind: "discord-token",
        finds: "Discord bot tokens",
        starts: &["M", "N", "O"],
        // The first part is Base64 of a number of 17 to 20 digits, so that few letters are possible
        // at each place. That keeps the prefilter from stopping at every capital.
        lead: Some("(?:[MNO][DTjz][AEIMQUYcgk][0-5w-z]){5}"),
        pattern: r"[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
        ..RULE
    },
    Rule {
        kind: "telegram-token",
        finds: "Telegram bot tokens",
        starts: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "bot"],
        lead: Some("(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]"),
        pattern: "(?:bot)?(?<secret>[0-9]{8,10}:AA[A-Za-z0-9_-]{30,})",
        ..RULE
    },
    Rule {
        kind: "stripe-key",
        finds: "Stripe secret and restricted keys, live and test, and webhook secrets",
        starts: &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
        pattern: "[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{16,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "sendgrid-key",
        finds: "SendGrid API keys",
        starts: &["SG."],
        pattern: r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{32,}",
        ..RULE
    },
    Rule {
        kind: "twilio-key",
        finds: "Twilio API key ids; their secrets and account tokens are found by name",
        starts: &["SK"],
        lead: Some("SK[0-9a-f]{32}"),
        pattern: r"SK[0-9a-f]{32}(?-u:\b)",
        ..RULE
    },
    Rule {
        kind: "digitalocean-token",
        finds: "DigitalOcean tokens: personal, OAuth, refresh",
        starts: &["dop_v1_", "doo_v1_", "dor_v1_"],
        pattern: "do[opr]_v1_[0-9a-f]{32,}",
        ..RULE
    },
    Rule {
        kind: "npm-token",
        finds: "npm access tokens",
        starts: &["npm_"],
        pattern: "npm_[A-Za-z0-9]{30,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "pypi-token",
        finds: "PyPI upload tokens",
        starts: &["pypi-"],
        pattern: "pypi-[A-Za-z0-9_-]{32,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "huggingface-token",
        finds: "Hugging Face tokens of users and organisations",
        starts: &["hf_", "api_org_"],
        pattern: "(?:hf|api_org)_[A-Za-z0-9]{30,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "vendor-key",
        finds: "keys of Groq, xAI, Perplexity, Replicate, Databricks, Doppler, Linear, Notion, Shopify, Vault, Grafana, age",
        starts: &[
            "gsk_",
            "xai-",
            "pplx-",
            "r8_",
            "dapi",
            "dp.pt.",
            "lin_api_",
            "ntn_",
            "shpat_",
            "shpss_",
            "shpca_",
            "hvs.",
            "glsa_",
            "AGE-SECRET-KEY-1",
        ],
        pattern: r"(?:gsk_|xai-|pplx-|r8_|dapi|dp\.pt\.|lin_api_|ntn_|shpat_|shpss_|shpca_|hvs\.|glsa_|AGE-SECRET-KEY-1)[A-Za-z0-9_-]{30,}",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "jwt",
        finds: "JSON Web Tokens, signed, encrypted and unsigned",
        starts: &["eyJ"],
        pattern: r"eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*",
        check: shape_check::is_json_web_token,
        ..RULE
    },
    Rule {
        kind: "query-key",
        finds: "what the query of a URL holds in parameters called key, sig and signature",
        starts: &["?key=", "&key=", "?sig=", "&sig=", "?signature=", "&signature="],
        pattern: r#"[?&](?:key|sig|signature)=(?<secret>[^\s?&#"'`<>\\]{8,})"#,
        inside_words: true,
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "login",
        finds: "user name and password given to a command, and the passwords of a netrc file",
        starts: &["-u ", "--user ", "sshpass -p ", "login "],
        lead: Some(r"(?:-u|--user) .{1,64}:|sshpass -p |login [^\s]{1,64}\s{1,16}password "),
        pattern: r#"(?x)
            (?: -u | --user ) \x20 \\{0,7}["']? (?<secret> [^\s:"'\\/]{1,64} : [^\s"'\\]{3,} )
            | sshpass\x20-p\x20\\{0,7}["']? (?<given> [^\s"'\\]+ )
            | login\x20 [^\s]{1,64} \s{1,16} password\x20 (?<kept> [^\s"'\\]+ )"#,
        check: shape_check::is_password_of_login,
        ..RULE
    },
    Rule {
        kind: "bearer-token",
        finds: "the credential after the word Bearer",
        starts: &["Bearer ", "bearer ", "BEARER "],
        pattern: r"(?i-u:bearer) {1,4}(?<secret>[A-Za-z0-9._~+/=:-]{12,})",
        check: shape_check::looks_random,
        ..RULE
    },
    Rule {
        kind: "basic-credentials",
        finds: "the credential after the word Basic, if it is Base64 of a name and a password",
        starts: &["Basic ", "basic ", "BASIC "],
        pattern: r"(?i-u:basic) {1,4}(?<secret>[A-Za-z0-9+/_-]{6,}={0,2})",
        check: shape_check::is_basic_credential,
        ..RULE
    },
];
