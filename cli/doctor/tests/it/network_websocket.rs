//! `network.websocket`: handshakes with real servers.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;

use crate::fixture::{Fixture, Result};
use crate::servers::{Authority, NOWHERE, Server, proxy, reply, websocket};

const ID: &str = "network.websocket";

/// Makes a home whose provider has a WebSocket at a URL.
fn online(base_url: &str) -> Result<Fixture> {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let provider = format!("[model_providers.acme]\nbase_url = \"{base_url}\"\nsupports_websockets = true\n");
    fixture.write("config.toml", format!("model_provider = \"acme\"\n{provider}"))?;
    Ok(fixture)
}

fn assert_negotiated(check: &Value) {
    assert_eq!(check["status"], "ok", "{check}");
    assert_eq!(check["details"]["handshake"], "HTTP 101 Switching Protocols", "{check}");
    assert_eq!(check["details"]["negotiated"], "yes");
}

#[test]
fn a_websocket_is_agreed_on() -> Result {
    let server = websocket(None)?;
    for scheme in ["http", "ws"] {
        let check = online(&server.url(scheme))?.check(ID)?;
        assert_negotiated(&check);
        let details = &check["details"];
        assert_eq!(details["endpoint"], format!("ws://{}/v1/…", server.address));
        assert_eq!(details["addresses"], "IPv4 1, IPv6 0");
        assert_eq!(details["time limit"], "15 s");
        assert_eq!(details["auth"], "none");
    }
    assert!(server.asked().iter().all(|head| head.starts_with("GET /v1/responses HTTP/1.1\r\n")));
    Ok(())
}

#[test]
fn a_websocket_is_agreed_on_with_tls_and_a_proxy() -> Result {
    let mut fixture = online("https://threadkeep-doctor.invalid/v1")?;
    let authority = Authority::new(&fixture)?;
    let server = websocket(Some(authority.server("threadkeep-doctor.invalid")?))?;
    let through = proxy(&server)?;
    fixture.machine.variables.insert("CODEX_CA_CERTIFICATE".into(), authority.file.clone().into());
    fixture.set("HTTPS_PROXY", &through.address.to_string());
    let check = fixture.check(ID)?;
    assert_negotiated(&check);
    assert_eq!(check["details"]["proxy"], through.address.to_string());
    Ok(())
}

#[test]
fn a_plain_websocket_goes_through_a_proxy_too() -> Result {
    let server = websocket(None)?;
    let through = proxy(&server)?;
    let mut fixture = online("ws://threadkeep-doctor.invalid/v1")?;
    fixture.set("http_proxy", &through.address.to_string());
    assert_negotiated(&fixture.check(ID)?);
    assert!(through.asked()[0].starts_with("CONNECT threadkeep-doctor.invalid:80 "));
    Ok(())
}

#[test]
fn a_refusal_for_want_of_credentials_is_fine() -> Result {
    for status in [401, 403] {
        let server = Server::of_status(status)?;
        let check = online(&server.url("http"))?.check(ID)?;
        assert_eq!(
            (&check["status"], &check["details"]["negotiated"]),
            (&"ok".into(), &"no".into()),
            "{check}"
        );
        assert!(check["summary"].as_str().is_some_and(|summary| summary.contains("never sends")), "{check}");
    }
    Ok(())
}

#[test]
fn a_server_that_does_not_switch_is_a_warning() -> Result {
    let stranger = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    for (answer, words) in [
        (reply(200), "does not switch to a WebSocket: HTTP 200 OK"),
        (reply(404), "does not switch to a WebSocket: HTTP 404 Not Found"),
        (reply(503), "HTTP status: HTTP 503"),
        (stranger.to_owned(), "not to this WebSocket"),
        ("220 mail.example.org\r\n\r\n".to_owned(), "HTTP: the answer is not HTTP/1.1"),
    ] {
        let server = Server::new(move |_| Some(answer.clone()))?;
        let check = online(&server.url("http"))?.check(ID)?;
        assert_eq!(
            (&check["status"], &check["details"]["negotiated"]),
            (&"warning".into(), &"no".into()),
            "{check}"
        );
        assert!(check["summary"].as_str().is_some_and(|summary| summary.contains(words)), "{check}");
        let remedy = check["remediation"].as_str().ok_or("no remedy")?;
        assert!(remedy.ends_with(&format!(" 'http://{}/v1'", server.address)), "{remedy}");
    }
    Ok(())
}

#[test]
fn a_handshake_that_cannot_begin_says_where_it_ended() -> Result {
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let silent = Server::new(|_| None)?;
    for (url, word) in [
        (format!("ws://{NOWHERE}/v1"), "DNS: "),
        (format!("ws://{closed}/v1"), "connect: "),
        (silent.url("ws"), "timeout: "),
        ("mailto:someone".to_owned(), "URL: "),
    ] {
        let mut fixture = online(&url)?;
        fixture.options.limits.answer = Duration::from_millis(200);
        let check = fixture.check(ID)?;
        assert_eq!(check["status"], "warning", "{check}");
        assert!(check["summary"].as_str().is_some_and(|summary| summary.contains(word)), "{check}");
    }
    Ok(())
}

#[test]
fn a_provider_without_websockets_is_fine() -> Result {
    let server = websocket(None)?;
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let provider = format!("[model_providers.acme]\nbase_url = \"{}\"\n", server.url("http"));
    fixture.write("config.toml", format!("model_provider = \"acme\"\n{provider}"))?;
    let check = fixture.check(ID)?;
    assert_eq!((&check["status"], &check["details"]["supports WebSockets"]), (&"ok".into(), &"false".into()));
    assert_eq!(server.connections(), 0);
    Ok(())
}

#[test]
fn no_websocket_is_opened_offline() -> Result {
    let server = websocket(None)?;
    let mut fixture = online(&server.url("ws"))?;
    fixture.options.offline = true;
    assert_eq!(fixture.check(ID)?["status"], "idle");
    assert_eq!(server.connections(), 0);
    Ok(())
}
