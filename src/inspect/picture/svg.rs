//! Writes SVG: the only place where text becomes markup.

use super::frame::PictureFrame;
use crate::limits::{PICTURE_ELEMENT_STEPS, PICTURE_STEPS};
use std::fmt::Write;

/// The longest drawn line of text, in characters.
const LINE_CHARS: usize = 1000;
/// The maximum number of lines of one text.
const LINES: usize = 500;
/// The names of colours in SVG and CSS.
const NAMES: &str = "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond \
    blue blueviolet brown burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk \
    crimson cyan darkblue darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta \
    darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray \
    darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue firebrick \
    floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey \
    honeydew hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon \
    lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink \
    lightsalmon lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow \
    lime limegreen linen magenta maroon mediumaquamarine mediumblue mediumorchid mediumpurple \
    mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred midnightblue \
    mintcream mistyrose moccasin navajowhite navy none oldlace olive olivedrab orange orangered orchid \
    palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue \
    purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna \
    silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato \
    transparent turquoise violet wheat white whitesmoke yellow yellowgreen";
/// The maximum number of font changes in one line: each makes the whole line be laid out again.
const FONTS: usize = 32;
/// The cost of a change of direction in a line, in characters.
const TURN_CHARS: usize = 100;
/// The width of a character relative to the font size, about right for a sans serif.
const CHAR_WIDTH: f64 = 0.5;

/// An SVG document being written.
pub struct Svg {
    text: String,
    /// Where the current element begins.
    mark: usize,
    /// The remaining budget for laying out text, in the picture and in the current element.
    steps: usize,
    element_steps: usize,
    /// Whether the current element has more text than that.
    excess: bool,
}

/// How something is painted. Colours have passed [`color`].
#[derive(Debug, Clone, Copy)]
pub struct Paint<'p> {
    pub fill: &'p str,
    pub stroke: &'p str,
    pub width: f64,
    pub dashed: bool,
}

/// How a text is placed.
#[derive(Debug, Clone, Copy)]
pub struct Type<'t> {
    pub size: f64,
    pub color: &'t str,
    /// Centred on its place; otherwise it begins there.
    pub centred: bool,
}

impl Svg {
    pub fn new(frame: &PictureFrame, background: &str) -> Svg {
        let [x, y, width, height] =
            [frame.x, frame.y, frame.width.max(1.0), frame.height.max(1.0)].map(short);
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"{x} {y} {width} {height}\" font-family=\"Ubuntu, sans-serif\">\n\
             <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{background}\"/>"
        );
        Svg { text, mark: 0, steps: PICTURE_STEPS, element_steps: 0, excess: false }
    }

    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    /// Begins a group, rotated about the centre of a box.
    pub fn begin(&mut self, place: &PictureFrame) {
        self.mark = self.text.len();
        self.element_steps = PICTURE_ELEMENT_STEPS.min(self.steps);
        self.excess = false;
        let (x, y) = place.centre();
        let degrees = place.rotation.to_degrees() % 360.0;
        match degrees == 0.0 {
            true => self.text.push_str("<g>\n"),
            false => self.line(format_args!(
                "<g transform=\"rotate({} {} {})\">",
                short(degrees),
                short(x),
                short(y)
            )),
        }
    }

    /// Ends the group. Returns false if there was more text than is drawn: then the whole group is removed.
    pub fn end(&mut self) -> bool {
        if self.excess {
            self.text.truncate(self.mark);
            return false;
        }
        self.text.push_str("</g>\n");
        true
    }

    /// Writes a few words of our own, whatever is left of the budget.
    pub fn note(&mut self, x: f64, y: f64, words: &str, style: &Type<'_>) {
        self.element_steps = usize::MAX;
        self.text(x, y, &[words.to_owned()], style);
    }

    pub fn rect(&mut self, place: &PictureFrame, paint: &Paint<'_>) {
        let [x, y, width, height] = [place.x, place.y, place.width, place.height].map(short);
        let paint = painted(paint);
        self.line(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {paint}/>"
        ));
    }

    pub fn ellipse(&mut self, place: &PictureFrame, paint: &Paint<'_>) {
        let (x, y) = place.centre();
        let [x, y, rx, ry] = [x, y, place.width / 2.0, place.height / 2.0].map(short);
        let paint = painted(paint);
        self.line(format_args!("<ellipse cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\" {paint}/>"));
    }

    /// Draws lines from point to point.
    pub fn path(&mut self, points: &[(f64, f64)], closed: bool, paint: &Paint<'_>) {
        let mut way = String::new();
        for (n, (x, y)) in points.iter().enumerate() {
            let step = if n == 0 { 'M' } else { 'L' };
            let _ = write!(way, "{step}{} {} ", short(*x), short(*y));
        }
        let end = if closed { "Z" } else { "" };
        let paint = painted(paint);
        self.line(format_args!("<path d=\"{}{end}\" {paint}/>", way.trim_end()));
    }

    /// Draws a sector of a circle, `from` and `to` in turns, clockwise from the top.
    pub fn sector(
        &mut self,
        centre: (f64, f64),
        radius: f64,
        from: f64,
        to: f64,
        paint: &Paint<'_>,
    ) {
        let at = |turn: f64| {
            let angle = (turn - 0.25) * std::f64::consts::TAU;
            [centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin()].map(short)
        };
        let ([ax, ay], [bx, by], [cx, cy]) = (at(from), at(to), [centre.0, centre.1].map(short));
        let large = u8::from(to - from > 0.5);
        let (r, paint) = (short(radius), painted(paint));
        self.line(format_args!(
            "<path d=\"M{cx} {cy} L{ax} {ay} A{r} {r} 0 {large} 1 {bx} {by} Z\" {paint}/>"
        ));
    }

    /// Writes one or more lines of text; the place is the left end of the first baseline, or the centre.
    pub fn text(&mut self, x: f64, y: f64, lines: &[String], style: &Type<'_>) {
        let step = style.size * 1.2;
        let anchor = if style.centred { " text-anchor=\"middle\"" } else { "" };
        let top = match style.centred {
            true => y + style.size * 0.35 - step * (lines.len().saturating_sub(1) as f64) / 2.0,
            false => y,
        };
        for (n, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let y = short(top + step * n as f64);
            let cost = cost(line);
            if self.excess || cost > self.element_steps {
                self.excess = true;
                return;
            }
            self.element_steps -= cost;
            self.steps = self.steps.saturating_sub(cost);
            self.line(format_args!(
                "<text x=\"{}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"{anchor} xml:space=\"preserve\">{}</text>",
                short(x),
                short(style.size),
                style.color,
                in_fonts(line)
            ));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }
}

