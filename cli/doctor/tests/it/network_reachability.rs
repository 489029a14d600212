//! `network.reachability`: every answer and every failure is real.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;
use threadkeep_doctor::Limits;

use crate::fixture::{Fixture, Result};
use crate::servers::{Authority, NOWHERE, Server, proxy, reply};

const ID: &str = "network.reachability";

/// Makes a home whose provider has a URL.
pub(crate) fn online(base_url: &str) -> Result<Fixture> {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let provider = format!("[model_providers.acme]\nname = \"Acme\"\nbase_url = \"{base_url}\"\n");
    fixture.write("config.toml", format!("model_provider = \"acme\"\n{provider}"))?;
    Ok(fixture)
}

/// Asks about a URL; returns the check.
fn asked(base_url: &str) -> Result<Value> {
    online(base_url)?.check(ID)
}

fn summary(check: &Value) -> &str {
    check["summary"].as_str().unwrap_or_default()
}

/// Reports that a server failed in one way.
fn assert_fails(check: &Value, word: &str, cause: &str) {
    assert_eq!(check["status"], "fail", "{check}");
    assert!(summary(check).contains(&format!("{word}: ")), "{check}");
    assert!(summary(check).contains(cause), "{check}");
    assert!(check["remediation"].as_str().is_some_and(|remedy| remedy.starts_with("curl -sS ")), "{check}");
}

#[test]
fn every_answer_of_a_server_shows_that_it_is_there() -> Result {
    for (status, words) in [
        (200, "HTTP 200 OK: the route is there"),
        (400, "HTTP 400 Bad Request: the route is there"),
        (401, "HTTP 401 Unauthorized: the route is there, and asks for credentials"),
        (403, "HTTP 403 Forbidden: the server answers, and refuses"),
        (405, "HTTP 405 Method Not Allowed: the route is there, for other methods"),
        (302, "HTTP 302 Found: it redirects; the redirect is not followed"),
        (299, "HTTP 299: the route is there"),
    ] {
        let server = Server::of_status(status)?;
        let check = asked(&server.url("http"))?;
        assert_eq!((&check["status"], &check["remediation"]), (&"ok".into(), &Value::Null), "{check}");
        let detail = check["details"]["acme (required)"].as_str().ok_or("no detail")?;
        assert!(detail.contains(words), "{detail}");
        assert_eq!(server.asked().len(), 1);
        assert!(server.asked()[0].starts_with("GET /v1/responses HTTP/1.1\r\n"));
        assert_eq!(check["details"]["acme addresses"], "IPv4 1, IPv6 0");
    }
    Ok(())
}

#[test]
fn a_server_without_responses_is_asked_for_models() -> Result {
    let server = Server::new(|head| Some(reply(if head.contains("/v1/models ") { 200 } else { 404 })))?;
    let check = asked(&format!("{}/", server.url("http")))?;
    assert!(summary(&check).contains("HTTP 200 OK"), "{check}");
    assert_eq!(server.asked().len(), 2);
    Ok(())
}

#[test]
fn a_server_that_knows_neither_route_gets_a_note() -> Result {
    let server = Server::of_status(404)?;
    let mut fixture = online(&server.url("http"))?;
    fixture.options.only = vec![ID.to_owned()];
    let document = fixture.report()?.document();
    assert_eq!(document["overall_status"], "ok");
    assert!(document["notes"][0]["text"].as_str().is_some_and(|note| note.contains("is base_url right")));
    Ok(())
}

#[test]
fn a_server_in_trouble_fails_with_its_status() -> Result {
    let server = Server::of_status(503)?;
    let check = asked(&server.url("http"))?;
    assert_fails(&check, "HTTP status", "HTTP 503 Service Unavailable");
    let remedy = format!("curl -sS -o /dev/null -w '%{{http_code}}\\n' 'http://{}/v1'", server.address);
    // The path behind its first segment is left out.
    assert_eq!(check["remediation"], remedy);
    Ok(())
}

#[test]
fn a_name_without_address_fails_at_dns() -> Result {
    assert_fails(&asked(&format!("http://{NOWHERE}/v1"))?, "DNS", NOWHERE);
    Ok(())
}

#[test]
fn a_refused_port_fails_at_connecting() -> Result {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let check = asked(&format!("http://{address}/v1"))?;
    assert_fails(&check, "connect", &format!("port {} of 127.0.0.1 is refused", address.port()));
    Ok(())
}

