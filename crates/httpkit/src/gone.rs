//! Where things stood in a request of which parts were taken out.

use std::collections::BTreeMap;

/// Items that were taken out of lists: each list's path, and the places at which they stood, rising.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gone(BTreeMap<String, Vec<usize>>);

impl Gone {
    /// The path, in the request as it came, of what stands at `place` now.
    pub(crate) fn path_of(&self, place: &[String]) -> Vec<String> {
        let mut path: Vec<String> = Vec::with_capacity(place.len());
        for part in place {
            let stood = part.parse::<usize>().ok().and_then(|now| {
                let gone = self.0.get(&path.join("."))?;
                Some(gone.iter().fold(now, |at, gone| at + usize::from(*gone <= at)))
            });
            path.push(stood.map_or_else(|| part.clone(), |at| at.to_string()));
        }
        path
    }

    /// Whether something is missing in the list at `path`.
    pub(crate) fn is_from(&self, path: &[String]) -> bool {
        self.0.contains_key(&path.join("."))
    }

    /// Notes that the item at this path of the request was taken out.
    pub(crate) fn note(&mut self, path: &[String]) {
        let Some((last, list)) = path.split_last() else { return };
        let Ok(stood) = last.parse() else { return };
        let places = self.0.entry(list.join(".")).or_default();
        places.insert(places.partition_point(|place| *place < stood), stood);
    }
}
