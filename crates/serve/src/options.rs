use driftgate_engine::LogOptions;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// How a server listens and what it allows.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The address to listen at; another than loopback asks every caller for the token.
    pub bind: IpAddr,
    /// The port; 0 picks one.
    pub port: u16,
    /// Where the token comes from.
    pub auth: Auth,
    /// Names besides `localhost` that a `Host` header may have.
    pub hosts: Vec<String>,
    /// Most bytes of a body.
    pub body_bytes: usize,
    /// Most rows of one request.
    pub rows: usize,
    /// Most bytes of a request's line and headers.
    pub header_bytes: usize,
    /// Most requests at work at one time; more are told to come again.
    pub in_flight: usize,
    /// Most open connections; more wait.
    pub connections: usize,
    /// The longest that a request may take, its body included.
    pub timeout: Duration,
    /// The longest that requests may go on once the server stops.
    pub drain: Duration,
    /// How answers are kept; `None` keeps none.
    pub log: Option<LogOptions>,
    /// The share of requests whose answers are kept, chosen by a hash of the request's id.
    pub sample: f64,
    /// Whether each request is told to `tracing`.
    pub access_log: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8000,
            auth: Auth::Workspace,
            hosts: Vec::new(),
            body_bytes: 8 << 20,
            rows: 10_000,
            header_bytes: 32 << 10,
            in_flight: 256,
            connections: 1024,
            timeout: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            log: Some(LogOptions::default()),
            sample: 1.0,
            access_log: false,
        }
    }
}

/// Where the token of guarded endpoints comes from.
#[derive(Clone)]
pub enum Auth {
    /// The one that was made with the workspace.
    Workspace,
    /// This one.
    Token(String),
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Auth::Workspace => "Workspace",
            Auth::Token(_) => "Token(…)",
        })
    }
}
