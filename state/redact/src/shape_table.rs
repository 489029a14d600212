//! Table of the shapes. The order matters: the first rule that matches wins.

use crate::pem;
use crate::shape::{RULE, Rule};
use crate::shape_check;

/// Makes a rule for random text that begins with one of these literals.
const fn key(kind: &'static str, starts: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule { kind, starts, pattern, check: shape_check::looks_random, ..RULE }
}

/// Beginnings of keys of vendors without a kind of their own.
#[rustfmt::skip]
const VENDORS: &[&str] = &[
    "gsk_", "xai-", "pplx-", "r8_", "dapi", "dp.pt.", "lin_api_", "ntn_", "shpat_", "shpss_", "shpca_",
    "hvs.", "glsa_", "AGE-SECRET-KEY-1",
];

/// Every rule.
pub(crate) const TABLE: &[Rule] = &[
    // PEM and PGP, also cut off before the end, and with escaped line breaks.
    Rule { kind: "private-key", starts: &["-----BEGIN "], pattern: pem::PATTERN, inside_words: true, ..RULE },
    // User name and password before a URL's host.
    Rule {
        kind: "url-credentials",
        starts: &["://"],
        lead: Some(r"://[^\s/?#@:]{0,64}:"),
        pattern: r#"://(?<secret>[^\s/?#@:"'`<>\\]*:[^\s/?#"'`<>\\]+)@"#,
        inside_words: true,
        check: |secret| {
            secret.split_once(':').is_some_and(|(_, password)| !shape_check::is_placeholder(password))
        },
    },
    key("anthropic-key", &["sk-ant-"], "sk-ant-[A-Za-z0-9_-]{16,}"),
    key("openrouter-key", &["sk-or-"], "sk-or-[A-Za-z0-9_-]{20,}"),
    // Users, projects, service accounts and administrators; other vendors use the format, too.
    key(
        "openai-key",
        &["sk-"],
        "sk-(?:(?:proj|svcacct|admin|service|None)-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{20,}[A-Za-z0-9_-]*)",
    ),
    // Personal (classic and fine-grained), OAuth, of users and servers of an app, refresh.
    key(
        "github-token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        "(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{20,}",
    ),
    // Personal, deploy, runner, trigger, feed, agent, SCIM, CI job.
    key(
        "gitlab-token",
        &["glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glagent-", "glsoat-", "glcbt-", "gloas-", "glimt-"],
        r"gl[a-z]{2,5}-[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)*",
    ),
    // Ids of users and sessions. Their secrets are found by name.
    key("aws-access-key-id", &["AKIA", "ASIA", "ABIA", "ACCA"], r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?-u:\b)"),
    key("google-api-key", &["AIza"], "AIza[A-Za-z0-9_-]{30,}"),
    // Access and refresh tokens, and client secrets.
    key(
        "google-oauth",
        &["ya29.", "1//0", "GOCSPX-"],
        r"(?:ya29\.|1//0|GOCSPX-)[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*",
    ),
    // Bots, users, apps, workspaces and configurations.
    key(
        "slack-token",
        &["xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xapp-"],
        r"(?:xoxe\.)?(?:xox[a-z]|xapp)-[A-Za-z0-9_-]{10,}",
    ),
    // Browser sessions, which are percent-encoded.
    key("slack-token", &["xoxd-"], "xoxd-[A-Za-z0-9%+/_-]{10,}=*"),
    // Path of an incoming webhook or a workflow trigger.
    Rule {
        kind: "slack-webhook",
        starts: &["hooks.slack.com/"],
        pattern: "hooks.slack.com/(?:services|workflows|triggers)/(?<secret>[A-Za-z0-9_/+-]{16,})",
        check: shape_check::looks_random,
        inside_words: true,
        ..RULE
    },
    // Path of a webhook.
    Rule {
        kind: "discord-webhook",
        starts: &["discord.com/api/", "discordapp.com/api/"],
        pattern: r"discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/(?<secret>[0-9]{15,22}/[A-Za-z0-9_-]{40,})",
        inside_words: true,
        ..RULE
    },
    Rule {
        kind: "discord-token",
        starts: &["M", "N", "O"],
        // The first part is Base64 of a number of 17 to 20 digits, so that few letters are possible
        // at each place. That keeps the prefilter from stopping at every capital.
        lead: Some("(?:[MNO][DTjz][AEIMQUYcgk][0-5w-z]){5}"),
        pattern: r"[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
        ..RULE
    },
    Rule {
        kind: "telegram-token",
        starts: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "bot"],
        lead: Some("(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]"),
        pattern: "(?:bot)?(?<secret>[0-9]{8,10}:AA[A-Za-z0-9_-]{30,})",
        ..RULE
    },
    // Secret and restricted keys, live and test, and webhook secrets.
    key(
        "stripe-key",
        &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
        "[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{16,}",
    ),
    Rule {
        kind: "sendgrid-key",
        starts: &["SG."],
        pattern: r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{32,}",
        ..RULE
    },
    // Ids of API keys. Their secrets, and account tokens, are found by name.
    Rule {
        kind: "twilio-key",
        starts: &["SK"],
        lead: Some("SK[0-9a-f]{32}"),
        pattern: r"SK[0-9a-f]{32}(?-u:\b)",
        ..RULE
    },
    // Personal, OAuth, refresh.
    Rule {
        kind: "digitalocean-token",
        starts: &["dop_v1_", "doo_v1_", "dor_v1_"],
        pattern: "do[opr]_v1_[0-9a-f]{32,}",
        ..RULE
    },
    key("npm-token", &["npm_"], "npm_[A-Za-z0-9]{30,}"),
    key("pypi-token", &["pypi-"], "pypi-[A-Za-z0-9_-]{32,}"),
    key("huggingface-token", &["hf_", "api_org_"], "(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    // Groq, xAI, Perplexity, Replicate, Databricks, Doppler, Linear, Notion, Shopify, Vault,
    // Grafana, age.
    key(
        "vendor-key",
        VENDORS,
        r"(?:gsk_|xai-|pplx-|r8_|dapi|dp\.pt\.|lin_api_|ntn_|shpat_|shpss_|shpca_|hvs\.|glsa_|AGE-SECRET-KEY-1)[A-Za-z0-9_-]{30,}",
    ),
    // JSON Web Tokens, signed, encrypted and unsigned.
    Rule {
        kind: "jwt",
        starts: &["eyJ"],
        pattern: r"eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*",
        check: shape_check::is_json_web_token,
        ..RULE
    },
    // Parameters of a URL called key, sig and signature.
    Rule {
        kind: "query-key",
        starts: &["?key=", "&key=", "?sig=", "&sig=", "?signature=", "&signature="],
        pattern: r#"[?&](?:key|sig|signature)=(?<secret>[^\s?&#"'`<>\\]{8,})"#,
        inside_words: true,
        check: shape_check::looks_random,
        ..RULE
    },
    // User name and password of a command, and the passwords of a netrc file.
    Rule {
        kind: "login",
        starts: &["-u ", "--user ", "sshpass -p ", "login "],
        lead: Some(r"(?:-u|--user) .{1,64}:|sshpass -p |login [^\s]{1,64}\s{1,16}password "),
        pattern: r#"(?x)
            (?: -u | --user ) \x20 \\{0,7}["']? (?<secret> [^\s:"'\\/]{1,64} : [^\s"'\\]{3,} )
            | sshpass\x20-p\x20\\{0,7}["']? (?<given> [^\s"'\\]+ )
            | login\x20 [^\s]{1,64} \s{1,16} password\x20 (?<kept> [^\s"'\\]+ )"#,
        check: shape_check::is_password_of_login,
        ..RULE
    },
    key(
        "bearer-token",
        &["Bearer ", "bearer ", "BEARER "],
        r"(?i-u:bearer) {1,4}(?<secret>[A-Za-z0-9._~+/=:-]{12,})",
    ),
    // Base64 of a name and a password.
    Rule {
        kind: "basic-credentials",
        starts: &["Basic ", "basic ", "BASIC "],
        pattern: r"(?i-u:basic) {1,4}(?<secret>[A-Za-z0-9+/_-]{6,}={0,2})",
        check: shape_check::is_basic_credential,
        ..RULE
    },
];
