use super::*;
use crate::StandardLoader;
use crate::testing::{blocks, decoded, png};
use driftgate_model::{AugmentationConfig, NullObserver};

fn config(height: u32, width: u32, color_mode: ColorMode) -> ImageConfig {
    let augmentation = AugmentationConfig {
        enabled: false,
        random_crop_padding: 0,
        horizontal_flip: false,
        brightness_jitter: 0.0,
        contrast_jitter: 0.0,
        saturation_jitter: 0.0,
        quarter_turns: false,
    };
    ImageConfig { target_size: [height, width], color_mode, normalize: true, augmentation }
}

#[test]
fn the_same_size_keeps_every_byte_and_height_comes_first() {
    let picture = blocks(12, 7, 1);
    let mut tile = vec![9; 3];
    render(&picture, &config(7, 12, ColorMode::Rgb), &mut tile);
    assert_eq!(&tile, picture.rgb.as_raw());
    let tall = decoded(40, 40, |_, y| if y < 20 { [255; 3] } else { [0; 3] });
    render(&tall, &config(4, 2, ColorMode::Grayscale), &mut tile);
    assert_eq!((tile.len(), &tile[..2], &tile[6..]), (8, &[255, 255][..], &[0, 0][..]));
}

#[test]
fn shrinking_averages_fine_detail() {
    let checks = decoded(256, 256, |x, y| if (x + y) % 2 == 0 { [255; 3] } else { [0; 3] });
    let mut tile = Vec::new();
    render(&checks, &config(16, 16, ColorMode::Rgb), &mut tile);
    assert!(tile.iter().all(|v| (120..=136).contains(v)), "{tile:?}");
}

fn build(path: &Path, threads: usize, cancel: &CancelToken) -> Result<TileFile> {
    let load = |i: usize| Ok(png(&blocks(20, 20, i as u64)));
    build_tiles(150, &load, &StandardLoader, &config(8, 8, ColorMode::Rgb), path, threads, &NullObserver, cancel)
}

fn all(source: &dyn TileSource) -> Vec<u8> {
    let size = source.shape().values();
    let mut bytes = vec![0; size * source.len()];
    bytes.chunks_exact_mut(size).enumerate().for_each(|(i, tile)| source.read(i, tile).unwrap());
    bytes
}

#[test]
fn threads_change_no_byte_and_the_file_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let made = build(&one, 1, &CancelToken::new()).unwrap();
    build(&two, 2, &CancelToken::new()).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    let opened = TileFile::open(&one, made.shape(), 150).unwrap();
    assert_eq!(all(&opened), all(&made));
    let subset = Subset { source: &opened, indices: &[149, 3] };
    let memory = MemoryTiles::new(made.shape(), all(&subset)).unwrap();
    assert_eq!(all(&memory), [&all(&made)[149 * 192..], &all(&made)[3 * 192..4 * 192]].concat());
    assert!(subset.read(2, &mut [0; 192]).is_err() && opened.read(150, &mut [0; 192]).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no part is left");
}

#[test]
fn a_file_of_something_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiles");
    let shape = build(&path, 1, &CancelToken::new()).unwrap().shape();
    let open = |shape, count| TileFile::open(&path, shape, count).map(|_| ());
    assert!(open(shape, 149).is_err());
    assert!(open(TileShape { channels: 1, ..shape }, 150).is_err());
    let bytes = std::fs::read(&path).unwrap();
    for broken in [&bytes[..bytes.len() - 1], &bytes[..10], &bytes[1..]] {
        std::fs::write(&path, broken).unwrap();
        assert!(open(shape, 150).is_err());
    }
    assert!(MemoryTiles::new(shape, vec![0; 5]).is_err());
}

#[test]
fn a_cancelled_or_failed_build_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiles");
    let cancel = CancelToken::new();
    cancel.cancel();
    assert!(matches!(build(&path, 2, &cancel), Err(ImagesError::Cancelled)));
    let load = |_: usize| Ok(b"text".to_vec());
    let cfg = config(8, 8, ColorMode::Rgb);
    let failed = build_tiles(2, &load, &StandardLoader, &cfg, &path, 1, &NullObserver, &CancelToken::new());
    assert!(matches!(failed, Err(ImagesError::Fault { index: 0, .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let mut writer = TileFile::create(&path, cfg.shape(), 1).unwrap();
    assert!(writer.push(&[0; 5]).is_err() && writer.finish().is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn moments_are_exact_and_a_constant_channel_divides_by_one() {
    let shape = TileShape { height: 1, width: 2, channels: 3 };
    let tiles = MemoryTiles::new(shape, vec![0, 10, 255, 255, 10, 0, 0, 10, 0, 255, 10, 255]).unwrap();
    let found = moments(&tiles, 1).unwrap();
    assert_eq!(found.mean, [0.5, 10.0 / 255.0, 0.5]);
    assert_eq!(found.std, [0.5, 1.0, 0.5]);
    assert_eq!(found, moments(&tiles, 2).unwrap());
    assert!(moments(&MemoryTiles::new(shape, Vec::new()).unwrap(), 1).is_err());
}
