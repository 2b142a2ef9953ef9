//! Which version was in Production when.

use crate::number::{count, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::width;
use crate::{Chart, WIDTH, tidy};
use driftgate_model::views::{HistoryLine, ModelHistory};
use driftgate_model::{Timestamp, VersionNumber};
use std::collections::BTreeSet;

/// Most moves drawn: the newest.
const MOST_MOVES: usize = 60;
/// Most versions drawn.
const MOST_LANES: usize = 20;

const UPPER: i32 = 60;
const LANE: i32 = 26;
const LEFT: i32 = 64;
const RIGHT: i32 = WIDTH - 24;

/// A move, and how long its version stayed.
struct Stay<'a> {
    moved: &'a HistoryLine,
    /// Milliseconds; a recorded time that jumps back counts as that of the move before.
    from: i64,
    to: i64,
}

/// Which version was in Production when: a strip for each version along the time axis, from each approval (a dot) or rollback (a
/// triangle that points down) to the next move, the newest one up to `until`. At most the newest 60 moves and 20 versions.
pub fn versions_chart(id: &str, history: &ModelHistory, until: Timestamp) -> Chart {
    let stays = stays(&history.moves, until);
    let mut table = ChartTable::new(["version", "from", "until", "by", "who", "why"]);
    for (i, s) in stays.iter().enumerate() {
        let text = |t: &Option<String>| t.clone().map_or(ChartCell::Missing, ChartCell::Text);
        let end = stays.get(i + 1).map_or(ChartCell::Missing, |n| ChartCell::Text(when(n.moved.at)));
        table.row([
            ChartCell::Text(format!("v{}", s.moved.to)),
            ChartCell::Text(when(s.moved.at)),
            end,
            ChartCell::Text(s.moved.cause.clone()),
            text(&s.moved.actor),
            text(&s.moved.reason),
        ]);
    }
    let title = match history.moves.len() - stays.len() {
        0 => format!("Versions of {} in Production", history.model),
        _ => format!(
            "Versions of {} in Production: the newest {} of {} moves",
            history.model,
            stays.len(),
            count(history.moves.len() as u64)
        ),
    };
    let back = stays.iter().filter(|s| is_rollback(s.moved)).count() as u64;
    let description = match stays.last() {
        Some(last) => format!(
            "{}, of them {}. v{} is in Production since {}.",
            plural(stays.len() as u64, "move", "moves"),
            plural(back, "rollback", "rollbacks"),
            last.moved.to,
            when(last.moved.at)
        ),
        None => "Nothing was in Production yet.".to_owned(),
    };
    let lanes: BTreeSet<VersionNumber> = stays.iter().map(|s| s.moved.to).collect();
    let height = UPPER + LANE * (lanes.len().max(2) as i32) + 52;
    Chart::new(title, description, &tidy(id), table, |names| {
        svg(names, (WIDTH, height), |pen| plot(pen, &stays, &lanes.iter().copied().collect::<Vec<_>>()))
    })
}

fn is_rollback(moved: &HistoryLine) -> bool {
    moved.cause == "rollback"
}

fn when(at: Timestamp) -> String {
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M:%S"))
}

/// The newest moves, oldest first, that fit the chart.
fn stays(moves: &[HistoryLine], until: Timestamp) -> Vec<Stay<'_>> {
    let (mut lanes, mut first) = (BTreeSet::new(), moves.len());
    for (i, m) in moves.iter().enumerate().rev().take(MOST_MOVES) {
        lanes.insert(m.to);
        if lanes.len() > MOST_LANES {
            break;
        }
        first = i;
    }
    let mut latest = i64::MIN;
    let mut stays: Vec<Stay> = Vec::new();
    for moved in &moves[first..] {
        latest = latest.max(moved.at.as_millisecond());
        if let Some(before) = stays.last_mut() {
            before.to = latest;
        }
        stays.push(Stay { moved, from: latest, to: latest });
    }
    if let Some(last) = stays.last_mut() {
        last.to = until.as_millisecond().max(latest);
    }
    stays
}