#[test]
fn a_silent_server_fails_at_its_limit() -> Result {
    let limit = Duration::from_millis(200);
    let server = Server::new(|_| None)?;
    let mut fixture = online(&server.url("http"))?;
    fixture.options.limits.answer = limit;
    assert_fails(&fixture.check(ID)?, "timeout", "connected, but no answer within 0.2 s");
    // A server that takes no part in the handshake.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let mut fixture = online(&format!("https://{}/v1", silent.local_addr()?))?;
    fixture.options.limits.tls = limit;
    assert_fails(&fixture.check(ID)?, "timeout", "connected, but no TLS handshake within 0.2 s");
    Ok(())
}

#[test]
fn all_questions_share_one_limit() -> Result {
    let server = Server::new(|_| None)?;
    let mut fixture = online(&server.url("http"))?;
    fixture.options.limits = Limits { total: Duration::from_secs(1), ..Limits::default() };
    assert_fails(&fixture.check(ID)?, "timeout", "no answer");
    fixture.options.limits.total = Duration::ZERO;
    assert_fails(&fixture.check(ID)?, "timeout", "no address within 0 s");
    assert_eq!(server.connections(), 1);
    Ok(())
}

#[test]
fn an_endless_or_strange_answer_fails_as_http() -> Result {
    for (answer, cause) in [
        ("hello, who is there?\r\n\r\n".to_owned(), "not HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\nContent-".to_owned(), "cut"),
        (String::new(), "closed the connection"),
        (format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(100_000)), "no end"),
    ] {
        let server = Server::new(move |_| Some(answer.clone()))?;
        assert_fails(&asked(&server.url("http"))?, "HTTP", cause);
    }
    Ok(())
}

