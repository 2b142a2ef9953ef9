//! A real file drop: another program's window, and the mouse that drags its files onto ours.

use super::display::{Program, SIZE};
use super::{PATIENCE, Window, repository, world};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Steps of a drag, and the pause between them: toolkits answer each motion before they take the drop.
const STEPS: i32 = 12;
const PAUSE: Duration = Duration::from_millis(60);

/// The middle of the other program's window, which is 120 by 60 pixels and lies in the corner that ours leaves free.
const HANDLE: (i32, i32) = (SIZE.0 as i32 - 100, SIZE.1 as i32 - 60);

impl Window {
    /// Drags files from another program's window onto the middle of an element and lets them go there.
    pub fn drop_files(&self, files: &[&Path], css: &str) {
        self.hold_files(files, css, |_| {});
    }

    /// As [`Window::drop_files`]; `look` sees the window while the files are held over it.
    pub fn hold_files(&self, files: &[&Path], css: &str, look: impl FnOnce(&Window)) {
        let (x, y) = self.middle(css);
        let script = repository().join("tests/window/drag_source.py");
        // The system's own: the bindings of its GTK are for that one.
        let mut command = Command::new("/usr/bin/python3");
        let corner = [HANDLE.0 - 60, HANDLE.1 - 30].map(|n| n.to_string());
        let _source =
            Program::spawn(world(&mut command, &self.display, self.home()).arg(script).args(corner).args(files));
        self.wait_within(PATIENCE, "the window to drag from is open", || {
            self.xdotool(&["search", "--onlyvisible", "--name", "^Files to drag$"]).then_some(())
        });

        let at = |step: i32| [HANDLE.0 + (x - HANDLE.0) * step / STEPS, HANDLE.1 + (y - HANDLE.1) * step / STEPS];
        self.move_mouse(HANDLE.into());
        self.xdotool(&["mousedown", "1"]);
        for step in 1..=STEPS {
            self.move_mouse(at(step));
        }
        // Over the element, the toolkits agree on what is taken.
        for wiggle in [2, 0, 2, 0] {
            self.move_mouse([x + wiggle, y]);
        }
        look(self);
        self.xdotool(&["mouseup", "1"]);
        // The files' names are read from their source after the drop.
        std::thread::sleep(Duration::from_millis(500));
    }

    /// The middle of an element, in pixels of the display.
    fn middle(&self, css: &str) -> (i32, i32) {
        self.wait_for(css);
        let script = "
            const box = document.querySelector(arguments[0]).getBoundingClientRect();
            const [sides, above] = [(outerWidth - innerWidth) / 2, outerHeight - innerHeight];
            return [screenX + sides + box.x + box.width / 2, screenY + above + box.y + box.height / 2];";
        let found = self.js(script, vec![json!(css)]);
        let number = |i: usize| found[i].as_f64().expect("a number") as i32;
        (number(0), number(1))
    }

    fn move_mouse(&self, [x, y]: [i32; 2]) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
        std::thread::sleep(PAUSE);
    }

    /// Presses keys as the display's own keyboard does: they reach the menu too.
    pub fn press_on_display(&self, chord: &str) {
        let name = "^Driftgate";
        self.xdotool(&["search", "--onlyvisible", "--name", name, "windowfocus", "--sync", "key", chord]);
    }

    fn xdotool(&self, args: &[&str]) -> bool {
        let mut command = Command::new("/usr/bin/xdotool");
        let output = world(&mut command, &self.display, self.home()).args(args).output();
        output.is_ok_and(|o| o.status.success())
    }
}
