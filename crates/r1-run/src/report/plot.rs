//! Curves drawn as SVG.

use std::fmt::Write as _;

use super::{
    axis::{Axis, short},
    html::escape,
    series::{Series, Stretch, thinned},
};

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 220.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = HEIGHT - 26.0;
const RIGHT: f64 = WIDTH - 12.0;
/// As many points as are marked one by one.
const MARKED: usize = 40;
/// Columns that show their values under the pointer.
const COLUMNS: usize = 60;

/// One line of a chart, ready to draw.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) name: String,
    points: Stretch,
    raw: Vec<Stretch>,
    smooth: Option<Vec<Stretch>>,
    /// Where nearly all values lie, when some lie far off.
    usual: Option<(f64, f64)>,
}

impl Curve {
    pub(crate) fn new(name: String, series: &Series) -> Self {
        let points = series.points().to_vec();
        let (raw, smooth, usual) = (series.stretches(), series.smoothed(), series.without_peaks());
        Self { name, points, raw, smooth, usual }
    }

    /// The style of the line at this place; the colours come round again after six.
    pub(crate) fn class(index: usize) -> String {
        format!("c{}", index % 6)
    }

    /// What the legend says: the end of the curve that stands out.
    pub(crate) fn last(&self) -> Option<f64> {
        Some(self.shown().last()?.last()?.1)
    }

    fn shown(&self) -> &[Stretch] {
        self.smooth.as_deref().unwrap_or(&self.raw)
    }

    /// The value nearest to a step, with its own step.
    fn near(&self, step: f64) -> Option<(f64, f64)> {
        let points = self.shown().iter().flatten().copied();
        points.min_by(|a, b| (a.0 - step).abs().total_cmp(&(b.0 - step).abs()))
    }
}

/// The drawing area: steps and values to coordinates.
struct Frame {
    x: Axis,
    y: Axis,
    left: f64,
}

impl Frame {
    fn x(&self, step: f64) -> f64 {
        self.left + (RIGHT - self.left) * self.x.place(step)
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * self.y.place(value)
    }

    /// A path through each stretch; a single point becomes a dot under a round line cap.
    fn path(&self, stretches: &[Stretch]) -> String {
        let mut path = String::new();
        for stretch in stretches {
            for (index, &(step, value)) in thinned(stretch, WIDTH as usize).iter().enumerate() {
                // Far outside the frame is as good as anywhere outside, and keeps the numbers short.
                let y = self.y(value).clamp(-HEIGHT, 2.0 * HEIGHT);
                push(
                    &mut path,
                    format_args!("{}{:.1} {y:.1}", if index == 0 { 'M' } else { 'L' }, self.x(step)),
                );
            }
            if stretch.len() == 1 {
                path.push_str("h0");
            }
        }
        path
    }
}

/// The drawing of all curves, and a note when the axis leaves some peaks out.
pub(crate) fn plot(curves: &[Curve], range: Option<(f64, f64)>, title: &str) -> (String, Option<String>) {
    let (first, last) = ends(curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.0)));
    let x = Axis::steps(first, last, 6);
    let (y, note) = match range {
        Some((low, high)) => (Axis::round(low, high, 5), None),
        None => vertical(curves),
    };
    let longest = y.ticks().iter().map(|&tick| y.label(tick).chars().count()).max().unwrap_or(0);
    let frame = Frame { x, y, left: 14.0 + 7.4 * longest.max(4) as f64 };

    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escape(&description(title, curves))
    );
    draw_axes(&mut svg, &frame);
    // The frame's own svg element cuts off what lies outside.
    push(
        &mut svg,
        format_args!(
            "<svg x=\"0\" y=\"{}\" width=\"{WIDTH}\" height=\"{}\" viewBox=\"0 {} {WIDTH} {}\">",
            TOP - 6.0,
            BOTTOM - TOP + 8.0,
            TOP - 6.0,
            BOTTOM - TOP + 8.0
        ),
    );
    for (index, curve) in curves.iter().enumerate() {
        let class = Curve::class(index);
        if let Some(smooth) = &curve.smooth {
            push(&mut svg, format_args!("<path class=\"raw {class}\" d=\"{}\"/>", frame.path(&curve.raw)));
            push(&mut svg, format_args!("<path class=\"smooth {class}\" d=\"{}\"/>", frame.path(smooth)));
        } else {
            push(&mut svg, format_args!("<path class=\"smooth {class}\" d=\"{}\"/>", frame.path(&curve.raw)));
            let few = if curve.points.len() <= MARKED { curve.points.as_slice() } else { &[] };
            for &(step, value) in few {
                let (x, y) = (frame.x(step), frame.y(value));
                push(
                    &mut svg,
                    format_args!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"),
                );
            }
        }
    }
    svg.push_str("</svg>");
    draw_readings(&mut svg, &frame, curves);
    svg.push_str("</svg>");
    (svg, note)
}

/// The vertical axis: all values, unless a few peaks would flatten everything else.
fn vertical(curves: &[Curve]) -> (Axis, Option<String>) {
    let values = || curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1));
    let ends = |curve: &Curve| curve.usual.unwrap_or_else(|| ends(curve.points.iter().map(|point| point.1)));
    let low = curves.iter().map(|curve| ends(curve).0).fold(f64::INFINITY, f64::min);
    let high = curves.iter().map(|curve| ends(curve).1).fold(f64::NEG_INFINITY, f64::max);
    let axis = Axis::round(low, high, 5);
    let outside: Vec<f64> = values().filter(|&value| value < axis.low || value > axis.high).collect();
    let distance = |value: &f64| (value - axis.high).max(axis.low - value);
    let furthest = outside.iter().copied().max_by(|a, b| distance(a).total_cmp(&distance(b)));
    let note = furthest.map(|value| match outside.len() {
        1 => format!("One value lies outside the scale: {}.", short(value)),
        count => format!("{count} values lie outside the scale, the furthest at {}.", short(value)),
    });
    (axis, note)
}

