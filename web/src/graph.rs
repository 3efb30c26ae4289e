//! Counts as drawings: columns in the order of time, bars by name. The numbers stand in a table
//! beside each.

/// What one colour of a drawing stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Series {
    /// The class that gives it its colour.
    pub(crate) class: &'static str,
    pub(crate) label: &'static str,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// As the axis shows it, where there is little room.
    pub(crate) short: String,
    pub(crate) name: String,
    /// For each series, in its order.
    pub(crate) counts: Vec<u64>,
}

/// How the counts of a group stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Upon each other: they are parts of a whole.
    Stacked,
    /// Side by side.
    Beside,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) class: &'static str,
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) width: u64,
    pub(crate) height: u64,
    /// What it says when somebody points at it.
    pub(crate) told: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) from: (u64, u64),
    pub(crate) to: (u64, u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// Where the text stands to its point: nothing (around it), `end` or `start`.
    pub(crate) anchor: &'static str,
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) text: String,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Graph {
    pub(crate) title: String,
    pub(crate) series: Vec<Series>,
    pub(crate) width: u64,
    pub(crate) height: u64,
    pub(crate) rects: Vec<Rect>,
    pub(crate) lines: Vec<Line>,
    pub(crate) labels: Vec<Label>,
}

const WIDTH: u64 = 900;
const TOP: u64 = 12;
const LEFT: u64 = 52;
const RIGHT: u64 = 8;
/// How tall the longest column may be.
const TALL: u64 = 180;
/// Room for a label below the columns.
const LABEL_WIDTH: u64 = 64;
/// Letters of a name beside a bar.
const NAME_LETTERS: usize = 14;
const NAME_WIDTH: u64 = 210;
/// Room for the number behind a bar.
const NUMBER_WIDTH: u64 = 70;
const ROW: u64 = 28;
/// Bars of one drawing; the table beside it has all.
const BARS: usize = 20;

impl Graph {
    /// Columns from left to right.
    pub(crate) fn columns(
        title: impl Into<String>,
        series: &[Series],
        groups: &[Group],
        layout: Layout,
    ) -> Self {
        let number = u64::try_from(groups.len()).unwrap_or(1).max(1);
        let step = ((WIDTH - LEFT - RIGHT) / number).clamp(3, 60);
        let most = groups.iter().map(|group| match layout {
            Layout::Stacked => group.counts.iter().sum(),
            Layout::Beside => group.counts.iter().copied().max().unwrap_or(0),
        });
        let top = scale_end(most.max().unwrap_or(0));
        let tall = |count: u64| (count * TALL).div_ceil(top);
        let bottom = TOP + TALL;
        let every = usize::try_from(LABEL_WIDTH.div_ceil(step))
            .unwrap_or(1)
            .max(1);
        let mut graph = Self::empty(
            title,
            series,
            (WIDTH.max(LEFT + step * number + RIGHT), bottom + 26),
        );
        for value in [0, top / 2, top] {
            let y = bottom - tall(value);
            graph.lines.push(Line {
                from: (LEFT - 2, y),
                to: (graph.width, y),
            });
            graph.label("end", (LEFT - 6, y + 4), value.to_string());
        }
        for (at, group) in groups.iter().enumerate() {
            let left = LEFT + step * u64::try_from(at).unwrap_or(0);
            let gap = step / 6;
            let room = step - 2 * gap;
            let width = match layout {
                Layout::Stacked => room,
                Layout::Beside => (room / series.len().max(1) as u64).max(1),
            };
            let (mut x, mut below) = (left + gap, 0);
            for (one, count) in series.iter().zip(&group.counts) {
                // Rounded at its ends, so that the whole stays as tall as its sum.
                let height = tall(below + count) - tall(below);
                graph.rects.push(Rect {
                    class: one.class,
                    x,
                    y: bottom - tall(below) - height,
                    width,
                    height,
                    told: point_words(group, one, *count),
                });
                match layout {
                    Layout::Stacked => below += count,
                    Layout::Beside => x += width,
                }
            }
            if at % every == 0 {
                graph.label("", (left + step / 2, bottom + 18), group.short.clone());
            }
        }
        graph
    }

