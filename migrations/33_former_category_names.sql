-- The names that a category had, folded: whoever follows the address of its page comes to the one that it has now.
CREATE TABLE knowledge_category_former_names (
    name        text PRIMARY KEY CONSTRAINT knowledge_category_former_names_name_check CHECK (name = lower(name)),
    category_id bigint NOT NULL CONSTRAINT knowledge_category_former_names_category_id_fkey
        REFERENCES knowledge_categories (id) ON DELETE CASCADE,
    retired_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX knowledge_category_former_names_of_category ON knowledge_category_former_names (category_id);