/// The lowest and the highest value.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

fn draw_axes(svg: &mut String, frame: &Frame) {
    let left = frame.left;
    for tick in frame.y.ticks() {
        let y = frame.y(tick);
        push(svg, format_args!("<path class=\"grid\" d=\"M{left:.1} {y:.1}H{RIGHT}\"/>"));
        let (x, y, label) = (left - 8.0, y + 4.0, frame.y.label(tick));
        push(svg, format_args!("<text class=\"y\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>"));
    }
    push(svg, format_args!("<path class=\"base\" d=\"M{left:.1} {BOTTOM}H{RIGHT}\"/>"));
    push(svg, format_args!("<text class=\"y\" x=\"{:.1}\" y=\"{}\">step</text>", left - 8.0, HEIGHT - 7.0));
    for tick in frame.x.ticks() {
        let (x, label) = (frame.x(tick), frame.x.label(tick));
        push(svg, format_args!("<path class=\"base\" d=\"M{x:.1} {BOTTOM}v4\"/>"));
        // Labels at the ends stay clear of the frame and of the word at its left.
        let (anchor, x) = match x {
            _ if x > RIGHT - 12.0 => ("end", RIGHT + 8.0),
            _ if x < left + 12.0 => ("start", left),
            _ => ("middle", x),
        };
        push(
            svg,
            format_args!("<text text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{}\">{label}</text>", HEIGHT - 7.0),
        );
    }
}

/// Columns that show the nearest values while the pointer is over them, by style sheet alone.
fn draw_readings(svg: &mut String, frame: &Frame, curves: &[Curve]) {
    let Some(most) = curves.iter().map(|curve| curve.points.len()).max() else { return };
    let columns = most.clamp(1, COLUMNS);
    let width = (RIGHT - frame.left) / columns as f64;
    for column in 0..columns {
        let from = frame.left + width * column as f64;
        let step = frame.x.low + (frame.x.high - frame.x.low) * (column as f64 + 0.5) / columns as f64;
        let near: Vec<_> = curves
            .iter()
            .enumerate()
            .filter_map(|(index, curve)| curve.near(step).map(|point| (index, point)))
            .collect();
        let Some(&(_, (shown, _))) = near.first() else { continue };
        let x = frame.x(shown);
        push(
            svg,
            format_args!(
                "<g class=\"reading\"><rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                BOTTOM - TOP
            ),
        );
        push(svg, format_args!("<path d=\"M{x:.1} {TOP}V{BOTTOM}\"/>"));
        let mut text = format!("<tspan>step {shown:.0}</tspan>");
        for (index, (step, value)) in near {
            let (class, x, y) = (Curve::class(index), frame.x(step), frame.y(value).clamp(TOP, BOTTOM));
            push(svg, format_args!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"));
            push(&mut text, format_args!("<tspan class=\"{class}\" dx=\"8\">{}</tspan>", short(value)));
        }
        let (anchor, at) = if x > WIDTH / 2.0 { ("end", x - 8.0) } else { ("start", x + 8.0) };
        push(
            svg,
            format_args!(
                "<text text-anchor=\"{anchor}\" x=\"{at:.1}\" y=\"{:.1}\">{text}</text></g>",
                TOP + 6.0
            ),
        );
    }
}

/// What the drawing says to somebody who cannot see it.
fn description(title: &str, curves: &[Curve]) -> String {
    let ends = |curve: &Curve| {
        let first = curve.shown().first()?.first()?.1;
        Some(format!("{} from {} to {}", curve.name, short(first), short(curve.last()?)))
    };
    format!("{title}: {}", curves.iter().filter_map(ends).collect::<Vec<_>>().join(", "))
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn curve(values: impl Iterator<Item = serde_json::Value>) -> Curve {
        let line = |(step, value)| json!({"step": step, "kl": value});
        let lines: Vec<_> = values.enumerate().map(line).collect();
        let metrics: Vec<_> = serde_json::from_value(lines.into()).unwrap();
        Curve::new("KL".into(), &Series::new(&metrics, "kl"))
    }

    #[test]
    fn gaps_start_a_new_path() {
        let values = (0..60).map(|step| if step == 30 { json!(null) } else { json!(step % 5) });
        let (svg, _) = plot(&[curve(values)], None, "KL");
        let raw = svg.split("class=\"raw c0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(raw.matches('M').count(), 2);
    }

    #[test]
    fn a_few_peaks_do_not_flatten_the_rest() {
        let values = || (0..200).map(|step| if step == 30 { json!(1e6) } else { json!(step % 7) });
        let (svg, note) = plot(&[curve(values())], None, "norm");
        assert_eq!(note.as_deref(), Some("One value lies outside the scale: 1.00M."));
        assert!(svg.contains(">6</text>"), "{svg}");
        assert_eq!(plot(&[curve(values().take(30))], None, "norm").1, None);
    }

    #[test]
    fn every_coordinate_is_a_number() {
        for values in [vec![json!(0.0)], vec![json!(1e300), json!(-1e300)], vec![json!(5); 100]] {
            let (svg, _) = plot(&[curve(values.into_iter())], None, "odd");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
