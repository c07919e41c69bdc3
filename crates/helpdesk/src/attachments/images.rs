//! Images are written anew: what a camera noted of place and owner goes, and so does whatever else
//! was hidden in the file. No I/O, much arithmetic.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::model::FileKind;

/// The longest side of an image, in pixels.
const MOST_SIDE: u32 = 16_384;
/// The most pixels of an image: a good camera's have fifty million.
const MOST_PIXELS: u64 = 50_000_000;
/// The most memory for decoding one, in bytes.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// The quality of JPEG, 1 to 100.
const QUALITY: u8 = 90;

/// The image as it is kept, and its media type. A GIF may move, so it is looked through and kept as it
/// came: it holds no place and no owner.
pub(super) fn written_anew(
    bytes: Vec<u8>,
    kind: FileKind,
) -> Result<(Vec<u8>, &'static str), String> {
    let (format, kept) = match kind {
        FileKind::Jpeg => (ImageFormat::Jpeg, "image/jpeg"),
        FileKind::Png => (ImageFormat::Png, "image/png"),
        FileKind::Webp => (ImageFormat::WebP, "image/jpeg"),
        FileKind::Gif => (ImageFormat::Gif, "image/gif"),
        FileKind::Other { media, .. } => return Ok((bytes, media)),
    };
    let image = decoded(&bytes, format)?;
    let mut written = Vec::new();
    let sees_through = image.color().has_alpha();
    let media = if kept == "image/jpeg" && sees_through { "image/png" } else { kept };
    let fault = |error: image::ImageError| error.to_string();
    match media {
        "image/gif" => return Ok((bytes, media)),
        "image/png" => {
            image.write_with_encoder(PngEncoder::new(&mut written)).map_err(fault)?;
        }
        _ => {
            let encoder = JpegEncoder::new_with_quality(&mut written, QUALITY);
            let plain = match image {
                DynamicImage::ImageLuma8(grey) => DynamicImage::ImageLuma8(grey),
                other => DynamicImage::ImageRgb8(other.into_rgb8()),
            };
            plain.write_with_encoder(encoder).map_err(fault)?;
        }
    }
    Ok((written, media))
}

/// The pixels, upright. The size is looked at before any of them is decoded.
fn decoded(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, String> {
    let fault = |error: image::ImageError| error.to_string();
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    // The limits above are for the decoder's own room; the pixels themselves are counted here.
    if pixels > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(format!("it has {width} times {height} pixels"));
    }
    let orientation = decoder.orientation().map_err(fault)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(fault)?;
    image.apply_orientation(orientation);
    Ok(image)
}

#[cfg(test)]
mod tests {
    use image::GenericImageView as _;

    use super::*;

    /// A JPEG with a note of where it was taken.
    fn photo(orientation: u8) -> Vec<u8> {
        let mut picture = image::RgbImage::new(4, 2);
        picture.put_pixel(0, 0, image::Rgb([255, 0, 0]));
        let mut plain = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut plain, 100);
        DynamicImage::ImageRgb8(picture).write_with_encoder(encoder).unwrap();
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif.extend(b"GPS 53.0452, 158.6483");
        let mut with = plain[..2].to_vec();
        with.extend([0xff, 0xe1]);
        with.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        with.extend(exif);
        with.extend(&plain[2..]);
        with
    }

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_photo_loses_its_place_and_stands_upright() {
        let photo = photo(6);
        assert!(holds(&photo, b"GPS 53.0452"));
        let (kept, media) = written_anew(photo, FileKind::Jpeg).unwrap();
        assert_eq!(media, "image/jpeg");
        assert!(!holds(&kept, b"GPS") && !holds(&kept, b"Exif"));
        assert_eq!(image::load_from_memory(&kept).unwrap().dimensions(), (2, 4));
    }

    #[test]
    fn what_hides_behind_an_image_is_gone() {
        let mut png = Vec::new();
        let encoder = PngEncoder::new(&mut png);
        DynamicImage::new_rgba8(3, 3).write_with_encoder(encoder).unwrap();
        png.extend(b"<script>alert(1)</script>");
        let (kept, media) = written_anew(png, FileKind::Png).unwrap();
        assert_eq!(media, "image/png");
        assert!(!holds(&kept, b"script"));
    }

    #[test]
    fn an_image_that_claims_to_be_huge_is_refused_before_it_takes_memory() {
        let mut png = Vec::new();
        let encoder = PngEncoder::new(&mut png);
        DynamicImage::new_luma8(1, 1).write_with_encoder(encoder).unwrap();
        for (width, height) in [(60_000_u32, 60_000_u32), (10_000, 10_000), (0xffff_ffff, 1)] {
            let mut bomb = png.clone();
            bomb[16..20].copy_from_slice(&width.to_be_bytes());
            bomb[20..24].copy_from_slice(&height.to_be_bytes());
            let sum = crc32(&bomb[12..29]);
            bomb[29..33].copy_from_slice(&sum.to_be_bytes());
            assert!(written_anew(bomb, FileKind::Png).is_err(), "{width} x {height}");
        }
        assert!(written_anew(b"\xff\xd8\xff\xe0 no image".to_vec(), FileKind::Jpeg).is_err());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut sum = u32::MAX;
        for byte in bytes {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            }
        }
        !sum
    }
}
