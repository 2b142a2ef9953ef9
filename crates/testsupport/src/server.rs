use crate::Sandbox;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// A `driftgate serve` of one's own, on a port that it picked. It is killed when this goes away.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    started: Value,
    stderr: Option<ChildStderr>,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {} {}", self.status, self.text()))
    }

    /// Fails, with the body, unless the status is this one.
    #[track_caller]
    pub fn is(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// One connection to a server, kept open between requests.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Connection {
    /// Connects.
    pub fn open(address: &str) -> std::io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Connection { stream: BufReader::new(stream), address: address.to_owned() })
    }

    /// Sends a request and reads its answer. A `host` among the headers takes the place of the usual one.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Reply> {
        let mut text = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text += &format!("host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        bytes.extend(body);
        // A server that refuses a large body answers and closes before it has read all of it.
        let sent = self.stream.get_mut().write_all(&bytes);
        self.read(method == "HEAD").map_err(|e| sent.err().unwrap_or(e))
    }

    fn read(&mut self, no_body: bool) -> std::io::Result<Reply> {
        let ended = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the server closed the connection");
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(ended());
        }
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(ended)?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(ended());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok());
        let mut body = vec![0; if no_body { 0 } else { length.unwrap_or(0) }];
        self.stream.read_exact(&mut body)?;
        Ok(Reply { status, headers, body })
    }
}

impl Sandbox {
    /// Starts `driftgate serve --port 0` with these arguments besides, and waits until it listens.
    #[track_caller]
    pub fn serve(&self, args: &[&str]) -> Server {
        self.serve_with(args, |_| {})
    }

    /// Like [`Sandbox::serve`], with something done to the command first.
    #[track_caller]
    pub fn serve_with(&self, args: &[&str], set: impl FnOnce(&mut Command)) -> Server {
        let mut command = self.command();
        command.args(["serve", "--json", "--port", "0"]).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        for key in ["DRIFTGATE_TOKEN", "API_ADMIN_TOKEN"] {
            command.env_remove(key);
        }
        set(&mut command);
        let mut child = command.spawn().expect("the command can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut text = String::new();
        // The object ends with a brace at the beginning of a line.
        while !text.ends_with("\n}\n") {
            if lines.read_line(&mut text).expect("it writes UTF-8") == 0 {
                let output = child.wait_with_output().expect("it ended");
                panic!("the server ended: {text}{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        let started: Value = serde_json::from_str(&text).expect("it says where it listens as JSON");
        let address = started["url"].as_str().expect("it has a URL").trim_start_matches("http://").to_owned();
        let stderr = child.stderr.take();
        Server { child, address, started, stderr }
    }
}

impl Server {
    /// Where it listens, as `address:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it said when it began.
    pub fn started(&self) -> &Value {
        &self.started
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A connection of one's own.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::open(&self.address).expect("the server accepts connections")
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.connect().request(method, path, headers, body).unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    /// Asks.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[], b"")
    }

    /// Sends JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.request("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Asks it to stop, waits, and gives its exit code and what it said on standard error.
    #[track_caller]
    pub fn stop(mut self) -> (i32, String) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("`kill` can be started");
        assert!(asked.success(), "the server was gone already");
        let mut said = String::new();
        if let Some(mut stderr) = self.stderr.take() {
            stderr.read_to_string(&mut said).expect("it writes UTF-8");
        }
        let status = self.child.wait().expect("a child can be waited for");
        (status.code().unwrap_or(-1), said)
    }

    /// Kills it at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
