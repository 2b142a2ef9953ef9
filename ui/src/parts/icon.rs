use leptos::prelude::*;

/// An icon of 16 by 16, drawn with the text's colour. It never stands alone for a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Home,
    Table,
    Play,
    Stack,
    Wave,
    Plug,
    Seal,
    Sliders,
    Check,
    Cross,
    Clock,
    Warning,
    Stop,
    Info,
    Up,
    Down,
    Right,
    Back,
    Plus,
    Folder,
    Search,
    Copy,
    Download,
    Refresh,
    Archive,
    Dash,
    Question,
    Pin,
    Differs,
}

impl Icon {
    /// Its strokes, as the path of an SVG.
    fn path(self) -> &'static str {
        match self {
            Icon::Home => "M2.5 7.5 8 2.8l5.5 4.7M4 6.5v6.7h8V6.5M6.7 13.2V9.5h2.6v3.7",
            Icon::Table => "M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 3.5v9",
            Icon::Play => "M5 3.2v9.6L12.6 8z",
            Icon::Stack => "M8 2.5 14 5.4 8 8.3 2 5.4zM2.4 8 8 10.7 13.6 8M2.4 10.6 8 13.3l5.6-2.7",
            Icon::Wave => "M1.8 9.5c1.6-5 3.4-5 5-.6s3 4.6 4.4.6c.9-2.6 1.9-3.4 3-2.4",
            Icon::Plug => "M6 2.5v3M10 2.5v3M4 5.5h8v2.2a4 4 0 0 1-8 0zM8 11.7v2.3",
            Icon::Seal => "M8 2 13 4v4c0 3-2.2 5-5 6-2.800-1-5-3-5-6V4zM5.800 8l1.600 1.600L10.400 6.400",
            Icon::Sliders => "M3 4.5h5M11 4.5h2M3 8h2M8 8h5M3 11.500h6M12 11.500h1M9.500 3v3M6.500 6.500v3M10.500 10v3",
            Icon::Check => "M3 8.500 6.300 12 13 4.500",
            Icon::Cross => "M4 4l8 8M12 4l-8 8",
            Icon::Clock => "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM8 4.800V8l2.300 1.600",
            Icon::Warning => "M8 2.500 14.300 13.300H1.700zM8 6.500v3.300M8 11.300v.5",
            Icon::Stop => {
                "M5.300 2.200h5.400l3.100 3.100v5.400l-3.100 3.100H5.300l-3.100-3.100V5.300zM5.500 5.500l5 5M10.500 5.500l-5 5"
            }
            Icon::Info => "M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM8 7.200v4M8 4.800v.6",
            Icon::Up => "M8 12.500v-9M4.500 7 8 3.500 11.500 7",
            Icon::Down => "M8 3.500v9M4.500 9 8 12.500 11.500 9",
            Icon::Right => "M6 3.500 10.500 8 6 12.500",
            Icon::Back => "M6.500 3.500 2.500 7.500l4 4M2.500 7.500h7a4 4 0 0 1 0 8",
            Icon::Plus => "M8 3v10M3 8h10",
            Icon::Folder => "M2 4h4l1.400 1.700H14v7H2z",
            Icon::Search => "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.300 10.300 13.700 13.700",
            Icon::Copy => "M5.500 5.500h7.500v8H5.500zM10.500 5.500v-3H3v8h2.500",
            Icon::Download => "M8 2.500v7.500M4.800 7 8 10.200 11.200 7M3 13.300h10",
            Icon::Refresh => "M13 8a5 5 0 1 1-1.600-3.700M13 2.500v3h-3",
            Icon::Archive => "M2.500 3h11v3h-11zM3.500 6v7h9V6M6.300 8.800h3.400",
            Icon::Dash => "M4 8h8",
            Icon::Question => "M5.800 6a2.200 2.200 0 1 1 3.300 1.900c-.8.500-1.100.9-1.100 1.700M8 11.700v.4",
            Icon::Differs => "M3 6h10M3 10h10M10.500 3 5.500 13",
            Icon::Pin => "M8 9.500V14M4.500 9.500h7L10 7V3.500h1V2H5v1.500h1V7z",
        }
    }
}

/// An icon. People who listen hear the text beside it.
#[component]
pub fn IconSvg(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon-svg" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=icon.path()></path>
        </svg>
    }
}

/// The mark of Driftgate: two distributions that part, and a gate between.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg viewBox="0 0 44 44" aria-hidden="true" fill="none">
            <rect x="1" y="1" width="42" height="42" rx="10" fill="var(--accent)"></rect>
            <path d="M6 31c5 0 5-17 10-17s5 17 10 17" stroke="var(--on-accent)" stroke-width="2.600" stroke-linecap="round"></path>
            <path d="M18 31c5 0 5-17 10-17s5 17 10 17" stroke="var(--on-accent)" stroke-width="2.600" stroke-linecap="round" opacity=".55"></path>
            <path d="M22 8v28" stroke="var(--on-accent)" stroke-width="2.600" stroke-linecap="round" stroke-dasharray="1 5"></path>
        </svg>
    }
}
