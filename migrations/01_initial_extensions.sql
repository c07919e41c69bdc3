-- Extensions that the schema builds on (contract, section 5). All three are trusted: the owner of
-- the database may create them without being superuser.
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
