//! What the first bytes of a file say, read without trusting them.

/// What the content says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One that the standard loader reads.
    Standard(image::ImageFormat),
    /// A kind of picture that it does not.
    Foreign(&'static str),
    /// Readable text.
    Text,
    /// None of these.
    Unknown,
}

/// Looks at the content alone; the name of the file plays no part.
pub(crate) fn kind(bytes: &[u8]) -> Kind {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff};
    let at = |from: usize, what: &[u8]| bytes.get(from..from + what.len()) == Some(what);
    if at(0, b"\x89PNG\r\n\x1A\n") {
        Kind::Standard(Png)
    } else if at(0, b"\xFF\xD8\xFF") {
        Kind::Standard(Jpeg)
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Kind::Standard(Gif)
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        if tiff_pages(bytes).raw { Kind::Foreign("a camera raw file (DNG)") } else { Kind::Standard(Tiff) }
    } else if at(0, b"II+\0") || at(0, b"MM\0+") {
        Kind::Standard(Tiff)
    } else if at(0, b"BM") && matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) {
        Kind::Standard(Bmp)
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Kind::Foreign("a WebP picture")
    } else if at(4, b"ftyphei") || at(4, b"ftypmif") {
        Kind::Foreign("a HEIF picture")
    } else if at(4, b"ftypavif") {
        Kind::Foreign("an AVIF picture")
    } else if at(0, b"8BPS") {
        Kind::Foreign("a Photoshop file")
    } else if at(0, b"%PDF") {
        Kind::Foreign("a PDF document")
    } else if at(0, b"PK\x03\x04") {
        Kind::Foreign("a ZIP archive")
    } else if is_text(bytes) {
        Kind::Text
    } else {
        Kind::Unknown
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let valid = match std::str::from_utf8(head) {
        Ok(_) => head.len(),
        Err(e) if e.error_len().is_none() => e.valid_up_to(),
        Err(_) => return false,
    };
    valid > 0 && head[..valid].iter().all(|&b| b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x0C))
}

/// The outline of a JPEG file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct JpegOutline {
    /// Colour components; 0 where no frame header was found.
    pub(crate) components: u8,
    /// Whether the end marker is there.
    pub(crate) complete: bool,
}

/// Walks the segments of a JPEG file up to its end marker.
pub(crate) fn jpeg_outline(bytes: &[u8]) -> JpegOutline {
    let mut outline = JpegOutline::default();
    let mut at = 2;
    loop {
        // The next marker: 0xFF, fill bytes, then neither a stuffed zero nor a restart.
        let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == 0xFF)) else { return outline };
        at += step + 1;
        let Some(&marker) = bytes.get(at) else { return outline };
        match marker {
            0xFF | 0x00 | 0x01 | 0xD0..=0xD8 => continue,
            0xD9 => {
                outline.complete = true;
                return outline;
            }
            _ => {}
        }
        let Some(&[high, low]) = bytes.get(at + 1..at + 3) else { return outline };
        let frame_header = matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
        if frame_header && outline.components == 0 {
            outline.components = bytes.get(at + 8).copied().unwrap_or(0);
        }
        at += 1 + usize::from(u16::from_be_bytes([high, low]));
    }
}

/// Frames of a GIF file, counted up to 2; data are skipped, not decoded.
pub(crate) fn gif_frames(bytes: &[u8]) -> usize {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << (usize::from(flags & 7) + 1) };
    let mut at = 13 + bytes.get(10).map_or(0, |&flags| table(flags));
    let mut frames = 0;
    while frames < 2 {
        match bytes.get(at) {
            Some(0x21) => at += 2,
            Some(0x2C) => {
                frames += 1;
                at += 11 + bytes.get(at + 9).map_or(0, |&flags| table(flags));
            }
            _ => break,
        }
        while let Some(&length) = bytes.get(at) {
            at += 1 + usize::from(length);
            if length == 0 {
                break;
            }
        }
    }
    frames
}

/// Whether a PNG file is animated: an `acTL` chunk before the data.
pub(crate) fn png_animated(bytes: &[u8]) -> bool {
    let mut at = 8_usize;
    while let Some(&[a, b, c, d, n0, n1, n2, n3]) = bytes.get(at..at.saturating_add(8)) {
        match &[n0, n1, n2, n3] {
            b"acTL" => return true,
            b"IDAT" | b"IEND" => return false,
            _ => at = at.saturating_add(12).saturating_add(u32::from_be_bytes([a, b, c, d]) as usize),
        }
    }
    false
}

/// What the first directory of a TIFF file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TiffPages {
    /// More than one page.
    pub(crate) several: bool,
    /// A digital negative (tag 50706, `DNGVersion`).
    pub(crate) raw: bool,
}

/// Reads the first directory of a classic TIFF file.
pub(crate) fn tiff_pages(bytes: &[u8]) -> TiffPages {
    let little = bytes.first() == Some(&b'I');
    let u16_at = |at: usize| {
        let two = <[u8; 2]>::try_from(bytes.get(at..at.checked_add(2)?)?).ok()?;
        Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    };
    let u32_at = |at: usize| {
        let four = <[u8; 4]>::try_from(bytes.get(at..at.checked_add(4)?)?).ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let read = || {
        let directory = u32_at(4)? as usize;
        let entries = usize::from(u16_at(directory)?);
        let raw = (0..entries).any(|i| u16_at(directory + 2 + 12 * i) == Some(50706));
        let next = u32_at(directory + 2 + 12 * entries).unwrap_or(0);
        Some(TiffPages { several: next != 0, raw })
    };
    read().unwrap_or_default()
}
