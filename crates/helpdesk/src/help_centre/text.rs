//! Plain text that people wrote, cut into what is shown as it is and what is shown as a link; no I/O.

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The words.
    pub text: &'a str,
    /// Whether they are an http or https address.
    pub is_link: bool,
}

/// Cuts a text at its addresses. Together the pieces are the text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(begin) = next_address(rest) {
        let (before, address) = rest.split_at(begin);
        let (address, after) = address.split_at(length_of_address(address));
        if !before.is_empty() {
            pieces.push(Piece { text: before, is_link: false });
        }
        pieces.push(Piece { text: address, is_link: true });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece { text: rest, is_link: false });
    }
    pieces
}

/// Where the next address begins that has at least one character behind its scheme.
fn next_address(text: &str) -> Option<usize> {
    let found = |scheme: &str| {
        text.match_indices(scheme)
            .map(|(at, _)| at)
            .find(|at| length_of_address(&text[*at..]) > scheme.len())
    };
    [found("https://"), found("http://")].into_iter().flatten().min()
}

/// Up to the next white space, without the marks that belong to the sentence around it.
fn length_of_address(text: &str) -> usize {
    let ends =
        |letter: char| letter.is_whitespace() || letter.is_control() || "<>\"«»".contains(letter);
    let word = text.split(ends).next().unwrap_or_default();
    let mut address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    while address.ends_with(')') && !address.contains('(') {
        address = address.trim_end_matches([')', '.', ',']);
    }
    address.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(text: &str) -> Vec<&str> {
        pieces(text).into_iter().filter(|piece| piece.is_link).map(|piece| piece.text).collect()
    }

    #[test]
    fn addresses_are_links_without_the_sentence_around_them() {
        assert_eq!(links("See https://a.example/b?c=d."), ["https://a.example/b?c=d"]);
        assert_eq!(
            links("(https://a.example), http://b.example!"),
            ["https://a.example", "http://b.example"]
        );
        assert_eq!(links("«https://a.example/x_(y)»"), ["https://a.example/x_(y)"]);
    }

    #[test]
    fn nothing_else_is_a_link() {
        for text in
            ["javascript:alert(1)", "https://", "http://.", "data:text/html,x", "ftp://a.example"]
        {
            assert!(links(text).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(text in "(https?://|[a-zа-я<>\"' .,)(\n]){0,40}") {
            let together: String = pieces(&text).iter().map(|piece| piece.text).collect();
            prop_assert_eq!(together, text);
        }
    }
}
