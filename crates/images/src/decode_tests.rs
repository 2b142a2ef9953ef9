use super::*;
use crate::testing::{blocks, decoded, encoded, noisy, png};
use image::{GrayAlphaImage, ImageBuffer, Luma, LumaA, Rgba, RgbaImage};
use proptest::prelude::*;

fn reason(bytes: &[u8]) -> FaultReason {
    decode(bytes, "x.jpg").unwrap_err().reason
}

#[test]
fn every_format_is_told_by_content() {
    let picture = blocks(30, 20, 1);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif, ImageFormat::Jpeg] {
        let found = decode(&encoded(picture.rgb.clone(), format), "wrong.suffix").unwrap();
        assert_eq!(found.rgb.dimensions(), (30, 20), "{format:?}");
        let exact = matches!(format, ImageFormat::Png | ImageFormat::Bmp | ImageFormat::Tiff);
        assert!(!exact || found.rgb == picture.rgb, "{format:?}");
        assert_eq!(found.mode, if format == ImageFormat::Gif { "palette" } else { "rgb" });
        assert_eq!(found.notes, Vec::<String>::new());
    }
}

#[test]
fn what_is_no_picture_says_why() {
    assert_eq!(reason(b""), FaultReason::Empty);
    assert_eq!(reason("Grüße, this is a note".as_bytes()), FaultReason::Text);
    assert_eq!(reason(b"BMW sells cars, and this is text"), FaultReason::Text);
    assert_eq!(reason(&[0, 1, 2, 3, 254, 255]), FaultReason::NotAPicture);
    assert_eq!(reason(b"RIFF\x10\0\0\0WEBPVP8 \0\0"), FaultReason::Unsupported);
    let told = decode(b"hello", "cat.jpg").unwrap_err().to_string();
    assert_eq!(told, "cat.jpg is text, not a picture");
}

#[test]
fn a_camera_raw_file_is_left_to_another_loader() {
    // One directory with one entry, DNGVersion.
    let mut dng = b"II*\0\x08\0\0\0\x01\0".to_vec();
    dng.extend([0x12, 0xC6, 1, 0, 4, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0]);
    assert!(decode(&dng, "x").unwrap_err().detail.contains("DNG"));
}

#[test]
fn cut_off_files_are_faults() {
    let picture = noisy(64, 64, 90);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif, ImageFormat::Jpeg] {
        let bytes = encoded(picture.rgb.clone(), format);
        for share in [2, 3] {
            assert!(decode(&bytes[..bytes.len() / share], "x").is_err(), "{format:?} {share}");
        }
    }
    let jpeg = encoded(picture.rgb.clone(), ImageFormat::Jpeg);
    assert_eq!(reason(&jpeg[..jpeg.len() - 2]), FaultReason::Truncated);
    let png = png(&picture);
    assert_eq!(reason(&png[..png.len() / 2]), FaultReason::Truncated);
}

#[test]
fn a_header_that_claims_too_much_is_refused_before_allocation() {
    let mut bmp = encoded(blocks(8, 8, 1).rgb, ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&16_000_u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&16_000_u32.to_le_bytes());
    assert_eq!(reason(&bmp), FaultReason::TooLarge);
    bmp[22..26].copy_from_slice(&100_u32.to_le_bytes());
    bmp[18..22].copy_from_slice(&20_000_u32.to_le_bytes());
    assert!(decode(&bmp, "x").unwrap_err().detail.contains("20000 x 100"));
    let mut png = png(&blocks(8, 8, 1));
    png[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    let sum = crc(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&sum);
    assert_eq!(reason(&png), FaultReason::TooLarge);
    let mut gif = encoded(blocks(8, 8, 1).rgb, ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert_eq!(reason(&gif), FaultReason::TooLarge);
}

/// CRC-32 of PNG chunks.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut c, &b| {
        c ^= u32::from(b);
        (0..8).for_each(|_| c = if c & 1 == 1 { 0xEDB8_8320 ^ c >> 1 } else { c >> 1 });
        c
    })
}

#[test]
fn deep_samples_are_rounded_and_noted() {
    let image = ImageBuffer::<Luma<u16>, _>::from_fn(4, 4, |_, _| Luma([0x8000_u16]));
    let found = decode(&encoded(DynamicImage::ImageLuma16(image), ImageFormat::Png), "x").unwrap();
    assert_eq!((found.mode, found.rgb.get_pixel(0, 0).0), ("grey16", [128; 3]));
    assert!(found.notes[0].contains("16-bit"));
    let image = ImageBuffer::<image::Rgb<u16>, _>::from_fn(4, 4, |_, _| image::Rgb([65_535_u16, 257, 0]));
    let found = decode(&encoded(DynamicImage::ImageRgb16(image), ImageFormat::Tiff), "x").unwrap();
    assert_eq!((found.mode, found.rgb.get_pixel(0, 0).0), ("rgb16", [255, 1, 0]));
}