#[test]
fn answers_before_the_final_one_do_not_count() -> Result {
    let server = Server::new(|_| Some(format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", reply(401))))?;
    assert!(summary(&asked(&server.url("http"))?).contains("HTTP 401"));
    Ok(())
}

#[test]
fn tls_needs_a_trusted_certificate_for_the_host() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let authority = Authority::new(&fixture)?;
    let serve = |name: &str| {
        Server::start(Some(authority.server(name)?), |connection, _| {
            connection.write_all(reply(401).as_bytes())
        })
    };
    let (right, wrong) = (serve("127.0.0.1")?, serve("correct-horse.example")?);
    let mut old = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    old.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let old = Server::start(Some(authority.of(old)?), |_, _| Ok(()))?;
    let asked = |url: String, trusts: bool| -> Result<Value> {
        let mut fixture = online(&url)?;
        if trusts {
            fixture.machine.variables.insert("SSL_CERT_FILE".into(), authority.file.clone().into());
        }
        fixture.check(ID)
    };
    assert_fails(
        &asked(right.url("https"), false)?,
        "TLS",
        "the authority of the certificate is not trusted",
    );
    let check = asked(right.url("https"), true)?;
    assert!(summary(&check).contains("HTTP 401"), "{check}");
    assert_fails(&asked(wrong.url("https"), true)?, "TLS", "the certificate is for another host");
    assert_fails(&asked(old.url("https"), true)?, "TLS", "the certificate has expired");
    // As `openssl req -x509` makes them.
    let itself = Server::start(Some(authority.itself()?), |_, _| Ok(()))?;
    assert_fails(&asked(itself.url("https"), true)?, "TLS", "an authority's certificate (CA:TRUE)");
    let plain = Server::new(|_| Some(reply(200)))?;
    // The server waits for a head that never ends; both sides of the mistake are tried.
    let mut fixture = online(&plain.url("https"))?;
    fixture.options.limits.tls = Duration::from_millis(200);
    assert_eq!(fixture.check(ID)?["status"], "fail");
    assert_fails(&asked(right.url("http"), true)?, "HTTP", "not HTTP/1.1");
    Ok(())
}

#[test]
fn a_proxy_finds_the_name_and_passes_the_question_on() -> Result {
    let server = Server::of_status(401)?;
    let through = proxy(&server)?;
    let mut fixture = online(&format!("http://{NOWHERE}/v1"))?;
    fixture.set("http_proxy", &format!("http://{}", through.address));
    let check = fixture.check(ID)?;
    assert!(summary(&check).contains("HTTP 401"), "{check}");
    assert_eq!(check["details"]["acme proxy"], through.address.to_string());
    assert!(through.asked()[0].starts_with(&format!("GET http://{NOWHERE}/v1/responses HTTP/1.1\r\n")));
    fixture.set("NO_PROXY", "invalid");
    assert_fails(&fixture.check(ID)?, "DNS", "");
    Ok(())
}

#[test]
fn a_proxy_tunnels_tls() -> Result {
    let mut fixture = online("https://threadkeep-doctor.invalid/v1")?;
    let authority = Authority::new(&fixture)?;
    let tls = authority.server("threadkeep-doctor.invalid")?;
    let server = Server::start(Some(tls), |connection, _| connection.write_all(reply(200).as_bytes()))?;
    let through = proxy(&server)?;
    fixture.machine.variables.insert("SSL_CERT_FILE".into(), authority.file.clone().into());
    fixture.set("HTTPS_PROXY", &through.address.to_string());
    let check = fixture.check(ID)?;
    assert!(summary(&check).contains("HTTP 200"), "{check}");
    assert!(through.asked()[0].starts_with("CONNECT threadkeep-doctor.invalid:443 HTTP/1.1\r\n"));
    assert!(server.asked()[0].starts_with("GET /v1/responses "));
    Ok(())
}

#[test]
fn the_trouble_of_a_proxy_is_its_own() -> Result {
    let (login, broken) = (Server::of_status(407)?, Server::of_status(502)?);
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    for (value, status, words) in [
        (format!("http://{}", login.address), "fail", "proxy: it asks for a login"),
        (
            format!("http://me:correct-horse@{}", login.address),
            "idle",
            "proxy: it answers, and asks for its login",
        ),
        (format!("http://{}", broken.address), "fail", "proxy: it refuses with HTTP 502 Bad Gateway"),
        (format!("http://{closed}"), "fail", "proxy: connect: "),
        (format!("socks5://{closed}"), "idle", "proxy: SOCKS 5 is not tried"),
    ] {
        let mut fixture = online("https://threadkeep-doctor.invalid/v1")?;
        fixture.set("all_proxy", &value);
        let check = fixture.check(ID)?;
        assert_eq!(check["status"], status, "{check}");
        assert!(summary(&check).contains(words), "{check}");
    }
    Ok(())
}

#[test]
fn an_account_needs_its_server_and_can_wait_for_the_login() -> Result {
    let (server, login) = (Server::of_status(401)?, Server::of_status(503)?);
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    fixture.write("config.toml", format!("openai_base_url = \"{}\"\n", server.url("http")))?;
    fixture.write("auth.json", r#"{ "auth_mode": "chatgpt", "tokens": { "id_token": "correct-horse" } }"#)?;
    fixture.set("CODEX_REFRESH_TOKEN_URL_OVERRIDE", &login.url("http"));
    let check = fixture.check(ID)?;
    assert_eq!(
        (&check["status"], &check["details"]["auth"]),
        (&"warning".into(), &"account".into()),
        "{check}"
    );
    assert!(summary(&check).starts_with("login does not work: HTTP status: HTTP 503"), "{check}");
    assert!(login.asked()[0].starts_with("GET /v1 HTTP/1.1\r\n"));
    fixture.write("auth.json", "{}")?;
    assert_eq!(fixture.check(ID)?["details"]["auth"], "account, without a login");
    // A key needs no login.
    fixture.set("CODEX_API_KEY", "correct-horse");
    let check = fixture.check(ID)?;
    assert_eq!((&check["status"], &check["details"]["auth"]), (&"ok".into(), &"API key".into()), "{check}");
    Ok(())
}

#[test]
fn a_provider_that_is_not_known_is_not_asked() -> Result {
    for (config, words) in [
        ("model_provider = [", "config.toml cannot be read"),
        ("model_provider = \"nobody\"", "no settings for the provider nobody"),
    ] {
        let mut fixture = Fixture::new()?;
        fixture.options.offline = false;
        fixture.write("config.toml", config)?;
        let check = fixture.check(ID)?;
        assert_eq!(check["status"], "idle", "{check}");
        assert!(summary(&check).contains(words), "{check}");
    }
    let check = asked("file:///etc/passwd")?;
    assert_eq!(check["status"], "fail", "{check}");
    assert!(
        check["remediation"].as_str().is_some_and(|remedy| remedy.starts_with("grep -n base_url ")),
        "{check}"
    );
    Ok(())
}

#[test]
fn a_model_on_this_machine_is_found_at_its_port() -> Result {
    let server = Server::of_status(200)?;
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    fixture.write("config.toml", "model_provider = \"ollama\"\n")?;
    fixture.set("CODEX_OSS_PORT", &server.address.port().to_string());
    let check = fixture.check(ID)?;
    assert!(summary(&check).starts_with("ollama answers with HTTP 200"), "{check}");
    assert_eq!(check["details"]["auth"], "none");
    Ok(())
}

#[test]
fn nothing_is_asked_offline() -> Result {
    let server = Server::of_status(200)?;
    let mut fixture = online(&server.url("http"))?;
    fixture.set("ALL_PROXY", &server.address.to_string());
    fixture.options.offline = true;
    let document = fixture.report()?.document();
    assert_eq!(document["checks"][ID]["status"], "idle");
    assert_eq!(server.connections(), 0);
    Ok(())
}