fn painted(paint: &Paint<'_>) -> String {
    let dashes = if paint.dashed { " stroke-dasharray=\"6 4\"" } else { "" };
    let (fill, stroke, width) = (paint.fill, paint.stroke, short(paint.width));
    format!("fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dashes}")
}

/// Formats a number with at most three decimals.
pub fn short(n: f64) -> String {
    let n = if n.is_finite() { n } else { 0.0 };
    let text = format!("{n:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Returns text as markup, with another font for symbols and emoji, which text fonts lack.
fn in_fonts(text: &str) -> String {
    let mut out = String::new();
    for (run, special) in runs(text) {
        match special {
            true => {
                let _ =
                    write!(out, "<tspan font-family=\"Noto Emoji, Hack\">{}</tspan>", escape(run));
            }
            false => out.push_str(&escape(run)),
        }
    }
    out
}

/// Splits a line into runs of one font each, and tells whether that is the symbol font. Only if there are few
/// runs and every other character stands for itself in every font: text with joining characters, or running
/// from right to left, is left for one font and its fallbacks to lay out.
fn runs(text: &str) -> Vec<(&str, bool)> {
    let stands = |c: char| is_symbol(c) || stands_alone(c);
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let special = is_symbol(first);
        let end = rest.find(|c| is_symbol(c) != special).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        runs.push((run, special));
        rest = behind;
    }
    match runs.len() <= FONTS && text.chars().all(stands) {
        true => runs,
        false => vec![(text, false)],
    }
}

fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}')
        || matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{200d}')
}

/// Latin, Greek, Cyrillic, their punctuation, and ideographs.
fn stands_alone(c: char) -> bool {
    matches!(c, ' '..='\u{ac}' | '\u{ae}'..='\u{24f}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}')
        || matches!(c, '\t' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}')
        || matches!(c, '\u{3001}'..='\u{3029}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Returns the cost of laying out a line: its length for each run, plus each change of direction.
fn cost(line: &str) -> usize {
    let (mut chars, mut turns, mut before) = (0, 0, false);
    for c in line.chars() {
        let now = is_right_to_left(c);
        turns += usize::from(now != before);
        (chars, before) = (chars + 1, now);
    }
    runs(line).len() * (chars + TURN_CHARS * turns)
}

/// Escapes text for markup: characters that XML cannot hold, or that would reverse the order of characters,
/// become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' => out.push_str("    "),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            // Kept, but escaped so that a viewer of the markup is not affected.
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("&#x{:x};", u32::from(c)));
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Returns the text if it is a colour and nothing else: `#…`, a name, or `rgb(…)` and the like.
pub fn color(text: &str) -> Option<&str> {
    let text = text.trim();
    let hex = text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|b| b.is_ascii_hexdigit())
    });
    let name = NAMES.split(' ').any(|name| name.eq_ignore_ascii_case(text));
    let call = text.split_once('(').is_some_and(|(name, rest)| {
        let known = ["rgb", "rgba", "hsl", "hsla"].contains(&name);
        let inner = rest.strip_suffix(')').unwrap_or("(");
        known
            && rest.len() <= 40
            && inner.bytes().all(|b| b.is_ascii_digit() || b" .,%/".contains(&b))
    });
    (hex || name || call).then_some(text)
}

/// Breaks a text into lines that fit a width, at spaces if there are any.
pub fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let room =
        if width > 0.0 { (width / (size * CHAR_WIDTH)).floor() as usize } else { LINE_CHARS };
    let room = room.clamp(1, LINE_CHARS);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ') {
            let long = columns(word);
            if used > 0 && used + 1 + long > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.extend(word.chars().take(LINE_CHARS));
            used += long;
        }
        lines.push(line);
        if lines.len() > LINES {
            break;
        }
    }
    lines.truncate(LINES);
    lines
}

fn columns(word: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_are_colours() {
        for good in
            ["#fff", "#ff8800", "#ff880080", "red", " navy ", "rgb(1, 2, 3)", "hsl(10 20% 30%)"]
        {
            assert!(color(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "#ff",
            "#gggggg",
            "url(http://x)",
            "red\"/><script>",
            "rgb(url(x))",
            "rgb(1",
            "notacolour",
        ] {
            assert_eq!(color(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("<a href='x'>&\"\u{1b}\u{202e}"),
            "&lt;a href=&apos;x&apos;&gt;&amp;&quot;\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn numbers_are_short_and_finite() {
        assert_eq!([1.0, -0.0001, 2.34567, f64::NAN].map(short), ["1", "0", "2.346", "0"]);
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three\nfour", 10.0, 40.0), ["one two", "three", "four"]);
        assert_eq!(wrap("unbreakable", 10.0, 5.0), ["unbreakable"]);
        assert_eq!(wrap("", 10.0, 5.0), Vec::<String>::new());
    }
}