fn plot(pen: &Pen, stays: &[Stay], lanes: &[VersionNumber]) {
    let lower = UPPER + LANE * (lanes.len().max(2) as i32);
    let (Some(first), Some(last)) = (stays.first(), stays.last()) else {
        pen.nothing("Nothing was in Production yet", (0, UPPER), (WIDTH, lower));
        return;
    };
    legend(pen);
    let (begin, end) = (first.from, last.to.max(first.from + 1000));
    let x = |t: i64| LEFT + ((t - begin) as f64 / (end - begin) as f64 * f64::from(RIGHT - LEFT)).round() as i32;
    // The newest version is on top.
    let lane = |v: VersionNumber| lanes.iter().rev().position(|l| *l == v).unwrap_or(0) as i32;
    let y = |v: VersionNumber| UPPER + LANE * lane(v) + LANE / 2;
    times(pen, begin, end, lower, x);
    for v in lanes {
        pen.text(&format!("v{v}"), (LEFT - 14, y(*v)), Anchor::Right, Paint::Text);
    }
    for pair in stays.windows(2) {
        let at = x(pair[1].from);
        pen.line(&[(at, y(pair[0].moved.to)), (at, y(pair[1].moved.to))], Paint::Faint, 1);
    }
    for s in stays {
        let (from, to, y) = (x(s.from), x(s.to), y(s.moved.to));
        pen.bar((from, y - 7), (to.max(from + 2), y + 7), Paint::Reference);
    }
    let at = x(last.from);
    pen.frame((at, y(last.moved.to) - 8), (x(last.to).max(at + 6), y(last.moved.to) + 8), Paint::Batch);
    for s in stays {
        mark(pen, (x(s.from), y(s.moved.to)), is_rollback(s.moved));
    }
    pen.line(&[(LEFT, lower), (RIGHT, lower)], Paint::Faint, 1);
}

fn mark(pen: &Pen, at: (i32, i32), rollback: bool) {
    // On a ground of its own, so that it stands out from strips and frames.
    pen.dot(at, 8, Paint::Surface);
    if rollback {
        pen.triangle(at, false, Paint::Text);
    } else {
        pen.dot(at, 5, Paint::Text);
    }
}

fn legend(pen: &Pen) {
    let mut x = LEFT + 6;
    for (word, rollback) in [("approval", false), ("rollback", true)] {
        mark(pen, (x, 40), rollback);
        pen.text(word, (x + 12, 40), Anchor::Left, Paint::Text);
        x += 38 + width(word, SMALL) as i32;
    }
    pen.bar((x, 34), (x + 18, 46), Paint::Reference);
    pen.frame((x, 33), (x + 18, 47), Paint::Batch);
    pen.text("in Production now", (x + 24, 40), Anchor::Left, Paint::Text);
}

/// Steps of the time axis, in seconds.
const STEPS: [i64; 20] = [
    1,
    5,
    15,
    60,
    300,
    900,
    3600,
    3 * 3600,
    6 * 3600,
    12 * 3600,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    91 * DAY,
    182 * DAY,
    365 * DAY,
    1826 * DAY,
    36525 * DAY,
];
const DAY: i64 = 24 * 3600;

/// Round moments in UTC below the strips.
fn times(pen: &Pen, begin: i64, end: i64, lower: i32, x: impl Fn(i64) -> i32) {
    let seconds = (end - begin) / 1000;
    let step = STEPS.into_iter().find(|s| seconds / s <= 6).unwrap_or(seconds.max(1));
    let format = match step {
        ..60 => "%H:%M:%S",
        60..DAY => "%H:%M",
        _ => "%Y-%m-%d",
    };
    let mut at = (begin / 1000).div_euclid(step) * step;
    let (mut day, mut free_from) = (String::new(), f64::from(LEFT) - 40.0);
    for _ in 0..=9 {
        let place = at.saturating_mul(1000);
        if let Ok(moment) = Timestamp::from_second(at)
            && (begin..=end).contains(&place)
        {
            let label = moment.strftime(format).to_string();
            let half = width(&label, SMALL) / 2.0;
            let (at, middle) = (x(place), x(place).min(WIDTH - 8 - half as i32));
            pen.line(&[(at, UPPER), (at, lower)], Paint::Grid, 1);
            if f64::from(middle) - half >= free_from {
                pen.text(&label, (middle, lower + 15), Anchor::Middle, Paint::Faint);
                free_from = f64::from(middle) + half + 8.0;
            }
            let date = moment.strftime("%Y-%m-%d").to_string();
            if step < DAY && date != day {
                pen.text(&date, (middle.min(WIDTH - 44), lower + 32), Anchor::Middle, Paint::Faint);
                day = date;
            }
        }
        at = at.saturating_add(step);
    }
    let words = if step < DAY { "time in UTC" } else { "day in UTC" };
    pen.text(words, (RIGHT, 40), Anchor::Right, Paint::Faint);
}
