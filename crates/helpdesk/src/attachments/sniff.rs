//! What a file is, by its content; what it is called decides nothing. No I/O.

use std::borrow::Cow;

use super::model::FileKind;

/// What is of no kind that a browser knows.
const BYTES: &str = "application/octet-stream";

/// How much of a file is looked at, in bytes.
pub(super) const HEAD: usize = 8192;

/// A kind of file that is taken as it is, with the endings that people know it by; the first one is
/// added to a name that has none of them.
const FILES: &[(&str, &[&str])] = &[
    ("image/heif", &["heic", "heif"]),
    ("image/avif", &["avif"]),
    ("image/tiff", &["tif", "tiff"]),
    ("image/bmp", &["bmp"]),
    ("application/pdf", &["pdf"]),
    ("application/msword", &["doc"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
    ("application/vnd.ms-excel", &["xls"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
    ("application/vnd.ms-powerpoint", &["ppt"]),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"]),
    ("application/vnd.oasis.opendocument.text", &["odt"]),
    ("application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
    ("application/vnd.oasis.opendocument.presentation", &["odp"]),
    ("application/x-ole-storage", &["msg", "doc", "xls", "ppt"]),
    ("application/rtf", &["rtf"]),
    ("application/epub+zip", &["epub"]),
    ("application/zip", &["zip"]),
    ("application/x-tar", &["tar"]),
    ("application/gzip", &["gz", "tgz"]),
    ("application/vnd.rar", &["rar"]),
    ("application/x-7z-compressed", &["7z"]),
    ("video/mp4", &["mp4", "m4v"]),
    ("video/x-m4v", &["m4v", "mp4"]),
    ("video/quicktime", &["mov"]),
    ("video/webm", &["webm"]),
    ("audio/mpeg", &["mp3"]),
    ("audio/m4a", &["m4a"]),
    ("audio/ogg", &["ogg"]),
    ("audio/opus", &["opus"]),
    ("audio/x-wav", &["wav"]),
    ("audio/aac", &["aac"]),
    ("audio/amr", &["amr"]),
    ("audio/x-flac", &["flac"]),
];

/// Endings of plain text. None of them is one that a machine runs or a browser shows as a page.
const TEXTS: &[&str] = &["txt", "csv", "tsv", "log", "md", "json", "eml", "ics", "vcf"];

/// Endings of what is written in XML and is no page.
const MARKED_UP: &[&str] = &["xml", "gpx", "kml", "tcx", "fb2"];

/// What the beginning of a file shows it to be.
///
/// # Errors
/// Why it is not taken.
pub(super) fn judge(head: &[u8]) -> Result<FileKind, &'static str> {
    let found = infer::get(head);
    let media = found.map_or("", |found| found.mime_type());
    match media {
        "image/jpeg" => return Ok(FileKind::Jpeg),
        "image/png" => return Ok(FileKind::Png),
        "image/gif" => return Ok(FileKind::Gif),
        "image/webp" => return Ok(FileKind::Webp),
        _ => {}
    }
    if let Some((media, endings)) = FILES.iter().find(|(known, _)| *known == media) {
        return Ok(FileKind::Other { media, endings });
    }
    match media {
        "" | "text/html" | "text/xml" => text(head),
        "text/x-shellscript" => Err("programs"),
        _ => Err("it is none of the known kinds of documents, images and recordings"),
    }
}

/// Text, where it is one: no bytes that no text has, and nothing that a browser takes for a page.
fn text(head: &[u8]) -> Result<FileKind, &'static str> {
    const NONE: &str = "it is none of the known kinds of documents, images and recordings";
    let (valid, media) = decoded(head);
    let control = |letter: char| {
        letter.is_control() && !['\t', '\n', '\r', '\u{c}', '\u{1b}'].contains(&letter)
    };
    if valid.contains(control) {
        return Err(NONE);
    }
    let start = valid.trim_start_matches(['\u{feff}', ' ', '\t', '\n', '\r', '\u{c}']);
    if start.starts_with("#!") {
        return Err("programs");
    }
    if start.starts_with('<') {
        let lower = start.to_ascii_lowercase();
        if ["<svg", "<!doctype svg"].iter().any(|mark| lower.contains(mark))
            && !lower.contains("<html")
        {
            return Ok(FileKind::Other { media: "image/svg+xml", endings: &["svg"] });
        }
        let page = ["html", "<script", "xml-stylesheet"].iter().any(|mark| lower.contains(mark));
        if lower.starts_with("<?xml") && !page {
            return Ok(FileKind::Other { media: BYTES, endings: MARKED_UP });
        }
        let markup =
            lower[1..].starts_with(|next: char| next.is_ascii_alphabetic() || "!/?".contains(next));
        if markup {
            return Err("web pages and other markup");
        }
    }
    Ok(FileKind::Other { media, endings: TEXTS })
}

/// The beginning as text, and what it is served as: plain text where it is UTF-8; else bytes, since
/// nothing says in which of the older ways it was written.
fn decoded(head: &[u8]) -> (Cow<'_, str>, &'static str) {
    match std::str::from_utf8(head) {
        Ok(text) => return (text.into(), "text/plain"),
        // A character may be cut where the beginning ends.
        Err(error) if error.error_len().is_none() && head.len() >= HEAD => {
            let whole = head.get(..error.valid_up_to()).unwrap_or_default();
            return (String::from_utf8_lossy(whole), "text/plain");
        }
        Err(_) => {}
    }
    let units = |read: fn([u8; 2]) -> u16| {
        let pairs = head.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(read);
        // A half of a pair may be cut, too; any other half stands for no letter.
        char::decode_utf16(pairs).map(|letter| letter.unwrap_or('\u{fffd}')).collect::<String>()
    };
    let text = match head {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        // One byte for each letter, as Windows-1251 and KOI8-R have it: those below 128 are ASCII, and
        // which letters the others are decides nothing here.
        _ => {
            head.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { 'я' }).collect()
        }
    };
    (text.into(), BYTES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn media(head: &[u8]) -> Option<&'static str> {
        judge(head).ok().map(|kind| kind.media())
    }

    #[test]
    fn what_people_send_is_known_by_its_content() {
        assert_eq!(media(b"\xff\xd8\xff\xe0\0\x10JFIF\0"), Some("image/jpeg"));
        assert_eq!(media(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some("image/png"));
        assert_eq!(media(b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(media("Заказ 4711\nне открывается".as_bytes()), Some("text/plain"));
        assert_eq!(media(b"a < b and c > d"), Some("text/plain"));
        assert_eq!(media(b"< 5 minutes"), Some("text/plain"));
        assert_eq!(media(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Some("image/svg+xml"));
        assert_eq!(media(b"<?xml version='1.0'?>\n<!-- x --><svg/>"), Some("image/svg+xml"));
    }

    #[test]
    fn text_is_known_in_older_ways_of_writing_and_gets_no_safer_by_them() {
        let windows = b"\xc7\xe0\xea\xe0\xe7;\xd1\xf3\xec\xec\xe0\r\n4711;500\r\n";
        assert_eq!(media(windows), Some(BYTES));
        let utf16 = |text: &str, mark: [u8; 2]| {
            let units = text.encode_utf16().flat_map(|unit| match mark {
                [0xff, _] => unit.to_le_bytes(),
                _ => unit.to_be_bytes(),
            });
            mark.into_iter().chain(units).collect::<Vec<u8>>()
        };
        for mark in [[0xff, 0xfe], [0xfe, 0xff]] {
            assert_eq!(media(&utf16("Заказ;Сумма\r\n", mark)), Some(BYTES));
            assert_eq!(media(&utf16("<html><script>", mark)), None);
            assert_eq!(media(&utf16("#!/bin/sh", mark)), None);
        }
        assert_eq!(media(b"<img src=x onerror='\xc7'>"), None);
        assert_eq!(media(b"\xc7\xe0\0\x01"), None);
        let track = "<?xml version='1.0'?>\n<gpx creator='Навигатор'><trk/></gpx>";
        assert_eq!(media(track.as_bytes()), Some(BYTES));
        let styled = b"<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><gpx/>";
        assert_eq!(media(styled), None);
    }

    #[test]
    fn programs_and_pages_are_refused_however_they_begin() {
        let refused: [&[u8]; 14] = [
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
            b"\xca\xfe\xba\xbe\0\0\0\x34",
            b"#!/bin/sh\nrm -rf /",
            b"\xef\xbb\xbf#!/bin/sh",
            b"<!DOCTYPE html><html>",
            b"  \n<HTML><script>",
            b"\xef\xbb\xbf<script>alert(1)</script>",
            b"<img src=x onerror=alert(1)>",
            b"<svg-not><html><svg>",
            b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
            b"<!-- --><body onload=alert(1)>",
            b"\0\0\0\0nothing",
            b"\0asm\x01\0\0\0",
        ];
        for head in refused {
            assert!(judge(head).is_err(), "{:?}", String::from_utf8_lossy(head));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_and_nothing_that_opens_like_a_tag_is_text(
            bytes in proptest::collection::vec(any::<u8>(), 0..600), tag in "[a-zA-Z!/?][ -~]{0,40}",
        ) {
            let _ = judge(&bytes);
            let page = format!("<{tag}");
            let kind = judge(page.as_bytes()).map(|kind| kind.media());
            prop_assert_ne!(kind, Ok("text/plain"));
        }
    }
}
