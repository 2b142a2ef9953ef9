use super::icon::{Icon, IconSvg};
use leptos::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Height of a row in pixels, as in the style sheet's `--row`.
const ROW: f64 = 32.0;
/// Rows beyond the edge that exist, so that scrolling shows no gap.
const BEYOND: usize = 12;

/// How rows are ordered by a column.
pub type Order<T> = Arc<dyn Fn(&T, &T) -> Ordering + Send + Sync>;

/// A column of a [`Grid`].
#[derive(Clone)]
pub struct Column<T: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its width, as CSS: `120px`, `20%`, or empty for what is left.
    pub width: &'static str,
    /// Whether it holds numbers: they are set to the right.
    pub number: bool,
    /// How rows are ordered by it; `None` where they cannot be.
    pub order: Option<Order<T>>,
    /// What stands in it.
    pub cell: Arc<dyn Fn(&T) -> AnyView + Send + Sync>,
}

impl<T> Column<T> {
    /// A column of that name and width.
    pub fn new<V: IntoView + 'static>(
        name: &'static str,
        width: &'static str,
        cell: impl Fn(&T) -> V + Send + Sync + 'static,
    ) -> Column<T> {
        Column { name, width, number: false, order: None, cell: Arc::new(move |row| cell(row).into_any()) }
    }

    /// It holds numbers.
    pub fn number(mut self) -> Column<T> {
        self.number = true;
        self
    }

    /// Rows can be ordered by it.
    pub fn ordered(mut self, order: impl Fn(&T, &T) -> Ordering + Send + Sync + 'static) -> Column<T> {
        self.order = Some(Arc::new(order));
        self
    }
}

/// What a row of a [`Grid`] must be.
pub trait Line: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// What names it among the others.
    fn key(&self) -> String;
    /// What it is called for people who listen.
    fn label(&self) -> String;
}

