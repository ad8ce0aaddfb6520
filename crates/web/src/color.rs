//! A portal's colour, in shades that can be read on light and on dark ground (WCAG 2.1, 1.4.3).

/// The least contrast of text.
const READABLE: f64 = 4.5;

/// The grounds that text of the colour stands on: pages, and the tinted ground of notices.
const LIGHT_GROUND: Color = Color([0xf3, 0xf5, 0xf8]);
const DARK_GROUND: Color = Color([0x23, 0x29, 0x32]);

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color([u8; 3]);

impl Color {
    /// Reads `#rgb` or `#rrggbb`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, a, b, c] = number.to_be_bytes();
        match digits.len() {
            6 => Some(Self([a, b, c])),
            // Each digit stands for two of itself.
            3 => Some(Self([(b & 15) * 17, (c >> 4) * 17, (c & 15) * 17])),
            _ => None,
        }
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let Self([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > other { one / other } else { other / one }
    }

    /// Moved towards another colour, by a part of the way in percent.
    fn towards(self, other: Self, percent: u16) -> Self {
        let mix = |from: u8, to: u8| {
            let mixed = u16::from(from) * (100 - percent) + u16::from(to) * percent;
            u8::try_from(mixed / 100).unwrap_or(u8::MAX)
        };
        let (Self([a, b, c]), Self([x, y, z])) = (self, other);
        Self([mix(a, x), mix(b, y), mix(c, z)])
    }

    /// The nearest shade that can be read on a ground, going towards an end.
    fn readable(self, ground: Self, end: Self) -> Self {
        let shades = (0..=100).step_by(4).map(|percent| self.towards(end, percent));
        shades.into_iter().find(|shade| shade.contrast(ground) >= READABLE).unwrap_or(end)
    }

    fn hex(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The style sheet of the colour: what fills buttons, and what colours text, by ground.
    pub(crate) fn style(self) -> String {
        const BLACK: Color = Color([0; 3]);
        const WHITE: Color = Color([255; 3]);
        let on_light = self.readable(LIGHT_GROUND, BLACK);
        let on_dark = self.readable(DARK_GROUND, WHITE);
        // White text stands on the darker shade, whatever the ground of the page.
        let fill = self.readable(WHITE, BLACK);
        let (on_light, on_dark, fill) = (on_light.hex(), on_dark.hex(), fill.hex());
        format!(
            ":root{{--brand:{on_light};--fill:{fill}}}\n\
             @media (prefers-color-scheme:dark){{:root:not([data-mode=light]){{--brand:{on_dark}}}}}\n\
             :root[data-mode=dark]{{--brand:{on_dark}}}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read() {
        assert_eq!(Color::read("#0f8").unwrap(), Color([0, 255, 136]));
        assert_eq!(Color::read("#0a10fF").unwrap(), Color([10, 16, 255]));
        for bad in ["", "#", "0f8", "#0f", "#12345", "#1234567", "#xyz", "#+12", "#é12"] {
            assert_eq!(Color::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_colour_is_made_readable() {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let color = Color([red, green, blue]);
                    let light = color.readable(LIGHT_GROUND, Color([0; 3]));
                    let dark = color.readable(DARK_GROUND, Color([255; 3]));
                    assert!(light.contrast(LIGHT_GROUND) >= READABLE, "{color:?}");
                    assert!(dark.contrast(DARK_GROUND) >= READABLE, "{color:?}");
                }
            }
        }
        let known = Color([0, 0, 0]).contrast(Color([255, 255, 255]));
        assert!((known - 21.0).abs() < 0.01);
    }

    #[test]
    fn a_good_colour_is_left_alone() {
        assert_eq!(
            Color::read("#0b5cad").unwrap().readable(LIGHT_GROUND, Color([0; 3])).hex(),
            "#0b5cad"
        );
    }
}
