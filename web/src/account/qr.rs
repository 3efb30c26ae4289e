//! QR codes as drawings for pages.

/// A QR code as SVG, to be put into a page.
pub(super) fn qr_svg(text: &str) -> String {
    let Ok(code) = qrcode::QrCode::new(text.as_bytes()) else {
        return String::new();
    };
    let width = code.width();
    let mut path = String::new();
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", at % width + 4, at / width + 4));
        }
    }
    let size = width + 8;
    format!(
        "<svg class=\"qr\" viewBox=\"0 0 {size} {size}\" role=\"img\" \
         aria-label=\"認証アプリで読み取るQRコード\"><rect width=\"{size}\" height=\"{size}\" \
         fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_with_room_around_it() {
        let svg = qr_svg("otpauth://totp/Madoguchi:tanaka?secret=GEZDGNBV&issuer=Madoguchi");
        assert!(
            svg.starts_with("<svg") && svg.contains("M4 4h1v1h-1z"),
            "{svg}"
        );
    }
}
