//! Real servers on this machine: plain, with TLS, with a WebSocket, and a proxy.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::fixture::{Fixture, Result};

/// Name that has no address. It is too long for a question to the network.
pub(crate) const NOWHERE: &str =
    "a-name-whose-first-part-is-longer-than-the-63-bytes-which-dns-allows.invalid";

/// Connection of a client, encrypted or not.
pub(crate) trait Connection: Read + Write + Send {
    fn tcp(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Connection for StreamOwned<ServerConnection, TcpStream> {
    fn tcp(&self) -> &TcpStream {
        &self.sock
    }
}

/// Connection whose first bytes were read already.
struct Again<'a> {
    head: io::Cursor<Vec<u8>>,
    rest: &'a mut dyn Connection,
}

impl Read for Again<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.head.read(buffer)?;
        if read > 0 { Ok(read) } else { self.rest.read(buffer) }
    }
}

impl Write for Again<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.rest.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.rest.flush()
    }
}

/// Server on a port of its own. It counts connections, and keeps what it was asked.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers every request with what a function makes of its head; nothing is silence.
    pub(crate) fn new(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Result<Server> {
        Server::start(None, move |connection, head| match answer(head) {
            Some(text) => connection.write_all(text.as_bytes()),
            // Until the client gives up.
            None => connection.read_to_end(&mut Vec::new()).map(drop),
        })
    }

    /// Answers every request with a status.
    pub(crate) fn of_status(status: u16) -> Result<Server> {
        Server::new(move |_| Some(reply(status)))
    }

    pub(crate) fn start(
        tls: Option<Arc<ServerConfig>>,
        serve: impl Fn(&mut dyn Connection, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server =
            Server { address: listener.local_addr()?, connections: Arc::default(), asked: Arc::default() };
        let (connections, asked, serve) = (server.connections.clone(), server.asked.clone(), Arc::new(serve));
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(std::result::Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                let (tls, asked, serve) = (tls.clone(), asked.clone(), Arc::clone(&serve));
                thread::spawn(move || {
                    let mut connection: Box<dyn Connection> = match tls {
                        Some(config) => Box::new(StreamOwned::new(
                            ServerConnection::new(config).expect("settings that were checked"),
                            tcp,
                        )),
                        None => Box::new(tcp),
                    };
                    // A client may go at any time.
                    let Ok(head) = read_head(&mut connection) else { return };
                    asked.lock().expect("no test panics with it").push(head.clone());
                    let _ = serve(&mut *connection, &head);
                });
            }
        });
        Ok(server)
    }

    /// Returns a URL of the server, such as `https://127.0.0.1:1/v1`.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/v1", self.address)
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Returns the heads of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

/// Makes an answer without content.
pub(crate) fn reply(status: u16) -> String {
    format!("HTTP/1.1 {status} Some Words\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn read_head(stream: &mut impl Read) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Starts a proxy that tunnels everything to one server, whatever its name.
pub(crate) fn proxy(to: &Server) -> Result<Server> {
    let to = to.address;
    Server::start(None, move |client, head| {
        let mut server = TcpStream::connect(to)?;
        if head.starts_with("CONNECT ") {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        } else {
            server.write_all(head.as_bytes())?;
        }
        relay(client.tcp(), &server)
    })
}

/// Passes bytes on in both directions, until both sides have ended.
fn relay(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let there = thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let back = io::copy(&mut &*server, &mut &*client);
    let _ = client.shutdown(Shutdown::Write);
    let _ = there.join();
    back.map(drop)
}

/// Starts a WebSocket server.
pub(crate) fn websocket(tls: Option<Arc<ServerConfig>>) -> Result<Server> {
    Server::start(tls, |connection, head| {
        let again = Again { head: io::Cursor::new(head.as_bytes().to_vec()), rest: connection };
        if let Ok(mut socket) = tungstenite::accept(again) {
            // Until the client says goodbye.
            while socket.read().is_ok() {}
        }
        Ok(())
    })
}

/// Authority of certificates, in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) file: PathBuf,
}

impl Authority {
    pub(crate) fn new(fixture: &Fixture) -> Result<Authority> {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let file = fixture.folder().join("authority.pem");
        std::fs::write(&file, issuer.pem())?;
        Ok(Authority { issuer, file })
    }

    /// Makes the settings of a server with a certificate for a name.
    pub(crate) fn server(&self, name: &str) -> Result<Arc<ServerConfig>> {
        self.of(CertificateParams::new(vec![name.to_owned()])?)
    }

    pub(crate) fn of(&self, params: CertificateParams) -> Result<Arc<ServerConfig>> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        settings(certificate.der(), &key)
    }

    /// Makes the settings of a server that shows the authority's own certificate.
    pub(crate) fn itself(&self) -> Result<Arc<ServerConfig>> {
        settings(self.issuer.der(), self.issuer.key())
    }
}

fn settings(certificate: &CertificateDer<'static>, key: &KeyPair) -> Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?))
}