    /// Bars from top to bottom, of the first groups.
    pub(crate) fn bars(title: impl Into<String>, series: &[Series], groups: &[Group]) -> Self {
        let groups = groups.get(..BARS).unwrap_or(groups);
        let sums = groups.iter().map(|group| group.counts.iter().sum::<u64>());
        let most = sums.max().unwrap_or(0).max(1);
        let room = WIDTH - NAME_WIDTH - NUMBER_WIDTH;
        let long = |count: u64| (count * room).div_ceil(most);
        let rows = u64::try_from(groups.len()).unwrap_or(0);
        let mut graph = Self::empty(title, series, (WIDTH, ROW * rows + 8));
        for (row, group) in (0_u64..).zip(groups) {
            let y = 4 + ROW * row;
            let mut before = 0;
            for (one, count) in series.iter().zip(&group.counts) {
                graph.rects.push(Rect {
                    class: one.class,
                    x: NAME_WIDTH + long(before),
                    y: y + 4,
                    width: long(before + count) - long(before),
                    height: ROW - 8,
                    told: point_words(group, one, *count),
                });
                before += count;
            }
            graph.label("end", (NAME_WIDTH - 8, y + 19), shortened(&group.short));
            let end = NAME_WIDTH + long(before) + 6;
            graph.label("start", (end, y + 19), before.to_string());
        }
        graph
    }

    fn empty(title: impl Into<String>, series: &[Series], (width, height): (u64, u64)) -> Self {
        Self {
            title: title.into(),
            series: series.to_vec(),
            width,
            height,
            rects: Vec::new(),
            lines: Vec::new(),
            labels: Vec::new(),
        }
    }

    fn label(&mut self, anchor: &'static str, (x, y): (u64, u64), text: String) {
        self.labels.push(Label { anchor, x, y, text });
    }
}

/// 2026年11月24日　応答 12件
fn point_words(group: &Group, series: &Series, count: u64) -> String {
    format!("{}　{} {count}件", group.name, series.label)
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_LETTERS {
        return name.to_owned();
    }
    let start: String = name.chars().take(NAME_LETTERS - 1).collect();
    format!("{start}…")
}

/// An even number of few digits that `most` does not exceed.
fn scale_end(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        let fits = [2, 4, 6, 8, 10].into_iter().map(|step| step * unit);
        if let Some(end) = fits.into_iter().find(|end| *end >= most.max(4)) {
            return end;
        }
        let Some(next) = unit.checked_mul(10).filter(|next| *next <= u64::MAX / 10) else {
            return u64::MAX;
        };
        unit = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [Series; 2] = [
        Series {
            class: "answered",
            label: "応答",
        },
        Series {
            class: "abandoned",
            label: "放棄",
        },
    ];

    fn group(name: &str, counts: [u64; 2]) -> Group {
        Group {
            short: name.to_owned(),
            name: name.to_owned(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn parts_stand_upon_each_other_without_a_gap_and_stay_inside() {
        let groups = [group("a", [1, 2]), group("b", [33, 4]), group("c", [0, 0])];
        let graph = Graph::columns("x", &SERIES, &groups, Layout::Stacked);
        for parts in graph.rects.chunks(2) {
            assert_eq!(parts[1].y + parts[1].height, parts[0].y);
            assert_eq!(parts[0].y + parts[0].height, TOP + TALL);
            assert!(parts[1].y >= TOP && parts[1].x + parts[1].width <= graph.width);
        }
        assert_eq!(graph.rects[2].told, "b　応答 33件");
    }

    #[test]
    fn counts_that_are_no_parts_stand_side_by_side() {
        let graph = Graph::columns("x", &SERIES, &[group("a", [3, 4])], Layout::Beside);
        let [one, other] = &graph.rects[..] else {
            panic!("{:?}", graph.rects)
        };
        assert_eq!(one.x + one.width, other.x);
        assert_eq!(other.height, TALL);
    }

    #[test]
    fn a_year_of_days_has_few_labels_and_every_column() {
        let days: Vec<_> = (0..366)
            .map(|day| group(&day.to_string(), [1, 0]))
            .collect();
        let graph = Graph::columns("x", &SERIES, &days, Layout::Stacked);
        assert_eq!(graph.rects.len(), 732);
        assert!(graph.labels.len() < 24, "{}", graph.labels.len());
        assert!(
            graph
                .rects
                .iter()
                .all(|rect| rect.x + rect.width <= graph.width)
        );
    }

    #[test]
    fn long_names_are_shortened_and_no_more_bars_are_drawn_than_can_be_read() {
        let name = "非常に長い名前を持つ拠点の窓口";
        let sites: Vec<_> = (0..30).map(|_| group(name, [0, 0])).collect();
        let graph = Graph::bars("x", &SERIES, &sites);
        assert_eq!(graph.rects.len(), 40);
        assert_eq!(graph.labels[0].text, "非常に長い名前を持つ拠点の…");
        assert!(graph.rects.iter().all(|rect| rect.width == 0));
    }

    #[test]
    fn the_scale_ends_above_the_tallest_and_reads_well() {
        let ends = [0, 4, 5, 9, 11, 20, 61, 100, 101, 1_234].map(scale_end);
        assert_eq!(ends, [4, 4, 6, 10, 20, 20, 80, 100, 200, 2_000]);
        assert!(scale_end(u64::MAX) == u64::MAX);
    }
}
