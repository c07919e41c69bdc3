-- Files: what was uploaded, once for each content, and who uses it.

-- One row for each content that the store holds. The key is its own for each upload, so that a content that is
-- collected and one that comes back at the same moment never share a place in the store.
CREATE TABLE attachment_objects (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key                text NOT NULL CONSTRAINT attachment_objects_key_key UNIQUE,
    -- Set when all of it has arrived.
    sha256             bytea CONSTRAINT attachment_objects_sha256_check CHECK (octet_length(sha256) = 32),
    size               bigint CONSTRAINT attachment_objects_size_check CHECK (size BETWEEN 1 AND 67108864),
    media_type         text CONSTRAINT attachment_objects_media_type_check CHECK (char_length(media_type) BETWEEN 3 AND 127),
    created_at         timestamptz NOT NULL,
    -- Since when nothing refers to it; an upload begins that way.
    unreferenced_since timestamptz,
    -- Since when it is about to leave the store: nothing may refer to it any more.
    deleted_at         timestamptz,
    CONSTRAINT attachment_objects_arrived_check CHECK (
        (sha256 IS NULL) = (size IS NULL) AND (sha256 IS NULL) = (media_type IS NULL))
);
CREATE UNIQUE INDEX attachment_objects_content_key ON attachment_objects (sha256) WHERE sha256 IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX attachment_objects_unreferenced ON attachment_objects (unreferenced_since, id)
    WHERE unreferenced_since IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX attachment_objects_to_remove ON attachment_objects (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE attachments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id   bigint NOT NULL CONSTRAINT attachments_object_id_fkey REFERENCES attachment_objects (id),
    -- SHA-256 of the upload's id, which whoever uploaded it was given.
    upload_hash bytea NOT NULL CONSTRAINT attachments_upload_hash_key UNIQUE
        CONSTRAINT attachments_upload_hash_check CHECK (octet_length(upload_hash) = 32),
    file_name   text NOT NULL CONSTRAINT attachments_file_name_check CHECK (char_length(file_name) BETWEEN 1 AND 255),
    -- Who uploaded it (user:7); nobody in particular is NULL.
    uploader    text CONSTRAINT attachments_uploader_check CHECK (char_length(uploader) BETWEEN 1 AND 100),
    ticket_id   bigint CONSTRAINT attachments_ticket_id_fkey REFERENCES tickets (id),
    -- None where it belongs to the ticket's description.
    message_id  bigint CONSTRAINT attachments_message_id_fkey REFERENCES ticket_messages (id),
    used_at     timestamptz,
    created_at  timestamptz NOT NULL,
    CONSTRAINT attachments_used_check CHECK (
        (used_at IS NULL) = (ticket_id IS NULL) AND (message_id IS NULL OR ticket_id IS NOT NULL))
);
CREATE INDEX attachments_of_object ON attachments (object_id);
CREATE INDEX attachments_of_ticket ON attachments (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX attachments_of_message ON attachments (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX attachments_orphans ON attachments (created_at, id) WHERE used_at IS NULL;
