//! The store of files: a folder, or a service that speaks S3. It is the one trait of this slice,
//! because it is an edge of the product.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::sync::Semaphore;

/// Where files are kept. Clones share everything.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// One image at a time: a large one takes a quarter of a gigabyte while it is written anew.
    pub(super) images: Arc<Semaphore>,
}

/// Bytes as they are kept.
pub type Chunk = object_store::Result<axum::body::Bytes>;

impl Store {
    /// A store on these objects.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, images: Arc::new(Semaphore::new(1)) }
    }

    /// Writes a whole object.
    pub(super) async fn put(&self, key: &str, bytes: PutPayload) -> object_store::Result<()> {
        self.objects.put(&Path::from(key), bytes).await.map(|_| ())
    }

    /// Begins to write an object in parts.
    pub(super) async fn begin(&self, key: &str) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart(&Path::from(key)).await
    }

    /// Reads an object.
    ///
    /// # Errors
    /// The store's own.
    pub async fn read(&self, key: &str) -> object_store::Result<BoxStream<'static, Chunk>> {
        Ok(self.objects.get(&Path::from(key)).await?.into_stream().boxed())
    }

    /// Removes an object; one that is not there is removed already.
    pub(super) async fn remove(&self, key: &str) -> object_store::Result<()> {
        match self.objects.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
