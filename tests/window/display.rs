//! A display without a screen, and programs that end with the test.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Pixels of the display: the window, and room beside it for what is dragged onto it.
pub const SIZE: (u32, u32) = (1920, 1080);

/// A display without a screen.
pub struct Display {
    /// `:7`
    pub name: String,
    _server: Program,
}

impl Display {
    /// Opens a display of a number that is free.
    pub fn open() -> Display {
        let mut command = Command::new("/usr/bin/Xvfb");
        let screen = format!("{}x{}x24", SIZE.0, SIZE.1);
        command.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Program(command.spawn().expect("Xvfb starts"));
        let mut number = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut number).expect("Xvfb names its display");
        assert!(!number.trim().is_empty(), "Xvfb found no free display");
        Display { name: format!(":{}", number.trim()), _server: server }
    }
}

/// A program that ends, with all it started, when it goes out of scope.
pub struct Program(pub Child);

impl Program {
    /// Starts a program that answers nobody on the terminal.
    pub fn spawn(command: &mut Command) -> Program {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Program(quiet.spawn().unwrap_or_else(|e| panic!("{} does not start: {e}", command.get_program().display())))
    }

    /// Starts a program that writes what it says, and what the programs it starts say, into a file.
    pub fn spawn_logged(command: &mut Command, log: &Path) -> Program {
        let file = File::create(log).unwrap();
        let logged = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        Program(logged.spawn().unwrap_or_else(|e| panic!("{} does not start: {e}", command.get_program().display())))
    }

    /// The processes it started, and those that they started.
    pub fn descendants(&self) -> Vec<u32> {
        let parents = parents();
        let mut found = vec![self.0.id()];
        let mut next = 0;
        while next < found.len() {
            let parent = found[next];
            found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        found.split_off(1)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Looked for before the parent dies: orphans have another parent.
        let started = self.descendants();
        let _ = self.0.kill();
        let _ = self.0.wait();
        if !started.is_empty() {
            let _ = Command::new("kill")
                .arg("-KILL")
                .args(started.iter().map(u32::to_string))
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // `pid (name) state parent …`, where the name may hold anything.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, parent))
    })
    .collect()
}
