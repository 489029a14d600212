#!/usr/bin/env bash
# rustls 0.23.46 (rustls-webpki 0.103.17), and OpenSSL through Python's `ssl`.
#
# `openssl req -x509` makes a self-signed certificate with CA:TRUE unless told otherwise. A client of
# OpenSSL that is given this file as its only authority connects to a server that shows it. rustls, given
# the same file, answers CaUsedAsEndEntity: it takes a certificate of an authority from no server, however
# much that very certificate is trusted. The error is a `CertificateError::Other`, so a client cannot tell
# it from unknown ones without rustls-webpki. With CA:FALSE, both connect: rustls does not ask that a
# trusted certificate may sign.
#
# Matters for: cli/doctor/src/probe/tls.rs, which names this case. `curl` succeeds where the agent fails.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for kind in TRUE FALSE; do
    options=()
    [ "$kind" = TRUE ] || options=(-addext basicConstraints=critical,CA:FALSE)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost "${options[@]}" \
        -keyout "$folder/$kind.key" -out "$folder/$kind.pem" 2>"$folder/openssl.log"
done
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std", "tls12"] }
rustls-webpki = { version = "=0.103.17", default-features = false }

[profile.dev]
debug = false
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, RootCertStore};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&arguments[2])?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let mut connection = ClientConnection::new(config, ServerName::try_from("localhost")?)?;
    let mut tcp = TcpStream::connect(("127.0.0.1", arguments[1].parse::<u16>()?))?;
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut tcp) {
            match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
                Some(Error::InvalidCertificate(CertificateError::Other(other))) => {
                    let is_it = matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity));
                    println!("refused, CertificateError::Other, CaUsedAsEndEntity: {is_it}");
                }
                _ => println!("refused: {error}"),
            }
            return Ok(());
        }
    }
    println!("connected");
    Ok(())
}
RUST
(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo build --quiet)
python3 - "$folder" >"$folder/seen" <<'PYTHON'
import socket
import ssl
import subprocess
import sys
import threading

folder = sys.argv[1]


def serve(listener, context):
    while True:
        client, _ = listener.accept()
        try:
            with context.wrap_socket(client, server_side=True) as stream:
                stream.recv(1)
        except OSError:
            pass


for kind in ("TRUE", "FALSE"):
    file = f"{folder}/{kind}.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, f"{folder}/{kind}.key")
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    port = listener.getsockname()[1]
    text = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-text"], capture_output=True, text=True).stdout
    print("certificate with", next(word for word in text.split() if word.startswith("CA:")))
    try:
        with socket.create_connection(("127.0.0.1", port)) as tcp:
            ssl.create_default_context(cafile=file).wrap_socket(tcp, server_hostname="localhost").close()
        print("OpenSSL: connected")
    except ssl.SSLError as error:
        print("OpenSSL: refused:", error.reason)
    rust = subprocess.run([f"{folder}/target/debug/finding", str(port), file], capture_output=True, text=True)
    print("rustls:", rust.stdout.strip())
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
certificate with CA:TRUE
OpenSSL: connected
rustls: refused, CertificateError::Other, CaUsedAsEndEntity: true
certificate with CA:FALSE
OpenSSL: connected
rustls: connected
SEEN
echo "as recorded"
