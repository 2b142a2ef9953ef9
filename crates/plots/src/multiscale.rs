//! At which resolution pixels moved.

use crate::axis::{self, Axis};
use crate::number::{number, p_value, plural};
use crate::palette::Paint;
use crate::pen::{Anchor, Pen, SMALL, svg};
use crate::table::{ChartCell, ChartTable};
use crate::text::{clean, cut, fit, room};
use crate::{Chart, WIDTH, tidy};
use driftgate_model::{MultiscaleProfile, ScaleLevel};

/// Most levels drawn: the finest ones.
const MOST_LEVELS: usize = 8;
/// Most channels drawn of a level.
const MOST_CHANNELS: usize = 8;
/// Most pixels for a channel's name.
const MOST_ROOM: f64 = 120.0;

const ROW: i32 = 20;
const HEAD: i32 = 26;
/// Where the bars end at most; their numbers come after.
const RIGHT: i32 = 560;

/// Wasserstein distances of the pixels by resolution, finest first, a bar a channel, in standard deviations of the reference.
/// `matters` is the smallest distance that matters: a line through the bars. At most 8 levels of 8 channels.
pub fn multiscale_chart(id: &str, profile: &MultiscaleProfile, matters: Option<f64>) -> Chart {
    let levels = &profile.levels[..profile.levels.len().min(MOST_LEVELS)];
    let mut table =
        ChartTable::new(["resolution", "channel", "distance in standard deviations", "mean", "p of the mean"]);
    for level in levels {
        for (channel, distance) in channels(level) {
            table.row([
                ChartCell::Text(level.resolution.clone()),
                ChartCell::Text(channel.clone()),
                (*distance).into(),
                level.mean.into(),
                level.p_value.into(),
            ]);
        }
    }
    let means: Vec<String> =
        levels.iter().map(|l| format!("{} at {}", number(Some(l.mean)), cut(&clean(&l.resolution), 20))).collect();
    let description = match levels.len() {
        0 => "No resolution was compared.".to_owned(),
        n => format!(
            "Distances of pixels between reference and batch at {}, in standard deviations of the reference, mean over channels: {}.",
            plural(n as u64, "resolution", "resolutions"),
            means.join("; ")
        ),
    };
    let lines: i32 = levels.iter().map(height_of).sum();
    let height = upper(matters) + lines.max(HEAD * 2) + 46;
    Chart::new("Pixel distance by resolution".into(), description, &tidy(id), table, |names| {
        svg(names, (WIDTH, height), |pen| plot(pen, levels, limit(matters)))
    })
}

fn channels(level: &ScaleLevel) -> &[(String, f64)] {
    &level.channels[..level.channels.len().min(MOST_CHANNELS)]
}

fn limit(matters: Option<f64>) -> Option<f64> {
    matters.filter(|m| m.is_finite() && *m > 0.0)
}

/// Where the levels begin: below the legend, where there is one.
fn upper(matters: Option<f64>) -> i32 {
    if limit(matters).is_some() { 52 } else { 32 }
}

fn height_of(level: &ScaleLevel) -> i32 {
    HEAD + ROW * channels(level).len() as i32 + 6
}

/// `1/2` in words.
fn named(resolution: &str) -> String {
    match resolution {
        "1/1" => "full resolution".into(),
        "1/2" => "half resolution (1/2)".into(),
        "1/4" => "quarter resolution (1/4)".into(),
        other => format!("resolution {other}"),
    }
}

fn plot(pen: &Pen, levels: &[ScaleLevel], matters: Option<f64>) {
    let upper = upper(matters);
    let lower = upper + levels.iter().map(height_of).sum::<i32>().max(HEAD * 2);
    if levels.is_empty() {
        pen.nothing("No resolution was compared", (0, upper), (WIDTH, lower));
        return;
    }
    let names = levels.iter().flat_map(channels).map(|c| room(&fit(&c.0, SMALL, MOST_ROOM), SMALL));
    let left = names.fold(40, i32::max) + 18;
    let distances = levels.iter().flat_map(channels).map(|c| c.1).filter(|d| d.is_finite());
    let most = distances.chain(matters).fold(0.0, f64::max);
    let scale = Axis::new(0.0, if most > 0.0 { most } else { 1.0 });
    axis::below(pen, &scale, &scale.ticks(5), (left, upper, RIGHT, lower));
    let mut y = upper;
    for level in levels {
        // The heading stands on the ground, not on lines of the grid.
        pen.bar((left, y + 1), (RIGHT + 2, y + HEAD - 3), Paint::Surface);
        pen.heading(&fit(&named(&level.resolution), SMALL, 220.0), (left, y + HEAD / 2));
        let mean = format!("mean {}, p {}", number(Some(level.mean)), p_value(Some(level.p_value)));
        pen.text(&mean, (RIGHT, y + HEAD / 2), Anchor::Right, Paint::Faint);
        y += HEAD;
        for (channel, distance) in channels(level) {
            let end = scale.pixel(distance.max(0.0), left, RIGHT);
            pen.text(&fit(channel, SMALL, MOST_ROOM), (left - 8, y + ROW / 2), Anchor::Right, Paint::Text);
            pen.bar((left, y + 3), (end, y + ROW - 3), Paint::Reference);
            pen.text(&number(Some(*distance)), (RIGHT + 10, y + ROW / 2), Anchor::Left, Paint::Text);
            y += ROW;
        }
        if let Some(at) = matters.map(|m| scale.pixel(m, left, RIGHT)) {
            pen.line(&[(at, y - ROW * channels(level).len() as i32), (at, y)], Paint::Limit, 2);
        }
        y += 6;
    }
    pen.line(&[(left, upper), (left, lower)], Paint::Faint, 1);
    if let Some(matters) = matters {
        pen.line(&[(left + 4, 31), (left + 4, 43)], Paint::Limit, 2);
        let words = format!("smallest distance that matters, {}", number(Some(matters)));
        pen.text(&words, (left + 12, 37), Anchor::Left, Paint::Text);
    }
    let words = "Wasserstein distance in standard deviations of the reference";
    pen.text(words, ((left + RIGHT) / 2, lower + 36), Anchor::Middle, Paint::Faint);
}
