//! Trust in servers: certificates of the system, and certificates that the user added.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, OtherError, RootCertStore, StreamOwned,
};
use url::Host;

use threadkeep_rollout::untouched;

use super::failure::{Failure, Stage};
use super::stream::Timed;
use crate::machine::Machine;

/// Largest file of certificates that is read, in bytes.
const LIMIT: u64 = 16 << 20;

/// Certificates of a file in PEM.
///
/// # Errors
///
/// Any error of reading it.
pub(crate) fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let bytes = untouched::read(path, LIMIT)?;
    Ok(CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect())
}

/// Trust, made once for all questions.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    config: Arc<ClientConfig>,
    is_empty: bool,
}

impl Trust {
    /// Collects the certificates that the agent trusts: the system's and those of the variables.
    pub(super) fn of(machine: &Machine) -> Result<Trust, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for path in files(machine) {
            roots.add_parsable_certificates(certificates(&path).unwrap_or_default());
        }
        let is_empty = roots.is_empty();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Failure::Tls("this build has no protocol version".to_owned()))?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Trust { config: Arc::new(config), is_empty })
    }

    /// Makes an encrypted connection.
    pub(super) fn handshake(
        &self,
        host: &Host<String>,
        mut tcp: Timed,
        limit: Duration,
    ) -> Result<StreamOwned<ClientConnection, Timed>, Failure> {
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone()).ok(),
            Host::Ipv4(address) => Some(ServerName::IpAddress((*address).into())),
            Host::Ipv6(address) => Some(ServerName::IpAddress((*address).into())),
        };
        let name = name.ok_or(Failure::Url("no certificate can be for its host name"))?;
        let connection = ClientConnection::new(Arc::clone(&self.config), name);
        let mut connection = connection.map_err(|error| self.failure(&error))?;
        tcp.within(limit);
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut tcp) {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
                return Err(match inner {
                    Some(error) => self.failure(error),
                    None => Failure::of_stream(&error, Stage::Tls, limit),
                });
            }
        }
        Ok(StreamOwned::new(connection, tcp))
    }

    /// Says why a handshake failed, without a word that the server chose.
    fn failure(&self, error: &Error) -> Failure {
        let cause = match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) if self.is_empty => {
                "this machine has no certificates of authorities"
            }
            Error::InvalidCertificate(error) => match error {
                CertificateError::UnknownIssuer => {
                    "the authority of the certificate is not trusted; CODEX_CA_CERTIFICATE can name a file with it"
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "the certificate has expired"
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "the certificate is not valid yet; is the clock right?"
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "the certificate is for another host"
                }
                CertificateError::Revoked => "the certificate was revoked",
                // OpenSSL takes it, and its `req -x509` makes such certificates.
                CertificateError::Other(other) if is_authority(other) => {
                    "the server shows an authority's certificate (CA:TRUE), which rustls takes from no server"
                }
                _ => "the certificate is not valid",
            },
            Error::InvalidMessage(_) => "the server does not speak TLS at this port",
            Error::PeerIncompatible(_) => "the server speaks no TLS version or cipher of today",
            Error::AlertReceived(_) => "the server refuses the handshake",
            _ => "the handshake failed",
        };
        Failure::Tls(cause.to_owned())
    }
}

/// Returns true if the server's certificate is one of an authority.
fn is_authority(error: &OtherError) -> bool {
    matches!(error.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Returns the files of certificates that the user added, as the agent chooses them.
fn files(machine: &Machine) -> Vec<PathBuf> {
    let mut files = Vec::new();
    files.extend(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"].iter().find_map(|name| machine.path(name)));
    for folder in machine.paths("SSL_CERT_DIR") {
        let entries = untouched::entries(&folder).unwrap_or_default();
        files.extend(entries.into_iter().map(|entry| folder.join(entry.name)));
    }
    files
}
