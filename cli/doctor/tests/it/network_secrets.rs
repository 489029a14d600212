//! Secrets stay where they are: in no text, and in no request.

use crate::fixture::{Fixture, Result};
use crate::servers::{Authority, NOWHERE, Server, proxy};

/// Beginning of every planted secret. It looks like an ordinary word, so that no rule finds it.
const SECRET: &str = "staple";

/// Makes a home with a secret in every input.
fn planted(scheme: &str, place: &str) -> Result<Fixture> {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    let provider = format!(
        "base_url = \"{scheme}://staple-user:staple-word@{place}/v1/staple-path?key=staple-query#staple-end\"\n\
         experimental_bearer_token = \"staple-token\"\nsupports_websockets = true\n\
         http_headers = {{ X-Key = \"staple-header\" }}\nquery_params = {{ key = \"staple-parameter\" }}\n"
    );
    fixture.write("config.toml", format!("model_provider = \"acme\"\n[model_providers.acme]\n{provider}"))?;
    fixture.write("auth.json", r#"{ "OPENAI_API_KEY": "staple-stored" }"#)?;
    fixture.set("ACME_KEY", "staple-variable");
    Ok(fixture)
}

/// Reports that no text has a secret.
fn assert_clean(fixture: &mut Fixture) -> Result {
    fixture.options.only = threadkeep_doctor::checks::all()
        .map(|spec| spec.id.to_owned())
        .filter(|id| id.starts_with("network."))
        .collect();
    let report = fixture.report()?;
    for text in [report.document().to_string(), format!("{:?}", report.checks)] {
        assert!(text.contains("network.reachability"));
        assert!(!text.contains(SECRET), "{text}");
    }
    Ok(())
}

/// Reports that no request had more than the path.
fn assert_quiet(server: &Server, least: usize) {
    let asked = server.asked();
    assert!(asked.len() >= least, "{asked:?}");
    for head in asked {
        let head = head.replace("/v1/staple-path/", "/");
        assert!(!head.contains(SECRET) && !head.contains("uthorization"), "{head}");
    }
}

#[test]
fn a_server_that_says_secrets_is_not_repeated() -> Result {
    for status in [200, 302, 401, 503] {
        let server = Server::new(move |_| {
            let headers =
                "Location: http://staple.example/?staple\r\nWWW-Authenticate: staple\r\nstaple: staple";
            Some(format!("HTTP/1.1 {status} staple-reason\r\n{headers}\r\nContent-Length: 6\r\n\r\nstaple"))
        })?;
        let mut fixture = planted("http", &server.address.to_string())?;
        assert_clean(&mut fixture)?;
        assert_quiet(&server, 2);
    }
    let server = Server::new(|_| Some("staple: this is no HTTP".to_owned()))?;
    assert_clean(&mut planted("http", &server.address.to_string())?)
}

#[test]
fn a_certificate_that_says_secrets_is_not_repeated() -> Result {
    let fixture = Fixture::new()?;
    let authority = Authority::new(&fixture)?;
    let server = Server::start(Some(authority.server("staple.example")?), |_, _| Ok(()))?;
    let mut fixture = planted("https", &server.address.to_string())?;
    fixture.machine.variables.insert("SSL_CERT_FILE".into(), authority.file.clone().into());
    assert_clean(&mut fixture)
}

#[test]
fn the_login_of_a_proxy_is_neither_sent_nor_shown() -> Result {
    let server = Server::of_status(401)?;
    let through = proxy(&server)?;
    let refusing =
        Server::new(|_| Some("HTTP/1.1 407 staple\r\nProxy-Authenticate: staple\r\n\r\n".to_owned()))?;
    for proxy in [&through, &refusing] {
        for scheme in ["http", "https"] {
            let mut fixture = planted(scheme, "threadkeep-doctor.invalid")?;
            // The server behind the proxy does not speak TLS.
            fixture.options.limits.tls = std::time::Duration::from_millis(200);
            let url = format!("http://staple-user:staple-word@{}/staple?staple", proxy.address);
            for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
                fixture.set(name, &url);
            }
            fixture.set("NO_PROXY", "other.example,staple word");
            assert_clean(&mut fixture)?;
        }
        assert_quiet(proxy, 4);
    }
    assert_quiet(&server, 2);
    Ok(())
}

#[test]
fn names_that_are_not_found_are_shown_without_secrets() -> Result {
    assert_clean(&mut planted("http", NOWHERE)?)?;
    let mut fixture = planted("gopher", NOWHERE)?;
    fixture.set("HTTPS_PROXY", "staple://staple-user:staple-word@proxy");
    assert_clean(&mut fixture)
}