#[test]
fn transparency_is_laid_over_white() {
    let image = RgbaImage::from_fn(2, 1, |x, _| Rgba([200, 0, 0, if x == 0 { 0 } else { 255 }]));
    let found = decode(&encoded(image, ImageFormat::Png), "x").unwrap();
    assert_eq!((found.mode, found.rgb.get_pixel(0, 0).0, found.rgb.get_pixel(1, 0).0), ("rgba", [255; 3], [200, 0, 0]));
    assert!(found.notes[0].contains("white"));
    let opaque = GrayAlphaImage::from_pixel(2, 2, LumaA([9, 255]));
    let found = decode(&encoded(opaque, ImageFormat::Png), "x").unwrap();
    assert_eq!((found.mode, found.rgb.get_pixel(0, 0).0, found.notes.len()), ("grey_alpha", [9; 3], 0));
}

#[test]
fn grey_becomes_rgb() {
    let grey = image::GrayImage::from_pixel(3, 3, Luma([77]));
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff] {
        let found = decode(&encoded(grey.clone(), format), "x").unwrap();
        assert_eq!((found.mode, found.rgb.get_pixel(1, 1).0), ("grey", [77; 3]), "{format:?}");
    }
}

#[test]
fn cmyk_animations_and_orientation() {
    let found = decode(include_bytes!("fixtures/cmyk_red.jpg"), "x").unwrap();
    let [r, g, b] = found.rgb.get_pixel(8, 8).0;
    assert!(found.mode == "cmyk" && r > 240 && g < 15 && b < 15, "{r} {g} {b}");
    let found = decode(include_bytes!("fixtures/two_frames.gif"), "x").unwrap();
    assert_eq!((found.mode, found.rgb.get_pixel(0, 0).0), ("palette", [255, 0, 0]));
    assert!(found.notes[0].contains("first frame"));
    // Left half red, right half blue, to be turned by 90 degrees clockwise: red goes to the top.
    let found = decode(include_bytes!("fixtures/turned.jpg"), "x").unwrap();
    assert_eq!(found.rgb.dimensions(), (16, 24));
    assert!(found.rgb.get_pixel(8, 2).0[0] > 200 && found.rgb.get_pixel(8, 21).0[2] > 200);
    assert!(found.notes[0].contains("upright"));
}

fn seeds() -> Vec<Vec<u8>> {
    let picture = blocks(24, 17, 3);
    let deep = ImageBuffer::<image::Rgb<u16>, _>::from_fn(9, 9, |x, y| image::Rgb([(x * y) as u16; 3]));
    let mut seeds: Vec<_> =
        [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif, ImageFormat::Jpeg]
            .map(|format| encoded(picture.rgb.clone(), format))
            .into();
    seeds.push(encoded(DynamicImage::ImageRgb16(deep), ImageFormat::Tiff));
    seeds.push(encoded(decoded(5, 5, |_, _| [1, 2, 3]).rgb, ImageFormat::Gif));
    seeds.push(include_bytes!("fixtures/cmyk_red.jpg").to_vec());
    seeds.push(include_bytes!("fixtures/two_frames.gif").to_vec());
    seeds.push(include_bytes!("fixtures/turned.jpg").to_vec());
    seeds
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_bytes_make_it_panic(
        seed in 0..10_usize,
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..12),
        head in any::<bool>(),
        end in any::<proptest::sample::Index>(),
        cut in proptest::bool::weighted(0.2),
    ) {
        let mut bytes = seeds()[seed].clone();
        // Half of the edits stay in the header, where they hurt most.
        let reach = if head { bytes.len().min(160) } else { bytes.len() };
        for (place, value) in edits {
            let at = place.index(reach);
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Ok(found) = decode(&bytes, "x") {
            prop_assert!(found.rgb.width() > 0 && found.rgb.height() > 0);
            crate::measure(&found);
        }
    }

    #[test]
    fn random_bytes_after_any_magic_are_survived(rest in proptest::collection::vec(any::<u8>(), 0..300)) {
        let magic: [&[u8]; 6] = [b"\x89PNG\r\n\x1A\n", b"\xFF\xD8\xFF", b"GIF89a", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"BM"];
        for start in magic {
            let mut bytes = start.to_vec();
            bytes.extend(&rest);
            let _ = decode(&bytes, "x");
        }
    }
}
