//! Positions on a picture, and how they are read from a document.

use crate::wire::{Record, Value};

/// Numbers are clamped to this, in both directions: a picture has to end somewhere.
const FAR: f64 = 1e6;

/// A rectangle, rotated about its centre.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PictureFrame {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// Radians, clockwise.
    pub rotation: f64,
}

impl PictureFrame {
    pub fn of(record: &Record) -> PictureFrame {
        let get = |name| number(record, name).unwrap_or(0.0);
        PictureFrame {
            x: get("x"),
            y: get("y"),
            width: get("width").max(0.0),
            height: get("height").max(0.0),
            rotation: get("rotation"),
        }
    }

    pub fn centre(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Returns the upright rectangle around it.
    pub fn turned(&self) -> PictureFrame {
        let (sin, cos) = (self.rotation.sin().abs(), self.rotation.cos().abs());
        let width = self.width * cos + self.height * sin;
        let height = self.width * sin + self.height * cos;
        let (x, y) = self.centre();
        PictureFrame { x: x - width / 2.0, y: y - height / 2.0, width, height, rotation: 0.0 }
    }

    pub fn united(&self, other: &PictureFrame) -> PictureFrame {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        PictureFrame { x, y, width: right - x, height: bottom - y, rotation: 0.0 }
    }

    pub fn holds(&self, other: &PictureFrame) -> bool {
        self.united(other) == *self
    }

    pub fn grown(&self, by: f64) -> PictureFrame {
        PictureFrame {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
            rotation: self.rotation,
        }
    }
}

/// Returns a number of a record, clamped to what can be drawn.
pub fn number(record: &Record, name: &str) -> Option<f64> {
    let n = match record.get(name)? {
        Value::Int(n) | Value::BigInt(n) => *n as f64,
        Value::Number(n) if n.is_finite() => *n,
        _ => return None,
    };
    Some(n.clamp(-FAR, FAR))
}

/// Returns a text of a record.
pub fn text<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    record.get(name).and_then(Value::as_str)
}
