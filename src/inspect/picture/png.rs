//! Renders our SVG to PNG.
//!
//! Text is drawn with fonts that are part of the program: Latin, Greek, Cyrillic and emoji. Other scripts
//! show as empty boxes; in the SVG they are text, for a viewer with fonts.

use crate::error::{Error, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree, fontdb};
use std::sync::Arc;

/// The longer side of a picture, in pixels; larger boards are scaled down.
const SIDE: f32 = 4096.0;

/// Renders an SVG. Returns the bytes of the PNG, its width and its height.
///
/// # Errors
/// `Bug`: the SVG is our own.
pub fn png(svg: &str) -> Result<(Vec<u8>, u32, u32)> {
    let mut fonts = fontdb::Database::new();
    // In the order in which missing glyphs are looked for. Ubuntu comes last: it joins letters to ligatures,
    // so its glyphs do not match those of another font one by one.
    fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
    fonts.load_font_data(epaint_default_fonts::NOTO_EMOJI_REGULAR.to_vec());
    fonts.load_font_data(epaint_default_fonts::EMOJI_ICON.to_vec());
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    fonts.set_sans_serif_family("Ubuntu");
    let options = Options {
        font_family: "Ubuntu".to_owned(),
        font_resolver: FontResolver {
            select_font: FontResolver::default_font_selector(),
            select_fallback: Box::new(|_, used, fonts| next_font(used, fonts)),
        },
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    let tree = Tree::from_str(&one_by_one(svg), &options)
        .map_err(|e| Error::bug("the picture is not valid SVG").because(e))?;
    let size = tree.size();
    let scale = (SIDE / size.width().max(size.height())).min(1.0);
    // Within 1 and 4096: `as` is exact enough.
    let pixels = |side: f32| (side * scale).ceil().clamp(1.0, SIDE) as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut map =
        Pixmap::new(width, height).ok_or_else(|| Error::bug("the picture has no size"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut map.as_mut());
    let bytes =
        map.encode_png().map_err(|e| Error::bug("the picture does not encode").because(e))?;
    Ok((bytes, width, height))
}

/// Removes what joins characters into one glyph: the people and skin tones of a sequence are drawn side by
/// side, and flags as letters. The renderer lays a text out once for each font, and combines the parts by
/// byte position; if fonts join different characters, it reads past the end.
fn one_by_one(svg: &str) -> String {
    let joins = |c: &char| {
        matches!(c, '\u{200d}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
            || matches!(c, '\u{e0000}'..='\u{e01ef}')
    };
    let letter = |c: char| match (c, u32::from(c).checked_sub(0x1f1e6)) {
        (_, Some(at @ 0..26)) => char::from(b'A' + at as u8),
        // The fonts have only the heavy forms of these.
        ('\u{2713}', _) => '\u{2714}',
        ('\u{2715}' | '\u{2717}' | '\u{2718}', _) => '\u{2716}',
        _ => c,
    };
    svg.chars().filter(|c| !joins(c)).map(letter).collect()
}

/// Returns the font to try next for a text, whichever character is missing: a character that no font has must
/// not keep later ones from theirs.
fn next_font(used: &[fontdb::ID], fonts: &fontdb::Database) -> Option<fontdb::ID> {
    fonts.faces().map(|face| face.id).find(|id| !used.contains(id))
}

#[cfg(test)]
mod tests {
    use super::super::{element, svg::Svg};
    use super::*;
    use crate::crdt::testing::Rng;
    use crate::inspect::picture::frame::PictureFrame;
    use crate::wire::{Record, Value};

    /// A text of a canvas as a picture.
    fn drawn(text: &str) -> (String, Vec<u8>) {
        let place = PictureFrame { width: 300.0, height: 40.0, ..PictureFrame::default() };
        let data = Record::from([("content".to_owned(), Value::String(text.to_owned()))]);
        let record = Record::from([
            ("element_type".to_owned(), Value::String("text".to_owned())),
            ("data".to_owned(), Value::Map(data)),
        ]);
        let mut svg = Svg::new(&place, "#ffffff");
        element::draw(&mut svg, &record, &place);
        let svg = svg.finish();
        let (png, ..) = png(&svg).unwrap();
        (svg, png)
    }

    #[test]
    fn joined_emoji_are_drawn() {
        let blank = drawn("").1;
        for text in
            ["👨‍👩‍👧", "a 👩🏽‍🚀 b", "🇩🇪🇫🇷", "1️⃣ x", "🏴\u{e0067}\u{e007f}", "☀\u{301} fi ☀", "👨‍👩‍👧 שלום ffi"]
        {
            let (svg, png) = drawn(text);
            assert!(svg.contains("<text") && png != blank, "{text}");
        }
    }

    #[test]
    fn what_people_tick_and_draw_has_glyphs() {
        // No font has this one: it is an empty box.
        let missing = drawn("\u{10ffff}").1;
        for sign in "✓✔✗✘☑☐→←↔⇒★•…─│┌┐└┘├┤┬┴┼═║╔╗╚╝█▓👍🎉🚢❤".chars()
        {
            let one = drawn(&sign.to_string()).1;
            assert!(one != missing && one != drawn("").1, "{sign}");
        }
        assert_eq!(drawn("✓").1, drawn("✔").1);
    }

    #[test]
    fn emoji_do_not_lie_over_their_neighbours() {
        // Each is in a font of its own, as long as a line does not consist of them.
        let line = "a🎉b🚀c👍d✓e→f".repeat(3);
        let (svg, _) = drawn(&line);
        assert_eq!(svg.matches("<tspan").count(), 15, "{svg}");
        assert!(svg.contains("</tspan>f</text>"), "{svg}");
    }

    /// Set `CRDTCTL_PICTURES=20000` to run longer.
    #[test]
    fn no_text_ends_the_program() {
        const CHARS: [char; 40] = [
            'a',
            'f',
            'i',
            'l',
            ' ',
            '1',
            '#',
            'é',
            'ж',
            'ω',
            'ש',
            'ל',
            'ع',
            'م',
            'क',
            '्',
            'ष',
            'ि',
            'ก',
            'ำ',
            '漢',
            '가',
            '\u{1100}',
            '\u{1161}',
            '\u{301}',
            '\u{20e3}',
            '\u{fe0f}',
            '\u{200d}',
            '☀',
            '👨',
            '👩',
            '🏽',
            '🇩',
            '🇪',
            '🏴',
            '\u{e0067}',
            '\u{200f}',
            '\u{ad}',
            '\u{1d165}',
            '\u{10ffff}',
        ];
        let runs = std::env::var("CRDTCTL_PICTURES").ok().and_then(|runs| runs.parse().ok());
        for seed in 0..runs.unwrap_or(100) {
            let mut rng = Rng::new(seed);
            let text: String = (0..1 + rng.below(30)).map(|_| rng.pick(&CHARS)).collect();
            drawn(&text);
        }
    }

    #[test]
    fn much_text_is_a_box() {
        let mixed = "aשb☀".repeat(900);
        let lines = vec![mixed; 100].join("\n");
        let (svg, _) = drawn(&lines);
        assert!(
            svg.contains("more text than a picture holds") && svg.len() < 2_000,
            "{}",
            svg.len()
        );
        let (svg, _) = drawn(&vec!["words and 🌊 more"; 200].join("\n"));
        assert!(!svg.contains("more text than"));
    }
}
