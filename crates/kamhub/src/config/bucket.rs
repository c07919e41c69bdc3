//! The bucket for uploaded files.

use anyhow::Result;

use super::values::Values;
use crate::files::Bucket;

impl Values {
    /// The bucket that `attachments_store` names; none means a folder.
    pub(super) fn bucket(&self) -> Result<Option<Bucket>> {
        let Some(address) = self.text("attachments_store") else { return Ok(None) };
        let place = address.strip_prefix("s3://").map(|place| place.trim_end_matches('/'));
        let Some(place) = place.filter(|place| !place.is_empty()) else {
            return Err(self.fault("attachments_store", "s3://bucket or s3://bucket/prefix"));
        };
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let id = self.text("s3_access_key_id");
        let secret = self.text("s3_secret_access_key");
        let credentials = match (id, secret) {
            (Some(id), Some(secret)) => Some((id.to_owned(), secret.to_owned())),
            (None, None) => None,
            (Some(_), None) => return Err(self.fault("s3_access_key_id", "given with its secret")),
            (None, Some(_)) => {
                return Err(self.fault("s3_secret_access_key", "given with its s3_access_key_id"));
            }
        };
        Ok(Some(Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: self.url("s3_endpoint")?,
            region: self.text("s3_region").unwrap_or("us-east-1").to_owned(),
            credentials,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(given: &[(&'static str, &str)]) -> Result<Option<Bucket>> {
        let mut values = Values::default();
        for (key, value) in given {
            values.set(key, (*value).to_owned(), (*key).to_owned());
        }
        values.bucket()
    }

    #[test]
    fn a_bucket_has_a_name_perhaps_a_prefix_and_both_halves_of_a_key() {
        assert!(bucket(&[]).unwrap().is_none());
        let plain = bucket(&[("attachments_store", "s3://files")]).unwrap().unwrap();
        assert_eq!((plain.name.as_str(), plain.prefix.as_str()), ("files", ""));
        let deep = bucket(&[
            ("attachments_store", "s3://files/desk/1/"),
            ("s3_endpoint", "http://127.0.0.1:9000"),
            ("s3_access_key_id", "id"),
            ("s3_secret_access_key", "secret"),
        ]);
        let deep = deep.unwrap().unwrap();
        assert_eq!((deep.name.as_str(), deep.prefix.as_str()), ("files", "desk/1"));
        assert!(deep.credentials.is_some() && deep.endpoint.is_some());
        for wrong in ["files", "s3://", "https://files"] {
            assert!(bucket(&[("attachments_store", wrong)]).is_err(), "{wrong}");
        }
        let half = [("attachments_store", "s3://files"), ("s3_secret_access_key", "hunter2")];
        let fault = bucket(&half).err().unwrap().to_string();
        assert!(!fault.contains("hunter2"), "{fault}");
    }
}
