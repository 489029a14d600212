//! Findings before the report removes secrets: there are none in them already.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use jiff::Timestamp;
use threadkeep_app::dirs::{Dirs, Given};

use super::CHECKS;
use crate::{Context, Machine, Options};

#[test]
fn findings_have_no_secrets_before_they_are_cleaned() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            // One read has a whole request in it.
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(b"HTTP/1.1 503 staple\r\nLocation: http://h/?staple\r\n\r\nstaple");
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let urls = ["http", "ws", "staple"];
    let proxies =
        ["http://staple:staple@{address}/staple", "socks5://staple:staple@h", "staple://staple", ""];
    for (url, proxy) in urls.iter().flat_map(|url| proxies.map(|proxy| (url, proxy))) {
        let config = format!(
            "model_provider = \"acme\"\n[model_providers.acme]\nsupports_websockets = true\n\
             base_url = \"{url}://staple:staple@{address}/v1/staple?staple#staple\"\n"
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let proxy = proxy.replace("{address}", &address.to_string());
        let variables =
            [("HTTP_PROXY", proxy.as_str()), ("no_proxy", "staple staple"), ("SSL_CERT_FILE", "/none")];
        let machine = Machine {
            variables: variables.map(|(name, value)| (name.into(), value.into())).into(),
            ..Machine::default()
        };
        let given = Given { home: Some(folder.path().to_owned()), sqlite_home: None };
        let dirs = Dirs::find(&given).unwrap();
        let context = Context::new(&dirs, &given, Options::default(), machine, Timestamp::UNIX_EPOCH);
        for spec in CHECKS {
            let finding = (spec.run)(&context);
            let text = format!("{finding:?}");
            assert!(!text.contains("staple"), "{url} {proxy}: {text}");
        }
    }
}
