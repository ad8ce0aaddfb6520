//! Charts: drawn by the server, with a table of the same numbers for whoever cannot see them.

use maud::{Markup, html};

use crate::language::{Lang, t};

/// One bar: what is below it, and the parts it is made of, each with its class of colour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bar {
    /// What is below it.
    pub(crate) label: String,
    /// The parts: `good`, `bad`, `open` or `plain`, and how much.
    pub(crate) parts: Vec<(&'static str, u64)>,
}

const WIDTH: u64 = 720;
const HEIGHT: u64 = 160;
/// Below the bars.
const FOOT: u64 = 20;

/// Bars beside each other. `names` says what each class of colour means.
pub(crate) fn bars(
    lang: Lang,
    title: &str,
    names: &[(&'static str, String)],
    bars: &[Bar],
) -> Markup {
    let sum = |bar: &Bar| bar.parts.iter().map(|(_, much)| much).sum::<u64>();
    let most = bars.iter().map(sum).max().unwrap_or(0).max(1);
    let count = u64::try_from(bars.len()).unwrap_or(1).max(1);
    let step = (WIDTH / count).max(2);
    let every = (count / 8).max(1);
    let mut drawn = Vec::new();
    for (at, bar) in (0_u64..).zip(bars) {
        let mut foot = HEIGHT;
        for (class, much) in &bar.parts {
            let tall = (much * HEIGHT).div_ceil(most);
            foot = foot.saturating_sub(tall);
            drawn.push((*class, at * step, foot, tall, bar.label.as_str(), *much));
        }
    }
    html! {
        figure.chart {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + FOOT)) role="img" aria-label=(title) {
                line.axis x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                @for (class, x, y, tall, label, much) in &drawn {
                    @if *tall > 0 {
                        rect class=(class) x=(x) y=(y) width=(step.saturating_sub(2).max(1)) height=(tall) {
                            title { (label) ": " (much) }
                        }
                    }
                }
                @for (at, bar) in (0_u64..).zip(bars) {
                    @if at % every == 0 {
                        text x=(at * step) y=(HEIGHT + FOOT - 4) { (bar.label) }
                    }
                }
                text.most x="0" y="10" { (most) }
            }
            ul.legend { @for (class, name) in names { li class=(class) { (name) } } }
            details {
                summary { (t!(lang, "chart-numbers")) }
                div.table tabindex="0" role="group" aria-label=(title) {
                    table {
                        caption.hidden { (title) }
                        thead { tr {
                            th scope="col" { (t!(lang, "time")) }
                            @for (_, name) in names { th scope="col" { (name) } }
                        } }
                        tbody { @for bar in bars { tr {
                            th scope="row" { (bar.label) }
                            @for (class, name) in names {
                                td data-head=(name) {
                                    (bar.parts.iter().find(|(known, _)| known == class).map_or(0, |(_, much)| *much))
                                }
                            }
                        } } }
                    }
                }
            }
        }
    }
}
