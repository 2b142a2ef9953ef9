//! Whether what a screen shows fits into the window.

use super::Window;

/// The smallest window that the desktop allows, as `tauri.conf.json` says.
pub const SMALLEST: (u32, u32) = (880, 560);

/// What ends outside the window, or is cut off by what holds it, without a way to scroll there.
const SPILLS: &str = r"
const found = [];
const named = e => `${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''}.${e.getAttribute('class') || ''} “${(e.innerText || e.getAttribute('aria-label') || '').slice(0, 40)}”`;
const root = document.documentElement;
if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} wide in a window of ${innerWidth}`);
const controls = 'button, a[href], input, select, textarea, [role=tab], h1, h2';
for (const e of document.querySelectorAll('body *')) {
  const box = e.getBoundingClientRect();
  if (box.width === 0 || box.height === 0 || getComputedStyle(e).visibility === 'hidden' || e.closest('.heard')) continue;
  let edge = innerWidth, scrolls = false;
  for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
    const how = getComputedStyle(p).overflowX;
    if (how === 'auto' || how === 'scroll') { scrolls = true; break; }
    if (how !== 'visible') edge = Math.min(edge, p.getBoundingClientRect().right);
  }
  if (scrolls) continue;
  if (box.right > innerWidth + 1 || (e.matches(controls) && box.right > edge + 1 && getComputedStyle(e).textOverflow !== 'ellipsis'))
    found.push(`${named(e)} ends at ${Math.round(box.right)}, and ${Math.round(edge)} is the edge`);
}
return found.slice(0, 5);
";

impl Window {
    /// Makes the window as small as it gets, and names what does not fit.
    pub fn spills(&self) -> Vec<String> {
        self.resize(SMALLEST.0, SMALLEST.1);
        self.wait_until("the window is small", &format!("return innerWidth <= {}", SMALLEST.0));
        self.painted();
        let found = self.js(SPILLS, Vec::new());
        found.as_array().into_iter().flatten().filter_map(|line| Some(line.as_str()?.to_owned())).collect()
    }
}
