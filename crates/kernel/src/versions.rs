//! Which version of an object a caller has read.

use std::fmt;

/// The most versions that are compared.
const MOST: usize = 8;

/// One version, or several of which any will do: an object that has one of them is what the caller knows
/// (RFC 9110, section 13.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    known: [i32; MOST],
    count: usize,
}

impl Versions {
    /// These versions; none where there are none, or more than 8.
    pub fn of(given: &[i32]) -> Option<Self> {
        let mut known = [0; MOST];
        known.get_mut(..given.len())?.copy_from_slice(given);
        (!given.is_empty()).then_some(Self { known, count: given.len() })
    }

    /// The versions.
    pub fn known(&self) -> &[i32] {
        &self.known[..self.count]
    }
}

impl From<i32> for Versions {
    fn from(version: i32) -> Self {
        Self { known: [version; MOST], count: 1 }
    }
}

/// Whether this version is one of them.
impl PartialEq<i32> for Versions {
    fn eq(&self, version: &i32) -> bool {
        self.known().contains(version)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<String> = self.known().iter().map(ToString::to_string).collect();
        formatter.write_str(&known.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_several_versions_will_do() {
        let versions = Versions::of(&[2, 9]).unwrap();
        assert!(versions == 2 && versions == 9 && versions != 0);
        assert_eq!(versions.to_string(), "2 or 9");
        assert_eq!(Versions::of(&[]), None);
        assert_eq!(Versions::of(&[1; 9]), None);
    }
}
