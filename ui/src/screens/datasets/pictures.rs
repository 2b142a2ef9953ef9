//! Data sets of pictures: how many each class has, and some of them to look at.

use crate::parts::{ChartView, Pictures, SIDE, Shot, of_file, stored};
use crate::words;
use driftgate_model::ImageRef;
use driftgate_model::views::PicturePlan;
use leptos::prelude::*;

/// Most classes that have a row of their own.
const MOST_CLASSES: usize = 60;

/// A share of all pictures, in words.
fn share(pictures: u64, all: u64) -> String {
    if all == 0 { "–".into() } else { words::percent(pictures as f64 / all as f64) }
}

/// The last part of a path within a folder.
fn last(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// The stored pictures class by class, classes in the order in which they come first.
fn by_class(pictures: &[ImageRef]) -> Vec<(String, Vec<Shot>)> {
    let mut all: Vec<(String, Vec<Shot>)> = Vec::new();
    for picture in pictures {
        let class = picture.label.clone().unwrap_or_else(|| "Without a label".into());
        let shot =
            Shot { from: stored(picture, SIDE), alt: format!("{}, {class}", picture.file), below: String::new() };
        match all.iter_mut().find(|(name, _)| *name == class) {
            Some((_, list)) => list.push(shot),
            None => all.push((class, vec![shot])),
        }
    }
    all
}

/// How many pictures each class has: bars, and the numbers in a table.
#[component]
pub fn Balance(#[prop(into)] id: String, classes: Vec<(String, u64)>) -> impl IntoView {
    let chart = driftgate_plots::balance_chart(&id, &classes);
    let all: u64 = classes.iter().map(|c| c.1).sum();
    let more = classes.len().saturating_sub(MOST_CLASSES);
    let name = |class: &str| if class.is_empty() { "Without a label".to_owned() } else { class.to_owned() };
    let rows = classes
        .iter()
        .take(MOST_CLASSES)
        .map(|(class, n)| {
            view! {
                <tr>
                    <th scope="row" class="wrapped">{name(class)}</th>
                    <td class="number">{words::whole(*n)}</td>
                    <td class="number">{share(*n, all)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="stack balance">
            <ChartView chart=chart/>
            <table class="table">
                <caption class="heard">"Pictures of each class"</caption>
                <thead><tr>
                    <th scope="col">"Class"</th><th scope="col" class="number">"Pictures"</th><th scope="col" class="number">"Share"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
            {(more > 0).then(|| view! { <p class="faint small">{format!("and {more} more classes")}</p> })}
        </div>
    }
}

/// A folder of pictures that is to be imported.
#[component]
pub fn Planned(pictures: PicturePlan, notes: Signal<Vec<String>>) -> impl IntoView {
    let (said, classes) = (words::count(pictures.pictures, "picture"), pictures.classes.len());
    let shots = pictures
        .shown
        .iter()
        .map(|(name, path)| Shot { from: of_file(path, SIDE), alt: name.clone(), below: last(name).to_owned() })
        .collect();
    view! {
        <section class="stack" aria-labelledby="planned-title">
            <h3 id="planned-title">{format!("{said} in {}", words::classes(classes as u64))}</h3>
            <Pictures label="Some of the pictures" pictures=shots/>
            <Balance id="planned" classes=pictures.classes/>
            <ul class="bullets small faint">{move || notes.get().into_iter().map(|n| view! { <li class="wrapped">{words::sentence(&n)}</li> }).collect_view()}</ul>
        </section>
    }
}

/// What a data set of pictures holds.
#[component]
pub fn Held(classes: Vec<(String, u64)>, shown: Vec<ImageRef>) -> impl IntoView {
    let groups = by_class(&shown);
    view! {
        <section class="stack" aria-labelledby="classes-title">
            <h3 id="classes-title">"Class balance"</h3>
            <Balance id="held" classes=classes/>
        </section>
        {(!groups.is_empty()).then(|| view! {
            <section class="stack" aria-labelledby="pictures-title">
                <h3 id="pictures-title">"Pictures by class"</h3>
                {groups.into_iter().map(|(class, shots)| view! {
                    <div class="stack tight">
                        <h4 class="wrapped">{class.clone()}</h4>
                        <Pictures label=format!("Pictures of {class}") pictures=shots/>
                    </div>
                }).collect_view()}
            </section>
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftgate_model::{Digest, PicturePlace};

    #[test]
    fn pictures_stand_with_their_class() {
        let picture = |file: &str, label: Option<&str>| ImageRef {
            file: file.into(),
            digest: Digest::ZERO,
            label: label.map(Into::into),
            place: PicturePlace { pack: Digest::ZERO, offset: 0, bytes: 1 },
        };
        let all = [
            picture("a/1.png", Some("a")),
            picture("b/1.png", Some("b")),
            picture("a/2.png", Some("a")),
            picture("x.png", None),
        ];
        let found: Vec<(String, usize)> = by_class(&all).into_iter().map(|(c, s)| (c, s.len())).collect();
        assert_eq!(found, [("a".into(), 2), ("b".into(), 1), ("Without a label".into(), 1)]);
        assert_eq!((last("images/a/1.png"), last("1.png")), ("1.png", "1.png"));
        assert_eq!((share(1, 4), share(0, 0)), ("25.0 %".into(), "–".into()));
    }
}
