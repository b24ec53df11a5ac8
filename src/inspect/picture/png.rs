//! PNG out of an SVG of ours.
//!
//! Text is drawn with fonts that are part of the program: Latin, Greek, Cyrillic and emoji. Other
//! scripts show as empty boxes; in the SVG they are text, for a viewer with fonts.

use crate::error::{Error, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree, fontdb};
use std::sync::Arc;

/// The longer side of a picture, in pixels; larger boards are drawn smaller.
const SIDE: f32 = 4096.0;

/// Renders an SVG. Returns the bytes of the PNG, its width and its height.
///
/// # Errors
/// `Bug`: the SVG is of our own making.
pub fn png(svg: &str) -> Result<(Vec<u8>, u32, u32)> {
    let mut fonts = fontdb::Database::new();
    // In the order in which what a font lacks is looked for. Ubuntu comes last: it joins letters to
    // ligatures, and its glyphs then do not match those of another font one by one.
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
    let tree = Tree::from_str(svg, &options)
        .map_err(|e| Error::bug("the picture is no SVG").because(e))?;
    let size = tree.size();
    let scale = (SIDE / size.width().max(size.height())).min(1.0);
    // Within 1 and 4096: `as` is exact enough.
    let pixels = |side: f32| (side * scale).ceil().clamp(1.0, SIDE) as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut map = Pixmap::new(width, height).ok_or_else(|| Error::bug("a picture without size"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut map.as_mut());
    let bytes =
        map.encode_png().map_err(|e| Error::bug("the picture does not encode").because(e))?;
    Ok((bytes, width, height))
}

/// The font that is tried next for a text, whichever character is missing: one that no font has
/// must not keep those behind it from theirs.
fn next_font(used: &[fontdb::ID], fonts: &fontdb::Database) -> Option<fontdb::ID> {
    fonts.faces().map(|face| face.id).find(|id| !used.contains(id))
}