/// A table of any length: only rows in sight exist. Click or Enter chooses a row, arrow keys, Page Up and Down, Home and End move,
/// a column's head orders (again: the other way), boxes mark several.
#[component]
pub fn Grid<T: Line>(
    /// What the table shows, for people who listen.
    #[prop(into)]
    label: String,
    /// The rows, in their own order.
    #[prop(into)]
    rows: Signal<Vec<T>>,
    /// The columns.
    columns: Vec<Column<T>>,
    /// The key of the row in the detail pane.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    /// A row was chosen.
    on_choose: impl Fn(T) + Copy + Send + Sync + 'static,
    /// Keys of marked rows, where rows can be marked.
    #[prop(optional)]
    marked: Option<RwSignal<BTreeSet<String>>>,
) -> impl IntoView {
    let columns = StoredValue::new(columns);
    let by = RwSignal::new(None::<(usize, bool)>);
    let sorted = Memo::new(move |_| {
        let mut list = rows.get();
        if let Some((column, down)) = by.get() {
            let order = columns.with_value(|c| c.get(column).and_then(|c| c.order.clone()));
            if let Some(order) = order {
                // Stable: equal rows keep their own order in both directions.
                list.sort_by(|a, b| if down { order(b, a) } else { order(a, b) });
            }
        }
        list
    });
    let top = RwSignal::new(0.0f64);
    let height = RwSignal::new(640.0f64);
    let place: NodeRef<leptos::html::Div> = NodeRef::new();
    let focused = RwSignal::new(0usize);
    let measure = move || {
        if let Some(div) = place.get_untracked() {
            top.set(f64::from(div.scroll_top()));
            let seen = f64::from(div.client_height());
            if seen > 0.0 && (seen - height.get_untracked()).abs() > 1.0 {
                height.set(seen);
            }
        }
    };
    Effect::new(move |_| {
        if place.get().is_some() {
            measure();
        }
    });
    let window_listener = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || window_listener.remove());
    let range = Memo::new(move |_| {
        let all = sorted.with(Vec::len);
        let first = ((top.get() / ROW) as usize).saturating_sub(BEYOND).min(all);
        let last = (((top.get() + height.get()) / ROW) as usize + BEYOND).min(all);
        (first, last.max(first))
    });
    let move_to = move |index: usize| {
        let all = sorted.with_untracked(Vec::len);
        if all == 0 {
            return;
        }
        let index = index.min(all - 1);
        focused.set(index);
        if let Some(div) = place.get_untracked() {
            let (from, to) = (index as f64 * ROW, (index + 1) as f64 * ROW + ROW);
            let (seen, room) = (f64::from(div.scroll_top()), f64::from(div.client_height()));
            if from < seen {
                div.set_scroll_top(from as i32);
            } else if to > seen + room {
                div.set_scroll_top((to - room).ceil() as i32);
            }
            measure();
            let div: web_sys::Element = div.unchecked_into();
            request_animation_frame(move || {
                let row = div.query_selector(&format!("tr[aria-rowindex=\"{}\"]", index + 2)).ok().flatten();
                if let Some(row) = row.and_then(|r| r.dyn_into::<web_sys::HtmlElement>().ok()) {
                    let _ = row.focus();
                }
            });
        }
    };
    let on_key = move |e: leptos::ev::KeyboardEvent, index: usize| {
        let page = ((height.get_untracked() / ROW) as usize).max(2) - 1;
        let all = sorted.with_untracked(Vec::len);
        let to = match e.key().as_str() {
            "ArrowDown" => index + 1,
            "ArrowUp" => index.saturating_sub(1),
            "PageDown" => index + page,
            "PageUp" => index.saturating_sub(page),
            "Home" => 0,
            "End" => all.saturating_sub(1),
            "Enter" => {
                if let Some(row) = sorted.with_untracked(|r| r.get(index).cloned()) {
                    e.prevent_default();
                    on_choose(row);
                }
                return;
            }
            " " => {
                if let (Some(marked), Some(row)) = (marked, sorted.with_untracked(|r| r.get(index).cloned())) {
                    e.prevent_default();
                    toggle(marked, row.key());
                }
                return;
            }
            _ => return,
        };
        e.prevent_default();
        move_to(to);
    };
    let row_view = move |index: usize, row: T| {
        let key = row.key();
        let (is_key, mark_key, mark_change) = (key.clone(), key.clone(), key);
        let cells = columns.with_value(|c| {
            c.iter()
                .map(|column| {
                    let class = if column.number { "number" } else { "" };
                    view! { <td class=class>{(column.cell)(&row)}</td> }
                })
                .collect_view()
        });
        let label = row.label();
        let mark = marked.map(|marked| {
            view! {
                <td class="mark"><input type="checkbox" tabindex="-1" aria-label=format!("Mark {label}")
                    prop:checked=move || marked.with(|m| m.contains(&mark_key))
                    on:click=|e| e.stop_propagation()
                    on:change=move |_| toggle(marked, mark_change.clone())/></td>
            }
        });
        view! {
            <tr class="line" role="row" aria-rowindex=(index + 2).to_string() aria-label=row.label()
                aria-selected=move || (chosen.with(|c| c.as_deref() == Some(is_key.as_str()))).to_string()
                tabindex=move || if focused.get() == index { "0" } else { "-1" }
                on:focus=move |_| focused.set(index)
                on:keydown=move |e| on_key(e, index)
                on:click=move |_| { focused.set(index); on_choose(row.clone()); }>
                {mark}{cells}
            </tr>
        }
    };
    let heads = columns.with_value(|c| {
        c.iter()
            .enumerate()
            .map(|(i, column)| {
                let name = column.name;
                let can = column.order.is_some();
                let sort = move || match by.get() {
                    Some((column, false)) if column == i => "ascending",
                    Some((column, true)) if column == i => "descending",
                    _ => "none",
                };
                let press = move |_| {
                    by.update(|by| {
                        *by = match *by {
                            Some((column, false)) if column == i => Some((i, true)),
                            Some((column, true)) if column == i => None,
                            _ => Some((i, false)),
                        };
                    });
                };
                let mark = move || match sort() {
                    "ascending" => Some(view! { <IconSvg icon=Icon::Up/> }),
                    "descending" => Some(view! { <IconSvg icon=Icon::Down/> }),
                    _ => None,
                };
                let class = if column.number { "number" } else { "" };
                view! {
                    <th scope="col" role="columnheader" class=class style:width=column.width aria-sort=move || can.then(sort)>
                        {if can {
                            view! { <button type="button" class="sort" on:click=press>{name}{mark}</button> }.into_any()
                        } else {
                            view! { {name} }.into_any()
                        }}
                    </th>
                }
            })
            .collect_view()
    });
    let span = columns.with_value(Vec::len) + usize::from(marked.is_some());
    view! {
        <div class="grid" node_ref=place on:scroll=move |_| measure()>
            <table role="grid" aria-label=label aria-rowcount=move || (sorted.with(Vec::len) + 1).to_string()
                aria-multiselectable=marked.map(|_| "true")>
                <thead role="rowgroup"><tr role="row" aria-rowindex="1">
                    {marked.map(|_| view! { <th scope="col" role="columnheader" class="mark"><span class="heard">"Marked"</span></th> })}
                    {heads}
                </tr></thead>
                <tbody role="rowgroup">
                    <tr class="space" aria-hidden="true"><td colspan=span.to_string() style:height=move || format!("{}px", range.get().0 as f64 * ROW)></td></tr>
                    <For
                        each=move || {
                            let (first, last) = range.get();
                            sorted.with(|rows| rows.get(first..last).unwrap_or_default().iter().cloned().enumerate().map(|(i, r)| (first + i, r)).collect::<Vec<_>>())
                        }
                        key=|(i, row)| (*i, format!("{row:?}"))
                        children=move |(i, row)| row_view(i, row)
                    />
                    <tr class="space" aria-hidden="true"><td colspan=span.to_string()
                        style:height=move || format!("{}px", (sorted.with(Vec::len) - range.get().1.min(sorted.with(Vec::len))) as f64 * ROW)></td></tr>
                </tbody>
            </table>
        </div>
    }
}

fn toggle(marked: RwSignal<BTreeSet<String>>, key: String) {
    marked.update(|m| {
        if !m.remove(&key) {
            m.insert(key);
        }
    });
}
